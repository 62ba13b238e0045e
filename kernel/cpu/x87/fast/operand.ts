/** The second operand of an instruction, from a register or from memory in any format, taken apart. */
import * as layout from "../layout.js";
import { type Code, i32, i64, type Local, sequence, when } from "./builder.js";
import { OPERAND } from "./form.js";
import { giveUpIf, J, place, type Real, SIGN, takeRegister, type Unit } from "./unit.js";

const { BIAS } = layout;

/** Rounds nothing: every format fits. `bits` holds sign, exponent of `width` bits and fraction, from bit 63 down. */
const fromFraction = (real: Real, bits: Local, width: number): Code => {
  const top = (1 << width) - 1;
  const exponent = i32.wrap(i64.shrU(i64.shl(bits.get, i64.const(1n)), i64.const(BigInt(64 - width))));
  return sequence(
    real.sign.set(i32.and(i32.wrap(i64.shrU(bits.get, i64.const(48n))), i32.const(SIGN))),
    real.exponent.set(exponent),
    when(
      i32.ltU(i32.sub(real.exponent.get, i32.const(1)), i32.const(top - 1)),
      sequence(
        real.exponent.set(i32.add(real.exponent.get, i32.const(BIAS - (top >> 1)))),
        real.significand.set(i64.or(i64.shl(bits.get, i64.const(BigInt(width))), i64.const(J))),
      ),
      sequence(giveUpIf(i64.ne(i64.shl(bits.get, i64.const(1n)), i64.const(0n))), real.significand.set(i64.const(0n))),
    ),
  );
};

const fromInteger = (real: Real, value: Local): Code =>
  sequence(
    real.sign.set(i32.and(i32.wrap(i64.shrU(value.get, i64.const(48n))), i32.const(SIGN))),
    when(real.sign.get, value.set(i64.sub(i64.const(0n), value.get))),
    when(
      i64.eqz(value.get),
      sequence(real.exponent.set(i32.const(0)), real.significand.set(i64.const(0n))),
      sequence(real.exponent.set(i32.sub(i32.const(BIAS + 63), i32.wrap(i64.clz(value.get)))), real.significand.set(i64.shl(value.get, i64.clz(value.get)))),
    ),
  );

/** By the kind of operand; kinds that leave the number alone are the caller's. */
export const takeOperand = (unit: Unit, real: Real, register: Code): Code => {
  const bits = unit.f.i64();
  const at = unit.address.get;
  switch (unit.operand) {
    case OPERAND.register:
      return register;
    case OPERAND.single:
      return sequence(bits.set(i64.shl(i64.load32U(at), i64.const(32n))), fromFraction(real, bits, 8));
    case OPERAND.double:
      return sequence(bits.set(i64.load(at)), fromFraction(real, bits, 11));
    case OPERAND.int16:
      return sequence(bits.set(i64.load16S(at)), fromInteger(real, bits));
    case OPERAND.int32:
      return sequence(bits.set(i64.load32S(at)), fromInteger(real, bits));
    case OPERAND.int64:
      return sequence(bits.set(i64.load(at)), fromInteger(real, bits));
    default:
      return [];
  }
};

/** ST(i), which must not be empty, as the register operand. */
export const takeOther = (unit: Unit, real: Real): Code => {
  const other = unit.f.i32();
  return takeOperand(unit, real, sequence(other.set(unit.physical), giveUpIf(unit.isEmpty(other.get)), takeRegister(real, place(other.get))));
};
