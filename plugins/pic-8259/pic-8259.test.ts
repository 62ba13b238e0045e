import type { InterruptAcknowledger, Processor } from "backplane/sdk";
import { Bench } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";
import { pic8259 } from "./index.js";

const setUp = async () => {
  const levels = new Array<boolean>(16).fill(false);
  let sink: (line: number, level: boolean) => void = () => {};
  let controller: InterruptAcknowledger | undefined;
  const cpu = { intr: false };
  const processor: Processor = {
    intr: (level) => void (cpu.intr = level),
    connect: (made) => void (controller = made),
    nmi: () => {},
    a20: () => {},
    a20Enabled: true,
    onFerr: () => {},
    ignne: () => {},
    init: () => {},
    startFlat32: () => {},
  };
  const lines = { connect: (fn: typeof sink) => void (sink = fn), level: (line: number) => levels[line] };
  const bench = await Bench.plug(pic8259, { deps: { processor, lines } });
  const drive = (line: number, level: boolean) => {
    if (levels[line] === level) return;
    levels[line] = level;
    sink(line, level);
  };
  const initialise = (icw4 = 0x01, masterIcw4 = icw4) => {
    for (const [port, value] of [
      [0x20, 0x11],
      [0x21, 0x30],
      [0x21, 0x04],
      [0x21, masterIcw4],
      [0xa0, 0x11],
      [0xa1, 0x38],
      [0xa1, 0x02],
      [0xa1, icw4],
    ] as const)
      bench.out8(port, value);
  };
  return { bench, cpu, drive, initialise, acknowledge: () => controller!.acknowledge() };
};
const isr = (bench: { in8(port: number): number; out8(port: number, value: number): void }, base = 0x20) => {
  bench.out8(base, 0x0b);
  const value = bench.in8(base);
  bench.out8(base, 0x0a);
  return value;
};

