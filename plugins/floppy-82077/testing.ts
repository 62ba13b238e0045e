/** A controller with one drive on the bench, a DMA channel and a disk, and the steps of a driver. */
import type { DiskImage, DmaChannel, IsaDma } from "backplane/sdk";
import { Bench, MemoryImage } from "backplane/sdk/testkit";
import { floppyDrive, intel82077aa } from "./index.js";

export const MS = 1_000_000;
const DOR = 0x3f2;
const MSR = 0x3f4;
const FIFO = 0x3f5;

/** Every sector starts with its number on the disk, low byte first. */
export const diskOf = (sizeBytes: number, readOnly = false) => {
  const image = new MemoryImage(sizeBytes, { label: "test.img", readOnly });
  for (let sector = 0; sector * 512 < sizeBytes; sector++) image.bytes.set([sector & 0xff, sector >> 8], sector * 512);
  return { bytes: image.bytes, image };
};

/** What a guest programmed the 8237 for: the memory and how much of it is left. */
export const dmaOf = () => {
  const channel = { memory: new Uint8Array(0), at: 0, ready: true, wake: (): void => {} };
  const port: DmaChannel = {
    transfer(data, toMemory) {
      if (!channel.ready) return { moved: 0, terminalCount: false };
      const moved = Math.min(data.length, channel.memory.length - channel.at);
      if (toMemory) channel.memory.set(data.subarray(0, moved), channel.at);
      else data.set(channel.memory.subarray(channel.at, channel.at + moved));
      channel.at += moved;
      return { moved, terminalCount: channel.at === channel.memory.length };
    },
    get ready() {
      return channel.ready;
    },
    onReady(fn) {
      channel.wake = fn;
    },
  };
  const dma: IsaDma = { channel: () => port };
  const program = (memory: Uint8Array<ArrayBuffer>): Uint8Array => {
    channel.memory = memory;
    channel.at = 0;
    return memory;
  };
  return { channel, dma, program };
};

export const plugFloppy = async (image: DiskImage | undefined, type: "auto" | "1.44M" | "1.2M" | "2.88M" = "auto") => {
  const { channel, dma, program } = dmaOf();
  const bench = await Bench.plug(intel82077aa, { path: "/isa/fdc", deps: { dma } });
  const drive = await Bench.plug(floppyDrive, { path: "/isa/fdc/0", config: { type }, deps: { bus: bench.role, image } });
  const status = (): number => bench.in8(MSR);
  const send = (...bytes: number[]): void => {
    for (const byte of bytes) bench.out8(FIFO, byte);
  };
  /** Reads what the result phase has. */
  const result = (): number[] => {
    const bytes: number[] = [];
    while ((status() & 0xc0) === 0xc0) bytes.push(bench.in8(FIFO));
    return bytes;
  };
  const pass = async (ms = 500): Promise<void> => {
    for (let round = 0; round < 8; round++) {
      await bench.settle();
      bench.clock.advance((ms / 8) * MS);
    }
  };
  /** A command that interrupts with a result. */
  const run = async (...bytes: number[]): Promise<number[]> => {
    send(...bytes);
    await pass();
    return result();
  };
  const senseInterrupt = (): number[] => {
    send(0x08);
    return result();
  };
  const seek = async (cylinder: number): Promise<number[]> => {
    send(0x0f, 0, cylinder);
    await pass();
    return senseInterrupt();
  };
  /** Out of reset, DMA gate open, the four poll results read, data rate set. */
  const start = (rate = 0): number[][] => {
    bench.out8(DOR, 0x08);
    bench.out8(DOR, 0x1c);
    bench.clock.advance(MS);
    bench.out8(0x3f7, rate);
    return [0, 1, 2, 3].map(senseInterrupt);
  };
  return { bench, drive, channel, program, status, send, result, pass, run, senseInterrupt, seek, start, irq: () => bench.lines.get(6) };
};
