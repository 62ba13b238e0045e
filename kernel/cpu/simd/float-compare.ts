/**
 * Comparisons, minimum and maximum of one lane (SDM volume 2, CMPPS, COMISS, UCOMISS, MINPS, MAXPS).
 *
 * Values are read as numbers only to be compared: what is written is copied as bits, since a number may not carry a NaN's payload.
 */
import { DE, IE, type Mxcsr } from "./mxcsr.js";
import type { Vector } from "./vector.js";

const SINGLE_MIN = 2 ** -126;
const DOUBLE_MIN = 2 ** -1022;

/** Relations as bits, so that a predicate is the set of those it holds for. */
const EQUAL = 1;
const LESS = 2;
const GREATER = 4;
const UNORDERED = 8;
const ANY = EQUAL | LESS | GREATER | UNORDERED;

/** EQ, LT, LE, UNORD and their negations. */
const PREDICATES = Int32Array.of(EQUAL, LESS, LESS | EQUAL, UNORDERED, ANY - EQUAL, ANY - LESS, ANY - (LESS | EQUAL), ANY - UNORDERED);
/** A bit for each predicate to which a quiet NaN is invalid: LT, LE, NLT, NLE. */
const ORDERING = 0b0110_0110;

/** ZF, PF and CF by relation. */
const EFLAGS = new Int32Array(16);
EFLAGS[EQUAL] = 0x40;
EFLAGS[LESS] = 0x01;
EFLAGS[UNORDERED] = 0x45;

/** Whether a lane that holds a NaN holds a signalling one. */
const isSignalling = (single: boolean, v: Vector, i: number): boolean => {
  if (single) return (v.i32[i] & 0x7fffffff) > 0x7f800000 && (v.i32[i] & 0x400000) === 0;
  const hi = v.i32[2 * i + 1] & 0x7fffffff;
  return (hi > 0x7ff00000 || (hi === 0x7ff00000 && v.i32[2 * i] !== 0)) && (hi & 0x80000) === 0;
};

export class Comparison {
  private readonly mxcsr: Mxcsr;

  constructor(mxcsr: Mxcsr) {
    this.mxcsr = mxcsr;
  }

  /** Leaves the EFLAGS of a comparison of the low lanes in `d.i32[0]`. */
  flags(single: boolean, quiet: boolean, d: Vector, s: Vector): void {
    d.i32[0] = EFLAGS[this.relate(single, quiet, d, s, 0)];
  }

  /** Lane `i` of `d` becomes ones or zeros. */
  mask(single: boolean, d: Vector, s: Vector, i: number, imm: number): void {
    const predicate = imm & 7;
    const holds = (PREDICATES[predicate] & this.relate(single, ((ORDERING >> predicate) & 1) === 0, d, s, i)) !== 0;
    if (single) d.i32[i] = holds ? -1 : 0;
    else d.i32[2 * i] = d.i32[2 * i + 1] = holds ? -1 : 0;
  }

  minimum(single: boolean, d: Vector, s: Vector, i: number): void {
    this.take(single, d, this.relate(single, false, d, s, i) === LESS ? d : s, i);
  }

  maximum(single: boolean, d: Vector, s: Vector, i: number): void {
    this.take(single, d, this.relate(single, false, d, s, i) === GREATER ? d : s, i);
  }

  /** Relation of two lanes; a quiet comparison lets quiet NaNs pass. */
  private relate(single: boolean, quiet: boolean, d: Vector, s: Vector, i: number): number {
    let x: number;
    let y: number;
    let least: number;
    if (single) {
      x = d.f32[i];
      y = s.f32[i];
      least = SINGLE_MIN;
    } else {
      x = d.f64[i];
      y = s.f64[i];
      least = DOUBLE_MIN;
    }
    if (Number.isNaN(x) || Number.isNaN(y)) {
      if (!quiet || isSignalling(single, d, i) || isSignalling(single, s, i)) this.mxcsr.raised |= IE;
      return UNORDERED;
    }
    const xDenormal = Math.abs(x) < least && x !== 0;
    const yDenormal = Math.abs(y) < least && y !== 0;
    if (xDenormal || yDenormal) {
      if (!this.mxcsr.daz) this.mxcsr.raised |= DE;
      else {
        if (xDenormal) x = 0;
        if (yDenormal) y = 0;
      }
    }
    if (x < y) return LESS;
    return x > y ? GREATER : EQUAL;
  }

  /** Copies a lane; a denormal that counts as zero becomes one. */
  private take(single: boolean, d: Vector, from: Vector, i: number): void {
    if (single) {
      const bits = from.i32[i];
      d.i32[i] = (bits & 0x7f800000) === 0 && this.mxcsr.daz ? bits & 0x80000000 : bits;
      return;
    }
    const hi = from.i32[2 * i + 1];
    const zero = (hi & 0x7ff00000) === 0 && this.mxcsr.daz;
    d.i32[2 * i] = zero ? 0 : from.i32[2 * i];
    d.i32[2 * i + 1] = zero ? hi & 0x80000000 : hi;
  }
}
