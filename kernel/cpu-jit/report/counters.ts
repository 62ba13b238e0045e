/**
 * Where regions that are compiled for a report count: words of each slot, behind the chain table, in the memory that
 * generated code shares. Words wrap around; `take` must come before.
 */
import { TLB_READ_OFFSET } from "../../memory/layout.js";
import { LEFT, LEFT_BITS } from "../backend/leaves.js";
import { CHAIN_ENTRIES, CHAIN_ENTRY_BYTES, CHAIN_OFFSET } from "../chain.js";

const COUNTERS_OFFSET = CHAIN_OFFSET + CHAIN_ENTRIES * CHAIN_ENTRY_BYTES;
const SLOT_BYTES = 64;

/** Byte offsets in the buffer of what a slot's region counts. */
export const enteredAt = (slot: number): number => COUNTERS_OFFSET + slot * SLOT_BYTES;
export const executedAt = (slot: number): number => enteredAt(slot) + 4;
/** The first of as many words as there are causes (`LEFT`). */
export const leavesAt = (slot: number): number => enteredAt(slot) + 8;

export type Cause = keyof typeof LEFT;

export interface RegionCounts {
  entered: number;
  /** Guest instructions. */
  executed: number;
  /** By cause; `fault`: a cold operation has thrown. */
  readonly leaves: Record<Cause | "fault", number>;
}

export const noCounts = (): RegionCounts => ({
  entered: 0,
  executed: 0,
  leaves: { edge: 0, refused: 0, limit: 0, required: 0, moved: 0, fence: 0, unmapped: 0, interpret: 0, fault: 0 },
});

const CAUSES = Object.entries(LEFT) as readonly [Cause, number][];

export class CounterTable {
  readonly #u32: Uint32Array;

  /** @param slots all that regions may get, of which there is room for a limited number */
  constructor({ buffer }: { readonly buffer: ArrayBufferLike }, slots: number) {
    if (enteredAt(slots) > TLB_READ_OFFSET) throw new RangeError(`there are no counters for ${slots} regions`);
    this.#u32 = new Uint32Array(buffer, COUNTERS_OFFSET, (slots * SLOT_BYTES) >>> 2);
    this.#u32.fill(0);
  }

  /** Adds what a slot's region has counted to `counts` and begins anew. No region is running. */
  take(slot: number, counts: RegionCounts): void {
    const u32 = this.#u32;
    const at = (slot * SLOT_BYTES) >>> 2;
    const entered = u32[at];
    let left = 0;
    for (const [cause, index] of CAUSES) {
      const leaves = u32[at + 2 + index];
      counts.leaves[cause] += leaves;
      left += leaves;
    }
    counts.entered += entered;
    counts.executed += u32[at + 1];
    counts.leaves.fault += entered - left;
    u32.fill(0, at, at + 2 + LEFT_BITS + 1);
  }
}
