/**
 * Conversions between singles, doubles and signed 32-bit integers (SDM volume 1, section 11.4.1.6; volume 2, CVT*).
 *
 * Results for a general or MMX register are left in the low words of `d`; integer operands come in the words of `s`. Lanes are taken in an order
 * in which `d` and `s` may be the same.
 */
import { ExactFloat } from "./float-exact.js";
import { IE, type Mxcsr, PE, RC_CHOP, RC_DOWN, RC_NEAREST } from "./mxcsr.js";
import type { Vector, VectorOperation } from "./vector.js";

const INTEGER_INDEFINITE = 0x80000000 | 0;
const SINGLE_MIN = 2 ** -126;
const SINGLE_MAX = (2 - 2 ** -23) * 2 ** 127;
const DOUBLE_MIN = 2 ** -1022;
/** Added to a double below 2^51 in magnitude and taken away, this leaves the nearest integer, of two the even one. Larger ones stay out of range. */
const ROUNDER = 3 * 2 ** 51;

export function convertOperations(mxcsr: Mxcsr): Record<string, VectorOperation> {
  const exact = new ExactFloat(mxcsr);

  /** `x` rounded by `mode`; `least` is the smallest normal number of its format. */
  const toInteger = (x: number, mode: number, least: number): number => {
    let whole: number;
    if (mode === RC_CHOP) whole = Math.trunc(x);
    else if (mode === RC_NEAREST) whole = x + ROUNDER - ROUNDER;
    else whole = mode === RC_DOWN ? Math.floor(x) : Math.ceil(x);
    // A NaN is out of range too.
    if (!(whole >= -0x80000000 && whole <= 0x7fffffff)) {
      mxcsr.raised |= IE;
      return INTEGER_INDEFINITE;
    }
    if (whole === x) return whole;
    if (Math.abs(x) < least && mxcsr.daz) return 0;
    mxcsr.raised |= PE;
    return whole;
  };

  const singleToDouble = (d: Vector, s: Vector, i: number): void => {
    const x = s.f32[i];
    const size = Math.abs(x);
    if ((size >= SINGLE_MIN && size <= SINGLE_MAX) || size === 0) d.f64[i] = x;
    else exact.resize(true, d, i, s, i);
  };

  const doubleToSingle = (d: Vector, s: Vector, i: number): void => {
    const x = s.f64[i];
    const result = Math.fround(x);
    const size = Math.abs(result);
    // Above the smallest normal single nothing can have been tiny.
    if (mxcsr.rounding === RC_NEAREST && ((size > SINGLE_MIN && size <= SINGLE_MAX) || x === 0)) {
      if (result !== x) mxcsr.raised |= PE;
      d.f32[i] = result;
    } else exact.resize(false, d, i, s, i);
  };

  const integerToSingle = (d: Vector, s: Vector, i: number): void => {
    const x = s.i32[i];
    if (mxcsr.rounding === RC_NEAREST) {
      const result = Math.fround(x);
      if (result !== x) mxcsr.raised |= PE;
      d.f32[i] = result;
    } else exact.fromInteger(x, d, i);
  };

  /** The low `lanes` singles to integers. */
  const singlesToIntegers =
    (lanes: number, chop: boolean): VectorOperation =>
    (d, s) => {
      const mode = chop ? RC_CHOP : mxcsr.rounding;
      for (let i = 0; i < lanes; i++) d.i32[i] = toInteger(s.f32[i], mode, SINGLE_MIN);
    };

  const doublesToIntegers =
    (lanes: number, chop: boolean, clear: boolean): VectorOperation =>
    (d, s) => {
      const mode = chop ? RC_CHOP : mxcsr.rounding;
      for (let i = 0; i < lanes; i++) d.i32[i] = toInteger(s.f64[i], mode, DOUBLE_MIN);
      if (clear) d.i32[2] = d.i32[3] = 0;
    };

  const integersToDoubles: VectorOperation = (d, s) => {
    d.f64[1] = s.i32[1];
    d.f64[0] = s.i32[0];
  };

  return {
    CVTPI2PS: (d, s) => {
      integerToSingle(d, s, 0);
      integerToSingle(d, s, 1);
    },
    CVTSI2SS: (d, s) => integerToSingle(d, s, 0),
    CVTDQ2PS: (d, s) => {
      for (let i = 0; i < 4; i++) integerToSingle(d, s, i);
    },
    CVTPI2PD: integersToDoubles,
    CVTDQ2PD: integersToDoubles,
    CVTSI2SD: (d, s) => {
      d.f64[0] = s.i32[0];
    },

    CVTPS2PI: singlesToIntegers(2, false),
    CVTTPS2PI: singlesToIntegers(2, true),
    CVTPS2DQ: singlesToIntegers(4, false),
    CVTTPS2DQ: singlesToIntegers(4, true),
    CVTSS2SI: singlesToIntegers(1, false),
    CVTTSS2SI: singlesToIntegers(1, true),
    CVTPD2PI: doublesToIntegers(2, false, false),
    CVTTPD2PI: doublesToIntegers(2, true, false),
    CVTPD2DQ: doublesToIntegers(2, false, true),
    CVTTPD2DQ: doublesToIntegers(2, true, true),
    CVTSD2SI: doublesToIntegers(1, false, false),
    CVTTSD2SI: doublesToIntegers(1, true, false),

    CVTPS2PD: (d, s) => {
      singleToDouble(d, s, 1);
      singleToDouble(d, s, 0);
    },
    CVTSS2SD: (d, s) => singleToDouble(d, s, 0),
    CVTPD2PS: (d, s) => {
      doubleToSingle(d, s, 0);
      doubleToSingle(d, s, 1);
      d.i32[2] = d.i32[3] = 0;
    },
    CVTSD2SS: (d, s) => doubleToSingle(d, s, 0),
  };
}
