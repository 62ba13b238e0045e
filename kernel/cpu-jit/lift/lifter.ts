/** What turns an instruction into statements. */
import type { BlockBuilder } from "./builder.js";
import { hasSimpleAddress } from "./operands.js";

/** Lifts the current instruction of a block; false, with nothing emitted, when this form has to be left to the cold operation. */
export type Lifter = (block: BlockBuilder) => boolean;

export const always =
  (lift: (block: BlockBuilder) => void): Lifter =>
  (block) => {
    lift(block);
    return true;
  };

/** With a memory operand of a form that can be lifted. */
export const withMemory =
  (lift: (block: BlockBuilder) => void): Lifter =>
  (block) => {
    if (!hasSimpleAddress(block)) return false;
    lift(block);
    return true;
  };
