/** Addition and subtraction. */
import * as layout from "../layout.js";
import { type Code, i32, i64, select, sequence, when } from "./builder.js";
import { MINUS, REVERSE, VARIANT_SHIFT } from "./form.js";
import { takeOther } from "./operand.js";
import { byRoundingControl, deliverZero, roundAndDeliver, rounding } from "./round.js";
import { J, type Real, SIGN, takeTop, type Unit } from "./unit.js";

/** A sign changed where the form has a bit. */
const negateIf = (unit: Unit, real: Real, variant: number): Code => {
  const bit = variant << VARIANT_SHIFT;
  return real.sign.set(i32.xor(real.sign.get, i32.mul(i32.and(unit.form.get, i32.const(bit)), i32.const(SIGN / bit))));
};

const copy = (to: Real, from: Real): Code => sequence(to.sign.set(from.sign.get), to.exponent.set(from.exponent.get), to.significand.set(from.significand.get));

/** An exact zero from operands of different signs. */
const zeroBySign: Code = select(i32.const(SIGN), i32.const(0), i32.eq(byRoundingControl, i32.const(layout.RC_DOWN)));

export const add = (unit: Unit): Code => {
  const { f } = unit;
  const a = unit.real();
  const b = unit.real();
  const spare = unit.real();
  const distance = f.i32();
  const r = rounding(unit, a);
  const { rest } = r;
  const far = f.i64();

  const withZero = when(
    i64.eqz(b.significand.get),
    when(i64.eqz(a.significand.get), sequence(a.sign.set(select(a.sign.get, zeroBySign, i32.eq(a.sign.get, b.sign.get))), deliverZero(unit, a))),
    copy(a, b),
  );

  /** b moves right by the distance; what falls out is in rest. */
  const align = when(
    distance.get,
    sequence(
      far.set(i64.extendU(distance.get)),
      when(
        i32.ltU(distance.get, i32.const(64)),
        sequence(rest.set(i64.shl(b.significand.get, i64.sub(i64.const(64n), far.get))), b.significand.set(i64.shrU(b.significand.get, far.get))),
        sequence(
          far.set(i64.sub(select(far.get, i64.const(127n), i32.ltU(distance.get, i32.const(127))), i64.const(64n))),
          rest.set(i64.shrU(b.significand.get, far.get)),
          // what even rest cannot hold
          rest.set(i64.or(rest.get, i64.extendU(i64.ne(i64.shl(rest.get, far.get), b.significand.get)))),
          b.significand.set(i64.const(0n)),
        ),
      ),
    ),
  );

  const sum = sequence(
    a.significand.set(i64.add(a.significand.get, b.significand.get)),
    when(
      i64.ltU(a.significand.get, b.significand.get),
      sequence(
        rest.set(i64.or(i64.or(i64.shrU(rest.get, i64.const(1n)), i64.and(rest.get, i64.const(1n))), i64.shl(a.significand.get, i64.const(63n)))),
        a.significand.set(i64.or(i64.shrU(a.significand.get, i64.const(1n)), i64.const(J))),
        a.exponent.set(i32.add(a.exponent.get, i32.const(1))),
      ),
    ),
  );

  const difference = sequence(
    when(
      i32.eqz(distance.get),
      when(
        i64.geU(b.significand.get, a.significand.get),
        sequence(
          when(i64.eq(a.significand.get, b.significand.get), sequence(a.sign.set(zeroBySign), deliverZero(unit, a))),
          copy(spare, a),
          copy(a, b),
          b.significand.set(spare.significand.get),
        ),
      ),
    ),
    a.significand.set(i64.sub(i64.sub(a.significand.get, b.significand.get), i64.extendU(i64.ne(rest.get, i64.const(0n))))),
    rest.set(i64.sub(i64.const(0n), rest.get)),
    when(
      i64.geS(a.significand.get, i64.const(0n)),
      sequence(
        when(i64.eqz(a.significand.get), sequence(a.significand.set(rest.get), rest.set(i64.const(0n)), a.exponent.set(i32.sub(a.exponent.get, i32.const(64))))),
        far.set(i64.clz(a.significand.get)),
        a.exponent.set(i32.sub(a.exponent.get, i32.wrap(far.get))),
        // in two steps: the distance may be zero
        a.significand.set(i64.or(i64.shl(a.significand.get, far.get), i64.shrU(i64.shrU(rest.get, i64.const(1n)), i64.sub(i64.const(63n), far.get)))),
        rest.set(i64.shl(rest.get, far.get)),
      ),
    ),
  );

  return sequence(
    unit.begin(),
    takeTop(unit, a),
    takeOther(unit, b),
    negateIf(unit, b, MINUS),
    negateIf(unit, a, REVERSE),
    when(
      i32.or(i64.eqz(a.significand.get), i64.eqz(b.significand.get)),
      withZero,
      sequence(
        when(
          i32.ltS(distance.tee(i32.sub(a.exponent.get, b.exponent.get)), i32.const(0)),
          sequence(copy(spare, a), copy(a, b), copy(b, spare), distance.set(i32.sub(i32.const(0), distance.get))),
        ),
        // only the significand of b moves: its sign is still that of the smaller operand
        when(i32.eq(a.sign.get, b.sign.get), sequence(align, sum), sequence(align, difference)),
      ),
    ),
    roundAndDeliver(unit, r),
  );
};
