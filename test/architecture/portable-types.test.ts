import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../tools/prepare.mjs";
import { scratchTree } from "./gates.testing.js";

const TSC = join(ROOT, "node_modules/typescript/bin/tsc");

describe("types of portable code", { timeout: 120_000 }, () => {
  it("are those of the language: neither Node's nor a browser's", () => {
    const root = scratchTree(["package.json", "tsconfig.json", "tsconfig.portable.json", "tools/portable/globals.d.ts"], "portable-types");
    const { stdout, status } = spawnSync(process.execPath, [TSC, "-p", "tsconfig.portable.json", "--incremental", "false", "--pretty", "false"], { cwd: root, encoding: "utf8" });
    const found = stdout.match(/^[\w/.-]+\(\d+,\d+\): error TS\d+: .*?'[^']+'/gm);
    expect(found?.map((line) => line.replace(/\(.*'([^']+)'$/, " $1"))).toEqual([
      "plugins/dice/dice.ts setTimeout",
      "plugins/dice/dice.ts document",
      "plugins/dice/dice.ts NodeJS",
    ]);
    expect(status).not.toBe(0);
  });
});
