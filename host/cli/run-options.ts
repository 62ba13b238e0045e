/** `backplane run`: what its options mean, before anything is opened. */

import { CPU_MODELS, DEFAULT_JIT_MODE, JIT_MODES, type JitMode } from "../../kernel/machine/index.js";
import { BackplaneError } from "../../sdk/contract/errors.js";
import type { MachineDescription } from "../index.js";
import { type Arguments, type OptionSpec, usageError } from "./arguments.js";
import { DEBUG_OPTIONS, type DebugPlan, planDebugging } from "./debug-options.js";
import { type Endpoint, parseEndpoint } from "./endpoints.js";

export const RUN_OPTIONS: readonly OptionSpec[] = [
  { name: "memory", value: "MIB", doc: "RAM in MiB" },
  { name: "cpu", value: "MODEL", doc: `Processor model: ${CPU_MODELS.map(({ name }) => name).join(", ")}` },
  { name: "kernel", value: "FILE", doc: "Boot this Linux kernel without a BIOS" },
  { name: "initrd", value: "FILE", doc: "Initial RAM disk for --kernel" },
  { name: "append", value: "TEXT", doc: "Command line for --kernel" },
  { name: "disk", value: "FILE", many: true, doc: "IDE disk: a raw image; the guest's writes go to it" },
  { name: "cdrom", value: "FILE", doc: "CD: an ISO image" },
  { name: "floppy", value: "FILE", doc: "Floppy disk: a raw image; the guest's writes go to it" },
  { name: "bios", value: "FILE", doc: "BIOS image; SeaBIOS unless given" },
  { name: "video-bios", value: "FILE", doc: "VGA BIOS image" },
  { name: "boot", value: "LIST", doc: "What the BIOS tries, in order: disk,cdrom,floppy" },
  { name: "serial", value: "WHERE", doc: "First serial port: stdio, none, file:PATH, unix:PATH, tcp:HOST:PORT" },
  { name: "display", value: "WHERE", doc: "VGA text screen and keyboard: terminal or none" },
  { name: "debug-port", value: "WHERE", doc: "What firmware prints to ports E9h and 402h: stdio or file:PATH" },
  { name: "screen-text", value: "FILE", doc: "Keep FILE at what the screen shows" },
  { name: "plugin", value: "SPEC", many: true, doc: "Load devices from MODULE; MODULE@/PATH also plugs one in, MODULE#ID@/PATH which" },
  { name: "swap", value: "ROLE=ID", many: true, doc: "Another device for a role; `backplane devices` lists them" },
  { name: "set", value: "PATH.KEY=VALUE", many: true, doc: "Configure a device: /isa/com1.base=0x3e8" },
  { name: "clock", value: "CLOCK", doc: "real (the default), or deterministic: time counts instructions" },
  { name: "timeout", value: "S", doc: "Stop after S seconds with status 124" },
  { name: "jit", value: "MODE", doc: `Translation of hot code: ${JIT_MODES.join(", ")} (the default: ${DEFAULT_JIT_MODE})` },
  { name: "jit-dump", value: "FILE", doc: "Write each translated region to FILE: intermediate representation and generated code; - is standard error" },
  { name: "jit-report", value: "FILE", doc: "At the end write to FILE what translated code has done, as JSON; - is a table on standard error. Slower" },
  ...DEBUG_OPTIONS,
];

export interface RunPlan {
  /** A profile's name or file. */
  readonly profile: string | undefined;
  readonly description: MachineDescription;
  readonly plugins: readonly string[];
  /** `undefined`: to be chosen once it is known what boots. */
  readonly serial: Endpoint | undefined;
  readonly display: "terminal" | "none" | undefined;
  readonly debugPort: Endpoint | undefined;
  readonly screenText: string | undefined;
  readonly clock: "real" | "deterministic";
  readonly jit: JitMode | undefined;
  readonly jitDump: string | undefined;
  readonly jitReport: string | undefined;
  readonly timeoutMs: number | undefined;
  readonly debug: DebugPlan;
}

const oneOf = <T extends string>(option: string, text: string | undefined, choices: readonly T[]): T | undefined => {
  if (text === undefined) return undefined;
  const found = choices.find((each) => each === text);
  if (found === undefined) throw usageError(`--${option} is "${text}"; it must be ${choices.join(" or ")}`);
  return found;
};

