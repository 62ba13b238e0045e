/** What a host chooses about translation. */
import type { HostClock } from "./report/stopwatch.js";

/** Which code generators are used: none, one of them, or WebAssembly for warm and JavaScript for hot regions. */
export type JitMode = "off" | "js" | "wasm" | "tiered";
export const JIT_MODES: readonly JitMode[] = ["off", "js", "wasm", "tiered"];
export const DEFAULT_JIT_MODE: JitMode = "wasm";

export interface JitOptions {
  readonly mode: Exclude<JitMode, "off">;
  /** Instructions of the interpreter between two samples. */
  readonly interval: number;
  /** Samples of an address before its region is compiled. */
  readonly threshold: number;
  /** Samples that a hot address waits for others, to be compiled together. */
  readonly patience: number;
  /** Slices that ended in a region before it is compiled again, for the hot tier. */
  readonly hotThreshold: number;
  /** Regions at most, and bytes of generated code; the oldest make room for new ones. */
  readonly regions: number;
  readonly bytes: number;
  /** Generated code counts what it does, and this clock tells the time of each phase: for `RegionTranslator.report`. */
  readonly report?: HostClock | undefined;
}

export const JIT_DEFAULTS: JitOptions = {
  mode: "wasm",
  interval: 2048,
  threshold: 10,
  patience: 16,
  hotThreshold: 12,
  regions: 1 << 14,
  bytes: 48 << 20,
};
/** Everything that is reached is compiled: for tests. */
export const JIT_FORCED: JitOptions = { ...JIT_DEFAULTS, interval: 1, threshold: 1, patience: 0, hotThreshold: 1 };
