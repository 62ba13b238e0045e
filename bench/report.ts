/** What a suite found, for people and for programs. */
import { spawnSync } from "node:child_process";
import { cpus, loadavg, totalmem } from "node:os";
import { spread } from "./harness.js";

export interface Row {
  readonly name: string;
  /** Column to figure; a missing one was not measured. */
  readonly figures: Readonly<Record<string, number>>;
}

export interface SuiteResult {
  /** In the order of printing. */
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** What a reader must know to judge the figures, and what was proved on the way. */
  readonly notes: readonly string[];
  /** More for programs, stored with it. */
  readonly detail?: unknown;
  /** Circumstances of this suite alone, stored with it. */
  readonly where?: Readonly<Record<string, string | number>>;
}

export interface Suite {
  readonly name: string;
  readonly about: string;
  /** Turns of each contender unless the user gives a number. */
  readonly rounds?: number;
  run(context: Context): Promise<SuiteResult>;
}

export interface Context {
  readonly rounds: number;
  /** Whether QEMU runs side by side. */
  readonly rival: boolean;
  /** Another built checkout of this project to compare with. */
  readonly before: string | undefined;
  /** Suites `rivals` and `jit`: programs whose name or class matches; all of `rivals`, some of `jit` unless given. */
  readonly only: RegExp | undefined;
  /** Suite `rivals`: the binary of Node that runs what is written in JavaScript. */
  readonly node: string;
  /** The same suites: which tiers of ours translate; the machine's default unless given. */
  readonly jit: string | undefined;
  /** A folder for files of this run. */
  readonly scratch: string;
  /** Progress, to standard error. */
  say(text: string): void;
}

/** Three significant digits; whole from 100 on. */
const digits = (value: number): string => {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toPrecision(3);
};

export const table = ({ columns, rows, notes }: SuiteResult): string => {
  const cells = [["", ...columns], ...rows.map(({ name, figures }) => [name, ...columns.map((column) => (figures[column] === undefined ? "-" : digits(figures[column])))])];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const lines = cells.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join("  "));
  return [...lines.map((line) => `  ${line.trimEnd()}`), ...notes.map((note) => `  ${note}`), ""].join("\n");
};

/** Where and when; absolute figures mean nothing without it. */
export const circumstances = (): Record<string, string | number> => {
  const git = spawnSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" });
  return {
    date: new Date().toISOString().slice(0, 19) + "Z",
    ...(git.status === 0 ? { commit: git.stdout.trim() } : {}),
    node: process.versions.node,
    v8: process.versions.v8,
    processor: cpus()[0]?.model ?? "unknown",
    processors: cpus().length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    loadAverage: Number(loadavg()[0].toFixed(2)),
  };
};

export const percent = (values: readonly number[]): number => spread(values) * 100;

export const geometricMean = (values: readonly number[]): number => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
