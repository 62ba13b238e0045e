/**
 * RCPPS and RSQRTPS: approximations with a relative error of at most 1.5 * 2^-12 (SDM volume 2).
 *
 * Processors differ in the bits; these are the true value rounded to 13 significant bits, which is within 2^-13. As in the Pentium III there are
 * no exceptions, denormals count as zero, tiny results are zero, and MXCSR plays no part.
 */
import type { Vector } from "./vector.js";

const SIGN = 0x80000000 | 0;
const INFINITY = 0x7f800000;
const QUIET = 0x400000;
const INDEFINITE = 0xffc00000 | 0;

/** Bits of a single below the thirteenth significant one. */
const DROPPED = 0x7ff;
const HALF = 0x400;

const word = new Int32Array(1);
const value = new Float32Array(word.buffer);

/** To nearest, halves away from zero; the carry counts the exponent up. */
const shorten = (x: number): number => {
  value[0] = x;
  return (word[0] + HALF) & ~DROPPED;
};

export function reciprocal(d: Vector, s: Vector, i: number): void {
  const bits = s.i32[i];
  const magnitude = bits & ~SIGN;
  const sign = bits & SIGN;
  if (magnitude > INFINITY) d.i32[i] = bits | QUIET;
  else if (magnitude < 0x800000) d.i32[i] = sign | INFINITY;
  else {
    const result = shorten(1 / s.f32[i]);
    d.i32[i] = (result & INFINITY) === 0 ? sign : result;
  }
}

export function reciprocalRoot(d: Vector, s: Vector, i: number): void {
  const bits = s.i32[i];
  const magnitude = bits & ~SIGN;
  if (magnitude > INFINITY) d.i32[i] = bits | QUIET;
  else if (magnitude < 0x800000) d.i32[i] = (bits & SIGN) | INFINITY;
  else if (bits < 0) d.i32[i] = INDEFINITE;
  else d.i32[i] = shorten(1 / Math.sqrt(s.f32[i]));
}
