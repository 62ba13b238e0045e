/**
 * A machine as programs use it: power, keyboard, screen, serial ports, memory, snapshots, events.
 * Everything below it (devices by role, hooks, virtual clock, stepping by goals) is reached through `machine`.
 */
import type { GeneralRegisters } from "../../kernel/cpu/index.js";
import type { ExitReason, Machine, MachineEvents, MachineState } from "../../kernel/machine/index.js";
import { BackplaneError } from "../../sdk/contract/errors.js";
import { Display } from "../../sdk/roles/display.js";
import { type Mouse, Ps2Controller } from "../../sdk/roles/input.js";
import { PowerButton } from "../../sdk/roles/platform.js";
import { DebugPort, SerialPort } from "../../sdk/roles/serial.js";
import { Debugger } from "./debug.js";
import { Keyboard, type TypingOptions } from "./keyboard.js";
import type { Platform } from "./platform.js";
import { Screen } from "./screen.js";
import { SerialConnection } from "./serial-connection.js";
import type { Waiter, WaitOptions } from "./wait.js";

const ADDRESS_SPACE = 2 ** 32;

export class VirtualMachine {
  /** The kernel's machine. */
  readonly machine: Machine;
  /** Breakpoints, watchpoints, single steps. */
  readonly debug: Debugger;
  readonly #platform: Platform;
  readonly #waiter: Waiter;
  readonly #serial = new Map<string, SerialConnection>();
  #screen: Screen | undefined;
  #keyboard: Keyboard | undefined;

  /** @internal */
  constructor(machine: Machine, platform: Platform) {
    this.machine = machine;
    this.debug = new Debugger(machine);
    this.#platform = platform;
    this.#waiter = { time: platform.time, state: () => machine.state };
  }

  // Power

