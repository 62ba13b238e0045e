/** The role of a translator of hot code beside the interpreter. */
import type { PhysicalSpace } from "../memory/physical.js";
import type { ColdOperation, Core } from "./core.js";
import type { Fpu } from "./fpu.js";
import type { CodeCache } from "./interpreter/code-cache.js";
import type { Decoder } from "./interpreter/decoder.js";

export interface Translator {
  /** A region may run past its limit by less than this many instructions. */
  readonly margin: number;
  /**
   * The interpreter is about to go on at a linear address, which begins a block. Returns the number of instructions that it
   * executes before the next sample.
   */
  sample(linear: number): number;
  /** Runs the region in a slot; the linear address at which execution goes on. In slot 0 there is none: it goes on at `entry`. */
  enter(slot: number, entry: number): number;
}

/** What a translator works on. */
export interface TranslatorParts {
  readonly core: Core;
  readonly space: PhysicalSpace;
  readonly cache: CodeCache;
  readonly decoder: Decoder;
  readonly cold: readonly ColdOperation[];
  readonly fpu: Fpu;
}

export type CreateTranslator = (parts: TranslatorParts) => Translator;
