/** The speed of one program: on ours, on the rival, or on both in turns. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { takeTurns } from "./harness.js";
import { runUntil } from "./processes.js";
import { checksumOf, instructionCounter, runToEnd } from "./processor.js";
import { image, MEMORY_MIB, type Program } from "./programs.js";
import { QEMU, QEMU_ARGS } from "./qemu.js";
import type { Context } from "./report.js";
import type { ProgramSpeed, Stretch } from "./workers/run-program.js";

const MEASURED_SECONDS = 1.5;
/** Enough for the rival's speed to be guessed from. */
const PILOT_INSTRUCTIONS = 200e6;
const CHECKED_REPETITIONS = 3;
const TIMEOUT_SECONDS = 120;

const RUN_PROGRAM = fileURLToPath(new URL("./workers/run-program.js", import.meta.url));
const execute = promisify(execFile);

const workerOf = (checkout: string | undefined): string => (checkout === undefined ? RUN_PROGRAM : join(checkout, "dist", "bench", "workers", "run-program.js"));

const runOurs = async (program: Program, checkout?: string): Promise<ProgramSpeed> => {
  const { stdout } = await execute(process.execPath, [workerOf(checkout), program.name, String(MEASURED_SECONDS)]);
  return JSON.parse(stdout) as ProgramSpeed;
};

/** CPU seconds from the start of QEMU to the program's last byte. @throws when the checksum is not ours. */
const runRival = async (program: Program, repetitions: number, scratch: string, checksum?: number): Promise<number> => {
  const file = join(scratch, "program.bin");
  writeFileSync(file, image(program, repetitions));
  const { cpuSeconds, output } = await runUntil({
    program: QEMU,
    args: [...QEMU_ARGS, "-m", String(MEMORY_MIB), "-kernel", file, "-debugcon", "stdio"],
    done: (bytes) => bytes.length >= 4,
    timeoutSeconds: TIMEOUT_SECONDS,
  });
  const theirs = checksumOf(output);
  if (checksum !== undefined && theirs !== checksum) throw new Error(`${program.name}: QEMU computes ${theirs.toString(16)}, we ${checksum.toString(16)}`);
  return cpuSeconds;
};

/** A function that measures the rival once; its own start is taken off. */
const prepareRival = async (program: Program, scratch: string): Promise<() => Promise<Stretch>> => {
  const count = instructionCounter(program);
  const start = await runRival(program, CHECKED_REPETITIONS, scratch, runToEnd(program, CHECKED_REPETITIONS).checksum);
  const each = count(2) - count(1);
  const pilot = Math.ceil(PILOT_INSTRUCTIONS / each);
  const pilotSeconds = Math.max(0.02, (await runRival(program, pilot, scratch)) - start);
  const repetitions = Math.min(0x7fff_ffff, Math.ceil((pilot * MEASURED_SECONDS) / pilotSeconds));
  return async () => {
    const idle = await runRival(program, 1, scratch);
    return { instructions: count(repetitions) - count(1), cpuSeconds: (await runRival(program, repetitions, scratch)) - idle };
  };
};

/** CPU nanoseconds per instruction, one of each round. */
export interface Speeds {
  readonly cold: readonly number[];
  readonly warm: readonly number[];
  /** Empty without a rival. */
  readonly rival: readonly number[];
  /** Empty without another checkout. */
  readonly before: readonly number[];
}

const nsPerInstruction = ({ instructions, cpuSeconds }: Stretch): number => (cpuSeconds * 1e9) / instructions;

/** Another checkout, ours and the rival in turns. */
export const programSpeeds = async (program: Program, { rounds, rival, before, scratch }: Context): Promise<Speeds> => {
  const measureRival = rival ? await prepareRival(program, scratch) : undefined;
  const results = await takeTurns<"before" | "ours" | "rival", { cold?: number; warm: number } | undefined>(rounds, {
    before: async () => (before === undefined ? undefined : { warm: nsPerInstruction((await runOurs(program, before)).warm) }),
    ours: async () => {
      const { cold, warm } = await runOurs(program);
      return { cold: nsPerInstruction(cold), warm: nsPerInstruction(warm) };
    },
    rival: async () => measureRival && { warm: nsPerInstruction(await measureRival()) },
  });
  return {
    cold: results.ours.map((each) => each?.cold ?? Number.NaN),
    warm: results.ours.map((each) => each?.warm ?? Number.NaN),
    rival: results.rival.flatMap((each) => (each ? [each.warm] : [])),
    before: results.before.flatMap((each) => (each ? [each.warm] : [])),
  };
};
