/** Comparison and examination. Comparison results are in EFLAGS positions; eight bits further left they are C0, C2 and C3. */
import { compareMagnitude } from "./float80.js";
import * as layout from "./layout.js";

const { A_CLASS, A_EXP, A_HI, A_LO, A_SIGN, ANY_NAN, B_CLASS, B_EXP, B_HI, B_LO, B_SIGN, C0, C1, C2, C3, DE, DENORMAL, FLAGS, IE, INFINITE, QNAN, S, SNAN, UNSUPPORTED, ZERO } =
  layout;

export const CF = 0x01;
export const PF = 0x04;
export const ZF = 0x40;
export const UNORDERED = CF | PF | ZF;

/** Compares A with B; `quiet` (FUCOM) lets quiet NaNs pass without an exception. */
export function compare(quiet: boolean): number {
  const a = S[A_CLASS];
  const b = S[B_CLASS];
  const kinds = a | b;
  if ((kinds & ANY_NAN) !== 0) {
    if (!quiet || (kinds & (SNAN | UNSUPPORTED)) !== 0) S[FLAGS] |= IE;
    return UNORDERED;
  }
  if ((kinds & DENORMAL) !== 0) S[FLAGS] |= DE;
  if (a === ZERO && b === ZERO) return ZF;
  const aSign = S[A_SIGN];
  if (a === ZERO) return S[B_SIGN] !== 0 ? 0 : CF;
  if (b === ZERO || aSign !== S[B_SIGN]) return aSign !== 0 ? CF : 0;
  const exps = S[A_EXP] - S[B_EXP];
  const order = exps !== 0 ? exps : compareMagnitude(S[A_HI], S[A_LO], S[B_HI], S[B_LO]);
  if (order === 0) return ZF;
  return order < 0 === (aSign === 0) ? CF : 0;
}

/** The condition codes FXAM gives operand A. */
export function examine(empty: boolean): number {
  const sign = S[A_SIGN] !== 0 ? C1 : 0;
  if (empty) return sign | C3 | C0;
  switch (S[A_CLASS]) {
    case UNSUPPORTED:
      return sign;
    case QNAN:
    case SNAN:
      return sign | C0;
    case INFINITE:
      return sign | C2 | C0;
    case ZERO:
      return sign | C3;
    case DENORMAL:
      return sign | C3 | C2;
    default:
      return sign | C2;
  }
}
