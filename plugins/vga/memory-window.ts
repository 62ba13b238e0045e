/**
 * The CPU's window to display memory, A0000h-BFFFFh.
 *
 * Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem, "Video Memory Read/Write Operations".
 *
 * Plane p of planar address a is byte 4a + p of display memory, so the four planes of an address are one word and a
 * planar access is a few operations on words. Chain 4 is linear: CPU address n is byte n (the original leaves gaps
 * between planar addresses instead; both show the same picture through doubleword addressing).
 *
 * `decode` looks at the registers once after they change and picks how accesses are made; the common set-ups (text,
 * linear, plain planar) have ways of their own that do no arithmetic a register could ask for.
 *
 * Not implemented: the page select bit of the miscellaneous output register in odd/even modes.
 */
import type { BusHandler } from "backplane/sdk";
import { dispiDepth, dispiEnabled } from "./dispi.js";
import { DISPI_INDEX_BANK } from "./dispi-registers.js";
import {
  BIT_MASK,
  CHAIN_ODD_EVEN,
  COLOR_COMPARE,
  COLOR_DONT_CARE,
  DATA_ROTATE,
  ENABLE_SET_RESET,
  GRAPHICS_MODE,
  HOST_ODD_EVEN,
  MISCELLANEOUS,
  READ_MAP_SELECT,
  READ_MODE_1,
  SET_RESET,
  WRITE_MODE,
} from "./graphics.js";
import { CHAIN_4, MAP_MASK, MEMORY_MODE, ODD_EVEN_OFF } from "./sequencer.js";
import type { DisplayMemory, VgaState } from "./state.js";

export const WINDOW_BASE = 0xa0000;
export const WINDOW_LENGTH = 0x20000;

/** Miscellaneous output: the CPU reaches display memory. */
export const RAM_ENABLE = 0x02;

/** Memory map select, graphics controller register 6 bits 2-3: first offset and length of the window. */
const MAP_FIRST = [0, 0, 0x10000, 0x18000];
const MAP_LENGTH = [0x20000, 0x10000, 0x8000, 0x8000];

/** Planar addresses of a VGA. */
const PLANE = 0x10000;

/** Ways of an access. */
const GENERAL = 0;
const LINEAR = 1;
const TEXT = 2;
const PLANAR = 3;

/** Four plane bits as four bytes of ones. */
const PLANES = Int32Array.from({ length: 16 }, (_, bits) => (bits & 1 ? 0xff : 0) | (bits & 2 ? 0xff00 : 0) | (bits & 4 ? 0xff_0000 : 0) | (bits & 8 ? 0xff00_0000 : 0));
/** A byte in all four planes. */
const REPEAT = 0x0101_0101;
const EVEN_PLANES = PLANES[5];
const ODD_PLANES = PLANES[10];

export interface MemoryWindow extends Required<BusHandler> {
  /** After any register that shapes the window has changed. */
  decode(): void;
}

