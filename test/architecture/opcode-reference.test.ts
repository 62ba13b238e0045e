import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CONDITIONS, documentedName } from "../../kernel/cpu/disassembler/names.js";
import { flagEffect } from "../../kernel/cpu/tables/flag-effects.js";
import { FACTS } from "../../kernel/cpu/tables/table.js";
import { opcodeReference, REFERENCE, referenceProblems } from "../../tools/opcode-reference.mjs";
import { ROOT } from "../../tools/prepare.mjs";
import { scratchTree } from "./gates.testing.js";

const source = { FACTS, flagEffect, CONDITIONS, documentedName };

describe("docs/opcodes.md", () => {
  it("is what the opcode table says", () => {
    expect(referenceProblems(ROOT, source, false)).toEqual([]);
  });

  it("has every encoding once, and its table cells are aligned", () => {
    const rows = readFileSync(join(ROOT, REFERENCE), "utf8")
      .split("\n")
      .filter((line) => /^\| `[0-9A-FNP]{2}\b/.test(line));
    expect(rows).toHaveLength(FACTS.length);
    expect(new Set(rows.map((row) => row.split("|").length))).toEqual(new Set([12]));
  });

  it("differs when the table does, until it is written anew", () => {
    const root = scratchTree(["package.json"]);
    mkdirSync(join(root, "docs"));
    expect(referenceProblems(root, source, false)).toHaveLength(1);
    expect(referenceProblems(root, source, true)).toEqual([]);
    expect(referenceProblems(root, source, false)).toEqual([]);
    const changed = { ...source, FACTS: FACTS.map((fact) => (fact.mnemonic === "DAA" ? { ...fact, cost: 99 } : fact)) };
    expect(referenceProblems(root, changed, false)).toEqual([expect.stringContaining("--update")]);
    writeFileSync(join(root, REFERENCE), opcodeReference(changed));
    expect(referenceProblems(root, changed, false)).toEqual([]);
  });

  it("takes no operand without a name and no encoding without a chapter", () => {
    const [first] = FACTS;
    expect(() => opcodeReference({ ...source, FACTS: [...FACTS, { ...first, operands: ["Xq"] }] })).toThrow(/"Xq" has no name/);
    expect(() => opcodeReference({ ...source, FACTS: [...FACTS, { ...first, opcode: "0F04", unit: "sse", feature: "tsc" }] })).toThrow(/0F04 ADD belongs to one chapter/);
  });
});
