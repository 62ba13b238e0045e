/** SSE, SSE2 and SSE3 floating-point operations by name (SDM volume 1, chapters 10 to 12). */
import { convertOperations } from "./convert.js";
import { Comparison } from "./float-compare.js";
import { settle } from "./float-exact.js";
import { doubleLanes, type Lane, singleLanes } from "./float-lanes.js";
import { reciprocal, reciprocalRoot } from "./float-reciprocal.js";
import type { Mxcsr } from "./mxcsr.js";
import { makeVector, type Vector, type VectorOperation } from "./vector.js";

const lowLane =
  (lane: Lane): VectorOperation =>
  (d, s) =>
    lane(d, 0, d, 0, s, 0);

const fourLanes =
  (lane: Lane): VectorOperation =>
  (d, s) => {
    lane(d, 0, d, 0, s, 0);
    lane(d, 1, d, 1, s, 1);
    lane(d, 2, d, 2, s, 2);
    lane(d, 3, d, 3, s, 3);
  };

const twoLanes =
  (lane: Lane): VectorOperation =>
  (d, s) => {
    lane(d, 0, d, 0, s, 0);
    lane(d, 1, d, 1, s, 1);
  };

const copy = (d: Vector, s: Vector): void => {
  for (let i = 0; i < 4; i++) d.i32[i] = s.i32[i];
};

/** Neighbours of `d` into the low half of the result, those of `s` into the high half. */
const neighbours = (lane: Lane, pairs: number): VectorOperation => {
  const result = makeVector();
  return (d, s) => {
    for (let i = 0; i < pairs; i++) {
      lane(result, i, d, 2 * i, d, 2 * i + 1);
      lane(result, pairs + i, s, 2 * i, s, 2 * i + 1);
    }
    copy(d, result);
  };
};

const alternating =
  (even: Lane, odd: Lane, pairs: number): VectorOperation =>
  (d, s) => {
    for (let i = 0; i < 2 * pairs; i += 2) {
      even(d, i, d, i, s, i);
      odd(d, i + 1, d, i + 1, s, i + 1);
    }
  };

/** The four forms of an arithmetic operation. */
const arithmetic = (name: string, single: Lane, double: Lane): Record<string, VectorOperation> => ({
  [`${name}PS`]: fourLanes(single),
  [`${name}PD`]: twoLanes(double),
  [`${name}SS`]: lowLane(single),
  [`${name}SD`]: lowLane(double),
});

/** The four forms of an operation given as a body for one lane. */
const forms = (name: string, body: (single: boolean, d: Vector, s: Vector, i: number, imm: number) => void): Record<string, VectorOperation> => ({
  [`${name}PS`]: (d, s, _bytes, imm) => {
    for (let i = 0; i < 4; i++) body(true, d, s, i, imm);
  },
  [`${name}PD`]: (d, s, _bytes, imm) => {
    for (let i = 0; i < 2; i++) body(false, d, s, i, imm);
  },
  [`${name}SS`]: (d, s, _bytes, imm) => body(true, d, s, 0, imm),
  [`${name}SD`]: (d, s, _bytes, imm) => body(false, d, s, 0, imm),
});

const approximation = (name: string, body: (d: Vector, s: Vector, i: number) => void): Record<string, VectorOperation> => ({
  [`${name}PS`]: (d, s) => {
    for (let i = 0; i < 4; i++) body(d, s, i);
  },
  [`${name}SS`]: (d, s) => body(d, s, 0),
});

/**
 * The operations. Exceptions are added to `mxcsr.raised`, though PE only where it is not sticky and masked already; comparisons leave ZF, PF and CF
 * in `d.i32[0]`. When one of the exceptions is unmasked, `d` means nothing.
 */
export function floatOperations(mxcsr: Mxcsr): Record<string, VectorOperation> {
  const singles = singleLanes(mxcsr);
  const doubles = doubleLanes(mxcsr);
  const comparison = new Comparison(mxcsr);

  const rounding: Record<string, VectorOperation> = {
    ...arithmetic("ADD", singles.add, doubles.add),
    ...arithmetic("SUB", singles.sub, doubles.sub),
    ...arithmetic("MUL", singles.mul, doubles.mul),
    ...arithmetic("DIV", singles.div, doubles.div),
    ...arithmetic("SQRT", singles.sqrt, doubles.sqrt),
    HADDPS: neighbours(singles.add, 2),
    HADDPD: neighbours(doubles.add, 1),
    HSUBPS: neighbours(singles.sub, 2),
    HSUBPD: neighbours(doubles.sub, 1),
    ADDSUBPS: alternating(singles.sub, singles.add, 2),
    ADDSUBPD: alternating(doubles.sub, doubles.add, 1),
    ...convertOperations(mxcsr),
  };
  for (const [name, operation] of Object.entries(rounding)) {
    rounding[name] = (d, s, bytes, imm) => {
      operation(d, s, bytes, imm);
      settle(mxcsr);
    };
  }

  return {
    ...rounding,
    ...forms("MIN", (single, d, s, i) => comparison.minimum(single, d, s, i)),
    ...forms("MAX", (single, d, s, i) => comparison.maximum(single, d, s, i)),
    ...forms("CMP", (single, d, s, i, imm) => comparison.mask(single, d, s, i, imm)),
    ...approximation("RCP", reciprocal),
    ...approximation("RSQRT", reciprocalRoot),
    COMISS: (d, s) => comparison.flags(true, false, d, s),
    COMISD: (d, s) => comparison.flags(false, false, d, s),
    UCOMISS: (d, s) => comparison.flags(true, true, d, s),
    UCOMISD: (d, s) => comparison.flags(false, true, d, s),
  };
}
