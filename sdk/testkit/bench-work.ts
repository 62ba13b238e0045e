/** Host work on the bench: results are delivered as soon as the host has them, the clock moved on to their due time. */
import type { BenchClock } from "./bench-clock.js";

/** So many results one `settle` delivers before it calls the device endless. */
const ENDLESS = 100_000;

export class Completions {
  readonly #clock: BenchClock;
  readonly #pending = new Set<Promise<void>>();
  #delivered = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(clock: BenchClock) {
    this.#clock = clock;
  }

  get outstanding(): number {
    return this.#pending.size;
  }

  readonly add = <T>(work: Promise<T>, latencyNs: number, done: (result: T) => void, failed: (error: Error) => void): void => {
    const due = this.#clock.nowNs + latencyNs;
    const delivered: Promise<void> = work
      .then(
        (result) => () => done(result),
        (error: unknown) => () => failed(error as Error),
      )
      .then((deliver) => {
        this.#pending.delete(delivered);
        this.#delivered++;
        if (this.#clock.nowNs < due) this.#clock.advance(due - this.#clock.nowNs);
        deliver();
      })
      .catch((error: unknown) => {
        this.#failure ??= { error };
      });
    this.#pending.add(delivered);
  };

  /** Waits until nothing is outstanding. @throws what a device threw when it was told a result. */
  async settle(): Promise<void> {
    const limit = this.#delivered + ENDLESS;
    while (this.#pending.size > 0) {
      await Promise.all(this.#pending);
      if (this.#delivered > limit) throw new Error("the device asks for host work again and again, without end");
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure.error;
  }
}
