/**
 * Boots the rivals' guest on the default machine, runs its script and tells what translated code has done, in a process of
 * its own. Standard output gets the serial port, and in the end `MARK` and a line of JSON (`Reported`). Argument: `BootOrder`.
 */
import { createMachine } from "../../host/index.js";
import type { JitMode, JitReport } from "../../kernel/machine/index.js";
import { MARK, PROMPT } from "../guest.js";
import type { BootOrder } from "../rivals/contenders.js";
import { SCRIPT_FILE } from "../rivals/programs.js";

export interface Reported {
  /** At the prompt, and behind the last program. */
  readonly boot: JitReport;
  readonly end: JitReport;
}

const TIMEOUT_MS = 600_000;

const { kernel, initrd, append, memoryMiB, jit } = JSON.parse(process.argv[2]) as BootOrder;
const vm = await createMachine({
  profile: "virtual-server-2005",
  kernel,
  initrd,
  append,
  memory: memoryMiB,
  jitReport: true,
  ...(jit !== undefined && { jit: jit as JitMode }),
});
const report = (): JitReport => {
  const { cpu, jit } = vm.machine;
  const made = jit?.report(cpu.instructionCount);
  if (!made) throw new Error("nothing is translated");
  return made;
};
const serial = vm.serial();
serial.attach({ output: process.stdout });
await vm.start();
await serial.waitForText(PROMPT, { timeoutMs: TIMEOUT_MS });
const boot = report();
serial.write(`sh /${SCRIPT_FILE}\r`);
await serial.waitForText("@done", { timeoutMs: TIMEOUT_MS });
const reported: Reported = { boot, end: report() };
process.stdout.write(`${MARK}${JSON.stringify(reported)}\n`);
