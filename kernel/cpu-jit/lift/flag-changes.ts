/** Instructions that change some of the arithmetic flags and keep the others, and those that move them. */
import { LAZY_NONE, LAZY_SHIFT } from "../../cpu/flags.js";
import { AF, ARITHMETIC_FLAGS, CF, FLAGS, OF, PF, SF, ZF } from "../../cpu/state.js";
import { binary, constant, type Expr, L_B, L_OP, L_RESULT, local, select, word } from "../ir/ir.js";
import { type BlockBuilder, UNKNOWN_FLAGS } from "./builder.js";
import { auxiliary, carry, condition, overflow } from "./conditions.js";
import { and } from "./operands.js";

const or = (a: Expr, b: Expr): Expr => binary("or", a, b);
const shl = (value: Expr, by: number): Expr => binary("shl", value, constant(by));
/** CF and OF, given as 1 or 0, in their places in FLAGS; the rest of it is kept. */
const withCarryOverflow = (cf: Expr, of: Expr): Expr => or(or(and(word(FLAGS), ~(CF | OF)), cf), shl(of, 11));

/** CF and OF become what is given as 1 or 0; the other flags keep their meaning. */
export const setCarryOverflow = (block: BlockBuilder, cf: Expr, of: Expr): void => {
  if (block.flagKind === LAZY_NONE) {
    block.emit({ kind: "word", word: FLAGS, value: withCarryOverflow(cf, of) });
    return;
  }
  const packed = block.let(or(or(cf, shl(of, 1)), shl(auxiliary(block), 2)));
  if (block.flagKind !== UNKNOWN_FLAGS) {
    const kept = block.flagResult;
    block.flagOperands(undefined, packed);
    block.flagOutcome(LAZY_SHIFT, kept);
    return;
  }
  // flags that are in FLAGS stay there: sign, zero and parity need not be those of any one result
  const inFlags = block.let(binary("eq", local(L_OP), constant(LAZY_NONE)));
  block.emit({ kind: "word", word: FLAGS, value: select(inFlags, withCarryOverflow(and(packed, 1), and(binary("shrU", packed, constant(1)), 1)), word(FLAGS)) });
  block.set(L_B, select(inFlags, local(L_B), packed));
  block.set(L_OP, select(inFlags, constant(LAZY_NONE), constant(LAZY_SHIFT)));
  block.flagsUnknown();
};
export const setCarry = (block: BlockBuilder, cf: Expr): void => setCarryOverflow(block, cf, overflow(block));

/** New flags of a shift's kind if a count is not zero; with a count of zero everything stays as it is. */
export const flagsByCount = (block: BlockBuilder, count: Expr, carryOverflow: Expr, result: Expr): void => {
  block.set(L_B, select(count, carryOverflow, local(L_B)));
  block.set(L_RESULT, select(count, result, local(L_RESULT)));
  block.set(L_OP, select(count, constant(LAZY_SHIFT), local(L_OP)));
  block.flagsUnknown();
};

/** The arithmetic flags of a mask, in their places in FLAGS. */
export const flagImage = (block: BlockBuilder, mask: number): Expr => {
  if (block.flagKind === LAZY_NONE) return and(word(FLAGS), mask);
  const parts: Expr[] = [];
  if ((mask & CF) !== 0) parts.push(carry(block));
  if ((mask & PF) !== 0) parts.push(shl(condition(block, 10), 2));
  if ((mask & AF) !== 0) parts.push(shl(auxiliary(block), 4));
  if ((mask & ZF) !== 0) parts.push(shl(condition(block, 4), 6));
  if ((mask & SF) !== 0) parts.push(shl(condition(block, 8), 7));
  if ((mask & OF) !== 0) parts.push(shl(overflow(block), 11));
  return parts.reduce(or);
};

/** Puts the arithmetic flags of `kept` into FLAGS, and the others as `given` has them there. */
export const materialise = (block: BlockBuilder, kept: number, given: Expr): void => {
  block.emit({ kind: "word", word: FLAGS, value: or(and(word(FLAGS), ~ARITHMETIC_FLAGS), or(flagImage(block, kept), given)) });
  block.set(L_OP, constant(LAZY_NONE));
  block.flagsUnknown();
  block.flagKind = LAZY_NONE;
};
