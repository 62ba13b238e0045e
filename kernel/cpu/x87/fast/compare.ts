/** Comparison, with the result in the condition codes or in EFLAGS. */
import { LAZY_NONE } from "../../flags.js";
import { ARITHMETIC_FLAGS, FLAGS, LAZY_OP } from "../../state.js";
import { CF, ZF } from "../compare.js";
import * as layout from "../layout.js";
import { type Code, i32, i64, select, sequence, when } from "./builder.js";
import { POPS_SHIFT, TO_FLAGS, VARIANT_SHIFT, WITH_ZERO } from "./form.js";
import { takeOther } from "./operand.js";
import { DONE, setStateWord, setWord, stateWord, takeTop, type Unit, word } from "./unit.js";

const { C0, C1, C2, C3, STATUS_WORD } = layout;
/** From EFLAGS positions to C0, C2 and C3. */
const CODES_SHIFT = 8;

export const compare = (unit: Unit): Code => {
  const a = unit.real();
  const b = unit.real();
  const order = unit.f.i32();
  const has = (variant: number): Code => i32.and(unit.form.get, i32.const(variant << VARIANT_SHIFT));
  /** Zero has the least exponent. */
  const smaller = select(i64.ltU(a.significand.get, b.significand.get), i32.ltU(a.exponent.get, b.exponent.get), i32.eq(a.exponent.get, b.exponent.get));
  const equal = i32.and(i32.eq(a.exponent.get, b.exponent.get), i64.eq(a.significand.get, b.significand.get));
  const bothZero = i64.eqz(i64.or(a.significand.get, b.significand.get));
  const negative = i32.ne(a.sign.get, i32.const(0));
  return sequence(
    unit.begin(),
    takeTop(unit, a),
    when(i32.eqz(has(WITH_ZERO)), takeOther(unit, b)),
    order.set(
      select(
        select(i32.const(ZF), i32.xor(smaller, negative), equal),
        select(i32.const(ZF), select(i32.const(CF), i32.const(0), negative), bothZero),
        i32.eq(a.sign.get, b.sign.get),
      ),
    ),
    when(
      has(TO_FLAGS),
      sequence(unit.clearC1(), setStateWord(FLAGS, i32.or(i32.and(stateWord(FLAGS), i32.const(~ARITHMETIC_FLAGS)), order.get)), setStateWord(LAZY_OP, i32.const(LAZY_NONE))),
      setWord(STATUS_WORD, i32.or(i32.and(word(STATUS_WORD), i32.const(~(C0 | C1 | C2 | C3))), i32.shl(order.get, i32.const(CODES_SHIFT)))),
    ),
    unit.popIfAsked(),
    when(i32.eq(unit.field(POPS_SHIFT, 3), i32.const(2)), unit.pop()),
    DONE,
  );
};
