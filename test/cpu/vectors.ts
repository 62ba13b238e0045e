/** Reads a file of captured instruction vectors (tools/cpu-vectors/README.md describes it). */
import { crc32, gunzipSync } from "node:zlib";
import type { End, Judgement, Start } from "../../tools/cpu-vectors/case.mjs";
import { COLUMNS, type Column, HEADER_BYTES, MAGIC, SHAPE_APPROXIMATE, SHAPE_UNITS, VERSION, WINDOW_SHIFT } from "../../tools/cpu-vectors/columns.mjs";
import { CODE_BYTES, ENVIRONMENTS, LDT, seedState, startEip, WINDOW, WINDOWS } from "../../tools/cpu-vectors/layout.mjs";

export interface Vector {
  readonly start: Start & Judgement & { readonly seed: number };
  readonly end: End;
}

export class VectorFileError extends Error {}

/** Largest file that is unpacked, in bytes. */
const UNPACKED_MOST = 1 << 28;
const VECTOR_END = 32;
/** A mask, a stretch of a window or of the units. */
type Stretch = readonly [offset: number, length: number];

/** Little-endian fields in order; nothing is read beyond the end. */
class Reader {
  readonly #data: Uint8Array;
  readonly #what: () => string;
  at = 0;
  constructor(data: Uint8Array, what: () => string) {
    this.#data = data;
    this.#what = what;
  }
  fail(message: string): never {
    throw new VectorFileError(`${this.#what()}: ${message}`);
  }
  bytes(length: number): Uint8Array {
    if (this.at + length > this.#data.length) this.fail(`${length} bytes wanted at offset ${this.at}, the data ends at ${this.#data.length}`);
    this.at += length;
    return this.#data.subarray(this.at - length, this.at);
  }
  number(bytes: number): number {
    if (this.at + bytes > this.#data.length) this.fail(`${bytes} bytes wanted at offset ${this.at}, the data ends at ${this.#data.length}`);
    let value = 0;
    for (let byte = 0, scale = 1; byte < bytes; byte++, scale *= 256) value += this.#data[this.at++] * scale;
    return value;
  }
  /** A number with a bound. */
  below(bytes: number, bound: number, name: string): number {
    const value = this.number(bytes);
    if (value >= bound) this.fail(`${name} is ${value}, not below ${bound}`);
    return value;
  }
  /** Seven bits a byte, up to 32 bits, the lowest of them the sign. */
  signed(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.number(1);
      value |= (byte & 127) << shift;
      if (byte < 128) return (value >>> 1) ^ -(value & 1);
      if (shift === 28) this.fail("a difference has more than five bytes");
    }
  }
  get left(): number {
    return this.#data.length - this.at;
  }
}

type Columns = Readonly<Record<Column, Reader>>;

/** The stretches that a case changes, put into a copy. */
const patched = (shape: Reader, bytes: Reader, before: Uint8Array, name: string): Uint8Array => {
  const count = shape.number(1);
  if (count === 0) return before;
  const after = before.slice();
  for (let index = 0; index < count; index++) {
    const offset = shape.below(2, before.length, `an offset in ${name}`);
    after.set(bytes.bytes(shape.below(1, before.length - offset + 1, `the length of a stretch of ${name}`)), offset);
  }
  return after;
};

/** One value for each bit set in the mask. */
const masked = (mask: Reader, count: number, name: string, before: readonly number[], value: (index: number) => number): readonly number[] => {
  const bits = mask.below(1, 2 ** count, name);
  return bits === 0 ? before : before.map((old, index) => ((bits >> index) & 1 ? value(index) : old));
};

const NO_STRETCHES: readonly Stretch[] = [];

const readStretches = (from: Reader): readonly Stretch[] => {
  const count = from.number(1);
  if (count === 0) return NO_STRETCHES;
  return Array.from({ length: count }, (): Stretch => {
    const offset = from.below(2, WINDOW, "the offset of a mask");
    return [offset, from.below(2, WINDOW - offset + 1, "the length of a mask")];
  });
};

const readVector = (c: Columns): Vector => {
  const shape = c.shape.number(1);
  const environment = shape & 15;
  const window = (shape >> WINDOW_SHIFT) & 3;
  if (environment >= ENVIRONMENTS.length) c.shape.fail(`environment ${environment} does not exist, there are ${ENVIRONMENTS.length}`);
  if (window >= WINDOWS.length) c.shape.fail(`window ${window} does not exist, there are ${WINDOWS.length}`);
  const withUnits = (shape & SHAPE_UNITS) !== 0;
  const codeOffset = c.place.below(2, CODE_BYTES, "the offset of the code");
  const code = c.code.bytes(c.codeLength.number(1));
  const seed = c.seed.number(4);
  const from = seedState(seed, withUnits);
  const flags = c.flags.number(3);
  const registers = masked(c.overrideMask, 8, "the register mask", from.registers, () => c.override.number(4));
  const memory = patched(c.patchShape, c.patch, from.memory, "the window");
  const units = from.units && patched(c.unitPatchShape, c.unitPatch, from.units, "the units");
  const start = {
    environment,
    window,
    codeOffset,
    code,
    seed,
    flags,
    registers,
    memory,
    units,
    undefined: c.undefined.number(2),
    statusUndefined: withUnits ? c.statusUndefined.number(2) : 0,
    approximate: (shape & SHAPE_APPROXIMATE) !== 0,
    masks: readStretches(c.maskShape),
  };
  const vector = c.vector.below(1, VECTOR_END, "the ending vector");
  const end = {
    vector,
    error: c.error.number(2),
    cr2: vector === 14 ? c.cr2.number(4) : 0,
    eip: (startEip(start) + c.eip.signed()) >>> 0,
    flags: (c.flagsAfter.number(2) ^ flags) & 0xffff,
    registers: masked(c.registerMask, 8, "the changed register mask", registers, (index) =>
      index === 4 ? (registers[index] + c.stackPointer.signed()) >>> 0 : c.register.number(4),
    ),
    segments: masked(c.segmentMask, 6, "the changed segment mask", ENVIRONMENTS[environment], () => c.segment.number(2)),
    memory: patched(c.memoryShape, c.memory, memory, "changed memory"),
    units: units && patched(c.unitShape, c.unit, units, "the changed units"),
  };
  return { start, end };
};

/** A file that has been opened: its frame is sound; its cases are read one by one. */
export class VectorFile {
  readonly count: number;
  readonly #columns: readonly Uint8Array[];

