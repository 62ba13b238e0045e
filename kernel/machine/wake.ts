/** What ends a machine's sleep. A ring while nobody sleeps is kept for the next sleep, so none is lost. */
export class WakeSignal {
  #rung = false;
  #ring: (() => void) | undefined;
  #promise: Promise<void> | undefined;

  ring(): void {
    this.#rung = true;
    this.#ring?.();
  }

  /** Resolves at the next ring, or at once after one that nobody has slept through. */
  get promise(): Promise<void> {
    if (this.#rung) return Promise.resolve();
    this.#promise ??= new Promise((resolve) => {
      this.#ring = resolve;
    });
    return this.#promise;
  }

  /** Whether there was a ring that nobody has answered. */
  get rung(): boolean {
    return this.#rung;
  }

  /** The sleeper is up, or nobody sleeps and what the rings were for is about to be looked at. */
  answered(): void {
    this.#rung = false;
    this.#ring = undefined;
    this.#promise = undefined;
  }
}
