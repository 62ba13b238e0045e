/**
 * Regions in JavaScript, by slot: how a dispatcher that calls functions of another kind reaches them.
 *
 * V8 optimises a function by what it has seen of it. A long first run would have a loop optimised before it has been left
 * even once, and thrown away whenever that happens; so young regions run in short stretches, and ask for each TLB
 * entry by a call, as they will have to now and then.
 */
import { COUNT_BASE, REGION_LIMIT, REGION_SLOT } from "../../../cpu/state.js";
import type { RegionFunction } from "../backend.js";

/** Calls in short stretches. */
const YOUTH = 40;
/** Of these, calls that ask for TLB entries. */
const ASKING = 4;

export class JavaScriptRegions {
  readonly #i32: Int32Array;
  readonly #askAlways: (on: boolean) => void;
  readonly #run: (RegionFunction | undefined)[] = [];

  constructor(i32: Int32Array, askAlways: (on: boolean) => void) {
    this.#i32 = i32;
    this.#askAlways = askAlways;
  }

  /** What a dispatcher calls: the region in the slot that it has left in REGION_SLOT. */
  readonly call: RegionFunction = (entry) => this.#run[this.#i32[REGION_SLOT]]!(entry);

  add(slot: number, run: RegionFunction): void {
    const i32 = this.#i32;
    let calls = 0;
    this.#run[slot] = (entry) => {
      if (++calls === YOUTH) this.#run[slot] = run;
      const limit = i32[REGION_LIMIT];
      const short = i32[COUNT_BASE];
      i32[REGION_LIMIT] = short;
      this.#askAlways(calls <= ASKING);
      try {
        return run(entry);
      } finally {
        this.#askAlways(false);
        // unless attention was asked for meanwhile
        if (i32[REGION_LIMIT] === short) i32[REGION_LIMIT] = limit;
      }
    };
  }

  remove(slot: number): void {
    this.#run[slot] = undefined;
  }
}
