/** A virtual machine as a gdb session debugs it. */
import type { ExitReason } from "../../../kernel/machine/index.js";
import type { DebugStop, Watchpoint } from "../../api/debug.js";
import type { VirtualMachine } from "../../api/virtual-machine.js";
import { monitor } from "./monitor.js";
import { machineRegisters, type RegisterBank } from "./registers.js";
import type { GdbTarget, TargetStop } from "./target.js";

const keyOf = ({ address, length, on }: Watchpoint): string => `${address} ${length} ${on}`;

const ended = (reason: ExitReason): TargetStop => {
  if (reason.kind === "triple-fault") return { kind: "shutdown", text: "the processor has shut down: triple fault" };
  if (reason.kind === "error") return { kind: "shutdown", text: `the machine has failed: ${reason.error.message}` };
  return { kind: "exited", status: 0 };
};

export class MachineTarget implements GdbTarget {
  readonly registers: RegisterBank;
  readonly #vm: VirtualMachine;
  readonly #forget: () => void;
  readonly #breakpoints = new Set<number>();
  readonly #watchpoints = new Map<string, Watchpoint>();
  #ended: TargetStop | undefined;
  /** Ends the present `run`. */
  #finish: ((stop: TargetStop) => void) | undefined;

  constructor(vm: VirtualMachine) {
    this.#vm = vm;
    this.registers = machineRegisters(vm.machine);
    this.#forget = vm.debug.onStop((stop) => this.#finish?.(stop));
    void vm.exit.then((reason) => {
      this.#ended = ended(reason);
      this.#finish?.(this.#ended);
    });
  }

  readLinear(address: number, length: number): Uint8Array {
    return this.#vm.debug.readLinear(address, length);
  }
  writeLinear(address: number, bytes: Uint8Array): boolean {
    return this.#vm.debug.writeLinear(address, bytes);
  }

  setPoints(breakpoints: ReadonlySet<number>, watchpoints: readonly Watchpoint[]): void {
    const { debug } = this.#vm;
    const wanted = new Map(watchpoints.map((point) => [keyOf(point), point]));
    for (const address of this.#breakpoints) {
      if (breakpoints.has(address)) continue;
      this.#breakpoints.delete(address);
      debug.clearBreakpoint(address);
    }
    for (const [key, point] of this.#watchpoints) {
      if (wanted.has(key)) continue;
      this.#watchpoints.delete(key);
      debug.clearWatchpoint(point);
    }
    // What is there already is somebody else's, and stays when this client goes.
    for (const address of breakpoints) if (!this.#breakpoints.has(address) && debug.setBreakpoint(address)) this.#breakpoints.add(address);
    for (const [key, point] of wanted) if (!this.#watchpoints.has(key) && debug.setWatchpoint(point)) this.#watchpoints.set(key, point);
  }

  state(): TargetStop {
    return this.#ended ?? { kind: "interrupted" };
  }

  async run(): Promise<TargetStop> {
    if (this.#ended) return this.#ended;
    const stopped = new Promise<TargetStop>((resolve) => {
      this.#finish = resolve;
    });
    try {
      await this.#vm.debug.continue();
      return await stopped;
    } finally {
      this.#finish = undefined;
    }
  }

  async step(): Promise<TargetStop> {
    const { debug } = this.#vm;
    await debug.stepInstruction();
    // An ended machine tells a microtask later.
    if (this.#vm.state === "stopped") return ended(await this.#vm.exit);
    const stop: DebugStop | undefined = debug.stopped;
    return stop?.kind === "watchpoint" ? stop : { kind: "stepped" };
  }

  async interrupt(): Promise<void> {
    if (this.#vm.state === "stopped") return;
    await this.#vm.debug.pause();
    this.#finish?.(this.#ended ?? { kind: "interrupted" });
  }

  abandon(): void {
    this.#finish?.({ kind: "interrupted" });
    this.#vm.debug.cancelStep();
  }

  async release(runs: boolean): Promise<void> {
    this.#forget();
    if (runs && this.#vm.state !== "stopped") await this.#vm.debug.continue();
  }

  kill(): void {
    this.#vm.machine.powerOff("killed by the debugger");
  }

  monitor(line: string): string {
    return monitor(this.#vm, line);
  }
}
