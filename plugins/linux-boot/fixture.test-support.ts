/** For the tests in this folder: a synthetic bzImage, files, a PCI bus with sizeable BARs, and an i386 that knows the start code. */
import type { PciBus, PciFunction, Storage } from "backplane/sdk";
import { BackplaneError, readLe32, writeLe16, writeLe32 } from "backplane/sdk";

export interface ImageOptions {
  readonly version?: number;
  readonly loadflags?: number;
  readonly xloadflags?: number;
  readonly payload?: number;
  readonly declared?: number;
  readonly prefAddress?: number;
  readonly initSize?: number;
  readonly alignment?: number;
  readonly relocatable?: number;
  readonly initrdMax?: number;
  readonly commandLine?: number;
}

export const SETUP_BYTES = 3 * 512;

/** A bzImage with two setup sectors; its protected-mode part counts upwards. */
export const bzImage = (options: ImageOptions = {}): Uint8Array => {
  const payload = options.payload ?? 4096;
  const image = new Uint8Array(SETUP_BYTES + payload);
  image[0x1f1] = 2;
  writeLe32(image, 0x1f4, (options.declared ?? payload) / 16);
  writeLe16(image, 0x1fe, 0xaa55);
  image[0x200] = 0xeb;
  image[0x201] = 0x6a;
  image.set([0x48, 0x64, 0x72, 0x53], 0x202);
  writeLe16(image, 0x206, options.version ?? 0x020f);
  image[0x211] = options.loadflags ?? 1;
  writeLe32(image, 0x22c, options.initrdMax ?? 0x7fff_ffff);
  writeLe32(image, 0x230, options.alignment ?? 0x1000);
  image[0x234] = options.relocatable ?? 1;
  writeLe16(image, 0x236, options.xloadflags ?? 0);
  writeLe32(image, 0x238, options.commandLine ?? 2047);
  writeLe32(image, 0x258, options.prefAddress ?? 0x20_0000);
  writeLe32(image, 0x260, options.initSize ?? 0x10_0000);
  for (let at = SETUP_BYTES; at < image.length; at++) image[at] = at - SETUP_BYTES + 1;
  return image;
};

export const files = (contents: Readonly<Record<string, Uint8Array>>): Storage => {
  const find = (name: string): Uint8Array => {
    const found = contents[name];
    if (!found) throw new BackplaneError("STORAGE_NOT_FOUND", `${name}: no such file`, { name });
    return found;
  };
  return { open: () => Promise.reject(new Error("only whole files are read here")), readAll: async (name) => find(name) };
};

export interface FakeFunction {
  readonly where: readonly [device: number, fn: number];
  readonly id: number;
  readonly classCode: number;
  readonly pin?: number;
  /** BAR number to size; negative sizes are I/O. */
  readonly bars?: Readonly<Record<number, number>>;
  readonly initial?: Readonly<Record<number, number>>;
}

/** Configuration space whose only read-only parts are identity and the low bits of BARs. */
export const fakeBus = (described: readonly FakeFunction[]): PciBus => {
  const functions = described.map(({ where: [device, fn], id, classCode, pin = 0, bars = {}, initial = {} }) => {
    const config = new Uint8Array(256);
    const writable = new Uint8Array(256).fill(0xff);
    writeLe32(config, 0, id);
    writeLe32(config, 8, classCode * 256);
    config[0x3d] = pin;
    writable.fill(0, 0, 4);
    writable.fill(0, 8, 12);
    writable.fill(0, 0x10, 0x34);
    for (const [index, size] of Object.entries(bars)) {
      config[0x10 + Number(index) * 4] = size < 0 ? 1 : 0;
      writeLe32(writable, 0x10 + Number(index) * 4, ~(Math.abs(size) - 1));
    }
    for (const [offset, value] of Object.entries(initial)) config[Number(offset)] = value;
    const at: PciFunction = { config, device, function: fn, interrupt: () => {}, busMasterEnabled: false, barBase: () => undefined };
    return { at, writable };
  });
  const find = (device: number, fn: number) => functions.find(({ at }) => at.device === device && at.function === fn);
  return {
    attach: () => {
      throw new Error("nothing attaches here");
    },
    functions: () => functions.map(({ at }) => at),
    configRead(device, fn, offset, width) {
      const config = find(device, fn)?.at.config;
      return config ? readLe32(config, offset) % 2 ** (8 * width) : 2 ** (8 * width) - 1;
    },
    configWrite(device, fn, offset, width, value) {
      const found = find(device, fn);
      for (let byte = 0; found && byte < width; byte++) {
        const mask = found.writable[offset + byte];
        found.at.config[offset + byte] = (found.at.config[offset + byte] & ~mask) | ((value >>> (8 * byte)) & mask);
      }
    },
    connectRouter: () => {},
  };
};

