/**
 * The adapter's end of the monitor cable: the Display role.
 *
 * `changes` counts register and window writes, and blinking while a text screen has something that blinks. Writes to
 * a linear frame buffer make no call, so while a mode with one is enabled `changes` grows each time it is read, and a
 * caller that wants to know whether the picture differs compares the picture.
 */
import type { Clock, Display, Picture, TextScreen } from "backplane/sdk";
import { blinkEnabled, PALETTE_ADDRESS_SOURCE } from "./attribute.js";
import { cursorCounter, cursorShown, planarAddress, rowCounter, rowHeight, scanShift, syncOn, visibleColumns, visibleLines } from "./crtc.js";
import { dispiEnabled, dispiMode } from "./dispi.js";
import { cellsHeight, cellsWidth, isText, packedMemory, renderCells } from "./render-cells.js";
import { renderDispi } from "./render-dispi.js";
import { CLOCKING_MODE, RESET, RESET_RUN, SCREEN_OFF } from "./sequencer.js";
import type { DisplayMemory, VgaState } from "./state.js";
import { blinkCount } from "./status.js";

/** Size of the picture while the CRTC makes no sync: that of the text mode the machine will start in. */
const UNSYNCED_WIDTH = 720;
const UNSYNCED_HEIGHT = 400;
const BLACK = 0xff00_0000;

export interface Screen extends Display {
  /** Something visible may have changed. */
  changed(): void;
}

/** `linear`: the guest can reach display memory without a call per access. */
export const createScreen = (state: VgaState, memory: DisplayMemory, clock: Clock, linear: boolean): Screen => {
  let changes = 0;
  let blinks = 0;

  const mode = (): Display["mode"] => {
    if (!(state.attributeIndex & PALETTE_ADDRESS_SOURCE) || state.sequencer[CLOCKING_MODE] & SCREEN_OFF) return "blank";
    if (dispiEnabled(state)) return "graphics";
    if (!syncOn(state.crtc) || (state.sequencer[RESET] & RESET_RUN) !== RESET_RUN) return "blank";
    return isText(state) ? "text" : "graphics";
  };

  const width = (): number => {
    if (dispiEnabled(state)) return dispiMode(state, memory.bytes.length).width;
    return syncOn(state.crtc) ? cellsWidth(state) : UNSYNCED_WIDTH;
  };

  const height = (): number => {
    if (dispiEnabled(state)) return dispiMode(state, memory.bytes.length).height;
    return syncOn(state.crtc) ? cellsHeight(state) : UNSYNCED_HEIGHT;
  };

  /** Counts blink phases that have gone by where they show. */
  const countBlinks = (): void => {
    if (mode() !== "text" || !(cursorShown(state.crtc) || blinkEnabled(state.attribute))) return;
    const now = blinkCount(clock.nowNs);
    if (now !== blinks) changes++;
    blinks = now;
  };

  const text = (): TextScreen | undefined => {
    if (mode() !== "text") return undefined;
    const { crtc } = state;
    const columns = visibleColumns(crtc);
    const rows = Math.max(1, Math.floor((visibleLines(crtc) >> scanShift(crtc)) / rowHeight(crtc)));
    const characters = new Uint8Array(columns * rows);
    const attributes = new Uint8Array(columns * rows);
    const wanted = cursorShown(crtc) ? cursorCounter(crtc) : -1;
    const packed = packedMemory(state);
    let cursor = -1;
    for (let row = 0, cell = 0; row < rows; row++) {
      const start = rowCounter(crtc, row);
      for (let column = 0; column < columns; column++, cell++) {
        const counter = (start + column) & 0xffff;
        const at = planarAddress(crtc, counter, 0, packed) << 2;
        characters[cell] = memory.bytes[at];
        attributes[cell] = memory.bytes[at + 1];
        if (counter === wanted && cursor < 0) cursor = cell;
      }
    }
    return { columns, rows, characters, attributes, cursor };
  };

  const picture = (): Picture => {
    const shown = { width: width(), height: height() };
    const rgba = new Uint8Array(shown.width * shown.height * 4);
    const pixels = new Uint32Array(rgba.buffer);
    if (mode() === "blank") pixels.fill(BLACK);
    else if (dispiEnabled(state)) renderDispi(state, memory, dispiMode(state, memory.bytes.length), pixels);
    else renderCells(state, memory, clock.nowNs, pixels);
    return { ...shown, rgba };
  };

  return {
    get mode() {
      return mode();
    },
    get width() {
      return width();
    },
    get height() {
      return height();
    },
    get changes() {
      if (linear && dispiEnabled(state)) changes++;
      else countBlinks();
      return changes;
    },
    text,
    picture,
    changed: () => void changes++,
  };
};
