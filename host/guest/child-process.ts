import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { BackplaneError } from "../../sdk/contract/errors.js";

export interface RunOptions {
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  /** Lines the program writes to descriptor 3. */
  readonly onStatusLine?: (line: string) => void;
  /** Takes standard output as it comes; otherwise it is collected as text. */
  readonly consume?: (stdout: AsyncIterable<Uint8Array>) => Promise<void>;
}

export interface RunResult {
  /** Exit status; 128 or more when a signal ended the program. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Text kept of a program's standard error; a runaway program must not fill memory. */
const STDERR_LIMIT = 64 * 1024;

/** Messages are read by this program, so they must come in one language whatever the user's. */
const environment = (): NodeJS.ProcessEnv => ({ ...process.env, LC_ALL: "C", LANGUAGE: "C", DEBIAN_FRONTEND: "noninteractive" });

/** Runs a program without a shell and without standard input. A missing program is `COMMAND_MISSING`. */
export const run = async (command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> => {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: environment(),
    stdio: ["ignore", "pipe", "pipe", options.onStatusLine ? "pipe" : "ignore"],
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const exited = new Promise<number>((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "ENOENT" ? new BackplaneError("COMMAND_MISSING", `the program ${command} is not installed`, { command }) : error);
    });
    child.once("close", (code) => resolve(code ?? 128));
  });
  // The streams may fail first when the program cannot start; its own error says more.
  exited.catch(() => {});

  const { stdout, stderr } = child;
  if (!stdout || !stderr) {
    await exited;
    throw new BackplaneError("COMMAND_FAILED", `the program ${command} could not be started`, { command });
  }
  let errors = "";
  stderr.setEncoding("utf8").on("data", (text: string) => {
    if (errors.length < STDERR_LIMIT) errors += text;
  });
  if (options.onStatusLine) forEachLine(child.stdio[3] as Readable, options.onStatusLine);

  let output = "";
  try {
    if (options.consume) await options.consume(stdout);
    else for await (const text of stdout.setEncoding("utf8")) output += text as string;
  } catch (error) {
    child.kill();
    // Where the program itself could not start, `exited` rejects with the cause.
    await exited;
    throw error;
  }
  return { status: await exited, stdout: output, stderr: errors };
};

const forEachLine = (stream: Readable, take: (line: string) => void): void => {
  let rest = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  });
};
