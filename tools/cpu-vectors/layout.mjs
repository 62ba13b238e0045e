/** What the capture program, the generator and the vector file agree on: where things lie and which segments there are. */

import { seedUnits } from "./units.mjs";

export const DATA = 0x2000_0000;
export const CODE = 0x2100_0000;
export const DATA_BYTES = 0x1_0000;
export const READ_ONLY_PAGE = 8;
export const CODE_BYTES = 0x2000;
export const WINDOW = 512;
/** Most bytes of code in a case. */
export const CODE_MOST = 255;
export const LDT_ENTRIES = 16;
/** Offsets in DATA of the two halves of each window: a page boundary, the read-only page's start, both ends of DATA. */
export const WINDOWS = [
  [0xf00, 0x1000],
  [0x7f00, 0x8000],
  [0, 0xff00],
];

/** Selectors of the flat segments of a Linux process. */
export const FLAT_CODE = 0x23;
export const FLAT_DATA = 0x2b;

const BIG = 0x40;
const GRANULAR = 0x80;
const AVAILABLE = 0x10;
const DATA_RO = 0xf1;
const DATA_RW = 0xf3;
const EXPAND_DOWN = 0xf7;
const EXECUTE = 0xf9;
const EXECUTE_READ = 0xfb;

/** @param {number} base @param {number} limit @param {number} access @param {number} flags @returns {bigint} */
const descriptor = (base, limit, access, flags) => {
  const high = (((base >>> 16) & 0xff) | (access << 8) | (limit & 0xf_0000) | ((flags | AVAILABLE) << 16) | (base & 0xff00_0000)) >>> 0;
  return (BigInt(high) << 32n) | BigInt((((base & 0xffff) << 16) | (limit & 0xffff)) >>> 0);
};

/** The local descriptor table; entry 0 is not used. */
export const LDT = [
  0n,
  descriptor(CODE, 0x1fff, EXECUTE_READ, 0),
  descriptor(DATA, 0xffff, DATA_RW, 0),
  descriptor(CODE, 0x1fff, EXECUTE_READ, BIG),
  descriptor(DATA + 0x1000, 0x7f, DATA_RW, BIG),
  descriptor(DATA, 0xfff, EXPAND_DOWN, 0),
  descriptor(DATA, 0xfff, EXPAND_DOWN, BIG),
  descriptor(DATA, 0xffff, DATA_RO, 0),
  descriptor(DATA, 0xf, DATA_RW, BIG | GRANULAR),
  descriptor(DATA, 0x107f, DATA_RW, BIG),
  descriptor(CODE, 0x1fff, EXECUTE, 0),
  descriptor(DATA, 0xffff, DATA_RW & ~0x80, 0),
  descriptor(DATA, 0xfbf, EXPAND_DOWN, 0),
  descriptor(CODE, 0x107, EXECUTE_READ, BIG),
  descriptor(CODE + 0x400, 0xfff, EXECUTE_READ, BIG),
  descriptor(CODE, 0x1fff, EXECUTE_READ & ~0x80, BIG),
];
/** @param {number} entry */
const local = (entry) => entry * 8 + 7;

/** Selectors in ES, CS, SS, DS, FS, GS at the start of a case. */
export const ENVIRONMENTS = [
  [FLAT_DATA, FLAT_CODE, FLAT_DATA, FLAT_DATA, FLAT_DATA, 0],
  [local(2), local(1), local(2), local(2), local(4), 0],
  [local(5), local(3), local(9), local(4), local(7), 0],
  [local(7), FLAT_CODE, local(2), local(6), FLAT_DATA, 0],
  [local(2), local(1), local(12), local(6), local(5), local(8)],
  [0, FLAT_CODE, FLAT_DATA, 0, FLAT_DATA, 0],
  [FLAT_DATA, local(13), FLAT_DATA, FLAT_DATA, local(8), 0],
  [local(8), local(10), local(8), local(8), local(6), 0],
];

/** @typedef {{ base: number; limit: number; big: boolean; code: boolean; expandDown: boolean; usable: boolean }} Segment */

/** @param {number} selector @returns {Segment} */
export const segment = (selector) => {
  if ((selector & ~3) === 0) return { base: 0, limit: 0, big: true, code: false, expandDown: false, usable: false };
  if ((selector & 4) === 0) return { base: 0, limit: 0xffff_ffff, big: true, code: selector === FLAT_CODE, expandDown: false, usable: true };
  const low = Number(LDT[selector >> 3] & 0xffff_ffffn);
  const high = Number(LDT[selector >> 3] >> 32n);
  const raw = (low & 0xffff) | (high & 0xf_0000);
  return {
    base: ((low >>> 16) | ((high & 0xff) << 16) | (high & 0xff00_0000)) >>> 0,
    limit: (high & 0x80_0000) !== 0 ? raw * 4096 + 4095 : raw,
    big: (high & 0x40_0000) !== 0,
    code: (high & 0x800) !== 0,
    expandDown: (high & 0xc00) === 0x400,
    usable: (high & 0x8000) !== 0,
  };
};

/** Where a case starts, as an offset in its code segment. @param {{ environment: number; codeOffset: number }} c */
export const startEip = (c) => (CODE + c.codeOffset - segment(ENVIRONMENTS[c.environment][1]).base) >>> 0;

/** The generator that everything random comes from: xorshift32. @param {number} seed */
export const random = (seed) => {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
};

const EDGES = [0, 1, 0xffff_ffff, 0x8000_0000, 0x7fff_ffff, 0x80, 0x7f, 0xff, 0x8000, 0x7fff, 0xffff];
/** Registers of a case before overrides, from its seed; the memory pattern follows in the same stream. @param {() => number} next */
export const seedRegisters = (next) => Array.from({ length: 8 }, () => (next() % 3 === 0 ? EDGES[next() % EDGES.length] : next()));
/** @param {() => number} next @param {Uint8Array} into */
export const seedMemory = (next, into) => {
  for (let at = 0; at < into.length; at += 4) {
    const value = next();
    into[at] = value;
    into[at + 1] = value >>> 8;
    into[at + 2] = value >>> 16;
    into[at + 3] = value >>> 24;
  }
};

/**
 * What a case starts from, before what its file says.
 * @param {number} seed @param {boolean} withUnits
 * @returns {{ registers: number[]; memory: Uint8Array; units: Uint8Array | undefined }}
 */
export const seedState = (seed, withUnits) => {
  const next = random(seed);
  const registers = seedRegisters(next);
  const memory = new Uint8Array(WINDOW);
  seedMemory(next, memory);
  return { registers, memory, units: withUnits ? seedUnits(next, seed & 3) : undefined };
};
