/** A clock a test turns by hand. */
import type { Clock, Timer } from "../contract/board.js";

interface BenchTimer extends Timer {
  readonly name: string;
  fire(): void;
}

/** So often a timer may fire without time passing. */
const STORM = 100_000;

export class BenchClock implements Clock {
  nowNs = 0;
  readonly #timers: BenchTimer[] = [];
  /** Restored deadlines of timers that nobody has made yet. */
  #awaited = new Map<string, number>();

  timer(name: string, fire: () => void): Timer {
    if (this.#timers.some((timer) => timer.name === name)) throw new Error(`timer "${name}" made twice`);
    const made = {
      name,
      fire,
      armed: false,
      deadlineNs: 0,
      arm(atNs: number) {
        if (Number.isNaN(atNs)) throw new Error(`timer "${name}" armed for NaN`);
        made.armed = true;
        made.deadlineNs = atNs;
      },
      cancel() {
        made.armed = false;
      },
    };
    this.#timers.push(made);
    const at = this.#awaited.get(name);
    if (at !== undefined) made.arm(at);
    this.#awaited.delete(name);
    return made;
  }

  /** Moves time on by `ns`, firing timers in order at their own times. */
  advance(ns: number): void {
    const end = this.nowNs + ns;
    let firings = 0;
    for (;;) {
      const next = this.#next();
      if (!next || next.deadlineNs > end) break;
      firings = next.deadlineNs > this.nowNs ? 0 : firings + 1;
      if (firings > STORM) throw new Error(`timer "${next.name}" fires again and again at ${this.nowNs} ns`);
      this.nowNs = Math.max(this.nowNs, next.deadlineNs);
      next.cancel();
      next.fire();
    }
    this.nowNs = Math.max(this.nowNs, end);
  }

  /** Deadline of the earliest armed timer, or Infinity. */
  get nextDeadlineNs(): number {
    return this.#next()?.deadlineNs ?? Number.POSITIVE_INFINITY;
  }

  /** Name and deadline of every armed timer. */
  armed(): Record<string, number> {
    const armed = this.#timers.filter((timer) => timer.armed).map((timer) => [timer.name, timer.deadlineNs] as const);
    return Object.fromEntries([...armed, ...this.#awaited]);
  }

  restore(armed: Record<string, number>): void {
    this.#awaited = new Map(Object.entries(armed));
    for (const timer of this.#timers) {
      const at = armed[timer.name];
      if (at === undefined) timer.cancel();
      else timer.arm(at);
      this.#awaited.delete(timer.name);
    }
  }

  cancelAll(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#awaited.clear();
  }

  #next(): BenchTimer | undefined {
    let next: BenchTimer | undefined;
    for (const timer of this.#timers) if (timer.armed && (!next || timer.deadlineNs < next.deadlineNs)) next = timer;
    return next;
  }
}
