import { describe, expect, it } from "vitest";
import { arctangent, bitLength, cosine, log2, pi, powerMinusOne, shift, sine } from "./fixed.js";
import { PI_66 } from "./kernels/circle.js";
import { arctangentKernel, circleKernel, logarithmKernel, powerKernel, tangentKernel } from "./kernels/index.js";
import * as layout from "./layout.js";

const { A, B, BIAS, EXP, HI, R_EXP, R_EXT, R_HI, R_LO, R_SIGN, S, SIGN } = layout;
const F = 220;
const ROUNDS = 1500;
/** Units of the 96th bit: the doubt that kernels leave is 2^46 of the 128th. */
const ERROR = 1n << 12n;

let state = 88_172_645_463_325_252n;
const random = (below: number): number => {
  state = BigInt.asUintN(64, state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n);
  return Number((state >> 33n) % BigInt(below));
};
const word = (): number => (random(0x1_0000) << 16) | random(0x1_0000);

/** Fills a block; returns the magnitude's significand. */
const operand = (block: number, exponent: number, sign: number): bigint => {
  const short = random(3) === 0;
  S[block] = short ? 0 : word();
  S[block + HI] = (short ? random(0x100) << 16 : word()) | layout.J_BIT;
  S[block + EXP] = exponent + BIAS;
  S[block + SIGN] = sign;
  return (BigInt(S[block + HI] >>> 0) << 32n) | BigInt(S[block] >>> 0);
};
const fixed = (significand: bigint, exponent: number): bigint => shift(significand, F + exponent - 63);

/** R against a value in units of 2^-F. */
const check = (what: string, value: bigint): void => {
  const magnitude = value < 0n ? -value : value;
  const length = bitLength(magnitude);
  const got = [R_HI, R_LO, R_EXT].reduce((bits, at) => (bits << 32n) | BigInt(S[at] >>> 0), 0n);
  const difference = got - shift(magnitude, 96 - length);
  const right = S[R_EXP] === length - 1 - F + BIAS && S[R_SIGN] === (value < 0n ? 1 : 0) && difference < ERROR && -difference < ERROR;
  if (!right) expect.fail(`${what}: ${Array.from(S)}: off by ${difference}`);
};

/** Calls a kernel with random operands; nearly all of them must have answers. */
const repeat = (kernel: () => boolean, prepare: () => { readonly what: string; readonly value: () => bigint }): void => {
  let answers = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { what, value } = prepare();
    if (!kernel()) continue;
    answers++;
    check(what, value());
  }
  expect(answers).toBeGreaterThan(ROUNDS * 0.95);
};

const quarters = (significand: bigint, exponent: number): { readonly n: bigint; readonly rest: bigint } => {
  const quarter = PI_66 << BigInt(F - 65);
  const x = fixed(significand, exponent);
  const n = (2n * x + quarter) / (2n * quarter);
  return { n, rest: x - n * quarter };
};
const sineOf = (significand: bigint, exponent: number, turn: bigint): bigint => {
  const { n, rest } = quarters(significand, exponent);
  const value = ((n + turn) & 1n) === 0n ? sine(rest, F) : cosine(rest, F);
  return ((n + turn) & 2n) === 0n ? value : -value;
};

describe("transcendental kernels", () => {
  it.each([0, 1])("give sine and cosine (%i)", (which) => {
    repeat(
      () => circleKernel(which),
      () => {
        const exponent = random(44) - 24;
        const significand = operand(A, exponent, 0);
        return { what: `circle ${exponent}`, value: () => sineOf(significand, exponent, BigInt(which)) };
      },
    );
  });
  it("give the tangent", () => {
    repeat(tangentKernel, () => {
      const exponent = random(30) - 20;
      const significand = operand(A, exponent, 0);
      return { what: `tangent ${exponent}`, value: () => (sineOf(significand, exponent, 0n) << BigInt(F)) / sineOf(significand, exponent, 1n) };
    });
  });
  it("give the angle of a point in all octants", () => {
    repeat(arctangentKernel, () => {
      const behind = random(2);
      const xExponent = random(100) - 50;
      const yExponent = xExponent + random(36) - 18;
      const x = operand(A, xExponent, behind);
      let y = operand(B, yExponent, 0);
      if (random(9) === 0 && yExponent === xExponent) {
        [S[B], S[B + HI], y] = [S[A], S[A + HI], x];
      }
      const value = (): bigint => {
        const [wide, high] = [fixed(x, 0), fixed(y, yExponent - xExponent)];
        const steep = high > wide;
        const angle = arctangent(steep ? (wide << BigInt(F)) / high : (high << BigInt(F)) / wide, F);
        if (!steep) return behind === 1 ? pi(F) - angle : angle;
        return behind === 1 ? pi(F) / 2n + angle : pi(F) / 2n - angle;
      };
      return { what: `angle ${xExponent} ${yExponent} ${behind}`, value };
    });
  });
  it("give logarithms times a factor, near one too", () => {
    repeat(logarithmKernel, () => {
      const exponent = random(3) === 0 ? random(400) - 200 : random(2) - 1;
      const x = operand(A, exponent, 0);
      const y = operand(B, 0, 0);
      return { what: `logarithm ${exponent}`, value: () => ((log2(fixed(x, 0), F) + (BigInt(exponent) << BigInt(F))) * y) >> 63n };
    });
  });
  it("give powers of two less one", () => {
    repeat(powerKernel, () => {
      const exponent = -1 - random(random(2) === 0 ? 8 : 55);
      const sign = random(2);
      const x = operand(A, exponent, sign);
      return { what: `power ${exponent}`, value: () => powerMinusOne(sign === 0 ? fixed(x, exponent) : -fixed(x, exponent), F) };
    });
  });
});
