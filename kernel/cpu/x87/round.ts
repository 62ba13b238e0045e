/** Rounding of the R block to the register format at any precision control, and to the narrower memory formats. */
import { resultInfinite, resultIs, roundingControl } from "./float80.js";
import * as layout from "./layout.js";

const {
  A_CLASS,
  A_EXP,
  A_HI,
  A_LO,
  A_SIGN,
  ANY_NAN,
  C1,
  CONTROL,
  DENORMAL,
  EXP_MAX,
  FLAGS,
  IE,
  INFINITE,
  J_BIT,
  NORMAL,
  OE,
  PC_24,
  PC_53,
  PC_64,
  PE,
  R_EXP,
  R_EXT,
  R_HI,
  R_LO,
  R_SE,
  R_SIGN,
  RC_CHOP,
  RC_DOWN,
  RC_NEAREST,
  RC_UP,
  S,
  SNAN,
  UE,
  UNSUPPORTED,
  ZERO,
} = layout;

/** What unmasked overflow and underflow take from or add to the exponent of a register result. Beyond even that the result is infinity or zero. */
const WRAP = 0x6000;

/** Whether a discarded part `rest` (32 bits below the last place, sticky; not zero) moves the magnitude up. */
function roundsUp(sign: number, rest: number, odd: number): boolean {
  const rc = roundingControl();
  if (rc === RC_NEAREST) return rest < 0 && (rest !== J_BIT || odd !== 0);
  return rc === (sign !== 0 ? RC_DOWN : RC_UP);
}

/** Rounds the significand of R to the precision, noting PE and C1. Returns 1 if it carried into a new binade, which leaves the J bit alone set. */
export function roundSignificand(pc: number): number {
  let lo = S[R_LO];
  let hi = S[R_HI];
  let rest = S[R_EXT];
  let unitLo = 1;
  if (pc === PC_53) {
    rest = (lo << 21) | (rest !== 0 ? 1 : 0);
    lo &= ~0x7ff;
    unitLo = 0x800;
  } else if (pc === PC_24) {
    rest = (hi << 24) | ((lo | rest) !== 0 ? 1 : 0);
    hi &= ~0xff;
    lo = 0;
    unitLo = 0;
  }
  let carry = 0;
  if (rest !== 0) {
    S[FLAGS] |= PE;
    const odd = unitLo === 0 ? hi & 0x100 : lo & unitLo;
    if (roundsUp(S[R_SIGN], rest, odd)) {
      S[FLAGS] |= C1;
      if (unitLo === 0) hi = (hi + 0x100) | 0;
      else {
        lo = (lo + unitLo) | 0;
        if (lo === 0) hi = (hi + 1) | 0;
      }
      if (hi === 0 && lo === 0) {
        hi = J_BIT;
        carry = 1;
      }
    }
  }
  S[R_LO] = lo;
  S[R_HI] = hi;
  return carry;
}

/** Whether rounding R to the precision with no bound on the exponent would carry into the next binade. */
function wouldCarry(pc: number): boolean {
  const hi = S[R_HI];
  const lo = S[R_LO];
  const ext = S[R_EXT];
  if (pc === PC_24) return (hi | 0xff) === -1 && roundsUpOrExact(S[R_SIGN], (hi << 24) | ((lo | ext) !== 0 ? 1 : 0));
  if (pc === PC_53) return hi === -1 && (lo | 0x7ff) === -1 && roundsUpOrExact(S[R_SIGN], (lo << 21) | (ext !== 0 ? 1 : 0));
  return hi === -1 && lo === -1 && roundsUpOrExact(S[R_SIGN], ext);
}

function roundsUpOrExact(sign: number, rest: number): boolean {
  return rest !== 0 && roundsUp(sign, rest, 1);
}

/** Shifts the 96 bits of R right, gathering what falls out in the sticky bit. */
export function shiftRightJam(n: number): void {
  let hi = S[R_HI];
  let lo = S[R_LO];
  let ext = S[R_EXT];
  let lost = 0;
  let left = n;
  if (left >= 96) {
    lost = hi | lo | ext;
    hi = lo = ext = 0;
    left = 0;
  }
  while (left >= 32) {
    lost |= ext;
    ext = lo;
    lo = hi;
    hi = 0;
    left -= 32;
  }
  if (left !== 0) {
    lost |= ext << (32 - left);
    ext = (ext >>> left) | (lo << (32 - left));
    lo = (lo >>> left) | (hi << (32 - left));
    hi >>>= left;
  }
  S[R_HI] = hi;
  S[R_LO] = lo;
  S[R_EXT] = ext | (lost !== 0 ? 1 : 0);
}

/** Rounds R (J bit set, exponent of any size) to the precision and packs it; overflow and underflow as the control word masks them. */
export function roundExtended(pc: number): void {
  if (S[R_EXP] <= 0) {
    roundTiny(pc);
    return;
  }
  const exp = S[R_EXP] + roundSignificand(pc);
  if (exp < EXP_MAX) S[R_SE] = (S[R_SIGN] << 15) | exp;
  else overflow(pc, exp);
}

