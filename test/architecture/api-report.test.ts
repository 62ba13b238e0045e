import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { apiProblems } from "../../tools/api-report.mjs";
import { ROOT } from "../../tools/prepare.mjs";
import { scratchTree } from "./gates.testing.js";

const declare = (root: string, sdk: string): void => {
  mkdirSync(join(root, "dist/sdk/testkit"), { recursive: true });
  writeFileSync(join(root, "dist/sdk/index.d.ts"), sdk);
  writeFileSync(join(root, "dist/sdk/testkit/index.d.ts"), "export declare const bench: () => void;\n");
};

describe("API report", { timeout: 60_000 }, () => {
  it("differs when the sdk's surface does", () => {
    const root = scratchTree(["api-extractor.json", "package.json", "tools/portable/globals.d.ts"]);
    // Compilers look for libraries beside the project.
    symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
    declare(root, "export declare const port: (value: number) => number;\n");
    expect(apiProblems(root, false)).toHaveLength(2);
    expect(apiProblems(root, true)).toEqual([]);
    expect(apiProblems(root, false)).toEqual([]);

    declare(root, "export declare const port: (value: number, doc: string) => number;\n");
    const [problem, ...others] = apiProblems(root, false);
    expect(problem).toContain("+ export const port: (value: number, doc: string) => number;");
    expect(others).toEqual([]);

    declare(root, "declare const port: number;\nexport {};\n");
    expect(apiProblems(root, false)).toEqual(expect.arrayContaining([expect.stringContaining("exports nothing")]));
    expect(readFileSync(join(root, "docs/api/sdk.api.md"), "utf8")).toContain("(value: number) => number");
  });
});
