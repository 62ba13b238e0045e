/**
 * Input status registers 0 (3C2h) and 1 (3DAh/3BAh), and the raster that a guest can measure with them.
 *
 * Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem, "General Registers".
 * The raster is that of the 400-line modes, 31.47 kHz and 70 Hz, in every mode. Vertical retrace lasts 37 lines where
 * the original has 2, so that a poll between coarse steps of virtual time does not miss it for many frames.
 *
 * Not implemented: the vertical interrupt bit and the video feedback bits (both read as zero).
 */
import { senseHigh } from "./dac.js";
import type { VgaState } from "./state.js";

const LINE_NS = 31_778;
const VISIBLE_NS = 25_422;
const LINES = 449;
const VISIBLE_LINES = 400;
const RETRACE_LINE = 412;
export const FRAME_NS = LINE_NS * LINES;

/** Input status 0. */
const SWITCH_SENSE = 0x10;
/** Input status 1. */
const DISPLAY_DISABLED = 0x01;
const VERTICAL_RETRACE = 0x08;

export const inputStatus0 = (state: VgaState): number => (senseHigh(state) ? SWITCH_SENSE : 0);

export const inputStatus1 = (nowNs: number): number => {
  const inFrame = nowNs % FRAME_NS;
  const line = Math.floor(inFrame / LINE_NS);
  if (line >= RETRACE_LINE) return DISPLAY_DISABLED | VERTICAL_RETRACE;
  return line >= VISIBLE_LINES || inFrame - line * LINE_NS >= VISIBLE_NS ? DISPLAY_DISABLED : 0;
};

/** Cursors blink with a period of 16 frames, characters with one of 32. */
export const cursorPhase = (nowNs: number): boolean => (Math.floor(nowNs / FRAME_NS) & 8) === 0;
export const characterPhase = (nowNs: number): boolean => (Math.floor(nowNs / FRAME_NS) & 16) === 0;
/** Counts changes of either phase. */
export const blinkCount = (nowNs: number): number => Math.floor(nowNs / (FRAME_NS * 8));
