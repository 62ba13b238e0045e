/** Two ends of one case, compared as far as the processor's manual says what they are. */
import { ENVIRONMENTS, startEip, WINDOW } from "./layout.mjs";
import { HAS_ERROR } from "./machine.mjs";
import { FCW, FSW, FTW, MXCSR, REGISTER_STRIDE, ST, ST_BYTES, XMM } from "./units.mjs";

/** @typedef {import("./case.mjs").Start} Start */
/** @typedef {import("./case.mjs").Judgement} Judgement */
/** @typedef {import("./case.mjs").End} End */

/** Ends after an instruction rather than before it: single step, INT3, INTO. */
const TRAPS = new Set([1, 3, 4]);
const GENERAL_FLAGS = 0x4cd5;
const PAGE_FAULT = 14;
const C1 = 0x200;
export const NAMES = ["EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"];
export const SEGMENTS = ["ES", "CS", "SS", "DS", "FS", "GS"];

/** @param {number} value */
const hex = (value) => (value >>> 0).toString(16);
/** Bytes of a little-endian number as they are read. @param {Uint8Array} bytes @param {number} at @param {number} length */
export const hexBytes = (bytes, at, length) =>
  [...bytes.subarray(at, at + length)]
    .reverse()
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");

/** Exponent and significand as one number, which neighbours differ by one in. @param {Uint8Array} from @param {number} at */
const ordinal = (from, at) => {
  let value = 0n;
  for (let byte = 7; byte >= 0; byte--) value = (value << 8n) | BigInt(from[at + byte]);
  const exponent = BigInt(from[at + 8] | ((from[at + 9] & 0x7f) << 8));
  const magnitude = (exponent << 63n) | (value & 0x7fff_ffff_ffff_ffffn);
  return (from[at + 9] & 0x80) !== 0 ? -magnitude : magnitude;
};

/** @param {Uint8Array} a @param {Uint8Array} b @param {number} at @param {number} length */
const same = (a, b, at, length) => {
  for (let byte = at; byte < at + length; byte++) if (a[byte] !== b[byte]) return false;
  return true;
};

/** @param {Judgement} of @param {Uint8Array} got @param {Uint8Array} wanted @param {string[]} differences */
const compareUnits = (of, got, wanted, differences) => {
  /** @param {string} name @param {number} at @param {number} length */
  const field = (name, at, length) => {
    if (!same(got, wanted, at, length)) differences.push(`${name} ${hexBytes(got, at, length)}, the processor says ${hexBytes(wanted, at, length)}`);
  };
  field("FCW", FCW, 2);
  const ignored = of.statusUndefined | (of.approximate ? C1 : 0);
  const status = (/** @type {Uint8Array} */ from) => (from[FSW] | (from[FSW + 1] << 8)) & ~ignored;
  if (status(got) !== status(wanted)) differences.push(`FSW ${hex(status(got))}, the processor says ${hex(status(wanted))}`);
  field("FTW", FTW, 1);
  field("MXCSR", MXCSR, 4);
  for (let register = 0; register < 8; register++) {
    const at = ST + register * REGISTER_STRIDE;
    if (same(got, wanted, at, ST_BYTES)) continue;
    if (of.approximate) {
      const apart = ordinal(got, at) - ordinal(wanted, at);
      if (apart >= -1n && apart <= 1n) continue;
    }
    field(`x87 register ${register}`, at, ST_BYTES);
  }
  for (let register = 0; register < 8; register++) field(`XMM${register}`, XMM + register * REGISTER_STRIDE, 16);
};

