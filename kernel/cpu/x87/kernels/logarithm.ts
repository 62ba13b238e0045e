/** FYL2X: log2 of a significand by a factor near its reciprocal, whose logarithm is in a table, and the series of what then remains. */
import { I32 } from "../../../wasm/encoder.js";
import type { FunctionDefinition } from "../fast/assembly.js";
import { type Code, FunctionBuilder, i32, i64, sequence, when } from "../fast/builder.js";
import { multiplyHigh } from "../fast/multiply.js";
import { log2, log2e } from "../fixed.js";
import { answer, LOGARITHMS, noAnswerIf, normalise } from "./answer.js";
import { addPair, type Pair, pair, series, setProduct, shiftLeft, shiftRight, subtractPair, wordParameter } from "./wide.js";

/** The leading bits of the fraction choose the entry: the factor in units of 2^-63, then minus its logarithm in units of 2^-128. */
const CELL_BITS = 7;
const CELLS = 1 << CELL_BITS;
const ENTRY_SHIFT = 5;
/** Bits of a factor behind the point. */
const FACTOR_BITS = 15n;
/** t below 2^-6.9: t^13 / 14 is below 2^-93, and a word holds what t^4 multiplies. */
const TERMS = 14;
const NARROW = { from: 4, scale: 0 };
/** Half of log2(e) / (k + 1). */
const COEFFICIENTS = Array.from({ length: TERMS }, (_, k) => (log2e(160) / BigInt(k + 1)) >> 33n);
/** Sums are in units of 2^-112: the exponent takes 15 bits and a sign. */
const EXPONENT_SHIFT = 48n;

export const fillLogarithms = (view: DataView): void => {
  for (let cell = 0; cell < CELLS; cell++) {
    const at = LOGARITHMS + (cell << ENTRY_SHIFT);
    // the least that makes the product 1 or more in the whole cell
    const one = 1n << FACTOR_BITS;
    const factor = (one * BigInt(CELLS) + BigInt(CELLS + cell) - 1n) / BigInt(CELLS + cell);
    const logarithm = -log2(factor << (200n - FACTOR_BITS), 200) >> 72n;
    view.setBigUint64(at, factor << (63n - FACTOR_BITS), true);
    view.setBigUint64(at + 8, BigInt.asUintN(64, logarithm >> 64n), true);
    view.setBigUint64(at + 16, BigInt.asUintN(64, logarithm), true);
  }
};

/** logarithm(x in halves, its exponent, y in halves, its exponent): y log2(x), for positive x and y and x no power of two; 0 without an answer. */
export const logarithm = (): FunctionDefinition => {
  const builder = new FunctionBuilder([I32, I32, I32, I32, I32, I32], [I32]);
  const { word: x, set: setX } = wordParameter(builder, 0);
  const { word: y, set: setY } = wordParameter(builder, 3);
  const [exponent, yExponent] = [2, 5].map((index) => builder.parameter(index));
  const at = builder.i32();
  const negative = builder.i32();
  const t = pair(builder);
  const sum = pair(builder);
  const total = pair(builder);
  const count = builder.i64();
  const factor = i64.load(at.get, LOGARITHMS);
  const high = multiplyHigh(builder, x.get, factor);
  const last = i32.const((CELLS - 1) << ENTRY_SHIFT);

  /** 1 + t = x times its factor, or x / 2 = 1 - t where x is nearly 2. */
  const reduce = sequence(
    at.set(i32.shl(i32.and(i32.wrap(i64.shrU(x.get, i64.const(BigInt(63 - CELL_BITS)))), i32.const(CELLS - 1)), i32.const(ENTRY_SHIFT))),
    when(
      i32.eq(at.get, last),
      sequence(
        t.high.set(i64.sub(i64.const(0n), x.get)),
        exponent.set(i32.add(exponent.get, i32.const(1))),
        negative.set(i32.const(1)),
        series(builder, sum, t, COEFFICIENTS, NARROW, true),
      ),
      sequence(
        high.before,
        t.low.set(i64.mul(x.get, factor)),
        t.high.set(i64.sub(high.value, i64.const(1n << 62n))),
        shiftLeft(t, i64.const(2n)),
        total.high.set(i64.load(at.get, LOGARITHMS + 8)),
        total.low.set(i64.load(at.get, LOGARITHMS + 16)),
        series(builder, sum, t, COEFFICIENTS, NARROW),
      ),
    ),
  );

  /** Where all of the logarithm is the series: its leading bits are those of t. */
  const nearOne = sequence(
    noAnswerIf(i64.eqz(t.high.get)),
    // half of log2(e) is in the series, and both pairs stand for fractions
    exponent.set(i32.const(1)),
    normalise(t, exponent, count),
    setProduct(total, t, sum),
    exponent.set(i32.sub(exponent.get, i32.const(1))),
  );
  const elsewhere = sequence(
    setProduct(sum, t, sum),
    shiftRight(sum, i64.const(15n)),
    shiftRight(total, i64.const(16n)),
    total.high.set(i64.add(total.high.get, i64.shl(i64.extendS(exponent.get), i64.const(EXPONENT_SHIFT)))),
    when(negative.get, subtractPair(total, sum), addPair(total, sum)),
    negative.set(i32.wrap(i64.shrU(total.high.get, i64.const(63n)))),
    when(negative.get, negate(total)),
    exponent.set(i32.const(15)),
  );
  const factors = pair(builder);
  const body = sequence(
    setX,
    setY,
    reduce,
    when(i32.or(exponent.get, i32.eqz(i32.or(i32.eqz(at.get), i32.eq(at.get, last)))), elsewhere, nearOne),
    noAnswerIf(i64.eqz(total.high.get)),
    normalise(total, exponent, count),
    factors.high.set(y.get),
    setProduct(total, total, factors),
    exponent.set(i32.add(i32.add(exponent.get, yExponent.get), i32.const(1))),
    normalise(total, exponent, count),
    answer(total, exponent.get, negative.get),
    i32.const(0),
  );
  return { name: "logarithm", builder, body };
};

const negate = (value: Pair): Code =>
  sequence(
    value.high.set(i64.sub(i64.sub(i64.const(0n), value.high.get), i64.extendU(i64.ne(value.low.get, i64.const(0n))))),
    value.low.set(i64.sub(i64.const(0n), value.low.get)),
  );
