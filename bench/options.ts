/** The command line of the benchmarks. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Suite } from "./report.js";

const DEFAULT_ROUNDS = 5;

export interface Options {
  readonly suites: readonly Suite[];
  /** Given by the user, or each suite's own. */
  readonly rounds: number | undefined;
  readonly rival: boolean;
  readonly before: string | undefined;
  readonly summary: boolean;
  readonly plot: boolean;
  readonly only: RegExp | undefined;
  readonly node: string;
  readonly jit: string | undefined;
}

export const usage = (suites: readonly Suite[]): string => `npm run bench -- [SUITE...] [OPTIONS]

${suites.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join("\n")}

  --rounds N    turns of each contender; ${[`${DEFAULT_ROUNDS} unless given`, ...suites.flatMap(({ name, rounds }) => (rounds === undefined ? [] : [`${rounds} of ${name}`]))].join(", ")}
  --no-rival    without QEMU
  --before DIR  the interpreter of another built checkout of this project, in turns with this one
  --summary     also writes bench/results/summary-TIME.json, which git keeps, and draws docs/figures/rivals*.svg anew
  --plot        only draws them, from the summaries there are

Of the suites rivals and jit:

  --only REGEX  programs whose name or class matches
  --jit MODE    how ours translates: off, js, wasm or tiered

Of the suite rivals:

  --node FILE   another Node for ours and v86. The npm package "node" has one of every version inside:
                  npm install --prefix FOLDER node@24
                  npm run bench -- rivals --node FOLDER/node_modules/node/bin/node
`;

export const roundsOf = (options: Options, suite: Suite): number => options.rounds ?? suite.rounds ?? DEFAULT_ROUNDS;

/** The options, or what is wrong with them. */
export const parse = (args: readonly string[], known: readonly Suite[]): Options | string => {
  const suites: Suite[] = [];
  let options: Omit<Options, "suites"> = {
    rounds: undefined,
    rival: true,
    summary: false,
    plot: false,
    before: undefined,
    only: undefined,
    node: process.execPath,
    jit: undefined,
  };
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const suite = known.find(({ name }) => name === arg);
    if (suite) suites.push(suite);
    else if (arg === "--no-rival") options = { ...options, rival: false };
    else if (arg === "--summary") options = { ...options, summary: true };
    else if (arg === "--plot") options = { ...options, plot: true };
    else if (arg === "--before") {
      const before = rest.shift();
      if (before === undefined || !existsSync(join(before, "dist", "bench", "workers", "run-program.js"))) return "--before takes the folder of a built checkout of this project";
      options = { ...options, before };
    } else if (arg === "--rounds") {
      const rounds = Number(rest.shift());
      if (!Number.isInteger(rounds) || rounds < 1) return "--rounds takes a whole number from 1";
      options = { ...options, rounds };
    } else if (arg === "--only") {
      try {
        options = { ...options, only: new RegExp(rest.shift() ?? "(") };
      } catch {
        return "--only takes a regular expression";
      }
    } else if (arg === "--node") {
      const node = rest.shift();
      if (node === undefined || !existsSync(node)) return "--node takes the binary of a Node";
      options = { ...options, node: resolve(node) };
    } else if (arg === "--jit") {
      const jit = rest.shift();
      if (jit === undefined) return "--jit takes a mode";
      options = { ...options, jit };
    } else return `there is no suite or option "${arg}"`;
  }
  return { ...options, suites: suites.length > 0 ? suites : known };
};
