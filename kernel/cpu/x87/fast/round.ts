/** Rounding, and the end of an arithmetic instruction. */
import * as layout from "../layout.js";
import { type Code, i32, i64, type Local, select, sequence, when } from "./builder.js";
import { TO_I } from "./form.js";
import { DONE, giveUpIf, J, place, putRegister, type Real, type Unit, word } from "./unit.js";

const { C1, CONTROL_WORD, EXP_MAX, PE } = layout;

const RC_SHIFT = 10;
/** Bits of the control word: set unless precision is 24 or 53 bits, and which of the two. */
const PC_NOT_NARROW = 0x100;
const PC_DOUBLE = 0x200;
/** Significand bits that single and double precision drop. */
export const DROP_SINGLE = 40n;
export const DROP_DOUBLE = 11n;

/** What rounding works on and what it leaves. */
export interface Rounding {
  readonly real: Real;
  /** 64 bits below the significand; bit 0 stands for every nonzero bit further down, too. */
  readonly rest: Local;
  /** Low significand bits to drop. */
  readonly drop: Local;
  /** PE and C1. */
  readonly flags: Local;
}

export const rounding = (unit: Unit, real: Real): Rounding => ({ real, rest: unit.f.i64(), drop: unit.f.i64(), flags: unit.f.i32() });

/** `drop` as the control word has it. */
export const byPrecisionControl = ({ drop }: Rounding): Code =>
  when(
    i32.eqz(i32.and(word(CONTROL_WORD), i32.const(PC_NOT_NARROW))),
    drop.set(select(i64.const(DROP_DOUBLE), i64.const(DROP_SINGLE), i32.and(word(CONTROL_WORD), i32.const(PC_DOUBLE)))),
  );

export const byRoundingControl: Code = i32.and(i32.shrU(word(CONTROL_WORD), i32.const(RC_SHIFT)), i32.const(3));

/** Whether what is left of the significand moves up: `rest` is not zero. */
const roundsUp = ({ real, rest, drop }: Rounding, control: Local): Code => {
  const odd = i64.and(i64.shrU(real.significand.get, drop.get), i64.const(1n));
  const directed = i32.eq(control.get, i32.sub(i32.const(layout.RC_UP), i32.shrU(real.sign.get, i32.const(15))));
  return select(i64.gtU(rest.get, i64.sub(i64.const(J), odd)), directed, i32.eqz(control.get));
};

/**
 * Rounds the significand where `drop` says; gives up if that is inexact and the precision exception is not masked. A carry out of
 * the significand leaves it 0.
 */
export const roundSignificand = (unit: Unit, r: Rounding, roundingControl: Code): Code => {
  const { real, rest, drop, flags } = r;
  const control = unit.f.i32();
  return sequence(
    when(
      i64.ne(drop.get, i64.const(0n)),
      sequence(
        rest.set(i64.or(i64.shl(real.significand.get, i64.sub(i64.const(64n), drop.get)), i64.extendU(i64.ne(rest.get, i64.const(0n))))),
        real.significand.set(i64.shl(i64.shrU(real.significand.get, drop.get), drop.get)),
      ),
    ),
    when(
      i64.ne(rest.get, i64.const(0n)),
      sequence(
        giveUpIf(i32.eqz(i32.and(word(CONTROL_WORD), i32.const(PE)))),
        flags.set(i32.const(PE)),
        control.set(roundingControl),
        when(roundsUp(r, control), sequence(flags.set(i32.const(PE | C1)), real.significand.set(i64.add(real.significand.get, i64.shl(i64.const(1n), drop.get))))),
      ),
    ),
  );
};

/** The same for a number with its J bit: a carry goes to the exponent. */
export const roundReal = (unit: Unit, r: Rounding): Code =>
  sequence(
    roundSignificand(unit, r, byRoundingControl),
    when(i64.eqz(r.real.significand.get), sequence(r.real.significand.set(i64.const(J)), r.real.exponent.set(i32.add(r.real.exponent.get, i32.const(1))))),
  );

/** The destination takes a result that is ready, flags become visible, the stack is popped if the form says so. */
export const deliver = (unit: Unit, real: Real, flags: Code): Code =>
  sequence(
    putRegister(place(select(unit.physical, unit.top.get, i32.and(unit.form.get, i32.const(TO_I)))), i32.or(real.sign.get, real.exponent.get), real.significand.get),
    unit.setStatus(flags),
    unit.popIfAsked(),
    DONE,
  );

/** Rounds to the precision in force and delivers; gives up at overflow and underflow. */
export const roundAndDeliver = (unit: Unit, r: Rounding): Code =>
  sequence(
    byPrecisionControl(r),
    roundReal(unit, r),
    giveUpIf(i32.eqz(i32.ltU(i32.sub(r.real.exponent.get, i32.const(1)), i32.const(EXP_MAX - 1)))),
    deliver(unit, r.real, r.flags.get),
  );

/** Delivers a zero, whose sign is in place. */
export const deliverZero = (unit: Unit, real: Real): Code => sequence(real.exponent.set(i32.const(0)), real.significand.set(i64.const(0n)), deliver(unit, real, i32.const(0)));
