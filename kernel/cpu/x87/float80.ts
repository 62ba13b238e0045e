/**
 * The 80-bit format and the operand scratch that all arithmetic works in.
 *
 * Arithmetic takes its operands from the A and B blocks of `S`, leaves a packed result in the R block and adds its exceptions to `S[FLAGS]`.
 * The scratch lives for one instruction only, so one copy serves every unit and none of it is machine state. Significands are two signed
 * 32-bit words; a typed array keeps them out of the heap, which module variables would not.
 */

export const S = new Int32Array(28);

/** Words of an operand block. A denormal is held normalised, with EXP below 1. */
export const LO = 0;
export const HI = 1;
export const EXP = 2;
export const SIGN = 3;
export const CLASS = 4;

export const A = 0;
export const B = 8;
export const R = 16;

export const A_LO = 0;
export const A_HI = 1;
export const A_EXP = 2;
export const A_SIGN = 3;
export const A_CLASS = 4;
export const B_LO = 8;
export const B_HI = 9;
export const B_EXP = 10;
export const B_SIGN = 11;
export const B_CLASS = 12;
export const R_LO = 16;
export const R_HI = 17;
export const R_EXP = 18;
export const R_SIGN = 19;
/** 32 bits below R_LO; bit 0 also stands for every nonzero bit further down. */
export const R_EXT = 20;
/** Packed sign and exponent of the result. */
export const R_SE = 21;
/** Exceptions and C1 of the instruction so far, in status word positions. */
export const FLAGS = 24;
/** Control word in force. */
export const CONTROL = 25;

/** Exceptions, as in the status word (and, up to PE, as masks in the control word). */
export const IE = 0x01;
export const DE = 0x02;
export const ZE = 0x04;
export const OE = 0x08;
export const UE = 0x10;
export const PE = 0x20;
export const SF = 0x40;
export const ES = 0x80;
export const C0 = 0x100;
export const C1 = 0x200;
export const C2 = 0x400;
export const C3 = 0x4000;
export const BUSY = 0x8000;

/** Operand classes, one bit each so that two operands are tested at once. */
export const NORMAL = 0;
export const ZERO = 1;
export const DENORMAL = 2;
export const INFINITE = 4;
export const QNAN = 8;
export const SNAN = 16;
/** Unnormals, pseudo-infinities and pseudo-NaNs: invalid operands since the 387. */
export const UNSUPPORTED = 32;
export const ANY_NAN = QNAN | SNAN | UNSUPPORTED;

export const BIAS = 0x3fff;
export const EXP_MAX = 0x7fff;
export const J_BIT = 0x80000000 | 0;

/** Rounding control, as the control word codes it. */
export const RC_NEAREST = 0;
export const RC_DOWN = 1;
export const RC_UP = 2;
export const RC_CHOP = 3;

/** Precision control, as the control word codes it; 1 is reserved and works as 64 bits. */
export const PC_24 = 0;
export const PC_53 = 2;
export const PC_64 = 3;

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
