/**
 * How freely regions open windows. One whose windows keep lying across page boundaries is dropped, and compiled again with
 * those on the stack alone, then with none.
 */
import type { WindowPolicy } from "../passes/windows.js";

/** Windows across page boundaries before a region is dropped. */
const STRADDLES = 64;
/** Addresses remembered; more are forgotten together. */
const MOST = 1 << 12;

export class WindowPolicies {
  readonly #policies = new Map<number, WindowPolicy>();

  /** For the region that begins at a linear address. */
  of(seed: number): WindowPolicy {
    return this.#policies.get(seed) ?? "any";
  }

  /** A window lay across a page boundary; true when the region is to be dropped. */
  straddled(region: { readonly seed: number; straddles: number }): boolean {
    if (++region.straddles < STRADDLES) return false;
    if (this.#policies.size >= MOST) this.#policies.clear();
    this.#policies.set(region.seed, this.of(region.seed) === "any" ? "stack" : "none");
    return true;
  }

  clear(): void {
    this.#policies.clear();
  }
}
