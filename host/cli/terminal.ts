/** The terminal `backplane` runs in: raw input, and everything as it was when it ends, however it ends. */
import type { Streams } from "./streams.js";

export class Terminal {
  readonly #streams: Streams;
  readonly #undo: (() => void)[] = [];
  readonly #atExit = (): void => this.restore();

  constructor(streams: Streams) {
    this.#streams = streams;
    process.once("exit", this.#atExit);
  }

  /** Keys come as they are typed, Ctrl-C among them. False when input is no terminal. */
  raw(): boolean {
    const { stdin } = this.#streams;
    if (!stdin.isTTY || !stdin.setRawMode) return false;
    stdin.setRawMode(true);
    this.#undo.push(() => void stdin.setRawMode?.(false));
    return true;
  }

  /** Writes `enter` now and `leave` when the terminal is restored. */
  during(enter: string, leave: string): void {
    this.#streams.stdout.write(enter);
    this.#undo.push(() => void this.#streams.stdout.write(leave));
  }

  restore(): void {
    process.off("exit", this.#atExit);
    for (let undo = this.#undo.pop(); undo; undo = this.#undo.pop()) undo();
  }
}
