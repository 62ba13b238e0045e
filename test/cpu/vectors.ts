/** Reads a file of captured instruction vectors (tools/cpu-vectors/README.md describes it). */
import { crc32, gunzipSync } from "node:zlib";

export interface Vector {
  readonly environment: number;
  readonly window: number;
  readonly codeOffset: number;
  readonly code: Uint8Array;
  readonly seed: number;
  readonly flags: number;
  /** Flags that the instructions leave undefined. */
  readonly undefined: number;
  /** Registers that differ from what the seed says, by number. */
  readonly overrides: readonly (readonly [register: number, value: number])[];
  readonly pokes: readonly (readonly [offset: number, value: number])[];
  readonly result: {
    readonly vector: number;
    readonly error: number;
    readonly cr2: number | undefined;
    readonly eip: number;
    readonly flags: number;
    readonly registers: readonly (readonly [register: number, value: number])[];
    readonly segments: readonly (readonly [index: number, selector: number])[];
    readonly memory: readonly (readonly [offset: number, bytes: Uint8Array])[];
  };
}

export interface VectorFile {
  /** Selectors in ES, CS, SS, DS, FS, GS for each environment. */
  readonly environments: readonly (readonly number[])[];
  /** Words of the local descriptor table. */
  readonly descriptors: Uint32Array;
  readonly vectors: readonly Vector[];
}

export class VectorFileError extends Error {}

const MAGIC = "BPCPUVEC";
const VERSION = 1;
const HEADER_BYTES = 28;
const WINDOW = 512;
const WINDOWS = 3;
const CODE_BYTES = 64;

/** Little-endian fields in order; nothing is read beyond the end. */
class Reader {
  readonly #data: Uint8Array;
  readonly #what: () => string;
  at = 0;
  constructor(data: Uint8Array, what: () => string) {
    this.#data = data;
    this.#what = what;
  }
  bytes(length: number): Uint8Array {
    if (this.at + length > this.#data.length) throw new VectorFileError(`${this.#what()}: ${length} bytes wanted at offset ${this.at}, the data ends at ${this.#data.length}`);
    this.at += length;
    return this.#data.subarray(this.at - length, this.at);
  }
  number(bytes: number): number {
    return this.bytes(bytes).reduceRight((value, byte) => value * 256 + byte, 0);
  }
  /** A number with a bound. */
  below(bytes: number, bound: number, name: string): number {
    const value = this.number(bytes);
    if (value >= bound) throw new VectorFileError(`${this.#what()}: ${name} is ${value}, not below ${bound}`);
    return value;
  }
  /** One value for each bit set in the byte that comes first. */
  masked(count: number, bytes: number, name: string): [number, number][] {
    const mask = this.below(1, 2 ** count, name);
    const found: [number, number][] = [];
    for (let bit = 0; bit < count; bit++) if ((mask >> bit) & 1) found.push([bit, this.number(bytes)]);
    return found;
  }
}

const readVector = (from: Reader, environments: number): Vector => {
  const place = from.number(1);
  const environment = place & 15;
  const window = place >> 4;
  if (environment >= environments) throw new VectorFileError(`environment ${environment} does not exist, there are ${environments}`);
  if (window >= WINDOWS) throw new VectorFileError(`window ${window} does not exist, there are ${WINDOWS}`);
  const codeOffset = from.below(2, 0x2000, "the offset of the code");
  const code = from.bytes(from.below(1, CODE_BYTES + 1, "the length of the code"));
  const seed = from.number(4);
  const flags = from.number(2);
  const lost = from.number(2);
  const overrides = from.masked(8, 4, "the register mask");
  const pokes = Array.from({ length: from.number(1) }, (): [number, number] => [from.below(2, WINDOW, "a memory offset"), from.number(1)]);
  const vector = from.below(1, 32, "the ending vector");
  const error = from.number(2);
  const cr2 = vector === 14 ? from.number(4) : undefined;
  const eip = from.number(4);
  const flagsAfter = from.number(2);
  const registers = from.masked(8, 4, "the changed register mask");
  const segments = from.masked(6, 2, "the changed segment mask");
  const memory = Array.from({ length: from.number(1) }, (): [number, Uint8Array] => {
    const offset = from.below(2, WINDOW, "a memory offset");
    const length = from.below(1, WINDOW - offset + 1, "the length of changed memory");
    return [offset, from.bytes(length)];
  });
  return {
    environment,
    window,
    codeOffset,
    code,
    seed,
    flags,
    undefined: lost,
    overrides,
    pokes,
    result: { vector, error, cr2, eip, flags: flagsAfter, registers, segments, memory },
  };
};

/** @throws VectorFileError that says what is wrong and where */
export const readVectorFile = (compressed: Uint8Array): VectorFile => {
  let data: Uint8Array;
  try {
    data = gunzipSync(compressed, { maxOutputLength: 1 << 28 });
  } catch (error) {
    throw new VectorFileError(`not a complete gzip file: ${(error as Error).message}`);
  }
  const header = new Reader(data, () => "header");
  const magic = String.fromCharCode(...header.bytes(MAGIC.length));
  if (magic !== MAGIC) throw new VectorFileError(`not a vector file: it begins with ${JSON.stringify(magic)} instead of ${MAGIC}`);
  const version = header.number(2);
  if (version !== VERSION) throw new VectorFileError(`vector file version ${version}; this loader knows version ${VERSION}`);
  const environmentCount = header.below(2, 17, "the number of environments");
  const descriptorCount = header.below(2, 8193, "the number of descriptors");
  header.number(2);
  const count = header.number(4);
  const bodyBytes = header.number(4);
  const checksum = header.number(4);
  if (header.at !== HEADER_BYTES) throw new VectorFileError("the header has the wrong size");
  const environments = Array.from({ length: environmentCount }, () => Array.from({ length: 6 }, () => header.number(2)));
  const descriptors = Uint32Array.from({ length: descriptorCount * 2 }, () => header.number(4));
  const body = header.bytes(bodyBytes);
  if (header.at !== data.length) throw new VectorFileError(`${data.length - header.at} bytes follow the cases`);
  if (crc32(body) !== checksum) throw new VectorFileError("the checksum of the cases is wrong");
  if (count > bodyBytes) throw new VectorFileError(`${count} cases cannot lie in ${bodyBytes} bytes`);
  let index = 0;
  const from = new Reader(body, () => `case ${index} of ${count}`);
  const vectors: Vector[] = [];
  for (; index < count; index++) vectors.push(readVector(from, environmentCount));
  if (from.at !== body.length) throw new VectorFileError(`${body.length - from.at} bytes are left after ${count} cases`);
  return { environments, descriptors, vectors };
};
