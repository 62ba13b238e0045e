/**
 * The chain table: where regions begin, by linear address, in the memory that generated code shares, so that one region
 * leads to the next without a way through JavaScript.
 *
 * An address has two places, the second beside the first: two hot addresses of one place would drive each other out.
 * An entry holds the linear address, the code table that the execute TLB must have for its page, the function's slot with the
 * number of the entry above it, and the part of the TLBs. A wrong or missing entry costs time only.
 */
import { STATE_BYTES, STATE_OFFSET } from "../memory/layout.js";

export const CHAIN_OFFSET = STATE_OFFSET + STATE_BYTES;
export const CHAIN_ENTRIES = 1 << 15;
/** An address's first place: the upper bits of its product with 2^32 by the golden ratio, which spreads what lies side by side. */
export const CHAIN_HASH = 0x9e37_79b1 | 0;
export const CHAIN_SHIFT = 17;
export const CHAIN_ENTRY_BYTES = 16;
export const CHAIN_TABLE = 4;
export const CHAIN_TARGET = 8;
export const CHAIN_PART = 12;
/** A target's slot is in its lower bits. */
export const SLOT_BITS = 16;

const WORDS = CHAIN_ENTRY_BYTES / 4;

/** The other place of two. */
const beside = (at: number): number => CHAIN_OFFSET / 4 + ((at - CHAIN_OFFSET / 4) ^ WORDS);

export class ChainTable {
  readonly #i32: Int32Array;

  constructor(i32: Int32Array) {
    this.#i32 = i32;
  }

  /** Its entry; else the first of its places, where `put` makes room. */
  #at(linear: number): number {
    const first = CHAIN_OFFSET / 4 + (Math.imul(linear, CHAIN_HASH) >>> CHAIN_SHIFT) * WORDS;
    const second = beside(first);
    return this.#i32[first] !== linear && this.#i32[second] === linear ? second : first;
  }

  has(linear: number, slot: number, entry: number, part: number): boolean {
    const at = this.#at(linear);
    return this.#i32[at] === linear && this.#i32[at + 2] === (slot | (entry << SLOT_BITS)) && this.#i32[at + 3] === part;
  }

  put(linear: number, table: number, slot: number, entry: number, part: number): void {
    const i32 = this.#i32;
    const at = this.#at(linear);
    if (i32[at] !== linear && i32[at] !== 0) i32.copyWithin(beside(at), at, at + WORDS);
    i32[at] = linear;
    i32[at + 1] = table;
    i32[at + 2] = slot | (entry << SLOT_BITS);
    i32[at + 3] = part;
  }

  /** Forgets an address, if the table leads from it to the slot. */
  remove(linear: number, slot: number): void {
    const at = this.#at(linear);
    if (this.#i32[at] === linear && (this.#i32[at + 2] & ((1 << SLOT_BITS) - 1)) === slot) this.#i32.fill(0, at, at + WORDS);
  }

  clear(): void {
    this.#i32.fill(0, CHAIN_OFFSET / 4, CHAIN_OFFSET / 4 + CHAIN_ENTRIES * WORDS);
  }
}
