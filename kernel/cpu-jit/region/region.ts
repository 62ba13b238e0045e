/** A compiled region. */
import type { IrRegion, RegionPage } from "../ir/ir.js";

export interface RegionEntryPoint {
  readonly linear: number;
  /** The dispatcher's number. */
  readonly number: number;
  readonly record: number;
  /** The record leads here. */
  installed: boolean;
  /** The record leads here, or the chain table may: where the same code is mapped elsewhere too, the record leads to the newest. */
  reachable: boolean;
}

/** A stretch of code on a page of the guest buffer. */
export interface CodeSpan {
  readonly bufferPage: number;
  readonly start: number;
  readonly end: number;
}

export interface Region {
  readonly seed: number;
  readonly slot: number;
  readonly tier: "js" | "wasm";
  /** By the dispatcher's number. */
  readonly entries: readonly (RegionEntryPoint | undefined)[];
  readonly spans: readonly CodeSpan[];
  readonly pages: readonly RegionPage[];
  /** Part of the TLBs that its code uses. */
  readonly part: number;
  readonly instructions: number;
  /** Of generated code. */
  readonly bytes: number;
  /** Formed with a free hand, because its forerunner was hot. */
  readonly isHot: boolean;
  /** Slices that ended in it. */
  heat: number;
  /** Windows that lay across a page boundary. */
  straddles: number;
}

/** The bytes that a region's blocks were made from. */
export const spansOf = (ir: IrRegion): CodeSpan[] =>
  ir.blocks.flatMap(({ linear, end }) => {
    const onPage = (address: number, start: number, behind: number): CodeSpan[] => {
      const page = ir.pages.find((each) => each.linear === (address & ~0xfff));
      return page ? [{ bufferPage: page.bufferPage, start, end: behind }] : [];
    };
    const start = linear & 0xfff;
    const behind = start + ((end - linear) | 0);
    if (behind <= 0x1000) return onPage(linear, start, behind);
    // its last instruction reaches into the next page
    return [...onPage(linear, start, 0x1000), ...onPage(end, 0, behind - 0x1000)];
  });
