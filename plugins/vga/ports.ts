/**
 * Port decoding of the VGA, 3B4h-3DAh.
 *
 * Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem, "Video Subsystem I/O Address Map".
 * Bit 0 of the miscellaneous output register puts the CRTC, input status 1 and feature control at 3Dxh (colour) or
 * 3Bxh (monochrome); the other place does not answer.
 *
 * Not implemented: video subsystem enable (3C3h reads as enabled, writes are ignored).
 */
import { readAttribute, writeAttribute } from "./attribute.js";
import { readCrtc, writeCrtc } from "./crtc.js";
import { readDacData, writeDacData, writeDacReadAddress, writeDacWriteAddress } from "./dac.js";
import { readGraphics, writeGraphics } from "./graphics.js";
import { readSequencer, writeSequencer } from "./sequencer.js";
import type { VgaState } from "./state.js";
import { inputStatus0, inputStatus1 } from "./status.js";

/** What the VGA claims, in `[base, length]`; 3BCh-3BFh belong to a printer port. */
export const VGA_PORTS = [
  [0x3b4, 2],
  [0x3ba, 1],
  [0x3c0, 16],
  [0x3d4, 2],
  [0x3da, 1],
] as const;

const COLOR_ADDRESSES = 0x01;
const NOTHING = 0xff;

const ATTRIBUTE = 0x3c0;
const ATTRIBUTE_READ = 0x3c1;
const MISC_OUTPUT_WRITE = 0x3c2;
const VIDEO_ENABLE = 0x3c3;
const SEQUENCER_INDEX = 0x3c4;
const SEQUENCER_DATA = 0x3c5;
const DAC_MASK = 0x3c6;
const DAC_READ_ADDRESS = 0x3c7;
const DAC_WRITE_ADDRESS = 0x3c8;
const DAC_DATA = 0x3c9;
const FEATURE_CONTROL_READ = 0x3ca;
const MISC_OUTPUT_READ = 0x3cc;
const GRAPHICS_INDEX = 0x3ce;
const GRAPHICS_DATA = 0x3cf;
/** In the colour place; the monochrome place is 20h lower. */
const CRTC_INDEX = 0x3d4;
const CRTC_DATA = 0x3d5;
const STATUS_1 = 0x3da;
const MONO_TO_COLOR = 0x20;

/** The port in the colour place that `port` stands for, or 0 when it is in the place not in use. */
const placed = (state: VgaState, port: number): number => {
  if (port >= 0x3c0 && port < 0x3d0) return port;
  const color = (state.miscOutput & COLOR_ADDRESSES) !== 0;
  if (port >= 0x3d0) return color ? port : 0;
  return color ? 0 : port + MONO_TO_COLOR;
};

export const readPort = (state: VgaState, port: number, nowNs: number): number => {
  switch (placed(state, port)) {
    case ATTRIBUTE:
      return state.attributeIndex;
    case ATTRIBUTE_READ:
      return readAttribute(state);
    case MISC_OUTPUT_WRITE:
      return inputStatus0(state);
    case VIDEO_ENABLE:
      return 1;
    case SEQUENCER_INDEX:
      return state.sequencerIndex;
    case SEQUENCER_DATA:
      return readSequencer(state);
    case DAC_MASK:
      return state.dacMask;
    case DAC_READ_ADDRESS:
      return state.dacMode;
    case DAC_WRITE_ADDRESS:
      return state.dacWriteIndex;
    case DAC_DATA:
      return readDacData(state);
    case FEATURE_CONTROL_READ:
      return state.featureControl;
    case MISC_OUTPUT_READ:
      return state.miscOutput;
    case GRAPHICS_INDEX:
      return state.graphicsIndex;
    case GRAPHICS_DATA:
      return readGraphics(state);
    case CRTC_INDEX:
      return state.crtcIndex;
    case CRTC_DATA:
      return readCrtc(state);
    case STATUS_1:
      state.attributeData = false;
      return inputStatus1(nowNs);
    default:
      return NOTHING;
  }
};

export const writePort = (state: VgaState, port: number, value: number): void => {
  switch (placed(state, port)) {
    case ATTRIBUTE:
      writeAttribute(state, value);
      return;
    case MISC_OUTPUT_WRITE:
      state.miscOutput = value;
      return;
    case SEQUENCER_INDEX:
      state.sequencerIndex = value & 7;
      return;
    case SEQUENCER_DATA:
      writeSequencer(state, value);
      return;
    case DAC_MASK:
      state.dacMask = value;
      return;
    case DAC_READ_ADDRESS:
      writeDacReadAddress(state, value);
      return;
    case DAC_WRITE_ADDRESS:
      writeDacWriteAddress(state, value);
      return;
    case DAC_DATA:
      writeDacData(state, value);
      return;
    case GRAPHICS_INDEX:
      state.graphicsIndex = value & 0x0f;
      return;
    case GRAPHICS_DATA:
      writeGraphics(state, value);
      return;
    case CRTC_INDEX:
      state.crtcIndex = value & 0x3f;
      return;
    case CRTC_DATA:
      writeCrtc(state, value);
      return;
    case STATUS_1:
      state.featureControl = value & 3;
      return;
  }
};

/** Whether a write to `port` can change how the CPU reaches display memory. */
export const shapesWindow = (port: number): boolean => port === MISC_OUTPUT_WRITE || port === SEQUENCER_DATA || port === GRAPHICS_DATA;
