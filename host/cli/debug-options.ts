/** `backplane run`: the options of debugging. */
import { isBackplaneError } from "../../sdk/contract/errors.js";
import { parseTraceRequest, type TraceRequest } from "../debug/trace/request.js";
import { type Arguments, type OptionSpec, usageError } from "./arguments.js";

export const DEBUG_OPTIONS: readonly OptionSpec[] = [
  { name: "gdb", value: "HOST:PORT", doc: "Listen for gdb there; docs/debugging.md shows a session" },
  { name: "gdb-wait", doc: "With --gdb: the machine stands still until gdb lets it run" },
  { name: "trace", value: "WHAT", many: true, doc: "Trace cpu, ports, mmio (each also =FROM-TO, hexadecimal) or irq" },
  { name: "trace-file", value: "FILE", doc: "Where traces go; standard error unless given" },
];

export interface DebugPlan {
  readonly gdb: { readonly host: string; readonly port: number } | undefined;
  /** Do not start the machine: the debugger will. */
  readonly waits: boolean;
  readonly trace: TraceRequest | undefined;
  readonly traceFile: string | undefined;
}

const LOCAL = "127.0.0.1";
const ADDRESS = /^(?:(?:\[([^\]]+)\]|([^:]*)):)?(\d{1,5})$/;

const parseAddress = (text: string | undefined): DebugPlan["gdb"] => {
  if (text === undefined) return undefined;
  const parts = ADDRESS.exec(text);
  const port = Number(parts?.[3]);
  if (!parts || port > 0xffff) throw usageError(`--gdb is "${text}"; write it like 127.0.0.1:1234`);
  return { host: parts[1] || parts[2] || LOCAL, port };
};

/** @throws BackplaneError `USAGE`. */
export const planDebugging = (args: Arguments): DebugPlan => {
  const gdb = parseAddress(args.value("gdb"));
  if (args.has("gdb-wait") && !gdb) throw usageError("--gdb-wait waits for nobody; give --gdb HOST:PORT too");
  const traceFile = args.value("trace-file");
  if (traceFile === "") throw usageError("--trace-file is empty; give the name of a file");
  if (traceFile !== undefined && !args.has("trace")) throw usageError("--trace-file has nothing to write; give --trace WHAT too");
  try {
    return { gdb, waits: args.has("gdb-wait"), trace: args.has("trace") ? parseTraceRequest(args.values("trace")) : undefined, traceFile };
  } catch (error) {
    throw isBackplaneError(error) ? usageError(`--trace: ${error.message}`) : error;
  }
};
