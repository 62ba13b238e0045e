import { Bench } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";
import { dma8237 } from "./index.js";

const WRITE = 0x44;
const READ = 0x48;
const plug = () => Bench.plug(dma8237);
type DmaBench = Awaited<ReturnType<typeof plug>>;

/** Programs channel 2 (bytes): a floppy's transfer. */
const program2 = (bench: DmaBench, mode: number, address: number, count: number) => {
  bench.out8(0x0a, 0x06);
  bench.out8(0x0c, 0);
  bench.out8(0x0b, mode | 2);
  bench.out8(0x04, address & 0xff);
  bench.out8(0x04, (address >> 8) & 0xff);
  bench.out8(0x05, (count - 1) & 0xff);
  bench.out8(0x05, (count - 1) >> 8);
  bench.out8(0x81, address >> 16);
  bench.out8(0x0a, 0x02);
};
const word = (bench: DmaBench, port: number) => {
  bench.out8(port < 0xc0 ? 0x0c : 0xd8, 0);
  return bench.in8(port) | (bench.in8(port) << 8);
};
const bytes = (length: number, from = 1) => Uint8Array.from({ length }, (_, at) => (from + at) & 0xff);

describe("intel.8237-pair", () => {
  it("writes a device's data to memory and stops at terminal count", async () => {
    const bench = await plug();
    const floppy = bench.role.channel(2);
    expect(floppy.transfer(bytes(4), true)).toEqual({ moved: 0, terminalCount: false });
    program2(bench, WRITE, 0x12340, 6);
    expect(floppy.ready).toBe(true);
    expect(floppy.transfer(bytes(4), true)).toEqual({ moved: 4, terminalCount: false });
    expect([word(bench, 0x04), word(bench, 0x05)]).toEqual([0x2344, 1]);
    expect(floppy.transfer(bytes(4, 5), true)).toEqual({ moved: 2, terminalCount: true });
    expect(Array.from(bench.ram.subarray(0x1233f, 0x12348))).toEqual([0, 1, 2, 3, 4, 5, 6, 0, 0]);
    expect(floppy.ready).toBe(false);
    expect([bench.in8(0x08), bench.in8(0x08)]).toEqual([0x04, 0x00]);
    expect(word(bench, 0x05)).toBe(0xffff);
    expect(bench.in8(0x0f)).toBe(0xff);
  });

  it("reads memory for a device", async () => {
    const bench = await plug();
    bench.ram.set(bytes(5), 0x4ffe);
    program2(bench, READ, 0x4ffe, 5);
    const data = new Uint8Array(8);
    expect(bench.role.channel(2).transfer(data, false)).toEqual({ moved: 5, terminalCount: true });
    expect(Array.from(data)).toEqual([1, 2, 3, 4, 5, 0, 0, 0]);
  });

  it("wraps at the end of a 64 KiB page", async () => {
    const bench = await plug();
    program2(bench, WRITE, 0x1fffe, 4);
    bench.role.channel(2).transfer(bytes(4), true);
    expect([bench.ram[0x1fffe], bench.ram[0x1ffff], bench.ram[0x10000], bench.ram[0x10001], bench.ram[0x20000]]).toEqual([1, 2, 3, 4, 0]);
  });

  it("counts addresses down", async () => {
    const bench = await plug();
    program2(bench, WRITE | 0x20, 0x10001, 3);
    bench.role.channel(2).transfer(bytes(3), true);
    expect([bench.ram[0x10001], bench.ram[0x10000], bench.ram[0x1ffff]]).toEqual([1, 2, 3]);
    expect(word(bench, 0x04)).toBe(0xfffe);
  });

  it("starts over at terminal count with auto-initialisation", async () => {
    const bench = await plug();
    program2(bench, WRITE | 0x10, 0x3000, 4);
    const channel = bench.role.channel(2);
    expect(channel.transfer(bytes(6), true)).toEqual({ moved: 4, terminalCount: true });
    expect(channel.ready).toBe(true);
    expect([word(bench, 0x04), word(bench, 0x05)]).toEqual([0x3000, 3]);
    channel.transfer(bytes(2, 9), true);
    expect(Array.from(bench.ram.subarray(0x3000, 0x3004))).toEqual([9, 10, 3, 4]);
  });

  it("verifies without touching memory or data, also when directions disagree", async () => {
    const bench = await plug();
    for (const [mode, toMemory] of [
      [0x40, true],
      [0x40, false],
      [READ, true],
      [WRITE, false],
    ] as const) {
      program2(bench, mode, 0x3000, 4);
      bench.ram.set([7, 7, 7, 7], 0x3000);
      const data = bytes(4);
      expect(bench.role.channel(2).transfer(data, toMemory)).toEqual({ moved: 4, terminalCount: true });
      expect(Array.from(data)).toEqual([1, 2, 3, 4]);
      expect(Array.from(bench.ram.subarray(0x3000, 0x3004))).toEqual([7, 7, 7, 7]);
    }
  });

  it("moves words on channels 5-7 within 128 KiB", async () => {
    const bench = await plug();
    bench.out8(0xd8, 0);
    bench.out8(0xd6, WRITE | 1);
    for (const value of [0xff, 0xff]) bench.out8(0xc4, value);
    for (const value of [0x01, 0x00]) bench.out8(0xc6, value);
    bench.out8(0x8b, 0x03);
    bench.out8(0xd4, 0x01);
    expect(bench.role.channel(5).transfer(bytes(5), true)).toEqual({ moved: 4, terminalCount: true });
    expect([bench.ram[0x3fffe], bench.ram[0x3ffff], bench.ram[0x20000], bench.ram[0x20001], bench.ram[0x20002]]).toEqual([1, 2, 3, 4, 0]);
    expect(bench.in8(0xd0)).toBe(0x02);
  });

  it("tells a waiting device once its channel is unmasked", async () => {
    const bench = await plug();
    let told = 0;
    const channel = bench.role.channel(2);
    channel.onReady(() => void told++);
    program2(bench, WRITE, 0, 4);
    expect(told).toBe(1);
    bench.out8(0x0a, 0x02);
    expect(told).toBe(1);
    bench.out8(0x08, 0x04);
    expect(channel.ready).toBe(false);
    bench.out8(0x08, 0x00);
    expect(told).toBe(2);
    bench.out8(0x0f, 0x0f);
    bench.out8(0x0e, 0);
    expect(told).toBe(3);
    bench.out8(0x0b, 0xc2);
    expect(channel.ready).toBe(false);
  });

  it("clears flip-flop, status and masks on master clear", async () => {
    const bench = await plug();
    program2(bench, WRITE, 0x3000, 1);
    bench.role.channel(2).transfer(bytes(1), true);
    bench.out8(0x09, 0x05);
    bench.out8(0x0e, 0);
    bench.out8(0x00, 0x55);
    bench.out8(0x0d, 0);
    expect(bench.in8(0x08)).toBe(0);
    expect(bench.in8(0x0f)).toBe(0xff);
    bench.out8(0x00, 0x34);
    bench.out8(0x00, 0x12);
    expect(word(bench, 0x00)).toBe(0x1234);
  });

  it("shows software requests in the status register", async () => {
    const bench = await plug();
    bench.out8(0x09, 0x06);
    expect(bench.in8(0x08)).toBe(0x40);
    bench.out8(0x09, 0x02);
    expect(bench.in8(0x08)).toBe(0x00);
  });

  it("keeps every page register but leaves port 80h alone", async () => {
    const bench = await plug();
    for (let port = 0x81; port <= 0x8f; port++) bench.out8(port, port ^ 0x5a);
    for (let port = 0x81; port <= 0x8f; port++) expect(bench.in8(port)).toBe(port ^ 0x5a);
    expect(bench.mappings.some((each) => each.base <= 0x80 && each.base + each.length > 0x80)).toBe(false);
  });

  it("refuses channels that carry no device", async () => {
    const bench = await plug();
    for (const number of [4, 8, -1, 1.5]) expect(() => bench.role.channel(number)).toThrow(/DMA channel/);
  });

  it("resets twice like once", async () => {
    const bench = await plug();
    program2(bench, WRITE, 0x12345, 9);
    bench.reset();
    const once = bench.save();
    bench.reset();
    expect(bench.save()).toEqual(once);
    expect(bench.in8(0x81)).toBe(0);
  });
});
