/**
 * Who drives the run loop: the background run of `start` and `resume`, or one foreground call. Never two at once.
 */
import type { EventEmitter } from "eventemitter3";
import { BackplaneError } from "../../sdk/contract/errors.js";
import type { DebugStop } from "../cpu/debug.js";
import type { Backbone } from "./backbone.js";
import type { KernelHooks } from "./hooks.js";
import type { MachineEvents, MachineState } from "./options.js";
import type { Power } from "./power.js";
import type { Goal, Outcome } from "./run-loop.js";

/** How far a machine runs on to let host work finish before it pauses or is saved; after that it waits for the host. */
const QUIESCE_NS = 100e6;

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

export class Driver {
  readonly #backbone: Backbone;
  readonly #hooks: KernelHooks;
  readonly #power: Power;
  readonly #events: EventEmitter<MachineEvents>;
  #started = false;
  /** Settles, without ever rejecting, when the present driver lets go. */
  #current: Promise<void> | undefined;
  #background = false;
  #pausing: Promise<void> | undefined;
  /** Where the last run met the debugger, if it did. */
  #debugStop: DebugStop | undefined;

  constructor(backbone: Backbone, hooks: KernelHooks, power: Power, events: EventEmitter<MachineEvents>) {
    this.#backbone = backbone;
    this.#hooks = hooks;
    this.#power = power;
    this.#events = events;
  }

  get isDriven(): boolean {
    return this.#current !== undefined;
  }

  /** Ends a slice or a sleep early. */
  interrupt(): void {
    this.#backbone.cpu.requestExit();
    this.#backbone.wake.ring();
  }

  async start(): Promise<void> {
    this.#require("start", "off");
    await this.#exclusive(() => this.#begin());
    this.#runInBackground();
  }

  resume(): void {
    this.#require("resume", "paused");
    this.#runInBackground();
  }

  pause(): Promise<void> {
    if (this.#pausing) return this.#pausing;
    if (!this.#background) {
      this.#require("pause", "off", "paused", "stopped");
      return Promise.resolve();
    }
    this.#pausing = this.#pause().finally(() => {
      this.#pausing = undefined;
    });
    this.interrupt();
    return this.#pausing;
  }

  /** Runs in the foreground; the machine shows `during` meanwhile and is paused afterwards. */
  drive(goal: Goal, during: MachineState): Promise<Outcome> {
    this.#require("run", "off", "paused");
    return this.#exclusive(async () => {
      this.#power.enter(during);
      const outcome = await this.#run(goal);
      this.#power.enter("paused");
      return outcome;
    }).then((outcome) => this.#told(outcome));
  }

  /** Holds the machine still for `fn`; lets it run on if it ran. */
  async whilePaused<T>(what: string, fn: () => Promise<T>): Promise<T> {
    const ran = this.#background;
    await this.pause();
    this.#require(what, "off", "paused");
    const runsOn = ran && !this.#debugStop;
    this.#debugStop = undefined;
    try {
      return await this.#exclusive(fn);
    } finally {
      const stop = this.#debugStop as DebugStop | undefined;
      if (stop) this.#events.emit("debug-stop", stop);
      else if (runsOn && this.#power.state === "paused") this.#runInBackground();
    }
  }

  /** Runs on until no host work is outstanding; a machine that does not get there waits and takes the results early. */
  async quiesce(): Promise<void> {
    const { clock, completions } = this.#backbone;
    if (completions.outstanding > 0 && !this.#power.ended) {
      await this.#run({ until: () => completions.outstanding === 0, ns: clock.nowNs + QUIESCE_NS });
      if (!this.#power.ended) await completions.deliverAll();
    }
  }

  /** Resolves when nobody drives any more. The machine must have ended. */
  async stopped(): Promise<void> {
    this.interrupt();
    await this.#current;
  }

  async #pause(): Promise<void> {
    while (this.#current) await this.#current;
    // It may have ended, or met the debugger, who wants it left where it is.
    if (this.#power.state !== "running") return;
    this.#debugStop = undefined;
    await this.#exclusive(() => this.quiesce());
    if (this.#power.ended) return;
    await this.#enterPause();
    if (this.#debugStop) this.#events.emit("debug-stop", this.#debugStop);
  }

  async #enterPause(): Promise<void> {
    this.#power.enter("paused");
    await this.#hooks.pause.promise();
  }

  /** Tells hosts of a meeting with the debugger; nobody drives now, so they may let the machine run on at once. */
  #told(outcome: Outcome): Outcome {
    if (outcome === "debugger" && this.#debugStop) this.#events.emit("debug-stop", this.#debugStop);
    return outcome;
  }

  async #begin(): Promise<void> {
    if (this.#started) return;
    await this.#hooks.start.promise();
    this.#started = true;
  }

  #runInBackground(): void {
    if (this.#power.ended) return;
    this.#power.enter("running");
    this.#background = true;
    const run = this.#exclusive(() => this.#run({ until: () => this.#pausing !== undefined }, () => this.#enterPause()));
    run.then(
      (outcome) => this.#told(outcome),
      // A failure is told by `exit`.
      () => {},
    );
  }

  /** @param stopped called when the debugger has stopped it; a failure there ends the machine as one of its own does */
  async #run(goal: Goal, stopped?: () => Promise<void>): Promise<Outcome> {
    const { cpu, loop } = this.#backbone;
    this.#debugStop = undefined;
    try {
      await this.#begin();
      const outcome = await loop.run(goal);
      if (outcome === "debugger") {
        this.#debugStop = cpu.debug.stopped;
        await stopped?.();
      }
      return outcome;
    } catch (error) {
      this.#power.end({ kind: "error", error: asError(error) });
      throw error;
    }
  }

  /** Drives alone; `fn` begins before this returns. */
  async #exclusive<T>(fn: () => Promise<T>): Promise<T> {
    let release = (): void => {};
    this.#current = new Promise((resolve) => {
      release = resolve;
    });
    try {
      return await fn();
    } finally {
      this.#current = undefined;
      this.#background = false;
      release();
    }
  }

  #require(what: string, ...states: MachineState[]): void {
    const { state } = this.#power;
    if (states.includes(state) && !this.isDriven) return;
    const busy = state === "running" || this.isDriven;
    throw new BackplaneError("MACHINE_STATE", busy ? `cannot ${what}: the machine is running; pause it first` : `cannot ${what}: the machine is ${state}`, { state });
  }
}
