/** Instruction bytes to predecoded records: prefixes, opcode, ModR/M and SIB are read here; what an encoding means is in its plan. */
import { CS, DS, ES, FS, GS, KEY_CODE32, KEY_FLAT, KEY_STACK32, SS, ZERO } from "../state.js";
import { isByModrm, isByPrefix, mandatoryPrefix, OPCODE_MAPS, type OpcodeFact } from "../tables/table.js";
import {
  type DecodePlan,
  decodePlan,
  FPU_IMMEDIATE,
  FROM_RM,
  KEPT,
  type OperationNumbers,
  SCALED,
  TAKEN_BYTES,
  TAKES_FAR16,
  TAKES_FAR32,
  TAKES_IMM8,
  TAKES_IMM8_SIGNED,
  TAKES_IMM16,
  TAKES_IMM16_IMM8,
  TAKES_IMM16_SIGNED,
  TAKES_IMM32,
  TAKES_NOTHING,
  TAKES_OFFSET,
  TAKES_REL8,
  TAKES_REL16,
  TAKES_REL32,
} from "./decode-plan.js";
import {
  META_ADDR16,
  META_CHECKED,
  META_LENGTH_SHIFT,
  META_REP_SHIFT,
  META_SEGMENT_SHIFT,
  R_DISP,
  R_IMM,
  R_INDEX,
  R_META,
  R_OP,
  R_REG,
  R_RM,
  R_SCALE,
  SLOW_ADDRESS,
} from "./record.js";

/** Longest instruction the processor accepts. */
export const MAX_LENGTH = 15;
/** Returned by `decode`: more bytes are needed than the page has. */
export const NEEDS_MORE = 0;

/** Base and index registers of the eight 16-bit address forms, as state words. */
const BASE16 = [3, 3, 5, 5, 6, 7, 5, 3];
const INDEX16 = [6, 7, 6, 7, ZERO, ZERO, ZERO, ZERO];

/** The maps in the order of `Decoder.#slots`. */
const MAPS = [OPCODE_MAPS[""], OPCODE_MAPS["0F"], OPCODE_MAPS["0F38"], OPCODE_MAPS["0F3A"]];

/** What of the ModR/M byte a plan depends on. */
const NO_MODRM = 0;
const BY_MODE = 1;
const BY_MODRM = 2;

/** An opcode behind given prefixes. */
interface Slot {
  readonly depends: typeof NO_MODRM | typeof BY_MODE | typeof BY_MODRM;
  /** By ModR/M and context, made when first met. */
  readonly plans: (DecodePlan | undefined)[];
}

export class Decoder {
  readonly #bytes: Uint8Array;
  readonly #code: Int32Array;
  readonly #numbers: OperationNumbers;
  readonly #exists: (fact: OpcodeFact) => boolean;
  readonly #ud: number;
  readonly #gp: number;
  /** By map, opcode byte and mandatory prefix. */
  readonly #slots = new Array<Slot | undefined>(MAPS.length << 10).fill(undefined);
  /** After `decode`: the instruction ends its block. */
  ends = false;

  /** @param exists whether the processor has an encoding; the others are #UD */
  constructor(bytes: Uint8Array, code: Int32Array, numbers: OperationNumbers, exists: (fact: OpcodeFact) => boolean) {
    this.#bytes = bytes;
    this.#exists = exists;
    this.#code = code;
    this.#numbers = numbers;
    this.#ud = numbers.cold("UD2", true);
    this.#gp = numbers.cold("TOOLONG", true);
  }

