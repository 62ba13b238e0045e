/**
 * Addition, subtraction, multiplication, division and square root of one lane: in doubles where that gives the same bits and flags, else exactly.
 *
 * The fast path rounds to nearest and takes normal or zero operands to a normal result above the smallest, so that of the exceptions only PE can
 * arise: a result in those bounds cannot have been tiny before rounding to it, and infinite and NaN operands give results out of them (or the exact
 * zero of a division by infinity).
 *
 * Singles are computed in doubles. 53 bits are at least twice 24 and two, so rounding the double to a single gives the correctly rounded result
 * of these five operations (S. Figueroa, "When is double rounding innocuous?", 1995). Whether it was exact:
 * - a sum is exact if Knuth's TwoSum of it in doubles has no error and the single equals the double;
 * - a product of two singles is exact in a double;
 * - a quotient or root is exact if multiplying back gives the operand, that product again being exact.
 *
 * Doubles use TwoSum and Dekker's product (with Veltkamp's split), whose error terms are exact while nothing overflows or underflows on the way;
 * SAFE_MIN and SAFE_MAX keep well clear of that. Once PE is sticky and masked, exactness is of no interest.
 */
import { ADD, DIV, ExactFloat, MUL, SQRT, SUB } from "./float-exact.js";
import * as control from "./mxcsr.js";
import type { Vector } from "./vector.js";

const PE = control.PE;
const ROUNDING = 3 << control.RC_SHIFT;
const STICKY_PE = (PE << control.MASK_SHIFT) | PE;

const SINGLE_MIN = 2 ** -126;
const SINGLE_MAX = (2 - 2 ** -23) * 2 ** 127;
const DOUBLE_MIN = 2 ** -1022;
const DOUBLE_MAX = Number.MAX_VALUE;
const SAFE_MIN = 2 ** -950;
const SAFE_MAX = 2 ** 950;
const SPLITTER = 2 ** 27 + 1;

/** Lane `ri` of `r` = lane `ai` of `a` op lane `bi` of `b`; `r` may be an operand. */
export type Lane = (r: Vector, ri: number, a: Vector, ai: number, b: Vector, bi: number) => void;

export interface Lanes {
  readonly add: Lane;
  readonly sub: Lane;
  readonly mul: Lane;
  readonly div: Lane;
  readonly sqrt: Lane;
}

/** Whether x + y, of which `sum` is the nearest double, is not a double. */
const sumErrs = (x: number, y: number, sum: number): boolean => {
  const virtual = sum - x;
  return x - (sum - virtual) + (y - virtual) !== 0;
};

/** Whether x * y is not `product`, the nearest double to it or a value as near. */
const productErrs = (x: number, y: number, product: number): boolean => {
  if (x * y !== product) return true;
  const cx = SPLITTER * x;
  const cy = SPLITTER * y;
  const xh = cx - (cx - x);
  const yh = cy - (cy - y);
  const xl = x - xh;
  const yl = y - yh;
  return xl * yl - (product - xh * yh - xl * yh - xh * yl) !== 0;
};

const singleOperand = (x: number): boolean => Math.abs(x) >= SINGLE_MIN || x === 0;
const doubleOperand = (x: number): boolean => Math.abs(x) >= DOUBLE_MIN || x === 0;
const singleResult = (r: number): boolean => Math.abs(r) > SINGLE_MIN && Math.abs(r) <= SINGLE_MAX;
const doubleResult = (r: number): boolean => Math.abs(r) > DOUBLE_MIN && Math.abs(r) <= DOUBLE_MAX;
const safe = (x: number): boolean => Math.abs(x) > SAFE_MIN && Math.abs(x) < SAFE_MAX;

