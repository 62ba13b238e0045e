/** `npm run bench -- [SUITE...] [--rounds N] [--no-rival] [--before CHECKOUT] [--summary]`. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findRival } from "./qemu.js";
import { type Context, circumstances, type Suite, table } from "./report.js";
import { boot } from "./suites/boot.js";
import { dispatch } from "./suites/dispatch.js";
import { interpreter } from "./suites/interpreter.js";
import { snapshot } from "./suites/snapshot.js";

const SUITES: readonly Suite[] = [interpreter, boot, dispatch, snapshot];
const DEFAULT_ROUNDS = 5;

/** This file is dist/bench/index.js. */
const RESULTS = fileURLToPath(new URL("../../bench/results/", import.meta.url));

const USAGE = `npm run bench -- [SUITE...] [--rounds N] [--no-rival] [--before CHECKOUT] [--summary]

${SUITES.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join("\n")}

  --rounds N   turns of each contender, ${DEFAULT_ROUNDS} unless given
  --no-rival   without QEMU
  --before D   the interpreter of another built checkout of this project, in turns with this one
  --summary    also writes bench/results/summary-DATE.json, which git keeps
`;

interface Options {
  readonly suites: readonly Suite[];
  readonly rounds: number;
  readonly rival: boolean;
  readonly summary: boolean;
  readonly before: string | undefined;
}

/** The options, or what is wrong with them. */
const parse = (args: readonly string[]): Options | string => {
  const suites: Suite[] = [];
  let options: Omit<Options, "suites"> = { rounds: DEFAULT_ROUNDS, rival: true, summary: false, before: undefined };
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const suite = SUITES.find(({ name }) => name === arg);
    if (suite) suites.push(suite);
    else if (arg === "--no-rival") options = { ...options, rival: false };
    else if (arg === "--summary") options = { ...options, summary: true };
    else if (arg === "--before") {
      const before = rest.shift();
      if (before === undefined || !existsSync(join(before, "dist", "bench", "workers", "run-program.js"))) return "--before takes the folder of a built checkout of this project";
      options = { ...options, before };
    } else if (arg === "--rounds") {
      const rounds = Number(rest.shift());
      if (!Number.isInteger(rounds) || rounds < 1) return "--rounds takes a whole number from 1";
      options = { ...options, rounds };
    } else return `there is no suite or option "${arg}"`;
  }
  return { ...options, suites: suites.length > 0 ? suites : SUITES };
};

const main = async (): Promise<number> => {
  const args = process.argv.slice(2);
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(USAGE);
    return 0;
  }
  const options = parse(args);
  if (typeof options === "string") {
    process.stderr.write(`${options}\n\n${USAGE}`);
    return 2;
  }
  const found = options.rival ? findRival() : { missing: "QEMU is left out: --no-rival" };
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  if ("missing" in found) say(found.missing);
  const where: Record<string, string | number> = { ...circumstances(), rounds: options.rounds, qemu: "version" in found ? found.version : "none" };
  process.stdout.write(
    `${Object.entries(where)
      .map(([key, value]) => `${key} ${value}`)
      .join(", ")}\n\n`,
  );
  const scratch = mkdtempSync(join(tmpdir(), "backplane-bench-"));
  const context: Context = { rounds: options.rounds, rival: "version" in found, before: options.before, scratch, say: (text) => say(`  ${text}`) };
  const results: Record<string, unknown> = {};
  try {
    for (const suite of options.suites) {
      say(`${suite.name}: ${suite.about}`);
      const result = await suite.run(context);
      process.stdout.write(`${suite.name}\n${table(result)}\n`);
      results[suite.name] = { rows: result.rows, notes: result.notes };
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  mkdirSync(RESULTS, { recursive: true });
  const json = `${JSON.stringify({ where, suites: results }, null, 2)}\n`;
  const files = [`run-${String(where["date"]).replace(/:/g, "")}.json`, ...(options.summary ? [`summary-${String(where["date"]).slice(0, 10)}.json`] : [])];
  for (const file of files) {
    writeFileSync(join(RESULTS, file), json);
    say(`wrote bench/results/${file}`);
  }
  return 0;
};

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}
