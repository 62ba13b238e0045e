/** Encodes instructions of the opcode table with random operands and prepares registers and memory for them. */
import { CODE, DATA, ENVIRONMENTS, FLAT_CODE, FLAT_DATA, seedState, segment, WINDOW, WINDOWS } from "./layout.mjs";

/** @typedef {import("../../kernel/cpu/tables/table.js").OpcodeFact} OpcodeFact */
/**
 * What the generators know about opcodes: the tables of the kernel, built or as sources.
 * @typedef {object} Tables
 * @property {readonly OpcodeFact[]} FACTS
 * @property {typeof import("../../kernel/cpu/tables/flag-effects.js").flagEffect} flagEffect
 */

export const ES = 0;
export const CS = 1;
export const SS = 2;
export const DS = 3;
export const FS = 4;
const PREFIX = [0x26, 0x2e, 0x36, 0x3e, 0x64];
export const EAX = 0;
export const ECX = 1;
export const EDX = 2;
export const EBX = 3;
export const ESP = 4;
export const EBP = 5;
export const ESI = 6;
export const EDI = 7;
/** CF PF AF ZF SF OF. */
export const ARITHMETIC = 0x8d5;
/** Base and index of the 16-bit address forms. */
const FORMS16 = [[EBX, ESI], [EBX, EDI], [EBP, ESI], [EBP, EDI], [ESI], [EDI], [EBP], [EBX]];

/** A case being made. */
export class Case {
  /** @param {number} seed @param {number} environment @param {number} window @param {boolean} [withUnits] */
  constructor(seed, environment, window, withUnits = false) {
    this.seed = seed;
    this.environment = environment;
    this.window = window;
    this.segments = ENVIRONMENTS[environment];
    const from = seedState(seed, withUnits);
    this.registers = from.registers;
    this.memory = from.memory;
    this.units = from.units;
    /** Registers with a purpose. */
    this.pinned = 0;
    /** @type {number[]} */
    this.code = [];
    this.codeOffset = 0x100;
    this.flags = 0x202;
    this.undefined = 0;
    this.statusUndefined = 0;
    this.approximate = false;
    /** @type {[offset: number, length: number][]} */
    this.masks = [];
    /** Several accesses to memory: which of them a fault reports, and what was done before it, is each processor's own matter. */
    this.unclearFaults = false;
    const code = segment(this.segments[CS]);
    this.code32 = code.big;
    this.codeBase = code.base;
    this.stack32 = segment(this.segments[SS]).big;
  }

  /** @param {number} register @param {number} value */
  set(register, value) {
    this.registers[register] = value >>> 0;
    this.pinned |= 1 << register;
  }
  /** @param {number} register */
  isPinned(register) {
    return (this.pinned >> register) & 1;
  }
  /** Window offset of a linear address, or -1. @param {number} linear */
  windowOffset(linear) {
    const offset = (linear - DATA) >>> 0;
    for (const [half, start] of WINDOWS[this.window].entries()) if (offset >= start && offset < start + WINDOW / 2) return offset - start + (half * WINDOW) / 2;
    return -1;
  }
  /** Puts a value into memory where the window has it. @param {number} linear @param {number} value @param {number} bytes */
  poke(linear, value, bytes) {
    for (let byte = 0; byte < bytes; byte++) {
      const at = this.windowOffset((linear + byte) >>> 0);
      if (at < 0) continue;
      this.memory[at] = Math.floor(value / 2 ** (8 * byte)) & 255;
    }
  }
  /** Puts bytes into memory where the window has it. @param {number} linear @param {ArrayLike<number>} bytes */
  pokeBytes(linear, bytes) {
    for (let index = 0; index < bytes.length; index++) this.poke((linear + index) >>> 0, bytes[index], 1);
  }
  /** Leaves bytes out of the comparison where the window has them. @param {number} linear @param {number} length */
  mask(linear, length) {
    for (let index = 0; index < length; index++) {
      const at = this.windowOffset((linear + index) >>> 0);
      if (at < 0) continue;
      const last = this.masks.at(-1);
      if (last && last[0] + last[1] === at) last[1]++;
      else this.masks.push([at, 1]);
    }
  }
  get eip() {
    return (CODE + this.codeOffset - this.codeBase) >>> 0;
  }
}

/** Random operands from one stream of numbers. */
export class Encoder {
  /** @param {() => number} next @param {Tables} tables */
  constructor(next, tables) {
    this.next = next;
    this.tables = tables;
  }
  /** One in `n`. @param {number} n */
  chance(n) {
    return this.next() % n === 0;
  }
  /** @template T @param {readonly T[]} list @returns {T} */
  pick(list) {
    return list[this.next() % list.length];
  }
  /** -`n` to `n`. @param {number} n */
  around(n) {
    return (this.next() % (2 * n + 1)) - n;
  }