/** A QEMU-like machine: 440FX, PIIX3 with IDE and PIIX4 power management, VGA, network card. */
export const pcFunctions: readonly FakeFunction[] = [
  { where: [0, 0], id: 0x1237_8086, classCode: 0x06_0000, initial: { 4: 6 } },
  { where: [1, 0], id: 0x7000_8086, classCode: 0x06_0100, initial: { 4: 7 } },
  { where: [1, 1], id: 0x7010_8086, classCode: 0x01_0180, bars: { 4: -16 } },
  { where: [1, 3], id: 0x7113_8086, classCode: 0x06_8000, pin: 1, initial: { 103: 0x08 } },
  { where: [2, 0], id: 0x1111_1234, classCode: 0x03_0000, bars: { 0: 16 << 20, 2: 4096 } },
  { where: [3, 0], id: 0x100e_8086, classCode: 0x02_0000, pin: 1, bars: { 0: 128 << 10, 1: -64 } },
];

export interface Run {
  /** `port=value` for writes, `port?` for reads. */
  readonly ports: string[];
  /** Bytes stored, by address, where they differ from memory before. */
  readonly stores: Map<number, number>;
  readonly jump: number;
  readonly esi: number;
}

/** Executes the start code at `eip` until it jumps away. */
export const runStartCode = (memory: Uint8Array, eip: number): Run => {
  const ports: string[] = [];
  const stores = new Map<number, number>();
  const registers = { eax: -1, ecx: -1, edx: -1, esi: -1, edi: -1 };
  const loads: Readonly<Record<number, keyof typeof registers>> = { 184: "eax", 185: "ecx", 186: "edx", 190: "esi", 191: "edi" };
  const store32 = (read: (byte: number) => number): void => {
    for (let byte = 0; byte < 4; byte++) stores.set(registers.edi + byte, read(byte));
    registers.edi += 4;
  };
  for (let steps = 0; steps < 100_000; steps++) {
    const opcode = memory[eip++];
    const loaded = loads[opcode];
    if (loaded) {
      registers[loaded] = readLe32(memory, eip);
      eip += 4;
    } else if (opcode === 0xfc) continue;
    else if (opcode === 0xee) ports.push(`${registers.edx.toString(16)}=${(registers.eax & 0xff).toString(16)}`);
    else if (opcode === 0xec) ports.push(`${registers.edx.toString(16)}?`);
    else if (opcode === 0x4a) registers.edx--;
    else if (opcode === 0x75) eip += registers.edx === 0 ? 1 : ((memory[eip] << 24) >> 24) + 1;
    else if (opcode === 0x83 && memory[eip] === 0xc7) {
      registers.edi += memory[eip + 1];
      eip += 2;
    } else if (opcode === 0x31) eip++;
    else if (opcode === 0xf3) {
      const move = memory[eip++] === 0xa5;
      for (; registers.ecx > 0; registers.ecx--) {
        store32((byte) => (move ? memory[registers.esi + byte] : (registers.eax >>> (8 * byte)) & 0xff));
        if (move) registers.esi += 4;
      }
    } else if (opcode === 0xff && memory[eip] === 0xe0) return { ports, stores, jump: registers.eax, esi: registers.esi };
    else throw new Error(`opcode ${opcode.toString(16)} at ${(eip - 1).toString(16)}`);
  }
  throw new Error("the start code does not end");
};
