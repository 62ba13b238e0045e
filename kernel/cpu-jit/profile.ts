/**
 * The profile: which addresses are hot. The interpreter is sampled each so many instructions, always where a block begins;
 * exits of regions to where no region begins are counted.
 *
 * Code that keeps changing gets dearer: each time that regions are dropped because their page was written doubles the samples
 * that an address on the page needs. The memory of it fades, so a page that is used anew is not slow for ever.
 */
import { PAGE_SHIFT } from "../memory/layout.js";
import type { JitOptions } from "./options.js";

/** Exits to an address that count as a sample of it. */
const EXITS_PER_SAMPLE = 128;
const EXIT_COUNTERS = 1 << 12;
/** Addresses with samples; more are forgotten together. */
const MAX_SAMPLED = 1 << 14;
/** The threshold doubles this often at most. */
const MOST_DOUBLINGS = 12;
/** Samples after which changes of pages count half. */
const FADING = 1 << 16;

export class HotSpots {
  readonly #threshold: number;
  readonly #samples = new Map<number, number>();
  readonly #exits = new Uint8Array(EXIT_COUNTERS);
  /** Changes of code, by page of the guest buffer. */
  readonly #changes: Uint8Array;
  #untilFading = FADING;

  constructor({ threshold }: JitOptions, bufferPages: number) {
    this.#threshold = threshold;
    this.#changes = new Uint8Array(bufferPages);
  }

  /** Notes that a block begins at a linear address; true when its region is to be compiled now. */
  sampled(linear: number, bufferPage: number): boolean {
    if (--this.#untilFading === 0) this.#fade();
    const samples = this.#samples;
    if (samples.size >= MAX_SAMPLED) samples.clear();
    const seen = (samples.get(linear) ?? 0) + 1;
    const needed = this.#threshold << (bufferPage < 0 ? 0 : this.#changes[bufferPage]);
    if (seen < needed) {
      samples.set(linear, seen);
      return false;
    }
    samples.delete(linear);
    return true;
  }

  /** A region has led to a linear address at which none begins; true when that counts as a sample. */
  left(linear: number): boolean {
    const counter = (linear ^ (linear >>> PAGE_SHIFT)) & (EXIT_COUNTERS - 1);
    if (++this.#exits[counter] < EXITS_PER_SAMPLE) return false;
    this.#exits[counter] = 0;
    return true;
  }

  /** Regions were dropped because code on the page has changed. */
  changed(bufferPage: number): void {
    if (this.#changes[bufferPage] < MOST_DOUBLINGS) this.#changes[bufferPage]++;
  }

  #fade(): void {
    this.#untilFading = FADING;
    for (let page = 0; page < this.#changes.length; page++) this.#changes[page] >>= 1;
  }

  clear(): void {
    this.#samples.clear();
  }
}
