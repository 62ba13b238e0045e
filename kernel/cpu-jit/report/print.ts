/** A report for people. */
import { noCounts } from "./counters.js";
import type { JitReport } from "./report.js";
import { PHASES } from "./stopwatch.js";

const MOST_FENCES = 15;
const MOST_REGIONS = 20;

const CAUSES: Readonly<Record<keyof JitReport["leaves"], string>> = {
  edge: "to code outside",
  refused: "an access that is not to plain memory, or faults",
  limit: "the slice was over",
  required: "what the code relies on did not hold",
  moved: "EIP moved by a cold operation",
  fence: "a cold operation asked to",
  unmapped: "to a page that is not mapped as it was",
  interpret: "code that is not translated",
  fault: "a cold operation faulted",
};

const whole = (value: number): string => value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ",");
const millions = (value: number): string => (value / 1e6).toFixed(1);
const percent = (part: number, all: number): string => (all === 0 ? "-" : `${((100 * part) / all).toFixed(1)} %`);

/** Lines whose cells stand under each other; the first column is text. */
const table = (rows: readonly (readonly string[])[]): string[] => {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join("  ")}`.trimEnd());
};

/** The most frequent cause that a region was left for. */
const mostly = (leaves: JitReport["leaves"]): string => {
  const [cause, count] = Object.entries(leaves).reduce((most, each) => (each[1] > most[1] ? each : most));
  return count === 0 ? "-" : cause;
};

export const printReport = ({ seconds, instructions, entered, calls, leaves, fences, accesses, windows, statistics, regions }: JitReport): string => {
  const time = PHASES.reduce((sum, phase) => sum + seconds[phase], 0);
  const { interpreter, js, wasm } = instructions;
  const executed: Partial<Record<string, number>> = { interpreter, js, wasm };
  const all = interpreter + js + wasm;
  const { compiled, invalidated, evicted, flushed, alive } = statistics;
  const fenceCalls = fences.reduce((sum, { count }) => sum + count, 0);
  return [
    "Time and instructions",
    ...table([
      ["", "s", "", "M instructions", "", "MIPS"],
      ...PHASES.map((phase) => {
        const count = executed[phase];
        const share = [phase, seconds[phase].toFixed(2), percent(seconds[phase], time)];
        return count === undefined ? [...share, "", "", ""] : [...share, millions(count), percent(count, all), seconds[phase] > 0 ? millions(count / seconds[phase]) : "-"];
      }),
    ]),
    "",
    "Regions",
    `  compiled ${whole(compiled.wasm)} to WebAssembly, ${whole(compiled.js)} to JavaScript, of ${whole(statistics.instructions)} instructions; alive ${whole(alive)} with ${whole(statistics.bytes)} bytes`,
    `  dropped: code changed ${whole(invalidated)}, everything dropped ${whole(flushed)}, no room ${whole(evicted)}, others made instead ${whole(compiled.js + compiled.wasm - alive - invalidated - flushed - evicted)}`,
    `  entered ${whole(entered)} times, of these ${whole(calls)} by the interpreter; ${entered === 0 ? "-" : ((js + wasm) / entered).toFixed(1)} instructions each`,
    "",
    "Left because of",
    ...table(
      Object.keys(noCounts().leaves)
        .map((cause) => cause as keyof typeof leaves)
        .sort((a, b) => leaves[b] - leaves[a])
        .map((cause) => [`${cause}: ${CAUSES[cause]}`, whole(leaves[cause]), percent(leaves[cause], entered)]),
    ),
    "",
    `Cold operations called from regions: ${whole(fenceCalls)}`,
    ...(fences.length === 0 ? [] : table(fences.slice(0, MOST_FENCES).map(({ name, count }) => [name, whole(count), percent(count, fenceCalls)]))),
    "",
    "TLB entries asked for",
    ...table([
      ["", "filled", "refused"],
      ["accesses", whole(accesses.filled), whole(accesses.refused)],
      ["windows", whole(windows.filled), whole(windows.refused)],
      ["of these across two pages", whole(windows.across), whole(windows.straddled)],
    ]),
    "",
    "Hottest regions",
    ...table([
      ["address", "tier", "compiled", "instructions", "bytes", "entered", "M executed", "", "left by"],
      ...regions
        .slice(0, MOST_REGIONS)
        .map((region) => [
          region.address.toString(16).padStart(8, "0"),
          region.tier,
          whole(region.compiled),
          whole(region.instructions),
          whole(region.bytes),
          whole(region.entered),
          millions(region.executed),
          percent(region.executed, all),
          mostly(region.leaves),
        ]),
    ]),
    "",
  ].join("\n");
};
