/** A clock a test turns by hand. */
import type { Clock, Timer } from "../contract/board.js";

interface BenchTimer extends Timer {
  readonly name: string;
  fire(): void;
}

export class BenchClock implements Clock {
  nowNs = 0;
  readonly #timers: BenchTimer[] = [];

  timer(name: string, fire: () => void): Timer {
    if (this.#timers.some((timer) => timer.name === name)) throw new Error(`timer "${name}" made twice`);
    const made = {
      name,
      fire,
      armed: false,
      deadlineNs: 0,
      arm(atNs: number) {
        made.armed = true;
        made.deadlineNs = atNs;
      },
      cancel() {
        made.armed = false;
      },
    };
    this.#timers.push(made);
    return made;
  }

  /** Moves time on by `ns`, firing timers in order at their own times. */
  advance(ns: number): void {
    const end = this.nowNs + ns;
    for (;;) {
      let next: BenchTimer | undefined;
      for (const timer of this.#timers) if (timer.armed && timer.deadlineNs <= end && (!next || timer.deadlineNs < next.deadlineNs)) next = timer;
      if (!next) break;
      this.nowNs = Math.max(this.nowNs, next.deadlineNs);
      next.cancel();
      next.fire();
    }
    this.nowNs = end;
  }

  /** Name and deadline of every armed timer. */
  armed(): Record<string, number> {
    return Object.fromEntries(this.#timers.filter((timer) => timer.armed).map((timer) => [timer.name, timer.deadlineNs]));
  }

  restore(armed: Record<string, number>): void {
    for (const timer of this.#timers) {
      const at = armed[timer.name];
      if (at === undefined) timer.cancel();
      else timer.arm(at);
    }
  }

  cancelAll(): void {
    for (const timer of this.#timers) timer.cancel();
  }
}
