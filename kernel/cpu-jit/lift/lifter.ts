/** What turns an instruction into statements. */
import type { BlockBuilder } from "./builder.js";

/** Lifts the current instruction of a block; false, with nothing emitted, when this form has to be left to the cold operation. */
export type Lifter = (block: BlockBuilder) => boolean;

export const always =
  (lift: (block: BlockBuilder) => void): Lifter =>
  (block) => {
    lift(block);
    return true;
  };
