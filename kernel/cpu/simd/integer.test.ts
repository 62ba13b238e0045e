import { describe, expect, it } from "vitest";
import { FACTS } from "../tables/table.js";
import { packedIntegerOperations } from "./integer.js";
import { HASH_START, hashWord, IntegerCases } from "./integer-cases.testing.js";
import { makeVector } from "./vector.js";
import { INTEGER_HASHES } from "./vectors/integer-hashes.testing.js";

const CASES = 10_000;
const SEED = 0x2545_f491;
const WORDS = 9;

const d = makeVector();
const s = makeVector();

const inputs = new Int32Array(CASES * WORDS);
const cases = new IntegerCases(SEED);
for (let at = 0; at < inputs.length; at += WORDS) {
  const imm = cases.operands(d, s);
  inputs.set(d.i32, at);
  inputs.set(s.i32, at + 4);
  inputs[at + 8] = imm;
}

/** Results of an operation over all inputs. `source` and `result` are the words that exist. */
const hashOf = (name: string, bytes: number, source: number, result: number, immediate: boolean): number => {
  const operation = packedIntegerOperations[name];
  let hash = HASH_START;
  for (let at = 0; at < inputs.length; at += WORDS) {
    for (let word = 0; word < 4; word++) {
      d.i32[word] = inputs[at + word];
      s.i32[word] = word < source ? inputs[at + 4 + word] : 0;
    }
    operation(d, s, bytes, immediate ? inputs[at + 8] : 0);
    for (let word = 0; word < result; word++) hash = hashWord(hash, d.i32[word]);
  }
  return hash >>> 0;
};

const captured = new Map(
  INTEGER_HASHES.trim()
    .split("\n")
    .map((line) => {
      const [name, mmx, xmm] = line.split(" ");
      return [name, { mmx, xmm }];
    }),
);

describe("packed integer instructions compute what a processor computes", () => {
  for (const [name, expected] of captured) {
    it(name, () => {
      const forms = FACTS.filter((fact) => fact.operation === name);
      const found = { mmx: "-", xmm: "-" };
      for (const { unit, operands } of forms) {
        const mmx = unit === "mmx";
        const words = mmx ? 2 : 4;
        const hash = hashOf(name, words * 4, operands[1][0] === "E" ? 1 : words, operands[0][0] === "G" ? 1 : words, operands.includes("Ib"));
        found[mmx ? "mmx" : "xmm"] = hash.toString(16);
      }
      expect(found).toEqual(expected);
    });
  }

  it("of which none is left out", () => {
    expect([...captured.keys()].sort()).toEqual(Object.keys(packedIntegerOperations).sort());
  });
});

it("MMX forms leave the second half of their register alone", () => {
  for (const [name, operation] of Object.entries(packedIntegerOperations)) {
    if (!FACTS.some((fact) => fact.operation === name && fact.unit === "mmx")) continue;
    d.i32.set([0x1234_5678, 0x7fff_8000, 0x5a5a, 0x1111]);
    s.i32.set([0x0102_0304, 0x8001_7fff, 0, 0]);
    operation(d, s, 8, 0xb1);
    expect([name, d.i32[2], d.i32[3]]).toEqual([name, 0x5a5a, 0x1111]);
  }
});