const MAX_TIMEOUT_S = 2_000_000;

const seconds = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && value <= MAX_TIMEOUT_S)) throw usageError(`--timeout is "${text}"; it must be a number of seconds above 0, such as 90`);
  return value * 1000;
};

const wholeNumber = (option: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw usageError(`--${option} is "${text}"; it must be a whole number of MiB, such as 128`);
  return Number(text);
};

const pairs = (option: string, texts: readonly string[]): Record<string, string> => {
  const result: Record<string, string> = {};
  for (const text of texts) {
    const equals = text.indexOf("=");
    if (equals < 1 || equals === text.length - 1) throw usageError(`--${option} is "${text}"; write it like cmos=lab.frozen-rtc`);
    const role = text.slice(0, equals);
    if (Object.hasOwn(result, role)) throw usageError(`--${option} names role "${role}" twice; a role can be swapped once`);
    result[role] = text.slice(equals + 1);
  }
  return result;
};

const notEmpty = (option: string, text: string | undefined): string | undefined => {
  if (text === "") throw usageError(`--${option} is empty; give the name of a file`);
  return text;
};

/** Drops what was not given. */
const given = <T extends object>(values: { [K in keyof T]: T[K] | undefined }): T => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;

/** @throws BackplaneError `USAGE`. */
export const planRun = (args: Arguments): RunPlan => {
  const file = (option: string): string | undefined => notEmpty(option, args.value(option));
  const endpoint = (option: string, kinds: readonly Endpoint["kind"][]): Endpoint | undefined => {
    const text = args.value(option);
    return text === undefined ? undefined : parseEndpoint(option, text, kinds);
  };
  const serial = endpoint("serial", ["stdio", "none", "file", "unix", "tcp"]);
  const display = oneOf("display", args.value("display"), ["terminal", "none"]);
  const debugPort = endpoint("debug-port", ["stdio", "file"]);
  if (serial?.kind === "stdio" && display === "terminal") throw usageError("--serial stdio and --display terminal both want the terminal; give one of them another place");
  if (debugPort?.kind === "stdio" && (serial === undefined || serial.kind === "stdio" || display === "terminal")) {
    const other = display === "terminal" ? "--display terminal" : "the serial port";
    throw usageError(`--debug-port stdio: standard output is taken by ${other}; give it another place, such as --serial none, or write --debug-port file:PATH`);
  }
  const swap = pairs("swap", args.values("swap"));
  const description = given<MachineDescription>({
    profile: undefined,
    memory: wholeNumber("memory", args.value("memory")),
    cpu: notEmpty("cpu", args.value("cpu")),
    kernel: file("kernel"),
    initrd: file("initrd"),
    append: args.value("append"),
    disks: args.has("disk") ? args.values("disk").map((each) => notEmpty("disk", each) as string) : undefined,
    cdrom: file("cdrom"),
    floppy: file("floppy"),
    bios: file("bios"),
    videoBios: file("video-bios"),
    boot: args.value("boot")?.split(","),
    definitions: undefined,
    plug: undefined,
    swap: Object.keys(swap).length > 0 ? swap : undefined,
    set: args.has("set") ? args.values("set") : undefined,
  });
  return {
    profile: args.positionals[0],
    description,
    plugins: args.values("plugin"),
    serial,
    display,
    debugPort,
    screenText: file("screen-text"),
    clock: oneOf("clock", args.value("clock"), ["real", "deterministic"]) ?? "real",
    jit: oneOf("jit", args.value("jit"), JIT_MODES),
    jitDump: file("jit-dump"),
    jitReport: file("jit-report"),
    timeoutMs: seconds(args.value("timeout")),
    debug: planDebugging(args),
  };
};

const NAMES: Readonly<Record<string, string>> = { profile: "PROFILE" };
/** How messages call the keys of a description. */
export const nameOption = (option: string): string => NAMES[option] ?? `--${option}`;

/** The error of a file that was named on the command line, with the option in front. */
export const inOption = (option: string, error: unknown): unknown =>
  error instanceof BackplaneError ? new BackplaneError(error.code, `--${option}: ${error.message}`, error.details) : error;
