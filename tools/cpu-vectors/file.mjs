/** Writes the vector file; README.md describes it, test/cpu/vectors.ts reads it. */
import { crc32, gzipSync } from "node:zlib";
import { ENVIRONMENTS, LDT } from "./layout.mjs";

export const MAGIC = "BPCPUVEC";
export const VERSION = 1;

/** @typedef {import("./encode.mjs").Case} Case */
/**
 * @typedef {object} Result
 * @property {number[]} segments
 * @property {number[]} registers
 * @property {number} eip
 * @property {number} flags
 * @property {number} vector
 * @property {number} error
 * @property {number} cr2
 * @property {Uint8Array} memory
 */

class Bytes {
  /** @type {number[]} */
  list = [];
  /** @param {number} value @param {number} bytes */
  put(value, bytes) {
    for (let byte = 0; byte < bytes; byte++) this.list.push(Math.floor(value / 2 ** (8 * byte)) & 255);
  }
}

/** Stretches of bytes that differ, joined over short gaps. @param {Uint8Array} before @param {Uint8Array} after */
const runs = (before, after) => {
  /** @type {{ start: number; end: number }[]} */
  const found = [];
  for (let at = 0; at < before.length; at++) {
    if (before[at] === after[at]) continue;
    const last = found.at(-1);
    if (last && at - last.end < 4 && at - last.start < 250) last.end = at + 1;
    else found.push({ start: at, end: at + 1 });
  }
  return found;
};

/** @param {Bytes} out @param {Case} c @param {Result} result */
const putCase = (out, c, result) => {
  out.put(c.environment | (c.window << 4), 1);
  out.put(c.codeOffset, 2);
  out.put(c.code.length, 1);
  out.list.push(...c.code);
  out.put(c.seed, 4);
  out.put(c.flags, 2);
  out.put(c.undefined, 2);
  out.put(c.overrides, 1);
  for (let register = 0; register < 8; register++) if ((c.overrides >> register) & 1) out.put(c.registers[register], 4);
  out.put(c.pokes.size, 1);
  for (const [at, value] of c.pokes) {
    out.put(at, 2);
    out.put(value, 1);
  }
  out.put(result.vector, 1);
  out.put(result.error, 2);
  if (result.vector === 14) out.put(result.cr2, 4);
  out.put(result.eip, 4);
  out.put(result.flags, 2);
  let changed = 0;
  for (let register = 0; register < 8; register++) if (result.registers[register] !== c.registers[register]) changed |= 1 << register;
  out.put(changed, 1);
  for (let register = 0; register < 8; register++) if ((changed >> register) & 1) out.put(result.registers[register], 4);
  let segments = 0;
  for (let index = 0; index < 6; index++) if (result.segments[index] !== c.segments[index]) segments |= 1 << index;
  out.put(segments, 1);
  for (let index = 0; index < 6; index++) if ((segments >> index) & 1) out.put(result.segments[index], 2);
  const memory = runs(c.memory, result.memory);
  out.put(memory.length, 1);
  for (const { start, end } of memory) {
    out.put(start, 2);
    out.put(end - start, 1);
    out.list.push(...result.memory.subarray(start, end));
  }
};

/** Whether a case fits the file's fields. @param {Case} c @param {Result} result */
export const fits = (c, result) => c.pokes.size < 256 && runs(c.memory, result.memory).length < 256;

/** CRC-32 as in gzip; `node:zlib` has it since Node 20.15. @param {Uint8Array} data */
const checksum = (data) => /** @type {(data: Uint8Array) => number} */ (crc32)(data);

/** @param {readonly { case: Case; result: Result }[]} cases */
export const vectorFile = (cases) => {
  const body = new Bytes();
  for (const { case: c, result } of cases) putCase(body, c, result);
  const header = new Bytes();
  for (const letter of MAGIC) header.put(letter.charCodeAt(0), 1);
  const data = Uint8Array.from(body.list);
  header.put(VERSION, 2);
  header.put(ENVIRONMENTS.length, 2);
  header.put(LDT.length, 2);
  header.put(0, 2);
  header.put(cases.length, 4);
  header.put(data.length, 4);
  header.put(checksum(data), 4);
  for (const environment of ENVIRONMENTS) for (const selector of environment) header.put(selector, 2);
  for (const entry of LDT) {
    header.put(Number(entry & 0xffff_ffffn), 4);
    header.put(Number(entry >> 32n), 4);
  }
  return gzipSync(Buffer.concat([Uint8Array.from(header.list), data]), { level: 9 });
};
