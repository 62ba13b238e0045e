/** What a display adapter shows. */
import { role } from "../contract/role.js";

/** A text screen: one entry a cell, row by row. */
export interface TextScreen {
  readonly columns: number;
  readonly rows: number;
  /** Character codes of the adapter's font (code page 437 order). */
  readonly characters: Uint8Array;
  /** Attribute bytes: bits 0-3 foreground, 4-6 background, 7 blink or bright background. */
  readonly attributes: Uint8Array;
  /** Cell index, or -1 while hidden. */
  readonly cursor: number;
}

/** A picture: 4 bytes a pixel, red, green, blue, 255, rows from the top. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

export interface Display {
  readonly mode: "text" | "graphics" | "blank";
  readonly width: number;
  readonly height: number;
  /** `undefined` in graphics modes. */
  text(): TextScreen | undefined;
  /** Renders the screen as a monitor would show it, text modes included. */
  picture(): Picture;
  /** Grows whenever something visible may have changed. */
  readonly changes: number;
}
export const Display = role<Display>("display");
