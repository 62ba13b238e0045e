import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("bin/backplane says that it has to be built first", () => {
  const directory = mkdtempSync(join(tmpdir(), "backplane-bin-"));
  try {
    cpSync(fileURLToPath(new URL("../../bin", import.meta.url)), join(directory, "bin"), { recursive: true });
    writeFileSync(join(directory, "package.json"), '{"type":"module"}');
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(directory, "bin/backplane.js"), "run"], { encoding: "utf8" });
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/not been built yet; run: npm install && npm run build\n$/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
