import type { Storage } from "backplane/sdk";
import { Bench, BenchPciBus, handlerRead, handlerWrite } from "backplane/sdk/testkit";
import { beforeEach, describe, expect, it } from "vitest";
import { bochsVgaPci } from "./index.js";
import { Guest, MODE_03, pixel } from "./testing.js";

const plugPci = async (config: { "vram-mib"?: number } = {}) => {
  const pci = new BenchPciBus();
  const bench = await Bench.plug(bochsVgaPci, { deps: { pci, storage: undefined }, config });
  return { bench, guest: new Guest(bench), vram: bench.blocks.get("vram") as Uint8Array, spec: pci.spec };
};

type Plugged = Awaited<ReturnType<typeof plugPci>>;

const XRES = 1;
const YRES = 2;
const BPP = 3;
const ENABLE = 4;
const BANK = 5;
const VIRT_WIDTH = 6;
const VIRT_HEIGHT = 7;
const X_OFFSET = 8;
const Y_OFFSET = 9;

describe("Bochs VBE extension", () => {
  let bench: Plugged["bench"];
  let guest: Plugged["guest"];
  let vram: Plugged["vram"];
  let spec: Plugged["spec"];

  beforeEach(async () => {
    ({ bench, guest, vram, spec } = await plugPci());
    bench.out8(0x3c2, 0x67);
    bench.in8(0x3da);
    bench.out8(0x3c0, 0x20);
  });

  const enter = (width: number, height: number, depth: number, flags = 0x41): void => {
    guest.dispi(ENABLE, 0);
    guest.dispi(XRES, width);
    guest.dispi(YRES, height);
    guest.dispi(BPP, depth);
    guest.dispi(ENABLE, flags);
  };

  it("answers a driver's probe", () => {
    guest.dispi(0, 0xb0c0);
    expect(guest.readDispi(0)).toBe(0xb0c0);
    guest.dispi(0, 0x1234);
    expect(guest.readDispi(0)).toBe(0xb0c0);
    expect(guest.readDispi(10)).toBe(256);
    guest.dispi(ENABLE, 2);
    expect([XRES, YRES, BPP].map((index) => guest.readDispi(index))).toEqual([2560, 1600, 32]);
    guest.dispi(ENABLE, 0);
    expect(guest.readDispi(XRES)).toBe(0);
    bench.out16(0x1ce, 10);
    expect(bench.in16(0x1d0)).toBe(256);
    expect(guest.readDispi(0xffff)).toBe(0);
  });

  it("shows 640 x 480 with 32 bits a pixel", () => {
    vram.fill(0xee);
    enter(640, 480, 32);
    expect([bench.role.mode, bench.role.width, bench.role.height]).toEqual(["graphics", 640, 480]);
    expect(pixel(bench.role.picture(), 320, 240)).toBe("000000");
    vram.set([0x33, 0x22, 0x11, 0], (479 * 640 + 639) * 4);
    const picture = bench.role.picture();
    expect(pixel(picture, 639, 479)).toBe("112233");
    expect(picture.rgba[3]).toBe(255);
    expect(vram[640 * 480 * 4]).toBe(0xee);
    enter(640, 480, 32, 0xc1);
    expect(pixel(bench.role.picture(), 639, 479)).toBe("112233");
  });

  it.each([
    [15, [0xff, 0x03], "00ffff"],
    [16, [0x1f, 0xf8], "ff00ff"],
    [24, [1, 2, 3], "030201"],
  ])("shows %i bits a pixel", (depth, data, colour) => {
    enter(800, 600, depth);
    vram.set(data, (800 + 2) * ((depth + 1) >> 3));
    expect(pixel(bench.role.picture(), 2, 1)).toBe(colour);
  });

  it("shows 8 bits a pixel through a DAC of 6 or 8 bits", () => {
    enter(640, 480, 8);
    vram[1] = 9;
    guest.colour(9, 0x3f, 0x20, 0);
    expect(pixel(bench.role.picture(), 1, 0)).toBe("ff8200");
    guest.dispi(ENABLE, 0x61);
    guest.colour(9, 0x81, 0x20, 0);
    expect(pixel(bench.role.picture(), 1, 0)).toBe("812000");
    bench.out8(0x3c7, 9);
    expect(bench.in8(0x3c9)).toBe(0x81);
    expect(vram[1]).toBe(9);
  });

  it("shows planar modes and banks their memory", () => {
    enter(1024, 768, 4);
    guest.sequencer(2, 0x0f);
    guest.sequencer(4, 0x06);
    guest.graphics(6, 0x05);
    guest.graphics(8, 0xff);
    guest.attribute(0x12, 0x0f);
    guest.attribute(5, 5);
    guest.colour(5, 0x3f, 0, 0x3f);
    const address = 700 * 128 + 3;
    guest.dispi(BANK, address >> 16);
    guest.sequencer(2, 0x05);
    bench.poke(0xa0000 + (address & 0xffff), 1, 0x40);
    expect([...vram.subarray(address * 4, address * 4 + 4)]).toEqual([0x40, 0, 0x40, 0]);
    expect(pixel(bench.role.picture(), 25, 700)).toBe("ff00ff");
    expect(pixel(bench.role.picture(), 24, 700)).toBe("000000");
  });

  it("banks linear memory through A0000h whatever the VGA says", () => {
    enter(1024, 768, 32);
    guest.dispi(BANK, 3);
    bench.poke(0xa0010, 4, 0x00c0_ffee);
    expect([...vram.subarray(0x30010, 0x30014)]).toEqual([0xee, 0xff, 0xc0, 0]);
    expect(bench.peek(0xa0011, 2)).toBe(0xc0ff);
    expect(bench.peek(0xb0000, 1)).toBe(0xff);
    guest.dispi(BANK, 0xffff);
    expect(guest.readDispi(BANK)).toBe(255);
    guest.dispi(ENABLE, 0);
    expect(guest.readDispi(BANK)).toBe(0);
  });

  it("scrolls in a virtual screen and bounds what a guest asks for", () => {
    enter(640, 480, 8);
    guest.colour(1, 0x3f, 0, 0);
    guest.dispi(VIRT_WIDTH, 1000);
    expect(guest.readDispi(VIRT_HEIGHT)).toBe(Math.floor((16 << 20) / 1000));
    vram[700 * 1000 + 200] = 1;
    guest.dispi(X_OFFSET, 200);
    guest.dispi(Y_OFFSET, 700);
    expect(pixel(bench.role.picture(), 0, 0)).toBe("ff0000");
    guest.dispi(VIRT_WIDTH, 3);
    expect(guest.readDispi(VIRT_WIDTH)).toBe(640);
    for (let index = XRES; index <= Y_OFFSET; index++) guest.dispi(index, 0xffff);
    for (const depth of [4, 8, 15, 16, 24, 32, 7]) {
      guest.dispi(BPP, depth);
      const picture = bench.role.picture();
      expect(picture.width).toBeLessThanOrEqual(2560);
      expect(picture.rgba.length).toBe(picture.width * picture.height * 4);
    }
    guest.dispi(XRES, 0);
    guest.dispi(YRES, 0);
    expect(bench.role.picture().rgba.length).toBeGreaterThan(0);
  });

  it("returns to the VGA's own modes", () => {
    guest.mode(MODE_03);
    enter(640, 480, 32);
    expect(bench.role.text()).toBeUndefined();
    guest.dispi(ENABLE, 0);
    guest.print(0, "ok");
    expect(bench.role.mode).toBe("text");
    expect(bench.role.text()?.characters[1]).toBe("k".charCodeAt(0));
  });

  it("lets changes grow at each look while the frame buffer is linear", () => {
    enter(640, 480, 32);
    const before = bench.role.changes;
    expect(bench.role.changes).toBeGreaterThan(before);
    guest.dispi(ENABLE, 0);
    const after = bench.role.changes;
    expect(bench.role.changes).toBe(after);
  });

  it("restores a mode from a save", () => {
    enter(640, 480, 32);
    guest.dispi(BANK, 2);
    vram.set([0x33, 0x22, 0x11], 4);
    const saved = bench.save();
    enter(800, 600, 8);
    vram.fill(0);
    bench.load(saved);
    expect(bench.save()["fields"]).toEqual(saved["fields"]);
    expect(bench.role.width).toBe(640);
    expect(pixel(bench.role.picture(), 1, 0)).toBe("112233");
    bench.poke(0xa0000, 1, 0x77);
    expect(vram[0x20000]).toBe(0x77);
  });

  it("introduces itself as the standard VGA", () => {
    expect(spec).toMatchObject({ vendorId: 0x1234, deviceId: 0x1111, classCode: 0x030000, revision: 2 });
    expect(spec?.bars?.[0]).toMatchObject({ index: 0, kind: "memory", size: 16 << 20, prefetchable: true, block: "vram" });
    expect(spec?.bars?.[1]).toMatchObject({ index: 2, kind: "memory", size: 4096 });
  });

  it("shows the same registers in BAR 2", () => {
    const registers = spec?.bars?.[1].handler;
    if (!registers) throw new Error("BAR 2 has no handler");
    expect(handlerRead(registers, 0x500, 2)).toBe(0xb0c5);
    handlerWrite(registers, 0x502, 2, 1024);
    expect(guest.readDispi(XRES)).toBe(1024);
    expect(handlerRead(registers, 0x514, 2)).toBe(256);
    handlerWrite(registers, 0x408, 1, 0x10);
    for (const value of [0x3f, 1, 2]) handlerWrite(registers, 0x409, 1, value);
    bench.out8(0x3c7, 0x10);
    expect(bench.in8(0x3c9)).toBe(0x3f);
    handlerWrite(registers, 0x404, 2, 0x0a02);
    expect(handlerRead(registers, 0x404, 2)).toBe(0x0a02);
    expect(handlerRead(registers, 0x600, 4)).toBe(8);
    expect(handlerRead(registers, 0x604, 4)).toBe(0x1e1e_1e1e);
    expect(handlerRead(registers, 0, 4)).toBe(0);
    expect(handlerRead(registers, 0xffc, 4)).toBe(0);
  });

  it("refuses display memory that is no power of two", async () => {
    await expect(plugPci({ "vram-mib": 12 })).rejects.toMatchObject({ code: "CONFIG_OUT_OF_RANGE" });
    expect((await plugPci({ "vram-mib": 1 })).vram.length).toBe(1 << 20);
  });

  it("shows a VGA BIOS in its expansion ROM when given one", async () => {
    const image = new Uint8Array([0x55, 0xaa, 1]);
    const pci = new BenchPciBus();
    const storage: Storage = { open: () => Promise.reject(new Error("not asked for")), readAll: async (name) => (name === "vga.bin" ? image : new Uint8Array()) };
    await Bench.plug(bochsVgaPci, { deps: { pci, storage }, config: { rom: "vga.bin" } });
    expect(pci.spec.rom).toBe(image);
    expect(spec?.rom).toBeUndefined();
    await expect(Bench.plug(bochsVgaPci, { deps: { pci, storage: undefined }, config: { rom: "vga.bin" } })).rejects.toMatchObject({ code: "STORAGE_ABSENT" });
  });
});
