/**
 * Lazy arithmetic flags.
 *
 * An arithmetic instruction stores its kind, result and operands, sign-extended to 32 bits; flags are computed when
 * somebody asks. Sign extension preserves signed and unsigned order, so no kind needs to know the operand size.
 */
import { AF, ARITHMETIC_FLAGS, CF, FLAGS, LAZY_A, LAZY_B, LAZY_OP, LAZY_RESULT, OF, PF, SF, ZF } from "./state.js";

/** Flags are in FLAGS. */
export const LAZY_NONE = 0;
export const LAZY_ADD = 1;
/** Addition with a carry in of one. */
export const LAZY_ADC = 2;
export const LAZY_SUB = 3;
/** Subtraction with a borrow in of one. */
export const LAZY_SBB = 4;
export const LAZY_LOGIC = 5;
/** INC and DEC keep CF: LAZY_B holds it. */
export const LAZY_INC = 6;
export const LAZY_DEC = 7;
/** Shifts, and whatever sets CF and OF alone: LAZY_B holds CF, OF and AF in bits 0-2; the rest comes from the result. */
export const LAZY_SHIFT = 8;

/** Flag functions over one machine's state words. */
export class LazyFlags {
  readonly #i32: Int32Array;

  constructor(i32: Int32Array) {
    this.#i32 = i32;
  }

  cf(): 0 | 1 {
    const i32 = this.#i32;
    switch (i32[LAZY_OP]) {
      case LAZY_ADD:
        return i32[LAZY_RESULT] >>> 0 < i32[LAZY_A] >>> 0 ? 1 : 0;
      case LAZY_ADC:
        return i32[LAZY_RESULT] >>> 0 <= i32[LAZY_A] >>> 0 ? 1 : 0;
      case LAZY_SUB:
        return i32[LAZY_A] >>> 0 < i32[LAZY_B] >>> 0 ? 1 : 0;
      case LAZY_SBB:
        return i32[LAZY_A] >>> 0 <= i32[LAZY_B] >>> 0 ? 1 : 0;
      case LAZY_LOGIC:
        return 0;
      case LAZY_NONE:
        return (i32[FLAGS] & 1) as 0 | 1;
      default:
        return (i32[LAZY_B] & 1) as 0 | 1;
    }
  }

  zf(): boolean {
    const i32 = this.#i32;
    return i32[LAZY_OP] === LAZY_NONE ? (i32[FLAGS] & ZF) !== 0 : i32[LAZY_RESULT] === 0;
  }

  sf(): boolean {
    const i32 = this.#i32;
    return i32[LAZY_OP] === LAZY_NONE ? (i32[FLAGS] & SF) !== 0 : i32[LAZY_RESULT] < 0;
  }

  of(): boolean {
    const i32 = this.#i32;
    const result = i32[LAZY_RESULT];
    const a = i32[LAZY_A];
    switch (i32[LAZY_OP]) {
      case LAZY_ADD:
      case LAZY_ADC:
        return ((a ^ result) & (i32[LAZY_B] ^ result)) < 0;
      case LAZY_SUB:
      case LAZY_SBB:
        return ((a ^ i32[LAZY_B]) & (a ^ result)) < 0;
      case LAZY_LOGIC:
        return false;
      case LAZY_INC:
        return (~a & result) < 0;
      case LAZY_DEC:
        return (a & ~result) < 0;
      case LAZY_SHIFT:
        return (i32[LAZY_B] & 2) !== 0;
      default:
        return (i32[FLAGS] & OF) !== 0;
    }
  }

  pf(): boolean {
    const i32 = this.#i32;
    if (i32[LAZY_OP] === LAZY_NONE) return (i32[FLAGS] & PF) !== 0;
    const low = i32[LAZY_RESULT] & 0xff;
    return ((0x9669 >>> ((low ^ (low >>> 4)) & 15)) & 1) !== 0;
  }

  af(): boolean {
    const i32 = this.#i32;
    switch (i32[LAZY_OP]) {
      case LAZY_ADD:
      case LAZY_ADC:
      case LAZY_SUB:
      case LAZY_SBB:
        return ((i32[LAZY_A] ^ i32[LAZY_B] ^ i32[LAZY_RESULT]) & AF) !== 0;
      case LAZY_INC:
        return (i32[LAZY_RESULT] & 15) === 0;
      case LAZY_DEC:
        return (i32[LAZY_RESULT] & 15) === 15;
      case LAZY_NONE:
        return (i32[FLAGS] & AF) !== 0;
      case LAZY_SHIFT:
        return (i32[LAZY_B] & 4) !== 0;
      default:
        return false;
    }
  }

  /** Condition code 0-15 as encoded in Jcc, SETcc and CMOVcc. */
  condition(code: number): boolean {
    let holds: boolean;
    switch (code >> 1) {
      case 0:
        holds = this.of();
        break;
      case 1:
        holds = this.cf() !== 0;
        break;
      case 2:
        holds = this.zf();
        break;
      case 3:
        holds = this.cf() !== 0 || this.zf();
        break;
      case 4:
        holds = this.sf();
        break;
      case 5:
        holds = this.pf();
        break;
      case 6:
        holds = this.sf() !== this.of();
        break;
      default:
        holds = this.zf() || this.sf() !== this.of();
    }
    return (code & 1) !== 0 ? !holds : holds;
  }

  /** The whole EFLAGS value; FLAGS becomes valid. */
  materialise(): number {
    const i32 = this.#i32;
    if (i32[LAZY_OP] !== LAZY_NONE) {
      const arithmetic = this.cf() | (this.pf() ? PF : 0) | (this.af() ? AF : 0) | (this.zf() ? ZF : 0) | (this.sf() ? SF : 0) | (this.of() ? OF : 0);
      i32[FLAGS] = (i32[FLAGS] & ~ARITHMETIC_FLAGS) | arithmetic;
      i32[LAZY_OP] = LAZY_NONE;
    }
    return i32[FLAGS];
  }

  /** Replaces single arithmetic flags. */
  put(mask: number, values: number): void {
    this.materialise();
    this.#i32[FLAGS] = (this.#i32[FLAGS] & ~mask) | (values & mask);
  }

  /** Replaces CF and OF; the others keep their lazy meaning. Rotates live on this. */
  setCfOf(cf: number, of: number): void {
    const i32 = this.#i32;
    if (i32[LAZY_OP] === LAZY_NONE) {
      i32[FLAGS] = (i32[FLAGS] & ~(CF | OF)) | cf | (of !== 0 ? OF : 0);
      return;
    }
    const af = this.af() ? 4 : 0;
    i32[LAZY_OP] = LAZY_SHIFT;
    i32[LAZY_B] = cf | (of << 1) | af;
  }

  setCf(on: boolean | number): void {
    this.setCfOf(on ? 1 : 0, this.of() ? 1 : 0);
  }
}
