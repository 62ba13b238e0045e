/**
 * Keeps virtual time beside host time (real-time mode).
 *
 * After each slice the smoothed cost of an instruction on this host becomes the next slice's nanoseconds per
 * instruction, bent by the present lag so that virtual time closes half of it about every `HORIZON_NS`. The rate is
 * clamped: a very fast host does not make time crawl per instruction, a slow one still leaves the guest some
 * instructions per tick. Virtual time never runs backwards; a guest that is ahead sleeps.
 *
 * A lag beyond `LOST_NS` means that the host stood still (suspended, a debugger). Then virtual time jumps to the
 * present and every armed timer moves along by the same amount: clocks that the guest reads are right again, and no
 * periodic timer fires once per missed period.
 */
import type { VirtualClock } from "../clock/virtual-clock.js";
import type { HostTime } from "./options.js";

const HORIZON_NS = 50e6;
export const LOST_NS = 500e6;
/** Share of a new measurement in the smoothed cost; less for slices of fewer than `FULL_WEIGHT` instructions. */
const SMOOTHING = 1 / 8;
const FULL_WEIGHT = 10_000;
const MIN_NS_PER_INSTRUCTION = 0.5;
const MAX_NS_PER_INSTRUCTION = 1000;
/** A guest this far ahead of the host sleeps even while it is busy. */
export const AHEAD_NS = 5e6;

const clamp = (value: number, min: number, max: number): number => Math.min(max, Math.max(min, value));

export class Pacer {
  readonly #clock: VirtualClock;
  readonly #host: HostTime;
  readonly #postpone: (ns: number) => void;
  #hostBaseNs = 0;
  #virtualBaseNs = 0;
  #cost: number;

  /** @param postpone moves every armed timer by a time that was lost */
  constructor(clock: VirtualClock, host: HostTime, postpone: (ns: number) => void) {
    this.#clock = clock;
    this.#host = host;
    this.#postpone = postpone;
    this.#cost = clock.nsPerInstruction;
  }

  /** Here and now the two times agree: the machine starts or resumes. */
  begin(): void {
    this.#hostBaseNs = this.#host.nowNs();
    this.#virtualBaseNs = this.#clock.nowNs;
  }

  /** Where virtual time should be. */
  get targetNs(): number {
    return this.#virtualBaseNs + this.#host.nowNs() - this.#hostBaseNs;
  }

  /** Jumps when the host stood still. */
  recover(): void {
    const lost = this.targetNs - this.#clock.nowNs;
    if (lost < LOST_NS) return;
    this.#clock.advanceTo(this.#clock.nowNs + lost);
    this.#postpone(lost);
  }

  /** A slice of `instructions` took `hostNs`: chooses the rate of the next one. */
  measured(instructions: number, hostNs: number): void {
    if (instructions <= 0 || hostNs > LOST_NS) return;
    this.#cost += (clamp(hostNs / instructions, MIN_NS_PER_INSTRUCTION, MAX_NS_PER_INSTRUCTION) - this.#cost) * SMOOTHING * Math.min(1, instructions / FULL_WEIGHT);
    const bend = clamp(1 + (this.targetNs - this.#clock.nowNs) / HORIZON_NS, 0.5, 2);
    this.#clock.pace(clamp(this.#cost * bend, MIN_NS_PER_INSTRUCTION, MAX_NS_PER_INSTRUCTION));
  }
}
