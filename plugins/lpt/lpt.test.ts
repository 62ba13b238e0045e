import { Bench } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";
import { ibmLpt } from "./index.js";

const DATA = 0x378;
const STATUS = 0x379;
const CONTROL = 0x37a;
const READY = 0xdf;

const plug = async () => {
  const bench = await Bench.plug(ibmLpt);
  const printed: number[] = [];
  const disconnect = bench.role.onPrint((byte) => printed.push(byte));
  const print = (byte: number, control = 0x0c): void => {
    bench.out8(DATA, byte);
    bench.out8(CONTROL, control | 1);
    bench.out8(CONTROL, control);
  };
  return { bench, printed, disconnect, print, irq: () => bench.lines.get(7) };
};

describe("printing", () => {
  it("takes a byte at each strobe, is busy, then acknowledges", async () => {
    const { bench, printed, print } = await plug();
    expect(bench.in8(STATUS)).toBe(READY);
    print(0x41);
    expect(printed).toEqual([0x41]);
    expect(bench.in8(STATUS)).toBe(READY & ~0x80);
    print(0x42);
    bench.clock.advance(5000);
    expect(bench.in8(STATUS)).toBe(READY & ~0x40);
    bench.clock.advance(10_000);
    expect(bench.in8(STATUS)).toBe(READY);
    print(0x43);
    expect(printed).toEqual([0x41, 0x43]);
  });

  it("shows a late driver the acknowledge once", async () => {
    const { bench, print } = await plug();
    print(0x41);
    bench.clock.advance(1_000_000);
    expect(bench.in8(STATUS)).toBe(READY & ~0x40);
    expect(bench.in8(STATUS)).toBe(READY);
  });

  it("prints for nobody after the listener has gone, and not while the data lines are inputs", async () => {
    const { bench, printed, disconnect, print } = await plug();
    print(0x41, 0x2c);
    expect(printed).toEqual([]);
    expect(bench.in8(STATUS)).toBe(READY);
    disconnect();
    print(0x42);
    expect(printed).toEqual([]);
  });
});

describe("registers", () => {
  it("read back, with the data lines undriven as inputs", async () => {
    const { bench } = await plug();
    bench.out8(DATA, 0x55);
    expect(bench.in8(DATA)).toBe(0x55);
    bench.out8(CONTROL, 0x2c);
    expect(bench.in8(CONTROL)).toBe(0xec);
    expect(bench.in8(DATA)).toBe(0xff);
    bench.out8(CONTROL, 0x0e);
    expect([bench.in8(DATA), bench.in8(CONTROL) & 0x0f]).toEqual([0x55, 0x0e]);
    bench.out8(STATUS, 0);
    expect(bench.in8(STATUS)).toBe(READY);
  });
});

describe("interrupt", () => {
  it("follows the acknowledge when enabled, until status is read", async () => {
    const { bench, print, irq } = await plug();
    print(0x41);
    bench.clock.advance(20_000);
    bench.out8(CONTROL, 0x1c);
    expect(irq()).toBe(false);
    print(0x42, 0x1c);
    bench.clock.advance(14_999);
    expect(irq()).toBe(false);
    bench.clock.advance(1);
    expect(irq()).toBe(true);
    expect(bench.in8(STATUS) & 0x04).toBe(0);
    expect([irq(), bench.in8(STATUS)]).toEqual([false, READY]);
    print(0x43, 0x1c);
    bench.clock.advance(20_000);
    bench.out8(CONTROL, 0x0c);
    expect(irq()).toBe(false);
  });
});

describe("state", () => {
  it("goes on after load in the middle of a byte, and resets twice like once", async () => {
    const first = await plug();
    first.print(0x41, 0x1c);
    const second = await plug();
    second.bench.load(first.bench.save());
    expect(second.bench.in8(STATUS)).toBe(READY & ~0x80);
    second.bench.clock.advance(15_000);
    expect(second.irq()).toBe(true);
    second.bench.reset();
    const once = second.bench.save();
    second.bench.reset();
    expect(second.bench.save()).toEqual(once);
    expect(second.bench.in8(STATUS)).toBe(READY);
  });
});
