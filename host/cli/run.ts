/** `backplane run`: assembles a machine, connects it to the host, and stays until it ends. */
import type { ExitReason } from "../../kernel/machine/index.js";
import type { Profile } from "../../sdk/contract/profile.js";
import { Firmware } from "../../sdk/roles/platform.js";
import { DebugPort } from "../../sdk/roles/serial.js";
import { baseProfile, needsFirmware, needsGuest } from "../api/compose.js";
import { slotsOf } from "../api/composition.js";
import { assembleProfile, designProfile } from "../api/create-machine.js";
import { type MachineDescription, nodePlatform, type PluggedDevice, prepareFirmware, prepareGuest, type VirtualMachine } from "../index.js";
import { type GdbListener, listenForGdb } from "../node/gdb-listener.js";
import { type Arguments, usageError } from "./arguments.js";
import { showBootProgress } from "./boot-progress.js";
import { connectDisplay, connectStdio } from "./console.js";
import { checkWritable, connectSerial, type Endpoint, openFile } from "./endpoints.js";
import { type EndingSignal, GUEST_FAILED, LEFT, POWERED_OFF, signalled, TIMED_OUT } from "./exit-status.js";
import { guestOutput } from "./guest-output.js";
import { dumpRegions } from "./jit-dump.js";
import { reportJit } from "./jit-report.js";
import { loadPlugins, loadProfile } from "./load.js";
import { inOption, nameOption, planRun, type RunPlan } from "./run-options.js";
import { recordScreen } from "./screen-text.js";
import type { Streams } from "./streams.js";
import { Terminal } from "./terminal.js";
import { connectTrace } from "./trace.js";

/** Ports of the debug consoles of Bochs and SeaBIOS; a machine without them gets them where they are asked for. */
const DEBUG_CONSOLES = [0xe9, 0x402];
const DEBUG_PORT = "bochs.debug-port";
const DIRECT_BOOT = "linux.direct-boot";

type End = ExitReason | { readonly kind: "timeout" } | { readonly kind: "left" } | { readonly kind: "signal"; readonly signal: EndingSignal };

const SECTOR = 512;
const CD_SECTOR = 2048;

const sizeOf = async (option: string, file: string): Promise<{ sizeBytes: number }> => {
  try {
    const stored = await nodePlatform.storage.open(file, "read");
    await stored.close();
    return stored;
  } catch (error) {
    throw inOption(option, error);
  }
};

/** Fails early for files that are not there or no images: what follows may download a BIOS. */
const checkMedia = async ({ disks = [], cdrom, floppy, kernel, initrd, bios, videoBios }: MachineDescription): Promise<void> => {
  const files: [option: string, file: string | undefined, leastBytes: number][] = [
    ...disks.map((disk): [string, string, number] => ["disk", typeof disk === "string" ? disk : disk.file, SECTOR]),
    ["cdrom", cdrom, CD_SECTOR],
    ["floppy", floppy, SECTOR],
    ["kernel", kernel, 1],
    ["initrd", initrd, 1],
    ["bios", bios, 1],
    ["video-bios", videoBios, 1],
  ];
  for (const [option, file, leastBytes] of files) {
    if (file === undefined) continue;
    const { sizeBytes } = await sizeOf(option, file);
    if (sizeBytes >= leastBytes) continue;
    const what = sizeBytes === 0 ? "is empty" : `has ${sizeBytes} bytes, less than a sector of ${leastBytes}`;
    throw usageError(`--${option}: ${file} ${what}; give a complete file`);
  }
};

/** Debug consoles that the profile lacks, when `--debug-port` wants to hear them. */
const missingConsoles = ({ slots }: Profile): PluggedDevice[] => {
  const has = (port: number): boolean => slots.some(({ definition, config }) => definition.id === DEBUG_PORT && (config["port"] ?? DEBUG_CONSOLES[0]) === port);
  return DEBUG_CONSOLES.filter((port) => !has(port)).map((port) => ({ path: `/debug-console/${port.toString(16)}h`, use: DEBUG_PORT, config: { port } }));
};

interface Described {
  readonly description: MachineDescription;
  /** For people. */
  readonly title: string;
  /** Whether it boots through a BIOS, which talks on the screen. */
  readonly hasBios: boolean;
}

