/**
 * Snapshots: the whole machine between two instructions as one file (`snapshot-container.ts`).
 *
 * The header has a section for the processor, one for the clock, one for RAM and one for each device, keyed by its path:
 * id, role, state version, fields, armed timers, high interrupt sources, memory blocks. Memory is stored as the list
 * of its non-zero pages. No host work is outstanding in a snapshot.
 *
 * Loading checks everything first and then changes the machine in place; a refused snapshot leaves it as it was.
 */
import { BackplaneError } from "../../sdk/contract/errors.js";
import { restoreFields } from "../../sdk/contract/fields.js";
import type { Fields } from "../../sdk/contract/state.js";
import type { VirtualClock } from "../clock/virtual-clock.js";
import type { CpuCore } from "../cpu/engine.js";
import type { GuestMemory } from "../memory/guest-memory.js";
import { PAGE_SIZE } from "../memory/layout.js";
import type { BoardState } from "./board.js";
import type { Attached } from "./plugin-host.js";
import { blockKey } from "./resource-ledger.js";
import { type BlobReader, BlobWriter, corrupt, openContainer } from "./snapshot-container.js";
import { type BlobSink, checkShape, decodeFields, encodeField, isRecord } from "./snapshot-fields.js";
import { isZero, StateHash } from "./state-hash.js";

/** The machine as snapshots see it. */
export interface SnapshotSubject {
  readonly name: string;
  readonly deterministic: boolean;
  readonly cpu: CpuCore;
  readonly clock: VirtualClock;
  readonly memory: GuestMemory;
  readonly attached: readonly Attached[];
}

const blocksOf = (memory: GuestMemory, path: string): { readonly name: string; readonly bytes: Uint8Array }[] =>
  memory
    .blockKeys()
    .filter((key) => key.startsWith(blockKey(path, "")))
    .map((key) => {
      const { offset, length } = memory.block(key);
      return { name: key.slice(path.length + 1), bytes: memory.bytes.subarray(offset, offset + length) };
    });

/** Everything but memory, as JSON. */
const sections = (subject: SnapshotSubject, sink: BlobSink) => ({
  profile: subject.name,
  cpu: encodeField(subject.cpu.save(), sink, "cpu"),
  clock: encodeField({ ...subject.clock.save(), deterministic: subject.deterministic }, sink, "clock"),
  devices: subject.attached.map(({ slot, state, board }) => ({
    path: slot.path,
    id: slot.definition.id,
    role: slot.definition.provides.name,
    version: slot.definition.state.version,
    fields: encodeField(state, sink, slot.path),
    ...(encodeField(board.save(), sink, slot.path) as object),
  })),
});

const savePages = (bytes: Uint8Array, blobs: BlobWriter) => {
  const numbers: number[] = [];
  const pages: Uint8Array[] = [];
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  for (let page = 0; page * PAGE_SIZE < bytes.length; page++) {
    if (isZero(words.subarray((page * PAGE_SIZE) / 4, ((page + 1) * PAGE_SIZE) / 4))) continue;
    numbers.push(page);
    pages.push(bytes.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE));
  }
  return { bytes: bytes.length, numbers: blobs.put(new Uint8Array(Uint32Array.from(numbers).buffer)), pages: blobs.putAll(pages) };
};

export const saveSnapshot = (subject: SnapshotSubject): Uint8Array => {
  const { memory, attached } = subject;
  const blobs = new BlobWriter();
  const blocks = attached.flatMap(({ slot }) => blocksOf(memory, slot.path).map(({ name, bytes }) => ({ path: slot.path, name, ...savePages(bytes, blobs) })));
  return blobs.finish({ ...sections(subject, blobs), ram: savePages(memory.ram, blobs), blocks });
};

/** A hash of everything a snapshot would hold. Equal hashes: equal machines, to all practical purposes. */
export const hashState = (subject: SnapshotSubject): string => {
  const hash = new StateHash();
  let count = 0;
  const sink: BlobSink = {
    put: (bytes) => {
      hash.bytes(bytes);
      return count++;
    },
  };
  const { profile: _, ...state } = sections(subject, sink);
  hash.text(JSON.stringify(state));
  hash.pages(subject.memory.ram);
  for (const { slot } of subject.attached) for (const block of blocksOf(subject.memory, slot.path)) hash.pages(block.bytes);
  return hash.digest();
};

