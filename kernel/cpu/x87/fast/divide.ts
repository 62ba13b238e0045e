/** Division: two quotient digits of 32 bits, each estimated from the leading digits and corrected (Knuth, volume 2, algorithm D). */
import * as layout from "../layout.js";
import { type Code, type FunctionBuilder, i32, i64, type Local, select, sequence, when } from "./builder.js";
import { REVERSE, VARIANT_SHIFT } from "./form.js";
import { takeOther } from "./operand.js";
import { deliverZero, roundAndDeliver, rounding } from "./round.js";
import { giveUpIf, J, type Real, takeTop, type Unit } from "./unit.js";

const { BIAS } = layout;
const LOW = i64.const(0xffff_ffffn);
const HALF = i64.const(32n);
const BASE = i64.const(1n << 32n);

/** The divisor, which has bit 63 set, in digits. */
interface Divisor {
  readonly whole: Local;
  readonly high: Local;
  readonly low: Local;
}

/** `remainder` (below the divisor) and the next digit of the dividend become the next digit of the quotient and a remainder. */
const digit = (f: FunctionBuilder, divisor: Divisor, remainder: Local, next: Code, quotient: Local): Code => {
  const left = f.i64();
  const correct = sequence(quotient.set(i64.sub(quotient.get, i64.const(1n))), left.set(i64.add(left.get, divisor.high.get)));
  const tooLarge = i32.or(i64.geU(quotient.get, BASE), i64.gtU(i64.mul(quotient.get, divisor.low.get), i64.or(i64.shl(left.get, HALF), next)));
  return sequence(
    quotient.set(i64.divU(remainder.get, divisor.high.get)),
    left.set(i64.sub(remainder.get, i64.mul(quotient.get, divisor.high.get))),
    // twice at most, and never once what is left needs more than a digit
    when(tooLarge, sequence(correct, when(i32.and(i64.ltU(left.get, BASE), tooLarge), correct))),
    remainder.set(i64.sub(i64.or(i64.shl(remainder.get, HALF), next), i64.mul(quotient.get, divisor.whole.get))),
  );
};

const exchange = (unit: Unit, a: Real, b: Real): Code => {
  const spare = unit.real();
  return sequence(
    spare.exponent.set(a.exponent.get),
    spare.significand.set(a.significand.get),
    a.exponent.set(b.exponent.get),
    a.significand.set(b.significand.get),
    b.exponent.set(spare.exponent.get),
    b.significand.set(spare.significand.get),
  );
};

export const divide = (unit: Unit): Code => {
  const { f } = unit;
  const a = unit.real();
  const b = unit.real();
  const r = rounding(unit, a);
  const divisor: Divisor = { whole: b.significand, high: f.i64(), low: f.i64() };
  const remainder = f.i64();
  const tail = f.i64();
  const first = f.i64();
  const second = f.i64();
  const twice = i64.shl(remainder.get, i64.const(1n));
  /** More than half the divisor, half, or less. */
  const aboveHalf = i32.or(i64.ltS(remainder.get, i64.const(0n)), i64.gtU(twice, divisor.whole.get));
  const restOfOne = i64.or(
    select(i64.const(J), i64.const(0n), i32.or(aboveHalf, i64.eq(twice, divisor.whole.get))),
    i64.extendU(i32.or(aboveHalf, i64.ltU(twice, divisor.whole.get))),
  );
  return sequence(
    unit.begin(),
    takeTop(unit, a),
    takeOther(unit, b),
    a.sign.set(i32.xor(a.sign.get, b.sign.get)),
    when(i32.and(unit.form.get, i32.const(REVERSE << VARIANT_SHIFT)), exchange(unit, a, b)),
    giveUpIf(i64.eqz(b.significand.get)),
    when(i64.eqz(a.significand.get), deliverZero(unit, a)),
    a.exponent.set(i32.add(i32.sub(a.exponent.get, b.exponent.get), i32.const(BIAS))),
    // the quotient gets 64 bits: the dividend is at least half the divisor's size and below it
    when(
      i64.ltU(a.significand.get, b.significand.get),
      sequence(remainder.set(a.significand.get), a.exponent.set(i32.sub(a.exponent.get, i32.const(1)))),
      sequence(remainder.set(i64.shrU(a.significand.get, i64.const(1n))), tail.set(i64.shl(i64.and(a.significand.get, i64.const(1n)), i64.const(31n)))),
    ),
    divisor.high.set(i64.shrU(b.significand.get, HALF)),
    divisor.low.set(i64.and(b.significand.get, LOW)),
    digit(f, divisor, remainder, tail.get, first),
    digit(f, divisor, remainder, i64.const(0n), second),
    a.significand.set(i64.or(i64.shl(first.get, HALF), second.get)),
    when(i64.ne(remainder.get, i64.const(0n)), r.rest.set(restOfOne)),
    roundAndDeliver(unit, r),
  );
};
