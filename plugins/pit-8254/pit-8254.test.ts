import { Bench } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";
import { pit8254 } from "./index.js";
import { nsAt, ticksAt } from "./ticks.js";

const plug = () => Bench.plug(pit8254);
type PitBench = Awaited<ReturnType<typeof plug>>;

/** Moves to the very pulse `tick`. */
const goTo = (bench: PitBench, tick: number) => bench.clock.advance(nsAt(tick) - bench.clock.nowNs);
const program = (bench: PitBench, counter: number, mode: number, count: number, bcd = 0) => {
  bench.out8(0x43, (counter << 6) | 0x30 | (mode << 1) | bcd);
  bench.out8(0x40 + counter, count & 0xff);
  bench.out8(0x40 + counter, count >> 8);
};
const latch = (bench: PitBench, counter: number) => {
  bench.out8(0x43, counter << 6);
  return bench.in8(0x40 + counter) | (bench.in8(0x40 + counter) << 8);
};
const status = (bench: PitBench, counter: number) => {
  bench.out8(0x43, 0xe0 | (2 << counter));
  return bench.in8(0x40 + counter);
};
const out = (bench: PitBench, counter: number) => status(bench, counter) >> 7;
const outs = (bench: PitBench, counter: number, from: number, to: number) => {
  let levels = "";
  for (let tick = from; tick <= to; tick++) {
    goTo(bench, tick);
    levels += out(bench, counter);
  }
  return levels;
};

describe("ticks", () => {
  it("are exact over years and inverse to nanoseconds", () => {
    expect(ticksAt(12_000_000_000)).toBe(14_318_180);
    const years = 600_000_000 * 10_000_000;
    expect(ticksAt(years)).toBe(715_909 * 10_000_000);
    for (const tick of [0, 1, 2, 17, 1193, 65_536, 715_908, 715_909, 715_910, 7_159_090_000_003]) {
      expect(ticksAt(nsAt(tick))).toBe(tick);
      expect(ticksAt(nsAt(tick + 1) - 1)).toBe(tick);
      expect(ticksAt(nsAt(tick) + 0.7)).toBe(tick);
    }
  });
});

