/** FSIN and FCOS: reduction by the 66-bit value of pi, then the Taylor series on up to an eighth of the circle. */
import { I32 } from "../../../wasm/encoder.js";
import type { FunctionDefinition } from "../fast/assembly.js";
import { type Code, FunctionBuilder, f64, i32, i64, sequence, when } from "../fast/builder.js";
import { multiplyHigh } from "../fast/multiply.js";
import { answer, NO_ANSWER, noAnswerIf, normalise } from "./answer.js";
import { highOf, lowOf, narrowByCoefficients, pair, series, setProduct, shiftLeft, subtractFrom, wordParameter } from "./wide.js";

/** Pi to 66 significant bits, in units of 2^-64. */
export const PI_66 = 0x3243f6a8885a308d3n;
/** A quarter of the circle in units of 2^-126. */
const QUARTER = PI_66 << 61n;
/** Arguments from 2^-34 to below 2^20: their last bit is no less than 2^-97, and the quarters in them are known to 2^-30. */
export const LEAST_EXPONENT = -34;
const BEYOND_EXPONENT = 20;
/** Upper word, in units of 2^-62, from which on the next quarter might be the nearer one. */
const EIGHTH_LESS_DOUBT = (PI_66 >> 4n) - (1n << 34n);
/** 2 / pi and 1 / 2 as doubles. */
const QUARTERS_PER_UNIT = i64.const(0x3fe45f306dc9c883n);
const HALF = i64.const(0x3fe0000000000000n);
const TERMS = 14;

/** (2k + first)! for k from 0 on, as reciprocals. */
const reciprocalFactorials = (first: number): bigint[] => {
  const list: bigint[] = [];
  let factorial = 1n;
  for (let n = 1; list.length < TERMS; n++) {
    factorial *= BigInt(n);
    if (n >= first && (n - first) % 2 === 0) list.push((1n << 128n) / factorial);
  }
  return list;
};

/** circle(significand's halves, exponent, quarters): sine of the argument and a number of quarters of the circle; 0 without an answer. */
export const circle = (): FunctionDefinition => {
  const builder = new FunctionBuilder([I32, I32, I32, I32], [I32]);
  const { word: significand, set: setSignificand } = wordParameter(builder, 0);
  const exponent = builder.parameter(2);
  const turn = builder.parameter(3);
  const n = builder.i64();
  const x = pair(builder);
  const z = pair(builder);
  const sum = pair(builder);
  const product = pair(builder);
  const negative = builder.i32();
  const count = builder.i64();
  const power = f64.reinterpret(i64.shl(i64.extendU(i32.add(exponent.get, i32.const(1023 - 63))), i64.const(52n)));
  const wide = i64.extendU(i32.and(exponent.get, i32.const(63)));
  const high = multiplyHigh(builder, n.get, lowOf(QUARTER));

  const reduce = sequence(
    n.set(i64.truncU(f64.add(f64.mul(f64.mul(f64.convertU(significand.get), power), f64.reinterpret(QUARTERS_PER_UNIT)), f64.reinterpret(HALF)))),
    when(
      i32.ltS(i32.const(0), exponent.get),
      x.high.set(i64.shl(significand.get, i64.sub(wide, i64.const(1n)))),
      sequence(
        // by 1 to 35 places; `wide` is the exponent modulo 64
        x.high.set(i64.shrU(significand.get, i64.sub(i64.const(1n), wide))),
        x.low.set(i64.shl(significand.get, i64.sub(wide, i64.const(1n)))),
      ),
    ),
    high.before,
    product.low.set(i64.mul(n.get, lowOf(QUARTER))),
    product.high.set(i64.add(i64.mul(n.get, highOf(QUARTER)), high.value)),
    x.high.set(i64.sub(i64.sub(x.high.get, product.high.get), i64.extendU(i64.ltU(x.low.get, product.low.get)))),
    x.low.set(i64.sub(x.low.get, product.low.get)),
    when(i64.ltS(x.high.get, i64.const(0n)), sequence(subtractFrom(0n, x), negative.set(i32.const(1)))),
    noAnswerIf(i64.geU(x.high.get, i64.const(EIGHTH_LESS_DOUBT))),
    shiftLeft(x, i64.const(2n)),
    turn.set(i32.add(turn.get, i32.wrap(n.get))),
  );

  /** 1 - z * series, in `sum`; z * series must reach into the upper word. */
  const oneLess = (coefficients: readonly bigint[]): Code =>
    sequence(series(builder, sum, z, coefficients, narrowByCoefficients(coefficients)), setProduct(sum, z, sum), noAnswerIf(i64.eqz(sum.high.get)), subtractFrom(0n, sum));
  const half = i32.shrU(i32.and(turn.get, i32.const(2)), i32.const(1));
  const cosine = sequence(oneLess(reciprocalFactorials(2)), answer(sum, i32.const(-1), half));
  const sine = sequence(
    oneLess(reciprocalFactorials(3)),
    exponent.set(i32.const(-1)),
    normalise(x, exponent, count),
    setProduct(sum, x, sum),
    normalise(sum, exponent, count),
    answer(sum, exponent.get, i32.xor(half, negative.get)),
  );
  const body = sequence(
    when(i32.or(i32.ltS(exponent.get, i32.const(LEAST_EXPONENT)), i32.geS(exponent.get, i32.const(BEYOND_EXPONENT))), NO_ANSWER),
    setSignificand,
    reduce,
    noAnswerIf(i64.eqz(x.high.get)),
    setProduct(z, x, x),
    when(i32.and(turn.get, i32.const(1)), cosine, sine),
    i32.const(0),
  );
  return { name: "circle", builder, body };
};
