/**
 * VGA graphics controller, ports 3CEh-3CFh: how the CPU's data reach the planes. What the registers do to an
 * access is in memory-window.ts.
 *
 * Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem, "Graphics Controller Registers".
 */
import type { VgaState } from "./state.js";

export const SET_RESET = 0x00;
export const ENABLE_SET_RESET = 0x01;
export const COLOR_COMPARE = 0x02;
export const DATA_ROTATE = 0x03;
export const READ_MAP_SELECT = 0x04;
export const GRAPHICS_MODE = 0x05;
export const MISCELLANEOUS = 0x06;
export const COLOR_DONT_CARE = 0x07;
export const BIT_MASK = 0x08;

/** Graphics mode. */
export const WRITE_MODE = 0x03;
export const READ_MODE_1 = 0x08;
export const HOST_ODD_EVEN = 0x10;
export const SHIFT_INTERLEAVE = 0x20;
export const SHIFT_256 = 0x40;
/** Miscellaneous. */
export const GRAPHICS = 0x01;
export const CHAIN_ODD_EVEN = 0x02;

const WRITABLE = [0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff];

export const readGraphics = (state: VgaState): number => state.graphics[state.graphicsIndex] ?? 0;

export const writeGraphics = (state: VgaState, value: number): void => {
  if (state.graphicsIndex < WRITABLE.length) state.graphics[state.graphicsIndex] = value & WRITABLE[state.graphicsIndex];
};
