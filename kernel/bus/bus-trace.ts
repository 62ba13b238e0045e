/**
 * Watching accesses to ports and memory-mapped I/O while a machine runs: handlers that tell before they pass on.
 *
 * A bus puts them in place of the devices' own only for the ranges asked for, and takes them away again, so a bus that is
 * not traced is what it was. Accesses are told as the bus sees them: a wide access to a byte-wide device is one; where it
 * reaches past a mapping's end, the neighbour's bytes are told apart from it, and a read's before it.
 */
import type { FullHandler } from "./handler.js";

export interface BusAccess {
  /** Port number or physical address. */
  address: number;
  direction: "read" | "write";
  bytes: 1 | 2 | 4;
  /** What is written, or what was answered; unsigned. */
  value: number;
  /** Path of the device that answers, or undefined for the open bus. */
  owner: string | undefined;
}

/** Both ends belong to it. */
export interface AddressRange {
  readonly first: number;
  readonly last: number;
}

export interface BusTrace {
  /** An access that touches any of them is told. */
  readonly ranges: readonly AddressRange[];
  /** Called within the guest's instruction: after a read, before a write. The object is reused. It must not throw. */
  readonly listener: (access: BusAccess) => void;
}

/** Whether an access of `bytes` at `address` touches a range. */
export const touches = (ranges: readonly AddressRange[], address: number, bytes: number): boolean => {
  for (const { first, last } of ranges) if (address <= last && address + bytes > first) return true;
  return false;
};

/**
 * The handler with its accesses told.
 * @param base what `offset` counts from
 * @param ownerOf asked for the address of each access told
 */
export const tracedHandler = (inner: FullHandler, base: number, ownerOf: (address: number) => string | undefined, { ranges, listener }: BusTrace): FullHandler => {
  const access: BusAccess = { address: 0, direction: "read", bytes: 1, value: 0, owner: undefined };
  const tell = (offset: number, direction: BusAccess["direction"], bytes: BusAccess["bytes"], value: number): void => {
    const address = base + offset;
    if (!touches(ranges, address, bytes)) return;
    access.address = address;
    access.direction = direction;
    access.bytes = bytes;
    access.value = value >>> 0;
    access.owner = ownerOf(address);
    listener(access);
  };
  const reader = (read: (offset: number) => number, bytes: BusAccess["bytes"]) => (offset: number) => {
    const value = read(offset);
    tell(offset, "read", bytes, value);
    return value;
  };
  const writer = (write: (offset: number, value: number) => void, bytes: BusAccess["bytes"]) => (offset: number, value: number) => {
    tell(offset, "write", bytes, value);
    write(offset, value);
  };
  return {
    read8: reader((offset) => inner.read8(offset), 1),
    read16: reader((offset) => inner.read16(offset), 2),
    read32: reader((offset) => inner.read32(offset), 4),
    write8: writer((offset, value) => inner.write8(offset, value), 1),
    write16: writer((offset, value) => inner.write16(offset, value), 2),
    write32: writer((offset, value) => inner.write32(offset, value), 4),
  };
};