describe("intel.8254 counter 0", () => {
  it("ticks at 1193182/65536 Hz in mode 3 without drift", async () => {
    const bench = await plug();
    program(bench, 0, 3, 0);
    const first = bench.rises.get(0)!;
    for (let n = 1; n <= 2000; n++) {
      goTo(bench, 1 + n * 65_536 - 1);
      expect(bench.rises.get(0)).toBe(first + n - 1);
      goTo(bench, 1 + n * 65_536);
      expect(bench.rises.get(0)).toBe(first + n);
    }
  });

  it("runs Linux's periodic tick in mode 2 and reads down counts", async () => {
    const bench = await plug();
    program(bench, 0, 2, 4773);
    const before = bench.rises.get(0)!;
    goTo(bench, 1 + 4773 * 100);
    expect(bench.rises.get(0)! - before).toBe(100);
    expect(latch(bench, 0)).toBe(4773);
    goTo(bench, 1 + 4773 * 100 + 3);
    expect(latch(bench, 0)).toBe(4770);
    expect(outs(bench, 0, 4773 * 101 - 1, 4773 * 101 + 1)).toBe("101");
  });

  it("fires once in mode 0 and again only when rewritten", async () => {
    const bench = await plug();
    program(bench, 0, 0, 100);
    goTo(bench, 100);
    expect([bench.rises.get(0) ?? 0, out(bench, 0)]).toEqual([0, 0]);
    goTo(bench, 101);
    expect([bench.rises.get(0), out(bench, 0)]).toEqual([1, 1]);
    goTo(bench, 200_000);
    expect(bench.rises.get(0)).toBe(1);
    expect(latch(bench, 0)).toBe((100 - (200_000 - 1)) & 0xffff);
    bench.out8(0x40, 50);
    expect(bench.lines.get(0)).toBe(false);
    bench.out8(0x40, 0);
    goTo(bench, 200_051);
    expect(bench.rises.get(0)).toBe(2);
  });

  it("runs Linux's one-shot in mode 4, reloaded before it expires", async () => {
    const bench = await plug();
    bench.out8(0x43, 0x38);
    const before = bench.rises.get(0)!;
    bench.out8(0x40, 100);
    bench.out8(0x40, 0);
    goTo(bench, 90);
    bench.out8(0x40, 100);
    bench.out8(0x40, 0);
    goTo(bench, 191);
    expect([bench.rises.get(0)! - before, out(bench, 0)]).toEqual([0, 0]);
    goTo(bench, 192);
    expect([bench.rises.get(0)! - before, out(bench, 0)]).toEqual([1, 1]);
    goTo(bench, 300_000);
    expect(bench.rises.get(0)! - before).toBe(1);
  });

  it("merges edges missed by a late timer into one and keeps phase", async () => {
    const bench = await plug();
    program(bench, 0, 2, 1000);
    const before = bench.rises.get(0)!;
    bench.clock.nowNs = nsAt(1 + 10_500);
    bench.clock.advance(0);
    expect(bench.rises.get(0)! - before).toBe(1);
    goTo(bench, 1 + 11_000 - 1);
    expect(bench.rises.get(0)! - before).toBe(1);
    goTo(bench, 1 + 11_000);
    expect(bench.rises.get(0)! - before).toBe(2);
  });

  it("delivers an edge that is due when the guest reprograms the counter first", async () => {
    const bench = await plug();
    program(bench, 0, 0, 10);
    bench.clock.nowNs = nsAt(50);
    program(bench, 0, 0, 10);
    expect(bench.rises.get(0)).toBe(1);
  });

  it("takes a new count over at the end of the cycle in mode 2", async () => {
    const bench = await plug();
    program(bench, 0, 2, 100);
    const before = bench.rises.get(0)!;
    goTo(bench, 31);
    bench.out8(0x40, 40);
    bench.out8(0x40, 0);
    expect(status(bench, 0) & 0x40).toBe(0x40);
    expect(latch(bench, 0)).toBe(70);
    goTo(bench, 101);
    expect(status(bench, 0) & 0x40).toBe(0);
    expect(bench.rises.get(0)! - before).toBe(1);
    goTo(bench, 141);
    expect(bench.rises.get(0)! - before).toBe(2);
  });

  it("takes a new count over at the end of the half cycle in mode 3", async () => {
    const bench = await plug();
    program(bench, 0, 3, 8);
    const before = bench.rises.get(0)!;
    goTo(bench, 2);
    bench.out8(0x40, 4);
    bench.out8(0x40, 0);
    expect(outs(bench, 0, 3, 14)).toBe("110011001100");
    expect(bench.rises.get(0)! - before).toBe(2);
  });

  it("survives illegal counts without a flood", async () => {
    const bench = await plug();
    for (const mode of [2, 3]) {
      program(bench, 0, mode, 1);
      const before = bench.rises.get(0)!;
      bench.clock.advance(1_000_000);
      expect(bench.rises.get(0)).toBe(before);
      program(bench, 0, 0, 0);
    }
  });

  it("keeps its edge across save and load", async () => {
    const bench = await plug();
    program(bench, 0, 2, 1000);
    goTo(bench, 501);
    const saved = bench.save();
    const other = await plug();
    other.load(saved);
    const before = other.rises.get(0) ?? 0;
    goTo(other, 1001);
    expect((other.rises.get(0) ?? 0) - before).toBe(1);
    expect(latch(other, 0)).toBe(1000);
  });

  it("is quiet after reset, twice like once", async () => {
    const bench = await plug();
    program(bench, 0, 2, 100);
    bench.reset();
    const once = bench.save();
    bench.reset();
    expect(bench.save()).toEqual(once);
    expect(bench.clock.armed()).toEqual({});
  });
});

