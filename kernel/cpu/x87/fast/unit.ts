/**
 * The x87 state as generated code sees it: control, status and tag words, the register stack, and numbers taken apart.
 * Functions take the form and the buffer address of the memory operand; they return 1 when they have executed the instruction,
 * or 0 having changed nothing.
 */
import { I32 } from "../../../wasm/encoder.js";
import { CR0, CR0_EM, CR0_TS, FPU_OFFSET } from "../../state.js";
import * as layout from "../layout.js";
import { type Code, FunctionBuilder, i32, i64, type Local, rarely, result, sequence, when } from "./builder.js";
import { I_SHIFT, type OperandKind, POPS_SHIFT } from "./form.js";

const { C1, ES, EXP_MAX, IN_USE, STATUS_WORD, TOP } = layout;

export const SIGN = 0x8000;
export const J = -(1n << 63n);
const REGISTER_SHIFT = 4;
const SIGN_AND_EXPONENT = 8;

const ORIGIN = i32.const(0);
/** A word of the processor's state, and of the x87's. */
export const stateWord = (index: number): Code => i32.load(ORIGIN, index * 4);
export const setStateWord = (index: number, value: Code): Code => i32.store(ORIGIN, value, index * 4);
export const word = (index: number): Code => i32.load(ORIGIN, FPU_OFFSET + index * 4);
export const setWord = (index: number, value: Code): Code => i32.store(ORIGIN, value, FPU_OFFSET + index * 4);

export const DONE = result(i32.const(1));
export const giveUpIf = (condition: Code): Code => rarely(condition, result(i32.const(0)));

/** A finite number taken apart: the significand is 0 for zero, else it has its J bit. */
export interface Real {
  readonly sign: Local;
  readonly exponent: Local;
  readonly significand: Local;
}

/** One function being written. */
export class Unit {
  readonly operand: OperandKind;
  readonly f = new FunctionBuilder([I32, I32], [I32]);
  readonly form = this.f.parameter(0);
  readonly address = this.f.parameter(1);
  readonly top = this.f.i32();

  /** @param operand the kind that every form of this function has */
  constructor(operand: OperandKind) {
    this.operand = operand;
  }

  /** No exception pends, the unit is there for this task; then TOP is known. */
  begin(): Code {
    return sequence(giveUpIf(i32.or(i32.and(stateWord(CR0), i32.const(CR0_EM | CR0_TS)), i32.and(word(STATUS_WORD), i32.const(ES)))), this.top.set(word(TOP)));
  }
  real(): Real {
    return { sign: this.f.i32(), exponent: this.f.i32(), significand: this.f.i64() };
  }
  /** Some bits of the form, moved to bit 0. */
  field(shift: number, mask: number): Code {
    return i32.and(i32.shrU(this.form.get, i32.const(shift)), i32.const(mask));
  }
  /** Number of the physical register that ST(i) of the form is. */
  get physical(): Code {
    return i32.and(i32.add(this.top.get, this.field(I_SHIFT, 7)), i32.const(7));
  }
  isEmpty(physical: Code): Code {
    return i32.eqz(i32.and(i32.shrU(word(IN_USE), physical), i32.const(1)));
  }
  /** Sets the tag of a physical register to "in use". */
  use(physical: Code): Code {
    return setWord(IN_USE, i32.or(word(IN_USE), i32.shl(i32.const(1), physical)));
  }
  pop(): Code {
    return sequence(
      setWord(IN_USE, i32.and(word(IN_USE), i32.xor(i32.shl(i32.const(1), this.top.get), i32.const(-1)))),
      setWord(TOP, this.top.tee(i32.and(i32.add(this.top.get, i32.const(1)), i32.const(7)))),
    );
  }
  popIfAsked(): Code {
    return when(this.field(POPS_SHIFT, 3), this.pop());
  }
  /** C1 and the exceptions of the instruction become visible. */
  setStatus(flags: Code): Code {
    return setWord(STATUS_WORD, i32.or(i32.and(word(STATUS_WORD), i32.const(~C1)), flags));
  }
  clearC1(): Code {
    return setWord(STATUS_WORD, i32.and(word(STATUS_WORD), i32.const(~C1)));
  }
}

export const place = (physical: Code): Code => i32.shl(physical, i32.const(REGISTER_SHIFT));
/** Fields of the register at a place. */
export const significandAt = (at: Code): Code => i64.load(at, FPU_OFFSET);
export const signAndExponentAt = (at: Code): Code => i32.load(at, FPU_OFFSET + SIGN_AND_EXPONENT);
export const putRegister = (at: Code, signAndExponent: Code, significand: Code): Code =>
  sequence(i64.store(at, significand, FPU_OFFSET), i32.store(at, signAndExponent, FPU_OFFSET + SIGN_AND_EXPONENT));

/** Takes a register apart; gives up unless it holds a normal number or zero. */
export const takeRegister = (real: Real, at: Code): Code =>
  sequence(
    real.significand.set(significandAt(at)),
    real.exponent.set(i32.and(real.sign.tee(signAndExponentAt(at)), i32.const(EXP_MAX))),
    real.sign.set(i32.and(real.sign.get, i32.const(SIGN))),
    when(
      i32.eqz(i32.and(i64.ltS(real.significand.get, i64.const(0n)), i32.ltU(i32.sub(real.exponent.get, i32.const(1)), i32.const(EXP_MAX - 1)))),
      giveUpIf(i32.or(real.exponent.get, i64.ne(real.significand.get, i64.const(0n)))),
    ),
  );

/** ST(0), which must not be empty. */
export const takeTop = (unit: Unit, real: Real): Code => sequence(giveUpIf(unit.isEmpty(unit.top.get)), takeRegister(real, place(unit.top.get)));
