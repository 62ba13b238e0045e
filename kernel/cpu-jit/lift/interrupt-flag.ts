/** CLI where it does nothing but clear IF: at CPL 0, with nothing due that would have to be looked at between instructions. */
import { CPL, DEBUG_TRAP, FLAGS, IF, PENDING, RF, SHADOW, TF } from "../../cpu/state.js";
import { binary, constant, word } from "../ir/ir.js";
import type { Lifter } from "./lifter.js";
import { and } from "./operands.js";

export const clearInterruptFlag: Lifter = (block) => {
  const due = [word(PENDING), word(SHADOW), word(DEBUG_TRAP), word(CPL)].reduce((all, each) => binary("or", all, each), and(word(FLAGS), TF | RF));
  block.require(binary("eq", due, constant(0)));
  block.emit({ kind: "word", word: FLAGS, value: and(word(FLAGS), ~IF) });
  return true;
};
