import { expect, it } from "vitest";
import { seededEntropy } from "./random.js";

it("gives the same numbers for the same seed, others for another, and spreads over all bits", () => {
  const take = (seed: number) => {
    const entropy = seededEntropy(seed);
    return Array.from({ length: 1000 }, () => entropy.next32());
  };
  expect(take(1)).toEqual(take(1));
  expect(take(1)).not.toEqual(take(2));
  for (let bit = 0; bit < 32; bit++) {
    const ones = take(1).filter((value) => (value >>> bit) & 1).length;
    expect(ones).toBeGreaterThan(400);
    expect(ones).toBeLessThan(600);
  }
});
