/** FPATAN: the quotient's difference from a multiple of 1/64 along the tangent's addition theorem, its series, a table, and the quadrant. */
import { I32 } from "../../../wasm/encoder.js";
import type { FunctionDefinition } from "../fast/assembly.js";
import { type Code, FunctionBuilder, f64, i32, i64, sequence, when } from "../fast/builder.js";
import { multiplyHigh } from "../fast/multiply.js";
import { arctangent as exact, pi } from "../fixed.js";
import { ARCTANGENTS, answer, NO_ANSWER, noAnswerIf, normalise } from "./answer.js";
import { addPair, highOf, lowOf, type Pair, pair, series, setProduct, shiftLeft, shiftRight, subtractFrom, subtractPair, wordParameter } from "./wide.js";

const STEP_BITS = 6n;
const STEPS = 1 << Number(STEP_BITS);
const ENTRY_SHIFT = 4;
/** Exponents that differ by more are left to more bits. */
const FARTHEST = 20;
/** Numerator and denominator are held 2^50 times what their significands say, times 64. */
const SCALE = 50n;
/** Quotient bits of one division of doubles, and of two. */
const DIGIT_BITS = 50n;
const TWO_DIGIT = i64.const((1023n + DIGIT_BITS) << 52n);
/** 1/3, 1/5 ... 1/15: their powers of u^2 begin at 2^-14. */
const COEFFICIENTS = Array.from({ length: 7 }, (_, k) => (1n << 128n) / BigInt(2 * k + 3));
const NARROW = { from: 2, scale: 0 };
/** Angles are in units of 2^-126. */
const ANGLE_BITS = 126;
const PI = pi(ANGLE_BITS);

export const fillArctangents = (view: DataView): void => {
  for (let step = 0; step <= STEPS; step++) {
    const angle = exact(BigInt(step) << (160n - STEP_BITS), 160) >> BigInt(160 - ANGLE_BITS);
    view.setBigUint64(ARCTANGENTS + (step << ENTRY_SHIFT), BigInt.asUintN(64, angle), true);
    view.setBigUint64(ARCTANGENTS + (step << ENTRY_SHIFT) + 8, angle >> 64n, true);
  }
};

/** to = a word times 2^count, 0 <= count < 64, plus nothing. */
const setShifted = (to: Pair, word: Code, count: Code): Code =>
  sequence(to.high.set(i64.shrU(i64.shrU(word, i64.const(1n)), i64.sub(i64.const(63n), count))), to.low.set(i64.shl(word, count)));

