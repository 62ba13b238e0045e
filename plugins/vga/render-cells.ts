/**
 * Picture of the VGA's own modes, scan line by scan line: text, planar, CGA-compatible and 256 colours.
 *
 * Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem, "Alphanumeric Modes", "APA Modes".
 * Dots are those of the undivided dot clock and lines those of the monitor, as a screen shows them: mode 13h is
 * 640 x 400 here, each pixel 2 x 2.
 *
 * Not implemented: the border; 256-colour shifting with 4-bit pixels; nine-dot cells in graphics modes.
 */
import { blinkEnabled, fillPalette, lineGraphics, panning } from "./attribute.js";
import { cursorCounter, cursorCovers, cursorShown, planarAddress, type ScanLine, scanLine, underlineLine, visibleColumns, visibleLines } from "./crtc.js";
import { fillColours } from "./dac.js";
import { GRAPHICS, GRAPHICS_MODE, MISCELLANEOUS, SHIFT_256, SHIFT_INTERLEAVE } from "./graphics.js";
import { CHAIN_4, CLOCKING_MODE, DOT_CLOCK_HALVED, EIGHT_DOTS, fontAddress, MEMORY_MODE } from "./sequencer.js";
import type { DisplayMemory, VgaState } from "./state.js";
import { characterPhase, cursorPhase } from "./status.js";

/** Characters whose ninth dot repeats the eighth. */
const LINE_CHARACTERS_FIRST = 0xc0;
const LINE_CHARACTERS_LAST = 0xdf;
/** Bytes of a font cell in plane 2. */
const FONT_CELL = 32;
const UNDERLINED = 0x01;
const UNDERLINE_BITS = 0x77;

export const isText = (state: VgaState): boolean => !(state.graphics[MISCELLANEOUS] & GRAPHICS);

/** Dots of a character clock, before the dot clock is halved. */
const cellDots = (state: VgaState): number => (isText(state) && !(state.sequencer[CLOCKING_MODE] & EIGHT_DOTS) ? 9 : 8);
const dotShift = (state: VgaState): number => (state.sequencer[CLOCKING_MODE] & DOT_CLOCK_HALVED ? 1 : 0);

export const cellsWidth = (state: VgaState): number => (visibleColumns(state.crtc) * cellDots(state)) << dotShift(state);
export const cellsHeight = (state: VgaState): number => visibleLines(state.crtc);

/** Whether CPU addresses reach memory through chain 4, which stores without gaps. */
export const packedMemory = (state: VgaState): boolean => (state.sequencer[MEMORY_MODE] & CHAIN_4) !== 0;

/** Draws the cells of one scan line into `dots`, as DAC entries. */
type LinePainter = (line: ScanLine, dots: Uint8Array) => void;

/** Fills `out`, of `cellsWidth` by `cellsHeight`. */
export const renderCells = (state: VgaState, memory: DisplayMemory, nowNs: number, out: Uint32Array): void => {
  const width = cellsWidth(state);
  const height = cellsHeight(state);
  const wide = dotShift(state);
  const nineDots = cellDots(state) === 9;
  const colours = new Uint32Array(256);
  fillColours(state, colours);
  // One cell more than is visible comes in from the right when the line is panned.
  const columns = visibleColumns(state.crtc) + 1;
  const dots = new Uint8Array((columns + 1) * 9);
  const paint = painter(state, memory, nowNs, columns);
  const line: ScanLine = { counter: 0, rowScan: 0, split: false };
  const previous: ScanLine = { counter: -1, rowScan: 0, split: false };
  for (let y = 0; y < height; y++) {
    const to = y * width;
    scanLine(state.crtc, y, line);
    if (line.counter === previous.counter && line.rowScan === previous.rowScan && line.split === previous.split) {
      out.copyWithin(to, to - width, to);
      continue;
    }
    Object.assign(previous, line);
    paint(line, dots);
    const pan = panning(state.attribute, nineDots, line.split);
    for (let x = 0; x < width; x++) out[to + x] = colours[dots[(x >> wide) + pan]];
  }
};

const painter = (state: VgaState, memory: DisplayMemory, nowNs: number, columns: number): LinePainter => {
  if (isText(state)) return textPainter(state, memory, nowNs, columns);
  const mode = state.graphics[GRAPHICS_MODE];
  if (mode & SHIFT_256) return bytePainter(state, memory, columns);
  return mode & SHIFT_INTERLEAVE ? interleavedPainter(state, memory, columns) : planarPainter(state, memory, columns);
};

