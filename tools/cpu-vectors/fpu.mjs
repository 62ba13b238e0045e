/**
 * x87 instructions through the processor: operands in memory, images of the environment, flags from FCOMI. The unit's
 * arithmetic has vectors of its own. A case loads two values, executes one instruction and stores the whole state; the
 * instruction and data pointers, which processors keep differently, are overwritten.
 */
import { Case, EBX, ESI, ESP, SS } from "./encode.mjs";
import { DATA, segment, WINDOWS } from "./layout.mjs";

/** @typedef {import("./encode.mjs").Encoder} Encoder */

/** Opcode and reg field of memory forms, with the bytes that make up a reasonable operand. */
const MEMORY = [
  ...[0xd8, 0xda, 0xdc, 0xde].flatMap((opcode) => Array.from({ length: 8 }, (_, reg) => [opcode, reg])),
  ...[0, 2, 3].flatMap((reg) => [0xd9, 0xdb, 0xdd, 0xdf].map((opcode) => [opcode, reg])),
  [0xdb, 5],
  [0xdb, 7],
  [0xdf, 4],
  [0xdf, 5],
  [0xdf, 6],
  [0xdf, 7],
  [0xd9, 5],
  [0xd9, 7],
  [0xdd, 7],
];
/** Register forms: arithmetic, exchange, compare, conditional move, stack management. */
const REGISTER = [
  0xd8c1, 0xd8c9, 0xd8d1, 0xd8e1, 0xd8f1, 0xd9c1, 0xd9c9, 0xd9e0, 0xd9e1, 0xd9e4, 0xd9e5, 0xd9fa, 0xd9fc, 0xd9f6, 0xd9f7, 0xdac1, 0xdac9, 0xdad1, 0xdad9, 0xdae9, 0xdbc1, 0xdbc9,
  0xdbd1, 0xdbd9, 0xdbe9, 0xdbf1, 0xdcc1, 0xdcf9, 0xddc1, 0xddd1, 0xdde1, 0xdde9, 0xdec1, 0xded9, 0xdfe0, 0xdfe9, 0xdff1,
];

/** @param {Encoder} encoder @param {number} environment @param {number} seed */
export const fpu = (encoder, environment, seed) => {
  const { next } = encoder;
  const c = new Case(seed, environment, 0);
  const at = (/** @type {number} */ offset) => (DATA + WINDOWS[0][0] + offset) >>> 0;
  const near = (/** @type {number} */ linear, /** @type {number} */ index) => (linear - segment(c.segments[index]).base) >>> 0;
  c.flags = 0x202 | (next() & 0x8d5);
  c.set(ESP, near(at(0x1f0), SS));
  // two operands in extended format: ordinary numbers, sometimes anything
  for (const where of [0x20, 0x30]) {
    const exponent = encoder.chance(6) ? encoder.pick([0, 1, 0x7fff, 0x7ffe]) : 0x3fff + encoder.around(20);
    c.poke(at(where) + 7, 0x80 | (next() & 0x7f), 1);
    c.poke(at(where) + 8, exponent | (encoder.chance(2) ? 0x8000 : 0), 2);
  }
  // a memory operand, often across the page boundary
  const operand = encoder.chance(3) ? 0xf8 + (next() % 8) : 0xc0;
  c.set(ESI, near(at(0), 3));
  c.set(EBX, near(at(operand), 3));
  const address = (/** @type {number} */ reg) => (c.code32 ? [0x03 | (reg << 3)] : [0x07 | (reg << 3)]);
  const displaced = (/** @type {number} */ reg, /** @type {number} */ offset) => [(c.code32 ? 0x86 : 0x84) | (reg << 3), offset & 255, offset >> 8, ...(c.code32 ? [0, 0] : [])];
  c.code.push(0xdb, 0xe3, 0xdb, ...displaced(5, 0x20), 0xdb, ...displaced(5, 0x30));
  if (encoder.chance(2)) {
    const [opcode, reg] = encoder.pick(MEMORY);
    if (opcode === 0xd9 && reg === 5) c.poke(at(operand), 0x37f & ~(next() & 0xc00), 2);
    c.code.push(opcode, ...address(reg));
  } else {
    const both = encoder.pick(REGISTER);
    c.code.push(both >> 8, both & 255);
  }
  const wide = c.code32 !== encoder.chance(2);
  const image = 0x140;
  const whole = encoder.chance(2);
  c.code.push(...(wide === c.code32 ? [] : [0x66]), ...(whole ? [0xdd] : [0xd9]), ...displaced(6, image));
  // the pointers, as dwords; a 16-bit image keeps them in bytes 6 to 13
  for (const offset of wide ? [12, 16, 20, 24] : [6, 10]) {
    c.code.push(...(c.code32 ? [] : [0x66]), 0xc7, ...displaced(0, image + offset), 0, 0, 0, 0);
  }
  if (c.code.length > 64) return undefined;
  return c;
};