/** arctangent(y and x in halves, exponent of y less that of x, whether x is negative): the angle of a point with y positive; 0 without an answer. */
export const arctangent = (): FunctionDefinition => {
  const builder = new FunctionBuilder([I32, I32, I32, I32, I32, I32], [I32]);
  const { word: y, set: setY } = wordParameter(builder, 0);
  const { word: x, set: setX } = wordParameter(builder, 2);
  const [distance, behind] = [4, 5].map((index) => builder.parameter(index));
  const steep = builder.i32();
  const spare = builder.i64();
  const step = builder.i64();
  const negative = builder.i32();
  const exponent = builder.i32();
  const count = builder.i64();
  const numerator = pair(builder);
  const denominator = pair(builder);
  const part = pair(builder);
  const first = builder.i64();
  const wide = i64.extendU(distance.get);

  /** The smaller coordinate in y, how many binades it is below the other in `distance`. */
  const order = sequence(
    when(
      i32.or(i32.ltS(i32.const(0), distance.get), i32.and(i32.eqz(distance.get), i64.gtU(y.get, x.get))),
      sequence(steep.set(i32.const(1)), spare.set(y.get), y.set(x.get), x.set(spare.get)),
      distance.set(i32.sub(i32.const(0), distance.get)),
    ),
    when(i32.ltS(i32.const(FARTHEST), distance.get), NO_ANSWER),
  );
  const quotient = f64.mul(f64.div(f64.convertU(y.get), f64.convertU(x.get)), f64.reinterpret(i64.shl(i64.sub(i64.const(1023n + STEP_BITS), wide), i64.const(52n))));
  const timesStep = (value: Pair): Code => {
    const high = multiplyHigh(builder, value.low.get, step.get);
    return sequence(high.before, value.high.set(i64.add(i64.mul(value.high.get, step.get), high.value)), value.low.set(i64.mul(value.low.get, step.get)));
  };
  /** u = (64 y - step x) / (64 x + step y). */
  const fraction = sequence(
    step.set(i64.truncU(f64.add(quotient, f64.reinterpret(i64.const(0x3fe0000000000000n))))),
    setShifted(numerator, y.get, i64.sub(i64.const(SCALE + STEP_BITS), wide)),
    setShifted(part, x.get, i64.const(SCALE)),
    timesStep(part),
    subtractPair(numerator, part),
    when(i64.ltS(numerator.high.get, i64.const(0n)), sequence(negative.set(i32.const(1)), subtractFrom(0n, numerator))),
    setShifted(denominator, x.get, i64.const(SCALE + STEP_BITS)),
    setShifted(part, y.get, i64.sub(i64.const(SCALE), wide)),
    timesStep(part),
    addPair(denominator, part),
  );

  // 123 and 124 bits: remainders need a sign and a bit
  const high = multiplyHigh(builder, first.get, denominator.low.get);
  const digitOf = (value: Code): Code => f64.mul(f64.div(value, f64.convertU(denominator.high.get)), f64.reinterpret(TWO_DIGIT));
  /** u in [1/4, 1) times 2^exponent, in `numerator`. */
  const divide = sequence(
    noAnswerIf(i64.eqz(numerator.high.get)),
    normalise(numerator, exponent, count),
    shiftRight(numerator, i64.const(5n)),
    exponent.set(i32.sub(i32.wrap(i64.clz(denominator.high.get)), i32.wrap(count.get))),
    exponent.set(i32.add(exponent.get, i32.const(1))),
    count.set(i64.clz(denominator.high.get)),
    shiftLeft(denominator, count.get),
    shiftRight(denominator, i64.const(4n)),
    first.set(i64.truncU(digitOf(f64.convertU(numerator.high.get)))),
    high.before,
    part.low.set(i64.mul(first.get, denominator.low.get)),
    part.high.set(i64.add(i64.mul(first.get, denominator.high.get), high.value)),
    shiftLeft(numerator, i64.const(DIGIT_BITS)),
    subtractPair(numerator, part),
    spare.set(i64.truncS(digitOf(f64.convertS(numerator.high.get)))),
    numerator.high.set(i64.add(i64.shl(first.get, i64.const(64n - DIGIT_BITS)), i64.shrS(spare.get, i64.const(2n * DIGIT_BITS - 64n)))),
    numerator.low.set(i64.shl(spare.get, i64.const(128n - 2n * DIGIT_BITS))),
  );

  const square = pair(builder);
  const sum = pair(builder);
  /** The arctangent of u likewise. */
  const expand = sequence(
    square.high.set(numerator.high.get),
    square.low.set(numerator.low.get),
    count.set(i64.extendU(i32.sub(i32.const(0), exponent.get))),
    // at least one place
    noAnswerIf(i64.gtU(i64.sub(count.get, i64.const(1n)), i64.const(60n))),
    shiftRight(square, count.get),
    setProduct(square, square, square),
    series(builder, sum, square, COEFFICIENTS, NARROW),
    setProduct(sum, square, sum),
    setProduct(sum, numerator, sum),
    subtractPair(numerator, sum),
  );

  const entry = i32.shl(i32.wrap(step.get), i32.const(ENTRY_SHIFT));
  const fromConstant = (value: bigint): Code =>
    sequence(part.high.set(highOf(value)), part.low.set(lowOf(value)), subtractPair(part, sum), sum.high.set(part.high.get), sum.low.set(part.low.get));
  /** `sum` is the table's angle and u's, then turned to its quadrant. */
  const turn = sequence(
    sum.low.set(i64.load(entry, ARCTANGENTS)),
    sum.high.set(i64.load(entry, ARCTANGENTS + 8)),
    when(
      i64.ne(i64.or(numerator.high.get, numerator.low.get), i64.const(0n)),
      sequence(shiftRight(numerator, i64.add(count.get, i64.const(2n))), when(negative.get, subtractPair(sum, numerator), addPair(sum, numerator))),
    ),
    when(
      steep.get,
      when(behind.get, sequence(part.high.set(highOf(PI >> 1n)), part.low.set(lowOf(PI >> 1n)), addPair(sum, part)), fromConstant(PI >> 1n)),
      when(behind.get, fromConstant(PI)),
    ),
    exponent.set(i32.const(1)),
    noAnswerIf(i64.eqz(sum.high.get)),
    normalise(sum, exponent, count),
    answer(sum, exponent.get, i32.const(0)),
  );
  const body = sequence(
    setY,
    setX,
    order,
    fraction,
    when(i64.ne(i64.or(numerator.high.get, numerator.low.get), i64.const(0n)), sequence(divide, expand)),
    when(
      i32.or(i32.or(steep.get, behind.get), i64.ne(step.get, i64.const(0n))),
      turn,
      sequence(exponent.set(i32.sub(exponent.get, i32.const(1))), normalise(numerator, exponent, count), answer(numerator, exponent.get, i32.const(0))),
    ),
    i32.const(0),
  );
  return { name: "arctangent", builder, body };
};
