/**
 * Configuration space of one PCI function with a type 0 header, and the windows its base address registers open.
 *
 * Source: PCI Local Bus Specification 2.1, chapter 6.
 *
 * A base of zero and a window that ends at the top of the address space count as unassigned: the first is the reset
 * value, the second is what sizing leaves in the register for a moment.
 *
 * Not implemented: 64-bit BARs, capability lists, BIST, the interrupt status and disable bits of PCI 2.3.
 */
import type { Board, BusHandler, Mapping, PciBar, PciFunction, PciFunctionSpec } from "backplane/sdk";
import { readLe32, writeLe16, writeLe32 } from "backplane/sdk";

export const CONFIG_BYTES = 256;

const VENDOR_ID = 0x00;
const DEVICE_ID = 0x02;
const COMMAND = 0x04;
const STATUS = 0x06;
const REVISION_ID = 0x08;
const CLASS_CODE = 0x09;
const CACHE_LINE_SIZE = 0x0c;
const LATENCY_TIMER = 0x0d;
const HEADER_TYPE = 0x0e;
const BASE_ADDRESS = 0x10;
const SUBSYSTEM_VENDOR_ID = 0x2c;
const SUBSYSTEM_ID = 0x2e;
const ROM_ADDRESS = 0x30;
const INTERRUPT_LINE = 0x3c;
const INTERRUPT_PIN = 0x3d;
const DEVICE_SPECIFIC = 0x40;

const COMMAND_IO = 0x0001;
const COMMAND_MEMORY = 0x0002;
const COMMAND_MASTER = 0x0004;
/** I/O, memory, master, memory write and invalidate, parity response, SERR#. */
const COMMAND_WRITABLE = 0x0157;
/** Detected parity error, signalled system error, master and target aborts, data parity: cleared by writing ones. */
const STATUS_CLEARED_BY_ONE = 0xf900;
const MULTIFUNCTION = 0x80;
const BAR_IO = 1;
const BAR_PREFETCHABLE = 8;
const ROM_ENABLE = 1;
const ROM_MIN_BYTES = 2048;

/** A range of the bus that follows a register in configuration space. */
interface Window {
  readonly register: number;
  readonly size: number;
  /** Command register bit that has to be set. */
  readonly decode: number;
  /** Last address of the space. */
  readonly last: number;
  /** Bit 0 of the register switches the window too (the ROM BAR). */
  readonly ownEnable: boolean;
  open(base: number): Mapping | undefined;
  base: number | undefined;
  mapping: Mapping | undefined;
}

const overlaps = (offset: number, length: number, first: number, end: number): boolean => offset < end && offset + length > first;

export class ConfiguredFunction implements PciFunction {
  readonly config: Uint8Array;
  readonly device: number;
  readonly function: number;
  /** 0 for a function without an interrupt pin, else 1-4. */
  readonly pin: number;
  readonly #spec: PciFunctionSpec;
  readonly #drivePin: (level: boolean) => void;
  readonly #initial = new Uint8Array(CONFIG_BYTES);
  readonly #writable = new Uint8Array(CONFIG_BYTES);
  readonly #windows: Window[] = [];
  readonly #bars: (Window | undefined)[] = [];

