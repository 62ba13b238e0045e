/** For the tests of this folder: a controller with drives on one bench, and a guest that talks to them. */
import { type AtaDrive, BackplaneError, type DiskImage, readLe16 } from "backplane/sdk";
import { Bench, BenchPciBus } from "backplane/sdk/testkit";
import { ataDisk } from "./ata-disk.js";
import { atapiCdrom } from "./atapi-cdrom.js";
import { piix4Ide } from "./controller.js";
import { initialPacketDrive } from "./packet-state.js";

/** An image of zeros and what was written; `failAt` is a byte that cannot be read or written. */
export class TestImage implements DiskImage {
  readonly label: string;
  readonly sizeBytes: number;
  readOnly = false;
  failAt = -1;
  flushes = 0;
  /** Offset and length of each access. */
  readonly log: string[] = [];
  readonly #sectors = new Map<number, Uint8Array>();
  /** While set, operations wait for it. */
  gate: Promise<void> | undefined;

  constructor(sizeBytes: number, label = "test.img") {
    this.sizeBytes = sizeBytes;
    this.label = label;
  }

  /** Every 512-byte sector starts with its own number. */
  static numbered(sectors: number, label?: string): TestImage {
    const image = new TestImage(sectors * 512, label);
    for (let sector = 0; sector < sectors; sector++) image.sector(sector).set([sector & 0xff, sector >>> 8, 0xc5, sector & 0x7f]);
    return image;
  }

  sector(number: number): Uint8Array {
    let bytes = this.#sectors.get(number);
    if (!bytes) this.#sectors.set(number, (bytes = new Uint8Array(512)));
    return bytes;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    this.log.push(`read ${offset}+${into.length}`);
    await this.gate;
    this.#check(offset, into.length);
    for (let at = 0; at < into.length; at += 512) {
      const sector = this.#sectors.get((offset + at) / 512);
      if (sector) into.set(sector, at);
      else into.fill(0, at, at + 512);
    }
  }
  async write(offset: number, from: Uint8Array): Promise<void> {
    this.log.push(`write ${offset}+${from.length}`);
    await this.gate;
    this.#check(offset, from.length);
    for (let at = 0; at < from.length; at += 512) this.sector((offset + at) / 512).set(from.subarray(at, at + 512));
  }
  async flush(): Promise<void> {
    this.flushes++;
  }
  #check(offset: number, length: number): void {
    if (offset + length > this.sizeBytes) throw new BackplaneError("DISK_OUT_OF_RANGE", "past the end");
    if (this.failAt >= offset && this.failAt < offset + length) throw new BackplaneError("DISK_IO", "bad spot");
  }
}

/** Where the bench places BAR 4. */
export const BMIDE = 0xc000;

export const plugIde = async (identity: "piix4" | "piix3" = "piix4") => {
  const pci = new BenchPciBus();
  const bench = await Bench.plug(piix4Ide, { deps: { pci }, config: { identity }, ramBytes: 4 << 20 });
  pci.place();
  const bm = {
    read: (offset: number, width: 1 | 4 = 1) => (width === 1 ? bench.in8(BMIDE + offset) : bench.in32(BMIDE + offset)),
    write: (offset: number, value: number, width: 1 | 4 = 1) => (width === 1 ? bench.out8(BMIDE + offset, value) : bench.out32(BMIDE + offset, value)),
  };
  /** The drive as the channel sees it, for tests below the cable. */
  const attached: AtaDrive[] = [];
  const bus = {
    attach: (position: string, connect: Parameters<typeof bench.role.attach>[1]) =>
      bench.role.attach(position, (host) => {
        const drive = connect(host);
        attached.push(drive);
        return drive;
      }),
  };

  const addDisk = async (image: DiskImage, unit = "0:0") => {
    const state = ataDisk.state.initial(undefined as never);
    const device = await ataDisk.create({ board: bench.board(`/pci/01.1/${unit}`), config: configOf(ataDisk), deps: { bus, image }, state });
    device.reset("power-on");
    return { device, state };
  };
  const addCdrom = async (image: DiskImage | undefined, unit = "0:0") => {
    const state = initialPacketDrive();
    const device = await atapiCdrom.create({ board: bench.board(`/pci/01.1/${unit}`), config: configOf(atapiCdrom), deps: { bus, image }, state });
    device.reset("power-on");
    return { device, state };
  };
  return { bench, pci, bm, attached, addDisk, addCdrom };
};

