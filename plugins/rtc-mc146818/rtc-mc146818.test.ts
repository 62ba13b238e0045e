import { Bench } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";
import { frozenRtc, mc146818 } from "./index.js";

const EPOCH = Date.UTC(2024, 1, 28, 23, 59, 50, 250);
const SECOND = 1e9;
const plug = (definition = mc146818, epochMs = EPOCH) => Bench.plug(definition, { deps: { wall: { epochMs } } });
type RtcBench = Awaited<ReturnType<typeof plug>>;

const read = (bench: RtcBench, index: number) => {
  bench.out8(0x70, index);
  return bench.in8(0x71);
};
const write = (bench: RtcBench, index: number, value: number) => {
  bench.out8(0x70, index);
  bench.out8(0x71, value);
};
/** Century, year, month, day, hours, minutes, seconds as hexadecimal digits. */
const stamp = (bench: RtcBench) => [0x32, 9, 8, 7, 4, 2, 0].map((index) => read(bench, index).toString(16).padStart(2, "0")).join(" ");
/** Sets the clock as Linux' mc146818_set_time does. */
const setLikeLinux = (bench: RtcBench, fields: readonly number[]) => {
  const b = read(bench, 0x0b);
  write(bench, 0x0b, b | 0x80);
  const a = read(bench, 0x0a) & 0x7f;
  write(bench, 0x0a, a | 0x70);
  for (const [at, index] of [9, 8, 7, 4, 2, 0, 0x32].entries()) write(bench, index, fields[at]);
  write(bench, 0x0b, b);
  write(bench, 0x0a, a);
};

describe("motorola.mc146818 time", () => {
  it("starts from the wall clock and rolls over month and leap day", async () => {
    const bench = await plug();
    expect(stamp(bench)).toBe("20 24 02 28 23 59 50");
    expect(read(bench, 6)).toBe(4);
    bench.clock.advance(9.749 * SECOND);
    expect(stamp(bench)).toBe("20 24 02 28 23 59 59");
    bench.clock.advance(0.001 * SECOND);
    expect(stamp(bench)).toBe("20 24 02 29 00 00 00");
    bench.clock.advance(86_400 * SECOND);
    expect(stamp(bench)).toBe("20 24 03 01 00 00 00");
  });

  it("shows binary and 12-hour formats", async () => {
    const bench = await plug();
    write(bench, 0x0b, 0x06);
    expect([read(bench, 4), read(bench, 2), read(bench, 9)]).toEqual([23, 59, 24]);
    write(bench, 0x0b, 0x00);
    expect(read(bench, 4)).toBe(0x91);
    bench.clock.advance(10 * SECOND);
    expect(read(bench, 4)).toBe(0x12);
    bench.clock.advance(12 * 3600 * SECOND);
    expect(read(bench, 4)).toBe(0x92);
    bench.clock.advance(3600 * SECOND);
    write(bench, 0x0b, 0x04);
    expect(read(bench, 4)).toBe(0x81);
  });

  it("is set by Linux and ticks first half a second after the divider is released", async () => {
    const bench = await plug();
    setLikeLinux(bench, [0x99, 0x12, 0x31, 0x23, 0x59, 0x58, 0x19]);
    expect(stamp(bench)).toBe("19 99 12 31 23 59 58");
    bench.clock.advance(0.5 * SECOND - 1);
    expect(read(bench, 0)).toBe(0x58);
    bench.clock.advance(1);
    expect(read(bench, 0)).toBe(0x59);
    bench.clock.advance(SECOND);
    expect(stamp(bench)).toBe("20 00 01 01 00 00 00");
  });

  it("stands still and keeps raw bytes while SET is on", async () => {
    const bench = await plug();
    write(bench, 0x0b, 0x82);
    bench.clock.advance(30 * SECOND);
    expect(stamp(bench)).toBe("20 24 02 28 23 59 50");
    write(bench, 0, 0xff);
    expect(read(bench, 0)).toBe(0xff);
    write(bench, 0, 0x10);
    write(bench, 0x0b, 0x02);
    bench.clock.advance(SECOND);
    expect(read(bench, 0)).toBe(0x11);
  });

  it("can be set one register at a time without SET, and lets the guest choose the weekday", async () => {
    const bench = await plug();
    write(bench, 4, 0x08);
    write(bench, 6, 0x07);
    expect(stamp(bench)).toBe("20 24 02 28 08 59 50");
    bench.clock.advance(16 * 3600 * SECOND);
    expect(read(bench, 6)).toBe(1);
  });

  it("takes any bytes for a time", async () => {
    const bench = await plug();
    for (const binary of [0x02, 0x06, 0x00, 0x04])
      for (const byte of [0x00, 0x7f, 0xaa, 0xff]) {
        write(bench, 0x0b, 0x80 | binary);
        for (const index of [0, 2, 4, 6, 7, 8, 9, 0x32]) write(bench, index, byte);
        write(bench, 0x0b, binary);
        bench.clock.advance(SECOND);
        const month = read(bench, 8);
        expect(month).toBeGreaterThan(0);
        expect(month).toBeLessThanOrEqual(0x12);
        expect(Number.isFinite(bench.state.baseSeconds)).toBe(true);
      }
  });

  it("raises UIP before each update and the time changes as it falls", async () => {
    const bench = await plug();
    const uip = () => read(bench, 0x0a) >> 7;
    bench.clock.advance(0.75 * SECOND - 2_228_001);
    expect(uip()).toBe(0);
    bench.clock.advance(1);
    expect([uip(), read(bench, 0)]).toEqual([1, 0x50]);
    bench.clock.advance(2_227_999);
    expect([uip(), read(bench, 0)]).toEqual([1, 0x50]);
    bench.clock.advance(1);
    expect([uip(), read(bench, 0)]).toEqual([0, 0x51]);
    expect(read(bench, 0x0a)).toBe(0x26);
    expect(read(bench, 0x0d)).toBe(0x80);
  });
});

