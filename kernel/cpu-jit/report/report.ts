/** What a translator that was made with `JitOptions.report` tells: for programs as it is, for people through `print.ts`. */
import type { JitStatistics } from "../statistics.js";
import type { RegionCounts } from "./counters.js";
import type { Phase } from "./stopwatch.js";

export interface RegionReport extends RegionCounts {
  /** Linear address of its first entry. */
  readonly address: number;
  readonly tier: "js" | "wasm";
  /** How often there was one at this address of this page of memory. */
  compiled: number;
  /** Guest instructions and bytes of generated code of the last one. */
  instructions: number;
  bytes: number;
}

/** Calls of generated code for TLB entries. */
export interface LookUps {
  filled: number;
  /** The interpreter had to make the access. */
  refused: number;
}

export interface JitReport {
  /** Of the host. */
  readonly seconds: Readonly<Record<Phase, number>>;
  /** Guest instructions by who has executed them. */
  readonly instructions: { readonly interpreter: number; readonly js: number; readonly wasm: number };
  /** Of all regions: from other regions, and from the interpreter, which are the `calls`. */
  readonly entered: number;
  readonly calls: number;
  readonly leaves: RegionCounts["leaves"];
  /** Calls of cold operations by operation, most frequent first. */
  readonly fences: readonly { readonly name: string; readonly count: number }[];
  readonly accesses: LookUps;
  /**
   * Of those filled, `across` two pages that are one piece of the host's memory; `straddled`: of those refused, across two that
   * are not.
   */
  readonly windows: LookUps & { readonly across: number; readonly straddled: number };
  readonly statistics: JitStatistics;
  /** By instructions executed, the hottest first. */
  readonly regions: readonly RegionReport[];
}
