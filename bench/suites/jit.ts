/** Where the time goes while the rivals' guest boots and runs some of its programs: tiers, compiling, exits, hot regions. */
import { fileURLToPath } from "node:url";
import { type JitReport, printReport } from "../../kernel/machine/index.js";
import { MARK, MEMORY_MIB, PLAIN_APPEND } from "../guest.js";
import { canMeasureProcesses, runUntil } from "../processes.js";
import type { Row, Suite } from "../report.js";
import type { BootOrder } from "../rivals/contenders.js";
import { prepareRivalsGuest } from "../rivals/guest.js";
import { GUEST_PROGRAMS } from "../rivals/programs.js";
import type { Reported } from "../workers/jit-report.js";

const WORKER = fileURLToPath(new URL("../workers/jit-report.js", import.meta.url));
const TIMEOUT_SECONDS = 600;
/** Of each class some, unless the user chooses. */
const SOME = /^(sha256|fib|bytecode|mandelbrot|quicksort|pipe|fork|gzip|awk|commands)$/;

const SECONDS = "s";
const SHARE = "%";
const INSTRUCTIONS = "M instructions";
const MIPS = "MIPS";
const BOOT = "boot ";

type Executors = Partial<Record<string, number>>;

/** Seconds and instructions of one stretch, as columns. */
const figuresOf = (phase: keyof JitReport["seconds"], before: JitReport | undefined, { seconds, instructions }: JitReport, prefix: string): Record<string, number> => {
  const took = (name: keyof JitReport["seconds"]): number => seconds[name] - (before?.seconds[name] ?? 0);
  const all = (Object.keys(seconds) as (keyof typeof seconds)[]).reduce((sum, name) => sum + took(name), 0);
  const executed = (instructions as Executors)[phase];
  const millions = executed === undefined ? undefined : (executed - ((before?.instructions as Executors | undefined)?.[phase] ?? 0)) / 1e6;
  return {
    [`${prefix}${SECONDS}`]: took(phase),
    [`${prefix}${SHARE}`]: (100 * took(phase)) / all,
    ...(millions !== undefined && { [`${prefix}${INSTRUCTIONS}`]: millions }),
    ...(millions !== undefined && took(phase) > 0 && { [`${prefix}${MIPS}`]: millions / took(phase) }),
  };
};

export const jit: Suite = {
  name: "jit",
  about: "time and instructions by tier, compiles, exits by cause, hottest regions",
  rounds: 1,
  async run({ only, jit: mode, scratch, say }) {
    if (!canMeasureProcesses()) return { columns: [], rows: [], notes: ["Left out: it needs Linux's /proc, which is not here."] };
    if (mode === "off") throw new Error("nothing is translated with --jit off");
    const chosen = only ?? SOME;
    const programs = GUEST_PROGRAMS.filter((program) => chosen.test(program.name) || chosen.test(program.class));
    if (programs.length === 0) throw new Error(`no program matches ${chosen}; there are ${GUEST_PROGRAMS.map(({ name }) => name).join(" ")}`);
    const guest = await prepareRivalsGuest(programs, scratch);
    const names = programs.map(({ name }) => name).join(" ");
    say(`boot, then ${names}`);
    const order: Omit<BootOrder, "bios" | "videoBios"> = {
      kernel: guest.kernel,
      initrd: guest.initrd,
      append: PLAIN_APPEND,
      memoryMiB: MEMORY_MIB,
      ...(mode !== undefined && { jit: mode }),
    };
    const { output } = await runUntil({
      program: process.execPath,
      args: [WORKER, JSON.stringify(order)],
      done: (text) => text.includes(MARK) && text.subarray(-1)[0] === 0x0a,
      timeoutSeconds: TIMEOUT_SECONDS,
    });
    const { boot, end } = JSON.parse(output.toString().split(MARK)[1]) as Reported;
    const rows: Row[] = (Object.keys(end.seconds) as (keyof JitReport["seconds"])[]).map((phase) => ({
      name: phase,
      figures: { ...figuresOf(phase, undefined, boot, BOOT), ...figuresOf(phase, boot, end, "") },
    }));
    const columns = [SECONDS, SHARE, INSTRUCTIONS, MIPS];
    return {
      columns: [...columns.map((column) => `${BOOT}${column}`), ...columns],
      rows,
      notes: [
        `Debian ${guest.kernelVersion}, ${MEMORY_MIB} MiB: boot to the prompt, then ${names}. One process, one round.`,
        "Host time inside of the processor, devices included, sleep not; counting itself slows regions. The engine compiles a function when it is first called: that is in wasm and js.",
        "",
        ...printReport(end).trimEnd().split("\n"),
      ],
      detail: { boot, end },
    };
  },
};