  /** @throws VectorFileError that says what is wrong and where */
  constructor(compressed: Uint8Array) {
    let data: Uint8Array;
    try {
      data = gunzipSync(compressed, { maxOutputLength: UNPACKED_MOST });
    } catch (error) {
      throw new VectorFileError(`not a complete gzip file: ${(error as Error).message}`);
    }
    const header = new Reader(data, () => "header");
    const magic = String.fromCharCode(...header.bytes(MAGIC.length));
    if (magic !== MAGIC) throw new VectorFileError(`not a vector file: it begins with ${JSON.stringify(magic)} instead of ${MAGIC}`);
    const version = header.number(2);
    if (version !== VERSION) throw new VectorFileError(`vector file version ${version}; this loader knows version ${VERSION}`);
    const same = (name: string, got: number, wanted: number): void => {
      if (got !== wanted) header.fail(`${name} is ${got}, the runner has ${wanted}`);
    };
    same("the number of environments", header.number(2), ENVIRONMENTS.length);
    same("the number of descriptors", header.number(2), LDT.length);
    same("the number of columns", header.number(2), COLUMNS.length);
    this.count = header.number(4);
    const checksum = header.number(4);
    if (header.at !== HEADER_BYTES) throw new VectorFileError("the header has the wrong size");
    ENVIRONMENTS.forEach((environment, index) => {
      for (const selector of environment) same(`a selector of environment ${index}`, header.number(2), selector);
    });
    LDT.forEach((entry, index) => {
      same(`the low half of descriptor ${index}`, header.number(4), Number(entry & 0xffff_ffffn));
      same(`the high half of descriptor ${index}`, header.number(4), Number(entry >> 32n));
    });
    const lengths = COLUMNS.map(() => header.number(4));
    const body = data.subarray(header.at);
    this.#columns = lengths.map((length) => header.bytes(length));
    if (header.left > 0) throw new VectorFileError(`${header.left} bytes follow the cases`);
    if (crc32(body) !== checksum) throw new VectorFileError("the checksum of the cases is wrong");
    if (this.count !== lengths[0]) throw new VectorFileError(`${this.count} cases cannot have ${lengths[0]} shapes`);
  }

  /** @throws VectorFileError where a case is not sound, or bytes are left */
  *vectors(): Generator<Vector> {
    let index = 0;
    const readers = this.#columns.map((data, column) => new Reader(data, () => `case ${index} of ${this.count}, ${COLUMNS[column]}`));
    const columns = Object.fromEntries(COLUMNS.map((name, column) => [name, readers[column]])) as Record<Column, Reader>;
    for (; index < this.count; index++) yield readVector(columns);
    readers.forEach((reader, column) => {
      if (reader.left > 0) throw new VectorFileError(`${reader.left} bytes are left in ${COLUMNS[column]} after ${this.count} cases`);
    });
  }
}
