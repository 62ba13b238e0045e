/**
 * A PCI bus for functions on the bench: configuration space with its writable bits, BARs mapped onto the bench board,
 * interrupt pins to look at, the wires of an interrupt router to drive.
 */

import { readLe32, writeLe16, writeLe32 } from "../../bits/index.js";
import type { Board, BusHandler, Mapping } from "../../contract/board.js";
import type { Fields } from "../../contract/state.js";
import type { PciBus, PciFunction, PciFunctionSpec } from "../../roles/pci.js";
import type { Random } from "../random.js";
import { type StandIn, type StandInBehaviour, standIn } from "../stand-in.js";

const COMMAND = 0x04;
const STATUS_HIGH = 0x07;
const BASE_ADDRESS = 0x10;
const ROM_ADDRESS = 0x30;
const INTERRUPT_LINE = 0x3c;
const DEVICE_SPECIFIC = 0x40;

const COMMAND_IO = 1;
const COMMAND_MEMORY = 2;
const COMMAND_MASTER = 4;
const COMMAND_WRITABLE = 0x0157;
const ROM_ENABLE = 1;

/** Where `place` puts BARs. */
const FIRST_IO = 0xc000;
const FIRST_MEMORY = 0xe000_0000;

const WHERE = /^([0-9a-f]{1,2})\.([0-7])$/i;

interface Window {
  readonly register: number;
  readonly size: number;
  readonly io: boolean;
  readonly rom: boolean;
  open(base: number): Mapping | undefined;
  base: number | undefined;
  mapping: Mapping | undefined;
}

const sizeOfRom = (bytes: number): number => 2 ** Math.max(11, Math.ceil(Math.log2(bytes)));

/** A function as the bench sees it. */
export class BenchPciFunction implements PciFunction {
  readonly config = new Uint8Array(256);
  readonly device: number;
  readonly function: number;
  readonly spec: PciFunctionSpec;
  /** Level of the interrupt pin. */
  get pin(): boolean {
    return this.state.pin;
  }
  /** How often the pin rose. */
  rises = 0;
  readonly state: { readonly config: Uint8Array; pin: boolean };
  readonly windows: readonly Window[];
  readonly #writable = new Uint8Array(256);

