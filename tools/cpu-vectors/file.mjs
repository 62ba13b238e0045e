/** Writes the vector file; README.md describes it, test/cpu/vectors.ts reads it. */
import { crc32, gzipSync } from "node:zlib";
import { COLUMNS, MAGIC, SHAPE_APPROXIMATE, SHAPE_UNITS, VERSION, WINDOW_SHIFT } from "./columns.mjs";
import { ENVIRONMENTS, LDT, seedState, startEip } from "./layout.mjs";

/** @typedef {import("./columns.mjs").Column} Column */
/** @typedef {import("./case.mjs").Start & import("./case.mjs").Judgement & { seed: number }} Case */
/** @typedef {import("./case.mjs").End} End */

/** Bytes that grow. */
class Bytes {
  data = new Uint8Array(1 << 16);
  length = 0;
  /** @param {number} value @param {number} bytes */
  put(value, bytes) {
    this.#room(bytes);
    for (let byte = 0; byte < bytes; byte++) this.data[this.length++] = Math.floor(value / 2 ** (8 * byte));
  }
  /** @param {ArrayLike<number>} values */
  all(values) {
    this.#room(values.length);
    this.data.set(values, this.length);
    this.length += values.length;
  }
  /** Seven bits a byte, small magnitudes first. @param {number} value signed 32 bits */
  signed(value) {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    for (; rest > 127; rest >>>= 7) this.put((rest & 127) | 128, 1);
    this.put(rest, 1);
  }
  /** @param {number} bytes */
  #room(bytes) {
    if (this.length + bytes <= this.data.length) return;
    const larger = new Uint8Array(2 * (this.data.length + bytes));
    larger.set(this.data);
    this.data = larger;
  }
  get bytes() {
    return this.data.subarray(0, this.length);
  }
}

/** Stretches of bytes that differ, joined over short gaps. @param {Uint8Array} before @param {Uint8Array} after */
const stretches = (before, after) => {
  /** @type {{ start: number; end: number }[]} */
  const found = [];
  for (let at = 0; at < before.length; at++) {
    if (before[at] === after[at]) continue;
    const last = found.at(-1);
    if (last && at - last.end < 3 && at - last.start < 250) last.end = at + 1;
    else found.push({ start: at, end: at + 1 });
  }
  return found;
};

/** @returns {Record<Column, Bytes>} */
const emptyColumns = () => /** @type {Record<Column, Bytes>} */ (Object.fromEntries(COLUMNS.map((name) => [name, new Bytes()])));

/** @param {Bytes} shape @param {Bytes} bytes @param {Uint8Array} before @param {Uint8Array} after */
const putDifference = (shape, bytes, before, after) => {
  const found = stretches(before, after);
  shape.put(found.length, 1);
  for (const { start, end } of found) {
    shape.put(start, 2);
    shape.put(end - start, 1);
    bytes.all(after.subarray(start, end));
  }
};

/** @param {Record<Column, Bytes>} out @param {Case} c @param {End} end */
const putCase = (out, c, end) => {
  const from = seedState(c.seed, c.units !== undefined);
  out.shape.put(c.environment | (c.window << WINDOW_SHIFT) | (c.units ? SHAPE_UNITS : 0) | (c.approximate ? SHAPE_APPROXIMATE : 0), 1);
  out.place.put(c.codeOffset, 2);
  out.codeLength.put(c.code.length, 1);
  out.code.all(c.code);
  out.seed.put(c.seed, 4);
  out.flags.put(c.flags, 3);
  out.undefined.put(c.undefined, 2);
  /** @param {readonly number[]} a @param {readonly number[]} b */
  const difference = (a, b) => a.reduce((mask, value, index) => mask | (Number(value !== b[index]) << index), 0);
  const overrides = difference(c.registers, from.registers);
  out.overrideMask.put(overrides, 1);
  for (let register = 0; register < 8; register++) if ((overrides >> register) & 1) out.override.put(c.registers[register], 4);
  putDifference(out.patchShape, out.patch, from.memory, c.memory);
  if (c.units && from.units) {
    putDifference(out.unitPatchShape, out.unitPatch, from.units, c.units);
    out.statusUndefined.put(c.statusUndefined, 2);
  }
  out.maskShape.put(c.masks.length, 1);
  for (const [offset, length] of c.masks) {
    out.maskShape.put(offset, 2);
    out.maskShape.put(length, 2);
  }
  out.vector.put(end.vector, 1);
  out.error.put(end.error, 2);
  if (end.vector === 14) out.cr2.put(end.cr2, 4);
  out.eip.signed((end.eip - startEip(c)) | 0);
  out.flagsAfter.put((end.flags ^ c.flags) & 0xffff, 2);
  const changed = difference(end.registers, c.registers);
  out.registerMask.put(changed, 1);
  for (let register = 0; register < 8; register++) {
    if (((changed >> register) & 1) === 0) continue;
    if (register === 4) out.stackPointer.signed((end.registers[4] - c.registers[4]) | 0);
    else out.register.put(end.registers[register], 4);
  }
  const segments = difference(end.segments, ENVIRONMENTS[c.environment]);
  out.segmentMask.put(segments, 1);
  for (let index = 0; index < 6; index++) if ((segments >> index) & 1) out.segment.put(end.segments[index], 2);
  putDifference(out.memoryShape, out.memory, c.memory, end.memory);
  if (c.units && end.units) putDifference(out.unitShape, out.unit, c.units, end.units);
};

/** Whether a case fits the file's fields. @param {Case} c @param {End} end */
export const fits = (c, end) => stretches(c.memory, end.memory).length < 256 && stretches(seedState(c.seed, false).memory, c.memory).length < 256;

/** CRC-32 as in gzip; `node:zlib` has it since Node 20.15. @param {Uint8Array} data */
const checksum = (data) => /** @type {(data: Uint8Array) => number} */ (crc32)(data);

/** @param {readonly { case: Case; end: End }[]} cases */
export const vectorFile = (cases) => {
  const columns = emptyColumns();
  for (const { case: c, end } of cases) putCase(columns, c, end);
  const parts = COLUMNS.map((name) => columns[name].bytes);
  const body = Buffer.concat(parts);
  const header = new Bytes();
  for (const letter of MAGIC) header.put(letter.charCodeAt(0), 1);
  header.put(VERSION, 2);
  header.put(ENVIRONMENTS.length, 2);
  header.put(LDT.length, 2);
  header.put(COLUMNS.length, 2);
  header.put(cases.length, 4);
  header.put(checksum(body), 4);
  for (const environment of ENVIRONMENTS) for (const selector of environment) header.put(selector, 2);
  for (const entry of LDT) {
    header.put(Number(entry & 0xffff_ffffn), 4);
    header.put(Number(entry >> 32n), 4);
  }
  for (const part of parts) header.put(part.length, 4);
  return gzipSync(Buffer.concat([header.bytes, body]), { level: 9 });
};
