import { Bench } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";
import { ibmVga } from "./index.js";
import { FRAME_NS } from "./status.js";
import { Guest, MODE_03, pixel, sameBytes } from "./testing.js";

const plug = async () => {
  const bench = await Bench.plug(ibmVga);
  return { bench, guest: new Guest(bench) };
};

describe("registers", () => {
  it("moves the CRTC between colour and monochrome ports", async () => {
    const { bench } = await plug();
    bench.out8(0x3c2, 0x66);
    bench.out16(0x3b4, 0x550f);
    expect(bench.in8(0x3b5)).toBe(0x55);
    expect(bench.in8(0x3d5)).toBe(0xff);
    bench.out8(0x3c2, 0x67);
    expect(bench.in8(0x3cc)).toBe(0x67);
    expect(bench.in8(0x3d5)).toBe(0x55);
    expect(bench.in8(0x3b5)).toBe(0xff);
    expect(bench.in8(0x3ba)).toBe(0xff);
    bench.out8(0x3da, 1);
    expect(bench.in8(0x3ca)).toBe(1);
  });

  it("protects CRTC 0-7 except line compare bit 8", async () => {
    const { bench, guest } = await plug();
    guest.mode(MODE_03);
    guest.crtc(0x11, 0x8e);
    guest.crtc(0x01, 0x11);
    guest.crtc(0x07, 0x00);
    guest.crtc(0x08, 0x03);
    const read = (index: number) => {
      bench.out8(0x3d4, index);
      return bench.in8(0x3d5);
    };
    expect([read(1), read(7), read(8)]).toEqual([0x4f, 0x0f, 0x03]);
    expect(read(0x30)).toBe(0);
  });

  it("alternates attribute index and data until status is read", async () => {
    const { bench } = await plug();
    bench.out8(0x3c2, 0x67);
    bench.in8(0x3da);
    bench.out8(0x3c0, 0x05);
    bench.out8(0x3c0, 0x2a);
    bench.out8(0x3c0, 0x05);
    expect(bench.in8(0x3c1)).toBe(0x2a);
    bench.in8(0x3da);
    bench.out8(0x3c0, 0x26);
    expect(bench.in8(0x3c0)).toBe(0x26);
  });

  it("keeps unimplemented bits and indices at zero", async () => {
    const { bench, guest } = await plug();
    for (let index = 0; index < 8; index++) guest.sequencer(index, 0xff);
    const seen = Array.from({ length: 8 }, (_, index) => {
      bench.out8(0x3c4, index);
      return bench.in8(0x3c5);
    });
    expect(seen).toEqual([0x03, 0x3d, 0x0f, 0x3f, 0x0e, 0, 0, 0]);
  });

  it("loads and reads DAC entries of six bits with increment", async () => {
    const { bench } = await plug();
    bench.out8(0x3c8, 0xff);
    for (const value of [1, 2, 0xff, 4, 5, 6]) bench.out8(0x3c9, value);
    expect(bench.in8(0x3c8)).toBe(1);
    expect(bench.in8(0x3c7)).toBe(0);
    bench.out8(0x3c7, 0xff);
    expect(bench.in8(0x3c7)).toBe(3);
    expect(Array.from({ length: 6 }, () => bench.in8(0x3c9))).toEqual([1, 2, 0x3f, 4, 5, 6]);
  });

  it("senses a colour monitor on every gun", async () => {
    const { bench, guest } = await plug();
    expect(bench.in8(0x3c2) & 0x10).toBe(0x10);
    guest.colour(0, 0, 0, 0x3f);
    expect(bench.in8(0x3c2) & 0x10).toBe(0);
    guest.colour(0, 0x12, 0x12, 0x12);
    expect(bench.in8(0x3c2) & 0x10).toBe(0x10);
  });

  it("shows a raster of 70 Hz in input status 1", async () => {
    const { bench } = await plug();
    bench.out8(0x3c2, 0x67);
    let retraces = 0;
    let disabled = 0;
    let samples = 0;
    let last = 0;
    for (; bench.clock.nowNs < 1e9; samples++) {
      const status = bench.in8(0x3da);
      if (status & 8 && !(last & 8)) retraces++;
      if (status & 1) disabled++;
      last = status;
      bench.clock.advance(7_000);
    }
    expect(retraces).toBe(70);
    expect(disabled / samples).toBeGreaterThan(0.25);
    expect(disabled / samples).toBeLessThan(0.35);
    expect(1e9 / FRAME_NS).toBeCloseTo(70.09, 1);
  });

  it("shows palette, colour select, plane enable and pixel mask", async () => {
    const { bench, guest } = await plug();
    guest.mode(MODE_03);
    guest.glyph(0x41, Array(16).fill(0xff));
    guest.print(0, "A", 0x07);
    guest.colour(0x07, 0x3f, 0, 0);
    guest.colour(0x37, 0, 0x3f, 0);
    guest.colour(0xc3, 0, 0, 0x3f);
    const shown = () => pixel(bench.role.picture(), 0, 0);
    expect(shown()).toBe("ff0000");
    guest.attribute(0x10, 0x8c);
    guest.attribute(0x14, 0x03);
    expect(shown()).toBe("00ff00");
    guest.attribute(0x10, 0x0c);
    guest.attribute(0x14, 0x0c);
    guest.attribute(0x12, 0x03);
    expect(shown()).toBe("0000ff");
    bench.out8(0x3c6, 0x00);
    expect(shown()).toBe("000000");
  });

  it("restores everything a save holds, and decodes anew", async () => {
    const { bench, guest } = await plug();
    guest.mode(MODE_03);
    guest.glyph(0x41, [0x80]);
    guest.colour(7, 0x3f, 0, 0);
    guest.print(0, "A");
    const saved = bench.save();
    const vram = bench.blocks.get("vram")?.slice() as Uint8Array;
    const before = bench.role.picture();
    const changes = bench.role.changes;
    guest.graphics(6, 0x05);
    guest.colour(7, 0, 0x3f, 0);
    bench.reset();
    bench.poke(0xb8000, 1, 0x20);
    bench.blocks.get("vram")?.fill(0x55);
    bench.load(saved);
    expect(bench.save()["fields"]).toEqual(saved["fields"]);
    expect(sameBytes(bench.blocks.get("vram") as Uint8Array, vram)).toBe(true);
    expect(sameBytes(bench.role.picture().rgba, before.rgba)).toBe(true);
    expect(bench.peek(0xb8000, 2)).toBe(0x0741);
    expect(bench.role.changes).toBeGreaterThan(changes);
  });

  it("resets alike however often", async () => {
    const { bench, guest } = await plug();
    const fresh = bench.save();
    guest.mode(MODE_03);
    guest.colour(7, 1, 2, 3);
    bench.reset();
    bench.reset();
    expect(bench.save()["fields"]).toEqual(fresh["fields"]);
    expect(bench.peek(0xb8000, 1)).toBe(0xff);
  });
});
