import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkNode, needsBuild, needsInstall, PrepareError, ROOT, sourceStamp } from "../../tools/prepare.mjs";
import { countVitest, parseArguments } from "../../tools/test.mjs";
import { scratchTree } from "./gates.testing.js";

const INPUTS = ["package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json", "tools/prepare.mjs", "tools/start.mjs"];

describe("npm start", { timeout: 60_000 }, () => {
  it("says which Node it needs", () => {
    for (const version of ["20.19.0", "20.20.2", "22.0.0"]) expect(() => checkNode(version)).not.toThrow();
    for (const version of ["20.18.3", "18.20.0"]) expect(() => checkNode(version)).toThrow(PrepareError);
  });

  it("installs when there are no packages, an installation was interrupted, or the lock file is newer", () => {
    const root = scratchTree(INPUTS);
    expect(needsInstall(root)).toBe(true);
    mkdirSync(join(root, "node_modules"));
    expect(needsInstall(root)).toBe(true);
    writeFileSync(join(root, "node_modules/.package-lock.json"), "{}");
    expect(needsInstall(root)).toBe(false);
    const later = new Date(Date.now() + 5000);
    utimesSync(join(root, "package-lock.json"), later, later);
    expect(needsInstall(root)).toBe(true);
  });

  it("tells sources by their content, and does not count tests", () => {
    const root = scratchTree(INPUTS);
    const write = (path: string, text: string): void => {
      mkdirSync(join(root, path, ".."), { recursive: true });
      writeFileSync(join(root, path), text);
    };
    write("kernel/clock.ts", "export const a = 1;");
    const before = sourceStamp(root);
    write("kernel/clock.test.ts", "anything");
    write("kernel/testing/clock.ts", "anything");
    write("kernel/clock.ts", "export const a = 1;");
    expect(sourceStamp(root)).toBe(before);
    write("kernel/clock.ts", "export const a = 2;");
    const changed = sourceStamp(root);
    expect(changed).not.toBe(before);
    write("kernel/added.ts", "");
    expect(sourceStamp(root)).not.toBe(changed);
    rmSync(join(root, "kernel/added.ts"));
    expect(sourceStamp(root)).toBe(changed);
    expect(needsBuild(root)).toBe(true);
  });

  it("builds once, passes arguments, and runs without a command", () => {
    const root = scratchTree(INPUTS);
    mkdirSync(join(root, "node_modules"));
    for (const name of ["typescript", "@types"]) symlinkSync(join(ROOT, "node_modules", name), join(root, "node_modules", name));
    const later = new Date(Date.now() + 60_000);
    writeFileSync(join(root, "node_modules/.package-lock.json"), "{}");
    utimesSync(join(root, "node_modules/.package-lock.json"), later, later);
    for (const folder of ["host", "kernel", "bin"]) mkdirSync(join(root, folder));
    writeFileSync(join(root, "host/index.ts"), "export const answer: number = 42;\n");
    writeFileSync(join(root, "bin/backplane.js"), 'import { answer } from "../dist/host/index.js";\nconsole.log(answer, JSON.stringify(process.argv.slice(2)));\n');
    const start = (...args: string[]) => spawnSync(process.execPath, ["tools/start.mjs", ...args], { cwd: root, encoding: "utf8" });

    expect(start()).toMatchObject({ status: 0, stdout: '42 ["run"]\n', stderr: "Building ...\n" });
    expect(start("--memory", "64")).toMatchObject({ status: 0, stdout: '42 ["run","--memory","64"]\n', stderr: "" });
    expect(start("devices")).toMatchObject({ status: 0, stdout: '42 ["devices"]\n', stderr: "" });
    expect(start("--help").stdout).toBe('42 ["--help"]\n');

    writeFileSync(join(root, "host/index.ts"), "export const answer: string = 42;\n");
    const failed = start();
    expect(failed).toMatchObject({ status: 1, stdout: "" });
    expect(failed.stderr).toMatch(/host\/index\.ts.*TS2322[\s\S]*The build failed; see above\.\n$/);
  });
});

describe("npm test", () => {
  const report = (passed: number, failed: number, files: readonly object[]): string =>
    JSON.stringify({ numPassedTests: passed, numFailedTests: failed, numPendingTests: 2, numTodoTests: 1, testResults: files });
  const file = (status: string, ...tests: string[]): object => ({ status, assertionResults: tests.map((each) => ({ status: each })) });

  it("counts tests", () => {
    expect(countVitest(report(5, 0, [file("passed", "passed")]), true)).toEqual({ passed: 5, failed: 0, skipped: 3 });
    expect(countVitest(report(5, 1, [file("failed", "passed", "failed")]), false)).toEqual({ passed: 5, failed: 1, skipped: 3 });
  });

  it("counts files that could not be run, runs without a report, without a test, and with errors outside of tests", () => {
    expect(countVitest(report(5, 1, [file("failed", "failed"), file("failed"), file("failed", "passed")]), false).failed).toBe(3);
    expect(countVitest(undefined, true)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(countVitest(report(0, 0, []), true).failed).toBe(1);
    expect(countVitest(report(5, 0, [file("passed", "passed")]), false).failed).toBe(1);
  });

  it("takes a choice of steps", () => {
    expect(parseArguments([], ["lint", "unit"])).toEqual({ only: ["lint", "unit"], update: false });
    expect(parseArguments(["--only", "unit", "--update"], ["lint", "unit"])).toEqual({ only: ["unit"], update: true });
    expect(parseArguments(["--only=unit,lint"], ["lint", "unit"]).only).toEqual(["unit", "lint"]);
    for (const wrong of [["--only"], ["--only", "units"], ["--onl"], ["unit"]]) expect(() => parseArguments(wrong, ["lint", "unit"])).toThrow(PrepareError);
  });

  it.each([["--only", "nothing"], ["--nothing"]])("refuses %s in one line", (...args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["tools/test.mjs", ...args], { cwd: ROOT, encoding: "utf8" });
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^[^\n]+\n$/);
  });
});
