/** Addition and subtraction. */
import { compareMagnitude, resultInfinite, resultInvalid, resultNan2, resultZero, roundingControl } from "./float80.js";
import * as layout from "./layout.js";
import { roundExtended, shiftRightJam } from "./round.js";

const { A_CLASS, A_EXP, A_HI, A_LO, A_SIGN, ANY_NAN, B_CLASS, B_EXP, B_HI, B_LO, B_SIGN, DE, DENORMAL, FLAGS, INFINITE, R_EXP, R_EXT, R_HI, R_LO, R_SIGN, RC_DOWN, S, ZERO } =
  layout;

/** R = A + B, or A - B when `negate` is 1. */
export function add(negate: number, pc: number): void {
  const kinds = S[A_CLASS] | S[B_CLASS];
  const bSign = S[B_SIGN] ^ negate;
  if (kinds !== 0) {
    if ((kinds & ANY_NAN) !== 0) {
      resultNan2();
      return;
    }
    if ((kinds & DENORMAL) !== 0) S[FLAGS] |= DE;
    if ((kinds & INFINITE) !== 0) {
      if (S[A_CLASS] !== INFINITE) resultInfinite(bSign);
      else if (S[B_CLASS] !== INFINITE || S[A_SIGN] === bSign) resultInfinite(S[A_SIGN]);
      else resultInvalid();
      return;
    }
    if ((kinds & ZERO) !== 0) {
      if (S[A_CLASS] !== ZERO) setLarger(S[A_EXP], S[A_SIGN], S[A_HI], S[A_LO]);
      else if (S[B_CLASS] !== ZERO) setLarger(S[B_EXP], bSign, S[B_HI], S[B_LO]);
      else {
        resultZero(S[A_SIGN] === bSign ? bSign : roundingControl() === RC_DOWN ? 1 : 0);
        return;
      }
      S[R_EXT] = 0;
      roundExtended(pc);
      return;
    }
  }
  const distance = S[A_EXP] - S[B_EXP];
  if (S[A_SIGN] === bSign) addMagnitudes(distance);
  else if (!subtractMagnitudes(distance, bSign)) return;
  roundExtended(pc);
}

function setLarger(exp: number, sign: number, hi: number, lo: number): void {
  S[R_EXP] = exp;
  S[R_SIGN] = sign;
  S[R_HI] = hi;
  S[R_LO] = lo;
}

/** The smaller operand, moved right by the distance of the exponents, in R. */
function align(aLarger: boolean, distance: number): void {
  if (aLarger) {
    S[R_HI] = S[B_HI];
    S[R_LO] = S[B_LO];
  } else {
    S[R_HI] = S[A_HI];
    S[R_LO] = S[A_LO];
  }
  S[R_EXT] = 0;
  if (distance !== 0) shiftRightJam(distance < 0 ? -distance : distance);
}

function addMagnitudes(distance: number): void {
  align(distance >= 0, distance);
  const larger = distance >= 0 ? A_LO : B_LO;
  const aLo = S[larger];
  const lo = (aLo + S[R_LO]) | 0;
  const carryLo = lo >>> 0 < aLo >>> 0 ? 1 : 0;
  const sum = (S[larger + 1] >>> 0) + (S[R_HI] >>> 0) + carryLo;
  const hi = sum | 0;
  let exp = S[larger + 2];
  if (sum >= 0x100000000) {
    const ext = S[R_EXT];
    S[R_EXT] = (ext >>> 1) | (ext & 1) | (lo << 31);
    S[R_LO] = (lo >>> 1) | (hi << 31);
    S[R_HI] = (hi >>> 1) | 0x80000000;
    exp++;
  } else {
    S[R_LO] = lo;
    S[R_HI] = hi;
  }
  S[R_EXP] = exp;
  S[R_SIGN] = S[A_SIGN];
}

/** Returns false if the difference is an exact zero, which it then packs. */
function subtractMagnitudes(distance: number, bSign: number): boolean {
  let aLarger = distance > 0;
  if (distance === 0) {
    const order = compareMagnitude(S[A_HI], S[A_LO], S[B_HI], S[B_LO]);
    if (order === 0) {
      resultZero(roundingControl() === RC_DOWN ? 1 : 0);
      return false;
    }
    aLarger = order > 0;
  }
  align(aLarger, distance);
  const larger = aLarger ? A_LO : B_LO;
  let ext = -S[R_EXT] | 0;
  const bLo = S[R_LO];
  const borrowLo = ext !== 0 ? 1 : 0;
  const diffLo = (S[larger] >>> 0) - (bLo >>> 0) - borrowLo;
  let lo = diffLo | 0;
  let hi = (S[larger + 1] - S[R_HI] - (diffLo < 0 ? 1 : 0)) | 0;
  let exp = S[larger + 2];
  while (hi === 0) {
    hi = lo;
    lo = ext;
    ext = 0;
    exp -= 32;
  }
  const shift = Math.clz32(hi);
  if (shift !== 0) {
    hi = (hi << shift) | (lo >>> (32 - shift));
    lo = (lo << shift) | (ext >>> (32 - shift));
    ext <<= shift;
    exp -= shift;
  }
  S[R_HI] = hi;
  S[R_LO] = lo;
  S[R_EXT] = ext;
  S[R_EXP] = exp;
  S[R_SIGN] = aLarger ? S[A_SIGN] : bSign;
  return true;
}
