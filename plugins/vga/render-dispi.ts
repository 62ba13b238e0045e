/**
 * Picture of the modes of the Bochs VBE extension: planar with 4 bits a pixel, linear with 8 to 32.
 *
 * Source: "VBE Display HOWTO" of the Bochs VGABIOS; direct colours are little-endian, 1:5:5:5, 5:6:5 or 8:8:8 with
 * blue lowest.
 */
import { fillPalette } from "./attribute.js";
import { fillColours } from "./dac.js";
import type { DispiMode } from "./dispi.js";
import { paintPlanar } from "./render-cells.js";
import type { DisplayMemory, VgaState } from "./state.js";

const OPAQUE = 0xff00_0000;

/** Fills `out`, of the mode's width by its height. */
export const renderDispi = (state: VgaState, memory: DisplayMemory, mode: DispiMode, out: Uint32Array): void => {
  const colours = new Uint32Array(256);
  fillColours(state, colours);
  const palette = new Uint8Array(16);
  fillPalette(state.attribute, palette);
  const dots = new Uint8Array(mode.width + 16);
  for (let y = 0; y < mode.height; y++) {
    const from = (mode.y + y) * mode.pitch;
    const to = y * mode.width;
    switch (mode.depth) {
      case 4:
        paintPlanarLine(memory.words, from >>> 2, mode, palette, colours, dots, out, to);
        break;
      case 8:
        for (let x = 0, at = from + mode.x; x < mode.width; x++) out[to + x] = colours[memory.bytes[at++]];
        break;
      case 15:
        for (let x = 0, at = from + mode.x * 2; x < mode.width; x++, at += 2) out[to + x] = from555(memory.bytes[at] | (memory.bytes[at + 1] << 8));
        break;
      case 16:
        for (let x = 0, at = from + mode.x * 2; x < mode.width; x++, at += 2) out[to + x] = from565(memory.bytes[at] | (memory.bytes[at + 1] << 8));
        break;
      case 24:
        for (let x = 0, at = from + mode.x * 3; x < mode.width; x++, at += 3) {
          out[to + x] = OPAQUE | (memory.bytes[at] << 16) | (memory.bytes[at + 1] << 8) | memory.bytes[at + 2];
        }
        break;
      case 32:
        for (let x = 0, at = (from >>> 2) + mode.x; x < mode.width; x++) out[to + x] = from888(memory.words[at++]);
        break;
    }
  }
};

const paintPlanarLine = (words: Uint32Array, from: number, mode: DispiMode, palette: Uint8Array, colours: Uint32Array, dots: Uint8Array, out: Uint32Array, to: number): void => {
  const first = from + (mode.x >> 3);
  for (let at = 0; at <= mode.width; at += 8) paintPlanar(words[first + (at >> 3)] ?? 0, palette, dots, at);
  for (let x = 0; x < mode.width; x++) out[to + x] = colours[dots[x + (mode.x & 7)]];
};

/** Widens a component so that full scale stays full scale. */
const widen5 = (value: number): number => (value << 3) | (value >> 2);
const widen6 = (value: number): number => (value << 2) | (value >> 4);

const from555 = (pixel: number): number => OPAQUE | (widen5(pixel & 0x1f) << 16) | (widen5((pixel >> 5) & 0x1f) << 8) | widen5((pixel >> 10) & 0x1f);
const from565 = (pixel: number): number => OPAQUE | (widen5(pixel & 0x1f) << 16) | (widen6((pixel >> 5) & 0x3f) << 8) | widen5(pixel >> 11);
const from888 = (pixel: number): number => OPAQUE | ((pixel & 0xff) << 16) | (pixel & 0xff00) | ((pixel >>> 16) & 0xff);
