/** Memory operands to operand blocks, and operand A to integers and packed decimals. */
import { normalise } from "./float80.js";
import * as layout from "./layout.js";
import { roundToInteger } from "./round.js";

const { BIAS, C1, CLASS, DENORMAL, EXP, EXP_MAX, FLAGS, HI, IE, INFINITE, J_BIT, NORMAL, PE, QNAN, R_HI, R_LO, R_SIGN, S, SIGN, SNAN, ZERO } = layout;

/** `bits` is a single in memory form. */
export function fromSingle(block: number, bits: number): void {
  fromFraction(block, bits >>> 31, (bits >>> 23) & 0xff, 0xff, bits << 8, 0, BIAS - 127);
}

/** `hi` and `lo` are a double in memory form. */
export function fromDouble(block: number, hi: number, lo: number): void {
  fromFraction(block, hi >>> 31, (hi >>> 20) & 0x7ff, 0x7ff, (hi << 11) | (lo >>> 21), lo << 11, BIAS - 1023);
}

/** The fraction stands from bit 62 down; bit 63 is ignored. */
function fromFraction(block: number, sign: number, exp: number, top: number, hi: number, lo: number, rebias: number): void {
  S[block + SIGN] = sign;
  S[block] = lo;
  S[block + HI] = hi | J_BIT;
  if (exp !== 0 && exp !== top) {
    S[block + EXP] = exp + rebias;
    S[block + CLASS] = NORMAL;
    return;
  }
  const fraction = hi & 0x7fffffff;
  if (exp === top) {
    S[block + EXP] = EXP_MAX;
    S[block + CLASS] = (fraction | lo) === 0 ? INFINITE : (fraction & 0x40000000) !== 0 ? QNAN : SNAN;
  } else if ((fraction | lo) === 0) {
    S[block + HI] = 0;
    S[block + EXP] = 0;
    S[block + CLASS] = ZERO;
  } else {
    S[block + HI] = fraction;
    S[block + EXP] = rebias + 1;
    S[block + CLASS] = DENORMAL;
    normalise(block);
  }
}

export function fromInteger32(block: number, value: number): void {
  fromInteger64(block, value >> 31, value);
}

export function fromInteger64(block: number, hi: number, lo: number): void {
  const sign = hi >>> 31;
  if (sign !== 0) {
    hi = lo === 0 ? -hi | 0 : ~hi;
    lo = -lo | 0;
  }
  fromMagnitude(block, sign, hi, lo);
}

function fromMagnitude(block: number, sign: number, hi: number, lo: number): void {
  S[block + SIGN] = sign;
  S[block] = lo;
  S[block + HI] = hi;
  if ((hi | lo) === 0) {
    S[block + EXP] = 0;
    S[block + CLASS] = ZERO;
    return;
  }
  S[block + CLASS] = NORMAL;
  S[block + EXP] = BIAS + 63;
  normalise(block);
}

/** Ten bytes of packed decimal: `w2` holds the top two digits and the sign. A nibble above 9 counts with its own weight. */
export function fromDecimal(block: number, w2: number, w1: number, w0: number): void {
  let value = BigInt((w2 >>> 4) & 15) * 10n + BigInt(w2 & 15);
  for (let i = 28; i >= 0; i -= 4) value = value * 10n + BigInt((w1 >>> i) & 15);
  for (let i = 28; i >= 0; i -= 4) value = value * 10n + BigInt((w0 >>> i) & 15);
  fromMagnitude(block, (w2 >>> 15) & 1, Number(BigInt.asIntN(32, value >> 32n)), Number(BigInt.asIntN(32, value)));
}

/** Rounds operand A to a signed integer of 16, 32 or 64 bits in R_HI:R_LO; a narrow one is in R_LO. Out of range is invalid and gives the integer indefinite. */
export function toInteger(bits: number): void {
  if (roundToInteger()) {
    const hi = S[R_HI];
    const lo = S[R_LO];
    const negative = S[R_SIGN];
    let fits: boolean;
    if (bits === 64) fits = hi >= 0 || (negative !== 0 && hi === J_BIT && lo === 0);
    else {
      const limit = bits === 32 ? 0x80000000 : 0x8000;
      fits = hi === 0 && lo >>> 0 < limit + negative;
    }
    if (fits) {
      if (negative !== 0) {
        S[R_LO] = -lo;
        S[R_HI] = lo === 0 ? -hi : ~hi;
      }
      return;
    }
  }
  S[FLAGS] = (S[FLAGS] & ~(PE | C1)) | IE;
  S[R_HI] = J_BIT;
  S[R_LO] = bits === 64 ? 0 : bits === 32 ? J_BIT : 0x8000;
}

const DECIMAL_LIMIT = 10n ** 18n;

/** Rounds operand A to packed decimal: the result is in words 0-2 of `out`, as for fromDecimal. */
export function toDecimal(out: Int32Array): void {
  if (roundToInteger()) {
    let value = (BigInt(S[R_HI] >>> 0) << 32n) | BigInt(S[R_LO] >>> 0);
    if (value < DECIMAL_LIMIT) {
      out[0] = out[1] = 0;
      out[2] = S[R_SIGN] << 15;
      for (let digit = 0; digit < 18 && value !== 0n; digit++) {
        out[digit >> 3] |= Number(value % 10n) << ((digit & 7) * 4);
        value /= 10n;
      }
      return;
    }
  }
  decimalIndefinite(out);
  S[FLAGS] = (S[FLAGS] & ~(PE | C1)) | IE;
}

export function decimalIndefinite(out: Int32Array): void {
  out[0] = 0;
  out[1] = 0xc0000000;
  out[2] = 0xffff;
}