function overflow(pc: number, exp: number): void {
  if ((S[CONTROL] & OE) === 0) {
    S[FLAGS] |= OE;
    if (exp - WRAP < EXP_MAX) S[R_SE] = (S[R_SIGN] << 15) | (exp - WRAP);
    else {
      S[FLAGS] |= PE | C1;
      resultInfinite(S[R_SIGN]);
    }
    return;
  }
  S[FLAGS] = (S[FLAGS] & ~C1) | OE | PE;
  const sign = S[R_SIGN];
  if (overflowsToInfinity(sign)) {
    S[FLAGS] |= C1;
    resultInfinite(sign);
  } else resultIs((sign << 15) | (EXP_MAX - 1), pc === PC_24 ? ~0xff : -1, pc === PC_24 ? 0 : pc === PC_53 ? ~0x7ff : -1);
}

function overflowsToInfinity(sign: number): boolean {
  const rc = roundingControl();
  return rc === RC_NEAREST || (rc !== RC_CHOP && rc === (sign !== 0 ? RC_DOWN : RC_UP));
}

/** Tininess is judged after rounding: a result that rounds up to the smallest normal number has not underflowed. */
function roundTiny(pc: number): void {
  const tiny = S[R_EXP] < 0 || !wouldCarry(pc);
  if (tiny && (S[CONTROL] & UE) === 0) {
    S[FLAGS] |= UE;
    S[R_EXP] += WRAP;
    if (S[R_EXP] > 0) {
      S[R_SE] = (S[R_SIGN] << 15) | (S[R_EXP] + roundSignificand(pc));
      return;
    }
    S[FLAGS] |= PE;
    resultIs(S[R_SIGN] << 15, 0, 0);
    return;
  }
  shiftRightJam(1 - S[R_EXP]);
  roundSignificand(pc);
  if (tiny && (S[FLAGS] & PE) !== 0) S[FLAGS] |= UE;
  S[R_SE] = (S[R_SIGN] << 15) | (S[R_HI] < 0 ? 1 : 0);
}

/**
 * Converts operand A to the single (pc 24) or double (pc 53) memory format in R_HI:R_LO, a single in R_HI alone.
 * The caller tests the flags: an unmasked invalid, overflow or underflow means that nothing is stored.
 */
export function narrow(pc: number): void {
  const kind = S[A_CLASS];
  const single = pc === PC_24;
  const sign = S[A_SIGN] << 31;
  const top = single ? 0xff : 0x7ff;
  if ((kind & (ANY_NAN | ZERO | INFINITE)) !== 0) {
    let hi = S[A_HI];
    let lo = S[A_LO];
    if (kind === UNSUPPORTED) {
      S[FLAGS] |= IE;
      S[R_HI] = single ? 0xffc00000 | 0 : 0xfff80000 | 0;
      S[R_LO] = 0;
      return;
    }
    if (kind === ZERO) {
      S[R_HI] = sign;
      S[R_LO] = 0;
      return;
    }
    if (kind === SNAN) S[FLAGS] |= IE;
    if (kind !== INFINITE) hi |= 0x40000000;
    else hi = lo = 0;
    packNarrow(single, sign, top, hi & 0x7fffffff, lo);
    return;
  }
  S[R_HI] = S[A_HI];
  S[R_LO] = S[A_LO];
  S[R_EXT] = 0;
  S[R_SIGN] = S[A_SIGN];
  let exp = S[A_EXP] - (single ? 0x3f80 : 0x3c00);
  if (exp <= 0) {
    const tiny = exp < 0 || !wouldCarry(pc);
    if (tiny && (S[CONTROL] & UE) === 0) {
      S[FLAGS] |= UE;
      return;
    }
    shiftRightJam(1 - exp);
    roundSignificand(pc);
    if (tiny && (S[FLAGS] & PE) !== 0) S[FLAGS] |= UE;
    exp = S[R_HI] < 0 ? 1 : 0;
  } else {
    exp += roundSignificand(pc);
    if (exp >= top) {
      if ((S[CONTROL] & OE) === 0) {
        S[FLAGS] = (S[FLAGS] & ~(PE | C1)) | OE;
        return;
      }
      S[FLAGS] = (S[FLAGS] & ~C1) | OE | PE;
      if (overflowsToInfinity(S[R_SIGN])) {
        S[FLAGS] |= C1;
        packNarrow(single, sign, top, 0, 0);
      } else packNarrow(single, sign, top - 1, 0x7fffffff, -1);
      return;
    }
  }
  packNarrow(single, sign, exp, S[R_HI] & 0x7fffffff, S[R_LO]);
}

/** `hi` and `lo` hold the fraction from bit 62 down. */
function packNarrow(single: boolean, sign: number, exp: number, hi: number, lo: number): void {
  if (single) {
    S[R_HI] = sign | (exp << 23) | (hi >>> 8);
    S[R_LO] = 0;
  } else {
    S[R_HI] = sign | (exp << 20) | (hi >>> 11);
    S[R_LO] = (hi << 21) | (lo >>> 11);
  }
}

/**
 * Rounds operand A to an integer by the rounding control: the magnitude is left in R_HI:R_LO, with PE and C1 noted.
 * Returns false, with no flags, if A is no finite number or its magnitude needs more than 64 bits.
 */
export function roundToInteger(): boolean {
  const kind = S[A_CLASS];
  S[R_SIGN] = S[A_SIGN];
  if (kind === ZERO) {
    S[R_HI] = S[R_LO] = 0;
    return true;
  }
  if (kind !== NORMAL && kind !== DENORMAL) return false;
  const shift = 0x3fff + 63 - S[A_EXP];
  if (shift < 0) return false;
  S[R_HI] = S[A_HI];
  S[R_LO] = S[A_LO];
  S[R_EXT] = 0;
  shiftRightJam(shift);
  roundSignificand(PC_64);
  return true;
}
