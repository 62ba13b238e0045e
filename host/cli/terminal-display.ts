/** The VGA text screen in a terminal: rows that changed are written again, in the sixteen ANSI colours. */
import { CODE_PAGE_437, type Screen } from "../index.js";
import type { Streams } from "./streams.js";
import type { Terminal } from "./terminal.js";

const FRAME_MS = 40;
const CSI = "\u001b[";
const ALTERNATE_SCREEN = `${CSI}?1049h${CSI}2J`;
const MAIN_SCREEN = `${CSI}0m${CSI}?25h${CSI}?1049l`;
const SHOW_CURSOR = `${CSI}?25h`;
const HIDE_CURSOR = `${CSI}?25l`;

/** VGA counts blue, green, red; ANSI red, green, blue. */
const ANSI = [0, 4, 2, 6, 1, 5, 3, 7];

const colours = (attribute: number): string => {
  const foreground = (attribute & 0x08 ? 90 : 30) + ANSI[attribute & 7];
  const background = (attribute & 0x80 ? 100 : 40) + ANSI[(attribute >> 4) & 7];
  return `${CSI}${foreground};${background}m`;
};

const row = (characters: Uint8Array, attributes: Uint8Array): string => {
  let line = "";
  let last = -1;
  for (let column = 0; column < characters.length; column++) {
    if (attributes[column] !== last) line += colours((last = attributes[column]));
    line += CODE_PAGE_437[characters[column]];
  }
  return `${line}${CSI}0m`;
};

/** Rows of a text screen as ANSI text, or one line about what a terminal cannot show. */
export const ansiRows = (screen: Screen, columns: number, rows: number): { readonly rows: string[]; readonly cursor: string } => {
  const cells = screen.display.text();
  if (!cells) {
    const { mode, width, height } = screen.display;
    return { rows: [mode === "blank" ? "" : `[graphics ${width}x${height}: not shown in a terminal; --screen-text tells when it changes]`], cursor: HIDE_CURSOR };
  }
  const width = Math.min(columns, cells.columns);
  const lines = Array.from({ length: Math.min(rows, cells.rows) }, (_, index) => {
    const from = index * cells.columns;
    return row(cells.characters.subarray(from, from + width), cells.attributes.subarray(from, from + width));
  });
  const visible = cells.cursor >= 0 && cells.cursor % cells.columns < width && Math.floor(cells.cursor / cells.columns) < lines.length;
  const cursor = visible ? `${CSI}${Math.floor(cells.cursor / cells.columns) + 1};${(cells.cursor % cells.columns) + 1}H${SHOW_CURSOR}` : HIDE_CURSOR;
  return { rows: lines, cursor };
};

/** Shows the screen until the function it returns is called, which draws it a last time. */
export const showScreen = (screen: Screen, streams: Streams, terminal: Terminal): (() => void) => {
  const { stdout } = streams;
  let shown: string[] = [];
  let size = "";
  let changes = -1;
  let cursor = "";
  terminal.during(ALTERNATE_SCREEN, MAIN_SCREEN);
  const draw = (): void => {
    const { columns = 80, rows = 25 } = stdout;
    const resized = size !== `${columns}x${rows}`;
    const { display } = screen;
    if (!resized && display.changes === changes) return;
    size = `${columns}x${rows}`;
    changes = display.changes;
    const next = ansiRows(screen, columns, rows);
    const redraw = resized || next.rows.length !== shown.length;
    let output = redraw ? `${CSI}0m${CSI}2J` : "";
    for (const [index, line] of next.rows.entries()) if (redraw || line !== shown[index]) output += `${CSI}${index + 1};1H${line}`;
    if (output !== "" || next.cursor !== cursor) stdout.write(output + next.cursor);
    shown = next.rows;
    cursor = next.cursor;
  };
  draw();
  const timer = setInterval(draw, FRAME_MS);
  return () => {
    clearInterval(timer);
    draw();
  };
};
