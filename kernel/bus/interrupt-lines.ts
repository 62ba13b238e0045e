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

export class InterruptWires {
  readonly #high = new Int32Array(LINES);
  #sink: (line: number, level: boolean) => void = () => {};

  connect(sink: (line: number, level: boolean) => void): void {
    this.#sink = sink;
  }

  level(line: number): boolean {
    return this.#high[line] > 0;
  }

  source(line: number): IrqLine {
    return new Source((level) => {
      const before = this.#high[line];
      this.#high[line] = before + (level ? 1 : -1);
      if (level ? before === 0 : before === 1) this.#sink(line, level);
    });
  }
}
