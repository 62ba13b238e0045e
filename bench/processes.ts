/** CPU seconds of other processes. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** Unit of utime and stime in /proc; the same on every Linux architecture Node runs on. */
const TICKS_PER_SECOND = 100;

/** Other processes are measured through Linux's /proc. */
export const canMeasureProcesses = (): boolean => existsSync("/proc/self/stat");

/** User and system time of a process and its threads so far, to 10 ms. */
export const cpuSecondsOf = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  // The name, in parentheses, may hold anything; utime and stime are the 12th and 13th fields behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
};

export interface Usage {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly output: Buffer;
}

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** What it has written to standard output is enough. */
  readonly done: (output: Buffer) => boolean;
  readonly timeoutSeconds: number;
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Ends a child when this process ends before it. */
export const endWithUs = (child: ChildProcess): void => {
  running.add(child);
  child.on("close", () => running.delete(child));
};

/**
 * Starts a program, waits for its output and ends it; what it used from its start to that moment.
 * @throws when it ends, or the time is up, before.
 */
export const runUntil = ({ program, args, done, timeoutSeconds }: Command): Promise<Usage> =>
  new Promise((resolve, reject) => {
    const started = process.hrtime.bigint();
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    endWithUs(child);
    let output = Buffer.alloc(0);
    let errors = "";
    let settled = false;
    const settle = (work: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(limit);
      try {
        work();
      } catch (error) {
        reject(error);
      }
      child.kill("SIGKILL");
    };
    const said = (): string => `it wrote ${JSON.stringify(output.subarray(-200).toString("latin1"))}${errors ? ` and ${JSON.stringify(errors.slice(-400))}` : ""}`;
    const limit = setTimeout(() => settle(() => reject(new Error(`${program} was not done after ${timeoutSeconds} s; ${said()}`))), timeoutSeconds * 1000);
    child.stdout.on("data", (chunk: Buffer) => {
      output = Buffer.concat([output, chunk]);
      if (!done(output)) return;
      settle(() => resolve({ cpuSeconds: cpuSecondsOf(child.pid!), wallSeconds: Number(process.hrtime.bigint() - started) / 1e9, output }));
    });
    child.stderr.on("data", (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.stdin.on("error", () => {});
    child.on("error", (error) => settle(() => reject(error)));
    child.on("close", (code, signal) => {
      settle(() => reject(new Error(`${program} ended with ${signal ?? code} too early; ${said()}`)));
    });
  });
