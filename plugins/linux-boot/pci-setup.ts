/**
 * What a BIOS does to PCI bus 0: base addresses, decodes, interrupt routing, and the chips that need a switch thrown.
 *
 * Sources: PCI Local Bus Specification 2.1, 6.2.5 (sizing); Intel 290562 (82371AB) for IDETIM, PMBA, PMREGMISC and the
 * SMBus; Intel 440BX and 440FX data sheets for PAM.
 *
 * Not implemented: expansion ROMs (left unassigned), 64-bit BARs, buses behind bridges.
 */
import type { IsaBridge, Logger, PciBus, PciFunction } from "backplane/sdk";
import { hex } from "backplane/sdk";

const VENDOR_INTEL = 0x8086;
const DEVICE_PIIX4_PM = 0x7113;
/** Host bridges whose PAM registers are at 59h: 82443BX with and without AGP, 82441FX. */
const PAM_BRIDGES: readonly number[] = [0x7190, 0x7192, 0x1237];

const VENDOR_ID = 0x00;
const DEVICE_ID = 0x02;
const COMMAND = 0x04;
const SUBCLASS = 0x0a;
const HEADER_TYPE = 0x0e;
const BASE_ADDRESS = 0x10;
const BARS = 6;
const INTERRUPT_LINE = 0x3c;
const INTERRUPT_PIN = 0x3d;
const COMMAND_IO = 0x01;
const COMMAND_MEMORY = 0x02;
const COMMAND_MASTER = 0x04;
const CLASS_IDE = 0x0101;
const BASE_CLASS_BRIDGE = 0x06;
const HEADER_NORMAL = 0;
const BAR_IO = 1;
const BAR_FLAGS_IO = 0x03;
const BAR_FLAGS_MEMORY = 0x0f;

const PAM0 = 0x59;
const PAM6 = 0x5f;
const PAM0_DRAM = 0x30;
const PAM_DRAM = 0x33;

const IDETIM = 0x40;
const IDETIM_DECODE = 0x8000;
const PMBA = 0x40;
const DEVRESC_COM = 0x67;
const COM1_ENABLED = 0x08;
const COM2_ENABLED = 0x80;
const PMREGMISC = 0x80;
const PMIOSE = 0x01;
const SMBBA = 0x90;
const SMBHSTCFG = 0xd2;
const SMB_HST_EN = 0x01;
const PM_PORTS_BASE = 0xb000;
const SMBUS_PORTS_BASE = 0xb100;
/** Where the 82371AB raises its SCI. */
export const SCI_LINE = 9;

const IO_FIRST = 0xc000;
const IO_END = 0x1_0000;
const MEMORY_FIRST = 0xe000_0000;
/** APICs and the BIOS have the space from here on. */
const MEMORY_END = 0xfec0_0000;
const MEMORY_STEP = 0x0100_0000;

/** Line of each of PIRQA#-PIRQD#. */
const PIRQ_LINES = [10, 10, 11, 11] as const;
const PINS = [1, 2, 3, 4] as const;
const NO_LINE = 0xff;
/** The board's wiring: pins rotate by device number, device 1 unrotated. */
const pirqOf = (device: number, pin: number): number => (device + pin - 2) & 3;

export interface PowerBlock {
  readonly base: number;
  readonly com1: boolean;
  readonly com2: boolean;
}

export interface PciSetup {
  readonly memoryWindow: { readonly first: number; readonly last: number };
  /** Interrupt lines that are shared by level-triggered sources. */
  readonly levelLines: readonly number[];
  readonly routes: readonly { readonly device: number; readonly pin: number; readonly line: number }[];
  /** `undefined` without a PIIX4 power management function. */
  readonly power: PowerBlock | undefined;
}

interface Bar {
  readonly at: PciFunction;
  readonly register: number;
  readonly io: boolean;
  readonly size: number;
}

/** Sets up every function. The bus has just been reset: nothing is decoded yet. */
export const setUpPci = (bus: PciBus, isa: IsaBridge | undefined, ramBytes: number, log: Logger): PciSetup => {
  const functions = bus.functions();
  showShadowRam(bus);
  const first = Math.max(MEMORY_FIRST, Math.ceil(ramBytes / MEMORY_STEP) * MEMORY_STEP);
  const placed = assignBars(bus, functions, first, log);
  if (isa) for (const [pirq, line] of PIRQ_LINES.entries()) isa.routePirq(pirq, line);
  let power: PowerBlock | undefined;
  let powerDevice = -1;
  for (const at of functions) {
    if (isPower(bus, at)) {
      power = setUpPower(bus, at);
      powerDevice = at.device;
    }
    setUpFunction(bus, at, isa !== undefined, placed);
  }
  const devices = isa ? [...new Set(functions.map(({ device }) => device))] : [];
  const routes = devices.flatMap((device) => PINS.map((pin) => ({ device, pin, line: device === powerDevice && pin === 1 ? SCI_LINE : PIRQ_LINES[pirqOf(device, pin)] })));
  const levelLines = [...new Set([...(power ? [SCI_LINE] : []), ...(isa ? PIRQ_LINES : [])])];
  return { memoryWindow: { first, last: MEMORY_END - 1 }, levelLines, routes, power };
};

