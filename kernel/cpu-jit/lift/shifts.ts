/** Shifts and double shifts, by constants and by CL. */
import { LAZY_SHIFT } from "../../cpu/flags.js";
import { OPERAND_IN_REGISTER, R_IMM, R_REG } from "../../cpu/interpreter/record.js";
import { ECX } from "../../cpu/state.js";
import { binary, constant, type Expr, local, type Size, select } from "../ir/ir.js";
import type { BlockBuilder } from "./builder.js";
import { getG, isSimple, modifyE, sizeOf, wordSize } from "./cold-operands.js";
import { flagsByCount } from "./flag-changes.js";
import type { Lifter } from "./lifter.js";
import { add, address, and, extend, hasSimpleAddress } from "./operands.js";
import { memoryPlace, type Place, registerPlace } from "./place.js";

const ZERO = constant(0);
const ONE = constant(1);
const or = (a: Expr, b: Expr): Expr => binary("or", a, b);
const sub = (a: Expr, b: Expr): Expr => binary("sub", a, b);
const bit0 = (value: Expr): Expr => and(value, 1);
/** Of a value that is sign-extended. */
const sign = (value: Expr): Expr => binary("shrU", value, constant(31));

export type Shift = "SHL" | "SHR" | "SAR";
export const SHIFTS: readonly Shift[] = ["SHL", "SHR", "SAR"];

interface Shifted {
  readonly result: Expr;
  /** CF in bit 0, OF in bit 1. */
  readonly carryOverflow: Expr;
}

/** By a count from 1 to 31. */
const shifted = (block: BlockBuilder, name: Shift, size: Size, x: Expr, c: Expr): Shifted => {
  if (name === "SAR") return { result: block.let(binary("shrS", x, c)), carryOverflow: bit0(binary("shrS", x, sub(c, ONE))) };
  const whole = size === 32 ? x : block.let(and(x, size === 8 ? 0xff : 0xffff));
  if (name === "SHR") {
    const result = block.let(extend(size, binary("shrU", whole, c)));
    const top = bit0(binary("shrU", whole, constant(size - 1)));
    return { result, carryOverflow: or(bit0(binary("shrU", whole, sub(c, ONE))), binary("shl", top, ONE)) };
  }
  const result = block.let(extend(size, binary("shl", x, c)));
  const out = bit0(binary("shrU", whole, sub(constant(size), c)));
  // beyond the operand's size zeros come out
  const cf = block.let(size === 32 ? out : select(binary("leU", c, constant(size)), out, ZERO));
  return { result, carryOverflow: or(cf, binary("shl", binary("xor", sign(result), cf), ONE)) };
};

/** `count` is undefined for CL. */
const shift = (block: BlockBuilder, { value, put }: Place, count: number | undefined, go: (by: Expr) => Shifted): void => {
  if (count === undefined) {
    const by = block.let(and(local(ECX), 31));
    const { result, carryOverflow } = go(by);
    flagsByCount(block, by, carryOverflow, result);
    put(block.let(select(by, result, value)));
  } else if ((count & 31) !== 0) {
    const { result, carryOverflow } = go(constant(count & 31));
    block.flagOperands(undefined, block.let(carryOverflow));
    put(result);
    block.flagOutcome(LAZY_SHIFT, result);
  }
};

/** Of the interpreter's hot set. */
export const hotShift =
  (name: Shift, size: Size, form: string): Lifter =>
  (block) => {
    if (form === "mi" && !hasSimpleAddress(block)) return false;
    const place = form === "mi" ? memoryPlace(block, size, address(block, true)) : registerPlace(block, size, block.field(R_REG));
    shift(block, place, form === "rc" ? undefined : block.field(R_IMM), (by) => shifted(block, name, size, place.value, by));
    return true;
  };

/** Count of a cold shift or rotation; undefined: CL. */
export const countOf = (block: BlockBuilder): number | undefined => (block.field(R_IMM) === OPERAND_IN_REGISTER ? undefined : block.field(R_IMM));

const coldShift =
  (name: Shift): Lifter =>
  (block) => {
    if (!isSimple(block)) return false;
    const size = sizeOf(block);
    const place = modifyE(block, size);
    shift(block, place, countOf(block), (by) => shifted(block, name, size, place.value, by));
    return true;
  };

/**
 * SHLD and SHRD. A count above 16 of 16-bit operands, which the manual calls undefined, shifts the filler in a second time:
 * as if the operands were exchanged and the count were less by 16.
 */
const doubleShifted = (block: BlockBuilder, left: boolean, size: 16 | 32, target: Expr, filler: Expr, c: Expr): Shifted => {
  let result: Expr;
  let cf: Expr;
  if (size === 32) {
    const rest = sub(constant(32), c);
    result = left ? or(binary("shl", target, c), binary("shrU", filler, rest)) : or(binary("shrU", target, c), binary("shl", filler, rest));
    cf = binary("shrU", target, left ? rest : sub(c, ONE));
  } else {
    const joined = (high: Expr, low: Expr): Expr => or(binary("shl", high, constant(16)), and(low, 0xffff));
    const once = binary("leU", c, constant(16));
    const by = block.let(select(once, c, add(c, constant(-16))));
    const straight = joined(target, filler);
    const crossed = joined(filler, target);
    const wide = block.let(left ? select(once, straight, crossed) : select(once, crossed, straight));
    result = extend(16, left ? binary("shrU", binary("shl", wide, by), constant(16)) : binary("shrU", wide, by));
    cf = binary("shrU", wide, left ? sub(constant(32), by) : sub(by, ONE));
  }
  const whole = block.let(result);
  return { result: whole, carryOverflow: or(bit0(cf), binary("shl", sign(binary("xor", whole, target)), ONE)) };
};

const doubleShift =
  (left: boolean): Lifter =>
  (block) => {
    if (!isSimple(block)) return false;
    const size = wordSize(block);
    const place = modifyE(block, size);
    const filler = getG(block, size);
    shift(block, place, countOf(block), (by) => doubleShifted(block, left, size, place.value, filler, by));
    return true;
  };

export const shiftLifters = (): Map<string, Lifter> =>
  new Map([...SHIFTS.map((name): [string, Lifter] => [name, coldShift(name)]), ["SHLD", doubleShift(true)], ["SHRD", doubleShift(false)]]);
