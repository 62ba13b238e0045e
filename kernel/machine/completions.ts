/**
 * Host work entering the machine.
 *
 * A result is delivered between two slices, never inside one. Deterministic: exactly at its due time, in order of due
 * time and then of request; when the host has not finished by then the machine stands still and waits for it, so the
 * guest cannot tell a fast host from a slow one. Real-time: when the host has finished and the due time has passed.
 *
 * A reset of the machine does not cancel work: its result still arrives, and the device tells by its own state that
 * it is stale.
 */
import type { VirtualClock, VirtualTimer } from "../clock/virtual-clock.js";

interface Entry {
  readonly dueNs: number;
  /** Set when the host has finished: calls the device. */
  deliver: (() => void) | undefined;
  readonly settled: Promise<void>;
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

export class Completions {
  readonly #clock: VirtualClock;
  /** Its only purpose is to end slices and sleeps at the next due time. */
  readonly #alarm: VirtualTimer;
  readonly #waits: boolean;
  readonly #wake: () => void;
  /** By due time; equal times in order of request. */
  #entries: Entry[] = [];
  #abandon: () => void = () => {};
  readonly #abandoned: Promise<void>;

  /**
   * @param waits deterministic mode
   * @param wake told when work has finished
   */
  constructor(clock: VirtualClock, waits: boolean, wake: () => void) {
    this.#clock = clock;
    this.#waits = waits;
    this.#wake = wake;
    this.#alarm = clock.timer("completions", () => {});
    this.#abandoned = new Promise((resolve) => {
      this.#abandon = resolve;
    });
  }

  get outstanding(): number {
    return this.#entries.length;
  }

  add<T>(work: Promise<T>, latencyNs: number, done: (result: T) => void, failed: (error: Error) => void): void {
    const dueNs = this.#clock.nowNs + Math.max(0, Number.isFinite(latencyNs) ? latencyNs : 0);
    const finish = (deliver: () => void): void => {
      entry.deliver = deliver;
      if (!this.#entries.includes(entry)) return;
      this.#setAlarm();
      this.#wake();
    };
    const entry: Entry = {
      dueNs,
      deliver: undefined,
      settled: work.then(
        (result) => finish(() => done(result)),
        (error: unknown) => finish(() => failed(asError(error))),
      ),
    };
    let at = this.#entries.length;
    while (at > 0 && this.#entries[at - 1].dueNs > dueNs) at--;
    this.#entries.splice(at, 0, entry);
    this.#setAlarm();
  }

  /** Whether `deliverDue` has something to do now. */
  get due(): boolean {
    const now = this.#clock.nowNs;
    return this.#entries.some((entry) => entry.dueNs <= now && (this.#waits || entry.deliver));
  }

  /** Delivers what is due, waiting for the host in deterministic mode. */
  async deliverDue(): Promise<void> {
    for (;;) {
      const entry = this.#entries.find((each) => each.dueNs <= this.#clock.nowNs && (this.#waits || each.deliver));
      if (!entry || !(await this.#finished(entry))) return;
      this.#deliver(entry);
    }
  }

  /** Waits for all work and delivers it early: the end of a quiesce that virtual time alone did not reach. */
  async deliverAll(): Promise<void> {
    for (let entry = this.#entries[0]; entry; entry = this.#entries[0]) {
      if (!(await this.#finished(entry))) return;
      this.#deliver(entry);
    }
  }

  /** Waits for all work and delivers none of it: a snapshot is about to replace the state it belonged to. */
  async drain(): Promise<void> {
    const entries = this.#entries;
    this.#entries = [];
    this.#setAlarm();
    await Promise.race([Promise.all(entries.map((entry) => entry.settled)), this.#abandoned]);
  }

  /** Forgets everything; waits end. The machine is being disposed of. */
  abandon(): void {
    this.#entries = [];
    this.#alarm.cancel();
    this.#abandon();
  }

  async #finished(entry: Entry): Promise<boolean> {
    if (!entry.deliver) await Promise.race([entry.settled, this.#abandoned]);
    return entry.deliver !== undefined && this.#entries.includes(entry);
  }

  #deliver(entry: Entry): void {
    this.#entries.splice(this.#entries.indexOf(entry), 1);
    this.#setAlarm();
    entry.deliver!();
  }

  #setAlarm(): void {
    const next = this.#waits ? this.#entries[0] : this.#entries.find((entry) => entry.deliver);
    if (next) this.#alarm.arm(next.dueNs);
    else this.#alarm.cancel();
  }
}
