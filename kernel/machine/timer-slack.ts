/**
 * Timer slack: how far a sleep at HLT may go past the next deadline (real-time mode).
 *
 * A guest with a periodic tick is woken hundreds of times a second to find nothing to do, and each waking of the host
 * costs more than the tick. So once the guest has been idle for a while, the machine sleeps over several deadlines and
 * then runs what was due one deadline after the other, each at its own virtual time: the guest gets every tick and can
 * tell no difference by its own clocks. Whatever the host has for the guest ends the sleep at once.
 *
 * The slack grows with the time the guest has been idle, so a timer is late by at most an eighth of that time, and by no
 * more than the limit. It is gone as soon as the guest has work: host input, host work under way, or a stretch of
 * instructions longer than a tick takes. Named after the same thing in operating systems: Linux's `PR_SET_TIMERSLACK`,
 * coalescable timers of Windows.
 */
import { BackplaneError } from "../../sdk/contract/errors.js";
import { LOST_NS } from "./pacer.js";

export const DEFAULT_TIMER_SLACK_MS = 200;
/** Late host timers must not add up to what the pacer takes for a host that stood still. */
export const MAX_TIMER_SLACK_MS = LOST_NS / 2e6;

/** Idle for less than this: no slack. */
const CALM_NS = 100e6;
/** Share of the idle time beyond that. */
const SHARE = 1 / 8;
/** Instructions from one HLT to the next that are more than a tick and its housekeeping. */
const WORK_INSTRUCTIONS = 50_000;

export class TimerSlack {
  readonly #limitNs: number;
  #idleSinceNs = 0;
  #stretch = 0;

  /** @throws BackplaneError `TIMER_SLACK`. */
  constructor(limitMs = DEFAULT_TIMER_SLACK_MS) {
    if (!(limitMs >= 0 && limitMs <= MAX_TIMER_SLACK_MS)) {
      throw new BackplaneError("TIMER_SLACK", `the timer slack is ${limitMs} ms; it must be from 0 to ${MAX_TIMER_SLACK_MS}`, { limitMs, max: MAX_TIMER_SLACK_MS });
    }
    this.#limitNs = limitMs * 1e6;
  }

  /** The guest has something to do at virtual time `nowNs`: it counts as idle from here on at the earliest. */
  busy(nowNs: number): void {
    this.#idleSinceNs = nowNs;
  }

  /** The guest has run. */
  executed(instructions: number): void {
    this.#stretch += instructions;
  }

  /** The guest is at HLT. */
  halted(nowNs: number): void {
    if (this.#stretch > WORK_INSTRUCTIONS) this.busy(nowNs);
    this.#stretch = 0;
  }

  /** How long a sleep that begins now may last whatever is due meanwhile, in ns. */
  at(nowNs: number): number {
    return Math.min(this.#limitNs, Math.max(0, nowNs - this.#idleSinceNs - CALM_NS) * SHARE);
  }
}
