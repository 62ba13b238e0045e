/**
 * PCI bus 0 behind a 440-family host bridge: configuration mechanism #1, the functions, and their interrupt wires.
 *
 * Sources: PCI Local Bus Specification 2.1, 3.7.4.1 (configuration mechanism #1); Intel 440BX AGPset data sheet, CONFADD and CONFDATA.
 *
 * CONFADD is a 32-bit register at CF8h: narrower accesses pass it by and belong to ISA, where port CF9h is the PIIX's
 * reset control register. Therefore the bridge claims the single port CF8h and answers only 32-bit accesses there.
 *
 * Interrupt pins reach the four shared wires PIRQA#-PIRQD# rotated by device number, device 1 unrotated:
 * the wiring that SeaBIOS and the ACPI tables for 440FX machines describe.
 *
 * Not implemented: buses behind bridges (type 1 cycles answer all ones), special cycles.
 */
import type { Board, BusHandler, PciBus, PciFunction, PciFunctionSpec } from "backplane/sdk";
import { BackplaneError } from "backplane/sdk";
import { CONFIG_BYTES, ConfiguredFunction } from "./pci-function.js";

/** Saved state of the bus. Functions appear under `device.function` when they are plugged in. */
export interface PciBusState {
  /** CONFADD. */
  address: number;
  /** Configuration space of every function. */
  functions: { [where: string]: Uint8Array };
  /** Level of every function's interrupt pin. */
  pins: { [where: string]: boolean };
}

export const CONFADD = 0xcf8;
export const CONFDATA = 0xcfc;
const CONFADD_ENABLE = 0x8000_0000;
const CONFADD_BUS = 0x00ff_0000;
/** Enable, bus, device, function and doubleword; the rest reads as zero. */
const CONFADD_WRITABLE = 0x80ff_fffc;

const DEVICES = 32;
const FUNCTIONS = 8;
const PIRQS = 4;
const WHERE = /^([0-9a-f]{1,2})\.([0-7])$/i;

const allOnes = (width: 1 | 2 | 4): number => (width === 4 ? 0xffff_ffff : width === 2 ? 0xffff : 0xff);
const slotName = (device: number, fn: number): string => `${device.toString(16).padStart(2, "0")}.${fn}`;

export class RootBus implements PciBus {
  readonly #state: PciBusState;
  readonly #slots: (ConfiguredFunction | undefined)[] = new Array(DEVICES * FUNCTIONS).fill(undefined);
  readonly #wired: { readonly name: string; readonly pirq: number }[] = [];
  #route: (pirq: number, level: boolean) => void = () => {};

  constructor(state: PciBusState) {
    this.#state = state;
  }

  /**
   * @throws BackplaneError `PCI_SLOT_INVALID` when `where` is not `device.function`, `PCI_SLOT_TAKEN` naming the place.
   */
  attach(board: Board, spec: PciFunctionSpec, where?: string): PciFunction {
    return this.plug(board, spec, where);
  }

  /** `attach` for the bridge itself, which needs the function's inner side. */
  plug(board: Board, spec: PciFunctionSpec, where = board.path.slice(board.path.lastIndexOf("/") + 1)): ConfiguredFunction {
    const [, deviceText, fnText] = WHERE.exec(where) ?? [];
    const device = Number.parseInt(deviceText ?? "", 16);
    const fn = Number(fnText);
    if (!(device < DEVICES)) {
      throw new BackplaneError("PCI_SLOT_INVALID", `${board.path}: "${where}" is not a PCI slot; write device.function in hexadecimal like 07.1`, { path: board.path, where });
    }
    const name = slotName(device, fn);
    if (this.#slots[device * FUNCTIONS + fn]) {
      throw new BackplaneError("PCI_SLOT_TAKEN", `${board.path}: PCI slot ${name} already holds a function`, { path: board.path, where: name });
    }
    const config = new Uint8Array(CONFIG_BYTES);
    const plugged = new ConfiguredFunction(board, spec, device, fn, config, (level) => this.#drive(name, level));
    this.#slots[device * FUNCTIONS + fn] = plugged;
    this.#state.functions[name] = config;
    this.#state.pins[name] = false;
    if (plugged.pin > 0) this.#wired.push({ name, pirq: (device + plugged.pin - 2) & (PIRQS - 1) });
    return plugged;
  }

  functions(): readonly PciFunction[] {
    return this.#slots.filter((slot) => slot !== undefined);
  }

  configRead(device: number, fn: number, offset: number, width: 1 | 2 | 4): number {
    const slot = this.#slots[device * FUNCTIONS + fn];
    return slot && offset >= 0 && offset + width <= CONFIG_BYTES ? slot.read(offset, width) : allOnes(width);
  }

  configWrite(device: number, fn: number, offset: number, width: 1 | 2 | 4, value: number): void {
    const slot = this.#slots[device * FUNCTIONS + fn];
    if (slot && offset >= 0 && offset + width <= CONFIG_BYTES) slot.write(offset, width, value);
  }

  connectRouter(sink: (pirq: number, level: boolean) => void): void {
    this.#route = sink;
  }

  /** Port CF8h. */
  readonly addressPort: BusHandler = {
    read8: () => 0xff,
    read16: () => 0xffff,
    read32: () => this.#state.address,
    write32: (_offset, value) => {
      this.#state.address = (value & CONFADD_WRITABLE) >>> 0;
    },
  };

  /** Ports CFCh-CFFh. */
  readonly dataPort: BusHandler = {
    read8: (offset) => this.#cycleRead(offset, 1),
    read16: (offset) => this.#cycleRead(offset, 2),
    read32: (offset) => this.#cycleRead(offset, 4),
    write8: (offset, value) => this.#cycleWrite(offset, 1, value),
    write16: (offset, value) => this.#cycleWrite(offset, 2, value),
    write32: (offset, value) => this.#cycleWrite(offset, 4, value),
  };

  reset(): void {
    this.#state.address = 0;
    for (const name of Object.keys(this.#state.pins)) this.#state.pins[name] = false;
    for (const slot of this.#slots) slot?.reset();
    for (let pirq = 0; pirq < PIRQS; pirq++) this.#route(pirq, false);
  }

  loaded(): void {
    for (const slot of this.#slots) slot?.decode();
  }

  /** Whether the address register selects a function here and the access stays within its doubleword. */
  #selects(offset: number, width: number): boolean {
    const address = this.#state.address;
    return (address & CONFADD_ENABLE) !== 0 && (address & CONFADD_BUS) === 0 && offset + width <= 4;
  }

  #cycleRead(offset: number, width: 1 | 2 | 4): number {
    const address = this.#state.address;
    return this.#selects(offset, width) ? this.configRead((address >>> 11) & 0x1f, (address >>> 8) & 7, (address & 0xfc) + offset, width) : allOnes(width);
  }

  #cycleWrite(offset: number, width: 1 | 2 | 4, value: number): void {
    const address = this.#state.address;
    if (this.#selects(offset, width)) this.configWrite((address >>> 11) & 0x1f, (address >>> 8) & 7, (address & 0xfc) + offset, width, value);
  }

  #drive(name: string, level: boolean): void {
    const pins = this.#state.pins;
    if (pins[name] === level) return;
    const wire = this.#wired.find((each) => each.name === name);
    if (!wire) return;
    const before = this.#level(wire.pirq);
    pins[name] = level;
    const after = this.#level(wire.pirq);
    if (after !== before) this.#route(wire.pirq, after);
  }

  #level(pirq: number): boolean {
    for (const wire of this.#wired) if (wire.pirq === pirq && this.#state.pins[wire.name]) return true;
    return false;
  }
}
