/**
 * What a kernel answers, in the first words of its memory: a significand, 64 bits below it, its exponent and sign. It answers only where
 * the bits below leave no doubt about rounding: then the result is that of any more exact computation.
 */
import { type Code, i32, i64, type Local, rarely, result, sequence } from "../fast/builder.js";
import type { Pair } from "./wide.js";

export const SIGNIFICAND = 0;
export const REST = 8;
export const EXPONENT = 16;
export const SIGN = 20;

/** Errors of the kernels are below this many units of the last of the 64 bits by a factor of four and more. */
export const DOUBT = 1n << 46n;
const HALF = 1n << 63n;
/** Tables lie behind the answer. */
export const LOGARITHMS = 0x1000;
export const ARCTANGENTS = 0x3000;
export const POWERS = 0x4000;

const ORIGIN = i32.const(0);

export const NO_ANSWER = result(i32.const(0));
export const noAnswerIf = (condition: Code): Code => rarely(condition, NO_ANSWER);

const near = (rest: Code, boundary: bigint): Code => i64.ltU(i64.add(rest, i64.const(DOUBT - boundary)), i64.const(2n * DOUBT));

/** The value of a normalised pair times 2^exponent, the pair standing for 1 to 2. */
export const answer = (value: Pair, exponent: Code, sign: Code): Code =>
  sequence(
    noAnswerIf(i32.or(near(value.low.get, 0n), near(value.low.get, HALF))),
    i64.store(ORIGIN, value.high.get, SIGNIFICAND),
    i64.store(ORIGIN, value.low.get, REST),
    i32.store(ORIGIN, exponent, EXPONENT),
    i32.store(ORIGIN, sign, SIGN),
    result(i32.const(1)),
  );

/** Moves the highest bit of a value, which has one in its upper word, to the top; `exponent` falls with it. */
export const normalise = (value: Pair, exponent: Local, count: Local): Code =>
  sequence(
    count.set(i64.clz(value.high.get)),
    exponent.set(i32.sub(exponent.get, i32.wrap(count.get))),
    value.high.set(i64.or(i64.shl(value.high.get, count.get), i64.shrU(i64.shrU(value.low.get, i64.const(1n)), i64.sub(i64.const(63n), count.get)))),
    value.low.set(i64.shl(value.low.get, count.get)),
  );
