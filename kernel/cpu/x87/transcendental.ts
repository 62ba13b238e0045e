/**
 * F2XM1, FYL2X, FYL2XP1, FPTAN, FPATAN, FSIN, FCOS, FSINCOS. Results are rounded from well over 100 bits by the rounding control (precision control
 * does not apply); their low bits can differ from a given chip's, which are not specified. Arguments of the trigonometric instructions are
 * reduced with the 66-bit value of pi that the manuals document.
 */

import { arctangent, bitLength, cosine, ln2, log2, log2e, pi, powerMinusOne, shift, sine } from "./fixed.js";
import { resultInfinite, resultInvalid, resultIs, resultNan1, resultNan2, resultOperand, resultZero } from "./float80.js";
import { arctangentKernel, circleKernel, logarithmKernel, powerKernel, tangentKernel } from "./kernels/index.js";
import * as layout from "./layout.js";
import { roundExtended } from "./round.js";

const {
  A,
  ANY_NAN,
  A_CLASS,
  A_EXP,
  A_HI,
  A_LO,
  A_SIGN,
  BIAS,
  B_CLASS,
  B_EXP,
  B_HI,
  B_LO,
  B_SIGN,
  DE,
  DENORMAL,
  EXP_MAX,
  FLAGS,
  INFINITE,
  J_BIT,
  PC_64,
  PE,
  R_EXP,
  R_EXT,
  R_HI,
  R_LO,
  R_SE,
  R_SIGN,
  S,
  UE,
  ZE,
  ZERO,
} = layout;

/** Pi to 66 significant bits, in units of 2^-64. */
const PI_66 = 0x3243f6a8885a308d3n;
/** Fraction bits for arguments that are not tiny. */
const F = 160;
/** Below this exponent the first correction to a linear function is far under the last place: 2^-34 squared. */
const TINY = -34;

