/**
 * `npm test [-- --only STEP,... --update]`: installs and builds what is missing, then runs every check. A step that fails
 * shows its output and the others still run. The last line is `N passed, N failed`.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build, checkNode, install, PrepareError, ROOT } from "./prepare.mjs";

/**
 * @typedef {{ passed: number; failed: number; skipped: number }} Count
 * @typedef {object} Step
 * @property {string} name
 * @property {string} about
 * @property {string[][]} [commands] each a program of Node's with its arguments; a check
 * @property {string[]} [vitest] arguments; counted by its own report
 * @property {boolean} [live] shows its output while it runs
 * @property {number} minutes at most
 */

const MINUTE_MS = 60_000;
const bin = (/** @type {string} */ path) => join("node_modules", ...path.split("/"));
const tsc = bin("typescript/bin/tsc");
const TYPES_STATE = join("node_modules", ".cache", "backplane", "types.tsbuildinfo");

/** @type {(update: boolean) => Step[]} */
const allSteps = (update) => [
  {
    name: "types",
    about: "TypeScript; portable code without the types of Node and browsers",
    commands: [
      [tsc, "-p", "tsconfig.json", "--noEmit", "--tsBuildInfoFile", TYPES_STATE],
      [tsc, "-p", "tsconfig.portable.json"],
    ],
    minutes: 5,
  },
  {
    name: "lint",
    about: "Biome: format, lint, banned globals",
    commands: [[bin("@biomejs/biome/bin/biome"), "check", "--error-on-warnings", "--max-diagnostics=50", "."]],
    minutes: 2,
  },
  { name: "layering", about: "dependency-cruiser: who may import whom", commands: [[join("tools", "layering.mjs")]], minutes: 2 },
  { name: "sources", about: "chance, code from text, hosts and paths of machines, length of files", commands: [[join("tools", "source-rules.mjs")]], minutes: 2 },
  { name: "api", about: "the sdk's surface as reviewed in docs/api", commands: [[join("tools", "api-report.mjs"), ...(update ? ["--update"] : [])]], minutes: 2 },
  { name: "unit", about: "unit, conformance and architecture tests", vitest: ["--config", "vitest.config.ts", "--reporter=dot"], minutes: 20 },
  { name: "guest", about: "unmodified guests", vitest: ["--config", "vitest.guest.config.ts", "--reporter=default"], live: true, minutes: 25 },
];

/** What vitest's JSON report says; a file that could not be run, or an exit status without a failure, is a failure too. */
export const countVitest = (/** @type {string | undefined} */ report, /** @type {boolean} */ succeeded) => {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(report);
  const broken = testResults.filter(
    (/** @type {{ status: string; assertionResults: { status: string }[] }} */ file) =>
      file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed"),
  ).length;
  const failed = numFailedTests + broken;
  const silent = failed === 0 && (!succeeded || numPassedTests === 0);
  return { passed: numPassedTests, failed: failed + (silent ? 1 : 0), skipped: numPendingTests + numTodoTests };
};

/** @returns {{ only: string[]; update: boolean }} @throws {PrepareError} */
export const parseArguments = (/** @type {string[]} */ args, names = allSteps(false).map(({ name }) => name)) => {
  let only = names;
  let update = false;
  const rest = [...args];
  while (rest.length > 0) {
    const arg = rest.shift();
    if (arg === "--update") update = true;
    else if (arg === "--only" || arg?.startsWith("--only=")) {
      only = (arg === "--only" ? (rest.shift() ?? "") : arg.slice("--only=".length)).split(",").filter((name) => name !== "");
      const unknown = only.find((name) => !names.includes(name));
      if (unknown !== undefined || only.length === 0) throw new PrepareError(`--only takes one or more of ${names.join(",")}; not "${unknown ?? ""}"`);
    } else throw new PrepareError(`unknown argument "${arg}"; there are --only ${names.join(",")} and --update`);
  }
  return { only, update };
};

const seconds = (/** @type {number} */ since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;
const isTerminal = process.stdout.isTTY === true;
const print = (/** @type {string} */ text) => process.stdout.write(text);
const indented = (/** @type {string} */ text) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => `    ${line}\n`)
    .join("");

/**
 * @param {string[]} args
 * @param {number} minutes
 * @param {((text: string) => void) | undefined} live
 * @returns {Promise<{ ok: boolean; output: string }>}
 */
