/** The two address spaces of the bench, with accesses of any width as `BusHandler` describes them. */
import type { BusHandler, Mapping } from "../contract/board.js";
import type { MappedRange } from "../contract/device.js";

export type Width = 1 | 2 | 4;
export type Space = "ports" | "mmio";

export interface BenchMapping extends Mapping {
  readonly space: Space;
  readonly path: string;
  readonly handler: BusHandler;
  /** Can be moved by the guest; a fixed mapping at the same place is in front of it. */
  readonly relocatable: boolean;
}

/** What answers at an address: a handler, and the offset it is given. */
interface Target {
  readonly handler: BusHandler;
  readonly offset: number;
}
type Decoder = (at: number) => Target | undefined;

const ALL_ONES = { 1: 0xff, 2: 0xffff, 4: 0xffff_ffff } as const;

/** An access wider than the handler's is cut, each piece decoded by itself; a narrower one is a cut of a wider. */
const read = (decode: Decoder, at: number, width: Width): number => {
  const target = decode(at);
  if (!target) return ALL_ONES[width];
  const { handler, offset } = target;
  if (width === 4) {
    if (handler.read32) return handler.read32(offset);
    return (read(decode, at, 2) | (read(decode, at + 2, 2) << 16)) >>> 0;
  }
  if (width === 2) {
    if (handler.read16) return handler.read16(offset);
    if (!handler.read8 && handler.read32 && !(offset & 1)) return (handler.read32(offset & ~3) >>> ((offset & 2) * 8)) & 0xffff;
    return read(decode, at, 1) | (read(decode, at + 1, 1) << 8);
  }
  if (handler.read8) return handler.read8(offset);
  if (handler.read16) return (handler.read16(offset & ~1) >>> ((offset & 1) * 8)) & 0xff;
  return handler.read32 ? (handler.read32(offset & ~3) >>> ((offset & 3) * 8)) & 0xff : 0xff;
};

const write = (decode: Decoder, at: number, width: Width, value: number): void => {
  const target = decode(at);
  if (!target) return;
  const { handler, offset } = target;
  if (width === 1) handler.write8?.(offset, value & 0xff);
  else if (width === 2) {
    if (handler.write16) handler.write16(offset, value & 0xffff);
    else {
      write(decode, at, 1, value);
      write(decode, at + 1, 1, value >>> 8);
    }
  } else if (handler.write32) handler.write32(offset, value >>> 0);
  else {
    write(decode, at, 2, value);
    write(decode, at + 2, 2, value >>> 16);
  }
};

/** Reads any width from a handler that may lack it, by the rules of `BusHandler`. */
export const handlerRead = (handler: BusHandler, offset: number, width: Width): number => read((at) => ({ handler, offset: at }), offset, width);
/** Writes any width to a handler that may lack it. */
export const handlerWrite = (handler: BusHandler, offset: number, width: Width, value: number): void => write((at) => ({ handler, offset: at }), offset, width, value);

/** Sees every handler as it is mapped, and may put another in its place: what the machine's hooks `mapPorts` and `mapMmio` do. */
export type HandlerTap = (handler: BusHandler, where: MappedRange & { readonly space: Space }) => BusHandler;

export class BenchBus {
  readonly mappings: BenchMapping[] = [];
  readonly #tap: HandlerTap;

  constructor(tap: HandlerTap = (handler) => handler) {
    this.#tap = tap;
  }

  map(space: Space, path: string, base: number, length: number, handler: BusHandler, relocatable: boolean): Mapping {
    const end = space === "ports" ? 0x1_0000 : 2 ** 32;
    if (!Number.isInteger(base) || !Number.isInteger(length) || base < 0 || length < 1 || base + length > end) {
      throw new Error(`${path}: ${space} ${base.toString(16)}h, length ${length}, is no range of the bus`);
    }
    const clash = this.mappings.find((other) => !other.relocatable && other.space === space && base < other.base + other.length && other.base < base + length);
    if (clash && !relocatable) throw new Error(`${path}: ${space} ${base.toString(16)}h already mapped by ${clash.path}`);
    const mapping: BenchMapping = {
      space,
      path,
      base,
      length,
      handler: this.#tap(handler, { space, path, base, length }),
      relocatable,
      unmap: () => {
        const at = this.mappings.indexOf(mapping);
        if (at >= 0) this.mappings.splice(at, 1);
      },
    };
    this.mappings.push(mapping);
    return mapping;
  }

  read(space: Space, at: number, width: Width): number {
    return read((address) => this.#decode(space, address), at, width);
  }

  write(space: Space, at: number, width: Width, value: number): void {
    write((address) => this.#decode(space, address), at, width, value);
  }

  #decode(space: Space, address: number): Target | undefined {
    const at = address % (space === "ports" ? 0x1_0000 : 2 ** 32);
    const here = this.mappings.filter((each) => each.space === space && at >= each.base && at < each.base + each.length);
    const front = here.find((each) => !each.relocatable) ?? here[0];
    return front && { handler: front.handler, offset: at - front.base };
  }
}