const configOf = <D extends { config: Record<string, { default: unknown }> }>(definition: D) =>
  Object.fromEntries(Object.entries(definition.config).map(([key, option]) => [key, option.default])) as never;

export type IdeBench = Awaited<ReturnType<typeof plugIde>>;

/** A guest at the ports of one channel. */
export class Guest {
  readonly #bench: IdeBench["bench"];
  readonly base: number;
  readonly control: number;

  constructor(ide: IdeBench, channel = 0) {
    this.#bench = ide.bench;
    this.base = channel === 0 ? 0x1f0 : 0x170;
    this.control = this.base + 0x206;
  }

  get status(): number {
    return this.#bench.in8(this.base + 7);
  }
  get altStatus(): number {
    return this.#bench.in8(this.control);
  }
  in(register: number): number {
    return this.#bench.in8(this.base + register);
  }
  out(register: number, value: number): void {
    this.#bench.out8(this.base + register, value);
  }
  get irq(): boolean {
    return this.#bench.lines.get(this.base === 0x1f0 ? 14 : 15) ?? false;
  }

  /** Registers 1-5 and device, then the command. */
  issue(command: number, registers: { features?: number; count?: number; lba?: number; device?: number } = {}): void {
    const { features = 0, count = 0, lba = 0, device = 0xe0 } = registers;
    this.out(6, device | (device & 0x40 ? (lba >>> 24) & 0x0f : 0));
    this.out(1, features);
    this.out(2, count);
    this.out(3, lba & 0xff);
    this.out(4, (lba >>> 8) & 0xff);
    this.out(5, (lba >>> 16) & 0xff);
    this.out(7, command);
  }

  issue48(command: number, lba: number, count: number, device = 0xe0): void {
    this.out(6, device);
    const high = Math.floor(lba / 0x100_0000);
    for (const [register, value] of [
      [2, count >>> 8],
      [3, high & 0xff],
      [4, (high >>> 8) & 0xff],
      [5, (high >>> 16) & 0xff],
      [2, count & 0xff],
      [3, lba & 0xff],
      [4, Math.floor(lba / 0x100) & 0xff],
      [5, Math.floor(lba / 0x1_0000) & 0xff],
    ]) {
      this.out(register, value);
    }
    this.out(7, command);
  }

  readWords(words: number): Uint8Array {
    const data = new Uint8Array(words * 2);
    for (let at = 0; at < data.length; at += 2) {
      const value = this.#bench.in16(this.base);
      data[at] = value;
      data[at + 1] = value >>> 8;
    }
    return data;
  }
  writeWords(data: Uint8Array): void {
    for (let at = 0; at < data.length; at += 2) this.#bench.out16(this.base, readLe16(data, at));
  }

  /** Sends a packet and waits for the host. */
  async packet(bytes: readonly number[], options: { limit?: number; dma?: boolean; device?: number } = {}): Promise<void> {
    const limit = options.limit ?? 0xfffe;
    this.issue(0xa0, { features: options.dma ? 1 : 0, lba: (limit & 0xffff) << 8, device: options.device ?? 0xa0 });
    this.writeWords(new Uint8Array(12).fill(0).map((_, index) => bytes[index] ?? 0));
    await this.#bench.settle();
  }

  /** All data blocks of the packet command under way. */
  async packetData(): Promise<Uint8Array> {
    const parts: number[] = [];
    while (this.status & 0x08) {
      const bytes = this.in(4) | (this.in(5) << 8);
      parts.push(...this.readWords((bytes + 1) >>> 1).subarray(0, bytes));
      await this.#bench.settle();
    }
    return new Uint8Array(parts);
  }

  /** Sense key, code and qualifier. */
  async sense(device = 0xa0): Promise<number[]> {
    await this.packet([0x03, 0, 0, 0, 18], { device });
    const data = await this.packetData();
    return [data[2], data[12], data[13]];
  }
}