/** Completes the description with the profile, the plugins, and what boots. */
const describe = async (plan: RunPlan, { stderr }: Streams): Promise<Described> => {
  const { definitions, plug, catalogue } = await loadPlugins(plan.plugins);
  const profile = plan.profile === undefined ? undefined : await loadProfile(plan.profile, catalogue);
  const asked: MachineDescription = { ...plan.description, ...(profile ? { profile } : {}), definitions };
  await checkMedia(asked);
  const base = baseProfile(asked, catalogue, nameOption);
  const description = { ...asked, plug: [...plug, ...(plan.debugPort ? missingConsoles(base) : [])] };

  if (needsGuest(description, base)) {
    if (description.initrd !== undefined) throw usageError("--initrd is for a kernel; give --kernel too");
    // Mistakes show before anything is downloaded.
    designProfile({ ...description, kernel: "vmlinuz" }, nameOption);
    const { kernel, initrd, append, kernelVersion } = await prepareGuest(stderr);
    const guest = { ...description, kernel, initrd, append: [append, description.append].filter(Boolean).join(" ") };
    return { description: guest, title: `Linux ${kernelVersion} on ${base.name}`, hasBios: false };
  }
  const [own] = slotsOf(base, Firmware);
  if (needsFirmware(description) && description.bios === undefined && !own) {
    designProfile({ ...description, bios: "bios.bin" }, nameOption);
    const { bios, videoBios } = await prepareFirmware(stderr);
    return { description: { ...description, bios, videoBios: description.videoBios ?? videoBios }, title: `SeaBIOS on ${base.name}`, hasBios: true };
  }
  const { kernel, bios } = description;
  return {
    description,
    title: `${kernel ?? bios ?? own.definition.id} on ${base.name}`,
    hasBios: kernel === undefined && (bios !== undefined || own.definition.id !== DIRECT_BOOT),
  };
};

/** Who gets the terminal: the screen of a machine that boots through a BIOS, otherwise the serial port. */
const chooseConsoles = (plan: RunPlan, hasBios: boolean, { stdin, stdout }: Streams): { serial: Endpoint; display: "terminal" | "none" } => {
  const isTerminal = Boolean(stdin.isTTY && stdout.isTTY);
  const display = plan.display ?? (plan.serial === undefined && plan.debugPort === undefined && hasBios && isTerminal ? "terminal" : "none");
  if (display === "terminal" && !isTerminal) throw usageError("--display terminal needs a terminal on standard input and output; --screen-text FILE writes the screen to a file");
  return { display, serial: plan.serial ?? { kind: display === "terminal" ? "none" : "stdio" } };
};

/** Everything connected to a running machine; undone in reverse. */
class Connections {
  readonly #closers: (() => void | Promise<void>)[] = [];

