/**
 * The board: everything a device can see of the machine it is plugged into.
 *
 * Objects here are the hot plane: bound once when the device is created, called as often as the
 * guest likes. Handlers are synchronous, get offsets (a device does not know where it lives), and
 * never throw because of what a guest did. Whatever the board hands out, the board saves in
 * snapshots and releases when the machine is disposed: timers, lines, mappings, memory blocks.
 */

/**
 * Register file of a device as the bus sees it, for ports and for memory-mapped I/O alike.
 *
 * `offset` counts from the base of the mapping. Values are unsigned. Leave out what the part lacks:
 * a missing wide access is made of narrower ones (little-endian), a missing narrow read is cut out
 * of the next wider one, a missing read answers all ones, a missing write is ignored.
 */
export interface BusHandler {
  read8?(offset: number): number;
  read16?(offset: number): number;
  read32?(offset: number): number;
  write8?(offset: number, value: number): void;
  write16?(offset: number, value: number): void;
  write32?(offset: number, value: number): void;
}

/** A range on a bus that can be taken away or moved (a PCI BAR). */
export interface Mapping {
  readonly base: number;
  readonly length: number;
  unmap(): void;
}

/** One end of an interrupt wire. Several sources may drive a wire; it is high while any of them is. */
export interface IrqLine {
  set(level: boolean): void;
  readonly level: boolean;
}

/** A one-shot alarm in virtual time. Its deadline is part of the snapshot. */
export interface Timer {
  /** Fires once when virtual time reaches `atNs` (a past time fires at the next opportunity). Re-arming moves it. */
  arm(atNs: number): void;
  cancel(): void;
  readonly armed: boolean;
  /** Meaningful while armed. */
  readonly deadlineNs: number;
}

/** Virtual time in nanoseconds since power-on. Devices have no other time. */
export interface Clock {
  readonly nowNs: number;
  /** `name` is unique within the device and names the timer in snapshots. */
  timer(name: string, fire: () => void): Timer;
}

/** Access to physical memory as a bus master sees it: RAM, and bus ranges for addresses that are not RAM. */
export interface BusMaster {
  read(address: number, into: Uint8Array): void;
  write(address: number, from: Uint8Array): void;
  read32(address: number): number;
  write32(address: number, value: number): void;
}

/** Memory that belongs to a device (VRAM, a ROM) and that the guest can reach without a call per access. */
export interface MemoryBlock {
  readonly bytes: Uint8Array;
  /** Shows the block (or `length` bytes from `from`) at a physical address. All three are multiples of 4096. */
  map(base: number, options?: { from?: number; length?: number; writable?: boolean }): Mapping;
}

/** Where the memory controller sends accesses to a range of the first 4 GiB. */
export type MemoryRoute = "dram" | "bus";

/** The host bridge's view of memory. */
export interface PhysicalMemory {
  readonly ramBytes: number;
  /** Decides, per 4 KiB page, whether reads and writes go to DRAM or to the bus (ROM, VGA window, open bus). */
  route(base: number, length: number, to: { reads: MemoryRoute; writes: MemoryRoute }): void;
}

/** Messages for the host's log, prefixed with the device's path. Never called per access. */
export interface Logger {
  debug(message: string): void;
  warn(message: string): void;
}

/** How far a reset reaches. `power-on` follows assembly; `hard` is the reset button or port CF9h. */
export type ResetKind = "power-on" | "hard";

/** What a device may ask of the machine as a whole. */
export interface MachineControl {
  /** Resets CPU and devices once the current instruction has completed. */
  reset(reason: string): void;
  /** The guest switched the machine off. */
  powerOff(reason: string): void;
}

export interface Board {
  /** Path of the device in the profile, for instance `/isa/rtc`. */
  readonly path: string;
  /** Claims I/O ports. Fixed ranges must be declared in `resources`; `relocatable` ones (BARs) need not. */
  ports(base: number, length: number, handler: BusHandler, options?: { relocatable?: boolean }): Mapping;
  /** Claims physical addresses. Not limited to whole pages. */
  mmio(base: number, length: number, handler: BusHandler, options?: { relocatable?: boolean }): Mapping;
  /** One source on interrupt line `line` (0-15 on a PC). Declared in `resources`, unless the guest routes it at run time (`routed`). */
  irq(line: number, options?: { routed?: boolean }): IrqLine;
  /** The memory declared in `resources` under `name`. */
  block(name: string): MemoryBlock;
  readonly busMaster: BusMaster;
  readonly memory: PhysicalMemory;
  readonly clock: Clock;
  readonly machine: MachineControl;
  readonly log: Logger;
  /**
   * Brings the result of host work (a disk read) into the machine: `done` or `failed` runs between two
   * instructions, not before `latencyNs` of virtual time has passed. With the deterministic clock the machine
   * waits for the host at exactly that time; with the real-time clock the result may come later.
   */
  complete<T>(work: Promise<T>, latencyNs: number, done: (result: T) => void, failed: (error: Error) => void): void;
}