export function singleLanes(mxcsr: control.Mxcsr): Lanes {
  const exact = new ExactFloat(mxcsr);

  const sum = (op: number, x: number, y: number, r: Vector, ri: number, a: Vector, ai: number, b: Vector, bi: number): void => {
    const wide = x + y;
    const result = Math.fround(wide);
    if ((mxcsr.value & ROUNDING) === 0 && (singleResult(result) || wide === 0) && singleOperand(x) && singleOperand(y)) {
      if (result !== wide || sumErrs(x, y, wide)) mxcsr.raised |= PE;
      r.f32[ri] = result;
    } else exact.calculate(op, true, r, ri, a, ai, b, bi);
  };
  const add: Lane = (r, ri, a, ai, b, bi) => sum(ADD, a.f32[ai], b.f32[bi], r, ri, a, ai, b, bi);
  const sub: Lane = (r, ri, a, ai, b, bi) => sum(SUB, a.f32[ai], -b.f32[bi], r, ri, a, ai, b, bi);

  const mul: Lane = (r, ri, a, ai, b, bi) => {
    const x = a.f32[ai];
    const y = b.f32[bi];
    const wide = x * y;
    const result = Math.fround(wide);
    // A zero product has a zero factor: those of two singles do not underflow in doubles. Nor do their quotients.
    if ((mxcsr.value & ROUNDING) === 0 && (singleResult(result) || wide === 0) && singleOperand(x) && singleOperand(y)) {
      if (result !== wide) mxcsr.raised |= PE;
      r.f32[ri] = result;
    } else exact.calculate(MUL, true, r, ri, a, ai, b, bi);
  };

  const div: Lane = (r, ri, a, ai, b, bi) => {
    const x = a.f32[ai];
    const y = b.f32[bi];
    const wide = x / y;
    const result = Math.fround(wide);
    if ((mxcsr.value & ROUNDING) === 0 && (singleResult(result) || wide === 0) && singleOperand(x) && singleOperand(y)) {
      if (wide !== 0 && result * y !== x) mxcsr.raised |= PE;
      r.f32[ri] = result;
    } else exact.calculate(DIV, true, r, ri, a, ai, b, bi);
  };

  const sqrt: Lane = (r, ri, a, ai, b, bi) => {
    const x = b.f32[bi];
    const result = Math.fround(Math.sqrt(x));
    if ((mxcsr.value & ROUNDING) === 0 && result <= SINGLE_MAX && singleOperand(x)) {
      if (result * result !== x) mxcsr.raised |= PE;
      r.f32[ri] = result;
    } else exact.calculate(SQRT, true, r, ri, a, ai, b, bi);
  };

  return { add, sub, mul, div, sqrt };
}

export function doubleLanes(mxcsr: control.Mxcsr): Lanes {
  const exact = new ExactFloat(mxcsr);
  /** Rounding to nearest, and exactness of no interest. */
  const careless = (): boolean => (mxcsr.value & (ROUNDING | STICKY_PE)) === STICKY_PE;
  const careful = (): boolean => (mxcsr.value & ROUNDING) === 0;

  const sum = (op: number, x: number, y: number, r: Vector, ri: number, a: Vector, ai: number, b: Vector, bi: number): void => {
    const result = x + y;
    // A zero sum is exact.
    if ((doubleResult(result) || result === 0) && doubleOperand(x) && doubleOperand(y)) {
      if (careless()) {
        r.f64[ri] = result;
        return;
      }
      if (careful() && Math.abs(x) < SAFE_MAX && Math.abs(y) < SAFE_MAX) {
        if (sumErrs(x, y, result)) mxcsr.raised |= PE;
        r.f64[ri] = result;
        return;
      }
    }
    exact.calculate(op, false, r, ri, a, ai, b, bi);
  };
  const add: Lane = (r, ri, a, ai, b, bi) => sum(ADD, a.f64[ai], b.f64[bi], r, ri, a, ai, b, bi);
  const sub: Lane = (r, ri, a, ai, b, bi) => sum(SUB, a.f64[ai], -b.f64[bi], r, ri, a, ai, b, bi);

  const mul: Lane = (r, ri, a, ai, b, bi) => {
    const x = a.f64[ai];
    const y = b.f64[bi];
    const result = x * y;
    const zero = result === 0 && (x === 0 || y === 0);
    if ((doubleResult(result) || zero) && doubleOperand(x) && doubleOperand(y)) {
      if (careless() || (zero && careful())) {
        r.f64[ri] = result;
        return;
      }
      if (careful() && safe(x) && safe(y) && safe(result)) {
        if (productErrs(x, y, result)) mxcsr.raised |= PE;
        r.f64[ri] = result;
        return;
      }
    }
    exact.calculate(MUL, false, r, ri, a, ai, b, bi);
  };

  const div: Lane = (r, ri, a, ai, b, bi) => {
    const x = a.f64[ai];
    const y = b.f64[bi];
    const result = x / y;
    const zero = result === 0 && (x === 0 || Math.abs(y) > DOUBLE_MAX);
    if ((doubleResult(result) || zero) && doubleOperand(x) && doubleOperand(y)) {
      if (careless() || (zero && careful())) {
        r.f64[ri] = result;
        return;
      }
      if (careful() && safe(x) && safe(y) && safe(result)) {
        if (productErrs(result, y, x)) mxcsr.raised |= PE;
        r.f64[ri] = result;
        return;
      }
    }
    exact.calculate(DIV, false, r, ri, a, ai, b, bi);
  };

  const sqrt: Lane = (r, ri, a, ai, b, bi) => {
    const x = b.f64[bi];
    const result = Math.sqrt(x);
    if (result <= DOUBLE_MAX && doubleOperand(x)) {
      if (careless() || (x === 0 && careful())) {
        r.f64[ri] = result;
        return;
      }
      if (careful() && safe(x)) {
        if (productErrs(result, result, x)) mxcsr.raised |= PE;
        r.f64[ri] = result;
        return;
      }
    }
    exact.calculate(SQRT, false, r, ri, a, ai, b, bi);
  };

  return { add, sub, mul, div, sqrt };
}
