/** Operands of a decoded record as expressions. */
import { META_ADDR16, META_SEGMENT_SHIFT, R_DISP, R_INDEX, R_META, R_RM, R_SCALE, SLOW_ADDRESS } from "../../cpu/interpreter/record.js";
import { ATTR, ATTR_CODE, ATTR_EXPAND_DOWN, ATTR_WRITABLE, BASE, CS, LIMIT, ZERO } from "../../cpu/state.js";
import { binary, constant, type Expr, local, type Size, unary, word } from "../ir/ir.js";
import type { BlockBuilder } from "./builder.js";

export const add = (a: Expr, b: Expr): Expr => binary("add", a, b);
export const and = (a: Expr, mask: number): Expr => binary("and", a, constant(mask));
export const extend = (size: Size, value: Expr): Expr => (size === 32 ? value : unary(size === 8 ? "extend8" : "extend16", value));

/** Register number behind an index that records of hot operations hold. */
export const registerOf = (size: Size, index: number): number => (size === 32 ? index : size === 16 ? index >> 1 : index >> 2);

/** Value of a register, sign-extended; `index` as in records of hot operations. */
export const getRegister = (size: Size, index: number): Expr => {
  const register = local(registerOf(size, index));
  if (size === 32) return register;
  if (size === 16) return unary("extend16", register);
  return unary("extend8", (index & 1) === 0 ? register : binary("shrU", register, constant(8)));
};

/** Sets a register, or the part of it that `size` names. */
export const setRegister = (block: BlockBuilder, size: Size, index: number, value: Expr): void => {
  const register = registerOf(size, index);
  if (size === 32) block.set(register, value);
  else if (size === 16) block.set(register, binary("or", and(local(register), ~0xffff), and(value, 0xffff)));
  else if ((index & 1) === 0) block.set(register, binary("or", and(local(register), ~0xff), and(value, 0xff)));
  else block.set(register, binary("or", and(local(register), ~0xff00), binary("shl", and(value, 0xff), constant(8))));
};

/** Offset part of the memory operand, without its segment. */
export const offset = (block: BlockBuilder): Expr => {
  const base = block.field(R_RM);
  const index = block.field(R_INDEX);
  const scale = block.field(R_SCALE) & 3;
  const displacement = block.field(R_DISP);
  let sum: Expr | undefined = base === ZERO ? undefined : local(base);
  if (index !== ZERO) {
    const scaled = scale === 0 ? local(index) : binary("shl", local(index), constant(scale));
    sum = sum ? add(sum, scaled) : scaled;
  }
  if (!sum) return constant(displacement);
  return displacement === 0 ? sum : add(sum, constant(displacement));
};

/** Whether the memory operand is of a form that can be lifted. */
export const hasSimpleAddress = (block: BlockBuilder): boolean => (block.field(R_META) & META_ADDR16) === 0;

/**
 * Linear address of the memory operand, in a mode where ES, CS, SS and DS are flat. FS and GS must have no limit to be
 * checked; where they have, the interpreter executes the instruction.
 */
export const address = (block: BlockBuilder, write: boolean): Expr => {
  const at = offset(block);
  if ((block.field(R_SCALE) & SLOW_ADDRESS) === 0) return at;
  const segment = (block.field(R_META) >> META_SEGMENT_SHIFT) & 7;
  if (segment === CS) {
    // readable, never writable
    if (write) block.require(constant(0));
    return at;
  }
  if ((block.openSegments & (1 << segment)) === 0) {
    block.openSegments |= 1 << segment;
    const kind = and(word(ATTR + segment), ATTR_CODE | ATTR_EXPAND_DOWN | ATTR_WRITABLE);
    const wrong = binary("or", unary("not", word(LIMIT + segment)), binary("xor", kind, constant(ATTR_WRITABLE)));
    block.require(binary("eq", wrong, constant(0)));
  }
  return add(at, word(BASE + segment));
};
