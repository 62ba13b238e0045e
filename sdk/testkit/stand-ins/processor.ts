/** The processor's pins and the interrupt wires, as the kernel provides them. */
import type { FlatStart, InterruptAcknowledger, InterruptLines, Processor } from "../../contract/processor.js";
import { type StandIn, type StandInBehaviour, standIn } from "../stand-in.js";

export class BenchProcessor implements Processor, StandIn {
  /** Pins as driven. */
  readonly state = { intr: false, a20: true, ignne: false, ferr: false, nmis: 0, inits: 0 };
  /** Every `startFlat32`. */
  readonly starts: FlatStart[] = [];
  controller: InterruptAcknowledger | undefined;
  readonly #onFerr: ((level: boolean) => void)[] = [];

  intr(level: boolean): void {
    this.state.intr = level;
  }
  connect(controller: InterruptAcknowledger): void {
    this.controller = controller;
  }
  nmi(): void {
    this.state.nmis++;
  }
  a20(enabled: boolean): void {
    this.state.a20 = enabled;
  }
  get a20Enabled(): boolean {
    return this.state.a20;
  }
  onFerr(fn: (level: boolean) => void): void {
    this.#onFerr.push(fn);
  }
  ignne(level: boolean): void {
    this.state.ignne = level;
  }
  init(): void {
    this.state.inits++;
  }
  startFlat32(start: FlatStart): void {
    this.starts.push(start);
  }

  /** An x87 error waits (`true`) or is gone. */
  ferr(level: boolean): void {
    this.state.ferr = level;
    for (const fn of this.#onFerr) fn(level);
  }

  /** The interrupt acknowledge cycle; `undefined` while INTR is low. @throws when the vector is no byte. */
  acknowledge(): number | undefined {
    if (!this.state.intr || !this.controller) return undefined;
    const vector = this.controller.acknowledge();
    if (!Number.isInteger(vector) || vector < 0 || vector > 255) throw new Error(`acknowledge() answered ${vector}, which is no interrupt vector`);
    return vector;
  }

  get [standIn](): StandInBehaviour {
    return {
      state: this.state,
      reset: () => Object.assign(this.state, { intr: false, a20: true, ignne: false, ferr: false }),
      actions: {
        acknowledge: () => this.acknowledge(),
        ...(this.#onFerr.length > 0 ? { "FERR#": (random) => this.ferr(random.oneIn(2)) } : {}),
      },
    };
  }
}

export class BenchInterruptLines implements InterruptLines, StandIn {
  readonly #levels = new Uint8Array(16);
  #sink: (line: number, level: boolean) => void = () => {};

  connect(sink: (line: number, level: boolean) => void): void {
    this.#sink = sink;
  }
  level(line: number): boolean {
    return this.#levels[line] === 1;
  }
  /** Drives a line; the listener is told when it changes. */
  set(line: number, level: boolean): void {
    if (this.level(line) === level) return;
    this.#levels[line] = level ? 1 : 0;
    this.#sink(line, level);
  }

  get [standIn](): StandInBehaviour {
    return {
      state: { levels: this.#levels },
      reset: () => {
        for (let line = 0; line < 16; line++) this.set(line, false);
      },
      actions: { "interrupt line": (random) => this.set(random.below(16), random.oneIn(2)) },
    };
  }
}
