/** Condition codes and single flags as expressions: fused with the operation that made the flags where it is known. */
import { LAZY_ADC, LAZY_ADD, LAZY_DEC, LAZY_INC, LAZY_LOGIC, LAZY_NONE, LAZY_SBB, LAZY_SHIFT, LAZY_SUB } from "../../cpu/flags.js";
import { AF, CF, FLAGS, OF, PF, SF, ZF } from "../../cpu/state.js";
import { binary, constant, type Expr, unary, word } from "../ir/ir.js";
import { negated } from "../ir/negate.js";
import { type BlockBuilder, UNKNOWN_FLAGS } from "./builder.js";
import { AUXILIARY } from "./unknown-flags.js";

const ZERO = constant(0);
const ONE = constant(1);
/** As a condition: CF. */
const BELOW = 2;

const isNegative = (value: Expr): Expr => binary("ltS", value, ZERO);
const isZero = (value: Expr): Expr => binary("eq", value, ZERO);
/** Bit n of the constant is 1 where n has an even number of ones. */
const parity = (result: Expr): Expr =>
  binary("and", binary("shrU", constant(0x9669), binary("and", binary("xor", result, binary("shrU", result, constant(4))), constant(15))), ONE);

/** A flag of the kind LAZY_NONE: it is in FLAGS. */
const stored = (flag: number): Expr => binary("ne", binary("and", word(FLAGS), constant(flag)), ZERO);

/** 1 when a test is 0 and the reverse. */
export const negate = (test: Expr): Expr => negated(test) ?? binary("xor", test, ONE);

/** CF as 1 or 0. */
export const carry = (block: BlockBuilder): Expr => {
  const { flagA, flagB, flagResult } = block;
  switch (block.flagKind) {
    case LAZY_ADD:
      return binary("ltU", flagResult, flagA);
    case LAZY_ADC:
      return binary("leU", flagResult, flagA);
    case LAZY_SUB:
      return binary("ltU", flagA, flagB);
    case LAZY_SBB:
      return binary("leU", flagA, flagB);
    case LAZY_LOGIC:
      return ZERO;
    case LAZY_INC:
    case LAZY_DEC:
    case LAZY_SHIFT:
      return binary("and", flagB, ONE);
    case LAZY_NONE:
      return stored(CF);
    default:
      return { kind: "condition", code: BELOW };
  }
};

/** OF as 1 or 0. */
export const overflow = (block: BlockBuilder): Expr => {
  const { flagA, flagB, flagResult } = block;
  switch (block.flagKind) {
    case LAZY_ADD:
    case LAZY_ADC:
      return isNegative(binary("and", binary("xor", flagA, flagResult), binary("xor", flagB, flagResult)));
    case LAZY_SUB:
    case LAZY_SBB:
      return isNegative(binary("and", binary("xor", flagA, flagB), binary("xor", flagA, flagResult)));
    case LAZY_LOGIC:
      return ZERO;
    case LAZY_INC:
      return isNegative(binary("and", unary("not", flagA), flagResult));
    case LAZY_DEC:
      return isNegative(binary("and", flagA, unary("not", flagResult)));
    case LAZY_SHIFT:
      return binary("and", binary("shrU", flagB, ONE), ONE);
    case LAZY_NONE:
      return stored(OF);
    default:
      return { kind: "condition", code: 0 };
  }
};

/** AF as 1 or 0. */
export const auxiliary = (block: BlockBuilder): Expr => {
  const { flagA, flagB, flagResult } = block;
  const bit4 = (value: Expr): Expr => binary("and", binary("shrU", value, constant(4)), ONE);
  switch (block.flagKind) {
    case LAZY_ADD:
    case LAZY_ADC:
    case LAZY_SUB:
    case LAZY_SBB:
      return bit4(binary("xor", binary("xor", flagA, flagB), flagResult));
    case LAZY_INC:
      return isZero(binary("and", flagResult, constant(15)));
    case LAZY_DEC:
      return binary("eq", binary("and", flagResult, constant(15)), constant(15));
    case LAZY_SHIFT:
      return binary("and", binary("shrU", flagB, constant(2)), ONE);
    case LAZY_LOGIC:
      return ZERO;
    case LAZY_NONE:
      return stored(AF);
    default:
      return { kind: "condition", code: AUXILIARY };
  }
};

const even = (block: BlockBuilder, pair: number): Expr => {
  const { flagKind, flagA, flagB, flagResult } = block;
  const subtraction = flagKind === LAZY_SUB;
  const logic = flagKind === LAZY_LOGIC;
  const inFlags = flagKind === LAZY_NONE;
  const zero = (): Expr => (inFlags ? stored(ZF) : isZero(flagResult));
  const sign = (): Expr => (inFlags ? stored(SF) : isNegative(flagResult));
  switch (pair) {
    case 0:
      return overflow(block);
    case 1:
      return carry(block);
    case 2:
      return subtraction ? binary("eq", flagA, flagB) : zero();
    case 3:
      if (subtraction) return binary("leU", flagA, flagB);
      return logic ? isZero(flagResult) : binary("or", carry(block), zero());
    case 4:
      return sign();
    case 5:
      return inFlags ? stored(PF) : parity(flagResult);
    case 6:
      if (subtraction) return binary("ltS", flagA, flagB);
      return logic ? isNegative(flagResult) : binary("xor", sign(), overflow(block));
    default:
      if (subtraction) return binary("leS", flagA, flagB);
      if (logic) return binary("leS", flagResult, ZERO);
      return binary("or", zero(), binary("xor", sign(), overflow(block)));
  }
};

/** Condition code 0-15 as encoded in Jcc, SETcc and CMOVcc: 1 or 0. */
export const condition = (block: BlockBuilder, code: number): Expr => {
  if (block.flagKind === UNKNOWN_FLAGS) return { kind: "condition", code };
  const holds = even(block, code >> 1);
  return (code & 1) !== 0 ? negate(holds) : holds;
};
