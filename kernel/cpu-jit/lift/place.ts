/** Operands that are read and then written. */
import type { Expr, Size } from "../ir/ir.js";
import type { BlockBuilder } from "./builder.js";
import { getRegister, setRegister } from "./operands.js";

/** An operand that has been read, and that can be written without failing. */
export interface Place {
  /** Sign-extended; evaluated. */
  readonly value: Expr;
  readonly put: (value: Expr) => void;
}

/** A memory operand by its linear address. */
export const memoryPlace = (block: BlockBuilder, size: Size, linear: Expr): Place => {
  const { value, handle } = block.open(size, linear);
  return { value, put: (changed) => block.put(handle, size, changed) };
};
/** `index` as in records of hot operations. */
export const registerPlace = (block: BlockBuilder, size: Size, index: number): Place => ({
  value: block.let(getRegister(size, index)),
  put: (changed) => setRegister(block, size, index, changed),
});
/** Stores a result in a place and gives it as what can be read again. */
export const keepIn =
  (block: BlockBuilder, place: Place) =>
  (value: Expr): Expr => {
    const result = block.let(value);
    place.put(result);
    return result;
  };
