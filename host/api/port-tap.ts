/** Watching a range of I/O ports. */

import type { BusHandler } from "../../sdk/contract/board.js";
import { BackplaneError } from "../../sdk/contract/errors.js";
import type { MachineHooks } from "../../sdk/contract/hooks.js";

export interface PortAccess {
  readonly port: number;
  readonly direction: "read" | "write";
  readonly width: 8 | 16 | 32;
  /** What was written, or what the device answered. */
  readonly value: number;
  /** Path of the device that has the port. */
  readonly path: string;
}

/**
 * Declared before the machine is assembled, because a port without a tap must cost nothing: the device's handler is
 * wrapped once, when it is mapped. Accesses are seen as the device sees them: a wide access to a byte-wide device
 * comes as bytes. Ports that no device has cannot be tapped.
 */
export interface PortTap {
  readonly first: number;
  /** The same as `first` unless given. */
  readonly last?: number;
  /** Called after the device. It must not throw, and runs inside the guest's instruction. */
  readonly onAccess: (access: PortAccess) => void;
}

const isPort = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= 0xffff;

/** @throws BackplaneError `PORT_RANGE`. */
export const tapPorts = (hooks: MachineHooks, tap: PortTap): void => {
  const { first, last = first, onAccess } = tap;
  if (!isPort(first) || !isPort(last) || last < first) {
    throw new BackplaneError("PORT_RANGE", `cannot tap ports ${first} to ${last}: ports are whole numbers from 0 to 65535, the first not above the last`, { first, last });
  }
  hooks.mapPorts.tap("tapPorts", (handler, { path, base, length }) => {
    if (base > last || base + length - 1 < first) return undefined;
    const watch = (offset: number, direction: PortAccess["direction"], width: PortAccess["width"], value: number): void => {
      const port = base + offset;
      if (port <= last && port + width / 8 > first) onAccess({ port, direction, width, value, path });
    };
    return wrapped(handler, watch);
  });
};

type Watch = (offset: number, direction: PortAccess["direction"], width: PortAccess["width"], value: number) => void;

/** Only what the handler has is wrapped: the bus makes up the rest as before. */
const wrapped = (handler: BusHandler, watch: Watch): BusHandler => {
  const reader = (read: (offset: number) => number, width: PortAccess["width"]) => (offset: number) => {
    const value = read(offset);
    watch(offset, "read", width, value);
    return value;
  };
  const writer = (write: (offset: number, value: number) => void, width: PortAccess["width"]) => (offset: number, value: number) => {
    write(offset, value);
    watch(offset, "write", width, value);
  };
  return {
    ...(handler.read8 && { read8: reader(handler.read8.bind(handler), 8) }),
    ...(handler.read16 && { read16: reader(handler.read16.bind(handler), 16) }),
    ...(handler.read32 && { read32: reader(handler.read32.bind(handler), 32) }),
    ...(handler.write8 && { write8: writer(handler.write8.bind(handler), 8) }),
    ...(handler.write16 && { write16: writer(handler.write16.bind(handler), 16) }),
    ...(handler.write32 && { write32: writer(handler.write32.bind(handler), 32) }),
  };
};
