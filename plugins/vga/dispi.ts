/**
 * Bochs VBE extension ("dispi"), ports 1CEh (index) and 1CFh or 1D0h (data), 16 bits each: modes beyond the VGA.
 *
 * Source: "VBE Display HOWTO" of the Bochs VGABIOS (interface versions B0C0h-B0C5h).
 * While a mode of 8 bits a pixel or more is enabled, the VGA's own registers shape neither the picture nor A0000h,
 * where a 64 KiB bank of the linear memory shows; only the palette and the blanking bits stay in force.
 *
 * Not implemented: bank granularity of 32 KiB, separate read and write banks, DDC.
 */
import {
  DISPI_ENABLED,
  DISPI_GETCAPS,
  DISPI_ID0,
  DISPI_ID5,
  DISPI_INDEX_BANK,
  DISPI_INDEX_BPP,
  DISPI_INDEX_ENABLE,
  DISPI_INDEX_ID,
  DISPI_INDEX_VIDEO_MEMORY_64K,
  DISPI_INDEX_VIRT_HEIGHT,
  DISPI_INDEX_VIRT_WIDTH,
  DISPI_INDEX_X_OFFSET,
  DISPI_INDEX_XRES,
  DISPI_INDEX_Y_OFFSET,
  DISPI_INDEX_YRES,
  DISPI_MAX_BPP,
  DISPI_MAX_XRES,
  DISPI_MAX_YRES,
  DISPI_NOCLEARMEM,
} from "./dispi-registers.js";
import type { VgaState } from "./state.js";

export type DispiDepth = 4 | 8 | 15 | 16 | 24 | 32;

/** What the registers amount to, bounded by the memory there is. */
export interface DispiMode {
  readonly width: number;
  readonly height: number;
  readonly depth: DispiDepth;
  /** Pixels from one line to the next. */
  readonly virtualWidth: number;
  /** Bytes of display memory from one line to the next, four planes together in 4-bit modes. */
  readonly pitch: number;
  /** Left and upper end of what is shown. */
  readonly x: number;
  readonly y: number;
}

export const dispiEnabled = (state: VgaState): boolean => (state.dispi[DISPI_INDEX_ENABLE] & DISPI_ENABLED) !== 0;

export const dispiDepth = (state: VgaState): DispiDepth => {
  const depth = state.dispi[DISPI_INDEX_BPP];
  return depth === 4 || depth === 15 || depth === 16 || depth === 24 || depth === 32 ? depth : 8;
};

/** Bytes of display memory for `pixels` pixels. */
const bytesFor = (pixels: number, depth: DispiDepth): number => (depth === 4 ? (pixels >> 3) * 4 : pixels * ((depth + 1) >> 3));

export const dispiMode = (state: VgaState, memoryBytes: number): DispiMode => {
  const { dispi } = state;
  const depth = dispiDepth(state);
  // Planar lines are whole bytes.
  const grain = depth === 4 ? 8 : 1;
  const width = Math.max(grain, Math.min(dispi[DISPI_INDEX_XRES], DISPI_MAX_XRES) & -grain);
  const virtualWidth = Math.max(width, dispi[DISPI_INDEX_VIRT_WIDTH] & -grain);
  const pitch = bytesFor(virtualWidth, depth);
  const linesThere = Math.floor(memoryBytes / pitch);
  const height = Math.max(1, Math.min(dispi[DISPI_INDEX_YRES], DISPI_MAX_YRES, linesThere));
  return {
    width,
    height,
    depth,
    virtualWidth,
    pitch,
    x: Math.min(dispi[DISPI_INDEX_X_OFFSET], virtualWidth - width),
    y: Math.min(dispi[DISPI_INDEX_Y_OFFSET], linesThere - height),
  };
};

export const readDispi = (state: VgaState, index: number, memoryBytes: number): number => {
  const { dispi } = state;
  const capabilities = (dispi[DISPI_INDEX_ENABLE] & DISPI_GETCAPS) !== 0;
  switch (index) {
    case DISPI_INDEX_XRES:
      return capabilities ? DISPI_MAX_XRES : dispi[index];
    case DISPI_INDEX_YRES:
      return capabilities ? DISPI_MAX_YRES : dispi[index];
    case DISPI_INDEX_BPP:
      return capabilities ? DISPI_MAX_BPP : dispi[index];
    case DISPI_INDEX_VIRT_WIDTH:
      return dispiEnabled(state) ? dispiMode(state, memoryBytes).virtualWidth : dispi[index];
    case DISPI_INDEX_VIRT_HEIGHT:
      return dispiEnabled(state) ? Math.min(0xffff, Math.floor(memoryBytes / dispiMode(state, memoryBytes).pitch)) : dispi[index];
    case DISPI_INDEX_VIDEO_MEMORY_64K:
      return memoryBytes >>> 16;
    default:
      return dispi[index] ?? 0;
  }
};

export const writeDispi = (state: VgaState, index: number, value: number, memory: Uint8Array): void => {
  const { dispi } = state;
  switch (index) {
    case DISPI_INDEX_ID:
      if (value >= DISPI_ID0 && value <= DISPI_ID5) dispi[index] = value;
      return;
    case DISPI_INDEX_BANK:
      dispi[index] = value & ((memory.length >>> 16) - 1);
      return;
    case DISPI_INDEX_ENABLE:
      enable(state, value, memory);
      return;
    default:
      if (index < dispi.length) dispi[index] = value;
  }
};

/** Entering a mode sets its virtual size and clears what can be seen; leaving one returns the first bank. */
const enable = (state: VgaState, value: number, memory: Uint8Array): void => {
  const { dispi } = state;
  const entering = (value & DISPI_ENABLED) !== 0 && !dispiEnabled(state);
  dispi[DISPI_INDEX_ENABLE] = value;
  if (!(value & DISPI_ENABLED)) dispi[DISPI_INDEX_BANK] = 0;
  if (!entering) return;
  dispi[DISPI_INDEX_VIRT_WIDTH] = dispi[DISPI_INDEX_XRES];
  dispi[DISPI_INDEX_VIRT_HEIGHT] = dispi[DISPI_INDEX_YRES];
  dispi[DISPI_INDEX_X_OFFSET] = 0;
  dispi[DISPI_INDEX_Y_OFFSET] = 0;
  if (value & DISPI_NOCLEARMEM) return;
  const { height, pitch } = dispiMode(state, memory.length);
  memory.fill(0, 0, height * pitch);
};
