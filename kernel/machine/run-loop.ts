/**
 * The run loop: timers, host results, instructions, in slices.
 *
 * Between two slices, in this order: due timers, pending resets and power-offs, the goal, due host results. However a run
 * was asked to end, it thus ends in the same state at the same instruction: with the timers of that moment fired. A slice
 * ends at the next deadline at the latest. At HLT no instructions run: time moves on to the next deadline.
 *
 * Deterministic mode: `nsPerInstruction` is constant, HLT jumps to the next deadline at once, and slices end on a fixed
 * grid of executed instructions. Host time only decides when to yield to the host's event loop, which the guest cannot
 * see. With nothing scheduled at all, the machine sleeps until the host has input for it.
 *
 * Real-time mode: slices of at most 1 ms; `pacer.ts` keeps virtual time beside host time; HLT sleeps on the host until
 * the next deadline or until input arrives, and past deadlines when the guest has been idle (`timer-slack.ts`).
 */
import type { VirtualClock } from "../clock/virtual-clock.js";
import type { CpuCore } from "../cpu/engine.js";
import type { Completions } from "./completions.js";
import type { HostTime } from "./options.js";
import { AHEAD_NS, type Pacer } from "./pacer.js";
import type { TimerSlack } from "./timer-slack.js";
import type { WakeSignal } from "./wake.js";

/** Slices of the deterministic mode end where the instruction count is a multiple of this. */
const GRID = 262_144;
const REAL_SLICE_NS = 1e6;
const YIELD_NS = 10e6;
/** Sleeps are cut into pieces of this length; a host timer cannot take much longer ones. */
const MAX_SLEEP_MS = 60_000;
/** A host's timer may be early by less than this. */
const EARLY_NS = 2e6;

/** When a run is over; whichever comes first. */
export interface Goal {
  /** Executed in this run. */
  readonly instructions?: number;
  /** Virtual time. */
  readonly ns?: number;
  /** Asked between slices. */
  readonly until?: () => boolean;
}

/**
 * `stopped`: the machine has ended. `asleep`: halted, nothing scheduled, and the goal does not wait for the host.
 * `debugger`: at a breakpoint or behind a watched access; what is due then is done when the machine runs on.
 */
export type Outcome = "reached" | "stopped" | "asleep" | "debugger";

export interface RunLoopParts {
  readonly cpu: CpuCore;
  /** Its `run`. */
  readonly execute: (instructions: number) => void;
  readonly clock: VirtualClock;
  readonly completions: Completions;
  readonly hostTime: HostTime;
  readonly wake: WakeSignal;
  /** Present in real-time mode. */
  readonly pacer: Pacer | undefined;
  /** Matters in real-time mode. */
  readonly slack: TimerSlack;
  /** Carries out requested resets and power-offs and looks for a triple fault; true when the machine has ended. */
  readonly settle: () => boolean;
}

export class RunLoop {
  readonly #parts: RunLoopParts;
  #lastYieldNs = 0;
  #executed = 0;

  constructor(parts: RunLoopParts) {
    this.#parts = parts;
  }

