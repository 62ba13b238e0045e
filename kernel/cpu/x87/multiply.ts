/** Multiplication, division and square root on 64-bit significands, by 24-bit limbs and quotient estimates in doubles whose error is bounded and then removed. */
import { compareMagnitude, resultInfinite, resultInvalid, resultNan1, resultNan2, resultZero } from "./float80.js";
import * as layout from "./layout.js";
import { roundExtended } from "./round.js";

const {
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
  DE,
  DENORMAL,
  FLAGS,
  INFINITE,
  J_BIT,
  R_EXP,
  R_EXT,
  R_HI,
  R_LO,
  R_SIGN,
  S,
  ZE,
  ZERO,
} = layout;

const TWO_24 = 0x1000000;
const TWO_32 = 0x100000000;
const TWO_64 = TWO_32 * TWO_32;
/** The largest double below 2^64. */
const BELOW_TWO_64 = TWO_64 - 2048;

/** A 128-bit product or remainder, low word first. */
const P = new Int32Array(4);

function multiplyWide(aHi: number, aLo: number, bHi: number, bLo: number): void {
  const a0 = aLo & 0xffffff;
  const a1 = ((aLo >>> 24) | (aHi << 8)) & 0xffffff;
  const a2 = aHi >>> 16;
  const b0 = bLo & 0xffffff;
  const b1 = ((bLo >>> 24) | (bHi << 8)) & 0xffffff;
  const b2 = bHi >>> 16;
  let t = a0 * b0;
  const d0 = t & 0xffffff;
  t = (t - d0) / TWO_24 + (a0 * b1 + a1 * b0);
  const d1 = t & 0xffffff;
  t = (t - d1) / TWO_24 + (a0 * b2 + a1 * b1 + a2 * b0);
  const d2 = t & 0xffffff;
  t = (t - d2) / TWO_24 + (a1 * b2 + a2 * b1);
  const d3 = t & 0xffffff;
  P[3] = (t - d3) / TWO_24 + a2 * b2;
  P[2] = (d3 << 8) | (d2 >>> 16);
  P[1] = (d2 << 16) | (d1 >>> 8);
  P[0] = (d1 << 24) | d0;
}

/** R = A * B. */
export function multiply(pc: number): void {
  const kinds = S[A_CLASS] | S[B_CLASS];
  const sign = S[A_SIGN] ^ S[B_SIGN];
  if (kinds !== 0) {
    if ((kinds & ANY_NAN) !== 0) {
      resultNan2();
      return;
    }
    if ((kinds & (INFINITE | ZERO)) === (INFINITE | ZERO)) {
      resultInvalid();
      return;
    }
    if ((kinds & DENORMAL) !== 0) S[FLAGS] |= DE;
    if ((kinds & INFINITE) !== 0) {
      resultInfinite(sign);
      return;
    }
    if ((kinds & ZERO) !== 0) {
      resultZero(sign);
      return;
    }
  }
  multiplyWide(S[A_HI], S[A_LO], S[B_HI], S[B_LO]);
  let exp = S[A_EXP] + S[B_EXP] - (BIAS - 1);
  let hi = P[3];
  let lo = P[2];
  let ext = P[1];
  if (hi >= 0) {
    hi = (hi << 1) | (lo >>> 31);
    lo = (lo << 1) | (ext >>> 31);
    ext = (ext << 1) | (P[0] >>> 31);
    P[0] <<= 1;
    exp--;
  }
  S[R_HI] = hi;
  S[R_LO] = lo;
  S[R_EXT] = ext | (P[0] !== 0 ? 1 : 0);
  S[R_EXP] = exp;
  S[R_SIGN] = sign;
  roundExtended(pc);
}

/** P = (n3 n2 n1 0) - P, modulo 2^128. */
function subtractFrom(n3: number, n2: number, n1: number): void {
  const t0 = 0 - (P[0] >>> 0);
  P[0] = t0;
  const t1 = (n1 >>> 0) - (P[1] >>> 0) + (t0 < 0 ? -1 : 0);
  P[1] = t1;
  const t2 = (n2 >>> 0) - (P[2] >>> 0) + (t1 < 0 ? -1 : 0);
  P[2] = t2;
  P[3] = n3 - P[3] + (t2 < 0 ? -1 : 0);
}

/** P += k * (2^32 hi + lo) for |k| < 2^20, in the low 96 bits. */
function addScaled(k: number, hi: number, lo: number): void {
  const t0 = (P[0] >>> 0) + k * lo;
  P[0] = t0;
  const t1 = (P[1] >>> 0) + k * hi + Math.floor(t0 / TWO_32);
  P[1] = t1;
  P[2] += Math.floor(t1 / TWO_32);
}

/** R = A / B. */
export function divide(pc: number): void {
  const kinds = S[A_CLASS] | S[B_CLASS];
  const sign = S[A_SIGN] ^ S[B_SIGN];
  if (kinds !== 0) {
    if ((kinds & ANY_NAN) !== 0) {
      resultNan2();
      return;
    }
    const a = S[A_CLASS];
    const b = S[B_CLASS];
    if (a === b && (a === ZERO || a === INFINITE)) {
      resultInvalid();
      return;
    }
    if (b === ZERO) {
      if (a !== INFINITE) S[FLAGS] |= ZE;
      resultInfinite(sign);
      return;
    }
    if ((kinds & DENORMAL) !== 0) S[FLAGS] |= DE;
    if (a === INFINITE) {
      resultInfinite(sign);
      return;
    }
    if (a === ZERO || b === INFINITE) {
      resultZero(sign);
      return;
    }
  }
  S[R_SIGN] = sign;
  S[R_EXP] = S[A_EXP] - S[B_EXP] + BIAS;
  divideSignificands();
  roundExtended(pc);
}

