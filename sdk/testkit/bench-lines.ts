/** The interrupt wires of the bench: a line is high while any source drives it. */
import type { IrqLine } from "../contract/board.js";

interface Source extends IrqLine {
  readonly line: number;
  level: boolean;
}

export class BenchLines {
  /** Level of every line that a device has asked for. */
  readonly levels = new Map<number, boolean>();
  /** How often each line rose. */
  readonly rises = new Map<number, number>();
  readonly #sources = new Map<string, Source>();
  /** Sources that are high in a loaded state and that nobody has asked for yet. */
  #awaited = new Set<string>();

  /** `owner` sets sources of different devices apart. */
  source(owner: string, line: number): IrqLine {
    let key = `${owner}:${line}`;
    for (let nth = 1; this.#sources.has(key); nth++) key = `${owner}:${line}#${nth}`;
    const source: Source = {
      line,
      level: this.#awaited.delete(key),
      set: (level) => {
        if (source.level === level) return;
        source.level = level;
        this.#changed(line);
      },
    };
    this.#sources.set(key, source);
    this.levels.set(line, this.#wired(line));
    return source;
  }

  /** Names of the sources that are high. */
  save(): string[] {
    const high = [...this.#sources].filter(([, source]) => source.level).map(([key]) => key);
    return [...high, ...this.#awaited].sort();
  }

  /** Nobody is told: rises are not counted. */
  load(high: readonly string[]): void {
    this.#awaited = new Set(high);
    for (const [key, source] of this.#sources) source.level = this.#awaited.delete(key);
    for (const line of this.levels.keys()) this.levels.set(line, this.#wired(line));
  }

  quiet(): void {
    this.load([]);
  }

  #changed(line: number): void {
    const level = this.#wired(line);
    if (level && !this.levels.get(line)) this.rises.set(line, (this.rises.get(line) ?? 0) + 1);
    this.levels.set(line, level);
  }

  #wired(line: number): boolean {
    for (const source of this.#sources.values()) if (source.line === line && source.level) return true;
    return false;
  }
}
