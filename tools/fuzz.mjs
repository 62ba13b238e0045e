/**
 * `npm run fuzz -- cpu [--jit] [--seed N] [--cases N | --minutes N] [--only REGEXP]`: random programs on the processor of this
 * machine and on the project's own, compared; the first divergence is made as small as it goes, printed, and exit status 1.
 * With --jit whatever the project's processor reaches is translated; where cases cannot be run natively, the interpreter of
 * the project is what it is compared with.
 */
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { built } from "./cpu-vectors/built.mjs";
import { describeCase, describeEnd, describeMemory } from "./cpu-vectors/compare.mjs";
import { BATCH, batch, fuzzBatch, nativeReference, ownReference } from "./cpu-vectors/fuzzer.mjs";
import { startEip } from "./cpu-vectors/layout.mjs";
import { Machine, TRANSLATED, WAYS } from "./cpu-vectors/machine.mjs";
import { Native, NativeError } from "./cpu-vectors/native.mjs";

const USAGE = "npm run fuzz -- cpu [--jit] [--seed N] [--cases N | --minutes N] [--only REGEXP]";
const DEFAULT_CASES = 100_000;
const MINUTE_MS = 60_000;
const PROGRESS_MS = 1000;

export class UsageError extends Error {}

/** @param {string | undefined} text @param {string} name @returns {number | undefined} */
const positive = (text, name) => {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0)) throw new UsageError(`--${name} takes a number above zero, not "${text}"`);
  return value;
};

/** @param {string[]} args @returns {{ seed: number; cases: number; minutes: number | undefined; only: RegExp | undefined; jit: boolean }} @throws UsageError */
export const parseFuzzArguments = (args) => {
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: { seed: { type: "string" }, cases: { type: "string" }, minutes: { type: "string" }, only: { type: "string" }, jit: { type: "boolean" } },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}; ${USAGE}`);
  }
  const { values, positionals } = parsed;
  if (positionals.length !== 1 || positionals[0] !== "cpu") throw new UsageError(`what to fuzz? there is only cpu: ${USAGE}`);
  if (values.cases !== undefined && values.minutes !== undefined) throw new UsageError("--cases or --minutes, not both");
  const minutes = positive(values.minutes, "minutes");
  const cases = positive(values.cases, "cases") ?? (minutes === undefined ? DEFAULT_CASES : Number.POSITIVE_INFINITY);
  let only;
  try {
    only = values.only === undefined ? undefined : new RegExp(`^(${values.only})$`);
  } catch {
    throw new UsageError(`--only takes a regular expression, not "${values.only}"`);
  }
  const seed = values.seed === undefined ? Date.now() % 1_000_000_000 : positive(values.seed, "seed");
  return { seed: Math.floor(seed ?? 1), cases, minutes, only, jit: values.jit === true };
};

/** @param {import("./cpu-vectors/fuzzer.mjs").Fuzzed} c @param {typeof import("../kernel/cpu/disassembler/index.js").disassemble} disassemble */
const listing = (c, disassemble) => {
  const code = Uint8Array.from(c.code);
  const start = startEip(c);
  const lines = [];
  for (let at = 0; at < code.length; ) {
    const { text, length } = disassemble(code, at, start + at, { code32: c.code32 });
    const bytes = Array.from(code.subarray(at, at + length), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    lines.push(`${(start + at).toString(16)}  ${bytes.padEnd(24)}  ${text}`);
    at += Math.max(1, length);
  }
  return lines.join("\n  ");
};

/** @param {import("./cpu-vectors/fuzzer.mjs").Divergence} found @param {string} lines */
const describe = ({ seed, original, smallest, way, differences, wanted, got }, lines) => `
A divergence (${way}), shrunk from ${original.code.length} to ${smallest.code.length} bytes of code:

  ${lines}

  start
    ${describeCase(smallest)}
  memory of the window
    ${describeMemory(smallest.memory)}
  the processor
    ${describeEnd(wanted)}
  here
    ${describeEnd(got)}
  differences
    ${differences.join("\n    ")}

Again: npm run fuzz -- cpu${way === TRANSLATED.name ? " --jit" : ""} --seed ${seed} --cases ${BATCH}
`;

/** @param {string[]} args @returns {Promise<number>} exit status */
const main = async (args) => {
  const { seed, cases, minutes, only, jit } = parseFuzzArguments(args);
  const { kernel, tables, disassemble, statistics } = await built(jit);
  const native = jit && Native.unavailable() !== undefined ? undefined : new Native();
  const started = Date.now();
  const terminal = process.stdout.isTTY === true;
  let done = 0;
  let shown = 0;
  const rate = () => Math.round(done / Math.max(1e-3, (Date.now() - started) / 1000));
  try {
    const machine = new Machine(kernel);
    const reference = native ? nativeReference(native) : ownReference(new Machine((await built()).kernel), WAYS[0]);
    const ways = jit ? [TRANSLATED] : WAYS;
    for (let number = seed; done < cases && (minutes === undefined || Date.now() - started < minutes * MINUTE_MS); number++) {
      const { judged, divergence } = fuzzBatch(batch(tables, number, Math.min(BATCH, cases - done), only), reference, machine, ways, number);
      done += judged;
      if (divergence) {
        process.stdout.write(`${terminal ? "\r\u001b[K" : ""}${done} cases agreed, then:\n${describe(divergence, listing(divergence.smallest, disassemble))}`);
        return 1;
      }
      if (Date.now() - shown < (terminal ? PROGRESS_MS : 60 * PROGRESS_MS)) continue;
      shown = Date.now();
      process.stdout.write(`${terminal ? "\r\u001b[K" : ""}${done} cases agree, ${rate()} a second, batch ${number}${terminal ? "" : "\n"}`);
    }
  } finally {
    native?.close();
  }
  process.stdout.write(`${terminal ? "\r\u001b[K" : ""}${done} cases from seed ${seed}, no divergence${jit ? `; ${statistics()?.entered} times into translated code` : ""}\n`);
  return 0;
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof NativeError) && !(error instanceof Error && error.message.startsWith("the project is not built"))) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}