/** `changed` is called once per write. */
export const createMemoryWindow = (state: VgaState, memory: DisplayMemory, changed: () => void): MemoryWindow => {
  const { bytes, words } = memory;
  const { graphics, sequencer, latch } = state;

  let first = 0;
  let length = 0;
  let reads = GENERAL;
  let writes = GENERAL;
  /** Byte address of the bank (linear), planar address of the bank otherwise. */
  let bank = 0;
  let planarMask = PLANE - 1;
  let mapMask = 0;
  let readShift = 0;
  let chain4 = false;
  let chainOddEven = false;
  let oddEvenWrites = false;
  let oddEvenReads = false;

  const decode = (): void => {
    const extended = dispiEnabled(state);
    const linear = extended && dispiDepth(state) !== 4;
    const map = (graphics[MISCELLANEOUS] >> 2) & 3;
    chain4 = !linear && (sequencer[MEMORY_MODE] & CHAIN_4) !== 0;
    bank = extended && !chain4 ? state.dispi[DISPI_INDEX_BANK] << 16 : 0;
    planarMask = extended ? words.length - 1 : PLANE - 1;
    mapMask = PLANES[sequencer[MAP_MASK]];
    readShift = graphics[READ_MAP_SELECT] * 8;
    chainOddEven = !chain4 && (graphics[MISCELLANEOUS] & CHAIN_ODD_EVEN) !== 0;
    oddEvenWrites = !chain4 && !(sequencer[MEMORY_MODE] & ODD_EVEN_OFF);
    oddEvenReads = !chain4 && (graphics[GRAPHICS_MODE] & HOST_ODD_EVEN) !== 0;
    if (linear) {
      first = 0;
      length = 0x10000;
      reads = writes = LINEAR;
      return;
    }
    first = MAP_FIRST[map];
    length = state.miscOutput & RAM_ENABLE ? MAP_LENGTH[map] : 0;
    reads = decodeReads(map);
    writes = decodeWrites(map);
  };

  const decodeReads = (map: number): number => {
    if (graphics[GRAPHICS_MODE] & READ_MODE_1) return GENERAL;
    if (chain4) return LINEAR;
    if (!oddEvenReads && !chainOddEven) return PLANAR;
    return oddEvenReads && chainOddEven && map !== 0 && graphics[READ_MAP_SELECT] < 2 ? TEXT : GENERAL;
  };

  const decodeWrites = (map: number): number => {
    const untouched = !(graphics[GRAPHICS_MODE] & WRITE_MODE) && graphics[DATA_ROTATE] === 0 && graphics[ENABLE_SET_RESET] === 0 && graphics[BIT_MASK] === 0xff;
    if (!untouched) return GENERAL;
    if (chain4) return sequencer[MAP_MASK] === 0x0f ? LINEAR : GENERAL;
    if (!oddEvenWrites && !chainOddEven) return PLANAR;
    return oddEvenWrites && chainOddEven && map !== 0 && sequencer[MAP_MASK] === 0x03 ? TEXT : GENERAL;
  };

  /** Index of the word that CPU address `at` (from the start of the decoded window) lies in. */
  const wordIndex = (at: number): number => {
    if (chain4) return at >>> 2;
    return (bank + (chainOddEven ? (at & 0xfffe) | (at >>> 16) : at)) & planarMask;
  };

  const readGeneral = (at: number): number => {
    const word = words[wordIndex(at)];
    latch[0] = word;
    if (graphics[GRAPHICS_MODE] & READ_MODE_1) {
      let different = (word ^ PLANES[graphics[COLOR_COMPARE]]) & PLANES[graphics[COLOR_DONT_CARE]];
      different |= different >>> 16;
      different |= different >>> 8;
      return ~different & 0xff;
    }
    const plane = oddEvenReads ? (graphics[READ_MAP_SELECT] & 2) | (at & 1) : graphics[READ_MAP_SELECT];
    return (word >>> (plane * 8)) & 0xff;
  };

  const writeGeneral = (at: number, value: number): void => {
    const index = wordIndex(at);
    let planes = mapMask;
    if (chain4) planes &= 0xff << ((at & 3) * 8);
    else if (oddEvenWrites) planes &= at & 1 ? ODD_PLANES : EVEN_PLANES;
    words[index] = (words[index] & ~planes) | (shaped(value) & planes);
  };

  /** What the four planes receive for a byte from the CPU. */
  const shaped = (value: number): number => {
    const mode = graphics[GRAPHICS_MODE] & WRITE_MODE;
    if (mode === 1) return latch[0];
    const setReset = PLANES[graphics[SET_RESET]];
    let mask = graphics[BIT_MASK];
    let data: number;
    if (mode === 2) data = PLANES[value & 0x0f];
    else {
      const count = graphics[DATA_ROTATE] & 7;
      const rotated = ((value >> count) | (value << (8 - count))) & 0xff;
      if (mode === 3) {
        mask &= rotated;
        data = setReset;
      } else {
        const enabled = PLANES[graphics[ENABLE_SET_RESET]];
        data = (Math.imul(rotated, REPEAT) & ~enabled) | (setReset & enabled);
      }
    }
    switch (graphics[DATA_ROTATE] >> 3) {
      case 1:
        data &= latch[0];
        break;
      case 2:
        data |= latch[0];
        break;
      case 3:
        data ^= latch[0];
        break;
    }
    const bits = Math.imul(mask, REPEAT);
    return (data & bits) | (latch[0] & ~bits);
  };

  const read8 = (offset: number): number => {
    const at = offset - first;
    if (at < 0 || at >= length) return 0xff;
    if (reads === LINEAR) {
      const from = bank + at;
      latch[0] = words[from >>> 2];
      return bytes[from];
    }
    if (reads === TEXT) {
      const index = (bank + (at & 0xfffe)) & planarMask;
      latch[0] = words[index];
      return bytes[(index << 2) | (at & 1)];
    }
    if (reads === PLANAR) {
      const word = words[(bank + at) & planarMask];
      latch[0] = word;
      return (word >>> readShift) & 0xff;
    }
    return readGeneral(at);
  };

  const write8 = (offset: number, value: number): void => {
    const at = offset - first;
    if (at < 0 || at >= length) return;
    changed();
    if (writes === LINEAR) bytes[bank + at] = value;
    else if (writes === TEXT) bytes[(((bank + (at & 0xfffe)) & planarMask) << 2) | (at & 1)] = value;
    else if (writes === PLANAR) {
      const index = (bank + at) & planarMask;
      words[index] = (words[index] & ~mapMask) | (Math.imul(value, REPEAT) & mapMask);
    } else writeGeneral(at, value);
  };

  const read16 = (offset: number): number => {
    const at = offset - first;
    if (!(at & 1) && at >= 0 && at < length) {
      if (reads === LINEAR) {
        const from = bank + at;
        latch[0] = words[from >>> 2];
        return bytes[from] | (bytes[from + 1] << 8);
      }
      if (reads === TEXT) {
        const word = words[(bank + (at & 0xfffe)) & planarMask];
        latch[0] = word;
        return word & 0xffff;
      }
    }
    return read8(offset) | (read8(offset + 1) << 8);
  };

  const write16 = (offset: number, value: number): void => {
    const at = offset - first;
    if (!(at & 1) && at >= 0 && at < length) {
      if (writes === LINEAR) {
        changed();
        bytes[bank + at] = value;
        bytes[bank + at + 1] = value >>> 8;
        return;
      }
      if (writes === TEXT) {
        changed();
        const to = ((bank + (at & 0xfffe)) & planarMask) << 2;
        bytes[to] = value;
        bytes[to + 1] = value >>> 8;
        return;
      }
    }
    write8(offset, value & 0xff);
    write8(offset + 1, (value >>> 8) & 0xff);
  };

  const read32 = (offset: number): number => {
    const at = offset - first;
    if (reads === LINEAR && !(at & 3) && at >= 0 && at < length) return (latch[0] = words[(bank + at) >>> 2]);
    return (read16(offset) | (read16(offset + 2) << 16)) >>> 0;
  };

  const write32 = (offset: number, value: number): void => {
    const at = offset - first;
    if (writes === LINEAR && !(at & 3) && at >= 0 && at < length) {
      changed();
      words[(bank + at) >>> 2] = value;
      return;
    }
    write16(offset, value & 0xffff);
    write16(offset + 2, value >>> 16);
  };

  decode();
  return { decode, read8, read16, read32, write8, write16, write32 };
};
