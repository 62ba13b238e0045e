/** F2XM1: 2 to a multiple of 1/64 from a table, the rest of the argument by the exponential series. */
import { I32 } from "../../../wasm/encoder.js";
import type { FunctionDefinition } from "../fast/assembly.js";
import { type Code, FunctionBuilder, i32, i64, sequence, when } from "../fast/builder.js";
import { ln2, powerMinusOne } from "../fixed.js";
import { answer, NO_ANSWER, noAnswerIf, normalise, POWERS } from "./answer.js";
import { addPair, highOf, lowOf, type Pair, pair, series, setProduct, shiftLeft, shiftRight, wordParameter } from "./wide.js";

const STEP_BITS = 6n;
const STEPS = 1 << Number(STEP_BITS);
/** An entry: half of 2^(n / 64), then its distance from 1, both in units of 2^-128. Entries for negative arguments follow the others. */
const ENTRY_SHIFT = 5;
/** Below it, the argument's last bit is far below what the result needs; above, none is lost. */
const LEAST_EXPONENT = -60;
const LN2 = ln2(128);
/** 1 / (2 (k + 1)!), of powers of w below 2^-6.5. */
const TERMS = 13;
const NARROW = { from: 5, scale: 0 };
const COEFFICIENTS = Array.from({ length: TERMS }, (_, k) => {
  let factorial = 2n;
  for (let n = 2n; n <= BigInt(k + 1); n++) factorial *= n;
  return (1n << 128n) / factorial;
});

export const fillPowers = (view: DataView): void => {
  for (let entry = 0; entry < 2 * STEPS; entry++) {
    const step = BigInt(entry & (STEPS - 1)) << (200n - STEP_BITS);
    const less = powerMinusOne(entry < STEPS ? step : -step, 200) >> 72n;
    const half = ((1n << 128n) + less) >> 1n;
    const distance = less < 0n ? -less : less;
    [half, half >> 64n, distance, distance >> 64n].forEach((word, at) => {
      view.setBigUint64(POWERS + (entry << ENTRY_SHIFT) + at * 8, BigInt.asUintN(64, word), true);
    });
  }
};

/** power(x in halves, exponent, sign): 2^x - 1 without its sign, for x below 1; 0 without an answer. */
export const power = (): FunctionDefinition => {
  const builder = new FunctionBuilder([I32, I32, I32, I32], [I32]);
  const { word: x, set: setX } = wordParameter(builder, 0);
  const [exponent, negative] = [2, 3].map((index) => builder.parameter(index));
  const at = builder.i32();
  const count = builder.i64();
  const v = pair(builder);
  const w = pair(builder);
  const sum = pair(builder);
  const other = pair(builder);
  const timesLn2 = (to: Pair, from: Pair): Code => sequence(other.high.set(highOf(LN2)), other.low.set(lowOf(LN2)), setProduct(to, from, other));
  const loadPair = (to: Pair, offset: number): Code => sequence(to.low.set(i64.load(at.get, POWERS + offset)), to.high.set(i64.load(at.get, POWERS + offset + 8)));
  const body = sequence(
    when(i32.ltS(exponent.get, i32.const(LEAST_EXPONENT)), NO_ANSWER),
    setX,
    v.high.set(x.get),
    when(i32.ne(exponent.get, i32.const(-1)), sequence(count.set(i64.extendU(i32.sub(i32.const(-1), exponent.get))), shiftRight(v, count.get))),
    at.set(i32.wrap(i64.shrU(v.high.get, i64.const(64n - STEP_BITS)))),
    v.high.set(i64.and(v.high.get, i64.const((1n << (64n - STEP_BITS)) - 1n))),
    timesLn2(w, v),
    when(negative.get, series(builder, sum, w, COEFFICIENTS, NARROW), series(builder, sum, w, COEFFICIENTS, NARROW, true)),
    when(
      at.get,
      sequence(
        at.set(i32.shl(i32.or(at.get, i32.shl(negative.get, i32.const(Number(STEP_BITS)))), i32.const(ENTRY_SHIFT))),
        setProduct(sum, w, sum),
        loadPair(other, 0),
        setProduct(sum, sum, other),
        // both factors are halves
        shiftLeft(sum, i64.const(2n)),
        loadPair(other, 16),
        addPair(sum, other),
        exponent.set(i32.const(-1)),
      ),
      sequence(noAnswerIf(i64.eqz(v.high.get)), exponent.set(i32.const(0)), normalise(v, exponent, count), timesLn2(w, v), setProduct(sum, w, sum)),
    ),
    normalise(sum, exponent, count),
    answer(sum, exponent.get, negative.get),
    i32.const(0),
  );
  return { name: "power", builder, body };
};
