/**
 * Fixed-point elementary functions on BigInts, for the transcendental instructions. A value carries its count of fraction bits `f` beside it.
 * Errors are a few units of the last place, which leaves more than 60 bits below the last one of an 80-bit result.
 */

/** Fraction bits of the constants and, below, of the tables. */
const CONSTANT_BITS = 320;
const TABLE_BITS = 240;
/** Tables step by 1/32. */
const STEP_BITS = 5;

export function bitLength(value: bigint): number {
  const digits = value.toString(16);
  return digits.length * 4 - (Math.clz32(Number.parseInt(digits[0], 16)) - 28);
}

/** value * 2^n, toward minus infinity. */
export function shift(value: bigint, n: number): bigint {
  return n >= 0 ? value << BigInt(n) : value >> BigInt(-n);
}

function once<T>(make: () => T): () => T {
  let value: T | undefined;
  return () => (value ??= make());
}

/** atan(u) or, with `hyperbolic`, atanh(u) for small |u|. */
function atanSeries(u: bigint, f: number, hyperbolic: boolean): bigint {
  const bits = BigInt(f);
  const square = (u * u) >> bits;
  let power = u;
  let sum = u;
  for (let n = 3n, minus = !hyperbolic; ; n += 2n, minus = !minus && !hyperbolic) {
    power = (power * square) >> bits;
    const term = power / n;
    if (term === 0n) return sum;
    sum = minus ? sum - term : sum + term;
  }
}

function atanOfReciprocal(n: number): bigint {
  return atanSeries((1n << BigInt(CONSTANT_BITS)) / BigInt(n), CONSTANT_BITS, false);
}

const piConstant = once(() => 4n * (4n * atanOfReciprocal(5) - atanOfReciprocal(239)));
const ln2Constant = once(() => 2n * atanSeries((1n << BigInt(CONSTANT_BITS)) / 3n, CONSTANT_BITS, true));
const log2eConstant = once(() => (1n << BigInt(2 * CONSTANT_BITS)) / ln2Constant());

export function pi(f: number): bigint {
  return piConstant() >> BigInt(CONSTANT_BITS - f);
}

export function ln2(f: number): bigint {
  return ln2Constant() >> BigInt(CONSTANT_BITS - f);
}

export function log2e(f: number): bigint {
  return log2eConstant() >> BigInt(CONSTANT_BITS - f);
}

export function sine(x: bigint, f: number): bigint {
  return alternating(x, x, 1n, f);
}

export function cosine(x: bigint, f: number): bigint {
  return alternating(x, 1n << BigInt(f), 0n, f);
}

/** The sine or cosine series from its first term, whose power of x is `n`. */
function alternating(x: bigint, first: bigint, n: bigint, f: number): bigint {
  const bits = BigInt(f);
  const square = (x * x) >> bits;
  let sum = first;
  for (let term = first; ; ) {
    term = -((term * square) >> bits) / ((n + 1n) * (n + 2n));
    n += 2n;
    if (term === 0n) return sum;
    sum += term;
  }
}

/** atan(k / 32). */
const atanTable = once(() => {
  const table = [0n];
  const one = 1n << BigInt(TABLE_BITS);
  for (let k = 1n; k <= 32n; k++) table.push(table[Number(k) - 1] + atanSeries((32n * one) / (1024n + k * (k - 1n)), TABLE_BITS, false));
  return table;
});

/** atan(x) for 0 <= x <= 1. */
export function arctangent(x: bigint, f: number): bigint {
  const k = Number(((x >> BigInt(f - STEP_BITS - 1)) + 1n) >> 1n);
  if (k === 0) return atanSeries(x, f, false);
  const centre = BigInt(k) << BigInt(f - STEP_BITS);
  const one = 1n << BigInt(f);
  const u = ((x - centre) << BigInt(f)) / (one + ((x * centre) >> BigInt(f)));
  return (atanTable()[k] >> BigInt(TABLE_BITS - f)) + atanSeries(u, f, false);
}

/** ln(k / 32) for k = 24 ... 48. */
const logTable = once(() => {
  const table: bigint[] = [];
  table[32] = 0n;
  const one = 1n << BigInt(TABLE_BITS);
  for (let k = 33; k <= 48; k++) table[k] = table[k - 1] + 2n * atanSeries(one / BigInt(2 * k - 1), TABLE_BITS, true);
  for (let k = 31; k >= 24; k--) table[k] = table[k + 1] - 2n * atanSeries(one / BigInt(2 * k + 1), TABLE_BITS, true);
  return table;
});

/** ln(x) for 3/4 <= x <= 3/2, exact in relative terms down to x = 1. */
function naturalLog(x: bigint, f: number): bigint {
  const k = Number(((x >> BigInt(f - STEP_BITS - 1)) + 1n) >> 1n);
  const centre = BigInt(k) << BigInt(f - STEP_BITS);
  const z = ((x - centre) << BigInt(f)) / (x + centre);
  const rest = 2n * atanSeries(z, f, true);
  return k === 32 ? rest : (logTable()[k] >> BigInt(TABLE_BITS - f)) + rest;
}

/** log2(x) for any x > 0; near x = 1 the result keeps as many bits as x - 1 has above the last place. */
export function log2(x: bigint, f: number): bigint {
  let exp = bitLength(x) - 1 - f;
  let w = shift(x, -exp);
  if (w > 3n << BigInt(f - 1)) {
    exp++;
    w = shift(x, -exp);
  }
  return ((naturalLog(w, f) * log2e(f)) >> BigInt(f)) + (BigInt(exp) << BigInt(f));
}

function exponentialMinusOne(x: bigint, f: number): bigint {
  const bits = BigInt(f);
  let sum = x;
  let term = x;
  for (let n = 2n; ; n++) {
    term = ((term * x) >> bits) / n;
    if (term === 0n || term === -1n) return sum;
    sum += term;
  }
}

/** 2^(k / 32) for k = -32 ... 32, at index k + 32. */
const powerTable = once(() => {
  const table: bigint[] = [];
  for (let k = -32n; k <= 32n; k++) table.push((1n << BigInt(TABLE_BITS)) + exponentialMinusOne((ln2(TABLE_BITS) * k) >> BigInt(STEP_BITS), TABLE_BITS));
  return table;
});

/** 2^x - 1 for -1 <= x <= 1. */
export function powerMinusOne(x: bigint, f: number): bigint {
  const k = ((x >> BigInt(f - STEP_BITS - 1)) + 1n) >> 1n;
  const u = x - (k << BigInt(f - STEP_BITS));
  const rest = exponentialMinusOne((u * ln2(f)) >> BigInt(f), f);
  if (k === 0n) return rest;
  const power = powerTable()[Number(k) + 32] >> BigInt(TABLE_BITS - f);
  return power + ((power * rest) >> BigInt(f)) - (1n << BigInt(f));
}