/** R_HI:R_LO:R_EXT = the quotient of the significands of A and B with the J bit set; the exponent drops by one if A's is the smaller. */
function divideSignificands(): void {
  const aHi = S[A_HI];
  const aLo = S[A_LO];
  const bHi = S[B_HI] >>> 0;
  const bLo = S[B_LO] >>> 0;
  const b = bHi * TWO_32 + bLo;
  let q = (aHi >>> 0) * TWO_32 + (aLo >>> 0);
  let n3 = aHi;
  let n2 = aLo;
  let n1 = 0;
  if (compareMagnitude(aHi, aLo, S[B_HI], S[B_LO]) < 0) {
    q = (q / b) * TWO_64;
    S[R_EXP]--;
  } else {
    q = (q / b) * (TWO_64 / 2);
    n1 = n2 << 31;
    n2 = (n3 << 31) | (n2 >>> 1);
    n3 >>>= 1;
  }
  if (q > BELOW_TWO_64) q = BELOW_TWO_64;
  let qHi = Math.floor(q / TWO_32);
  let qLo = q - qHi * TWO_32;
  multiplyWide(qHi | 0, qLo | 0, bHi | 0, bLo | 0);
  subtractFrom(n3, n2, n1);
  // The estimate is within 2^13 of the quotient, so the remainder fits 78 bits and its sign is that of the third word.
  const correction = Math.floor((P[2] * TWO_64 + (P[1] >>> 0) * TWO_32 + (P[0] >>> 0)) / b);
  addScaled(-correction, bHi, bLo);
  qLo += correction;
  while (P[2] < 0) {
    addScaled(1, bHi, bLo);
    qLo--;
  }
  while (P[2] > 0 || compareMagnitude(P[1], P[0], bHi | 0, bLo | 0) >= 0) {
    addScaled(-1, bHi, bLo);
    qLo++;
  }
  qHi += Math.floor(qLo / TWO_32);
  S[R_HI] = qHi;
  S[R_LO] = qLo;
  S[R_EXT] = remainderExtension(bHi, bLo);
}

/** Guard and sticky bits of a remainder P below a divisor. */
function remainderExtension(bHi: number, bLo: number): number {
  const r1 = P[1];
  const r0 = P[0];
  if ((r1 | r0) === 0) return 0;
  if (r1 < 0) return J_BIT | 1;
  const order = compareMagnitude((r1 << 1) | (r0 >>> 31), r0 << 1, bHi | 0, bLo | 0);
  return order > 0 ? J_BIT | 1 : order === 0 ? J_BIT : 1;
}

/** R = the square root of A. */
export function squareRoot(pc: number): void {
  const kind = S[A_CLASS];
  if ((kind & ANY_NAN) !== 0) {
    resultNan1();
    return;
  }
  if (kind === ZERO) {
    resultZero(S[A_SIGN]);
    return;
  }
  if (S[A_SIGN] !== 0) {
    resultInvalid();
    return;
  }
  if (kind === INFINITE) {
    resultInfinite(0);
    return;
  }
  if (kind === DENORMAL) S[FLAGS] |= DE;
  const aHi = S[A_HI];
  const aLo = S[A_LO];
  const exp = S[A_EXP] - BIAS;
  let n3 = aHi;
  let n2 = aLo;
  let n1 = 0;
  let root = (aHi >>> 0) * TWO_32 + (aLo >>> 0);
  if ((exp & 1) !== 0) root = Math.sqrt(root) * TWO_32;
  else {
    root = Math.sqrt(root * 2) * (TWO_32 / 2);
    n1 = n2 << 31;
    n2 = (n3 << 31) | (n2 >>> 1);
    n3 >>>= 1;
  }
  if (root > BELOW_TWO_64) root = BELOW_TWO_64;
  let hi = Math.floor(root / TWO_32);
  let lo = root - hi * TWO_32;
  multiplyWide(hi | 0, lo | 0, hi | 0, lo | 0);
  subtractFrom(n3, n2, n1);
  const correction = Math.floor((P[2] * TWO_64 + (P[1] >>> 0) * TWO_32 + (P[0] >>> 0)) / (2 * root));
  addScaled(-2 * correction, hi, lo);
  addScaled(-correction, 0, correction);
  lo += correction;
  hi += Math.floor(lo / TWO_32);
  lo >>>= 0;
  // P = N - root^2; root is right when 0 <= P <= 2 root.
  while (P[2] < 0) {
    lo--;
    if (lo < 0) {
      lo += TWO_32;
      hi--;
    }
    addScaled(2, hi, lo);
    addScaled(1, 0, 1);
  }
  for (;;) {
    addScaled(-2, hi, lo);
    addScaled(-1, 0, 1);
    if (P[2] < 0) break;
    lo++;
    if (lo === TWO_32) {
      lo = 0;
      hi++;
    }
  }
  addScaled(2, hi, lo);
  addScaled(1, 0, 1);
  S[R_HI] = hi;
  S[R_LO] = lo;
  if ((P[2] | P[1] | P[0]) === 0) S[R_EXT] = 0;
  else S[R_EXT] = P[2] !== 0 || compareMagnitude(P[1], P[0], hi | 0, lo | 0) > 0 ? J_BIT | 1 : 1;
  S[R_EXP] = (exp >> 1) + BIAS;
  S[R_SIGN] = 0;
  roundExtended(pc);
}
