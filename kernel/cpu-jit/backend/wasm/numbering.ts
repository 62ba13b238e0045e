/** How a region's function numbers what it imports and its locals. */
import { LOCALS, type Size } from "../../ir/ir.js";
import { HELPER_CODES } from "../../lift/unknown-flags.js";

/** Imported functions, in the order of their indices. */
export const IMPORTS = [
  "fence",
  "readMiss8",
  "readMiss16",
  "readMiss32",
  "writeMiss8",
  "writeMiss16",
  "writeMiss32",
  "endingFence",
  "x87",
  "readWindow",
  "writeWindow",
  ...HELPER_CODES.map((code) => `condition${code}`),
];
export const FENCE = 0;
export const READ_MISS: Record<Size, number> = { 8: 1, 16: 2, 32: 3 };
export const WRITE_MISS: Record<Size, number> = { 8: 4, 16: 5, 32: 6 };
export const ENDING_FENCE = 7;
export const X87 = 8;
export const READ_WINDOW = 9;
export const WRITE_WINDOW = 10;
export const FIRST_HELPER = 11;
/** Imported functions of two parameters. */
export const BINARY_IMPORTS: ReadonlySet<string> = new Set(["x87", "readWindow", "writeWindow"]);

/** Function locals: the dispatcher's target, the guest's, and what the region needs itself. */
export const TARGET = 0;
export const FIRST_LOCAL = 1;
export const COUNT = FIRST_LOCAL + LOCALS;
export const ADDRESS = COUNT + 1;
export const ENTRY = COUNT + 2;
/** Where execution goes on. */
export const LINEAR = COUNT + 3;
/** Eighths of instructions to add to the count, and below them why the region is left (`leaves.ts`); in bit 0 whether the interpreter must execute the next one. */
export const EXTRA = COUNT + 4;
/** Handles of windows, then temporaries. */
export const FIRST_HANDLE = COUNT + 5;
