/** How a region's function numbers what it imports and its locals. */
import { LOCALS } from "../../ir/ir.js";

/** The functions that a module's regions call, numbered as they are met. */
export class Imports {
  readonly #indices = new Map<string, number>();

  indexOf(name: string): number {
    let index = this.#indices.get(name);
    if (index === undefined) this.#indices.set(name, (index = this.#indices.size));
    return index;
  }
  /** In the order of their numbers. */
  get names(): readonly string[] {
    return [...this.#indices.keys()];
  }
}

/** Name of the fast x87 function at a place. */
export const x87Name = (place: number): string => `x87.${place}`;
export const conditionName = (code: number): string => `condition${code}`;

/** Of a condition: the lazy flags. */
export const HELPER_PARAMETERS = 4;
/** How many parameters an imported function has; all are i32. */
export const parametersOf = (name: string): number => {
  if (name.startsWith("condition")) return HELPER_PARAMETERS;
  return name.startsWith("x87") || name.endsWith("Window") ? 2 : 1;
};

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