  constructor(board: Board, spec: PciFunctionSpec, device: number, fn: number) {
    this.spec = spec;
    this.device = device;
    this.function = fn;
    this.state = { config: this.config, pin: false };
    this.windows = [
      ...(spec.bars ?? []).map(
        (bar): Window => ({
          register: BASE_ADDRESS + bar.index * 4,
          size: bar.size,
          io: bar.kind === "io",
          rom: false,
          open: (base) => openBar(board, bar, base),
          base: undefined,
          mapping: undefined,
        }),
      ),
      ...romWindow(board, spec.rom),
    ];
    writeLe16(this.#writable, COMMAND, COMMAND_WRITABLE & ~(spec.command ?? 0));
    this.#writable.fill(0xff, INTERRUPT_LINE, INTERRUPT_LINE + 1);
    this.#writable.fill(0xff, 0x0c, 0x0e);
    for (const { register, size, rom } of this.windows) writeLe32(this.#writable, register, ~(size - 1) | (rom ? ROM_ENABLE : 0));
    for (const { offset, writable } of spec.registers ?? []) this.#writable[offset] = writable;
    this.initialise();
  }

  get busMasterEnabled(): boolean {
    return (this.config[COMMAND] & COMMAND_MASTER) !== 0;
  }

  barBase(index: number): number | undefined {
    return this.windows.find(({ register }) => register === BASE_ADDRESS + index * 4)?.base;
  }

  interrupt(level: boolean): void {
    if (!this.spec.interruptPin) return;
    if (level && !this.state.pin) this.rises++;
    this.state.pin = level;
  }

  read(offset: number, width: 1 | 2 | 4): number {
    let value = 0;
    for (let byte = width - 1; byte >= 0; byte--) value = (value << 8) | (this.config[offset + byte] ?? 0xff);
    return value >>> 0;
  }

  write(offset: number, width: 1 | 2 | 4, value: number): void {
    const { config } = this;
    for (let at = offset; at < Math.min(256, offset + width); at++) {
      const byte = (value >>> ((at - offset) * 8)) & 0xff;
      config[at] = at === STATUS_HIGH ? config[at] & ~(byte & 0xf9) : (config[at] & ~this.#writable[at]) | (byte & this.#writable[at]);
    }
    const command = offset < COMMAND + 2 && offset + width > COMMAND;
    if (command || (offset < INTERRUPT_LINE && offset + width > BASE_ADDRESS)) this.decode();
    if (command || offset + width > DEVICE_SPECIFIC) this.spec.onConfigWrite?.(offset, width);
  }

  /** Configuration space as after a reset of the bus. */
  initialise(): void {
    const { config, spec } = this;
    config.fill(0);
    writeLe16(config, 0, spec.vendorId);
    writeLe16(config, 2, spec.deviceId);
    writeLe16(config, COMMAND, spec.command ?? 0);
    writeLe16(config, 6, spec.status ?? 0);
    writeLe32(config, 8, (spec.revision ?? 0) | (spec.classCode << 8));
    config[0x0e] = (spec.headerType ?? 0) | (spec.multifunction ? 0x80 : 0);
    writeLe16(config, 0x2c, spec.subsystemVendorId ?? 0);
    writeLe16(config, 0x2e, spec.subsystemId ?? 0);
    config[0x3d] = spec.interruptPin ?? 0;
    for (const bar of spec.bars ?? []) config[BASE_ADDRESS + bar.index * 4] = bar.kind === "io" ? 1 : bar.prefetchable ? 8 : 0;
    for (const { offset, value } of spec.registers ?? []) config[offset] = value;
  }

  /** Opens, moves and closes windows so that they agree with the registers. */
  decode(): void {
    for (const window of this.windows) {
      const base = this.#wanted(window);
      if (base === window.base) continue;
      window.mapping?.unmap();
      window.base = base;
      window.mapping = base === undefined ? undefined : window.open(base);
    }
  }

  #wanted({ register, size, io, rom }: Window): number | undefined {
    const value = readLe32(this.config, register);
    const enabled = (this.config[COMMAND] & (io ? COMMAND_IO : COMMAND_MEMORY)) !== 0 && (!rom || (value & ROM_ENABLE) !== 0);
    const base = (value & ~(size - 1)) >>> 0;
    return enabled && base > 0 && base + size <= (io ? 0xffff : 0xffff_ffff) ? base : undefined;
  }
}

const openBar = (board: Board, bar: NonNullable<PciFunctionSpec["bars"]>[number], base: number): Mapping | undefined => {
  if (bar.block !== undefined) {
    const block = board.block(bar.block);
    return block.map(base, { length: Math.min(bar.size, block.bytes.length), writable: true });
  }
  if (!bar.handler) return undefined;
  return bar.kind === "io" ? board.ports(base, bar.size, bar.handler, { relocatable: true }) : board.mmio(base, bar.size, bar.handler, { relocatable: true });
};

const romWindow = (board: Board, rom: Uint8Array | undefined): Window[] => {
  if (!rom?.length) return [];
  const size = sizeOfRom(rom.length);
  const handler: BusHandler = { read8: (offset) => rom[offset] ?? 0xff };
  return [{ register: ROM_ADDRESS, size, io: false, rom: true, open: (base) => board.mmio(base, size, handler, { relocatable: true }), base: undefined, mapping: undefined }];
};

export class BenchPciBus implements PciBus, StandIn {
  readonly #functions: BenchPciFunction[] = [];
  #sink: ((pirq: number, level: boolean) => void) | undefined;
  readonly #state = { functions: {} as Record<string, Fields>, pirqs: new Uint8Array(4) };

  attach(board: Board, spec: PciFunctionSpec, where = board.path.slice(board.path.lastIndexOf("/") + 1)): BenchPciFunction {
    const [, device, fn] = WHERE.exec(where) ?? ["", (this.#functions.length + 1).toString(16), "0"];
    const plugged = new BenchPciFunction(board, spec, Number.parseInt(device, 16), Number(fn));
    this.#functions.push(plugged);
    this.#state.functions[String(this.#functions.length)] = plugged.state as unknown as Fields;
    return plugged;
  }

  functions(): readonly BenchPciFunction[] {
    return this.#functions;
  }

  configRead(device: number, fn: number, offset: number, width: 1 | 2 | 4): number {
    return this.#at(device, fn)?.read(offset, width) ?? 0xffff_ffff >>> (32 - width * 8);
  }

  configWrite(device: number, fn: number, offset: number, width: 1 | 2 | 4, value: number): void {
    this.#at(device, fn)?.write(offset, width, value);
  }

  connectRouter(sink: (pirq: number, level: boolean) => void): void {
    this.#sink = sink;
  }

  /** The first function plugged in: the device under test. */
  get card(): BenchPciFunction {
    const [first] = this.#functions;
    if (!first) throw new Error("no function has been plugged into the bench's PCI bus");
    return first;
  }
  /** What the first function was attached with. */
  get spec(): PciFunctionSpec {
    return this.card.spec;
  }
  /** Configuration cycles to the first function. */
  read(offset: number, width: 1 | 2 | 4): number {
    return this.card.read(offset, width);
  }
  write(offset: number, width: 1 | 2 | 4, value: number): void {
    this.card.write(offset, width, value);
  }

  /** Does what firmware does: gives every BAR an address (I/O from C000h, memory from E0000000h), enables decoding and bus mastering. */
  place(): void {
    let io = FIRST_IO;
    let memory = FIRST_MEMORY;
    for (const fn of this.#functions) {
      for (const window of fn.windows) {
        const base = Math.ceil((window.io ? io : memory) / window.size) * window.size;
        if (window.io) io = base + window.size;
        else memory = base + window.size;
        fn.write(window.register, 4, window.rom ? base | ROM_ENABLE : base);
      }
      fn.write(COMMAND, 2, COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER);
    }
  }

  /** Drives a wire into the interrupt router. */
  pirq(pirq: number, level: boolean): void {
    this.#state.pirqs[pirq] = level ? 1 : 0;
    this.#sink?.(pirq, level);
  }

  /** A reset of the bus: configuration space as at power-on, pins and wires low. */
  reset(): void {
    this.#state.pirqs.fill(0);
    for (const fn of this.#functions) {
      fn.state.pin = false;
      fn.initialise();
      fn.decode();
      fn.spec.onConfigWrite?.(COMMAND, 256 - COMMAND);
    }
    for (let pirq = 0; pirq < 4; pirq++) this.#sink?.(pirq, false);
  }

  get [standIn](): StandInBehaviour {
    return {
      path: "/pci/05.0",
      state: this.#state,
      loaded: () => {
        for (const fn of this.#functions) fn.decode();
      },
      reset: () => this.reset(),
      ready: () => this.place(),
      actions: {
        "configuration read": (random) => this.#randomRead(random),
        "configuration write": (random) => this.#randomWrite(random),
        "PCI interrupt wire": (random) => this.#randomWire(random),
      },
    };
  }

  #at(device: number, fn: number): BenchPciFunction | undefined {
    return this.#functions.find((each) => each.device === device && each.function === fn);
  }

  #randomRead(random: Random): number | undefined {
    if (this.#functions.length === 0) return undefined;
    const width = random.pick([1, 2, 4] as const);
    return random.pick(this.#functions).read(random.below(256 / width) * width, width);
  }

  /** Mostly the device's own registers; now and then the header, after which the BARs are placed again. */
  #randomWrite(random: Random): void {
    if (this.#functions.length === 0) return;
    const width = random.pick([1, 2, 4] as const);
    const header = random.oneIn(8);
    const offset = header ? COMMAND + random.below((DEVICE_SPECIFIC - COMMAND) / width) * width : DEVICE_SPECIFIC + random.below((256 - DEVICE_SPECIFIC) / width) * width;
    random.pick(this.#functions).write(offset, width, random.value(width));
    if (header && random.oneIn(2)) this.place();
  }

  #randomWire(random: Random): void {
    if (this.#sink) this.pirq(random.below(4), random.oneIn(2));
  }
}
