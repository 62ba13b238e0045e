/** Multiplication. */
import * as layout from "../layout.js";
import { type Code, type FunctionBuilder, i32, i64, sequence, when } from "./builder.js";
import { takeOther } from "./operand.js";
import { deliverZero, roundAndDeliver, rounding } from "./round.js";
import { takeTop, type Unit } from "./unit.js";

const { BIAS } = layout;
const LOW = i64.const(0xffff_ffffn);
const HALF = i64.const(32n);

/** The upper 64 bits of an unsigned product of 128. Operands are read more than once. */
export const multiplyHigh = (f: FunctionBuilder, a: Code, b: Code): { readonly before: Code; readonly value: Code } => {
  const aHigh = f.i64();
  const aLow = f.i64();
  const bHigh = f.i64();
  const bLow = f.i64();
  const middle = f.i64();
  return {
    before: sequence(
      aHigh.set(i64.shrU(a, HALF)),
      aLow.set(i64.and(a, LOW)),
      bHigh.set(i64.shrU(b, HALF)),
      bLow.set(i64.and(b, LOW)),
      middle.set(i64.add(i64.mul(aHigh.get, bLow.get), i64.shrU(i64.mul(aLow.get, bLow.get), HALF))),
    ),
    value: i64.add(i64.add(i64.mul(aHigh.get, bHigh.get), i64.shrU(middle.get, HALF)), i64.shrU(i64.add(i64.mul(aLow.get, bHigh.get), i64.and(middle.get, LOW)), HALF)),
  };
};

export const multiply = (unit: Unit): Code => {
  const a = unit.real();
  const b = unit.real();
  const r = rounding(unit, a);
  const { rest } = r;
  const high = multiplyHigh(unit.f, a.significand.get, b.significand.get);
  return sequence(
    unit.begin(),
    takeTop(unit, a),
    takeOther(unit, b),
    a.sign.set(i32.xor(a.sign.get, b.sign.get)),
    when(i32.or(i64.eqz(a.significand.get), i64.eqz(b.significand.get)), deliverZero(unit, a)),
    a.exponent.set(i32.sub(i32.add(a.exponent.get, b.exponent.get), i32.const(BIAS - 1))),
    high.before,
    rest.set(i64.mul(a.significand.get, b.significand.get)),
    a.significand.set(high.value),
    when(
      i64.geS(a.significand.get, i64.const(0n)),
      sequence(
        a.significand.set(i64.or(i64.shl(a.significand.get, i64.const(1n)), i64.shrU(rest.get, i64.const(63n)))),
        rest.set(i64.shl(rest.get, i64.const(1n))),
        a.exponent.set(i32.sub(a.exponent.get, i32.const(1))),
      ),
    ),
    roundAndDeliver(unit, r),
  );
};