describe("intel.8259-pair", () => {
  it("keeps masks, as Linux probes them", async () => {
    const { bench } = await setUp();
    bench.out8(0xa1, 0xff);
    bench.out8(0x21, 0xfb);
    expect(bench.in8(0x21)).toBe(0xfb);
    expect(bench.in8(0xa1)).toBe(0xff);
  });

  it("stays silent until it has been initialised", async () => {
    const { bench, cpu, drive } = await setUp();
    drive(1, true);
    expect(cpu.intr).toBe(false);
    bench.out8(0x20, 0x11);
    expect(cpu.intr).toBe(false);
  });

  it("takes an edge once, blocks lower levels until EOI, and lets higher ones nest", async () => {
    const { bench, cpu, drive, initialise, acknowledge } = await setUp();
    initialise();
    drive(3, true);
    expect(cpu.intr).toBe(true);
    expect(acknowledge()).toBe(0x33);
    expect(cpu.intr).toBe(false);
    drive(4, true);
    expect(cpu.intr).toBe(false);
    drive(1, true);
    expect(acknowledge()).toBe(0x31);
    expect(isr(bench)).toBe(0x0a);
    bench.out8(0x20, 0x20);
    expect(isr(bench)).toBe(0x08);
    bench.out8(0x20, 0x63);
    expect(isr(bench)).toBe(0);
    expect(acknowledge()).toBe(0x34);
    bench.out8(0x20, 0x20);
    expect(cpu.intr).toBe(false);
    drive(3, false);
    drive(3, true);
    expect(cpu.intr).toBe(true);
  });

  it("repeats a level-triggered request while the line is high", async () => {
    const { bench, cpu, drive, initialise, acknowledge } = await setUp();
    initialise();
    bench.out8(0x4d0, 0xff);
    bench.out8(0x4d1, 0xff);
    expect(bench.in16(0x4d0)).toBe(0xdef8);
    drive(11, true);
    expect(acknowledge()).toBe(0x3b);
    bench.out8(0xa0, 0x20);
    bench.out8(0x20, 0x20);
    expect(cpu.intr).toBe(true);
    expect(acknowledge()).toBe(0x3b);
    drive(11, false);
    bench.out8(0xa0, 0x20);
    bench.out8(0x20, 0x20);
    expect(cpu.intr).toBe(false);
  });

  it("cascades the slave through IR2 and holds further slave requests until both EOIs", async () => {
    const { bench, cpu, drive, initialise, acknowledge } = await setUp();
    initialise();
    drive(12, true);
    expect(acknowledge()).toBe(0x3c);
    expect([isr(bench), isr(bench, 0xa0)]).toEqual([0x04, 0x10]);
    drive(8, true);
    expect(cpu.intr).toBe(false);
    bench.out8(0xa0, 0x20);
    expect(cpu.intr).toBe(false);
    bench.out8(0x20, 0x20);
    expect(acknowledge()).toBe(0x38);
  });

  it("lets a higher slave request nest in special fully nested mode, and no lower master request", async () => {
    const { bench, cpu, drive, initialise, acknowledge } = await setUp();
    initialise(0x01, 0x11);
    drive(12, true);
    acknowledge();
    drive(5, true);
    expect(cpu.intr).toBe(false);
    drive(8, true);
    expect(acknowledge()).toBe(0x38);
    expect(isr(bench, 0xa0)).toBe(0x11);
  });

  it("answers spurious IRQ7 and IRQ15 without setting the in-service bit of line 7", async () => {
    const { bench, drive, initialise, acknowledge } = await setUp();
    initialise();
    drive(4, true);
    drive(4, false);
    expect(acknowledge()).toBe(0x37);
    expect(isr(bench)).toBe(0);
    // With IR2 taken for an ordinary input of a slave that withdrew: the slave has nothing, the master has IR2.
    bench.state.master.irr |= 0x04;
    expect(acknowledge()).toBe(0x3f);
    expect([isr(bench), isr(bench, 0xa0)]).toEqual([0x04, 0]);
  });

  it("forgets a withdrawn request and keeps a masked one", async () => {
    const { bench, cpu, drive, initialise } = await setUp();
    initialise();
    bench.out8(0x21, 0xff);
    drive(4, true);
    expect(bench.in8(0x20)).toBe(0x10);
    expect(cpu.intr).toBe(false);
    bench.out8(0x21, 0x00);
    expect(cpu.intr).toBe(true);
    drive(4, false);
    expect(cpu.intr).toBe(false);
  });

  it("opens lower levels in special mask mode", async () => {
    const { bench, cpu, drive, initialise, acknowledge } = await setUp();
    initialise();
    drive(3, true);
    acknowledge();
    drive(6, true);
    expect(cpu.intr).toBe(false);
    bench.out8(0x21, 0x08);
    bench.out8(0x20, 0x68);
    expect(acknowledge()).toBe(0x36);
    bench.out8(0x20, 0x20);
    expect(isr(bench)).toBe(0x08);
    bench.out8(0x20, 0x20);
    expect(isr(bench)).toBe(0x08);
    bench.out8(0x20, 0x48);
    bench.out8(0x20, 0x20);
    expect(isr(bench)).toBe(0);
  });

  it("rotates priorities", async () => {
    const { bench, drive, initialise, acknowledge } = await setUp();
    initialise();
    drive(3, true);
    drive(5, true);
    expect(acknowledge()).toBe(0x33);
    bench.out8(0x20, 0xa0);
    drive(3, false);
    drive(3, true);
    expect(acknowledge()).toBe(0x35);
    bench.out8(0x20, 0x20);
    bench.out8(0x20, 0xc2);
    drive(0, true);
    expect(acknowledge()).toBe(0x33);
    bench.out8(0x20, 0xe3);
    expect(isr(bench)).toBe(0);
    expect(acknowledge()).toBe(0x30);
  });

  it("ends by itself in auto-EOI mode and rotates when told", async () => {
    const { bench, drive, initialise, acknowledge } = await setUp();
    initialise(0x03);
    bench.out8(0x20, 0x80);
    drive(0, true);
    drive(1, true);
    expect(acknowledge()).toBe(0x30);
    expect(isr(bench)).toBe(0);
    drive(0, false);
    drive(0, true);
    expect(acknowledge()).toBe(0x31);
    expect(acknowledge()).toBe(0x30);
  });

  it("answers polls", async () => {
    const { bench, cpu, drive, initialise } = await setUp();
    initialise();
    bench.out8(0x20, 0x0c);
    expect(bench.in8(0x20)).toBe(0);
    drive(6, true);
    bench.out8(0x20, 0x0c);
    expect(bench.in8(0x20)).toBe(0x86);
    expect(cpu.intr).toBe(false);
    expect(isr(bench)).toBe(0x40);
    expect(bench.in8(0x21)).toBe(0);
  });

  it("answers nothing but the bus when no slave has the identity the master calls", async () => {
    const { bench, drive, initialise, acknowledge } = await setUp();
    initialise();
    for (const value of [0x11, 0x38, 0x05, 0x01]) bench.out8(value === 0x11 ? 0xa0 : 0xa1, value);
    drive(9, true);
    expect(acknowledge()).toBe(0xff);
  });

  it("needs a new edge after initialisation, skips ICW3 and ICW4 when ICW1 says so", async () => {
    const { bench, cpu, drive, initialise, acknowledge } = await setUp();
    initialise();
    drive(3, true);
    bench.out8(0x20, 0x12);
    bench.out8(0x21, 0x40);
    expect(cpu.intr).toBe(false);
    bench.out8(0x21, 0x5a);
    expect(bench.in8(0x21)).toBe(0x5a);
    bench.out8(0x21, 0);
    drive(3, false);
    drive(3, true);
    expect(acknowledge()).toBe(0x43);
  });

  it("resets twice like once, and drives INTR again after loading", async () => {
    const { bench, cpu, drive, initialise } = await setUp();
    initialise();
    drive(10, true);
    expect(bench.role.requested).toBe(0x0404);
    const saved = bench.save();
    bench.reset();
    const once = bench.save();
    bench.reset();
    expect(bench.save()).toEqual(once);
    expect(cpu.intr).toBe(false);
    bench.load(saved);
    expect(cpu.intr).toBe(true);
  });
});