const isPower = (bus: PciBus, { device, function: fn }: PciFunction): boolean =>
  bus.configRead(device, fn, VENDOR_ID, 2) === VENDOR_INTEL && bus.configRead(device, fn, DEVICE_ID, 2) === DEVICE_PIIX4_PM;

/** C0000h-FFFFFh become RAM, as after a BIOS has copied itself there. */
const showShadowRam = (bus: PciBus): void => {
  if (bus.configRead(0, 0, VENDOR_ID, 2) !== VENDOR_INTEL || !PAM_BRIDGES.includes(bus.configRead(0, 0, DEVICE_ID, 2))) return;
  bus.configWrite(0, 0, PAM0, 1, PAM0_DRAM);
  for (let register = PAM0 + 1; register <= PAM6; register++) bus.configWrite(0, 0, register, 1, PAM_DRAM);
};

const sizeBars = (bus: PciBus, at: PciFunction): Bar[] => {
  const { device, function: fn } = at;
  if ((bus.configRead(device, fn, HEADER_TYPE, 1) & 0x7f) !== HEADER_NORMAL) return [];
  const bars: Bar[] = [];
  for (let register = BASE_ADDRESS; register < BASE_ADDRESS + BARS * 4; register += 4) {
    bus.configWrite(device, fn, register, 4, 0xffff_ffff);
    const answer = bus.configRead(device, fn, register, 4);
    bus.configWrite(device, fn, register, 4, 0);
    if (answer === 0 || answer === 0xffff_ffff) continue;
    const io = (answer & BAR_IO) !== 0;
    // I/O BARs may leave out the upper half of the address.
    const writable = io ? ((answer & ~BAR_FLAGS_IO) | 0xffff_0000) >>> 0 : (answer & ~BAR_FLAGS_MEMORY) >>> 0;
    bars.push({ at, register, io, size: 2 ** 32 - writable });
  }
  return bars;
};

/** Hands out addresses, largest BAR first so that each is aligned to its size. Returns what got one. */
const assignBars = (bus: PciBus, functions: readonly PciFunction[], memoryFirst: number, log: Logger): ReadonlySet<Bar> => {
  const bars = functions.flatMap((at) => sizeBars(bus, at)).sort((a, b) => b.size - a.size);
  const placed = new Set<Bar>();
  let nextIo = IO_FIRST;
  let nextMemory = memoryFirst;
  for (const bar of bars) {
    const { device, function: fn } = bar.at;
    const base = Math.ceil((bar.io ? nextIo : nextMemory) / bar.size) * bar.size;
    // A window that ends with the space itself is what sizing leaves behind; bridges do not open it.
    if (base + bar.size >= (bar.io ? IO_END : MEMORY_END)) {
      log.warn(`PCI ${hex(device, 2)}.${fn}: no room for a window of ${bar.size} bytes (BAR at ${hex(bar.register, 2)})`);
      continue;
    }
    if (bar.io) nextIo = base + bar.size;
    else nextMemory = base + bar.size;
    bus.configWrite(device, fn, bar.register, 4, base);
    placed.add(bar);
  }
  return placed;
};

const setUpFunction = (bus: PciBus, at: PciFunction, routed: boolean, placed: ReadonlySet<Bar>): void => {
  const { device, function: fn } = at;
  const subclass = bus.configRead(device, fn, SUBCLASS, 2);
  const pin = bus.configRead(device, fn, INTERRUPT_PIN, 1);
  if (pin > 0) {
    const line = isPower(bus, at) ? SCI_LINE : PIRQ_LINES[pirqOf(device, pin)];
    bus.configWrite(device, fn, INTERRUPT_LINE, 1, routed ? line : NO_LINE);
  }
  const ide = subclass === CLASS_IDE;
  if (ide && bus.configRead(device, fn, VENDOR_ID, 2) === VENDOR_INTEL) {
    bus.configWrite(device, fn, IDETIM, 2, IDETIM_DECODE);
    bus.configWrite(device, fn, IDETIM + 2, 2, IDETIM_DECODE);
  }
  let command = bus.configRead(device, fn, COMMAND, 2);
  if (subclass >>> 8 !== BASE_CLASS_BRIDGE) command |= COMMAND_MASTER;
  if (ide) command |= COMMAND_IO;
  for (const bar of placed) if (bar.at === at) command |= bar.io ? COMMAND_IO : COMMAND_MEMORY;
  bus.configWrite(device, fn, COMMAND, 2, command);
};

const setUpPower = (bus: PciBus, { device, function: fn }: PciFunction): PowerBlock => {
  bus.configWrite(device, fn, PMBA, 4, PM_PORTS_BASE | 1);
  bus.configWrite(device, fn, PMREGMISC, 1, PMIOSE);
  bus.configWrite(device, fn, SMBBA, 4, SMBUS_PORTS_BASE | 1);
  bus.configWrite(device, fn, SMBHSTCFG, 1, SMB_HST_EN);
  const serial = bus.configRead(device, fn, DEVRESC_COM, 1);
  return { base: PM_PORTS_BASE, com1: (serial & COM1_ENABLED) !== 0, com2: (serial & COM2_ENABLED) !== 0 };
};
