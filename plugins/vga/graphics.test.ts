import { Bench, BenchPciBus } from "backplane/sdk/testkit";
import { beforeEach, describe, expect, it } from "vitest";
import { bochsVgaPci } from "./index.js";
import { Guest, MODE_04, MODE_12, MODE_13, pixel } from "./testing.js";

const plugPci = async () => {
  const bench = await Bench.plug(bochsVgaPci, { deps: { pci: new BenchPciBus(), storage: undefined } });
  return { bench, guest: new Guest(bench), vram: bench.blocks.get("vram") as Uint8Array };
};

type Plugged = Awaited<ReturnType<typeof plugPci>>;

let bench: Plugged["bench"];
let guest: Plugged["guest"];
let vram: Plugged["vram"];

beforeEach(async () => {
  ({ bench, guest, vram } = await plugPci());
});

describe("planar memory", () => {
  const planes = (address: number): number[] => [...vram.subarray(address * 4, address * 4 + 4)];

  beforeEach(() => guest.mode(MODE_12));

  it("write mode 0 honours the map mask", () => {
    guest.sequencer(2, 0x05);
    bench.poke(0xa0010, 1, 0x5a);
    expect(planes(0x10)).toEqual([0x5a, 0, 0x5a, 0]);
    bench.poke(0xa0010, 4, 0x4433_2211);
    expect([0x10, 0x11, 0x12, 0x13].map((at) => planes(at)[2])).toEqual([0x11, 0x22, 0x33, 0x44]);
    guest.graphics(4, 2);
    expect(bench.peek(0xa0010, 4)).toBe(0x4433_2211);
    guest.graphics(4, 1);
    expect(bench.peek(0xa0010, 4)).toBe(0);
  });

  it("write mode 0 rotates, sets and resets, and masks bits with the latches", () => {
    guest.sequencer(2, 0x0f);
    bench.poke(0xa0000, 1, 0xf0);
    bench.peek(0xa0000, 1);
    guest.graphics(3, 0x04);
    guest.graphics(1, 0x03);
    guest.graphics(0, 0x01);
    guest.graphics(8, 0x3c);
    bench.poke(0xa0001, 1, 0x0f);
    const mixed = (data: number) => (data & 0x3c) | (0xf0 & ~0x3c);
    expect(planes(1)).toEqual([mixed(0xff), mixed(0), mixed(0xf0), mixed(0xf0)]);
  });

  it.each([
    [0, 0x3c],
    [1, 0x3c & 0x55],
    [2, 0x3c | 0x55],
    [3, 0x3c ^ 0x55],
  ])("logical function %i", (select, result) => {
    bench.poke(0xa0000, 1, 0x55);
    bench.peek(0xa0000, 1);
    guest.graphics(3, select << 3);
    bench.poke(0xa0002, 1, 0x3c);
    expect(planes(2)).toEqual([result, result, result, result]);
  });

  it("write mode 1 copies the latches", () => {
    vram.set([1, 2, 3, 4], 0x20 * 4);
    guest.graphics(5, 0x01);
    bench.peek(0xa0020, 1);
    bench.poke(0xa0021, 1, 0xff);
    expect(planes(0x21)).toEqual([1, 2, 3, 4]);
    guest.sequencer(2, 0x08);
    bench.poke(0xa0022, 1, 0xff);
    expect(planes(0x22)).toEqual([0, 0, 0, 4]);
  });

  it("write mode 2 spreads a colour under the bit mask", () => {
    guest.graphics(5, 0x02);
    guest.graphics(8, 0x18);
    bench.peek(0xa0000, 1);
    bench.poke(0xa0000, 1, 0xfa);
    expect(planes(0)).toEqual([0, 0x18, 0, 0x18]);
  });

  it("write mode 3 masks set/reset with rotated data", () => {
    guest.graphics(5, 0x03);
    guest.graphics(0, 0x06);
    guest.graphics(3, 0x01);
    guest.graphics(8, 0x7f);
    bench.peek(0xa0000, 1);
    bench.poke(0xa0000, 1, 0x83);
    expect(planes(0)).toEqual([0, 0x41, 0x41, 0]);
  });

  it("read mode 1 compares colours in the planes that count", () => {
    vram.set([0xf0, 0xcc, 0xaa, 0x00], 0);
    guest.graphics(5, 0x08);
    guest.graphics(2, 0x03);
    guest.graphics(7, 0x0f);
    expect(bench.peek(0xa0000, 1)).toBe(0xf0 & 0xcc & ~0xaa);
    guest.graphics(7, 0x03);
    expect(bench.peek(0xa0000, 1)).toBe(0xf0 & 0xcc);
    guest.graphics(7, 0x00);
    expect(bench.peek(0xa0000, 1)).toBe(0xff);
  });

  it("saves the latches", () => {
    vram.set([1, 2, 3, 0x84], 0);
    bench.peek(0xa0000, 1);
    const saved = bench.save();
    bench.peek(0xa0100, 1);
    bench.load(saved);
    guest.graphics(5, 0x01);
    bench.poke(0xa0001, 1, 0);
    expect(planes(1)).toEqual([1, 2, 3, 0x84]);
  });

  it("answers only while memory is enabled, at the place selected", () => {
    bench.poke(0xa0000, 1, 0x12);
    expect(bench.peek(0xb8000, 1)).toBe(0xff);
    bench.out8(0x3c2, 0xe1);
    expect(bench.peek(0xa0000, 1)).toBe(0xff);
    bench.out8(0x3c2, 0xe3);
    expect(bench.peek(0xa0000, 1)).toBe(0x12);
    guest.graphics(6, 0x01);
    expect(bench.peek(0xb0000, 1)).toBe(0x12);
    guest.graphics(6, 0x0d);
    expect(bench.peek(0xb8000, 1)).toBe(0x12);
    expect(bench.peek(0xa0000, 1)).toBe(0xff);
  });

  it("draws sixteen colours at 640 x 480", () => {
    guest.colour(0x3f, 0x3f, 0x3f, 0x3f);
    guest.colour(0x02, 0, 0x2a, 0);
    vram.set([0x01, 0x01, 0x01, 0x01], (479 * 80 + 79) * 4);
    vram.set([0, 0x80, 0, 0], 80 * 4);
    const picture = bench.role.picture();
    expect([bench.role.mode, picture.width, picture.height]).toEqual(["graphics", 640, 480]);
    expect(bench.role.text()).toBeUndefined();
    expect([pixel(picture, 639, 479), pixel(picture, 638, 479), pixel(picture, 0, 1)]).toEqual(["ffffff", "000000", "00aa00"]);
    guest.attribute(0x13, 1);
    expect(pixel(bench.role.picture(), 638, 479)).toBe("ffffff");
  });
});