interface PagesToLoad {
  readonly into: Uint8Array;
  readonly numbers: Uint32Array;
  readonly pages: Uint8Array;
}
interface DeviceToLoad {
  readonly attached: Attached;
  readonly fields: Fields;
  readonly board: BoardState;
}

const record = (value: unknown, what: string): Record<string, unknown> => {
  if (!isRecord(value)) throw corrupt(`${what} is missing`);
  return value as Record<string, unknown>;
};
const list = (value: unknown, what: string): unknown[] => {
  if (!Array.isArray(value)) throw corrupt(`${what} is missing`);
  return value;
};
const text = (value: unknown, what: string): string => {
  if (typeof value !== "string" || value.length > 1000) throw corrupt(`${what} is missing`);
  return value;
};

const readPages = (value: unknown, into: Uint8Array, blobs: BlobReader, what: string): PagesToLoad => {
  const section = record(value, what);
  if (section["bytes"] !== into.length)
    throw new BackplaneError("SNAPSHOT_MEMORY_SIZE", `the snapshot has ${section["bytes"]} bytes of ${what}, the machine ${into.length}`, { what });
  const list = blobs.get(section["numbers"]);
  const pages = blobs.get(section["pages"]);
  if (list.length % 4 !== 0 || pages.length !== (list.length / 4) * PAGE_SIZE) throw corrupt(`pages of ${what} are missing`);
  const numbers = new Uint32Array(list.slice().buffer);
  for (const [index, page] of numbers.entries()) {
    if (page >= into.length / PAGE_SIZE || (index > 0 && page <= numbers[index - 1])) throw corrupt(`a page of ${what} lies outside it`);
  }
  return { into, numbers, pages };
};

