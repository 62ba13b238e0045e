/** Bus handlers with every width filled in, so that the hot path never asks whether a method exists. */
import type { BusHandler } from "../../sdk/contract/board.js";

/** A handler as the bus calls it. Values are unsigned. */
export interface FullHandler {
  read8(offset: number): number;
  read16(offset: number): number;
  read32(offset: number): number;
  write8(offset: number, value: number): void;
  write16(offset: number, value: number): void;
  write32(offset: number, value: number): void;
}

/** Byte access to whatever lies at an offset outside the mapping. */
export interface Neighbours {
  read8(offset: number): number;
  write8(offset: number, value: number): void;
}

/** Answers all ones and ignores writes: nothing is there. */
export const OPEN_BUS: FullHandler = {
  read8: () => 0xff,
  read16: () => 0xffff,
  read32: () => 0xffff_ffff,
  write8: () => {},
  write16: () => {},
  write32: () => {},
};

/**
 * Fills in missing widths. An access whose width the handler has is passed whole, also past the mapping's end; one made
 * of narrower accesses reaches the neighbouring mapping there.
 */
export const fillHandler = (handler: BusHandler, length: number, neighbours: Neighbours): FullHandler => {
  const { read8, read16, read32, write8, write16, write32 } = handler;
  if (read8 && read16 && read32 && write8 && write16 && write32) return handler as FullHandler;

  const byte: (offset: number) => number = read8
    ? (offset) => handler.read8!(offset)
    : read16
      ? (offset) => (handler.read16!(offset & ~1) >>> ((offset & 1) << 3)) & 0xff
      : read32
        ? (offset) => (handler.read32!(offset & ~3) >>> ((offset & 3) << 3)) & 0xff
        : () => 0xff;
  const inside = (offset: number): number => (offset < length ? byte(offset) : neighbours.read8(offset));
  const half: (offset: number) => number = read16
    ? (offset) => handler.read16!(offset)
    : read32 && !read8
      ? (offset) => (offset & 1 ? inside(offset) | (inside(offset + 1) << 8) : (handler.read32!(offset & ~3) >>> ((offset & 2) << 3)) & 0xffff)
      : (offset) => inside(offset) | (inside(offset + 1) << 8);
  const insideHalf = (offset: number): number => (offset + 1 < length || (read16 && offset < length) ? half(offset) : inside(offset) | (inside(offset + 1) << 8));

  const putByte = (offset: number, value: number): void => {
    if (offset >= length) neighbours.write8(offset, value);
    else if (write8) handler.write8!(offset, value);
  };
  const putHalf: (offset: number, value: number) => void = write16
    ? (offset, value) => handler.write16!(offset, value)
    : (offset, value) => {
        putByte(offset, value & 0xff);
        putByte(offset + 1, value >>> 8);
      };

  return {
    read8: byte,
    read16: half,
    read32: read32 ? (offset) => handler.read32!(offset) >>> 0 : (offset) => (insideHalf(offset) | (insideHalf(offset + 2) << 16)) >>> 0,
    write8: write8 ? (offset, value) => handler.write8!(offset, value) : () => {},
    write16: putHalf,
    write32: write32
      ? (offset, value) => handler.write32!(offset, value)
      : (offset, value) => {
          if (offset + 2 < length || !write16) putHalf(offset, value & 0xffff);
          else handler.write16!(offset, value & 0xffff);
          if (offset + 2 < length) putHalf(offset + 2, value >>> 16);
          else {
            neighbours.write8(offset + 2, (value >>> 16) & 0xff);
            neighbours.write8(offset + 3, value >>> 24);
          }
        },
  };
};
