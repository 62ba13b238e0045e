import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { checkSources, RULES, sourceProblems } from "../../tools/source-rules.mjs";

const planted = (rule: string): string => fileURLToPath(new URL(`./planted/source/${rule}`, import.meta.url));

/** Where each rule finds something in its planted tree; what it is to leave alone lies beside. */
const FOUND: Readonly<Record<string, readonly string[]>> = {
  "no-chance": ["plugins/dice/coin.ts:1", "plugins/dice/dice.ts:1"],
  "no-code-from-text": ["kernel/cpu/fault.ts:1", "plugins/dice/dice.ts:1"],
  "no-registry-host": ["host/guest/mirror.ts:1", "package-lock.json:1"],
  "no-machine-path": ["docs/install.md:1", "tools/start.mjs:1"],
  "no-hushed-gate": ["host/cli.ts:1", "kernel/clock/clock.ts:1"],
  "short-files": ["plugins/dice/dice.ts:451"],
};

describe("source rules", () => {
  it("have a planted violation each", () => {
    expect(readdirSync(planted("")).sort()).toEqual([...RULES].sort());
    expect(Object.keys(FOUND).sort()).toEqual([...RULES].sort());
  });

  it.each(RULES)("%s finds its planted violations, alone", (rule) => {
    const { violations } = checkSources(planted(rule));
    expect(violations.map(({ path, line }) => `${path}:${line}`)).toEqual(FOUND[rule]);
    expect(new Set(violations.map((violation) => violation.rule))).toEqual(new Set([rule]));
  });

  it("fail when they see nothing", () => {
    expect(sourceProblems(planted("none"), 1)).toEqual(["the check saw 0 files; there are at least 1"]);
  });
});