  /**
   * Decodes one instruction.
   * @param record where the record goes in the arena
   * @param start offset of the first byte in the buffer
   * @param available bytes that may be read from `start`
   * @param pageOffset offset of the instruction in its linear page
   * @param key decoding mode, KEY_ bits
   * @returns its length, or NEEDS_MORE
   */
  decode(record: number, start: number, available: number, pageOffset: number, key: number): number {
    const bytes = this.#bytes;
    const code = this.#code;
    const end = start + available;
    let at = start;
    let op16 = (key & KEY_CODE32) === 0;
    let addr16 = op16;
    let segment = -1;
    let rep: 0 | 1 | 2 = 0;
    let operandSize = false;
    let lock = false;
    let byte = 0;
    // prefixes
    for (;;) {
      if (at - start >= MAX_LENGTH) return this.#bad(record, pageOffset, at - start, this.#gp);
      if (at >= end) return NEEDS_MORE;
      byte = bytes[at++];
      if (byte === 0x66) {
        op16 = (key & KEY_CODE32) !== 0;
        operandSize = true;
      } else if (byte === 0x67) addr16 = (key & KEY_CODE32) !== 0;
      else if (byte === 0xf0) lock = true;
      else if (byte === 0xf2) rep = 1;
      else if (byte === 0xf3) rep = 2;
      else if (byte === 0x26) segment = ES;
      else if (byte === 0x2e) segment = CS;
      else if (byte === 0x36) segment = SS;
      else if (byte === 0x3e) segment = DS;
      else if (byte === 0x64) segment = FS;
      else if (byte === 0x65) segment = GS;
      else break;
    }
    let map = 0;
    if (byte === 0x0f) {
      if (at >= end) return NEEDS_MORE;
      byte = bytes[at++];
      map = 1;
      if (byte === 0x38 || byte === 0x3a) {
        map = byte === 0x38 ? 2 : 3;
        if (at >= end) return NEEDS_MORE;
        byte = bytes[at++];
      }
    }
    const index = (map << 10) | (byte << 2) | mandatoryPrefix(operandSize, rep);
    const slot = this.#slots[index] ?? this.#slot(index);
    let modrm = -1;
    let cell = op16 ? 1 : (key & (KEY_FLAT | KEY_STACK32)) === (KEY_FLAT | KEY_STACK32) ? 2 : 0;
    if (slot.depends !== NO_MODRM) {
      if (at >= end) return NEEDS_MORE;
      modrm = bytes[at++];
      if (slot.depends === BY_MODE) cell |= modrm >= 0xc0 ? 4 : 0;
      else cell |= (modrm >= 0xc0 ? 8 + (modrm & 63) : (modrm >> 3) & 7) << 2;
    }
    const plan = slot.plans[cell] ?? this.#plan(index, slot, cell, modrm);
    if (plan.undefined) return this.#bad(record, pageOffset, at - start, this.#ud);

    code[record + R_REG] = 0;
    code[record + R_RM] = ZERO;
    code[record + R_INDEX] = ZERO;
    code[record + R_SCALE] = 0;
    code[record + R_DISP] = 0;
    code[record + R_IMM] = 0;

    // memory operand
    let effective = segment < 0 ? DS : segment;
    if (plan.memory) {
      const mod = modrm >> 6;
      const rm = modrm & 7;
      let dispSize = mod === 1 ? 1 : mod === 2 ? (addr16 ? 2 : 4) : 0;
      let stackBased = false;
      if (addr16) {
        if (mod === 0 && rm === 6) dispSize = 2;
        else {
          code[record + R_RM] = BASE16[rm];
          code[record + R_INDEX] = INDEX16[rm];
          stackBased = BASE16[rm] === 5;
        }
      } else if (rm === 4) {
        if (at >= end) return NEEDS_MORE;
        const sib = bytes[at++];
        const base = sib & 7;
        const index = (sib >> 3) & 7;
        if (index !== 4) {
          code[record + R_INDEX] = index;
          code[record + R_SCALE] = sib >> 6;
        }
        if (base === 5 && mod === 0) dispSize = 4;
        else {
          code[record + R_RM] = base;
          stackBased = base === 4 || base === 5;
        }
      } else if (rm === 5 && mod === 0) dispSize = 4;
      else {
        code[record + R_RM] = rm;
        stackBased = rm === 5;
      }
      if (at + dispSize > end) return NEEDS_MORE;
      if (dispSize === 1) code[record + R_DISP] = (bytes[at] << 24) >> 24;
      else if (dispSize === 2) code[record + R_DISP] = ((bytes[at] | (bytes[at + 1] << 8)) << 16) >> 16;
      else if (dispSize === 4) code[record + R_DISP] = this.#long(at);
      at += dispSize;
      if (segment < 0 && stackBased) effective = SS;
    }

    const { takes } = plan;
    if (takes !== TAKES_NOTHING) {
      const size = takes === TAKES_OFFSET ? (addr16 ? 2 : 4) : TAKEN_BYTES[takes];
      if (at + size > end) return NEEDS_MORE;
      this.#take(record, at, takes, addr16);
      at += size;
    }
    const length = at - start;
    if (length > MAX_LENGTH) return this.#bad(record, pageOffset, length, this.#gp);
    if (plan.needsMemory || (lock && !plan.lockable)) return this.#bad(record, pageOffset, length, this.#ud);

    let meta = plan.meta | pageOffset | (length << META_LENGTH_SHIFT) | (rep << META_REP_SHIFT) | (effective << META_SEGMENT_SHIFT);
    if (addr16) meta |= META_ADDR16;
    if (plan.memory || plan.offsetForm) {
      const flatSegment = (key & KEY_FLAT) !== 0 && effective !== FS && effective !== GS && effective !== CS;
      if (!flatSegment || addr16) code[record + R_SCALE] |= SLOW_ADDRESS;
    }
    if (plan.relative) {
      code[record + R_DISP] = (code[record + R_DISP] + pageOffset + length) | 0;
      if ((key & KEY_FLAT) === 0 || op16 || (key & KEY_CODE32) === 0) meta |= META_CHECKED;
    }
    code[record + R_OP] = plan.operation;
    code[record + R_REG] = operand(plan.reg, plan.regScale, modrm);
    if (plan.rm !== KEPT) code[record + R_RM] = operand(plan.rm, plan.rmScale, modrm);
    if (plan.immediate >= 0) code[record + R_IMM] = plan.immediate;
    else if (plan.immediate === FPU_IMMEDIATE) code[record + R_IMM] = (byte << 8) | modrm;
    code[record + R_META] = meta;
    this.ends = plan.ends;
    return length;
  }

