import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { checkLayering, layeringProblems, MINIMUM_MODULES, RULES, sourceFiles } from "../../tools/layering.mjs";
import { ROOT } from "../../tools/prepare.mjs";

const planted = (rule: string): string => fileURLToPath(new URL(`./planted/layering/${rule}`, import.meta.url));

describe("layering", { timeout: 60_000 }, () => {
  it("has a planted violation for every rule, and no other", () => {
    expect(readdirSync(planted("")).sort()).toEqual([...RULES].sort());
  });

  it.each(RULES)("%s finds its planted violation, alone", async (rule) => {
    const { violations } = await checkLayering(planted(rule));
    expect(new Set(violations.map((violation) => violation.rule))).toEqual(new Set([rule]));
  });

  it("fails when it sees less than there is", async () => {
    const [fault, few, ...others] = await layeringProblems(planted("resolvable"), 100);
    expect(fault).toContain("host/cli.ts -> ./gone.js: resolvable.");
    expect(few).toMatch(/^dependency-cruiser saw \d modules; there are at least 100$/);
    expect(others).toEqual([]);
  });

  it("looks at all of the repository", () => {
    const files = sourceFiles(ROOT);
    expect(files.length).toBeGreaterThan(MINIMUM_MODULES);
    expect(files.filter((path) => !existsSync(join(ROOT, path)) || path.includes("planted") || path.includes("node_modules"))).toEqual([]);
  });
});
