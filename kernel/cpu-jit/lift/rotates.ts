/** Rotations, also through CF, by constants and by CL. They change CF and OF alone. */
import { ECX } from "../../cpu/state.js";
import { binary, constant, type Expr, local, type Size, select } from "../ir/ir.js";
import type { BlockBuilder } from "./builder.js";
import { isSimple, modifyE, sizeOf } from "./cold-operands.js";
import { carry, overflow } from "./conditions.js";
import { setCarryOverflow } from "./flag-changes.js";
import type { Lifter } from "./lifter.js";
import { and, extend } from "./operands.js";
import type { Place } from "./place.js";
import { countOf } from "./shifts.js";

export type Rotation = "ROL" | "ROR" | "RCL" | "RCR";

const or = (a: Expr, b: Expr): Expr => binary("or", a, b);
const shl = (value: Expr, by: Expr): Expr => binary("shl", value, by);
const shrU = (value: Expr, by: Expr): Expr => binary("shrU", value, by);
const sub = (a: Expr, b: Expr): Expr => binary("sub", a, b);
const bit0 = (value: Expr): Expr => and(value, 1);
const ONE = constant(1);

const masked = (size: Size, value: Expr): Expr => (size === 32 ? value : and(value, size === 8 ? 0xff : 0xffff));

/** Without CF, by any count. */
const rotated = (block: BlockBuilder, left: boolean, size: Size, value: Expr, by: Expr): Expr => {
  // the operand as often as it fits into 32 bits
  let whole = value;
  if (size === 16) whole = block.let(or(shl(value, constant(16)), and(value, 0xffff)));
  else if (size === 8) whole = binary("mul", and(value, 0xff), constant(0x0101_0101));
  return extend(size, binary("rotl", whole, left ? by : sub(constant(32), by)));
};

/** Through CF, by 1 to `size` bits. Shifts by 32 bits are made in two steps, as their counts are modulo 32. */
const throughCarry = (block: BlockBuilder, left: boolean, size: Size, value: Expr, cf: Expr, by: Expr): { readonly result: Expr; readonly cf: Expr } => {
  const whole = block.let(masked(size, value));
  const rest = sub(constant(size), by);
  const before = sub(by, ONE);
  const result = left ? or(or(shl(whole, by), shl(cf, before)), shrU(shrU(whole, ONE), rest)) : or(or(shrU(whole, by), shl(cf, rest)), shl(shl(whole, ONE), rest));
  const out = bit0(shrU(whole, left ? rest : before));
  return { result: extend(size, size === 32 ? result : masked(size, result)), cf: out };
};

/** @param count undefined: CL */
export const rotate = (block: BlockBuilder, name: Rotation, size: Size, { value, put }: Place, count: number | undefined): void => {
  if (count !== undefined && (count & 31) === 0) return;
  const left = name === "ROL" || name === "RCL";
  const by = count === undefined ? block.let(and(local(ECX), 31)) : constant(count & 31);
  const top = (result: Expr): Expr => shrU(result, constant(31));
  let result: Expr;
  let cf: Expr;
  if (name === "ROL" || name === "ROR") {
    result = block.let(rotated(block, left, size, value, by));
    cf = left ? bit0(result) : top(result);
  } else {
    const before = block.let(carry(block));
    const width = size + 1;
    const turns = by.kind === "const" ? constant(by.value % width) : size === 32 ? by : block.let(binary("remS", by, constant(width)));
    const turned = throughCarry(block, left, size, value, before, turns);
    result = block.let(select(turns, turned.result, value));
    cf = block.let(select(turns, turned.cf, before));
  }
  const of = binary("xor", top(result), left ? cf : bit0(shrU(result, constant(size - 2))));
  if (count === undefined) {
    const newCf = block.let(select(by, cf, carry(block)));
    const newOf = block.let(select(by, of, overflow(block)));
    put(block.let(select(by, result, value)));
    setCarryOverflow(block, newCf, newOf);
  } else {
    const newCf = block.let(cf);
    const newOf = block.let(of);
    put(result);
    setCarryOverflow(block, newCf, newOf);
  }
};

const rotation =
  (name: Rotation): Lifter =>
  (block) => {
    if (!isSimple(block)) return false;
    const size = sizeOf(block);
    rotate(block, name, size, modifyE(block, size), countOf(block));
    return true;
  };

export const rotateLifters = (): Map<string, Lifter> => new Map((["ROL", "ROR", "RCL", "RCR"] as const).map((name) => [name, rotation(name)]));
