/**
 * VGA sequencer, ports 3C4h-3C5h: dot clock, map mask, font selection, memory organisation.
 *
 * Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem, "Sequencer Registers".
 *
 * Not implemented: shift load and shift four (SR1 bits 2 and 4); the asynchronous reset does not lose memory.
 */
import type { VgaState } from "./state.js";

export const RESET = 0x00;
export const CLOCKING_MODE = 0x01;
export const MAP_MASK = 0x02;
export const CHARACTER_MAP_SELECT = 0x03;
export const MEMORY_MODE = 0x04;

/** Reset: both bits high lets the sequencer run. */
export const RESET_RUN = 0x03;
/** Clocking mode. */
export const EIGHT_DOTS = 0x01;
export const DOT_CLOCK_HALVED = 0x08;
export const SCREEN_OFF = 0x20;
/** Memory mode. Odd/even is on while its bit is low. */
export const ODD_EVEN_OFF = 0x04;
export const CHAIN_4 = 0x08;

const WRITABLE = [0x03, 0x3d, 0x0f, 0x3f, 0x0e];

export const readSequencer = (state: VgaState): number => state.sequencer[state.sequencerIndex] ?? 0;

export const writeSequencer = (state: VgaState, value: number): void => {
  if (state.sequencerIndex < WRITABLE.length) state.sequencer[state.sequencerIndex] = value & WRITABLE[state.sequencerIndex];
};

/** Planar address in plane 2 of the font for characters with attribute bit 3 low (`0`) or high (`1`). */
export const fontAddress = (sequencer: Uint8Array, attributeBit3: 0 | 1): number => {
  const select = sequencer[CHARACTER_MAP_SELECT];
  const map = attributeBit3 === 1 ? ((select >> 2) & 3) | ((select >> 3) & 4) : (select & 3) | ((select >> 2) & 4);
  return (map & 3) * 0x4000 + (map >> 2) * 0x2000;
};
