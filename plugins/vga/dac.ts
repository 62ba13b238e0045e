/**
 * Video DAC, ports 3C6h-3C9h: 256 colours of three components, and the monitor sense comparator.
 *
 * Sources: Inmos IMSG171 data sheet (the register model), Brooktree Bt477/Bt478 data sheet (6 or 8 bits a colour:
 * in 6-bit operation data are the upper 6 bits; SENSE* is low while an output exceeds 335 mV).
 */
import { DISPI_8BIT_DAC, DISPI_INDEX_ENABLE } from "./dispi-registers.js";
import type { VgaState } from "./state.js";

const MODE_WRITE = 0;
const MODE_READ = 3;
/** A doubly terminated output reaches 700 mV at full scale, so a colour monitor is at 335 mV here. */
const SENSE_LEVEL = Math.floor((335 / 700) * 255);

const eightBits = (state: VgaState): boolean => (state.dispi[DISPI_INDEX_ENABLE] & DISPI_8BIT_DAC) !== 0;

/** 3C7h. */
export const writeDacReadAddress = (state: VgaState, value: number): void => {
  state.dacReadIndex = value;
  state.dacComponent = 0;
  state.dacMode = MODE_READ;
};

/** 3C8h. */
export const writeDacWriteAddress = (state: VgaState, value: number): void => {
  state.dacWriteIndex = value;
  state.dacComponent = 0;
  state.dacMode = MODE_WRITE;
};

/** 3C9h. */
export const readDacData = (state: VgaState): number => {
  const colour = state.dac[state.dacReadIndex * 3 + state.dacComponent];
  if (++state.dacComponent === 3) {
    state.dacComponent = 0;
    state.dacReadIndex = (state.dacReadIndex + 1) & 0xff;
  }
  return eightBits(state) ? colour : colour >> 2;
};

/** 3C9h: the entry changes with its third component. */
export const writeDacData = (state: VgaState, value: number): void => {
  state.dacPending[state.dacComponent] = eightBits(state) ? value : value << 2;
  if (++state.dacComponent < 3) return;
  state.dacComponent = 0;
  state.dac.set(state.dacPending, state.dacWriteIndex * 3);
  state.dacWriteIndex = (state.dacWriteIndex + 1) & 0xff;
};

/** Switch sense of input status 0 with a colour monitor: high while entry 0 is dark. */
export const senseHigh = (state: VgaState): boolean => state.dac[0] <= SENSE_LEVEL && state.dac[1] <= SENSE_LEVEL && state.dac[2] <= SENSE_LEVEL;

/** The colours of all 256 pixel values behind the pixel mask, as RGBA words of a little-endian host. */
export const fillColours = (state: VgaState, colours: Uint32Array): void => {
  const { dac, dacMask } = state;
  const wide = eightBits(state);
  for (let pixel = 0; pixel < 256; pixel++) {
    const at = (pixel & dacMask) * 3;
    colours[pixel] = 0xff00_0000 | (level(dac[at + 2], wide) << 16) | (level(dac[at + 1], wide) << 8) | level(dac[at], wide);
  }
};

/** Full scale of a 6-bit component is 255 too. */
const level = (colour: number, wide: boolean): number => (wide ? colour : (colour & 0xfc) | (colour >> 6));