  /** A linear address for an operand in a segment: inside the window, with a liking for boundaries. @param {Case} c @param {number} index */
  target(c, index) {
    const { base, limit, code, expandDown, usable } = segment(c.segments[index]);
    if (!usable) return this.next();
    if (code && base !== 0) return base + this.pick([0x80, limit, 0x101]) + this.around(4);
    const tight = limit < 0xffff;
    if (tight && this.chance(4)) return (base + limit + (expandDown ? 1 : 0) + this.around(5)) >>> 0;
    const [low, high] = WINDOWS[c.window];
    if (c.window === 2)
      return DATA + (this.chance(2) ? (this.chance(3) ? this.around(8) : 8 + (this.next() % 0xe0)) : this.chance(3) ? 0x1_0000 + this.around(8) : high + 16 + (this.next() % 0xd0));
    if (this.chance(4)) return DATA + high + this.around(8);
    return DATA + low + 0x40 + (this.next() % 0x180);
  }
  /** Offset in a segment of such an address. @param {Case} c @param {number} index */
  offset(c, index) {
    return (this.target(c, index) - segment(c.segments[index]).base) >>> 0;
  }

  /**
   * ModR/M, SIB and displacement for a memory operand at `offset`; undefined when the registers do not allow it.
   * @param {Case} c @param {number} reg @param {boolean} address16 @param {(segment: number) => number} choose offset by segment
   * @param {number} override segment or -1
   * @returns {{ bytes: number[]; segment: number; offset: number } | undefined}
   */
  memory(c, reg, address16, choose, override) {
    const next = this.next;
    const mod = next() % 3;
    const rm = next() % 8;
    /** @type {number[]} */
    let registers = [];
    let scale = 0;
    /** @type {number[]} */
    const bytes = [(mod << 6) | (reg << 3) | rm];
    let size = [0, 1, address16 ? 2 : 4][mod];
    let stack = false;
    if (address16) {
      if (mod === 0 && rm === 6) size = 2;
      else {
        registers = FORMS16[rm];
        stack = registers[0] === EBP;
      }
    } else if (rm === 4) {
      const sib = next() & 255;
      bytes.push(sib);
      const index = (sib >> 3) & 7;
      const base = sib & 7;
      scale = sib >> 6;
      if (base === 5 && mod === 0) size = 4;
      else {
        registers.push(base);
        stack = base === ESP || base === EBP;
      }
      if (index !== 4) registers.push(index + 8);
    } else if (rm === 5 && mod === 0) size = 4;
    else {
      registers.push(rm);
      stack = rm === EBP;
    }
    const used = override >= 0 ? override : stack ? SS : DS;
    const offset = choose(used);
    const wrap = address16 ? 0xffff : 0xffff_ffff;
    const narrow = size === 1 ? this.around(127) : 0;
    let displacement = size === 0 ? 0 : size === 1 ? narrow : this.chance(2) ? next() : next() % 1000;
    const plain = registers.filter((register) => register < 8);
    const indexes = registers.filter((register) => register >= 8).map((register) => register - 8);
    // registers that may be anything get small or large values; the last free one, or the displacement, makes the sum right
    const free = plain.find((register) => !c.isPinned(register) && !indexes.includes(register) && plain.indexOf(register) === plain.lastIndexOf(register));
    for (const register of [...plain, ...indexes]) if (register !== free && !c.isPinned(register)) c.set(register, this.chance(2) ? next() : next() % 64);
    let sum = displacement;
    for (const register of plain) if (register !== free) sum += c.registers[register];
    for (const register of indexes) sum += c.registers[register] * 2 ** scale;
    const missing = offset - sum;
    if (free !== undefined) {
      const upper = address16 ? next() & 0xffff_0000 : 0;
      const whole = Number(BigInt.asUintN(32, BigInt(missing)));
      c.set(free, address16 ? ((whole & 0xffff) | upper) >>> 0 : whole);
    } else if (size > 1) displacement += missing;
    else if (((BigInt(sum) - BigInt(offset)) & BigInt(wrap)) !== 0n) return undefined;
    const value = Number(BigInt.asUintN(32, BigInt(displacement)));
    for (let byte = 0; byte < size; byte++) bytes.push((value >>> (8 * byte)) & 255);
    return { bytes, segment: used, offset: address16 ? offset & 0xffff : offset >>> 0 };
  }

  /** A selector to load or to inspect. */
  selector() {
    if (this.chance(8)) return this.pick([0, 3, 0x87, 0x107, FLAT_CODE, FLAT_DATA]);
    const selector = (1 + (this.next() % 15)) * 8 + 7;
    return this.chance(8) ? selector - (this.next() % 4) : selector;
  }

  /** Address of code to go to, as an offset in the current code segment; never into the case itself. @param {Case} c */
  destination(c) {
    if (this.chance(10)) return this.pick([0x4000_0000, 0x2000, 0x2100_2000, 0xffff_fff0, 0x1_0000, 0]) >>> 0;
    return (CODE - c.codeBase + 0x400 + (this.next() % 0x800)) >>> 0;
  }
}

export { PREFIX };