  async run(goal: Goal): Promise<Outcome> {
    const { cpu, clock, completions, hostTime, pacer, settle, slack, wake } = this.#parts;
    const { instructions = Infinity, ns = Infinity, until } = goal;
    this.#executed = 0;
    this.#lastYieldNs = hostTime.nowNs();
    pacer?.begin();
    slack.busy(clock.nowNs);
    for (;;) {
      pacer?.recover();
      clock.fireDue();
      // the rest of this turn sees what has been rung for so far: most rings are the guest's own
      wake.answered();
      if (settle()) return "stopped";
      if (this.#executed >= instructions || clock.nowNs >= ns || until?.()) return "reached";
      if (completions.due) await completions.deliverDue();
      else if (cpu.halted) {
        const asleep = this.#halt(ns, until !== undefined);
        if (asleep === "for ever") return "asleep";
        if (asleep) await asleep;
      } else {
        const ahead = this.#slice(instructions - this.#executed, ns);
        if (ahead === "debugger") return settle() ? "stopped" : "debugger";
        if (ahead) await ahead;
      }
      if (this.#yieldIsDue()) {
        await hostTime.yield();
        this.#lastYieldNs = hostTime.nowNs();
      }
    }
  }

  /** Runs instructions; a promise when the guest is so far ahead that it has to sleep. */
  #slice(instructions: number, ns: number): Promise<unknown> | "debugger" | undefined {
    const { cpu, execute, clock, hostTime, pacer, slack } = this.#parts;
    const before = cpu.instructionCount;
    const sliceNs = Math.min(clock.nextDeadlineNs, ns, pacer ? clock.nowNs + REAL_SLICE_NS : Infinity) - clock.nowNs;
    const toDeadline = Math.ceil(sliceNs / clock.nsPerInstruction);
    const toGrid = pacer ? Infinity : GRID - (before % GRID);
    const budget = Math.max(1, Math.min(toDeadline, toGrid, instructions));
    const startNs = pacer ? hostTime.nowNs() : 0;
    execute(budget);
    const executed = cpu.instructionCount - before;
    this.#executed += executed;
    slack.executed(executed);
    if (pacer) pacer.measured(executed, hostTime.nowNs() - startNs);
    if (cpu.debug.stopped !== undefined) return "debugger";
    if (!pacer) return undefined;
    const ahead = clock.nowNs - pacer.targetNs;
    return ahead > AHEAD_NS ? this.#sleep(ahead) : undefined;
  }

  /** Moves time on while the processor is halted; a promise when that takes host time. */
  #halt(ns: number, waits: boolean): Promise<void> | "for ever" | undefined {
    const { clock, completions, pacer, slack } = this.#parts;
    slack.halted(clock.nowNs);
    const at = Math.min(clock.nextDeadlineNs, ns);
    if (at === Infinity && completions.outstanding === 0 && !waits) return "for ever";
    const target = pacer ? pacer.targetNs : Infinity;
    if (at > target || at === Infinity) return this.#sleepUntil(at, ns);
    clock.advanceTo(at);
    return undefined;
  }

  /** Real-time mode may sleep past deadline `at`, but not past the goal `ns`; afterwards it is the next deadline, or sooner. */
  async #sleepUntil(at: number, ns: number): Promise<void> {
    const { clock, completions, pacer, slack } = this.#parts;
    if (!pacer) {
      await this.#sleep(at - clock.nowNs);
      return;
    }
    clock.advanceTo(pacer.targetNs);
    const { nowNs } = clock;
    if (completions.outstanding > 0) slack.busy(nowNs);
    const end = Math.max(at, Math.min(ns, nowNs + slack.at(nowNs)));
    const rung = await this.#sleep(end - nowNs);
    const rest = at - pacer.targetNs;
    // the slack is not for what a host's timer was early by
    if (!rung && rest > 0 && rest < EARLY_NS) await this.#sleep(rest);
    clock.advanceTo(Math.min(clock.nextDeadlineNs, ns, pacer.targetNs));
  }

  /** True when something has ended it that the host has for the guest, or for the run. */
  async #sleep(ns: number): Promise<boolean> {
    const { clock, hostTime, slack, wake } = this.#parts;
    await hostTime.sleep(Math.min(MAX_SLEEP_MS, ns / 1e6), wake.promise);
    const { rung } = wake;
    if (rung) slack.busy(clock.nowNs);
    wake.answered();
    this.#lastYieldNs = hostTime.nowNs();
    return rung;
  }

  /** Results of host work arrive only while the event loop turns, so real-time mode yields sooner while some are awaited. */
  #yieldIsDue(): boolean {
    const { completions, hostTime, pacer } = this.#parts;
    return (pacer !== undefined && completions.outstanding > 0) || hostTime.nowNs() - this.#lastYieldNs >= YIELD_NS;
  }
}
