/** Pushes: FLD of registers, memory and constants, FILD. */

import { CONSTANTS } from "../constants.js";
import * as layout from "../layout.js";
import { type Code, choose, i32, i64, sequence } from "./builder.js";
import { I_SHIFT, OPERAND } from "./form.js";
import { takeOperand } from "./operand.js";
import { byRoundingControl } from "./round.js";
import { DONE, giveUpIf, place, putRegister, setWord, signAndExponentAt, significandAt, type Unit } from "./unit.js";

const { RC_NEAREST, RC_UP, TOP } = layout;
const EXTENDED_TOP = 8;

export const load = (unit: Unit): Code => {
  const real = unit.real();
  const other = unit.f.i32();
  const pushed = unit.f.i32();
  const fromRegister = sequence(
    other.set(unit.physical),
    giveUpIf(unit.isEmpty(other.get)),
    real.sign.set(signAndExponentAt(place(other.get))),
    real.significand.set(significandAt(place(other.get))),
  );
  const fromExtended = sequence(real.significand.set(i64.load(unit.address.get)), real.sign.set(i32.load16U(unit.address.get, EXTENDED_TOP)));
  const roundedUp = (nearest: number): Code =>
    nearest === 0 ? i32.eq(byRoundingControl, i32.const(RC_UP)) : i32.or(i32.eq(byRoundingControl, i32.const(RC_UP)), i32.eq(byRoundingControl, i32.const(RC_NEAREST)));
  const constants = CONSTANTS.map(({ signAndExponent, high, low, nearest }) => {
    const truncated = i64.const((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
    return sequence(real.sign.set(i32.const(signAndExponent)), real.significand.set(nearest === undefined ? truncated : i64.add(truncated, i64.extendU(roundedUp(nearest)))));
  });
  return sequence(
    unit.begin(),
    pushed.set(i32.and(i32.sub(unit.top.get, i32.const(1)), i32.const(7))),
    giveUpIf(i32.eqz(unit.isEmpty(pushed.get))),
    takeOperand(unit, real, fromRegister),
    unit.operand === OPERAND.extended ? fromExtended : [],
    unit.operand === OPERAND.constant ? choose(unit.field(I_SHIFT, 7), constants) : [],
    // what came packed has left the exponent zero
    putRegister(place(pushed.get), i32.or(real.sign.get, real.exponent.get), real.significand.get),
    unit.use(pushed.get),
    setWord(TOP, pushed.get),
    unit.clearC1(),
    DONE,
  );
};
