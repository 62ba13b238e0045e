/**
 * Lane arithmetic for every case: any operand, rounding mode and mask (SDM volume 1, sections 4.8, 4.9, 10.2.3 and 11.5).
 *
 * The significands are computed by the x87's integer arithmetic in its operand scratch, truncated to 64 bits with PE standing for what was cut off.
 * Singles and doubles use so little of the 80-bit format's exponent range that nothing overflows or underflows there; the one rounding is `round`.
 * Exception bits are the same in MXCSR and in the x87's status word.
 */
import { add } from "../x87/add.js";
import { fromDouble, fromInteger32, fromSingle } from "../x87/convert.js";
import * as layout from "../x87/layout.js";
import { divide, multiply, squareRoot } from "../x87/multiply.js";
import * as control from "./mxcsr.js";
import type { Vector } from "./vector.js";

const { A, A_CLASS, A_EXP, A_HI, A_LO, A_SIGN, ANY_NAN, B, B_CLASS, B_SIGN, BIAS, CLASS, CONTROL, DENORMAL, EXP } = layout;
const { EXP_MAX, FLAGS, HI, INFINITE, J_BIT, NORMAL, PC_64, R_EXT, R_HI, R_LO, R_SE, S, SIGN, SNAN, ZERO } = layout;
const { DE, IE, OE, PE, RC_CHOP, RC_DOWN, RC_NEAREST, RC_UP, UE, ZE } = control;

/** x87 control word: everything masked, truncation. */
const TRUNCATE = 0xf3f;
const BEFORE = IE | DE | ZE;

export const ADD = 0;
export const SUB = 1;
export const MUL = 2;
export const DIV = 3;
export const SQRT = 4;

export class ExactFloat {
  private readonly mxcsr: control.Mxcsr;

  constructor(mxcsr: control.Mxcsr) {
    this.mxcsr = mxcsr;
  }

  /** Lane `ri` of `r` = lane `ai` of `a` op lane `bi` of `b`. A square root takes its operand from `b`. */
  calculate(op: number, single: boolean, r: Vector, ri: number, a: Vector, ai: number, b: Vector, bi: number): void {
    this.load(op === SQRT ? A : B, single, b, bi);
    if (op !== SQRT) this.load(A, single, a, ai);
    else S[B_CLASS] = NORMAL;
    if (!this.takeNan()) {
      S[CONTROL] = TRUNCATE;
      S[FLAGS] = 0;
      if (op === ADD || op === SUB) this.sum(op);
      else if (op === MUL) multiply(PC_64);
      else if (op === DIV) divide(PC_64);
      else squareRoot(PC_64);
      this.mxcsr.raised |= S[FLAGS] & BEFORE;
      S[R_EXT] = S[FLAGS] & PE;
    }
    this.round(single);
    store(single, r, ri);
  }

  /** A lane from one format to the other. */
  resize(fromSingles: boolean, r: Vector, ri: number, b: Vector, bi: number): void {
    this.load(A, fromSingles, b, bi);
    S[B_CLASS] = NORMAL;
    if (!this.takeNan()) {
      if (S[A_CLASS] === DENORMAL) this.mxcsr.raised |= DE;
      resultIsA();
    }
    this.round(!fromSingles);
    store(!fromSingles, r, ri);
  }

  /** A single from a signed 32-bit integer. */
  fromInteger(value: number, r: Vector, ri: number): void {
    fromInteger32(A, value);
    resultIsA();
    this.round(true);
    store(true, r, ri);
  }

  private load(block: number, single: boolean, v: Vector, i: number): void {
    if (single) fromSingle(block, v.i32[i]);
    else fromDouble(block, v.i32[2 * i + 1], v.i32[2 * i]);
    if (S[block + CLASS] === DENORMAL && this.mxcsr.daz) {
      S[block] = S[block + HI] = S[block + EXP] = 0;
      S[block + CLASS] = ZERO;
    }
  }

  /** The answer to a NaN: the first operand that is one, quiet. */
  private takeNan(): boolean {
    const kinds = S[A_CLASS] | S[B_CLASS];
    if ((kinds & ANY_NAN) === 0) return false;
    if ((kinds & SNAN) !== 0) this.mxcsr.raised |= IE;
    const block = (S[A_CLASS] & ANY_NAN) !== 0 ? A : B;
    S[R_SE] = (S[block + SIGN] << 15) | EXP_MAX;
    S[R_HI] = S[block + HI] | 0x40000000;
    S[R_LO] = S[block];
    S[R_EXT] = 0;
    return true;
  }

  private sum(negate: number): void {
    add(negate, PC_64);
    // Truncation made an exact zero positive.
    if (S[R_HI] === 0 && this.mxcsr.rounding === RC_DOWN && S[A_SIGN] !== (S[B_SIGN] ^ negate)) S[R_SE] |= 0x8000;
  }