  /** Bytes behind the addressing, into the record. */
  #take(record: number, at: number, takes: number, addr16: boolean): void {
    const bytes = this.#bytes;
    const code = this.#code;
    switch (takes) {
      case TAKES_IMM8:
        code[record + R_IMM] = bytes[at];
        return;
      case TAKES_IMM8_SIGNED:
        code[record + R_IMM] = (bytes[at] << 24) >> 24;
        return;
      case TAKES_IMM16:
        code[record + R_IMM] = this.#short(at);
        return;
      case TAKES_IMM16_SIGNED:
        code[record + R_IMM] = (this.#short(at) << 16) >> 16;
        return;
      case TAKES_IMM32:
        code[record + R_IMM] = this.#long(at);
        return;
      case TAKES_IMM16_IMM8:
        code[record + R_IMM] = this.#short(at);
        code[record + R_DISP] = bytes[at + 2];
        return;
      case TAKES_REL8:
        code[record + R_DISP] = (bytes[at] << 24) >> 24;
        return;
      case TAKES_REL16:
        code[record + R_DISP] = (this.#short(at) << 16) >> 16;
        return;
      case TAKES_REL32:
        code[record + R_DISP] = this.#long(at);
        return;
      case TAKES_FAR16:
        code[record + R_IMM] = this.#short(at);
        code[record + R_DISP] = this.#short(at + 2);
        return;
      case TAKES_FAR32:
        code[record + R_IMM] = this.#long(at);
        code[record + R_DISP] = this.#short(at + 4);
        return;
      case TAKES_OFFSET:
        code[record + R_DISP] = addr16 ? this.#short(at) : this.#long(at);
    }
  }

  #slot(index: number): Slot {
    const entry = entryAt(index);
    const slot: Slot = isByModrm(entry)
      ? { depends: BY_MODRM, plans: new Array(72 << 2).fill(undefined) }
      : (entry as OpcodeFact | undefined)?.modrm
        ? { depends: BY_MODE, plans: new Array(2 << 2).fill(undefined) }
        : { depends: NO_MODRM, plans: new Array(1 << 2).fill(undefined) };
    this.#slots[index] = slot;
    return slot;
  }

  #plan(index: number, slot: Slot, cell: number, modrm: number): DecodePlan {
    const opcode = (index >> 2) & 255;
    const entry = entryAt(index);
    const fact = isByModrm(entry) ? entry[modrm] : (entry as OpcodeFact | undefined);
    const context = { opcode, modrm: modrm >= 0, register: modrm >= 0xc0, op16: (cell & 1) !== 0, flatStack: (cell & 2) !== 0 };
    const plan = decodePlan(fact && this.#exists(fact) ? fact : undefined, context, this.#numbers);
    slot.plans[cell] = plan;
    return plan;
  }

  #short(at: number): number {
    return this.#bytes[at] | (this.#bytes[at + 1] << 8);
  }

  #long(at: number): number {
    const bytes = this.#bytes;
    return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  }

  /** An instruction that only faults; its length says which bytes must change for it to be looked at again. */
  #bad(record: number, pageOffset: number, length: number, operation: number): number {
    const code = this.#code;
    code.fill(0, record, record + 8);
    code[record + R_OP] = operation;
    code[record + R_META] = pageOffset | (Math.min(length, MAX_LENGTH) << META_LENGTH_SHIFT);
    this.ends = true;
    return length;
  }
}

/** What the table has at a slot's index: a map, an opcode byte, a mandatory prefix. */
const entryAt = (index: number) => {
  const entry = MAPS[index >> 10][(index >> 2) & 255];
  return isByPrefix(entry) ? entry.prefixes[index & 3] : entry;
};

/** The number of a register operand, or the index by which hot operations reach it. */
const operand = (from: number, scale: number, modrm: number): number => (from >= 0 ? from : SCALED[scale + (from === FROM_RM ? modrm & 7 : (modrm >> 3) & 7)]);
