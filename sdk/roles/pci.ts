/** The PCI bus as its devices, its interrupt router and firmware see it. */
import type { Board, BusHandler } from "../contract/board.js";
import { role } from "../contract/role.js";

/** A base address register. The handler gets offsets from the BAR's base. */
export interface PciBar {
  /** BAR number 0-5. */
  readonly index: number;
  readonly kind: "io" | "memory";
  /** A power of two; at least 4 for I/O, 16 for memory. */
  readonly size: number;
  readonly prefetchable?: boolean;
  /** Registers behind the BAR; for memory BARs `block` shows a memory block instead. */
  readonly handler?: BusHandler;
  readonly block?: string;
}

/** A function as it introduces itself (PCI Local Bus Specification 2.1, chapter 6). */
export interface PciFunctionSpec {
  readonly vendorId: number;
  readonly deviceId: number;
  /** 24 bits: base class, sub-class, programming interface. */
  readonly classCode: number;
  readonly revision?: number;
  readonly subsystemVendorId?: number;
  readonly subsystemId?: number;
  /** 0 none, 1 INTA# .. 4 INTD#. */
  readonly interruptPin?: 0 | 1 | 2 | 3 | 4;
  readonly multifunction?: boolean;
  readonly headerType?: number;
  /** Command register bits that are hard-wired to one (bridges that cannot be switched off). */
  readonly command?: number;
  /** Status register bits that read as one (capabilities, DEVSEL timing). */
  readonly status?: number;
  readonly bars?: readonly PciBar[];
  /** Expansion ROM image shown through the ROM BAR. */
  readonly rom?: Uint8Array;
  /** Initial values of device-specific registers: offset (40h-FFh) to byte, and which bits the guest may write. */
  readonly registers?: readonly { readonly offset: number; readonly value: number; readonly writable: number }[];
  /**
   * After the guest changed bytes `offset .. offset + length - 1` of device-specific or command registers, and after a
   * reset of the bus put all of them back (04h-FFh at once).
   */
  onConfigWrite?(offset: number, length: number): void;
}

/** A function on the bus, from its own side. */
export interface PciFunction {
  /** 256 bytes of configuration space; a device may change its own registers here. Saved by the bus. */
  readonly config: Uint8Array;
  readonly device: number;
  readonly function: number;
  /** Drives the interrupt pin. */
  interrupt(level: boolean): void;
  /** Whether the command register lets it master the bus. */
  readonly busMasterEnabled: boolean;
  /** Current base of a BAR, or `undefined` while unmapped. */
  barBase(index: number): number | undefined;
}

export interface PciBus {
  /** Plugs a function in. `where` is `device.function` in hexadecimal, by default the last part of the board's path (`/pci/07.1`). */
  attach(board: Board, spec: PciFunctionSpec, where?: string): PciFunction;
  /** Every function, by device and function number. */
  functions(): readonly PciFunction[];
  /** Configuration cycles as firmware makes them; `width` is 1, 2 or 4. */
  configRead(device: number, fn: number, offset: number, width: 1 | 2 | 4): number;
  configWrite(device: number, fn: number, offset: number, width: 1 | 2 | 4, value: number): void;
  /** The ISA bridge receives the four shared wires PIRQA#-PIRQD# (0-3). */
  connectRouter(sink: (pirq: number, level: boolean) => void): void;
}
export const PciBus = role<PciBus>("pci-bus");

/** The ISA bridge's part in interrupt routing, for firmware. */
export interface IsaBridge {
  /** Routes PIRQ 0-3 to an interrupt line, or nowhere (`undefined`). */
  routePirq(pirq: number, line: number | undefined): void;
  pirqRoute(pirq: number): number | undefined;
}
export const IsaBridge = role<IsaBridge>("isa-bridge");
