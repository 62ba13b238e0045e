/**
 * The transcendental functions in WebAssembly: some 90 correct bits in fixed point, and an answer only where these decide the rounding
 * of the 64 bits of the result. Where they do not, and for arguments out of the usual ranges, the caller computes at more bits.
 */
import { compile, instantiate, moduleBytes } from "../fast/assembly.js";
import * as layout from "../layout.js";
import { DOUBT, EXPONENT, REST, SIGN, SIGNIFICAND } from "./answer.js";
import { arctangent, fillArctangents } from "./arctangent.js";
import { circle } from "./circle.js";
import { fillLogarithms, logarithm } from "./logarithm.js";
import { fillPowers, power } from "./power.js";
import { productFunction } from "./wide.js";

const { A_EXP, A_HI, A_LO, A_SIGN, BIAS, B_EXP, B_HI, B_LO, R_EXP, R_EXT, R_HI, R_LO, R_SIGN, S } = layout;

/** Numbers are significands in halves and exponents without bias. */
interface Kernels {
  readonly memory: { readonly buffer: ArrayBuffer };
  circle(high: number, low: number, exponent: number, quarters: number): number;
  logarithm(xHigh: number, xLow: number, xExponent: number, yHigh: number, yLow: number, yExponent: number): number;
  arctangent(yHigh: number, yLow: number, xHigh: number, xLow: number, distance: number, behind: number): number;
  power(high: number, low: number, exponent: number, sign: number): number;
}

/** Made at first use: most guests get by without. */
const start = (): { readonly kernels: Kernels; readonly words: Int32Array } => {
  const kernels = instantiate(compile(moduleBytes([productFunction(), circle(), logarithm(), arctangent(), power()], "own"))) as unknown as Kernels;
  const view = new DataView(kernels.memory.buffer);
  fillLogarithms(view);
  fillArctangents(view);
  fillPowers(view);
  return { kernels, words: new Int32Array(kernels.memory.buffer) };
};
let started: ReturnType<typeof start> | undefined;

/** The answer into the R block of the scratch, to be rounded. */
const take = (words: Int32Array): void => {
  S[R_HI] = words[SIGNIFICAND / 4 + 1];
  S[R_LO] = words[SIGNIFICAND / 4];
  S[R_EXT] = words[REST / 4 + 1] | 1;
  S[R_EXP] = words[EXPONENT / 4] + BIAS;
  S[R_SIGN] = words[SIGN / 4];
};

/** R = the sine of A and `quarters` of the circle; false without an answer. The sign is that for a positive A. */
export const circleKernel = (quarters: number): boolean => {
  const { kernels, words } = (started ??= start());
  if (kernels.circle(S[A_HI], S[A_LO], S[A_EXP] - BIAS, quarters) === 0) return false;
  take(words);
  return true;
};

/** R = B log2(A) for A no power of two; false without an answer. The sign is that for a positive B. */
export const logarithmKernel = (): boolean => {
  const { kernels, words } = (started ??= start());
  if (kernels.logarithm(S[A_HI], S[A_LO], S[A_EXP] - BIAS, S[B_HI], S[B_LO], S[B_EXP] - BIAS) === 0) return false;
  take(words);
  return true;
};

/** R = the angle of the point (A, B) for finite coordinates other than zero; false without an answer. The sign is that for a positive B. */
export const arctangentKernel = (): boolean => {
  const { kernels, words } = (started ??= start());
  if (kernels.arctangent(S[B_HI], S[B_LO], S[A_HI], S[A_LO], S[B_EXP] - S[A_EXP], S[A_SIGN]) === 0) return false;
  take(words);
  return true;
};

/** R = 2^A - 1 for A between -1 and 1; false without an answer. */
export const powerKernel = (): boolean => {
  const { kernels, words } = (started ??= start());
  if (kernels.power(S[A_HI], S[A_LO], S[A_EXP] - BIAS, S[A_SIGN]) === 0) return false;
  take(words);
  return true;
};

const wholeAnswer = (words: Int32Array): bigint => {
  let value = 0n;
  for (const at of [SIGNIFICAND / 4 + 1, SIGNIFICAND / 4, REST / 4 + 1, REST / 4]) value = (value << 32n) | BigInt(words[at] >>> 0);
  return value;
};

/** R = the tangent of A, as the quotient of two answers; false without one. The sign is that for a positive A. */
export const tangentKernel = (): boolean => {
  const { kernels, words } = (started ??= start());
  const exponent = S[A_EXP] - BIAS;
  if (kernels.circle(S[A_HI], S[A_LO], exponent, 0) === 0) return false;
  const sine = wholeAnswer(words);
  const sineExponent = words[EXPONENT / 4];
  const sineSign = words[SIGN / 4];
  if (kernels.circle(S[A_HI], S[A_LO], exponent, 1) === 0) return false;
  const cosine = wholeAnswer(words);
  const less = sine < cosine ? 1 : 0;
  const quotient = (sine << BigInt(127 + less)) / cosine;
  // the quotient of two answers has the errors of both
  const rest = BigInt.asUintN(63, quotient);
  if (rest < 4n * DOUBT || rest > (1n << 63n) - 4n * DOUBT) return false;
  S[R_HI] = Number(BigInt.asIntN(32, quotient >> 96n));
  S[R_LO] = Number(BigInt.asIntN(32, quotient >> 64n));
  S[R_EXT] = Number(BigInt.asIntN(32, quotient >> 32n)) | 1;
  S[R_EXP] = sineExponent - words[EXPONENT / 4] - less + BIAS;
  S[R_SIGN] = sineSign ^ words[SIGN / 4];
  return true;
};
