/** FPREM, FPREM1, FSCALE, FXTRACT and FRNDINT: the instructions that take numbers apart. */
import { compareMagnitude, normalise, resultInfinite, resultInvalid, resultNan1, resultNan2, resultOperand, resultZero } from "./float80.js";
import * as layout from "./layout.js";
import { roundExtended, roundToInteger } from "./round.js";

const {
  A,
  A_CLASS,
  A_EXP,
  A_HI,
  A_LO,
  A_SIGN,
  ANY_NAN,
  B_CLASS,
  B_EXP,
  B_HI,
  B_LO,
  B_SIGN,
  BIAS,
  C0,
  C1,
  C2,
  C3,
  DE,
  DENORMAL,
  FLAGS,
  INFINITE,
  PC_64,
  R,
  R_EXP,
  R_EXT,
  R_HI,
  R_LO,
  R_SE,
  R_SIGN,
  S,
  ZE,
  ZERO,
} = layout;

/** Exponent distance from which one execution only reduces the operand (C2 set) instead of finishing. */
const PARTIAL = 64;

/** From remainder(), when operands have none. */
export const NO_QUOTIENT = -1;

/**
 * R = the remainder of A by B, its quotient truncated (FPREM) or rounded to nearest (FPREM1).
 * Returns the condition codes: C2 for a partial reduction, otherwise the low three bits of the quotient in C0, C3, C1, or NO_QUOTIENT.
 */
export function remainder(nearest: boolean): number {
  const kinds = S[A_CLASS] | S[B_CLASS];
  if ((kinds & ANY_NAN) !== 0) {
    resultNan2();
    return NO_QUOTIENT;
  }
  if (S[A_CLASS] === INFINITE || S[B_CLASS] === ZERO) {
    resultInvalid();
    return NO_QUOTIENT;
  }
  if ((kinds & DENORMAL) !== 0) S[FLAGS] |= DE;
  if (S[A_CLASS] === ZERO) {
    resultZero(S[A_SIGN]);
    return 0;
  }
  const distance = S[A_EXP] - S[B_EXP];
  if (S[B_CLASS] === INFINITE || distance < (nearest ? -1 : 0)) {
    resultUnchanged();
    return 0;
  }
  const bHi = S[B_HI];
  const bLo = S[B_LO];
  let hi = S[A_HI];
  let lo = S[A_LO];
  let quotient = 0;
  let exp = S[B_EXP];
  let sign = S[A_SIGN];
  const partial = distance >= PARTIAL;
  // Long division from the top: after step i the remainder is below B, scaled by the steps left.
  let steps = partial ? (distance & 31) | 32 : distance;
  if (partial) exp = S[A_EXP] - steps;
  if (steps >= 0) {
    for (let over = 0; ; steps--) {
      quotient <<= 1;
      if (over !== 0 || compareMagnitude(hi, lo, bHi, bLo) >= 0) {
        hi = (hi - bHi - (lo >>> 0 < bLo >>> 0 ? 1 : 0)) | 0;
        lo = (lo - bLo) | 0;
        quotient |= 1;
      }
      if (steps === 0) break;
      over = hi >>> 31;
      hi = (hi << 1) | (lo >>> 31);
      lo <<= 1;
    }
  }
  if (nearest && !partial) {
    // |A| < |B| / 2 leaves A; otherwise compare twice the remainder with B. One step short (distance -1) the remainder counts half as much.
    const order = distance < 0 ? compareMagnitude(hi, lo, bHi, bLo) : hi < 0 ? 1 : compareMagnitude((hi << 1) | (lo >>> 31), lo << 1, bHi, bLo);
    if (order > 0 || (order === 0 && (quotient & 1) !== 0)) {
      if (distance < 0) {
        // B - A / 2 in units of A's last place: 2B - A, which is below B.
        const lowB = bLo << 1;
        hi = (((bHi << 1) | (bLo >>> 31)) - hi - (lowB >>> 0 < lo >>> 0 ? 1 : 0)) | 0;
        lo = (lowB - lo) | 0;
        exp--;
      } else {
        const borrow = bLo >>> 0 < lo >>> 0 ? 1 : 0;
        hi = (bHi - hi - borrow) | 0;
        lo = (bLo - lo) | 0;
      }
      sign ^= 1;
      quotient++;
    } else if (distance < 0) exp--;
  }
  if ((hi | lo) === 0) resultZero(S[A_SIGN]);
  else {
    S[R_HI] = hi;
    S[R_LO] = lo;
    S[R_EXT] = 0;
    S[R_EXP] = exp;
    S[R_SIGN] = sign;
    normalise(R);
    roundExtended(PC_64);
  }
  if (partial) return C2;
  return ((quotient & 4) !== 0 ? C0 : 0) | ((quotient & 2) !== 0 ? C3 : 0) | ((quotient & 1) !== 0 ? C1 : 0);
}