describe("intel.8254 counter 2", () => {
  it("runs the calibration of Linux and memtest86+: mode 0 behind the gate, OUT on port 61h", async () => {
    const bench = await plug();
    bench.role.gate2(true);
    program(bench, 2, 0, 59_659);
    expect(bench.role.out2).toBe(false);
    goTo(bench, 59_659);
    expect(bench.role.out2).toBe(false);
    goTo(bench, 59_660);
    expect(bench.role.out2).toBe(true);
    expect(bench.rises.get(0)).toBeUndefined();
  });

  it("reads live low and high bytes alternately", async () => {
    const bench = await plug();
    bench.role.gate2(true);
    program(bench, 2, 0, 0xffff);
    goTo(bench, 1 + 0x102);
    expect([bench.in8(0x42), bench.in8(0x42), bench.in8(0x42)]).toEqual([0xfd, 0xfe, 0xfd]);
  });

  it("stops mode 0 while the gate is low", async () => {
    const bench = await plug();
    program(bench, 2, 0, 10);
    goTo(bench, 100);
    expect(latch(bench, 2)).toBe(10);
    bench.role.gate2(true);
    goTo(bench, 104);
    bench.role.gate2(false);
    goTo(bench, 200);
    expect(latch(bench, 2)).toBe(6);
    bench.role.gate2(true);
    goTo(bench, 205);
    expect(bench.role.out2).toBe(false);
    goTo(bench, 206);
    expect(bench.role.out2).toBe(true);
    bench.role.gate2(false);
    expect(bench.role.out2).toBe(true);
  });

  it("is a retriggerable one-shot in mode 1", async () => {
    const bench = await plug();
    program(bench, 2, 1, 3);
    expect(outs(bench, 2, 0, 2)).toBe("111");
    bench.role.gate2(true);
    expect(outs(bench, 2, 3, 7)).toBe("00011");
    bench.role.gate2(false);
    bench.role.gate2(true);
    goTo(bench, 9);
    bench.role.gate2(false);
    bench.role.gate2(true);
    expect(outs(bench, 2, 9, 14)).toBe("000011");
  });

  it("restarts mode 2 on the gate and holds OUT high while it is low", async () => {
    const bench = await plug();
    bench.role.gate2(true);
    program(bench, 2, 2, 3);
    expect(outs(bench, 2, 1, 7)).toBe("1101101");
    goTo(bench, 9);
    expect(out(bench, 2)).toBe(0);
    bench.role.gate2(false);
    expect(outs(bench, 2, 9, 12)).toBe("1111");
    bench.role.gate2(true);
    expect(outs(bench, 2, 13, 16)).toBe("1101");
  });

  it("gives odd counts in mode 3 one more high pulse", async () => {
    const bench = await plug();
    bench.role.gate2(true);
    program(bench, 2, 3, 5);
    expect(outs(bench, 2, 1, 10)).toBe("1110011100");
    goTo(bench, 11);
    const counts = [];
    for (let tick = 11; tick <= 16; tick++) {
      goTo(bench, tick);
      counts.push(latch(bench, 2));
    }
    expect(counts).toEqual([4, 2, 0, 4, 2, 4]);
  });

  it("strobes once in modes 4 and 5", async () => {
    const bench = await plug();
    bench.role.gate2(true);
    program(bench, 2, 4, 3);
    expect(outs(bench, 2, 1, 8)).toBe("11101111");
    program(bench, 2, 5, 2);
    expect(outs(bench, 2, 9, 12)).toBe("1111");
    bench.role.gate2(false);
    bench.role.gate2(true);
    expect(outs(bench, 2, 13, 17)).toBe("11011");
  });

  it("counts in BCD", async () => {
    const bench = await plug();
    bench.role.gate2(true);
    program(bench, 2, 0, 0x1000, 1);
    goTo(bench, 2);
    expect(latch(bench, 2)).toBe(0x0999);
    goTo(bench, 1 + 1000 + 1);
    expect([latch(bench, 2), out(bench, 2)]).toEqual([0x9999, 1]);
    program(bench, 2, 2, 0xffff, 1);
    goTo(bench, 1003);
    expect(latch(bench, 2)).toBe(0);
  });

  it("latches once until read, and gives status before count on read-back", async () => {
    const bench = await plug();
    bench.role.gate2(true);
    program(bench, 2, 2, 0x1234);
    goTo(bench, 1);
    bench.out8(0x43, 0x80);
    goTo(bench, 100);
    bench.out8(0x43, 0x80);
    expect(bench.in8(0x42)).toBe(0x34);
    expect(bench.in8(0x42)).toBe(0x12);
    bench.out8(0x43, 0xc8);
    goTo(bench, 200);
    expect(bench.in8(0x42)).toBe(0xb4);
    expect(bench.in8(0x42) | (bench.in8(0x42) << 8)).toBe(0x1234 - 99);
    expect(bench.in8(0x43)).toBe(0xff);
  });

  it("moves single bytes in LSB-only and MSB-only format", async () => {
    const bench = await plug();
    bench.role.gate2(true);
    bench.out8(0x43, 0x94);
    bench.out8(0x42, 0x40);
    goTo(bench, 1 + 0x10);
    expect([bench.in8(0x42), bench.in8(0x42)]).toEqual([0x30, 0x30]);
    bench.out8(0x43, 0xa4);
    bench.out8(0x42, 0x02);
    goTo(bench, 0x12 + 0x10);
    expect([bench.in8(0x42), bench.in8(0x42)]).toEqual([0x01, 0x01]);
  });
});