function word(hi: number, lo: number): bigint {
  return (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
}

/** R = value * 2^scale with one more nonzero bit somewhere below, rounded. The value is positive. */
function roundInexact(sign: number, value: bigint, scale: number): void {
  setRounded(sign, value, scale, true);
}

function setRounded(sign: number, value: bigint, scale: number, inexact: boolean): void {
  const length = bitLength(value);
  const drop = length - 96;
  const top = shift(value, -drop);
  const sticky = inexact || (drop > 0 && shift(top, drop) !== value);
  S[R_HI] = Number(top >> 64n);
  S[R_LO] = Number((top >> 32n) & 0xffffffffn);
  S[R_EXT] = Number(top & 0xffffffffn) | (sticky ? 1 : 0);
  S[R_EXP] = length - 1 + scale + BIAS;
  S[R_SIGN] = sign;
  roundExtended(PC_64);
}

/** R = value * 2^scale, rounded. The processor signals PE here even if nothing was lost, and UE with it for a tiny result. */
function roundExact(sign: number, value: bigint, scale: number): void {
  setRounded(sign, value, scale, false);
  S[FLAGS] |= (S[R_SE] & EXP_MAX) === 0 ? PE | UE : PE;
}

/** Sign and magnitude in one: R = value * 2^scale, known to be inexact. */
function roundSigned(value: bigint, scale: number): void {
  if (value < 0n) roundInexact(1, -value, scale);
  else roundInexact(0, value, scale);
}

export const SINE = 0;
export const COSINE = 1;
export const TANGENT = 2;

/** R = the function of A. Returns false, with nothing done, if A is out of range (C2). */
export function trigonometric(which: number): boolean {
  const kind = S[A_CLASS];
  if ((kind & ANY_NAN) !== 0) {
    resultNan1();
    return true;
  }
  if (kind === INFINITE) {
    resultInvalid();
    return true;
  }
  if (kind === ZERO) {
    if (which === COSINE) resultIs(BIAS, J_BIT, 0);
    else resultZero(S[A_SIGN]);
    return true;
  }
  const exp = S[A_EXP] - BIAS;
  if (exp >= 63) return false;
  if (kind === DENORMAL) S[FLAGS] |= DE;
  if (exp < TINY) {
    const magnitude = word(S[A_HI], S[A_LO]);
    if (which === COSINE) roundInexact(0, (1n << 128n) - 1n, -128);
    else roundInexact(S[A_SIGN], (magnitude << 64n) + (which === SINE ? -1n : 0n), exp - 63 - 64);
    return true;
  }
  if (which === TANGENT ? tangentKernel() : circleKernel(which)) {
    if (which !== COSINE) S[R_SIGN] ^= S[A_SIGN];
    roundExtended(PC_64);
    return true;
  }
  const x = word(S[A_HI], S[A_LO]) << BigInt(F + exp - 63);
  const half = PI_66 << BigInt(F - 65);
  const n = (2n * x + half) / (2n * half);
  const r = x - n * half;
  const quadrant = Number(n & 3n);
  if (which === TANGENT) {
    const s = sine(r, F);
    const c = cosine(r, F);
    const t = (quadrant & 1) === 0 ? (s << BigInt(F)) / c : -(c << BigInt(F)) / s;
    roundSigned(S[A_SIGN] !== 0 ? -t : t, -F);
    return true;
  }
  const turn = (quadrant + which) & 3;
  const value = (turn & 1) === 0 ? sine(r, F) : cosine(r, F);
  const negative = ((turn & 2) !== 0) !== (which === SINE && S[A_SIGN] !== 0);
  roundSigned(negative ? -value : value, -F);
  return true;
}

/** R = 2^A - 1. Outside [-1, 1], where the result is not specified, A itself is the result. */
export function powerOfTwo(): void {
  const kind = S[A_CLASS];
  const sign = S[A_SIGN];
  if ((kind & ANY_NAN) !== 0) resultNan1();
  else if (kind === ZERO) resultZero(sign);
  else if (kind === INFINITE) {
    if (sign !== 0) resultIs(0x8000 | BIAS, J_BIT, 0);
    else resultInfinite(0);
  } else {
    if (kind === DENORMAL) S[FLAGS] |= DE;
    const exp = S[A_EXP] - BIAS;
    if (exp < 0 && powerKernel()) {
      roundExtended(PC_64);
      return;
    }
    const magnitude = word(S[A_HI], S[A_LO]);
    if (exp >= 0) {
      S[FLAGS] |= PE;
      if (exp === 0 && S[A_HI] === J_BIT && S[A_LO] === 0) resultIs(sign !== 0 ? 0x8000 | (BIAS - 1) : BIAS, J_BIT, 0);
      else resultIs((sign << 15) | S[A_EXP], S[A_HI], S[A_LO]);
    } else if (exp < -130) roundInexact(sign, magnitude * ln2(F), exp - 63 - F);
    else {
      const f = F - 10 - exp;
      const x = magnitude << BigInt(f + exp - 63);
      roundSigned(powerMinusOne(sign !== 0 ? -x : x, f), -f);
    }
  }
}

/** R = B * log2(A). */
export function yLog2x(): void {
  const a = S[A_CLASS];
  const b = S[B_CLASS];
  const bSign = S[B_SIGN];
  if (((a | b) & ANY_NAN) !== 0) {
    resultNan2();
    return;
  }
  if (S[A_SIGN] !== 0 && a !== ZERO) {
    resultInvalid();
    return;
  }
  const isOne = S[A_EXP] === BIAS && S[A_HI] === J_BIT && S[A_LO] === 0;
  if (b === INFINITE) {
    // log2(A) is -inf or negative below one, positive above.
    if (isOne) resultInvalid();
    else {
      if (a === DENORMAL) S[FLAGS] |= DE;
      resultInfinite(S[A_EXP] < BIAS ? bSign ^ 1 : bSign);
    }
    return;
  }
  if (a === INFINITE) {
    if (b === ZERO) resultInvalid();
    else {
      if (b === DENORMAL) S[FLAGS] |= DE;
      resultInfinite(bSign);
    }
    return;
  }
  if (a === ZERO) {
    if (b === ZERO) resultInvalid();
    else {
      S[FLAGS] |= ZE;
      resultInfinite(bSign ^ 1);
    }
    return;
  }
  if (((a | b) & DENORMAL) !== 0) S[FLAGS] |= DE;
  const exp = S[A_EXP] - BIAS;
  if (b === ZERO) {
    resultZero(exp < 0 ? bSign ^ 1 : bSign);
    return;
  }
  const isPower = S[A_HI] === J_BIT && S[A_LO] === 0;
  if (!isPower && logarithmKernel()) {
    S[R_SIGN] ^= bSign;
    roundExtended(PC_64);
    return;
  }
  const y = word(S[B_HI], S[B_LO]);
  const scale = S[B_EXP] - BIAS - 63;
  if (isPower) {
    if (exp === 0) resultZero(bSign);
    else roundExact(exp < 0 ? bSign ^ 1 : bSign, y * BigInt(Math.abs(exp)), scale);
    return;
  }
  // Just below one the exponent must go into the logarithm, where it would otherwise cancel.
  const f = 200;
  const inside = exp === -1 ? -1 : 0;
  const log = log2(word(S[A_HI], S[A_LO]) << BigInt(f - 63 + inside), f) + (BigInt(exp - inside) << BigInt(f));
  roundProduct(bSign, y, log, scale - f);
}

function roundProduct(sign: number, y: bigint, log: bigint, scale: number): void {
  if (log < 0n) roundInexact(sign ^ 1, -log * y, scale);
  else roundInexact(sign, log * y, scale);
}

/** R = B * log2(A + 1). For A <= -1, where the result is not specified, A itself is the result. */
export function yLog2xPlus1(): void {
  const a = S[A_CLASS];
  const b = S[B_CLASS];
  const aSign = S[A_SIGN];
  const bSign = S[B_SIGN];
  if (((a | b) & ANY_NAN) !== 0) {
    resultNan2();
    return;
  }
  const exp = S[A_EXP] - BIAS;
  if (a === INFINITE) {
    if (aSign !== 0 || b === ZERO) resultInvalid();
    else {
      if (b === DENORMAL) S[FLAGS] |= DE;
      resultInfinite(bSign);
    }
    return;
  }
  if (b === INFINITE) {
    if (a === ZERO) resultInvalid();
    else {
      if (a === DENORMAL) S[FLAGS] |= DE;
      resultInfinite(bSign ^ aSign);
    }
    return;
  }
  if (((a | b) & DENORMAL) !== 0) S[FLAGS] |= DE;
  if (a === ZERO || b === ZERO) {
    resultZero(aSign ^ bSign);
    return;
  }
  if (aSign !== 0 && exp >= 0) {
    S[FLAGS] |= PE;
    resultOperand(A);
    return;
  }
  const x = word(S[A_HI], S[A_LO]);
  const y = word(S[B_HI], S[B_LO]);
  const scale = S[B_EXP] - BIAS - 63;
  if (exp < -130) {
    roundInexact(aSign ^ bSign, x * y * log2e(F), scale + exp - 63 - F);
    return;
  }
  const f = exp < -60 ? F - 20 - exp : 200;
  const fraction = shift(x, f + exp - 63);
  const sum = (1n << BigInt(f)) + (aSign !== 0 ? -fraction : fraction);
  const whole = bitLength(sum) - 1 - f;
  if (sum === shift(1n, f + whole)) roundExact(whole < 0 ? bSign ^ 1 : bSign, y * BigInt(Math.abs(whole)), scale);
  else roundProduct(bSign, y, log2(sum, f), scale - f);
}

/** R = the angle of the point (A, B), in the quadrant their signs give. */
export function arctangentOf(): void {
  const a = S[A_CLASS];
  const b = S[B_CLASS];
  const sign = S[B_SIGN];
  if (((a | b) & ANY_NAN) !== 0) {
    resultNan2();
    return;
  }
  if (((a | b) & DENORMAL) !== 0) S[FLAGS] |= DE;
  const behind = S[A_SIGN] !== 0;
  if (b === INFINITE) {
    if (a === INFINITE) roundInexact(sign, (behind ? 3n : 1n) * pi(F), -F - 2);
    else roundInexact(sign, pi(F), -F - 1);
    return;
  }
  if (a === INFINITE || b === ZERO) {
    if (behind) roundInexact(sign, pi(F), -F);
    else resultZero(sign);
    return;
  }
  if (a === ZERO) {
    roundInexact(sign, pi(F), -F - 1);
    return;
  }
  if (arctangentKernel()) {
    S[R_SIGN] = sign;
    roundExtended(PC_64);
    return;
  }
  const x = word(S[A_HI], S[A_LO]);
  const y = word(S[B_HI], S[B_LO]);
  const distance = S[B_EXP] - S[A_EXP];
  if (distance < -80 && !behind) {
    roundInexact(sign, (y << BigInt(F)) / x - 1n, distance - F);
    return;
  }
  const f = distance < -40 && !behind ? F + 40 : F;
  const steep = distance > 0 || (distance === 0 && y > x);
  const ratio = Math.abs(distance) > 300 ? 0n : shift(((steep ? x : y) << BigInt(f)) / (steep ? y : x), -Math.abs(distance));
  let angle = arctangent(ratio, f);
  if (steep) angle = behind ? pi(f) / 2n + angle : pi(f) / 2n - angle;
  else if (behind) angle = pi(f) - angle;
  roundInexact(sign, angle, -f);
}
