/** One contender, once: boots to the shell, runs the programs, stands idle. All its CPU time is taken on the way. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { PROMPT } from "../guest.js";
import { cpuSecondsOf, endWithUs } from "../processes.js";
import type { Launch } from "./contenders.js";
import { MARKS, SCRIPT_FILE } from "./programs.js";
import { type StampedText, takeStamped } from "./stamps.js";

/** From the end of the programs until the shell counts as idle. */
const SETTLE_MS = 1500;
const IDLE_MS = 10_000;
/** Without a word from the guest. */
const SILENCE_MS = 240_000;

export interface SessionFigures {
  /** CPU seconds from the start of the process to the prompt. */
  readonly boot: number;
  /** CPU seconds by program. */
  readonly programs: ReadonlyMap<string, number>;
  readonly checksums: ReadonlyMap<string, string>;
  /** CPU of an idle shell, in percent of a core. */
  readonly idlePercent: number;
  /** Peak, after the programs. */
  readonly residentMiB: number;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const peakResidentMiB = (pid: number): number => Number(/VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

const idlePercentOf = async (pid: number): Promise<number> => {
  await sleep(SETTLE_MS);
  const [cpu, time] = [cpuSecondsOf(pid), performance.now()];
  await sleep(IDLE_MS);
  return ((cpuSecondsOf(pid) - cpu) / ((performance.now() - time) / 1000)) * 100;
};

/** Pieces of the serial port's text that end a line, or in the prompt, each with the CPU time then; ends when the child does. */
async function* piecesOf(child: ChildProcess, stamped: boolean): AsyncGenerator<StampedText> {
  let stream = "";
  for await (const chunk of child.stdout!) {
    stream += (chunk as Buffer).toString("latin1");
    if (stamped) {
      const { pieces, rest } = takeStamped(stream);
      stream = rest;
      yield* pieces;
      continue;
    }
    const end = stream.includes(PROMPT) ? stream.indexOf(PROMPT) + PROMPT.length : stream.lastIndexOf("\n") + 1;
    if (end === 0) continue;
    const cpuSeconds = cpuSecondsOf(child.pid!);
    // two marks in one chunk get the same time, less than the clock's 10 ms apart
    for (const text of stream.slice(0, end).split(/(?<=\n)/)) yield { text, cpuSeconds };
    stream = stream.slice(end);
  }
}

/** Reads the guest's marks. @throws when a mark is not the one that follows. */
const watch = async (child: ChildProcess, stamped: boolean): Promise<SessionFigures> => {
  const programs = new Map<string, number>();
  const checksums = new Map<string, string>();
  let boot: number | undefined;
  let begun: { readonly name: string; readonly cpuSeconds: number } | undefined;
  for await (const { text, cpuSeconds } of piecesOf(child, stamped)) {
    if (boot === undefined) {
      if (!text.endsWith(PROMPT)) continue;
      boot = cpuSeconds;
      child.stdin!.write(`sh /${SCRIPT_FILE}\r`);
      continue;
    }
    const [, edge, name, checksum, done] = MARKS.exec(text) ?? [];
    if (edge === "begin") begun = { name, cpuSeconds };
    if (edge === "end") {
      if (begun?.name !== name) throw new Error(`the guest ended ${name} without beginning it`);
      programs.set(name, cpuSeconds - begun.cpuSeconds);
      checksums.set(name, checksum);
    }
    if (done) return { boot, programs, checksums, idlePercent: await idlePercentOf(child.pid!), residentMiB: peakResidentMiB(child.pid!) };
  }
  throw new Error("it ended before the programs were through");
};

/** @throws when the contender ends early or falls silent. */
export const runSession = async ({ program, args, stamped }: Launch): Promise<SessionFigures> => {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  endWithUs(child);
  let said = "";
  let errors = "";
  const limit = setTimeout(() => child.kill("SIGKILL"), SILENCE_MS);
  child.stdout.on("data", (chunk: Buffer) => {
    limit.refresh();
    said = (said + chunk.toString("latin1")).slice(-200);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-400);
  });
  child.stdin.on("error", () => {});
  const failed = new Promise<never>((_, reject) => child.on("error", reject));
  try {
    return await Promise.race([watch(child, stamped), failed]);
  } catch (error) {
    throw new Error(`${program}: ${error instanceof Error ? error.message : String(error)}; it wrote ${JSON.stringify(said)}${errors && ` and ${JSON.stringify(errors)}`}`);
  } finally {
    clearTimeout(limit);
    child.kill("SIGKILL");
  }
};