describe("motorola.mc146818 interrupts", () => {
  it("runs the periodic interrupt at each rate, once per read of register C", async () => {
    const bench = await plug();
    for (const [rate, hertz] of [
      [0x3, 8192],
      [0x6, 1024],
      [0x1, 256],
      [0xf, 2],
    ] as const) {
      write(bench, 0x0b, 0x02);
      write(bench, 0x0a, 0x20 | rate);
      read(bench, 0x0c);
      write(bench, 0x0b, 0x42);
      let count = 0;
      const end = bench.clock.nowNs + SECOND;
      while (bench.clock.nowNs < end) {
        bench.clock.advance(61_035.15625);
        if (!bench.lines.get(8)) continue;
        count++;
        expect(read(bench, 0x0c) & 0xc0).toBe(0xc0);
        expect(bench.lines.get(8)).toBe(false);
      }
      expect(count).toBe(hertz);
    }
  });

  it("makes progress when the divider was released between two whole nanoseconds", async () => {
    const bench = await plug();
    bench.clock.nowNs = 123_456_789.3;
    write(bench, 0x0a, 0x73);
    write(bench, 0x0a, 0x23);
    write(bench, 0x0b, 0x42);
    for (let n = 0; n < 8192; n++) {
      bench.clock.advance(122_071);
      expect(read(bench, 0x0c) & 0x40).toBe(0x40);
    }
    expect(bench.rises.get(8)).toBe(8192);
  });

  it("does not repeat before register C is read, and keeps the divider's phase", async () => {
    const bench = await plug();
    write(bench, 0x0a, 0x2f);
    write(bench, 0x0b, 0x42);
    bench.clock.advance(10 * SECOND);
    expect(bench.rises.get(8)).toBe(1);
    expect(bench.clock.armed()).toEqual({});
    read(bench, 0x0c);
    expect(bench.clock.armed()).toEqual({ event: 10.25 * SECOND });
  });

  it("interrupts after each update", async () => {
    const bench = await plug();
    write(bench, 0x0b, 0x12);
    bench.clock.advance(0.75 * SECOND - 1);
    expect(bench.lines.get(8)).toBe(false);
    bench.clock.advance(1);
    expect(bench.lines.get(8)).toBe(true);
    expect(read(bench, 0x0c)).toBe(0xd0);
    expect(read(bench, 0x0c)).toBe(0x00);
    bench.clock.advance(SECOND);
    expect(bench.rises.get(8)).toBe(2);
    write(bench, 0x0b, 0x92);
    expect(read(bench, 0x0b)).toBe(0x82);
  });

  it("matches the alarm, with don't-care bytes", async () => {
    const bench = await plug();
    write(bench, 1, 0x05);
    write(bench, 3, 0xc0);
    write(bench, 5, 0xff);
    write(bench, 0x0b, 0x22);
    bench.clock.advance(14.75 * SECOND - 1);
    expect(bench.lines.get(8)).toBe(false);
    bench.clock.advance(1);
    expect(stamp(bench)).toBe("20 24 02 29 00 00 05");
    expect(read(bench, 0x0c) & 0xa0).toBe(0xa0);
    bench.clock.advance(60 * SECOND);
    expect(bench.rises.get(8)).toBe(2);
  });

  it("matches a full alarm once a day, in 12-hour format too, and never an impossible one", async () => {
    const bench = await plug();
    write(bench, 0x0b, 0x00);
    write(bench, 1, 0x00);
    write(bench, 3, 0x30);
    write(bench, 5, 0x87);
    write(bench, 0x0b, 0x20);
    bench.clock.advance(86_400 * SECOND);
    expect(bench.rises.get(8)).toBe(1);
    expect(read(bench, 4)).toBe(0x91);
    read(bench, 0x0c);
    bench.clock.advance(86_400 * SECOND);
    expect(bench.rises.get(8)).toBe(2);
    read(bench, 0x0c);
    write(bench, 3, 0x75);
    bench.clock.advance(86_400 * SECOND);
    expect(bench.clock.armed()).toEqual({});
    expect(read(bench, 0x0c) & 0x20).toBe(0);
  });

  it("sets flags for pollers with interrupts off", async () => {
    const bench = await plug();
    for (const index of [1, 3, 5]) write(bench, index, 0xff);
    bench.clock.advance(SECOND);
    expect(read(bench, 0x0c)).toBe(0x70);
    expect(bench.rises.get(8)).toBeUndefined();
  });

  it("drops interrupts and keeps time and memory on reset", async () => {
    const bench = await plug();
    write(bench, 0x0b, 0x72);
    write(bench, 0x0f, 0x5a);
    bench.clock.advance(5 * SECOND);
    bench.reset();
    const once = bench.save();
    bench.reset();
    expect(bench.save()).toEqual(once);
    expect([read(bench, 0x0b), read(bench, 0x0c), read(bench, 0x0f), read(bench, 0)]).toEqual([0x02, 0, 0x5a, 0x55]);
  });

  it("goes on after loading into a machine with another wall clock", async () => {
    const bench = await plug();
    setLikeLinux(bench, [0x70, 0x01, 0x01, 0x00, 0x00, 0x00, 0x20]);
    write(bench, 0x0b, 0x12);
    const saved = bench.save();
    const other = await plug(mc146818, 0);
    other.load(saved);
    other.clock.advance(0.5 * SECOND);
    expect(stamp(other)).toBe("20 70 01 01 00 00 01");
    expect(other.lines.get(8)).toBe(true);
  });
});