  /** Rounds the packed result, with R_EXT not zero for a discarded part, to the format, in memory form in R_HI:R_LO (a single in R_LO alone). */
  private round(single: boolean): void {
    const sign = (S[R_SE] << 16) & J_BIT;
    const exp = S[R_SE] & EXP_MAX;
    const hi = S[R_HI];
    const lo = S[R_LO];
    const top = single ? 0xff : 0x7ff;
    if (exp === EXP_MAX || hi === 0) {
      if (single) pack(true, sign, exp === 0 ? 0 : top, 0, (hi >>> 8) & 0x7fffff);
      else pack(false, sign, exp === 0 ? 0 : top, (hi >>> 11) & 0xfffff, (hi << 21) | (lo >>> 11));
      return;
    }
    // The significand as an integer of 24 or 53 bits and the 32 bits below it, the last of them sticky.
    let h = 0;
    let l: number;
    let rest: number;
    if (single) {
      l = hi >>> 8;
      rest = (hi << 24) | ((lo | S[R_EXT]) !== 0 ? 1 : 0);
    } else {
      h = hi >>> 11;
      l = (hi << 21) | (lo >>> 11);
      rest = (lo << 21) | (S[R_EXT] !== 0 ? 1 : 0);
    }
    const biased = exp - BIAS + (top >> 1);
    const mode = directed(this.mxcsr.rounding, sign);
    const carries = (single ? l === 0xffffff : h === 0x1fffff && l === -1) && roundsUp(mode, rest, 1);
    // Tininess is judged after rounding with an unbounded exponent.
    const tiny = biased < 0 || (biased === 0 && !carries);
    if (tiny && this.tinyResult(single, sign, rest)) return;
    if (!tiny && biased + (carries ? 1 : 0) >= top) {
      this.overflow(single, sign, mode, rest, top);
      return;
    }
    if (biased <= 0) {
      const shift = 1 - biased;
      if (shift < 32) {
        rest = (l << (32 - shift)) | (rest >>> shift) | (rest << (32 - shift) !== 0 ? 1 : 0);
        l = (l >>> shift) | (h << (32 - shift));
        h >>>= shift;
      } else if (shift < 64) {
        const down = shift - 32;
        rest = (down === 0 ? l : (h << (32 - down)) | (l >>> down)) | ((down === 0 ? 0 : l << (32 - down)) !== 0 || rest !== 0 ? 1 : 0);
        l = h >>> down;
        h = 0;
      } else {
        h = l = 0;
        rest = 1;
      }
    }
    if (rest !== 0) {
      this.mxcsr.raised |= tiny ? UE | PE : PE;
      if (roundsUp(mode, rest, l & 1)) {
        l = (l + 1) | 0;
        if (l === 0) h++;
      }
    }
    // The integer bit, and a carry beyond it, count the exponent up.
    pack(single, sign, biased <= 0 ? 0 : biased - 1, h, l);
  }

  /** Whether a tiny result is settled without denormalising it: a trap, which delivers nothing, or a flush to zero. */
  private tinyResult(single: boolean, sign: number, rest: number): boolean {
    if (this.mxcsr.unmasked(UE) !== 0) this.mxcsr.raised |= rest !== 0 ? UE | PE : UE;
    else if (this.mxcsr.ftz) this.mxcsr.raised |= UE | PE;
    else return false;
    pack(single, sign, 0, 0, 0);
    return true;
  }

  private overflow(single: boolean, sign: number, mode: number, rest: number, top: number): void {
    this.mxcsr.raised |= rest === 0 && this.mxcsr.unmasked(OE) !== 0 ? OE : OE | PE;
    if (mode === RC_CHOP) pack(single, sign, top - 1, 0xfffff, single ? 0x7fffff : -1);
    else pack(single, sign, top, 0, 0);
  }
}

/** A rounding mode as it acts on magnitudes: to nearest, up or towards zero. */
function directed(rounding: number, sign: number): number {
  if (rounding === RC_NEAREST) return RC_NEAREST;
  return rounding === (sign !== 0 ? RC_DOWN : RC_UP) ? RC_UP : RC_CHOP;
}

/** Whether a discarded fraction moves a magnitude, which is odd or not, up. */
function roundsUp(mode: number, rest: number, odd: number): boolean {
  if (mode === RC_NEAREST) return rest < 0 && (rest !== J_BIT || odd !== 0);
  return mode === RC_UP && rest !== 0;
}

function resultIsA(): void {
  S[R_SE] = (S[A_SIGN] << 15) | S[A_EXP];
  S[R_HI] = S[A_HI];
  S[R_LO] = S[A_LO];
  if (S[A_CLASS] === INFINITE) S[R_SE] |= EXP_MAX;
  S[R_EXT] = 0;
}

/** Adds the fraction to the exponent in its place, so that an integer bit within the fraction counts. */
function pack(single: boolean, sign: number, exp: number, h: number, l: number): void {
  if (single) S[R_LO] = sign | ((exp << 23) + l);
  else {
    S[R_HI] = sign | ((exp << 20) + h);
    S[R_LO] = l;
  }
}

function store(single: boolean, r: Vector, i: number): void {
  if (single) r.i32[i] = S[R_LO];
  else {
    r.i32[2 * i] = S[R_LO];
    r.i32[2 * i + 1] = S[R_HI];
  }
}

/** Exceptions found before an operation, when unmasked, keep those found by rounding from being reported, in all lanes. */
export function settle(mxcsr: control.Mxcsr): void {
  if ((mxcsr.raised & BEFORE) !== 0 && mxcsr.unmasked(mxcsr.raised & BEFORE) !== 0) mxcsr.raised &= BEFORE;
}