/** What differs, or nothing. @param {Start & Judgement} c @param {End | string} got @param {End} wanted @returns {string[]} */
export const compare = (c, got, wanted) => {
  if (typeof got === "string") return [got];
  /** @type {string[]} */
  const differences = [];
  /** @param {string} name @param {number} a @param {number} b */
  const check = (name, a, b) => {
    if (a >>> 0 !== b >>> 0) differences.push(`${name} ${hex(a)}, the processor says ${hex(b)}`);
  };
  check("vector", got.vector, wanted.vector);
  if (got.vector !== wanted.vector) check("EIP", got.eip, wanted.eip);
  if (differences.length > 0) return differences;
  if (HAS_ERROR.has(got.vector)) check("error code", got.error, wanted.error);
  if (got.vector === PAGE_FAULT) check("CR2", got.cr2, wanted.cr2);
  check("EIP", got.eip, wanted.eip);
  // a first instruction that faults has not touched the flags, not even those it would leave undefined
  const untouched = !TRAPS.has(got.vector) && wanted.eip === startEip(c);
  const mask = untouched ? GENERAL_FLAGS : GENERAL_FLAGS & ~c.undefined;
  check("flags", got.flags & mask, wanted.flags & mask);
  for (let register = 0; register < 8; register++) check(NAMES[register], got.registers[register], wanted.registers[register]);
  for (let index = 0; index < 6; index++) check(SEGMENTS[index], got.segments[index], wanted.segments[index]);
  for (let at = 0; at < WINDOW; at++) {
    if (got.memory[at] === wanted.memory[at] || c.masks.some(([offset, length]) => at >= offset && at < offset + length)) continue;
    check(`memory at window offset ${hex(at)}`, got.memory[at], wanted.memory[at]);
    break;
  }
  if (got.units && wanted.units) compareUnits(c, got.units, wanted.units, differences);
  return differences;
};

/** @param {Uint8Array} units */
const describeUnits = (units) => {
  const numbers = [0, 1, 2, 3, 4, 5, 6, 7];
  return [
    `FCW=${hexBytes(units, FCW, 2)} FSW=${hexBytes(units, FSW, 2)} FTW=${hexBytes(units, FTW, 1)} MXCSR=${hexBytes(units, MXCSR, 4)}`,
    numbers.map((n) => `R${n}=${hexBytes(units, ST + n * REGISTER_STRIDE, ST_BYTES)}`).join(" "),
    numbers.map((n) => `XMM${n}=${hexBytes(units, XMM + n * REGISTER_STRIDE, 16)}`).join(" "),
  ];
};
const INDENT = "\n    ";
/** @param {readonly number[]} registers */
const describeRegisters = (registers) => registers.map((value, register) => `${NAMES[register]}=${hex(value)}`).join(" ");
/** @param {readonly number[]} segments */
const describeSegments = (segments) => segments.map((selector, at) => `${SEGMENTS[at]}=${hex(selector)}`).join(" ");

/** The code of a case. @param {Start} c */
export const codeBytes = (c) => Array.from(c.code, (byte) => byte.toString(16).padStart(2, "0")).join(" ");

/** A case in words, for a failure message. @param {Start & { seed?: number }} c */
export const describeCase = (c) =>
  [
    `${codeBytes(c)} at ${hex(c.codeOffset)}; window ${c.window}${c.seed === undefined ? "" : `, seed ${hex(c.seed)}`}`,
    describeSegments(ENVIRONMENTS[c.environment]),
    `${describeRegisters(c.registers)} EFLAGS=${hex(c.flags)}`,
    ...(c.units ? describeUnits(c.units) : []),
  ].join(INDENT);

/** The window where it is not zero, and the end's differences from it. @param {Uint8Array} memory */
export const describeMemory = (memory) => {
  const lines = [];
  for (let at = 0; at < WINDOW; at += 16) {
    const row = memory.subarray(at, at + 16);
    if (row.some((byte) => byte !== 0)) lines.push(`${at.toString(16).padStart(3, "0")}: ${Array.from(row, (byte) => byte.toString(16).padStart(2, "0")).join(" ")}`);
  }
  return lines.length === 0 ? "all zero" : lines.join(INDENT);
};

/** An end in words. @param {End | string} end */
export const describeEnd = (end) =>
  typeof end === "string"
    ? end
    : [
        `vector ${end.vector}, error code ${hex(end.error)}${end.vector === PAGE_FAULT ? `, CR2=${hex(end.cr2)}` : ""}, EIP=${hex(end.eip)}, EFLAGS=${hex(end.flags)}`,
        describeSegments(end.segments),
        describeRegisters(end.registers),
        ...(end.units ? describeUnits(end.units) : []),
      ].join(INDENT);
