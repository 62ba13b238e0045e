/** The debugger's hold on a machine: breakpoints, watchpoints, single steps, memory as the guest sees it. */
import type { DebugStop, Watchpoint } from "../../kernel/cpu/debug.js";
import { HALTED } from "../../kernel/cpu/state.js";
import type { Machine } from "../../kernel/machine/index.js";
import { BackplaneError } from "../../sdk/contract/errors.js";
import { readLinear, writeLinear } from "./debug-memory.js";

export type { DebugStop, Watchpoint };

const MAX_POINTS = 1024;
const MAX_WATCHED_BYTES = 4096;

const isAddress = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < 2 ** 32;
const keyOf = ({ address, length, on }: Watchpoint): string => `${on} ${length} ${address}`;

export class Debugger {
  readonly #machine: Machine;
  readonly #breakpoints = new Set<number>();
  readonly #watchpoints = new Map<string, Watchpoint>();
  #holds = false;
  #stepping = false;
  #interrupted = false;

  /** @internal */
  constructor(machine: Machine) {
    this.#machine = machine;
    machine.events.on("debug-stop", () => {
      this.#holds = true;
    });
    machine.events.on("state", (state) => {
      if (state === "running") this.#holds = false;
    });
  }

  /**
   * Stops before the instruction at a linear address. False when there is such a breakpoint already.
   * @throws BackplaneError `DEBUG_POINT`.
   */
  setBreakpoint(address: number): boolean {
    if (!isAddress(address)) throw new BackplaneError("DEBUG_POINT", `${address} is no linear address: they are whole numbers below 4 GiB`, { address });
    if (this.#breakpoints.has(address)) return false;
    this.#requireRoom(this.#breakpoints.size);
    this.#breakpoints.add(address);
    this.#applyBreakpoints();
    return true;
  }
  /** False when there was none. */
  clearBreakpoint(address: number): boolean {
    const had = this.#breakpoints.delete(address);
    if (had) this.#applyBreakpoints();
    return had;
  }
  /**
   * Stops behind an instruction that accesses any of the bytes. False when there is such a watchpoint already.
   * @throws BackplaneError `DEBUG_POINT`.
   */
  setWatchpoint(watchpoint: Watchpoint): boolean {
    const { address, length } = watchpoint;
    if (!isAddress(address) || !Number.isInteger(length) || length < 1 || length > MAX_WATCHED_BYTES || address + length > 2 ** 32) {
      throw new BackplaneError("DEBUG_POINT", `cannot watch ${length} bytes at ${address}: 1 to ${MAX_WATCHED_BYTES} bytes at a linear address below 4 GiB can be`, {
        address,
        length,
      });
    }
    if (this.#watchpoints.has(keyOf(watchpoint))) return false;
    this.#requireRoom(this.#watchpoints.size);
    this.#watchpoints.set(keyOf(watchpoint), { ...watchpoint });
    this.#applyWatchpoints();
    return true;
  }
  /** False when there was none. */
  clearWatchpoint(watchpoint: Watchpoint): boolean {
    const had = this.#watchpoints.delete(keyOf(watchpoint));
    if (had) this.#applyWatchpoints();
    return had;
  }

  /** Why the machine stood still after its last run, if a breakpoint or watchpoint did it. */
  get stopped(): DebugStop | undefined {
    return this.#machine.cpu.debug.stopped;
  }
  /** Called when a breakpoint or watchpoint has stopped the machine. Returns a function that unsubscribes. */
  onStop(fn: (stop: DebugStop) => void): () => void {
    this.#machine.events.on("debug-stop", fn);
    return () => void this.#machine.events.off("debug-stop", fn);
  }
  /** The debugger wants the machine to stand still: it has stopped it, and not let it run on. */
  get holds(): boolean {
    return this.#holds;
  }

  /** Starts a machine that is off, lets a paused one run on. */
  async continue(): Promise<void> {
    const { state } = this.#machine;
    if (state === "paused") this.#machine.resume();
    else if (state === "off") await this.#machine.start();
  }
  /** Stops the machine, also in the middle of a single step that waits for an interrupt. */
  async pause(): Promise<void> {
    this.#holds = true;
    if (!this.cancelStep()) await this.#machine.pause();
  }
  /** Ends a single step that waits for an interrupt. False when there is no step going on. */
  cancelStep(): boolean {
    if (!this.#stepping) return false;
    this.#interrupted = true;
    this.#machine.wake();
    return true;
  }
  /**
   * Executes one instruction of a machine that is off or paused, a breakpoint there or not. No interrupt is taken, unless
   * the processor is halted: then its wakening is waited for, and the step is the handler's first instruction.
   * @throws BackplaneError `MACHINE_STATE`.
   */
  async stepInstruction(): Promise<void> {
    const { cpu, memory } = this.#machine;
    this.#holds = this.#stepping = true;
    this.#interrupted = false;
    cpu.debug.holdInterrupts = memory.memory.words[HALTED] === 0;
    try {
      await this.#machine.step(1, () => this.#interrupted);
    } finally {
      cpu.debug.holdInterrupts = false;
      this.#stepping = false;
    }
  }

  /** Memory at a linear address, up to the first byte that is not mapped or belongs to a device's registers. Changes nothing. */
  readLinear(address: number, length: number): Uint8Array {
    return readLinear(this.#machine, address, length);
  }
  /** All of the bytes or none: false where something is not mapped or no writable memory. */
  writeLinear(address: number, bytes: Uint8Array): boolean {
    return writeLinear(this.#machine, address, bytes);
  }

  #requireRoom(count: number): void {
    if (count >= MAX_POINTS) throw new BackplaneError("DEBUG_POINT", `there are ${MAX_POINTS} breakpoints or watchpoints already; clear some`);
  }
  #applyBreakpoints(): void {
    this.#machine.cpu.debug.setBreakpoints(this.#breakpoints);
  }
  #applyWatchpoints(): void {
    this.#machine.cpu.debug.setWatchpoints([...this.#watchpoints.values()]);
  }
}