describe("256 colours", () => {
  beforeEach(() => {
    guest.mode(MODE_13);
    guest.colour(1, 0x3f, 0, 0);
    guest.colour(0xfe, 0, 0, 0x3f);
  });

  it("chain 4 is linear in all widths", () => {
    bench.poke(0xa0000, 4, 0x4433_2211);
    bench.poke(0xa0004, 2, 0x6655);
    bench.poke(0xa0006, 1, 0x77);
    expect([...vram.subarray(0, 8)]).toEqual([0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0]);
    expect(bench.peek(0xa0003, 4)).toBe(0x7766_5544);
    expect(bench.peek(0xaffff, 1)).toBe(0);
    expect(bench.peek(0xb0000, 1)).toBe(0xff);
    guest.sequencer(2, 0x0e);
    bench.poke(0xa0000, 4, 0xaabb_ccdd);
    expect(bench.peek(0xa0000, 4)).toBe(0xaabb_cc11);
  });

  it("shows each pixel as two by two dots", () => {
    bench.poke(0xa0000 + 100 * 320 + 319, 1, 0xfe);
    bench.poke(0xa0000, 1, 1);
    const picture = bench.role.picture();
    expect([picture.width, picture.height]).toEqual([640, 400]);
    for (const [x, y] of [
      [638, 200],
      [639, 200],
      [638, 201],
      [639, 201],
    ]) {
      expect(pixel(picture, x, y)).toBe("0000ff");
    }
    expect([pixel(picture, 637, 200), pixel(picture, 639, 202), pixel(picture, 1, 1), pixel(picture, 2, 0)]).toEqual(["000000", "000000", "ff0000", "000000"]);
  });

  it("mode X addresses the planes one by one", () => {
    guest.sequencer(4, 0x06);
    guest.crtc(0x14, 0x00);
    guest.crtc(0x17, 0xe3);
    guest.sequencer(2, 0x04);
    bench.poke(0xa0000 + 80, 1, 1);
    expect(vram[80 * 4 + 2]).toBe(1);
    expect(pixel(bench.role.picture(), 4, 2)).toBe("ff0000");
    guest.crtc(0x0d, 80);
    expect(pixel(bench.role.picture(), 4, 0)).toBe("ff0000");
  });
});

describe("CGA-compatible modes", () => {
  it("fetches interleaved lines of two bits a pixel", () => {
    guest.mode(MODE_04);
    guest.colour(1, 0x3f, 0, 0);
    guest.colour(2, 0, 0x3f, 0);
    guest.colour(3, 0, 0, 0x3f);
    bench.poke(0xb8000, 2, 0x401b);
    bench.poke(0xba000, 1, 0xc0);
    bench.poke(0xb8000 + 80, 1, 0x80);
    expect(bench.peek(0xb8000, 2)).toBe(0x401b);
    const picture = bench.role.picture();
    expect([picture.width, picture.height]).toEqual([640, 400]);
    expect([0, 2, 4, 6, 8, 10].map((x) => pixel(picture, x, 1))).toEqual(["000000", "ff0000", "00ff00", "0000ff", "ff0000", "000000"]);
    expect(pixel(picture, 0, 2)).toBe("0000ff");
    expect(pixel(picture, 0, 4)).toBe("00ff00");
  });
});
