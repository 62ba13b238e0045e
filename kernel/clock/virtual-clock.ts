/**
 * Virtual time: nanoseconds derived from executed instructions, and the timers that wait for it.
 *
 * The deterministic clock keeps one rate for ever; the real-time pacer changes the rate between slices (`pace`), never
 * inside one, so every reading within a slice is a function of the instruction count alone.
 */
import type { Clock, Timer } from "../../sdk/contract/board.js";

export class VirtualTimer implements Timer {
  readonly name: string;
  armed = false;
  deadlineNs = 0;
  readonly fire: () => void;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock, name: string, fire: () => void) {
    this.#clock = clock;
    this.name = name;
    this.fire = fire;
  }

  arm(atNs: number): void {
    // before this timer is among them
    const earlier = atNs < this.#clock.nextDeadlineNs;
    this.armed = true;
    this.deadlineNs = atNs;
    this.#clock.changed(atNs, earlier);
  }

  cancel(): void {
    if (!this.armed) return;
    this.armed = false;
    this.#clock.changed(Infinity, false);
  }
}

export class VirtualClock implements Clock {
  /** Virtual nanoseconds per instruction. */
  nsPerInstruction: number;
  #baseNs = 0;
  #baseCount = 0;
  #next = Infinity;
  #stale = false;
  readonly #timers: VirtualTimer[] = [];
  readonly #count: () => number;
  readonly #armed: (earlier: boolean) => void;

  /**
   * @param count instructions executed since power-on, exact at every call
   * @param armed told of every timer that is armed, and whether its deadline is before the one the current slice was planned for
   */
  constructor(nsPerInstruction: number, count: () => number, armed: (earlier: boolean) => void) {
    this.nsPerInstruction = nsPerInstruction;
    this.#count = count;
    this.#armed = armed;
  }

  get nowNs(): number {
    return this.#baseNs + (this.#count() - this.#baseCount) * this.nsPerInstruction;
  }

  timer(name: string, fire: () => void): VirtualTimer {
    const timer = new VirtualTimer(this, name, fire);
    this.#timers.push(timer);
    return timer;
  }

  /** Takes a timer away for good (its device is gone). */
  forget(timer: VirtualTimer): void {
    timer.armed = false;
    const at = this.#timers.indexOf(timer);
    if (at >= 0) this.#timers.splice(at, 1);
    this.#stale = true;
  }

  /** Deadline of the earliest armed timer, or Infinity. */
  get nextDeadlineNs(): number {
    if (this.#stale) {
      this.#stale = false;
      this.#next = Infinity;
      for (const timer of this.#timers) if (timer.armed && timer.deadlineNs < this.#next) this.#next = timer.deadlineNs;
    }
    return this.#next;
  }

  /** @internal a timer was armed for `atNs`, before all others or not, or cancelled (Infinity) */
  changed(atNs: number, earlier: boolean): void {
    if (earlier) this.#next = atNs;
    else this.#stale = true;
    if (atNs < Infinity) this.#armed(earlier);
  }

  /** Jumps forward (HLT, or catching up with real time); never back. */
  advanceTo(ns: number): void {
    if (ns <= this.nowNs) return;
    this.#baseNs = ns;
    this.#baseCount = this.#count();
  }

  /** Changes the rate from now on. */
  pace(nsPerInstruction: number): void {
    this.#baseNs = this.nowNs;
    this.#baseCount = this.#count();
    this.nsPerInstruction = nsPerInstruction;
  }

  /** Fires every timer that is due, earliest first; ties in order of creation. */
  fireDue(): void {
    while (this.nextDeadlineNs <= this.nowNs) {
      let due: VirtualTimer | undefined;
      for (const timer of this.#timers) if (timer.armed && (!due || timer.deadlineNs < due.deadlineNs)) due = timer;
      if (!due) return;
      due.armed = false;
      this.#stale = true;
      due.fire();
    }
  }

  /** For snapshots. */
  save(): { nowNs: number; nsPerInstruction: number } {
    return { nowNs: this.nowNs, nsPerInstruction: this.nsPerInstruction };
  }

  load(saved: { nowNs: number; nsPerInstruction: number }): void {
    this.#baseNs = saved.nowNs;
    this.#baseCount = this.#count();
    this.nsPerInstruction = saved.nsPerInstruction;
    this.#stale = true;
  }
}