const readBoard = (section: Record<string, unknown>, blobs: BlobReader, path: string): BoardState => {
  const timers = decodeFields(section["timers"], blobs);
  for (const [name, at] of Object.entries(timers)) if (typeof at !== "number" || Number.isNaN(at)) throw corrupt(`${path}: timer "${name}" has no time`);
  const lines = list(section["lines"], `${path}: lines`).map((line) => {
    const key = text(line, `${path}: a line`);
    if (!/^([0-9]|1[0-5])(#[1-9][0-9]{0,3})?$/.test(key)) throw corrupt(`${path}: "${key}" is not an interrupt source`);
    return key;
  });
  return { timers: timers as Record<string, number>, lines };
};

/** Fields of any version up to the definition's, lifted to it. */
const migrated = (attached: Attached, version: unknown, saved: Fields): Fields => {
  const { path, definition } = attached.slot;
  const current = definition.state.version;
  if (typeof version !== "number" || !Number.isInteger(version) || version < 1) throw corrupt(`${path}: it has no state version`);
  if (version > current) {
    throw new BackplaneError("SNAPSHOT_NEWER_STATE", `${path}: the snapshot has version ${version} of the state of "${definition.id}", this one knows versions up to ${current}`, {
      path,
      id: definition.id,
      version,
    });
  }
  let fields = saved;
  for (let from = version; from < current; from++) {
    try {
      fields = definition.state.migrations![from](fields);
    } catch (error) {
      throw corrupt(`${path}: fields of version ${from} cannot be lifted to ${from + 1} (${(error as Error).message})`);
    }
  }
  return fields;
};

const readDevice = (value: unknown, subject: SnapshotSubject, blobs: BlobReader): DeviceToLoad => {
  const section = record(value, "a device");
  const path = text(section["path"], "the path of a device");
  const id = text(section["id"], `${path}: the id`);
  const attached = subject.attached.find((each) => each.slot.path === path);
  if (!attached) throw new BackplaneError("SNAPSHOT_UNKNOWN_DEVICE", `the snapshot has "${id}" at ${path}, where this machine has no device`, { path, id });
  if (attached.slot.definition.id !== id) {
    throw new BackplaneError("SNAPSHOT_UNKNOWN_DEVICE", `the snapshot has "${id}" at ${path}, this machine has "${attached.slot.definition.id}" there`, {
      path,
      id,
      present: attached.slot.definition.id,
    });
  }
  const fields = migrated(attached, section["version"], decodeFields(section["fields"], blobs));
  checkShape(attached.state, fields, path);
  return { attached, fields, board: readBoard(section, blobs, path) };
};

const readDevices = (value: unknown, subject: SnapshotSubject, blobs: BlobReader): DeviceToLoad[] => {
  const devices = list(value, "the list of devices").map((each) => readDevice(each, subject, blobs));
  for (const attached of subject.attached) {
    const { path, definition } = attached.slot;
    const found = devices.filter((each) => each.attached === attached).length;
    if (found > 1) throw corrupt(`${path} is there twice`);
    if (found === 0)
      throw new BackplaneError("SNAPSHOT_MISSING_DEVICE", `this machine has "${definition.id}" at ${path}, the snapshot has nothing there`, { path, id: definition.id });
  }
  return devices;
};

const readBlocks = (value: unknown, subject: SnapshotSubject, blobs: BlobReader): PagesToLoad[] => {
  const saved = list(value, "the list of memory blocks").map((each) => record(each, "a memory block"));
  const blocks = subject.attached.flatMap(({ slot }) => blocksOf(subject.memory, slot.path).map((block) => ({ ...block, path: slot.path })));
  if (saved.length !== blocks.length) throw corrupt(`it has ${saved.length} memory blocks, the machine ${blocks.length}`);
  return blocks.map(({ path, name, bytes }) => {
    const section = saved.find((each) => each["path"] === path && each["name"] === name);
    return readPages(section, bytes, blobs, `memory block "${name}" of ${path}`);
  });
};

const readCpu = (value: unknown, cpu: CpuCore, blobs: BlobReader): Record<string, number | Uint8Array> => {
  const fields = decodeFields(value, blobs);
  checkShape(cpu.save(), fields, "cpu");
  for (const [name, field] of Object.entries(fields)) if (field === null) throw corrupt(`cpu.${name} is missing`);
  return fields as Record<string, number | Uint8Array>;
};

const readClock = (value: unknown, subject: SnapshotSubject, blobs: BlobReader): { nowNs: number; nsPerInstruction: number } => {
  const { nowNs, nsPerInstruction, deterministic } = decodeFields(value, blobs);
  if (typeof nowNs !== "number" || !(nowNs >= 0 && nowNs < 2 ** 63)) throw corrupt("clock.nowNs is no time");
  if (typeof nsPerInstruction !== "number" || !(nsPerInstruction > 0 && nsPerInstruction <= 1e6)) throw corrupt("clock.nsPerInstruction is no rate");
  /** A deterministic machine does not go on at a rate that some host's speed decided. */
  const keepsOwn = subject.deterministic && deterministic !== true;
  return { nowNs, nsPerInstruction: keepsOwn ? subject.clock.nsPerInstruction : nsPerInstruction };
};

/** Whether the processor takes the fields, found out by trying. */
const tryCpu = (cpu: CpuCore, fields: Record<string, number | Uint8Array>): void => {
  const before = cpu.save();
  try {
    cpu.load(fields);
  } finally {
    cpu.load(before);
  }
};

/**
 * Checks a snapshot against a machine of the same devices, and returns what puts it in place.
 * @throws BackplaneError `SNAPSHOT_CORRUPT`, `SNAPSHOT_NEWER_FORMAT`, `SNAPSHOT_NEWER_STATE`, `SNAPSHOT_UNKNOWN_DEVICE`,
 * `SNAPSHOT_MISSING_DEVICE`, `SNAPSHOT_MEMORY_SIZE`, `SNAPSHOT_FIELD`; the machine is unchanged then.
 */
export const readSnapshot = (subject: SnapshotSubject, file: Uint8Array): (() => void) => {
  const { cpu, clock, memory } = subject;
  const { header, blobs } = openContainer(file);
  const top = record(header, "the header");
  const cpuFields = readCpu(top["cpu"], cpu, blobs);
  const time = readClock(top["clock"], subject, blobs);
  const devices = readDevices(top["devices"], subject, blobs);
  const regions = [readPages(top["ram"], memory.ram, blobs, "RAM"), ...readBlocks(top["blocks"], subject, blobs)];
  tryCpu(cpu, cpuFields);

  return () => {
    for (const { into, numbers, pages } of regions) {
      into.fill(0);
      for (const [index, page] of numbers.entries()) into.set(pages.subarray(index * PAGE_SIZE, (index + 1) * PAGE_SIZE), page * PAGE_SIZE);
    }
    for (const { attached, fields } of devices) restoreFields(attached.state, fields);
    cpu.load(cpuFields);
    clock.load(time);
    for (const { attached, board } of devices) attached.board.load(board);
    for (const { device } of subject.attached) device.loaded?.();
    // Once more, now that devices have re-mapped memory and touched the processor's pins: pins and caches as saved.
    cpu.load(cpuFields);
    clock.load(time);
  };
};
