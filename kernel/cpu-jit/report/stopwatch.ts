/** Host time by what the processor and its translator are doing. */

export const PHASES = ["interpreter", "wasm", "js", "forming", "lifting", "passes", "emitting", "loading"] as const;
/** `loading`: the engine takes generated code in. `js`, `wasm`: regions run, with all that they call. */
export type Phase = (typeof PHASES)[number];

export interface Stopwatch {
  /** Does some work; its time belongs to the phase, but for what phases within it take. */
  during<T>(phase: Phase, work: () => T): T;
}

/** Measures nothing. */
export const UNTIMED: Stopwatch = { during: (_, work) => work() };

/** A monotonic clock of the host. */
export interface HostClock {
  nowNs(): number;
}

/** Of time that belongs to none. */
const NOTHING: number = PHASES.length;

export class PhaseTimes implements Stopwatch {
  readonly #clock: HostClock;
  readonly #ns = new Float64Array(PHASES.length + 1);
  #phase = NOTHING;
  #since: number;

  constructor(clock: HostClock) {
    this.#clock = clock;
    this.#since = clock.nowNs();
  }

  /** Returns the phase that ends. */
  #turnTo(phase: number): number {
    const now = this.#clock.nowNs();
    const before = this.#phase;
    this.#ns[before] += now - this.#since;
    this.#since = now;
    this.#phase = phase;
    return before;
  }

  during<T>(phase: Phase, work: () => T): T {
    const outer = this.#turnTo(PHASES.indexOf(phase));
    try {
      return work();
    } finally {
      this.#turnTo(outer);
    }
  }

  /** A function whose calls belong to a phase. */
  timed<Arguments extends readonly number[], Result>(phase: Phase, work: (...args: Arguments) => Result): (...args: Arguments) => Result {
    const number = PHASES.indexOf(phase);
    return (...args) => {
      const outer = this.#turnTo(number);
      try {
        return work(...args);
      } finally {
        this.#turnTo(outer);
      }
    };
  }

  get seconds(): Record<Phase, number> {
    this.#turnTo(this.#phase);
    return Object.fromEntries(PHASES.map((phase, number) => [phase, this.#ns[number] / 1e9])) as Record<Phase, number>;
  }
}
