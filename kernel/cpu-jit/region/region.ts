/** A compiled region in the code cache. */
import type { RegionPage } from "../ir/ir.js";

export interface RegionEntryPoint {
  readonly linear: number;
  /** The dispatcher's number. */
  readonly number: number;
  readonly record: number;
  /** The record leads here; it may lead into an older region. */
  installed: boolean;
}

/** A stretch of code on a page of the guest buffer. */
export interface CodeSpan {
  readonly bufferPage: number;
  readonly start: number;
  readonly end: number;
}

export interface Region {
  readonly id: number;
  readonly seed: number;
  readonly slot: number;
  readonly tier: "js" | "wasm";
  readonly entries: readonly RegionEntryPoint[];
  readonly spans: readonly CodeSpan[];
  readonly pages: readonly RegionPage[];
  readonly part: number;
  readonly instructions: number;
  readonly bytes: number;
  alive: boolean;
  samples: number;
}