describe("motorola.mc146818 memory", () => {
  it("has two banks and keeps the NMI mask apart from the index", async () => {
    const bench = await plug();
    write(bench, 0x80 | 0x40, 0x12);
    expect(read(bench, 0x40)).toBe(0x12);
    write(bench, 0x8f, 0x34);
    expect(bench.state.index).toBe(0x8f);
    bench.out8(0x72, 0x40);
    bench.out8(0x73, 0x56);
    expect([read(bench, 0x40), bench.in8(0x73), bench.role.read(0xc0)]).toEqual([0x12, 0x56, 0x56]);
    bench.role.write(0x34, 0x78);
    expect(read(bench, 0x34)).toBe(0x78);
    expect(bench.in8(0x70)).toBe(0xff);
  });

  it("can be looked at by firmware without losing flags", async () => {
    const bench = await plug();
    bench.clock.advance(SECOND);
    expect(bench.role.read(0x0c) & 0x10).toBe(0x10);
    expect(read(bench, 0x0c) & 0x10).toBe(0x10);
  });
});

describe("lab.frozen-rtc", () => {
  it("keeps its time through updates, and takes a new one", async () => {
    const bench = await plug(frozenRtc);
    write(bench, 0x0b, 0x32);
    for (const index of [1, 3, 5]) write(bench, index, 0xff);
    bench.clock.advance(100 * SECOND);
    expect(stamp(bench)).toBe("20 24 02 28 23 59 50");
    expect(read(bench, 0x0c)).toBe(0xd0);
    setLikeLinux(bench, [0x30, 0x06, 0x15, 0x12, 0x00, 0x00, 0x20]);
    bench.clock.advance(100 * SECOND);
    expect(stamp(bench)).toBe("20 30 06 15 12 00 00");
  });

  it("has the role and the resources of the clock it replaces", () => {
    expect(frozenRtc.provides).toBe(mc146818.provides);
    expect(frozenRtc.resources({})).toEqual(mc146818.resources({}));
    expect(frozenRtc.id).toBe("lab.frozen-rtc");
  });
});
