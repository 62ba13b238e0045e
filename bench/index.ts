/** `npm run bench -- [SUITE...] [OPTIONS]`; `--help` tells them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, roundsOf, usage } from "./options.js";
import { findRival } from "./qemu.js";
import { type Context, circumstances, type Suite, table } from "./report.js";
import { plotRivals } from "./rivals/plot.js";
import { boot } from "./suites/boot.js";
import { dispatch } from "./suites/dispatch.js";
import { interpreter } from "./suites/interpreter.js";
import { jit } from "./suites/jit.js";
import { rivals } from "./suites/rivals.js";
import { snapshot } from "./suites/snapshot.js";

const SUITES: readonly Suite[] = [interpreter, boot, dispatch, snapshot, jit, rivals];

/** This file is dist/bench/index.js. */
const RESULTS = fileURLToPath(new URL("../../bench/results/", import.meta.url));
const FIGURES = fileURLToPath(new URL("../../docs/figures/", import.meta.url));

const say = (text: string): void => void process.stderr.write(`${text}\n`);

const plot = (): number => {
  for (const name of plotRivals(RESULTS, FIGURES)) say(`wrote docs/figures/${name}`);
  return 0;
};

const main = async (): Promise<number> => {
  const args = process.argv.slice(2);
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(usage(SUITES));
    return 0;
  }
  const options = parse(args, SUITES);
  if (typeof options === "string") {
    process.stderr.write(`${options}\n\n${usage(SUITES)}`);
    return 2;
  }
  if (options.plot) return plot();
  const found = options.rival ? findRival() : { missing: "QEMU is left out: --no-rival" };
  if ("missing" in found) say(found.missing);
  const where: Record<string, string | number> = { ...circumstances(), qemu: "version" in found ? found.version : "none" };
  process.stdout.write(
    `${Object.entries(where)
      .map(([key, value]) => `${key} ${value}`)
      .join(", ")}\n\n`,
  );
  const scratch = mkdtempSync(join(tmpdir(), "backplane-bench-"));
  const context: Omit<Context, "rounds"> = { ...options, rival: "version" in found, scratch, say: (text) => say(`  ${text}`) };
  const results: Record<string, unknown> = {};
  try {
    for (const suite of options.suites) {
      say(`${suite.name}: ${suite.about}`);
      const rounds = roundsOf(options, suite);
      const result = await suite.run({ ...context, rounds });
      process.stdout.write(`${suite.name}\n${table(result)}\n`);
      results[suite.name] = { where: { rounds, ...result.where }, rows: result.rows, notes: result.notes, ...(result.detail !== undefined && { detail: result.detail }) };
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  mkdirSync(RESULTS, { recursive: true });
  const json = `${JSON.stringify({ where, suites: results }, null, 2)}\n`;
  const time = String(where["date"]).replace(/:/g, "");
  const files = [`run-${time}.json`, ...(options.summary ? [`summary-${time}.json`] : [])];
  for (const file of files) {
    writeFileSync(join(RESULTS, file), json);
    say(`wrote bench/results/${file}`);
  }
  return options.summary ? plot() : 0;
};

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}
