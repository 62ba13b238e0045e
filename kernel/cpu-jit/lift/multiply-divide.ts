/**
 * Multiplication and division beyond the hot set. Flags of a product are those of the interpreter: sign, zero and parity of
 * its lower half, which the manual leaves undefined. A division that would fault is left to the interpreter.
 */
import { LAZY_SHIFT } from "../../cpu/flags.js";
import { R_IMM } from "../../cpu/interpreter/record.js";
import { EAX, EDX } from "../../cpu/state.js";
import { binary, constant, type Expr, local, type Size, select, type WideOperator } from "../ir/ir.js";
import type { BlockBuilder } from "./builder.js";
import { getE, getG, getNumbered, isSimple, setG, setNumbered, sizeOf, wordSize } from "./cold-operands.js";
import { product } from "./integer.js";
import type { Lifter } from "./lifter.js";
import { and, extend } from "./operands.js";

const ZERO = constant(0);
const MINIMUM = constant(-0x8000_0000);
const mul = (a: Expr, b: Expr): Expr => binary("mul", a, b);
const sign = (value: Expr): Expr => binary("shrS", value, constant(31));
const mask = (size: 8 | 16): number => (size === 8 ? 0xff : 0xffff);

const productFlags = (block: BlockBuilder, low: Expr, lost: Expr): void => {
  block.flagOperands(undefined, block.let(select(lost, constant(3), ZERO)));
  block.flagOutcome(LAZY_SHIFT, low);
};

/** Into EDX and EAX, DX and AX, or AX. */
const multiply =
  (signed: boolean): Lifter =>
  (block) => {
    if (!isSimple(block)) return false;
    const size = sizeOf(block);
    const by = getE(block, size);
    if (size === 32) {
      const a = block.let(local(EAX));
      const low = block.let(mul(a, by));
      const high = block.let(binary(signed ? "mulHighS" : "mulHighU", a, by));
      block.set(EAX, low);
      block.set(EDX, high);
      productFlags(block, low, binary("ne", high, signed ? sign(low) : ZERO));
      return true;
    }
    const a = getNumbered(block, size, EAX);
    const whole = block.let(signed ? mul(a, by) : mul(and(a, mask(size)), and(by, mask(size))));
    const low = block.let(extend(size, whole));
    setNumbered(block, 16, EAX, whole);
    if (size === 16) setNumbered(block, 16, EDX, binary("shrU", whole, constant(16)));
    productFlags(block, low, signed ? binary("ne", whole, low) : binary("shrU", whole, constant(size)));
    return true;
  };

/** IMUL with two or three operands. */
const multiplyInto =
  (other: (block: BlockBuilder, size: Size) => Expr): Lifter =>
  (block) => {
    if (!isSimple(block)) return false;
    const size = wordSize(block);
    const e = getE(block, size);
    if (size === 32) {
      product(block, other(block, size), e);
      return true;
    }
    const whole = block.let(mul(e, other(block, size)));
    const low = block.let(extend(16, whole));
    setG(block, 16, low);
    productFlags(block, low, binary("ne", whole, low));
    return true;
  };

const wide = (op: WideOperator, high: Expr, low: Expr, by: Expr): Expr => ({ kind: "wide", op, high, low, by });

/** AX, or DX and AX, as one value. */
const dividend = (block: BlockBuilder, size: 8 | 16, signed: boolean): Expr => {
  if (size === 8) return signed ? getNumbered(block, 16, EAX) : block.let(and(local(EAX), 0xffff));
  return block.let(binary("or", binary("shl", local(EDX), constant(16)), and(local(EAX), 0xffff)));
};

const keepDivision = (block: BlockBuilder, size: Size, quotient: Expr, remainder: Expr): void => {
  setNumbered(block, size, EAX, quotient);
  // AH is number 4 of the byte registers
  setNumbered(block, size, size === 8 ? 4 : EDX, remainder);
};

const divideUnsigned: Lifter = (block) => {
  if (!isSimple(block)) return false;
  const size = sizeOf(block);
  const e = getE(block, size);
  const by = size === 32 ? e : block.let(and(e, mask(size)));
  const low = size === 32 ? block.let(local(EAX)) : dividend(block, size, false);
  const high = size === 32 ? block.let(local(EDX)) : ZERO;
  // not by zero, and the quotient fits
  block.require(binary("ltU", size === 32 ? high : binary("shrU", low, constant(size)), by));
  const quotient = block.let(wide("quotient", high, low, by));
  keepDivision(block, size, quotient, block.let(wide("remainder", high, low, by)));
  return true;
};

/** 32 bits only where the dividend fits into EAX. */
const divideSigned: Lifter = (block) => {
  if (!isSimple(block)) return false;
  const size = sizeOf(block);
  const by = getE(block, size);
  const top = size === 32 ? block.let(local(EAX)) : dividend(block, size, true);
  if (size === 32) block.require(binary("eq", local(EDX), sign(top)));
  const overflows = binary("and", binary("eq", top, MINIMUM), binary("eq", by, constant(-1)));
  block.require(binary("and", binary("ne", by, ZERO), binary("eq", overflows, ZERO)));
  const quotient = block.let(binary("divS", top, by));
  if (size !== 32) block.require(binary("eq", quotient, extend(size, quotient)));
  keepDivision(block, size, quotient, block.let(binary("remS", top, by)));
  return true;
};

export const multiplyDivideLifters = (): Map<string, Lifter> =>
  new Map([
    ["MUL", multiply(false)],
    ["IMUL", multiply(true)],
    ["IMUL2", multiplyInto(getG)],
    ["IMUL3", multiplyInto((block) => constant(block.field(R_IMM)))],
    ["DIV", divideUnsigned],
    ["IDIV", divideSigned],
  ]);