const textPainter = (state: VgaState, memory: DisplayMemory, nowNs: number, columns: number): LinePainter => {
  const { crtc, attribute, sequencer } = state;
  const { bytes } = memory;
  const palette = new Uint8Array(16);
  fillPalette(attribute, palette);
  const cellWidth = cellDots(state);
  const packed = packedMemory(state);
  const fontLow = fontAddress(sequencer, 0);
  const fontHigh = fontAddress(sequencer, 1);
  const blinks = blinkEnabled(attribute);
  const charactersLit = characterPhase(nowNs);
  const joins = lineGraphics(attribute);
  const underline = underlineLine(crtc);
  const cursor = cursorShown(crtc) && cursorPhase(nowNs) ? cursorCounter(crtc) : -1;
  return ({ counter, rowScan }, dots) => {
    const cursorHere = cursorCovers(crtc, rowScan);
    let at = 0;
    for (let column = 0; column < columns; column++) {
      const cell = (counter + column) & 0xffff;
      const address = planarAddress(crtc, cell, rowScan, packed) << 2;
      const character = bytes[address];
      const attributes = bytes[address + 1];
      const font = attributes & 0x08 ? fontHigh : fontLow;
      let pattern = bytes[((font + character * FONT_CELL + rowScan) << 2) + 2];
      if (rowScan === underline && (attributes & UNDERLINE_BITS) === UNDERLINED) pattern = 0xff;
      if (blinks && attributes & 0x80 && !charactersLit) pattern = 0;
      let ninth = joins && character >= LINE_CHARACTERS_FIRST && character <= LINE_CHARACTERS_LAST ? pattern & 1 : 0;
      if (cell === cursor && cursorHere) {
        pattern = 0xff;
        ninth = 1;
      }
      const foreground = palette[attributes & 0x0f];
      const background = palette[(attributes >> 4) & (blinks ? 0x07 : 0x0f)];
      for (let bit = 0x80; bit !== 0; bit >>= 1) dots[at++] = pattern & bit ? foreground : background;
      if (cellWidth === 9) dots[at++] = ninth ? foreground : background;
    }
  };
};

/** Four planes, one bit each a pixel. */
const planarPainter = (state: VgaState, memory: DisplayMemory, columns: number): LinePainter => {
  const { crtc, attribute } = state;
  const { words } = memory;
  const palette = new Uint8Array(16);
  fillPalette(attribute, palette);
  const packed = packedMemory(state);
  return ({ counter, rowScan }, dots) => {
    for (let column = 0; column < columns; column++) paintPlanar(words[planarAddress(crtc, counter + column, rowScan, packed)], palette, dots, column * 8);
  };
};

/** Eight pixels of a planar word. */
export const paintPlanar = (word: number, palette: Uint8Array, dots: Uint8Array, at: number): void => {
  for (let bit = 7; bit >= 0; bit--) {
    const planes = word >>> bit;
    dots[at++] = palette[(planes & 1) | ((planes >> 7) & 2) | ((planes >> 14) & 4) | ((planes >> 21) & 8)];
  }
};

/** CGA-compatible: two bits a pixel from planes 0 and 1 in turn, two more above them from planes 2 and 3. */
const interleavedPainter = (state: VgaState, memory: DisplayMemory, columns: number): LinePainter => {
  const { crtc, attribute } = state;
  const { words } = memory;
  const palette = new Uint8Array(16);
  fillPalette(attribute, palette);
  const packed = packedMemory(state);
  return ({ counter, rowScan }, dots) => {
    let at = 0;
    for (let column = 0; column < columns; column++) {
      const word = words[planarAddress(crtc, counter + column, rowScan, packed)];
      for (let plane = 0; plane < 16; plane += 8) {
        for (let bit = 6; bit >= 0; bit -= 2) dots[at++] = palette[((word >>> (plane + bit)) & 3) | (((word >>> (plane + bit + 16)) & 3) << 2)];
      }
    }
  };
};

/** A byte a pixel, four planes in turn (modes 13h and X). A pixel lasts two dots. */
const bytePainter = (state: VgaState, memory: DisplayMemory, columns: number): LinePainter => {
  const { crtc } = state;
  const { bytes } = memory;
  const packed = packedMemory(state);
  return ({ counter, rowScan }, dots) => {
    let at = 0;
    for (let column = 0; column < columns; column++) {
      const address = planarAddress(crtc, counter + column, rowScan, packed) << 2;
      for (let plane = 0; plane < 4; plane++) {
        const pixel = bytes[address + plane];
        dots[at++] = pixel;
        dots[at++] = pixel;
      }
    }
  };
};
