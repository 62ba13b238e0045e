/**
 * How a scenario ended under QEMU, in a form that is compared, committed and read again: registers as hexadecimal words, and
 * the bytes of memory that are no longer what they were.
 */
import { createHash } from "node:crypto";
import * as S from "../../kernel/cpu/state.js";
import type { BootState } from "./boot-rom.js";
import type { QemuEnd } from "./qemu-machine.js";

/** Video memory and option ROMs: nothing is mapped there here. */
const HOLE = 0xa_0000;
const HOLE_END = 0x10_0000;
/** A run of changed bytes goes on over gaps shorter than this, and longer runs are known by their digest. */
const GAP = 4;
const LONGEST = 128;
/** Arithmetic flags and the ones that control; QEMU leaves RF to itself. */
const FLAGS = 0x3e_7fd5;

const GENERAL = ["EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI", "EIP"] as const;
const SEGMENTS = ["ES ", "CS ", "SS ", "DS ", "FS ", "GS ", "LDT", "TR "] as const;
const CONTROL = ["CR0", "CR2", "CR3", "CR4", "DR0", "DR1", "DR2", "DR3", "DR6", "DR7"] as const;
const CONTROL_WORDS = [S.CR0, S.CR2, S.CR3, S.CR4, S.DR0, S.DR0 + 1, S.DR0 + 2, S.DR0 + 3, S.DR6, S.DR7];
const SHUTDOWN = "shutdown";

const hex = (value: number): string => (value >>> 0).toString(16);
const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex").slice(0, 16);

/** Same start, same key. */
export const scenarioKey = (state: BootState, memory: Uint8Array): string => {
  const hash = createHash("sha256").update(JSON.stringify(state));
  const empty = new Uint8Array(4096);
  for (let at = 0; at < memory.length; at += empty.length) {
    const page = memory.subarray(at, at + empty.length);
    if (Buffer.compare(page, empty) !== 0) hash.update(String(at)).update(page);
  }
  return hash.digest("hex").slice(0, 16);
};

/** Changed bytes as `address:bytes`, long runs as `address+length:digest`. */
const changes = (before: Uint8Array, after: Uint8Array): string[] => {
  const runs: string[] = [];
  const close = (from: number, to: number): void => {
    const bytes = after.subarray(from, to);
    runs.push(bytes.length > LONGEST ? `${hex(from)}+${hex(bytes.length)}:${digest(bytes)}` : `${hex(from)}:${Buffer.from(bytes).toString("hex")}`);
  };
  let from = -1;
  let last = -1;
  for (let at = 0; at < before.length; at++) {
    if (at === HOLE) at = HOLE_END;
    if (before[at] === after[at]) continue;
    if (from >= 0 && at - last > GAP) {
      close(from, last + 1);
      from = -1;
    }
    if (from < 0) from = at;
    last = at;
  }
  if (from >= 0) close(from, last + 1);
  return runs;
};

/** @throws Error when the monitor's text is not understood */
export const describeEnd = (end: QemuEnd, initial: Uint8Array): string => {
  if (end.shutdown) return SHUTDOWN;
  const find = (pattern: RegExp): RegExpExecArray => {
    const found = pattern.exec(end.registers);
    if (!found) throw new Error(`QEMU says nothing about ${pattern}: ${end.registers || "it does not halt"}`);
    return found;
  };
  const number = (pattern: RegExp): string => hex(Number.parseInt(find(pattern)[1], 16));
  if (number(/HLT=(\d)/) !== "1") throw new Error(`QEMU does not halt:\n${end.registers}`);
  const words = [
    ...GENERAL.map((name) => number(new RegExp(`${name}=([0-9a-f]+)`))),
    number(/EFL=([0-9a-f]+)/),
    ...SEGMENTS.flatMap((name) =>
      find(new RegExp(`^${name}=([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)`, "m"))
        .slice(1)
        .map((word) => hex(Number.parseInt(word, 16))),
    ),
    ...CONTROL.map((name) => number(new RegExp(`${name}=([0-9a-f]+)`))),
  ];
  return [...words, ...changes(initial, end.ram)].join(" ");
};

export interface OurEnd {
  readonly words: Int32Array;
  readonly ram: Uint8Array;
  readonly shutdown: boolean;
}

const WORDS = GENERAL.length + 1 + SEGMENTS.length * 4 + CONTROL.length;

/** What is different here; empty when the ends agree. */
export const differences = (answer: string, ours: OurEnd, initial: Uint8Array): string[] => {
  if ((answer === SHUTDOWN) !== ours.shutdown) return [ours.shutdown ? "shutdown, QEMU goes on" : "goes on, QEMU shuts down"];
  if (ours.shutdown) return [];
  const parts = answer.split(" ");
  const theirs = parts.slice(0, WORDS).map((word) => Number.parseInt(word, 16));
  const found: string[] = [];
  let at = 0;
  const check = (name: string, own: number, mask = -1): void => {
    const value = theirs[at++];
    if (((own ^ value) & mask) !== 0) found.push(`${name} ${hex(own)}, QEMU ${hex(value)}`);
  };
  const { words } = ours;
  for (const [index, name] of GENERAL.entries()) check(name, words[index < 8 ? index : S.EIP]);
  check("EFLAGS", words[S.FLAGS], FLAGS);
  const described = (words[S.CR0] & 1) !== 0 && (words[S.FLAGS] & S.VM) === 0;
  for (const [index, padded] of SEGMENTS.entries()) {
    const name = padded.trim();
    const usable = words[S.ATTR + index] !== 0;
    check(name, words[S.SEL + index]);
    check(`${name} base`, words[S.BASE + index], usable ? -1 : 0);
    check(`${name} limit`, words[S.LIMIT + index], usable ? -1 : 0);
    // neither LDTR nor TR keeps its type in QEMU
    check(`${name} attributes`, words[S.ATTR + index] << 8, usable && described && index < 6 ? 0xd0_ff00 : 0);
  }
  for (const [index, name] of CONTROL.entries()) check(name, words[CONTROL_WORDS[index]]);
  return [...found, ...memoryDifferences(parts.slice(WORDS), ours.ram, initial)];
};

const memoryDifferences = (runs: readonly string[], ram: Uint8Array, initial: Uint8Array): string[] => {
  const found: string[] = [];
  const expected = initial.slice();
  for (const run of runs) {
    const [where, value] = run.split(":");
    const [address, length] = where.split("+").map((word) => Number.parseInt(word, 16));
    if (length === undefined) expected.set(Buffer.from(value, "hex"), address);
    else {
      const own = ram.subarray(address, address + length);
      if (digest(own) !== value) found.push(`memory ${hex(address)} to ${hex(address + length)}`);
      expected.set(own, address);
    }
  }
  for (let at = 0; at < expected.length && found.length < 16; at++) {
    if (at === HOLE) at = HOLE_END;
    if (expected[at] === ram[at]) continue;
    // QEMU does not set RF in the flags that a fault pushes (SDM volume 3, 17.3.1.1)
    if (at % 4 === 2 && ram[at] === expected[at] + 1) continue;
    found.push(`memory ${hex(at)}: ${hex(ram[at])}, QEMU ${hex(expected[at])}`);
  }
  return found;
};