  /** `config` is the saved array this function lives in; it gets the reset values. */
  constructor(board: Board, spec: PciFunctionSpec, device: number, fn: number, config: Uint8Array, drivePin: (level: boolean) => void) {
    this.config = config;
    this.device = device;
    this.function = fn;
    this.pin = spec.interruptPin ?? 0;
    this.#spec = spec;
    this.#drivePin = drivePin;
    this.#describeHeader(spec);
    for (const bar of spec.bars ?? []) this.#addBar(board, bar);
    if (spec.rom && spec.rom.length > 0) this.#addRom(board, spec.rom);
    for (const register of spec.registers ?? []) {
      this.#initial[register.offset] = register.value;
      this.#writable[register.offset] = register.writable;
    }
    this.config.set(this.#initial);
  }

  get busMasterEnabled(): boolean {
    return (this.config[COMMAND] & COMMAND_MASTER) !== 0;
  }

  barBase(index: number): number | undefined {
    return this.#bars[index]?.base;
  }

  interrupt(level: boolean): void {
    this.#drivePin(level);
  }

  /** A configuration cycle; `offset + width` does not go past the 256 bytes. */
  read(offset: number, width: 1 | 2 | 4): number {
    let value = 0;
    for (let byte = width - 1; byte >= 0; byte--) value = (value << 8) | this.config[offset + byte];
    return value >>> 0;
  }

  write(offset: number, width: 1 | 2 | 4, value: number): void {
    for (let byte = 0; byte < width; byte++) this.#writeByte(offset + byte, (value >>> (byte * 8)) & 0xff);
    const command = overlaps(offset, width, COMMAND, COMMAND + 2);
    if (command || overlaps(offset, width, BASE_ADDRESS, ROM_ADDRESS + 4)) this.decode();
    if (command || offset + width > DEVICE_SPECIFIC) this.#spec.onConfigWrite?.(offset, width);
  }

  /** Takes write access to a device-specific register away or gives it back (lock bits). */
  setWritable(offset: number, mask: number): void {
    this.#writable[offset] = mask;
  }

  reset(): void {
    this.config.set(this.#initial);
    for (const register of this.#spec.registers ?? []) this.#writable[register.offset] = register.writable;
    this.decode();
    this.#spec.onConfigWrite?.(COMMAND, CONFIG_BYTES - COMMAND);
  }

  /** Opens, moves and closes windows so that they agree with the registers. */
  decode(): void {
    for (const window of this.#windows) {
      const base = this.#wantedBase(window);
      if (base === window.base) continue;
      window.mapping?.unmap();
      window.base = base;
      window.mapping = base === undefined ? undefined : window.open(base);
    }
  }

  #wantedBase(window: Window): number | undefined {
    const register = readLe32(this.config, window.register);
    if (!(this.config[COMMAND] & window.decode) || (window.ownEnable && !(register & ROM_ENABLE))) return undefined;
    const base = (register & ~(window.size - 1)) >>> 0;
    return base === 0 || base + window.size - 1 >= window.last ? undefined : base;
  }

  #writeByte(offset: number, value: number): void {
    const mask = this.#writable[offset];
    let next = (this.config[offset] & ~mask) | (value & mask);
    if (offset === STATUS + 1) next &= ~(value & (STATUS_CLEARED_BY_ONE >>> 8));
    this.config[offset] = next;
  }

  #describeHeader(spec: PciFunctionSpec): void {
    const initial = this.#initial;
    const hardwired = spec.command ?? 0;
    writeLe16(initial, VENDOR_ID, spec.vendorId);
    writeLe16(initial, DEVICE_ID, spec.deviceId);
    writeLe16(initial, COMMAND, hardwired);
    writeLe16(initial, STATUS, spec.status ?? 0);
    initial[REVISION_ID] = spec.revision ?? 0;
    initial[CLASS_CODE] = spec.classCode;
    initial[CLASS_CODE + 1] = spec.classCode >>> 8;
    initial[CLASS_CODE + 2] = spec.classCode >>> 16;
    initial[HEADER_TYPE] = (spec.headerType ?? 0) | (spec.multifunction ? MULTIFUNCTION : 0);
    writeLe16(initial, SUBSYSTEM_VENDOR_ID, spec.subsystemVendorId ?? 0);
    writeLe16(initial, SUBSYSTEM_ID, spec.subsystemId ?? 0);
    initial[INTERRUPT_PIN] = this.pin;
    writeLe16(this.#writable, COMMAND, COMMAND_WRITABLE & ~hardwired);
    for (const register of [CACHE_LINE_SIZE, LATENCY_TIMER, INTERRUPT_LINE]) this.#writable[register] = 0xff;
  }

  #addBar(board: Board, bar: PciBar): void {
    const io = bar.kind === "io";
    const register = BASE_ADDRESS + bar.index * 4;
    this.#initial[register] = io ? BAR_IO : bar.prefetchable ? BAR_PREFETCHABLE : 0;
    writeLe32(this.#writable, register, ~(bar.size - 1));
    const open = (base: number): Mapping | undefined => {
      const { handler, block } = bar;
      if (block !== undefined && !io) {
        const memory = board.block(block);
        return memory.map(base, { length: Math.min(bar.size, memory.bytes.length), writable: true });
      }
      if (!handler) return undefined;
      return io ? board.ports(base, bar.size, handler, { relocatable: true }) : board.mmio(base, bar.size, handler, { relocatable: true });
    };
    const window = this.#addWindow(register, bar.size, io, false, open);
    this.#bars[bar.index] = window;
  }

  #addRom(board: Board, rom: Uint8Array): void {
    let size = ROM_MIN_BYTES;
    while (size < rom.length) size *= 2;
    writeLe32(this.#writable, ROM_ADDRESS, ~(size - 1) | ROM_ENABLE);
    const handler: BusHandler = { read8: (offset) => rom[offset] ?? 0xff };
    this.#addWindow(ROM_ADDRESS, size, false, true, (base) => board.mmio(base, size, handler, { relocatable: true }));
  }

  #addWindow(register: number, size: number, io: boolean, ownEnable: boolean, open: (base: number) => Mapping | undefined): Window {
    const window: Window = {
      register,
      size,
      decode: io ? COMMAND_IO : COMMAND_MEMORY,
      last: io ? 0xffff : 0xffff_ffff,
      ownEnable,
      open,
      base: undefined,
      mapping: undefined,
    };
    this.#windows.push(window);
    return window;
  }
}
