/**
 * Why a region was left: the lower three bits of what generated code keeps beside the count when it leaves. With the odd
 * ones the interpreter has to execute the next instruction.
 */

export const LEFT = {
  /** Along an edge that leads out of it. */
  edge: 0,
  /** An access is not to plain memory, or faults. */
  refused: 1,
  /** The slice is over. */
  limit: 2,
  /** Something did not hold that its code relies on. */
  required: 3,
  /** A cold operation has moved EIP, or the region may not go on behind it. */
  moved: 4,
  /** The same behind a cold operation that ends no block, or in the middle of one. */
  fence: 5,
  /** The page that it leads to is not the one that was compiled. */
  unmapped: 6,
  /** Its code ends there: what follows is not translated. */
  interpret: 7,
} as const;

export const LEFT_BITS = 7;