/** R = A, which takes part as an operand: a denormal underflows when that is unmasked. */
function resultUnchanged(): void {
  S[R_HI] = S[A_HI];
  S[R_LO] = S[A_LO];
  S[R_EXT] = 0;
  S[R_EXP] = S[A_EXP];
  S[R_SIGN] = S[A_SIGN];
  roundExtended(PC_64);
}

/** R = A * 2^trunc(B). */
export function scale(): void {
  const a = S[A_CLASS];
  const b = S[B_CLASS];
  if (((a | b) & ANY_NAN) !== 0) {
    resultNan2();
    return;
  }
  if (b === INFINITE) {
    if (a === (S[B_SIGN] !== 0 ? INFINITE : ZERO)) {
      resultInvalid();
      return;
    }
    if (a === DENORMAL) S[FLAGS] |= DE;
    if (S[B_SIGN] !== 0) resultZero(S[A_SIGN]);
    else resultInfinite(S[A_SIGN]);
    return;
  }
  if (((a | b) & DENORMAL) !== 0) S[FLAGS] |= DE;
  if (a === ZERO || a === INFINITE) {
    resultOperand(A);
    return;
  }
  let by = 0;
  if (b !== ZERO) {
    const exp = S[B_EXP] - BIAS;
    // Beyond 2^17 every operand over- or underflows even with the wrapped exponent.
    if (exp >= 17) by = 0x20000;
    else if (exp >= 0) by = S[B_HI] >>> (31 - exp);
    if (S[B_SIGN] !== 0) by = -by;
  }
  S[R_HI] = S[A_HI];
  S[R_LO] = S[A_LO];
  S[R_EXT] = 0;
  S[R_EXP] = S[A_EXP] + by;
  S[R_SIGN] = S[A_SIGN];
  roundExtended(PC_64);
}

/** Splits A: R is the exponent as a number, A_LO:A_HI with the returned sign and exponent the significand. -1 means that one NaN result serves for both. */
export function extract(): number {
  const kind = S[A_CLASS];
  const sign = S[A_SIGN] << 15;
  if ((kind & ANY_NAN) !== 0) {
    resultNan1();
    return -1;
  }
  if (kind === ZERO) {
    S[FLAGS] |= ZE;
    resultInfinite(1);
    return sign;
  }
  if (kind === INFINITE) {
    resultInfinite(0);
    return sign | 0x7fff;
  }
  if (kind === DENORMAL) S[FLAGS] |= DE;
  const exp = S[A_EXP] - BIAS;
  if (exp === 0) resultZero(0);
  else {
    const magnitude = exp < 0 ? -exp : exp;
    const shift = Math.clz32(magnitude);
    S[R_HI] = magnitude << shift;
    S[R_LO] = 0;
    S[R_SE] = (exp < 0 ? 0x8000 : 0) | (BIAS + 31 - shift);
  }
  return sign | BIAS;
}

/** R = A rounded to an integer by the rounding control. */
export function roundInteger(): void {
  const kind = S[A_CLASS];
  if ((kind & ANY_NAN) !== 0) {
    resultNan1();
    return;
  }
  if (kind === DENORMAL) S[FLAGS] |= DE;
  if (kind === ZERO || kind === INFINITE || S[A_EXP] >= BIAS + 63 || !roundToInteger()) {
    resultOperand(A);
    return;
  }
  if ((S[R_HI] | S[R_LO]) === 0) {
    resultZero(S[A_SIGN]);
    return;
  }
  S[R_EXP] = BIAS + 63;
  normalise(R);
  S[R_SE] = (S[R_SIGN] << 15) | S[R_EXP];
}
