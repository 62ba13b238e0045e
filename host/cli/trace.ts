/** A trace of the running machine on standard error or in a file. */
import { closeSync, openSync, writeSync } from "node:fs";
import type { Writable } from "node:stream";
import { BackplaneError } from "../../sdk/contract/errors.js";
import { TraceOutput } from "../debug/trace/output.js";
import { traceMachine } from "../debug/trace/tracer.js";
import type { VirtualMachine } from "../index.js";
import type { DebugPlan } from "./debug-options.js";

/** A stream that has this much to write yet takes no more. */
const STREAM_FULL = 8 << 20;
/** Lines of a quiet machine wait no longer than this. */
const FLUSH_MS = 200;

interface Sink {
  readonly write: (text: string) => boolean;
  readonly close: () => void;
}

const fileSink = (path: string, failed: (why: string) => void): Sink => {
  let file: number;
  try {
    file = openSync(path, "w");
  } catch (error) {
    throw new BackplaneError("OUTPUT_UNWRITABLE", `--trace-file: ${path} cannot be written: ${(error as NodeJS.ErrnoException).code}; choose another place`, { path });
  }
  return {
    write: (text) => {
      try {
        const bytes = Buffer.from(text, "latin1");
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      } catch (error) {
        failed(`${path}: ${(error as Error).message}`);
      }
      return true;
    },
    close: () => closeSync(file),
  };
};

const streamSink = (stream: Writable, raw: () => boolean): Sink => ({
  write: (text) => {
    if (stream.writableLength > STREAM_FULL) return false;
    stream.write(raw() ? text.replaceAll("\n", "\r\n") : text);
    return true;
  },
  close: () => {},
});

/**
 * Begins to trace. Returns what ends it.
 * @param raw whether the terminal is, so that lines need carriage returns
 * @throws BackplaneError `OUTPUT_UNWRITABLE`.
 */
export const connectTrace = (
  vm: VirtualMachine,
  { trace, traceFile }: DebugPlan,
  stderr: Writable,
  raw: () => boolean,
  say: (message: string) => void,
): (() => void) | undefined => {
  if (!trace) return undefined;
  let broken = false;
  const failed = (why: string): void => {
    if (!broken) say(`the trace ends: ${why}`);
    broken = true;
  };
  const sink = traceFile === undefined ? streamSink(stderr, raw) : fileSink(traceFile, failed);
  const output = new TraceOutput((text) => broken || sink.write(text));
  const traced = traceMachine(vm.machine, trace, (line) => output.line(line));
  const timer = setInterval(() => {
    output.flush();
    if (broken) traced.stop();
  }, FLUSH_MS).unref();
  return () => {
    clearInterval(timer);
    traced.stop();
    output.flush();
    if (output.lost > 0) say(`the last ${output.lost} lines of the trace are lost: they came faster than they could be written`);
    sink.close();
  };
};
