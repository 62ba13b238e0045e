/**
 * Lines on their way out of a trace, in batches. A place that does not take a batch loses it, and is told how much it has
 * lost as soon as it takes one again: a trace never grows in memory.
 */
const BATCH_CHARACTERS = 1 << 16;

export class TraceOutput {
  readonly #write: (text: string) => boolean;
  #lines: string[] = [];
  #characters = 0;
  #lost = 0;

  /** @param write false when it cannot take the text now; it has taken nothing of it then */
  constructor(write: (text: string) => boolean) {
    this.#write = write;
  }

  /** Lines that nobody has been told of losing. */
  get lost(): number {
    return this.#lost;
  }

  line(text: string): void {
    this.#lines.push(text);
    this.#characters += text.length + 1;
    if (this.#characters >= BATCH_CHARACTERS) this.flush();
  }

  flush(): void {
    if (this.#lines.length === 0) return;
    const lines = this.#lines;
    this.#lines = [];
    this.#characters = 0;
    const missing = this.#lost === 0 ? "" : `... ${this.#lost} lines lost: they came faster than they could be written\n`;
    if (this.#write(`${missing}${lines.join("\n")}\n`)) this.#lost = 0;
    else this.#lost += lines.length;
  }
}
