/** Interrupt wires: any number of sources each, wired-OR, one listener for all. */
import type { IrqLine } from "../../sdk/contract/board.js";

export const LINES = 16;

/** One source on a line; remembers its own level so that lowering it does not mask another source. */
class Source implements IrqLine {
  level = false;
  readonly #changed: (level: boolean) => void;
  constructor(changed: (level: boolean) => void) {
    this.#changed = changed;
  }
  set(level: boolean): void {
    if (level === this.level) return;
    this.level = level;
    this.#changed(level);
  }
}

/** A source has changed its level; the wire's own level may stay, if others drive it too. */
export type InterruptListener = (line: number, level: boolean, owner: string) => void;

export class InterruptWires {
  readonly #high = new Int32Array(LINES);
  #listener: InterruptListener | undefined;
  #sink: (line: number, level: boolean) => void = () => {};

  connect(sink: (line: number, level: boolean) => void): void {
    this.#sink = sink;
  }

  level(line: number): boolean {
    return this.#high[line] > 0;
  }

  /** Calls `listener` before each change takes effect, until called with `undefined`. */
  trace(listener: InterruptListener | undefined): void {
    this.#listener = listener;
  }

  /** @param owner path of the device that drives it */
  source(line: number, owner: string): IrqLine {
    return new Source((level) => {
      this.#listener?.(line, level, owner);
      const before = this.#high[line];
      this.#high[line] = before + (level ? 1 : -1);
      if (level ? before === 0 : before === 1) this.#sink(line, level);
    });
  }
}
