/** Stack instructions beyond the hot set, on a flat 32-bit stack. */
import { R_DISP, R_IMM, R_REG, R_RM } from "../../cpu/interpreter/record.js";
import { ARITHMETIC_FLAGS, EBP, ESP, FLAGS, RF, SEL, VM } from "../../cpu/state.js";
import { binary, constant, type Expr, local, type Size, word } from "../ir/ir.js";
import type { BlockBuilder } from "./builder.js";
import { getE, getNumbered, isRegister, isSimple, setNumbered, wordSize } from "./cold-operands.js";
import { flagImage } from "./flag-changes.js";
import type { Lifter } from "./lifter.js";
import { add, address, and } from "./operands.js";
import { memoryPlace } from "./place.js";

const below = (bytes: number): Expr => add(local(ESP), constant(-bytes));
const move = (block: BlockBuilder, by: number): void => block.set(ESP, add(local(ESP), constant(by)));

const push = (block: BlockBuilder, size: Size, value: Expr): void => {
  block.store(size, below(size >> 3), value);
  move(block, -(size >> 3));
};
/** 32 bits are cold only where the stack is not flat. */
const pushing =
  (value: (block: BlockBuilder) => Expr): Lifter =>
  (block) => {
    if (wordSize(block) === 32) return false;
    push(block, 16, value(block));
    return true;
  };
const pushOperand: Lifter = (block) => {
  if (wordSize(block) === 32 || !isSimple(block)) return false;
  push(block, 16, getE(block, 16));
  return true;
};
const pop: Lifter = (block) => {
  if (wordSize(block) === 32) return false;
  const value = block.load(16, local(ESP));
  move(block, 2);
  setNumbered(block, 16, block.field(R_REG), value);
  return true;
};

/** The address of a memory operand is computed with the stack pointer already moved. */
const popOperand: Lifter = (block) => {
  if (!isSimple(block)) return false;
  const size = wordSize(block);
  const bytes = size >> 3;
  const value = block.load(size, local(ESP));
  if (isRegister(block)) {
    move(block, bytes);
    setNumbered(block, size, block.field(R_RM), value);
    return true;
  }
  const at = address(block, true);
  block.store(size, block.field(R_RM) === ESP ? add(at, constant(bytes)) : at, value);
  move(block, bytes);
  return true;
};

/** Nothing is written before all of it can be. */
const pushAll: Lifter = (block) => {
  const size = wordSize(block);
  const bytes = size >> 3;
  const places = [0, 1, 2, 3, 4, 5, 6, 7].map((register) => memoryPlace(block, size, below(bytes * (register + 1))));
  for (const [register, { put }] of places.entries()) put(local(register));
  move(block, -8 * bytes);
  return true;
};
const popAll: Lifter = (block) => {
  const size = wordSize(block);
  const bytes = size >> 3;
  const values = [0, 1, 2, 3, 4, 5, 6, 7].map((register) => block.load(size, add(local(ESP), constant((7 - register) * bytes))));
  values.forEach((value, register) => {
    if (register !== ESP) setNumbered(block, size, register, value);
  });
  move(block, 8 * bytes);
  return true;
};

const pushFlags: Lifter = (block) => {
  const rest = and(word(FLAGS), ~(ARITHMETIC_FLAGS | VM | RF));
  push(block, wordSize(block), block.let(binary("or", rest, flagImage(block, ARITHMETIC_FLAGS))));
  return true;
};

/** The upper half of a 32-bit slot is not written, but must be writable. */
const pushSegment: Lifter = (block) => {
  const size = wordSize(block);
  const { value, put } = memoryPlace(block, size, below(size >> 3));
  put(binary("or", and(value, ~0xffff), and(word(SEL + block.field(R_REG)), 0xffff)));
  move(block, -(size >> 3));
  return true;
};
/** 16 bits to memory, zero-extended to a 32-bit register. */
const fromSegment: Lifter = (block) => {
  const segment = block.field(R_REG);
  if (segment > 5 || !isSimple(block)) return false;
  if (isRegister(block)) setNumbered(block, wordSize(block), block.field(R_RM), word(SEL + segment));
  else block.store(16, address(block, true), word(SEL + segment));
  return true;
};

/** Of nesting level zero. */
const enter: Lifter = (block) => {
  if ((block.field(R_DISP) & 31) !== 0) return false;
  const size = wordSize(block);
  const bytes = size >> 3;
  const frame = block.let(below(bytes));
  const slot = memoryPlace(block, size, frame);
  const top = block.let(add(frame, constant(-block.field(R_IMM))));
  // where the frame ends must be writable too
  memoryPlace(block, size, top);
  slot.put(getNumbered(block, size, EBP));
  setNumbered(block, size, EBP, frame);
  block.set(ESP, top);
  return true;
};

export const stackLifters = (): Map<string, Lifter> =>
  new Map([
    ["PUSH", pushing((block) => getNumbered(block, 16, block.field(R_REG)))],
    ["PUSHI", pushing((block) => constant(block.field(R_IMM)))],
    ["PUSHE", pushOperand],
    ["POP", pop],
    ["POPE", popOperand],
    ["PUSHA", pushAll],
    ["POPA", popAll],
    ["PUSHF", pushFlags],
    ["PUSHSEG", pushSegment],
    ["MOVFROMSEG", fromSegment],
    ["ENTER", enter],
  ]);
