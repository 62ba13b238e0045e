/** Fixed-point arithmetic of 128 bits in generated code: fractions in units of 2^-128 as two words. Products are a few units low. */
import { type Code, call, FunctionBuilder, I64, i64, type Local, sequence } from "../fast/builder.js";
import { multiplyHigh } from "../fast/multiply.js";

export interface Pair {
  readonly high: Local;
  readonly low: Local;
}

const WORD = 64;
const MASK = (1n << 64n) - 1n;

export const pair = (f: FunctionBuilder): Pair => ({ high: f.i64(), low: f.i64() });
export const highOf = (value: bigint): Code => i64.const((value >> 64n) & MASK);
export const lowOf = (value: bigint): Code => i64.const(value & MASK);

/** A local that takes a word of 64 bits from two parameters, the upper half first. */
export const wordParameter = (f: FunctionBuilder, index: number): { readonly word: Local; readonly set: Code } => {
  const word = f.i64();
  const half = (at: number): Code => i64.extendU(f.parameter(at).get);
  return { word, set: word.set(i64.or(i64.shl(half(index), i64.const(32n)), half(index + 1))) };
};

/** Place of `product` among the functions of the module. */
export const PRODUCT = 0;

/** The upper 128 bits of a product: of the low words' product only what its carries would add is missing. */
export const productFunction = (): { readonly name: string; readonly builder: FunctionBuilder; readonly body: Code } => {
  const builder = new FunctionBuilder([I64, I64, I64, I64], [I64, I64]);
  const [aHigh, aLow, bHigh, bLow] = [0, 1, 2, 3].map((index) => builder.parameter(index).get);
  const top = multiplyHigh(builder, aHigh, bHigh);
  const one = multiplyHigh(builder, aHigh, bLow);
  const other = multiplyHigh(builder, aLow, bHigh);
  const middle = builder.i64();
  const low = builder.i64();
  const carry = builder.i64();
  const body = sequence(
    one.before,
    middle.set(one.value),
    other.before,
    low.set(other.value),
    middle.set(i64.add(middle.get, low.get)),
    carry.set(i64.extendU(i64.ltU(middle.get, low.get))),
    low.set(i64.add(i64.mul(aHigh, bHigh), middle.get)),
    carry.set(i64.add(carry.get, i64.extendU(i64.ltU(low.get, middle.get)))),
    top.before,
    i64.add(top.value, carry.get),
    low.get,
  );
  return { name: "product", builder, body };
};

export const setProduct = (to: Pair, a: Pair, b: Pair): Code => sequence(call(PRODUCT, a.high.get, a.low.get, b.high.get, b.low.get), to.low.set([]), to.high.set([]));

/** to = constant - to, modulo 1. */
export const subtractFrom = (constant: bigint, to: Pair): Code =>
  sequence(to.high.set(i64.sub(i64.sub(highOf(constant), to.high.get), i64.extendU(i64.ltU(lowOf(constant), to.low.get)))), to.low.set(i64.sub(lowOf(constant), to.low.get)));

/** to += constant. */
export const addConstant = (constant: bigint, to: Pair): Code =>
  sequence(to.low.set(i64.add(to.low.get, lowOf(constant))), to.high.set(i64.add(i64.add(to.high.get, highOf(constant)), i64.extendU(i64.ltU(to.low.get, lowOf(constant))))));

/** to += more, for pairs. */
export const addPair = (to: Pair, more: Pair): Code =>
  sequence(to.low.set(i64.add(to.low.get, more.low.get)), to.high.set(i64.add(i64.add(to.high.get, more.high.get), i64.extendU(i64.ltU(to.low.get, more.low.get)))));

/** to = more - to. */
export const subtractFromPair = (more: Pair, to: Pair): Code =>
  sequence(to.high.set(i64.sub(i64.sub(more.high.get, to.high.get), i64.extendU(i64.ltU(more.low.get, to.low.get)))), to.low.set(i64.sub(more.low.get, to.low.get)));

/** Moves left by 1 to 63 places. */
export const shiftLeft = (to: Pair, count: Code): Code =>
  sequence(to.high.set(i64.or(i64.shl(to.high.get, count), i64.shrU(to.low.get, i64.sub(i64.const(BigInt(WORD)), count)))), to.low.set(i64.shl(to.low.get, count)));

export const shiftRight = (to: Pair, count: Code): Code =>
  sequence(to.low.set(i64.or(i64.shrU(to.low.get, count), i64.shl(to.high.get, i64.sub(i64.const(BigInt(WORD)), count)))), to.high.set(i64.shrU(to.high.get, count)));

/** to -= less. */
export const subtractPair = (to: Pair, less: Pair): Code =>
  sequence(to.high.set(i64.sub(i64.sub(to.high.get, less.high.get), i64.extendU(i64.ltU(to.low.get, less.low.get)))), to.low.set(i64.sub(to.low.get, less.low.get)));

/** The first terms of a series are summed in 128 bits, the rest in one word, which holds them in units of 2^-(64 + scale). */
export interface Narrow {
  readonly from: number;
  readonly scale: number;
}

/** For coefficients that fall quickly: those below 2^-28. */
export const narrowByCoefficients = (coefficients: readonly bigint[]): Narrow => {
  const from = Math.max(
    1,
    coefficients.findIndex((value) => value < 1n << 100n),
  );
  return { from, scale: 2 * WORD - coefficients[from].toString(2).length };
};

/** `out` = c0 - z (c1 - z (c2 - ...)), or with sums in place of the differences; coefficients are in units of 2^-128. */
export const series = (f: FunctionBuilder, out: Pair, z: Pair, coefficients: readonly bigint[], { from, scale }: Narrow, sums = false): Code => {
  const narrow = (value: bigint): bigint => value >> BigInt(WORD - scale);
  const accumulator = f.i64();
  const parts: Code[] = [accumulator.set(i64.const(narrow(coefficients[coefficients.length - 1])))];
  for (let at = coefficients.length - 2; at >= from; at--) {
    const high = multiplyHigh(f, accumulator.get, z.high.get);
    parts.push(high.before, accumulator.set((sums ? i64.add : i64.sub)(i64.const(narrow(coefficients[at])), high.value)));
  }
  parts.push(
    out.high.set(i64.shrU(accumulator.get, i64.const(BigInt(scale)))),
    out.low.set(scale === 0 ? i64.const(0n) : i64.shl(accumulator.get, i64.const(BigInt(WORD - scale)))),
  );
  for (let at = from - 1; at >= 0; at--) parts.push(setProduct(out, z, out), (sums ? addConstant : subtractFrom)(coefficients[at], out));
  return sequence(...parts);
};
