/**
 * CLI, STI and POPF in the kernel of a guest: at CPL 0, with nothing due that would have to be looked at between instructions.
 * Where something is due, the interpreter executes them.
 */

import { LAZY_NONE } from "../../cpu/flags.js";
import { AC, ARITHMETIC_FLAGS, CPL, DEBUG_TRAP, DF, ESP, FLAGS, ID, IF, IOPL, NT, PENDING, RF, SHADOW, TF } from "../../cpu/state.js";
import { binary, constant, L_OP, local, word } from "../ir/ir.js";
import type { BlockBuilder } from "./builder.js";
import { wordSize } from "./cold-operands.js";
import type { Lifter } from "./lifter.js";
import { add, and } from "./operands.js";

/** What POPF may change here; other flags that it would change are for the interpreter. */
const RESTORED = ARITHMETIC_FLAGS | IF | DF;
const FOR_THE_INTERPRETER = TF | NT | IOPL | AC | ID;

const requireNothingDue = (block: BlockBuilder): void => {
  const due = [word(PENDING), word(SHADOW), word(DEBUG_TRAP), word(CPL)].reduce((all, each) => binary("or", all, each), and(word(FLAGS), TF | RF));
  block.require(binary("eq", due, constant(0)));
};

const clearInterruptFlag: Lifter = (block) => {
  requireNothingDue(block);
  block.emit({ kind: "word", word: FLAGS, value: and(word(FLAGS), ~IF) });
  return true;
};

/** Interrupts are held off until the next instruction has begun. */
const setInterruptFlag: Lifter = (block) => {
  if (!block.isSupervisor || !block.continues) return false;
  requireNothingDue(block);
  block.shadow(and(binary("xor", binary("shrU", word(FLAGS), constant(IF_BIT)), constant(1)), 1));
  block.emit({ kind: "word", word: FLAGS, value: binary("or", word(FLAGS), constant(IF)) });
  return true;
};
const IF_BIT = 31 - Math.clz32(IF);

const popFlags: Lifter = (block) => {
  if (!block.isSupervisor || wordSize(block) !== 32) return false;
  requireNothingDue(block);
  const value = block.load(32, local(ESP));
  block.require(binary("eq", and(binary("xor", value, word(FLAGS)), FOR_THE_INTERPRETER), constant(0)));
  block.emit({ kind: "word", word: FLAGS, value: binary("or", and(word(FLAGS), ~RESTORED), and(value, RESTORED)) });
  block.set(L_OP, constant(LAZY_NONE));
  block.flagsUnknown();
  block.flagKind = LAZY_NONE;
  block.set(ESP, add(local(ESP), constant(4)));
  return true;
};

export const interruptFlagLifters = (): Map<string, Lifter> =>
  new Map([
    ["CLI", clearInterruptFlag],
    ["STI", setInterruptFlag],
    ["POPF", popFlags],
  ]);