const run = (args, minutes, live) =>
  new Promise((done) => {
    const started = Date.now();
    // A group of its own, so that a timeout ends what the step has started, too.
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
    });
    let output = "";
    const end = () => {
      try {
        if (child.pid) process.kill(process.platform === "win32" ? child.pid : -child.pid, "SIGKILL");
      } catch {
        // It has just ended.
      }
    };
    const interrupted = () => {
      end();
      process.exit(130);
    };
    process.on("SIGINT", interrupted).on("SIGTERM", interrupted);
    const limit = setTimeout(() => {
      output += `\nended after ${seconds(started)}: ${minutes} minutes are the most\n`;
      end();
    }, minutes * MINUTE_MS);
    const take = (/** @type {string} */ text) => {
      output += text;
      live?.(text);
    };
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    const finish = (/** @type {boolean} */ ok) => {
      clearTimeout(limit);
      process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
      done({ ok, output });
    };
    child.on("error", (error) => {
      output += `${error.message}\n`;
      finish(false);
    });
    child.on("close", (code) => finish(code === 0));
  });

/** Whole lines, indented. */
const lineWriter = () => {
  let open = "";
  return (/** @type {string} */ text) => {
    const lines = (open + text).split("\n");
    open = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "" && !line.startsWith("JSON report written")) print(`    ${line}\n`);
  };
};

/** @param {Step} step @param {string} title @param {string} scratch @returns {Promise<Count>} */
const runStep = async (step, title, scratch) => {
  const started = Date.now();
  print(isTerminal && !step.live ? title : `${title}\n`);
  const ticker = isTerminal && !step.live ? setInterval(() => print(`\r${title} ${Math.round((Date.now() - started) / 1000)} s`), 1000) : undefined;
  const count = { passed: 0, failed: 0, skipped: 0 };
  let shown = "";
  for (const args of step.commands ?? []) {
    const { ok, output } = await run(args, step.minutes, undefined);
    if (ok) count.passed++;
    else {
      count.failed++;
      shown += output;
    }
  }
  if (step.vitest) {
    const report = join(scratch, `${step.name}.json`);
    const args = [bin("vitest/vitest.mjs"), "run", ...step.vitest, "--reporter=json", `--outputFile.json=${report}`];
    const { ok, output } = await run(args, step.minutes, step.live ? lineWriter() : undefined);
    /** @type {string | undefined} */
    let text;
    try {
      text = readFileSync(report, "utf8");
    } catch {
      // It ended before it had one: counted as a failure.
    }
    Object.assign(count, countVitest(text, ok));
    if (count.failed > 0 && !step.live) shown += output;
  }
  clearInterval(ticker);
  const numbers = [`${count.passed} passed`, ...(count.failed ? [`${count.failed} FAILED`] : []), ...(count.skipped ? [`${count.skipped} skipped`] : [])].join(", ");
  print(`${isTerminal && !step.live ? `\r\u001b[K${title}` : "   "} ${numbers} (${seconds(started)})\n`);
  if (shown) print(indented(shown));
  return count;
};

/** Runs the steps and says so; the number of failures. */
const main = async () => {
  const total = { passed: 0, failed: 0 };
  const closing = () => print(`${total.passed} passed, ${total.failed} failed\n`);
  checkNode();
  const { only, update } = parseArguments(process.argv.slice(2));
  const steps = allSteps(update).filter(({ name }) => only.includes(name));
  const started = Date.now();
  /** @type {[string, () => void][]} */
  const preparations = [
    ["install", install],
    ["build", build],
  ];
  for (const [name, work] of preparations) {
    try {
      work();
    } catch (error) {
      if (!(error instanceof PrepareError)) throw error;
      print(`${name}: ${error.message}\n`);
      total.failed++;
      // With errors of types there still is a build; without packages there is nothing.
      if (name === "install") {
        closing();
        return 1;
      }
    }
  }
  mkdirSync(join(ROOT, "node_modules", ".cache", "backplane"), { recursive: true });
  const scratch = mkdtempSync(join(tmpdir(), "backplane-test-"));
  try {
    for (const [index, step] of steps.entries()) {
      const { passed, failed } = await runStep(step, `[${index + 1}/${steps.length}] ${step.name}: ${step.about}:`, scratch);
      total.passed += passed;
      total.failed += failed;
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  print(`took ${seconds(started)}\n`);
  closing();
  return total.failed;
};

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    process.exitCode = (await main()) > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof PrepareError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}
