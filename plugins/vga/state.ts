/**
 * Everything a VGA remembers beside its display memory.
 *
 * Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem (1992), register numbering.
 */
import { DISPI_ID5, DISPI_INDEX_ID } from "./dispi-registers.js";

export interface VgaState {
  /** 3C2h, read at 3CCh. */
  miscOutput: number;
  /** 3BAh/3DAh, read at 3CAh. */
  featureControl: number;
  sequencerIndex: number;
  sequencer: Uint8Array;
  crtcIndex: number;
  crtc: Uint8Array;
  graphicsIndex: number;
  graphics: Uint8Array;
  /** Index in bits 0-4, palette address source in bit 5. */
  attributeIndex: number;
  /** The flip-flop of 3C0h: the next write is data. */
  attributeData: boolean;
  attribute: Uint8Array;
  /** 256 times red, green, blue, 8 bits wide; a 6-bit DAC uses the upper 6. */
  dac: Uint8Array;
  dacMask: number;
  dacReadIndex: number;
  dacWriteIndex: number;
  /** Which of red, green, blue port 3C9h moves next. */
  dacComponent: number;
  /** Colours written so far of the entry being loaded. */
  dacPending: Uint8Array;
  /** 3C7h: 0 after a write address, 3 after a read address. */
  dacMode: number;
  /** One word: plane p's latch in byte p. */
  latch: Uint32Array;
  dispiIndex: number;
  dispi: Uint16Array;
}

const SEQUENCER_REGISTERS = 5;
const CRTC_REGISTERS = 25;
const GRAPHICS_REGISTERS = 9;
const ATTRIBUTE_REGISTERS = 21;
const DISPI_REGISTERS = 10;

export const initialState = (): VgaState => {
  const state: VgaState = {
    miscOutput: 0,
    featureControl: 0,
    sequencerIndex: 0,
    sequencer: new Uint8Array(SEQUENCER_REGISTERS),
    crtcIndex: 0,
    crtc: new Uint8Array(CRTC_REGISTERS),
    graphicsIndex: 0,
    graphics: new Uint8Array(GRAPHICS_REGISTERS),
    attributeIndex: 0,
    attributeData: false,
    attribute: new Uint8Array(ATTRIBUTE_REGISTERS),
    dac: new Uint8Array(256 * 3),
    dacMask: 0xff,
    dacReadIndex: 0,
    dacWriteIndex: 0,
    dacComponent: 0,
    dacPending: new Uint8Array(3),
    dacMode: 0,
    latch: new Uint32Array(1),
    dispiIndex: 0,
    dispi: new Uint16Array(DISPI_REGISTERS),
  };
  resetState(state);
  return state;
};

export const resetState = (state: VgaState): void => {
  state.miscOutput = 0;
  state.featureControl = 0;
  state.sequencerIndex = 0;
  state.crtcIndex = 0;
  state.graphicsIndex = 0;
  state.attributeIndex = 0;
  state.attributeData = false;
  for (const file of [state.sequencer, state.crtc, state.graphics, state.attribute, state.dac, state.dacPending]) file.fill(0);
  state.dacMask = 0xff;
  state.dacReadIndex = 0;
  state.dacWriteIndex = 0;
  state.dacComponent = 0;
  state.dacMode = 0;
  state.latch[0] = 0;
  state.dispiIndex = 0;
  state.dispi.fill(0);
  state.dispi[DISPI_INDEX_ID] = DISPI_ID5;
};

/** Display memory, byte-wise and as one word for each planar address (plane p in byte p; little-endian host). */
export interface DisplayMemory {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
}

export const displayMemory = (bytes: Uint8Array): DisplayMemory => ({ bytes, words: new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2) });
