/** Reproducible random numbers for devices: SplitMix32, a full-period generator over 32 bits of state. */
import type { Entropy } from "../../sdk/roles/platform.js";

export const seededEntropy = (seed: number): Entropy => {
  let state = seed >>> 0;
  return {
    next32() {
      state = (state + 0x9e37_79b9) >>> 0;
      let mixed = state;
      mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0_aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
      return (mixed ^ (mixed >>> 15)) >>> 0;
    },
  };
};
