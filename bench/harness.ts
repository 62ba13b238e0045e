/**
 * How everything here is measured.
 *
 * Speed is compared within one run: contenders take turns (A B A B ...), each figure is a median over the rounds, and
 * what counts is the ratio. Between machines, and between hours on a shared one, absolute figures vary twofold.
 */
import Benchmark from "benchmark";

export const median = (values: readonly number[]): number => {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Half the distance between the quartiles, relative to the median: how far to trust it. */
export const spread = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (fraction: number): number => sorted[Math.round((sorted.length - 1) * fraction)];
  return (at(0.75) - at(0.25)) / 2 / median(values);
};

/** Lets the contenders take turns; one result per contender and round. */
export const takeTurns = async <K extends string, T>(rounds: number, contenders: Readonly<Record<K, () => Promise<T> | T>>): Promise<Record<K, T[]>> => {
  const names = Object.keys(contenders) as K[];
  const results = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<K, T[]>;
  for (let round = 0; round < rounds; round++) for (const name of names) results[name].push(await contenders[name]());
  return results;
};

/** Median over the rounds of `a` divided by `b`, each pair from one round. */
export const medianRatio = (a: readonly number[], b: readonly number[]): number => median(a.map((value, round) => value / b[round]));

export interface MicroResult {
  /** Of one operation. */
  readonly ns: number;
  readonly spread: number;
  /** Of each round. */
  readonly rounds: readonly number[];
}

export interface MicroOptions {
  /** Operations in one call of a contender. */
  readonly operations: number;
  readonly rounds: number;
  /** Of one contender in one round. */
  readonly seconds?: number;
}

/** Nanoseconds per operation of synchronous functions, which take turns. */
export const micro = async <K extends string>(
  contenders: Readonly<Record<K, () => void>>,
  { operations, rounds, seconds = 0.25 }: MicroOptions,
): Promise<Record<K, MicroResult>> => {
  const once = (run: () => void) => (): number => {
    const benchmark = new Benchmark(run, { maxTime: seconds, minSamples: 5 }).run({ async: false });
    const failure: unknown = (benchmark as { error?: unknown }).error;
    if (failure) throw failure;
    // the sample that the rest of the machine disturbed least
    return (Math.min(...benchmark.stats.sample) * 1e9) / operations;
  };
  const names = Object.keys(contenders) as K[];
  const each = Object.fromEntries(names.map((name) => [name, once(contenders[name])])) as Record<K, () => number>;
  // The engine's compilers settle before anything counts.
  for (const name of names) each[name]();
  const results = await takeTurns(rounds, each);
  return Object.fromEntries(names.map((name) => [name, { ns: median(results[name]), spread: spread(results[name]), rounds: results[name] }])) as unknown as Record<K, MicroResult>;
};
