/** Power and reset: the machine's state, requests from guest and host, and the one way out. */
import type { EventEmitter } from "eventemitter3";
import type { ResetKind } from "../../sdk/contract/board.js";
import type { VirtualClock } from "../clock/virtual-clock.js";
import type { CpuCore } from "../cpu/engine.js";
import type { ExitReason, MachineEvents, MachineState } from "./options.js";
import type { Attached } from "./plugin-host.js";

export interface PowerParts {
  readonly events: EventEmitter<MachineEvents>;
  readonly cpu: CpuCore;
  readonly clock: VirtualClock;
  readonly attached: readonly Attached[];
  readonly onTripleFault: "stop" | "reset";
  /** Whether instructions are being executed, or will be without the host's doing: then requests wait for the boundary. */
  readonly isDriven: () => boolean;
  /** Brings a run to its next boundary soon. */
  readonly interrupt: () => void;
}

export class Power {
  /** Resolves once. */
  readonly exit: Promise<ExitReason>;
  readonly #parts: PowerParts;
  #resolveExit!: (reason: ExitReason) => void;
  #state: MachineState = "off";
  #request: { readonly kind: "reset" | "power-off"; readonly reason: string } | undefined;
  /** Requests wait while devices are being created or reset. */
  #ready = false;

  constructor(parts: PowerParts) {
    this.#parts = parts;
    this.exit = new Promise((resolve) => {
      this.#resolveExit = resolve;
    });
  }

  get state(): MachineState {
    return this.#state;
  }

  get ended(): boolean {
    return this.#state === "stopped";
  }

  enter(state: MachineState): void {
    const previous = this.#state;
    if (state === previous || previous === "stopped") return;
    this.#state = state;
    this.#parts.events.emit("state", state, previous);
  }

  /** The first reason counts. */
  end(reason: ExitReason): void {
    if (this.ended) return;
    this.enter("stopped");
    this.#resolveExit(reason);
  }

  /** Carried out at the next instruction boundary. A power-off is not overtaken by a reset. */
  ask(kind: "reset" | "power-off", reason: string): void {
    if (this.#request?.kind !== "power-off") this.#request = { kind, reason };
    this.#parts.interrupt();
    if (this.#ready && !this.#parts.isDriven()) this.settle();
  }

  /** Another state takes the place of the present one, in which requests may have been made. A failure leaves no usable machine. */
  replaced(put: () => void): void {
    this.#request = undefined;
    try {
      put();
    } catch (error) {
      this.end({ kind: "error", error: error instanceof Error ? error : new Error(String(error)) });
      throw error;
    }
    this.enter("paused");
  }

  /** Between two slices: does what was asked for and looks whether the processor still lives. True when the machine has ended. */
  settle(): boolean {
    const { cpu, events, onTripleFault } = this.#parts;
    if (this.ended) return true;
    const request = this.#request;
    this.#request = undefined;
    if (request?.kind === "power-off") {
      events.emit("power-off", request.reason);
      this.end({ kind: "power-off", reason: request.reason });
    } else if (request) {
      this.reset("hard");
      events.emit("reset", request.reason);
    } else if (cpu.shutdown) {
      const dump = cpu.dump();
      events.emit("triple-fault", dump);
      if (onTripleFault === "stop") this.end({ kind: "triple-fault", dump });
      else {
        this.reset("hard");
        events.emit("reset", "triple fault");
      }
    }
    return this.ended;
  }

  /** Timers and lines first, then the processor, then the devices in order of creation. */
  reset(kind: ResetKind): void {
    const { clock, cpu } = this.#parts;
    this.#ready = false;
    for (const { board } of this.#parts.attached) board.quiet();
    const now = clock.save();
    cpu.reset();
    // The processor may count instructions from its own reset; time goes on.
    clock.load(now);
    for (const { device } of this.#parts.attached) device.reset(kind);
    this.#ready = true;
  }
}