  add(close: (() => void | Promise<void>) | undefined): void {
    if (close) this.#closers.push(close);
  }
  async close(): Promise<void> {
    for (let close = this.#closers.pop(); close; close = this.#closers.pop()) await close();
  }
}

const connectDebugPort = async (vm: VirtualMachine, endpoint: Endpoint, streams: Streams, say: (message: string) => void): Promise<(() => Promise<void>) | undefined> => {
  const file = endpoint.kind === "file" ? await openFile("debug-port", endpoint.path, say) : undefined;
  const sink = guestOutput(vm, file?.stream ?? streams.stdout);
  for (const { path, value } of vm.machine.find(DebugPort)) {
    if (vm.machine.profile.slots.find((slot) => slot.path === path)?.definition.id === DEBUG_PORT) value.onByte((byte) => sink.write(Uint8Array.of(byte)));
  }
  return file && (() => file.close());
};

const connectGdb = async (vm: VirtualMachine, { debug }: RunPlan, say: (message: string) => void): Promise<GdbListener | undefined> => {
  if (!debug.gdb) return undefined;
  const gdb = await listenForGdb(vm, debug.gdb, say);
  say(`gdb: listening on ${gdb.address}${debug.waits ? "; the machine waits for gdb to let it run" : ""}`);
  return gdb;
};

/** Signals: the first Ctrl-C presses the power button, the second stops. */
const onSignals = (vm: VirtualMachine, end: (end: End) => void, say: (message: string) => void): (() => void) => {
  let interrupts = 0;
  const interrupt = (): void => {
    if (++interrupts > 1) end({ kind: "signal", signal: "SIGINT" });
    else if (vm.pressPowerButton()) say("power button pressed: the guest is asked to shut down; Ctrl-C again stops it");
    else say("this machine has no power button; Ctrl-C again stops it");
  };
  const terminate = (): void => end({ kind: "signal", signal: "SIGTERM" });
  const hangUp = (): void => end({ kind: "signal", signal: "SIGHUP" });
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", terminate);
  process.on("SIGHUP", hangUp);
  return () => {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", terminate);
    process.off("SIGHUP", hangUp);
  };
};

/** What is said about an end, and the status. */
const conclude = (end: End, vm: VirtualMachine, plan: RunPlan, say: (message: string) => void): number => {
  switch (end.kind) {
    case "power-off":
      return POWERED_OFF;
    case "triple-fault":
      say(`the guest's processor stopped with a triple fault\n${end.dump}`);
      return GUEST_FAILED;
    case "error":
      say(`internal error: ${end.error.stack ?? end.error.message}\n${vm.dump()}`);
      return GUEST_FAILED;
    case "timeout":
      say(`stopped after ${(plan.timeoutMs ?? 0) / 1000} s (--timeout)`);
      return TIMED_OUT;
    case "signal":
      return signalled(end.signal);
    case "left":
    case "stopped":
      return LEFT;
  }
};

/** @throws BackplaneError for whatever keeps the machine from being assembled; nothing has been written then. */
export const run = async (args: Arguments, streams: Streams): Promise<number> => {
  const { stderr, stdout } = streams;
  const plan = planRun(args);
  if (plan.screenText !== undefined) await checkWritable("screen-text", plan.screenText);
  for (const [option, path] of [
    ["jit-dump", plan.jitDump],
    ["jit-report", plan.jitReport],
  ] as const) {
    if (path === undefined) continue;
    if (plan.jit === "off") throw usageError(`--${option} has nothing to write with --jit off`);
    if (path !== "-") await checkWritable(option, path);
  }
  if (plan.debug.traceFile !== undefined) await checkWritable("trace-file", plan.debug.traceFile);
  for (const [option, endpoint] of [
    ["serial", plan.serial],
    ["debug-port", plan.debugPort],
  ] as const) {
    if (endpoint?.kind === "file") await checkWritable(option, endpoint.path);
  }
  const { description, title, hasBios } = await describe(plan, streams);
  const consoles = chooseConsoles(plan, hasBios, streams);
  const profile = designProfile(description, nameOption);
  const vm = await assembleProfile(profile, { clock: plan.clock, jitReport: plan.jitReport !== undefined, ...(plan.jit === undefined ? {} : { jit: plan.jit }) }, nodePlatform);

  const connections = new Connections();
  const terminal = new Terminal(streams);
  // In raw mode a line feed alone would not return the carriage.
  let raw = false;
  const say = (message: string): void => void stderr.write(`${raw ? "\r" : ""}backplane: ${raw ? message.replaceAll("\n", "\r\n") : message}${raw ? "\r\n" : "\n"}`);
  let finish!: (end: End) => void;
  const ended = new Promise<End>((resolve) => {
    finish = resolve;
  });
  try {
    vm.on("log", (level, path, message) => {
      if (level === "warn" && consoles.display === "none") say(`${path}: ${message}`);
    });
    if (plan.jitReport !== undefined) connections.add(reportJit(vm, plan.jitReport, streams.stderr));
    if (plan.jitDump !== undefined) connections.add(dumpRegions(vm, plan.jitDump, streams.stderr));
    if (plan.screenText !== undefined && !vm.hasScreen) throw usageError(`--screen-text: machine "${profile.name}" has no display adapter`);
    if (consoles.display === "terminal" && !vm.hasScreen) throw usageError(`--display terminal: machine "${profile.name}" has no display adapter`);
    if (consoles.serial.kind !== "none" && (plan.serial !== undefined || vm.hasSerial)) {
      const serial = vm.serial(0);
      if (consoles.serial.kind === "stdio") {
        const stop = showBootProgress(vm, streams);
        connections.add(stop);
        connections.add(serial.onData(stop));
        stderr.write(`Booting ${title}${streams.stdin.isTTY ? "; Ctrl-A X leaves, Ctrl-A H helps" : ""}\n`);
        raw = terminal.raw();
        connections.add(connectStdio(vm, serial, streams, raw, () => finish({ kind: "left" })));
      } else connections.add((await connectSerial(vm, serial, consoles.serial, say))?.close);
    }
    if (plan.debugPort) connections.add(await connectDebugPort(vm, plan.debugPort, streams, say));
    if (plan.screenText !== undefined) connections.add(recordScreen(vm.screen, plan.screenText, say));
    if (consoles.display === "terminal") {
      raw = terminal.raw();
      connections.add(connectDisplay(vm, streams, terminal, () => finish({ kind: "left" })));
    }
    connections.add(connectTrace(vm, plan.debug, stderr, () => raw, say));
    const gdb = await connectGdb(vm, plan, say);
    connections.add(gdb && (() => gdb.close()));
    connections.add(onSignals(vm, finish, say));
    const onPipe = (error: NodeJS.ErrnoException): void => finish(error.code === "EPIPE" ? { kind: "signal", signal: "SIGPIPE" } : { kind: "error", error });
    stdout.on("error", onPipe);
    if (plan.timeoutMs !== undefined) {
      const timer = setTimeout(() => finish({ kind: "timeout" }), plan.timeoutMs);
      connections.add(() => clearTimeout(timer));
    }
    void vm.exit.then(async (reason) => {
      // A debugger looks at what has happened before the machine is gone.
      if (gdb?.server.hasClient && reason.kind !== "power-off") await gdb.server.idle();
      finish(reason);
    });
    if (!plan.debug.waits && !vm.debug.holds) await vm.start();
    const end = await ended;
    if (vm.state === "running") await Promise.race([vm.pause(), vm.exit]);
    await connections.close();
    terminal.restore();
    raw = false;
    return conclude(end, vm, plan, say);
  } finally {
    await connections.close();
    terminal.restore();
    await vm.dispose();
  }
};
