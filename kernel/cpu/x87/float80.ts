/** Operands of the 80-bit format: unpacking, classes, special results. */
import * as layout from "./layout.js";

const {
  A,
  ANY_NAN,
  A_CLASS,
  A_HI,
  A_LO,
  A_SIGN,
  B,
  B_CLASS,
  B_HI,
  B_LO,
  CLASS,
  CONTROL,
  DENORMAL,
  EXP,
  EXP_MAX,
  FLAGS,
  HI,
  IE,
  INFINITE,
  J_BIT,
  NORMAL,
  QNAN,
  R_HI,
  R_LO,
  R_SE,
  S,
  SIGN,
  SNAN,
  UNSUPPORTED,
  ZERO,
} = layout;

export function roundingControl(): number {
  return (S[CONTROL] >> 10) & 3;
}

/** Takes the register at `words[at..at+2]` (low, high, sign and exponent) into an operand block. */
export function unpack(words: Int32Array, at: number, block: number): void {
  const hi = words[at + 1];
  const se = words[at + 2];
  const exp = se & EXP_MAX;
  S[block] = words[at];
  S[block + HI] = hi;
  S[block + EXP] = exp;
  S[block + SIGN] = (se >> 15) & 1;
  if (hi < 0 && exp !== 0 && exp !== EXP_MAX) S[block + CLASS] = NORMAL;
  else classify(block);
}

/** Fills CLASS from the other words of a block and normalises a denormal. */
export function classify(block: number): void {
  const lo = S[block];
  const hi = S[block + HI];
  const exp = S[block + EXP];
  if (exp === EXP_MAX) {
    if (hi >= 0) S[block + CLASS] = UNSUPPORTED;
    else if (hi === J_BIT && lo === 0) S[block + CLASS] = INFINITE;
    else S[block + CLASS] = (hi & 0x40000000) !== 0 ? QNAN : SNAN;
  } else if (exp === 0) {
    if ((hi | lo) === 0) S[block + CLASS] = ZERO;
    else {
      S[block + CLASS] = DENORMAL;
      S[block + EXP] = 1;
      normalise(block);
    }
  } else S[block + CLASS] = hi < 0 ? NORMAL : UNSUPPORTED;
}

/** Shifts the significand of a block, which must not be zero, until the J bit is set. */
export function normalise(block: number): void {
  let hi = S[block + HI];
  let lo = S[block];
  let n = 0;
  if (hi === 0) {
    hi = lo;
    lo = 0;
    n = 32;
  }
  const shift = Math.clz32(hi);
  if (shift !== 0) {
    hi = (hi << shift) | (lo >>> (32 - shift));
    lo <<= shift;
  }
  S[block] = lo;
  S[block + HI] = hi;
  S[block + EXP] -= n + shift;
}

export function copy(from: number, to: number): void {
  S[to] = S[from];
  S[to + HI] = S[from + HI];
  S[to + EXP] = S[from + EXP];
  S[to + SIGN] = S[from + SIGN];
  S[to + CLASS] = S[from + CLASS];
}

export function resultIs(se: number, hi: number, lo: number): void {
  S[R_SE] = se;
  S[R_HI] = hi;
  S[R_LO] = lo;
}

export function resultZero(sign: number): void {
  resultIs(sign << 15, 0, 0);
}

export function resultInfinite(sign: number): void {
  resultIs((sign << 15) | EXP_MAX, J_BIT, 0);
}

/** The default NaN, which the manuals call the real indefinite. */
export function resultIndefinite(): void {
  resultIs(0xffff, 0xc0000000 | 0, 0);
}

export function resultInvalid(): void {
  S[FLAGS] |= IE;
  resultIndefinite();
}

/** The packed value an operand block was unpacked from, save that a pseudo-denormal returns as the normal number it equals. */
export function resultOperand(block: number): void {
  const exp = S[block + EXP];
  if (S[block + CLASS] === DENORMAL && exp < 1) {
    const shift = 1 - exp;
    const hi = S[block + HI];
    if (shift < 32) resultIs(S[block + SIGN] << 15, hi >>> shift, (S[block] >>> shift) | (hi << (32 - shift)));
    else resultIs(S[block + SIGN] << 15, 0, hi >>> (shift - 32));
  } else resultIs((S[block + SIGN] << 15) | exp, S[block + HI], S[block]);
}

function resultQuiet(block: number): void {
  resultIs((S[block + SIGN] << 15) | EXP_MAX, S[block + HI] | 0x40000000, S[block]);
}

/** Result of a one-operand instruction whose operand A is a NaN or unsupported. */
export function resultNan1(): void {
  const kind = S[A_CLASS];
  if (kind === UNSUPPORTED) {
    resultInvalid();
    return;
  }
  if (kind === SNAN) S[FLAGS] |= IE;
  resultQuiet(A);
}

/** Result when A or B is a NaN or unsupported: a quiet NaN beats a signaling one, then the larger significand wins, then the positive sign. */
export function resultNan2(): void {
  const a = S[A_CLASS];
  const b = S[B_CLASS];
  const either = a | b;
  if ((either & UNSUPPORTED) !== 0) {
    resultInvalid();
    return;
  }
  if ((either & SNAN) !== 0) S[FLAGS] |= IE;
  if ((b & ANY_NAN) === 0) resultQuiet(A);
  else if ((a & ANY_NAN) === 0) resultQuiet(B);
  else if (a !== b) resultQuiet(a === QNAN ? A : B);
  else {
    const order = compareMagnitude(S[A_HI], S[A_LO], S[B_HI], S[B_LO]);
    if (order !== 0) resultQuiet(order > 0 ? A : B);
    else resultQuiet(S[A_SIGN] === 0 ? A : B);
  }
}

/** Unsigned comparison of two 64-bit words: negative, zero or positive. */
export function compareMagnitude(aHi: number, aLo: number, bHi: number, bLo: number): number {
  if (aHi !== bHi) return (aHi ^ J_BIT) > (bHi ^ J_BIT) ? 1 : -1;
  if (aLo !== bLo) return (aLo ^ J_BIT) > (bLo ^ J_BIT) ? 1 : -1;
  return 0;
}
