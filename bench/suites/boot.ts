/** Seconds from the start of the process to the guest's shell, ours and QEMU TCG: same kernel, initrd and command line. */
import { fileURLToPath } from "node:url";
import { MARK, MEMORY_MIB, PLAIN_APPEND, PROMPT, prepareGuest } from "../guest.js";
import { median, medianRatio, takeTurns } from "../harness.js";
import { canMeasureProcesses, runUntil, type Usage } from "../processes.js";
import { QEMU, QEMU_ARGS } from "../qemu.js";
import { percent, type Row, type Suite } from "../report.js";
import type { Booted } from "../workers/boot.js";

const BOOT = fileURLToPath(new URL("../workers/boot.js", import.meta.url));
const TIMEOUT_SECONDS = 600;

const CPU = "CPU s";
const WALL = "wall s";
const RIVAL_CPU = "QEMU CPU s";
const RIVAL_WALL = "QEMU wall s";
const RATIO = "x QEMU's CPU";
const INSTRUCTIONS = "M instructions";
const MIPS = "MIPS";
const SPREAD = "+-%";

interface Guest {
  readonly kernel: string;
  readonly initrd: string;
}

const bootOurs = ({ kernel, initrd }: Guest, append: string): Promise<Usage> =>
  runUntil({
    program: process.execPath,
    args: [BOOT, kernel, initrd, append, String(MEMORY_MIB), PROMPT],
    done: (output) => output.includes(MARK) && output.subarray(-1)[0] === 0x0a,
    timeoutSeconds: TIMEOUT_SECONDS,
  });

const bootRival = ({ kernel, initrd }: Guest, append: string): Promise<Usage> =>
  runUntil({
    program: QEMU,
    args: [...QEMU_ARGS, "-vga", "std", "-serial", "stdio", "-m", String(MEMORY_MIB), "-kernel", kernel, "-initrd", initrd, "-append", append],
    done: (output) => output.includes(PROMPT),
    timeoutSeconds: TIMEOUT_SECONDS,
  });

const bootedOf = ({ output }: Usage): Booted => JSON.parse(output.toString().split(MARK)[1]) as Booted;

export const boot: Suite = {
  name: "boot",
  about: "seconds to the shell of the default guest",
  async run({ rounds, rival, say }) {
    if (!canMeasureProcesses()) return { columns: [], rows: [], notes: ["Left out: CPU seconds of other processes come from Linux's /proc, which is not here."] };
    const guest = await prepareGuest(process.stderr);
    const lines = { plain: PLAIN_APPEND, "as npm start": guest.append };
    const rows: Row[] = [];
    for (const [name, append] of Object.entries(lines)) {
      say(`${name}: ${append}`);
      const results = await takeTurns<"ours" | "rival", Usage | undefined>(rounds, {
        ours: () => bootOurs(guest, append),
        rival: () => (rival ? bootRival(guest, append) : undefined),
      });
      const ours = results.ours.flatMap((usage) => usage ?? []);
      const theirs = results.rival.flatMap((usage) => usage ?? []);
      const cpu = ours.map(({ cpuSeconds }) => cpuSeconds);
      const instructions = median(ours.map((usage) => bootedOf(usage).instructions)) / 1e6;
      rows.push({
        name,
        figures: {
          [CPU]: median(cpu),
          [SPREAD]: percent(cpu),
          [WALL]: median(ours.map(({ wallSeconds }) => wallSeconds)),
          [INSTRUCTIONS]: instructions,
          [MIPS]: instructions / median(cpu),
          ...(theirs.length > 0 && {
            [RIVAL_CPU]: median(theirs.map(({ cpuSeconds }) => cpuSeconds)),
            [RIVAL_WALL]: median(theirs.map(({ wallSeconds }) => wallSeconds)),
            [RATIO]: medianRatio(
              cpu,
              theirs.map(({ cpuSeconds }) => cpuSeconds),
            ),
          }),
        },
      });
    }
    return {
      columns: [CPU, SPREAD, WALL, INSTRUCTIONS, MIPS, RIVAL_CPU, RIVAL_WALL, RATIO],
      rows,
      notes: [
        `Debian ${guest.kernelVersion}, ${MEMORY_MIB} MiB, from the start of the process to ${JSON.stringify(PROMPT)} on the serial port; real-time clock. MIPS is instructions per CPU second, all in.`,
        ...Object.entries(lines).map(([name, append]) => `${name}: ${append}`),
      ],
    };
  },
};
