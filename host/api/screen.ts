/** The machine's screen as text and as pixels. */
import { StateHash } from "../../kernel/machine/index.js";
import type { Display, Picture, TextScreen } from "../../sdk/roles/display.js";
import { CODE_PAGE_437 } from "./code-page-437.js";
import { encodePng } from "./png.js";
import { findText, showPattern, type Waiter, type WaitOptions, waitFor } from "./wait.js";

/** The rows of a text screen, without trailing blanks. */
export const rowsOf = ({ columns, rows, characters }: TextScreen): string[] =>
  Array.from({ length: rows }, (_, row) => {
    let line = "";
    for (const code of characters.subarray(row * columns, (row + 1) * columns)) line += CODE_PAGE_437[code];
    return line.replace(/[ \u00a0]+$/, "");
  });

export class Screen {
  /** The adapter itself: cells with attributes, cursor, mode, change counter. */
  readonly display: Display;
  readonly #waiter: Waiter;
  readonly #deflate: (bytes: Uint8Array) => Uint8Array;

  /** @internal */
  constructor(display: Display, waiter: Waiter, deflate: (bytes: Uint8Array) => Uint8Array) {
    this.display = display;
    this.#waiter = waiter;
    this.#deflate = deflate;
  }

  /** The rows of a text mode joined by line feeds; `undefined` while the screen shows graphics or nothing. */
  get text(): string | undefined {
    const cells = this.display.text();
    return cells && rowsOf(cells).join("\n");
  }

  /** What a monitor would show, text modes included: 4 bytes a pixel. */
  picture(): Picture {
    return this.display.picture();
  }

  /** `picture` as a PNG file. */
  png(): Uint8Array {
    return encodePng(this.picture(), this.#deflate);
  }

  /** The text screen, or one line about any other: `graphics 640x480 0123456789abcdef` with a hash of the picture. */
  describe(): string {
    const text = this.text;
    if (text !== undefined) return text;
    if (this.display.mode === "blank") return "blank";
    const { width, height, rgba } = this.picture();
    const hash = new StateHash();
    hash.bytes(rgba);
    return `graphics ${width}x${height} ${hash.digest()}`;
  }

  /**
   * Resolves with the screen's text once it contains the pattern. Rows end in line feeds.
   * @throws BackplaneError `WAIT_TIMEOUT`, `WAIT_STOPPED`.
   */
  waitForText(pattern: string | RegExp, options: WaitOptions = {}): Promise<string> {
    let changes = -1;
    const probe = (): string | undefined => {
      if (this.display.changes === changes) return undefined;
      changes = this.display.changes;
      const { text } = this;
      return text !== undefined && findText(text, pattern) ? text : undefined;
    };
    const shown = (): string => this.text?.trim().split("\n").at(-1) ?? this.display.mode;
    return waitFor(this.#waiter, probe, `${showPattern(pattern)} on the screen`, shown, options);
  }
}
