import type { Processor } from "backplane/sdk";
import { Bench } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";
import { ferr, port61, port92, postPort } from "./index.js";

/** A processor that is nothing but its pins. */
class Pins implements Processor {
  a20Enabled = true;
  ignneLevel = false;
  inits = 0;
  ferr: (level: boolean) => void = () => {};
  intr(): void {}
  connect(): void {}
  nmi(): void {}
  startFlat32(): void {}
  a20(enabled: boolean): void {
    this.a20Enabled = enabled;
  }
  onFerr(fn: (level: boolean) => void): void {
    this.ferr = fn;
  }
  ignne(level: boolean): void {
    this.ignneLevel = level;
  }
  init(): void {
    this.inits++;
  }
}

describe("ibm.port61", () => {
  const setUp = async () => {
    const timer = {
      gate: true,
      out2: false,
      gate2(level: boolean) {
        timer.gate = level;
      },
    };
    return { timer, bench: await Bench.plug(port61, { deps: { timer } }) };
  };

  it("opens the gate of counter 2 and shows its output", async () => {
    const { timer, bench } = await setUp();
    expect(timer.gate).toBe(false);
    bench.out8(0x61, 0xfd);
    expect([timer.gate, bench.in8(0x61)]).toEqual([true, 0x0d]);
    timer.out2 = true;
    expect(bench.in8(0x61)).toBe(0x2d);
    bench.out8(0x61, 0x02);
    expect([timer.gate, bench.in8(0x61)]).toEqual([false, 0x22]);
    bench.reset();
    expect(bench.in8(0x61)).toBe(0x20);
  });

  it("toggles the refresh bit every 15.085 us", async () => {
    const { bench } = await setUp();
    let toggles = 0;
    let before = bench.in8(0x61) & 0x10;
    for (let us = 0; us < 15_085; us++) {
      bench.clock.advance(1000);
      const now = bench.in8(0x61) & 0x10;
      if (now !== before) toggles++;
      before = now;
    }
    expect(toggles).toBe(1000);
  });
});

describe("ibm.port92", () => {
  it("switches A20 and reads the wire", async () => {
    const processor = new Pins();
    processor.a20Enabled = false;
    const bench = await Bench.plug(port92, { deps: { processor } });
    expect(bench.in8(0x92)).toBe(0x02);
    bench.out8(0x92, 0x00);
    expect([processor.a20Enabled, bench.in8(0x92)]).toEqual([false, 0]);
    processor.a20Enabled = true;
    expect(bench.in8(0x92)).toBe(0x02);
  });

  it("resets the processor on a rising edge of bit 0 only", async () => {
    const processor = new Pins();
    const bench = await Bench.plug(port92, { deps: { processor } });
    bench.out8(0x92, 0x03);
    bench.out8(0x92, 0x03);
    expect([processor.inits, bench.in8(0x92)]).toEqual([1, 0x03]);
    bench.out8(0x92, 0x02);
    bench.out8(0x92, 0x03);
    expect(processor.inits).toBe(2);
    bench.reset();
    expect(bench.in8(0x92)).toBe(0x02);
  });
});

describe("ibm.ferr", () => {
  it("latches an error on IRQ13 and lets the handler go on through port F0h", async () => {
    const processor = new Pins();
    const bench = await Bench.plug(ferr, { deps: { processor } });
    processor.ferr(true);
    expect(bench.lines.get(13)).toBe(true);
    bench.out8(0xf0, 0);
    expect([bench.lines.get(13), processor.ignneLevel]).toEqual([false, true]);
    processor.ferr(false);
    expect(processor.ignneLevel).toBe(false);
    processor.ferr(true);
    expect(bench.rises.get(13)).toBe(2);
  });

  it("keeps IRQ13 when FERR# goes away by itself, and asserts IGNNE# only for a pending error", async () => {
    const processor = new Pins();
    const bench = await Bench.plug(ferr, { deps: { processor } });
    bench.out8(0xf0, 0);
    expect(processor.ignneLevel).toBe(false);
    processor.ferr(true);
    processor.ferr(false);
    expect(bench.lines.get(13)).toBe(true);
    bench.out8(0xf1, 0);
    expect([bench.lines.get(13), processor.ignneLevel]).toEqual([false, false]);
    processor.ferr(true);
    bench.out8(0xf1, 0);
    expect([bench.lines.get(13), processor.ignneLevel]).toEqual([false, false]);
    bench.out8(0xf0, 0);
    bench.reset();
    expect([processor.ignneLevel, bench.state.ferr]).toEqual([false, false]);
  });
});

describe("ibm.post-port", () => {
  it("tells every listener each byte until it disconnects", async () => {
    const bench = await Bench.plug(postPort);
    const first: number[] = [];
    const second: number[] = [];
    const disconnect = bench.role.onByte((byte) => void first.push(byte));
    bench.role.onByte((byte) => void second.push(byte));
    bench.out8(0x80, 0x11);
    disconnect();
    bench.out8(0x80, 0x22);
    expect([first, second, bench.role.last, bench.in8(0x80)]).toEqual([[0x11], [0x11, 0x22], 0x22, 0x22]);
    bench.reset();
    expect(bench.role.last).toBe(0);
  });
});
