/** The board's interrupt wires as the role `interrupt-lines`, with a way to set levels that nobody is told of. */
import type { IrqLine } from "../../sdk/contract/board.js";
import type { InterruptLines } from "../../sdk/contract/processor.js";
import { type InterruptListener, InterruptWires } from "../bus/interrupt-lines.js";

export class BoardLines implements InterruptLines {
  readonly #wires = new InterruptWires();
  readonly #changed: () => void;
  #sink: (line: number, level: boolean) => void = () => {};
  #quiet = false;

  /** @param changed told of every change after the listener was */
  constructor(changed: () => void) {
    this.#changed = changed;
    this.#wires.connect((line, level) => {
      if (this.#quiet) return;
      this.#sink(line, level);
      this.#changed();
    });
  }

  connect(sink: (line: number, level: boolean) => void): void {
    this.#sink = sink;
  }

  level(line: number): boolean {
    return this.#wires.level(line);
  }

  /** @param owner path of the device that drives it */
  source(line: number, owner: string): IrqLine {
    return this.#wires.source(line, owner);
  }

  /** See `InterruptWires.trace`. */
  trace(listener: InterruptListener | undefined): void {
    this.#wires.trace(listener);
  }

  /** Level changes within `fn` do not reach the listener: a snapshot restores both ends of the wire by itself. */
  quietly(fn: () => void): void {
    const before = this.#quiet;
    this.#quiet = true;
    try {
      fn();
    } finally {
      this.#quiet = before;
    }
  }
}
