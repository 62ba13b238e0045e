/** FST and FSTP to registers and memory, FIST, FISTP and FISTTP, FRNDINT. */
import * as layout from "../layout.js";
import { type Code, i32, i64, type Local, select, sequence, when } from "./builder.js";
import { OPERAND, TRUNCATED, VARIANT_SHIFT } from "./form.js";
import { byRoundingControl, DROP_DOUBLE, DROP_SINGLE, deliver, type Rounding, rounding, roundReal, roundSignificand } from "./round.js";
import { DONE, giveUpIf, J, place, putRegister, type Real, signAndExponentAt, significandAt, takeTop, type Unit } from "./unit.js";

const { BIAS, RC_CHOP } = layout;
const EXTENDED_TOP = 8;

/** The operand in a memory format of `width` exponent bits, from bit 63 down, in `bits`. */
const narrow = (unit: Unit, r: Rounding, bits: Local, width: number, drop: bigint): Code => {
  const { real } = r;
  const top = (1 << width) - 1;
  return sequence(
    takeTop(unit, real),
    when(
      i64.ne(real.significand.get, i64.const(0n)),
      sequence(
        r.drop.set(i64.const(drop)),
        roundReal(unit, r),
        real.exponent.set(i32.sub(real.exponent.get, i32.const(BIAS - (top >> 1)))),
        giveUpIf(i32.eqz(i32.ltU(i32.sub(real.exponent.get, i32.const(1)), i32.const(top - 1)))),
        bits.set(
          i64.or(i64.shl(i64.extendU(real.exponent.get), i64.const(BigInt(63 - width))), i64.shrU(i64.shl(real.significand.get, i64.const(1n)), i64.const(BigInt(width + 1)))),
        ),
      ),
    ),
    bits.set(i64.or(bits.get, i64.shl(i64.extendU(real.sign.get), i64.const(48n)))),
  );
};

export const store = (unit: Unit): Code => {
  const { f } = unit;
  const real = unit.real();
  const r = rounding(unit, real);
  const bits = f.i64();
  const at = f.i32();
  const source = place(unit.top.get);
  const put = (): Code => {
    switch (unit.operand) {
      case OPERAND.double:
        return sequence(narrow(unit, r, bits, 11, DROP_DOUBLE), i64.store(unit.address.get, bits.get));
      case OPERAND.single:
        return sequence(narrow(unit, r, bits, 8, DROP_SINGLE), i64.store32(unit.address.get, i64.shrU(bits.get, i64.const(32n))));
      case OPERAND.extended:
        return sequence(
          giveUpIf(unit.isEmpty(unit.top.get)),
          i64.store(unit.address.get, significandAt(source)),
          i32.store16(unit.address.get, signAndExponentAt(source), EXTENDED_TOP),
        );
      default:
        return sequence(
          giveUpIf(unit.isEmpty(unit.top.get)),
          at.set(unit.physical),
          putRegister(place(at.get), signAndExponentAt(source), significandAt(source)),
          unit.use(at.get),
        );
    }
  };
  return sequence(unit.begin(), put(), unit.setStatus(r.flags.get), unit.popIfAsked(), DONE);
};

/** The significand of a number below 2^64 becomes its integer part, rounded. */
const roundToInteger = (unit: Unit, r: Rounding, distance: Local, roundingControl: Code): Code => {
  const { real, rest } = r;
  const wide = i64.extendU(distance.get);
  return sequence(
    when(
      distance.get,
      when(
        i32.ltU(distance.get, i32.const(64)),
        sequence(rest.set(i64.shl(real.significand.get, i64.sub(i64.const(64n), wide))), real.significand.set(i64.shrU(real.significand.get, wide))),
        sequence(rest.set(select(real.significand.get, i64.const(1n), i32.eq(distance.get, i32.const(64)))), real.significand.set(i64.const(0n))),
      ),
    ),
    roundSignificand(unit, r, roundingControl),
  );
};

const distanceOf = (real: Real): Code => i32.sub(i32.const(BIAS + 63), real.exponent.get);

export const storeInteger = (unit: Unit): Code => {
  const { f } = unit;
  const real = unit.real();
  const r = rounding(unit, real);
  const distance = f.i32();
  /** The first magnitude that does not fit. */
  const limit = unit.operand === OPERAND.int16 ? 0x8000n : unit.operand === OPERAND.int32 ? 0x8000_0000n : J;
  const at = unit.address.get;
  const truncated = i32.and(unit.form.get, i32.const(TRUNCATED << VARIANT_SHIFT));
  const value = real.significand;
  return sequence(
    unit.begin(),
    takeTop(unit, real),
    when(
      i64.ne(value.get, i64.const(0n)),
      sequence(
        giveUpIf(i32.ltS(distance.tee(distanceOf(real)), i32.const(0))),
        roundToInteger(unit, r, distance, select(i32.const(RC_CHOP), byRoundingControl, truncated)),
        giveUpIf(i64.geU(value.get, i64.add(i64.const(limit), i64.extendU(i32.shrU(real.sign.get, i32.const(15)))))),
        when(real.sign.get, value.set(i64.sub(i64.const(0n), value.get))),
      ),
    ),
    unit.operand === OPERAND.int64 ? i64.store(at, value.get) : unit.operand === OPERAND.int32 ? i64.store32(at, value.get) : i32.store16(at, i32.wrap(value.get)),
    unit.setStatus(r.flags.get),
    unit.popIfAsked(),
    DONE,
  );
};

export const roundInteger = (unit: Unit): Code => {
  const real = unit.real();
  const r = rounding(unit, real);
  const distance = unit.f.i32();
  const value = real.significand;
  const shift = unit.f.i64();
  return sequence(
    unit.begin(),
    takeTop(unit, real),
    distance.set(distanceOf(real)),
    when(
      i32.and(i64.ne(value.get, i64.const(0n)), i32.gtS(distance.get, i32.const(0))),
      sequence(
        roundToInteger(unit, r, distance, byRoundingControl),
        shift.set(i64.clz(value.get)),
        real.exponent.set(select(i32.const(0), i32.sub(i32.const(BIAS + 63), i32.wrap(shift.get)), i64.eqz(value.get))),
        value.set(i64.shl(value.get, shift.get)),
      ),
    ),
    deliver(unit, real, r.flags.get),
  );
};
