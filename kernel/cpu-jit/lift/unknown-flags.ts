/**
 * Flags and condition codes when the kind of the lazy flags is known at run time only: as expressions over the lazy flags'
 * locals, from which each back end prints one helper function a condition. The same rules as in `kernel/cpu/flags.ts`.
 */
import { LAZY_ADC, LAZY_ADD, LAZY_DEC, LAZY_INC, LAZY_LOGIC, LAZY_NONE, LAZY_SBB, LAZY_SHIFT, LAZY_SUB } from "../../cpu/flags.js";
import { AF, CF, FLAGS, OF, PF, SF, ZF } from "../../cpu/state.js";
import { binary, constant, type Expr, L_A, L_B, L_OP, L_RESULT, local, select, unary, word } from "../ir/ir.js";

/** Beyond the condition codes: AF. */
export const AUXILIARY = 16;
/** Helpers that a back end has to print: even conditions, and AF. The odd ones are their negations. */
export const HELPER_CODES: readonly number[] = [0, 2, 4, 6, 8, 10, 12, 14, AUXILIARY];

const ZERO = constant(0);
const ONE = constant(1);
const OP = local(L_OP);
const RESULT = local(L_RESULT);
const A = local(L_A);
const B = local(L_B);

const isKind = (kind: number): Expr => binary("eq", OP, constant(kind));
const stored = (flag: number): Expr => binary("ne", binary("and", word(FLAGS), constant(flag)), ZERO);
const isNegative = (value: Expr): Expr => binary("ltS", value, ZERO);
const bit = (value: Expr, number: number): Expr => binary("and", binary("shrU", value, constant(number)), ONE);
/** The value of the first kind that applies. */
const byKind = (cases: readonly (readonly [kind: number, value: Expr])[], otherwise: Expr): Expr =>
  cases.reduceRight((rest, [kind, value]) => select(isKind(kind), value, rest), otherwise);

const carry = (): Expr =>
  byKind(
    [
      [LAZY_SUB, binary("ltU", A, B)],
      [LAZY_LOGIC, ZERO],
      [LAZY_ADD, binary("ltU", RESULT, A)],
      [LAZY_NONE, stored(CF)],
      [LAZY_ADC, binary("leU", RESULT, A)],
      [LAZY_SBB, binary("leU", A, B)],
    ],
    binary("and", B, ONE),
  );

const overflow = (): Expr => {
  const added = isNegative(binary("and", binary("xor", A, RESULT), binary("xor", B, RESULT)));
  const subtracted = isNegative(binary("and", binary("xor", A, B), binary("xor", A, RESULT)));
  return byKind(
    [
      [LAZY_SUB, subtracted],
      [LAZY_LOGIC, ZERO],
      [LAZY_ADD, added],
      [LAZY_ADC, added],
      [LAZY_SBB, subtracted],
      [LAZY_INC, isNegative(binary("and", unary("not", A), RESULT))],
      [LAZY_DEC, isNegative(binary("and", A, unary("not", RESULT)))],
      [LAZY_SHIFT, bit(B, 1)],
    ],
    stored(OF),
  );
};

const auxiliary = (): Expr => {
  const low = binary("and", RESULT, constant(15));
  return byKind(
    [
      [LAZY_INC, binary("eq", low, ZERO)],
      [LAZY_DEC, binary("eq", low, constant(15))],
      [LAZY_NONE, stored(AF)],
      [LAZY_SHIFT, bit(B, 2)],
      [LAZY_LOGIC, ZERO],
    ],
    bit(binary("xor", binary("xor", A, B), RESULT), 4),
  );
};

const unlessStored = (flag: number, value: Expr): Expr => select(isKind(LAZY_NONE), stored(flag), value);
const zero = (): Expr => unlessStored(ZF, binary("eq", RESULT, ZERO));
const sign = (): Expr => unlessStored(SF, isNegative(RESULT));
/** Bit n of the constant is 1 where n has an even number of ones. */
const parity = (): Expr =>
  unlessStored(PF, binary("and", binary("shrU", constant(0x9669), binary("and", binary("xor", RESULT, binary("shrU", RESULT, constant(4))), constant(15))), ONE));

const even = (pair: number): Expr => {
  switch (pair) {
    case 0:
      return overflow();
    case 1:
      return carry();
    case 2:
      return zero();
    case 3:
      return binary("or", carry(), zero());
    case 4:
      return sign();
    case 5:
      return parity();
    case 6:
      return binary("xor", sign(), overflow());
    default:
      return binary("or", zero(), binary("xor", sign(), overflow()));
  }
};

/** Condition code 0-15, or AUXILIARY: 1 or 0. */
export const unknownCondition = (code: number): Expr => {
  if (code === AUXILIARY) return auxiliary();
  const holds = even(code >> 1);
  return (code & 1) !== 0 ? binary("eq", holds, ZERO) : holds;
};
