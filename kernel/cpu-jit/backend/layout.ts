/**
 * Which back edges of a region become loops of the target language, and which go through its dispatcher.
 *
 * A back edge from block `e` to block `h` is a loop when nothing but its header `h` is entered from outside of the blocks h
 * to e. Everything else, and every entry, is a case of the dispatcher at the region's start. Forward edges are jumps to
 * where the target's code begins and need no dispatcher.
 */
import type { IrRegion } from "../ir/ir.js";
import { edgesOf } from "../region/region-former.js";

export interface Layout {
  /** Last block of the loop that a block heads; -1 when it heads none. */
  readonly loopEnd: Int32Array;
  /** Blocks that the dispatcher leads to, ascending. */
  readonly dispatched: readonly number[];
}

export const layOut = (region: IrRegion): Layout => {
  const { blocks } = region;
  const loopEnd = new Int32Array(blocks.length).fill(-1);
  const dispatched = new Set(region.entries);
  const sources: number[][] = blocks.map(() => []);
  for (let from = 0; from < blocks.length; from++) for (const { block: to } of edgesOf(blocks[from].exit)) if (to >= 0) sources[to].push(from);
  /** Where a loop ends that has to hold the inner loops that it reaches into. */
  const extended = (header: number, from: number): number => {
    let end = from;
    for (let inner = header + 1; inner <= end; inner++) if (loopEnd[inner] > end) end = loopEnd[inner];
    return end;
  };
  /** Nothing between header and end is entered from outside. */
  const isLoop = (header: number, end: number): boolean => {
    for (let inside = header + 1; inside <= end; inside++) {
      if (dispatched.has(inside)) return false;
      for (const from of sources[inside]) if (from < header || from > end) return false;
    }
    return true;
  };
  // innermost first: an inner loop has the later header
  for (let header = blocks.length - 1; header >= 0; header--) {
    const ends = sources[header].filter((from) => from >= header).sort((a, b) => b - a);
    // the longest that is a loop; back edges from beyond it take the dispatcher
    loopEnd[header] = ends.map((end) => extended(header, end)).find((end) => isLoop(header, end)) ?? -1;
    if (ends.length > 0 && loopEnd[header] < ends[0]) dispatched.add(header);
  }
  return { loopEnd, dispatched: [...dispatched].sort((a, b) => a - b) };
};
