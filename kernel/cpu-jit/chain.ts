/**
 * The chain table: where regions begin, by linear address, in the memory that generated code shares, so that one region
 * leads to the next without a way through JavaScript.
 *
 * An entry holds the linear address, the code table that the execute TLB must have for its page, the function's slot, the
 * number of the entry and the part of the TLBs. A wrong or missing entry costs time only.
 */
import { STATE_BYTES, STATE_OFFSET } from "../memory/layout.js";

export const CHAIN_OFFSET = STATE_OFFSET + STATE_BYTES;
export const CHAIN_ENTRIES = 1 << 16;
/** An address's entry: the upper bits of its product with 2^32 by the golden ratio, which spreads what lies side by side. */
export const CHAIN_HASH = 0x9e37_79b1 | 0;
export const CHAIN_SHIFT = 16;
export const CHAIN_ENTRY_BYTES = 32;
export const CHAIN_TABLE = 4;
export const CHAIN_TARGET = 8;

const WORDS = CHAIN_ENTRY_BYTES / 4;

export class ChainTable {
  readonly #i32: Int32Array;

  constructor(i32: Int32Array) {
    this.#i32 = i32;
  }

  #at(linear: number): number {
    return CHAIN_OFFSET / 4 + (Math.imul(linear, CHAIN_HASH) >>> CHAIN_SHIFT) * WORDS;
  }

  put(linear: number, table: number, slot: number, entry: number, part: number): void {
    const at = this.#at(linear);
    this.#i32.set([linear, table, slot, entry, part], at);
  }

  /** Forgets an address, if the table leads from it to the slot. */
  remove(linear: number, slot: number): void {
    const at = this.#at(linear);
    if (this.#i32[at] === linear && this.#i32[at + 2] === slot) this.#i32.fill(0, at, at + WORDS);
  }

  clear(): void {
    this.#i32.fill(0, CHAIN_OFFSET / 4, CHAIN_OFFSET / 4 + CHAIN_ENTRIES * WORDS);
  }
}
