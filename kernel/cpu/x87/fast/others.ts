/** What moves or marks without arithmetic: FCHS, FABS, FXAM, FNOP, FXCH, and the control and status words. */
import { EAX, FPU_OFFSET } from "../../state.js";
import * as layout from "../layout.js";
import { CONTROL_BITS, CONTROL_FIXED, EXCEPTIONS } from "../registers.js";
import { type Code, choose, i32, i64, select, sequence } from "./builder.js";
import { ABSOLUTE, CHANGE_SIGN, EXAMINE, LOAD_CONTROL, NOTHING, STATUS_TO_AX, STORE_CONTROL, STORE_STATUS, VARIANT_SHIFT } from "./form.js";
import { DONE, giveUpIf, place, putRegister, SIGN, setWord, signAndExponentAt, significandAt, type Unit, word } from "./unit.js";

const { C0, C1, C2, C3, CONTROL_WORD, EXP_MAX, STATUS_WORD, TOP } = layout;
const TOP_SHIFT = 11;
const SIGN_TO_C1 = 6;

export const unary = (unit: Unit): Code => {
  const top = place(unit.top.get);
  const se = unit.f.i32();
  const exponent = unit.f.i32();
  const significand = unit.f.i64();
  const changed = (value: Code): Code => sequence(giveUpIf(unit.isEmpty(unit.top.get)), i32.store(top, value, FPU_OFFSET + 8), unit.clearC1());
  const normal = i64.ltS(significand.get, i64.const(0n));
  const finite = select(i32.const(C2), i32.const(0), normal);
  const withMaximum = select(select(i32.const(C2 | C0), i32.const(C0), i64.eqz(i64.shl(significand.get, i64.const(1n)))), i32.const(0), normal);
  const withMinimum = select(i32.const(C3), i32.const(C3 | C2), i64.eqz(significand.get));
  const kind = select(withMinimum, select(withMaximum, finite, i32.eq(exponent.get, i32.const(EXP_MAX))), i32.eqz(exponent.get));
  const examine = sequence(
    se.set(signAndExponentAt(top)),
    exponent.set(i32.and(se.get, i32.const(EXP_MAX))),
    significand.set(significandAt(top)),
    setWord(
      STATUS_WORD,
      i32.or(
        i32.and(word(STATUS_WORD), i32.const(~(C0 | C1 | C2 | C3))),
        i32.or(i32.shrU(i32.and(se.get, i32.const(SIGN)), i32.const(SIGN_TO_C1)), select(i32.const(C3 | C0), kind, unit.isEmpty(unit.top.get))),
      ),
    ),
  );
  const cases: Code[] = [];
  cases[CHANGE_SIGN] = changed(i32.xor(signAndExponentAt(top), i32.const(SIGN)));
  cases[ABSOLUTE] = changed(i32.and(signAndExponentAt(top), i32.const(EXP_MAX)));
  cases[EXAMINE] = examine;
  cases[NOTHING] = [];
  return sequence(unit.begin(), choose(unit.field(VARIANT_SHIFT, 3), cases), DONE);
};

export const exchange = (unit: Unit): Code => {
  const one = unit.f.i32();
  const other = unit.f.i32();
  const se = unit.f.i32();
  const significand = unit.f.i64();
  return sequence(
    unit.begin(),
    other.set(unit.physical),
    giveUpIf(i32.or(unit.isEmpty(unit.top.get), unit.isEmpty(other.get))),
    one.set(place(unit.top.get)),
    other.set(place(other.get)),
    se.set(signAndExponentAt(one.get)),
    significand.set(significandAt(one.get)),
    putRegister(one.get, signAndExponentAt(other.get), significandAt(other.get)),
    putRegister(other.get, se.get, significand.get),
    unit.clearC1(),
    DONE,
  );
};

export const control = (unit: Unit): Code => {
  const value = unit.f.i32();
  const status = i32.or(word(STATUS_WORD), i32.shl(word(TOP), i32.const(TOP_SHIFT)));
  const cases: Code[] = [];
  cases[STATUS_TO_AX] = i32.store16(i32.const(0), status, EAX * 4);
  cases[LOAD_CONTROL] = sequence(
    value.set(i32.load16U(unit.address.get)),
    // a mask that uncovers a pending exception
    giveUpIf(i32.and(i32.and(word(STATUS_WORD), i32.const(EXCEPTIONS)), i32.xor(value.get, i32.const(-1)))),
    setWord(CONTROL_WORD, i32.or(i32.and(value.get, i32.const(CONTROL_BITS)), i32.const(CONTROL_FIXED))),
  );
  cases[STORE_CONTROL] = i32.store16(unit.address.get, word(CONTROL_WORD));
  cases[STORE_STATUS] = i32.store16(unit.address.get, status);
  return sequence(unit.begin(), choose(unit.field(VARIANT_SHIFT, 3), cases), DONE);
};
