import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../tools/prepare.mjs";
import { scratchTree } from "./gates.testing.js";

const RULE = "lint/style/noRestrictedGlobals";
const BIOME = join(ROOT, "node_modules/@biomejs/biome/bin/biome");

const lint = (root: string): { category: string; path: string }[] => {
  const { stdout } = spawnSync(process.execPath, [BIOME, "lint", "--reporter=json", "."], { cwd: root, encoding: "utf8" });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string; location: { path: string } }[] };
  return diagnostics.map(({ category, location }) => ({ category, path: location.path }));
};

describe("banned globals", { timeout: 60_000 }, () => {
  const config = JSON.parse(readFileSync(join(ROOT, "biome.json"), "utf8"));
  const denied = Object.keys(config.overrides[0].linter.rules.style.noRestrictedGlobals.options.deniedGlobals);

  it("are found in every portable folder, and neither in tests nor in the host", () => {
    const root = scratchTree(["biome.json"], "globals");
    const found = lint(root).filter(({ category }) => category === RULE);
    const expected = [...denied.map((name) => `plugins/dice/${name.toLowerCase()}.ts`), "kernel/clock/now.ts", "profiles/now.ts", "sdk/bits/now.ts"];
    expect(found.map(({ path }) => path).sort()).toEqual(expected.sort());
    expect(readdirSync(join(root, "plugins/dice"))).toContain("dice.test.ts");
    expect(readdirSync(join(root, "host"))).toEqual(["now.ts"]);
  });

  it("name those that devices are most tempted by", () => {
    expect(denied).toEqual(expect.arrayContaining(["Date", "setTimeout", "setInterval", "setImmediate", "performance", "process", "Buffer", "fetch"]));
  });
});