  /** `off` has never run; `stopped` is final. */
  get state(): MachineState {
    return this.machine.state;
  }
  /** Resolves once, when the machine has stopped for good: the guest powered off, a triple fault, an error, `dispose`. */
  get exit(): Promise<ExitReason> {
    return this.machine.exit;
  }
  /** Starts a machine that is off, lets a paused one run on. @throws BackplaneError `MACHINE_STATE`. */
  async start(): Promise<void> {
    if (this.machine.state === "paused") this.machine.resume();
    else await this.machine.start();
  }
  /** Stops at an instruction boundary. */
  pause(): Promise<void> {
    return this.machine.pause();
  }
  /** Executes instructions of a machine that is off or paused. */
  step(instructions = 1): Promise<void> {
    return this.machine.step(instructions);
  }
  /** The reset button. */
  reset(): void {
    this.machine.reset("reset button");
  }
  /** Takes the power away. */
  powerOff(): void {
    this.machine.powerOff("power taken away by the host");
  }
  /** A short press: asks the guest to shut down. False when the machine has no such button. */
  pressPowerButton(): boolean {
    const [button] = this.machine.find(PowerButton);
    button?.value.press();
    return button !== undefined;
  }
  /** Ends the machine and lets go of files. */
  dispose(): Promise<void> {
    return this.machine.dispose();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  // People's side

  /** @throws BackplaneError `ROLE_ABSENT` without a keyboard. */
  get keyboard(): Keyboard {
    this.#keyboard ??= new Keyboard(this.machine.get(Ps2Controller).keyboard, this.#waiter, () => this.machine.clock.nowNs);
    return this.#keyboard;
  }
  /** @throws BackplaneError `ROLE_ABSENT` without a mouse. */
  get mouse(): Mouse {
    return this.machine.get(Ps2Controller).mouse;
  }
  /** See `Keyboard.type`. */
  typeText(text: string, options?: TypingOptions): Promise<void> {
    return this.keyboard.type(text, options);
  }
  /** See `Keyboard.press`. */
  pressKeys(chord: string): void {
    this.keyboard.press(chord);
  }
  get hasScreen(): boolean {
    return this.machine.find(Display).length > 0;
  }
  /** The first display adapter. @throws BackplaneError `ROLE_ABSENT` without one. */
  get screen(): Screen {
    this.#screen ??= new Screen((this.machine.find(Display)[0] ?? { value: this.machine.get(Display) }).value, this.#waiter, this.#platform.deflate);
    return this.#screen;
  }

  get hasSerial(): boolean {
    return this.machine.find(SerialPort).length > 0;
  }
  /**
   * The n-th serial port of the profile, counted from 0, or the one at a path. It records what the guest transmits from
   * the first call on.
   * @throws BackplaneError `SERIAL_ABSENT`.
   */
  serial(port: number | string = 0): SerialConnection {
    const ports = this.machine.find(SerialPort);
    const found = typeof port === "number" ? ports[port] : ports.find(({ path }) => path === port);
    if (!found) {
      const known = ports.map(({ path }, index) => `${index} at ${path}`).join(", ") || "none";
      throw new BackplaneError("SERIAL_ABSENT", `machine "${this.machine.profile.name}" has no serial port ${port}; it has ${known}`, { port });
    }
    let connection = this.#serial.get(found.path);
    if (!connection) {
      connection = new SerialConnection(found.path, found.value, this.#waiter);
      this.#serial.set(found.path, connection);
    }
    return connection;
  }

  /** Paths of the ports that firmware prints to or shows progress on. */
  get debugPorts(): readonly string[] {
    return this.machine.find(DebugPort).map(({ path }) => path);
  }
  /** Each byte written to the debug port at a path. Returns a function that unsubscribes. @throws BackplaneError `ROLE_ABSENT`. */
  onDebugByte(path: string, fn: (byte: number) => void): () => void {
    return this.machine.get(DebugPort, path).onByte(fn);
  }

  /**
   * Waits for text on the screen or on a serial port (`serial` is port 0).
   * @throws BackplaneError `WAIT_TIMEOUT`, `WAIT_STOPPED`.
   */
  waitForText(source: "screen" | "serial" | number, pattern: string | RegExp, options?: WaitOptions): Promise<string> {
    if (source === "screen") return this.screen.waitForText(pattern, options);
    return this.serial(source === "serial" ? 0 : source).waitForText(pattern, options);
  }

  /** Puts a raw image or any `DiskImage` into a drive, or takes it out. See `Machine.insert`. */
  insert(drive: string, medium: { readonly label: string } | undefined): Promise<void> {
    return this.machine.insert(drive, medium);
  }

  // Inside

  /** Physical memory as a bus master sees it. Reading a device's registers may change them. @throws BackplaneError `MEMORY_RANGE`. */
  readMemory(address: number, length: number): Uint8Array {
    this.#checkRange(address, length);
    const bytes = new Uint8Array(length);
    this.machine.memory.read(address, bytes);
    return bytes;
  }
  /** @throws BackplaneError `MEMORY_RANGE`. */
  writeMemory(address: number, bytes: Uint8Array): void {
    this.#checkRange(address, bytes.length);
    this.machine.memory.write(address, bytes);
  }
  /** Exact while the machine is off or paused. */
  get registers(): Readonly<GeneralRegisters> {
    return { ...this.machine.cpu.registers };
  }
  setRegister(name: keyof GeneralRegisters, value: number): void {
    this.machine.cpu.setRegister(name, value);
  }
  /** The processor's state in lines for people. */
  dump(): string {
    return this.machine.cpu.dump();
  }

  // Snapshots and news

  /** Everything but the contents of host files. */
  saveState(): Promise<Uint8Array> {
    return this.machine.save();
  }
  /** Puts a saved state of the same machine in place; it is paused then. @throws BackplaneError naming what does not fit. */
  loadState(file: Uint8Array): Promise<void> {
    return this.machine.load(file);
  }
  /** Subscribes to news of the machine. Returns a function that unsubscribes. */
  on<E extends keyof MachineEvents>(event: E, fn: MachineEvents[E]): () => void {
    this.machine.events.on(event, fn as never);
    return () => void this.machine.events.off(event, fn as never);
  }

  #checkRange(address: number, length: number): void {
    const whole = Number.isInteger(address) && Number.isInteger(length);
    if (whole && address >= 0 && length >= 0 && address + length <= ADDRESS_SPACE) return;
    throw new BackplaneError("MEMORY_RANGE", `${length} bytes at ${address} are not within the 4 GiB of physical addresses`, { address, length });
  }
}
