/** What translated code has done, at the end of a run: `--jit-report`. */
import { writeFileSync } from "node:fs";
import type { Writable } from "node:stream";
import { printReport } from "../../kernel/machine/index.js";
import type { VirtualMachine } from "../index.js";

/** A function that writes the report: JSON to a file, or, for `-`, a table to standard error. */
export const reportJit =
  (vm: VirtualMachine, path: string, stderr: Writable): (() => void) =>
  () => {
    const { cpu, jit } = vm.machine;
    const report = jit?.report(cpu.instructionCount);
    if (!report) return;
    if (path === "-") stderr.write(printReport(report));
    else writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
  };
