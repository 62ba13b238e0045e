/**
 * VGA CRT controller, ports 3D4h-3D5h (3B4h-3B5h): size of the picture, and the order in which memory is fetched.
 *
 * Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem, "CRT Controller Registers".
 *
 * Not implemented: horizontal and vertical totals, blanking and sync positions (stored only; the timing a guest can
 * measure is in status.ts), the vertical interrupt, count by two or four, cursor skew.
 */
import type { VgaState } from "./state.js";

export const HORIZONTAL_DISPLAY_END = 0x01;
export const OVERFLOW = 0x07;
export const PRESET_ROW_SCAN = 0x08;
export const MAXIMUM_SCAN_LINE = 0x09;
export const CURSOR_START = 0x0a;
export const CURSOR_END = 0x0b;
export const START_ADDRESS_HIGH = 0x0c;
export const START_ADDRESS_LOW = 0x0d;
export const CURSOR_LOCATION_HIGH = 0x0e;
export const CURSOR_LOCATION_LOW = 0x0f;
export const VERTICAL_RETRACE_END = 0x11;
export const VERTICAL_DISPLAY_END = 0x12;
export const OFFSET = 0x13;
export const UNDERLINE_LOCATION = 0x14;
export const CRT_MODE_CONTROL = 0x17;
export const LINE_COMPARE = 0x18;

/** Vertical retrace end: write protection of registers 0-7. */
const PROTECT = 0x80;
/** Overflow: bit 8 of line compare, the one bit that protection leaves writable. */
const LINE_COMPARE_8 = 0x10;
/** Maximum scan line. */
const DOUBLE_SCAN = 0x80;
/** Cursor start. */
const CURSOR_OFF = 0x20;
/** Underline location. */
const DOUBLEWORD = 0x40;
/** CRT mode control. */
const ROW_SCAN_0_OFF = 0x01;
const ROW_SCAN_1_OFF = 0x02;
const VERTICAL_DOUBLED = 0x04;
const WRAP_BIT_15 = 0x20;
const BYTE_MODE = 0x40;
const SYNC_ON = 0x80;

/** Planar addresses the CRTC can reach: 16 bits. */
const ADDRESS = 0xffff;

export const readCrtc = (state: VgaState): number => state.crtc[state.crtcIndex] ?? 0;

export const writeCrtc = (state: VgaState, value: number): void => {
  const { crtc, crtcIndex } = state;
  if (crtcIndex >= crtc.length) return;
  if (crtcIndex <= OVERFLOW && crtc[VERTICAL_RETRACE_END] & PROTECT) {
    if (crtcIndex === OVERFLOW) crtc[OVERFLOW] = (crtc[OVERFLOW] & ~LINE_COMPARE_8) | (value & LINE_COMPARE_8);
    return;
  }
  crtc[crtcIndex] = value;
};

export const syncOn = (crtc: Uint8Array): boolean => (crtc[CRT_MODE_CONTROL] & SYNC_ON) !== 0;

/** Visible character clocks in a line. */
export const visibleColumns = (crtc: Uint8Array): number => crtc[HORIZONTAL_DISPLAY_END] + 1;

/** Visible scan lines of the monitor. */
export const visibleLines = (crtc: Uint8Array): number => {
  const overflow = crtc[OVERFLOW];
  const counted = (crtc[VERTICAL_DISPLAY_END] | ((overflow & 0x02) << 7) | ((overflow & 0x40) << 3)) + 1;
  return counted << lineShift(crtc);
};

/** 1 when the vertical counter advances on every second line only. */
const lineShift = (crtc: Uint8Array): number => (crtc[CRT_MODE_CONTROL] & VERTICAL_DOUBLED ? 1 : 0);

/** Scan lines of a character row, before double scanning. */
export const rowHeight = (crtc: Uint8Array): number => (crtc[MAXIMUM_SCAN_LINE] & 0x1f) + 1;
export const scanShift = (crtc: Uint8Array): number => (crtc[MAXIMUM_SCAN_LINE] & DOUBLE_SCAN ? 1 : 0);

const lineCompare = (crtc: Uint8Array): number => crtc[LINE_COMPARE] | ((crtc[OVERFLOW] & LINE_COMPARE_8) << 4) | ((crtc[MAXIMUM_SCAN_LINE] & 0x40) << 3);

/** Address counter at the first cell of row `row`. */
export const rowCounter = (crtc: Uint8Array, row: number): number => {
  const start = (crtc[START_ADDRESS_HIGH] << 8) | crtc[START_ADDRESS_LOW];
  return start + ((crtc[PRESET_ROW_SCAN] >> 5) & 3) + row * crtc[OFFSET] * 2;
};

/** Where a scan line of the monitor comes from. */
export interface ScanLine {
  /** Address counter at its left end. */
  counter: number;
  /** Scan line within the character row. */
  rowScan: number;
  /** Below the line compare split: address 0, and no panning when the attribute controller says so. */
  split: boolean;
}

/** Fills `line` for monitor line `y`. */
export const scanLine = (crtc: Uint8Array, y: number, line: ScanLine): void => {
  const counted = y >> lineShift(crtc);
  const compare = lineCompare(crtc);
  const height = rowHeight(crtc);
  line.split = counted > compare;
  const scan = line.split ? (counted - compare - 1) >> scanShift(crtc) : (counted >> scanShift(crtc)) + (crtc[PRESET_ROW_SCAN] & 0x1f);
  const row = Math.floor(scan / height);
  line.rowScan = scan % height;
  line.counter = line.split ? row * crtc[OFFSET] * 2 : rowCounter(crtc, row);
};

/**
 * Planar address for a value of the address counter. `packed`: memory is written through chain 4, which this adapter
 * stores without gaps, so that doubleword addressing counts single planar addresses.
 */
export const planarAddress = (crtc: Uint8Array, counter: number, rowScan: number, packed: boolean): number => {
  const control = crtc[CRT_MODE_CONTROL];
  let address = counter & ADDRESS;
  if (crtc[UNDERLINE_LOCATION] & DOUBLEWORD) {
    if (!packed) address = (address << 2) | (address >> 14);
  } else if (!(control & BYTE_MODE)) address = (address << 1) | ((address >> (control & WRAP_BIT_15 ? 15 : 13)) & 1);
  if (!(control & ROW_SCAN_0_OFF)) address = (address & ~0x2000) | ((rowScan & 1) << 13);
  if (!(control & ROW_SCAN_1_OFF)) address = (address & ~0x4000) | ((rowScan & 2) << 13);
  return address & ADDRESS;
};

export const underlineLine = (crtc: Uint8Array): number => crtc[UNDERLINE_LOCATION] & 0x1f;

export const cursorShown = (crtc: Uint8Array): boolean =>
  !(crtc[CURSOR_START] & CURSOR_OFF) && (crtc[CURSOR_START] & 0x1f) <= (crtc[CURSOR_END] & 0x1f) && (crtc[CURSOR_START] & 0x1f) < rowHeight(crtc);

/** Whether scan line `rowScan` of the cursor's cell is covered. */
export const cursorCovers = (crtc: Uint8Array, rowScan: number): boolean => rowScan >= (crtc[CURSOR_START] & 0x1f) && rowScan <= (crtc[CURSOR_END] & 0x1f);

/** Address counter of the cell the cursor is in. */
export const cursorCounter = (crtc: Uint8Array): number => (crtc[CURSOR_LOCATION_HIGH] << 8) | crtc[CURSOR_LOCATION_LOW];
