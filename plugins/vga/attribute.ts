/**
 * VGA attribute controller, ports 3C0h-3C1h: from pixel values to DAC entries.
 *
 * Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem, "Attribute Controller Registers".
 * The palette can be written whatever bit 5 of the index says; the original ignores writes while the picture uses it.
 *
 * Not implemented: blinking in graphics modes.
 */
import type { VgaState } from "./state.js";

export const MODE_CONTROL = 0x10;
export const OVERSCAN_COLOR = 0x11;
export const COLOR_PLANE_ENABLE = 0x12;
export const HORIZONTAL_PANNING = 0x13;
export const COLOR_SELECT = 0x14;

/** Index register: the palette is the picture's; low, the picture is blank. */
export const PALETTE_ADDRESS_SOURCE = 0x20;
/** Mode control. */
const LINE_GRAPHICS = 0x04;
const BLINK = 0x08;
const SPLIT_UNPANNED = 0x20;
const P5_P4_SELECT = 0x80;

const PALETTE_ENTRIES = 16;
const PALETTE_WRITABLE = 0x3f;
const WRITABLE = [0xef, 0xff, 0x3f, 0x0f, 0x0f];

/** 3C0h: index and data in turn; reading input status 1 makes it the index's turn. */
export const writeAttribute = (state: VgaState, value: number): void => {
  if (!state.attributeData) state.attributeIndex = value & 0x3f;
  else {
    const index = state.attributeIndex & 0x1f;
    if (index < PALETTE_ENTRIES) state.attribute[index] = value & PALETTE_WRITABLE;
    else if (index < state.attribute.length) state.attribute[index] = value & WRITABLE[index - PALETTE_ENTRIES];
  }
  state.attributeData = !state.attributeData;
};

/** 3C1h. */
export const readAttribute = (state: VgaState): number => state.attribute[state.attributeIndex & 0x1f] ?? 0;

export const lineGraphics = (attribute: Uint8Array): boolean => (attribute[MODE_CONTROL] & LINE_GRAPHICS) !== 0;
export const blinkEnabled = (attribute: Uint8Array): boolean => (attribute[MODE_CONTROL] & BLINK) !== 0;

/** Dots by which a line is moved to the left. */
export const panning = (attribute: Uint8Array, nineDots: boolean, split: boolean): number => {
  if (split && attribute[MODE_CONTROL] & SPLIT_UNPANNED) return 0;
  const value = attribute[HORIZONTAL_PANNING];
  if (nineDots) return value >= 8 ? 0 : value + 1;
  return value & 7;
};

/** DAC entry for each 4-bit pixel. */
export const fillPalette = (attribute: Uint8Array, entries: Uint8Array): void => {
  const select = attribute[COLOR_SELECT];
  for (let pixel = 0; pixel < PALETTE_ENTRIES; pixel++) {
    const colour = attribute[pixel & attribute[COLOR_PLANE_ENABLE] & 0x0f];
    const low = attribute[MODE_CONTROL] & P5_P4_SELECT ? (colour & 0x0f) | ((select & 0x03) << 4) : colour;
    entries[pixel] = low | ((select & 0x0c) << 4);
  }
};
