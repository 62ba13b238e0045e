import { describe, expect, it } from "vitest";
import { highSigned, highUnsigned, quotientUnsigned, remainderUnsigned, rotateLeft } from "./arithmetic.js";

/** Operands where digits, signs and carries meet. */
const EDGES = [
  0, 1, 2, 3, 0x7fff, 0x8000, 0x8001, 0xfffe, 0xffff, 0x1_0000, 0x1_0001, 0x7fff_0000, 0x7fff_ffff, -0x8000_0000, -0x7fff_ffff, -0x1_0001, -0x1_0000, -0xffff, -0x8000, -2, -1,
];
const RANDOM_CASES = 2_000_000;
/** Odd increment of a full-period sequence of 32-bit numbers. */
const STEP = 0x9e37_79b9;

/** Numbers of all sizes, the same in every run. */
const numbers = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + STEP) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0_aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
    mixed ^= mixed >>> 15;
    // a size between 1 and 32 bits, from bits that the number itself does not use
    const size = (state >>> 8) & 31;
    return (mixed & 1) === 0 ? (mixed >>> size) | 0 : mixed >> size;
  };
};

const unsigned = (value: number): bigint => BigInt(value >>> 0);
const signed32 = (value: bigint): number => Number(BigInt.asIntN(32, value));

const checkProducts = (a: number, b: number): void => {
  if (highUnsigned(a, b) !== signed32((unsigned(a) * unsigned(b)) >> 32n)) expect.fail(`highUnsigned(${a}, ${b}) is ${highUnsigned(a, b)}`);
  if (highSigned(a, b) !== signed32((BigInt(a) * BigInt(b)) >> 32n)) expect.fail(`highSigned(${a}, ${b}) is ${highSigned(a, b)}`);
};

/** The divisor is above the upper half, or there is no quotient of 32 bits. */
const checkDivision = (high: number, low: number, by: number): boolean => {
  if (by >>> 0 <= high >>> 0) return false;
  const dividend = (unsigned(high) << 32n) | unsigned(low);
  if (quotientUnsigned(high, low, by) !== signed32(dividend / unsigned(by))) expect.fail(`quotientUnsigned(${high}, ${low}, ${by}) is ${quotientUnsigned(high, low, by)}`);
  if (remainderUnsigned(high, low, by) !== signed32(dividend % unsigned(by))) expect.fail(`remainderUnsigned(${high}, ${low}, ${by}) is ${remainderUnsigned(high, low, by)}`);
  return true;
};

describe("64-bit arithmetic on 32-bit integers", () => {
  it("gives the upper half of every product of edge values", () => {
    for (const a of EDGES) for (const b of EDGES) checkProducts(a, b);
  });

  it("gives the upper half of random products", { timeout: 60_000 }, () => {
    const next = numbers(1);
    for (let at = 0; at < RANDOM_CASES; at++) checkProducts(next(), next());
  });

  it("divides edge values by edge values", () => {
    let divided = 0;
    for (const high of EDGES) for (const low of EDGES) for (const by of EDGES) if (checkDivision(high, low, by)) divided++;
    expect(divided).toBeGreaterThan(4000);
  });

  it("divides random numbers", { timeout: 60_000 }, () => {
    const next = numbers(2);
    let divided = 0;
    for (let at = 0; at < RANDOM_CASES; at++) if (checkDivision(next(), next(), next())) divided++;
    expect(divided).toBeGreaterThan(RANDOM_CASES / 4);
  });

  it("divides dividends next to a multiple of the divisor, where a rounded quotient would be one off", { timeout: 60_000 }, () => {
    const next = numbers(3);
    let divided = 0;
    for (let at = 0; at < RANDOM_CASES; at++) {
      const by = next();
      const multiple = unsigned(next()) * unsigned(by) + BigInt((at % 3) - 1);
      if (multiple >= 0n && checkDivision(signed32(multiple >> 32n), signed32(multiple), by)) divided++;
    }
    expect(divided).toBeGreaterThan(RANDOM_CASES / 2);
  });

  it("rotates by every count", () => {
    for (const value of EDGES)
      for (let count = 0; count < 32; count++) expect(rotateLeft(value, count)).toBe(signed32((unsigned(value) << BigInt(count)) | (unsigned(value) >> BigInt(32 - count))));
  });
});
