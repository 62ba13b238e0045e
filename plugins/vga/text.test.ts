import { Bench, BenchPciBus } from "backplane/sdk/testkit";
import { beforeEach, describe, expect, it } from "vitest";
import { bochsVgaPci } from "./index.js";
import { FRAME_NS } from "./status.js";
import { Guest, MODE_03, pixel } from "./testing.js";

const plugPci = async () => {
  const bench = await Bench.plug(bochsVgaPci, { deps: { pci: new BenchPciBus(), storage: undefined } });
  return { bench, guest: new Guest(bench) };
};

type Plugged = Awaited<ReturnType<typeof plugPci>>;

const LETTER = [0, 0, 0x10, 0x38, 0x6c, 0xc6, 0xc6, 0xfe, 0xc6, 0xc6, 0xc6, 0x81, 0, 0, 0, 0];
const GREY = "aaaaaa";

describe("text mode", () => {
  let bench: Plugged["bench"];
  let guest: Plugged["guest"];

  beforeEach(async () => {
    ({ bench, guest } = await plugPci());
    guest.mode(MODE_03);
    guest.colour(0, 0, 0, 0);
    guest.colour(1, 0, 0, 0x2a);
    guest.colour(7, 0x2a, 0x2a, 0x2a);
    guest.colour(0x3f, 0x3f, 0x3f, 0x3f);
    for (let at = 0; at < 0x8000; at += 2) bench.poke(0xb8000 + at, 2, 0x0720);
    guest.crtc(0x0a, 0x20);
  });

  const line = (row: number): string => {
    const screen = bench.role.text();
    if (!screen) return "";
    return String.fromCharCode(...screen.characters.subarray(row * screen.columns, (row + 1) * screen.columns)).trimEnd();
  };

  it("shows characters and attributes of the visible page", () => {
    guest.print(0, "memory", 0x1f);
    guest.print(24, "last");
    expect(bench.role.mode).toBe("text");
    expect(bench.role.text()).toMatchObject({ columns: 80, rows: 25 });
    expect(line(0)).toBe("memory");
    expect(line(24)).toBe("last");
    expect(bench.role.text()?.attributes[5]).toBe(0x1f);
    expect(bench.role.text()?.attributes[6]).toBe(0x07);
  });

  it("reads back text in all widths, and nothing outside the window", () => {
    guest.print(0, "AB");
    expect(bench.peek(0xb8000, 1)).toBe(0x41);
    expect(bench.peek(0xb8001, 1)).toBe(0x07);
    expect(bench.peek(0xb8000, 4)).toBe(0x0742_0741);
    bench.poke(0xb8001, 2, 0x5a70);
    expect(bench.peek(0xb8000, 4)).toBe(0x075a_7041);
    expect(bench.peek(0xb0000, 1)).toBe(0xff);
    expect(bench.peek(0xa0000, 4)).toBe(0xffff_ffff);
  });

  it("honours start address, offset and byte panning", () => {
    guest.print(1, "second");
    guest.crtc(0x0d, 80);
    expect(line(0)).toBe("second");
    guest.crtc(0x0d, 0);
    guest.crtc(0x13, 0x14);
    expect(line(2)).toBe("second");
    guest.crtc(0x13, 0x28);
    guest.crtc(0x0d, 79);
    guest.crtc(0x08, 0x20);
    expect(line(0)).toBe("second");
  });

  it("tells where the cursor is, or that it is off", () => {
    guest.crtc(0x0e, 0);
    guest.crtc(0x0f, 85);
    expect(bench.role.text()?.cursor).toBe(-1);
    guest.crtc(0x0a, 0x0e);
    guest.crtc(0x0b, 0x0f);
    expect(bench.role.text()?.cursor).toBe(85);
    guest.crtc(0x0d, 80);
    expect(bench.role.text()?.cursor).toBe(5);
    guest.crtc(0x0d, 86);
    expect(bench.role.text()?.cursor).toBe(-1);
  });

  it("draws a cell of the loaded font dot by dot", () => {
    guest.glyph(0x41, LETTER);
    guest.print(1, " A", 0x17);
    const picture = bench.role.picture();
    expect([picture.width, picture.height]).toEqual([720, 400]);
    for (let y = 0; y < 16; y++) {
      for (let x = 0; x < 9; x++) {
        const lit = x < 8 && LETTER[y] & (0x80 >> x);
        expect(pixel(picture, 9 + x, 16 + y), `${x},${y}`).toBe(lit ? GREY : "0000aa");
      }
    }
    expect(pixel(picture, 18, 16)).toBe("000000");
  });

  it("joins line characters across the ninth dot only", () => {
    guest.glyph(0xc4, Array(16).fill(0xff));
    guest.glyph(0x41, Array(16).fill(0xff));
    guest.print(0, "A\u00c4");
    let picture = bench.role.picture();
    expect([pixel(picture, 7, 0), pixel(picture, 8, 0)]).toEqual([GREY, "000000"]);
    expect([pixel(picture, 16, 0), pixel(picture, 17, 0)]).toEqual([GREY, GREY]);
    guest.attribute(0x10, 0x08);
    picture = bench.role.picture();
    expect(pixel(picture, 17, 0)).toBe("000000");
    guest.sequencer(1, 0x01);
    expect(bench.role.width).toBe(640);
    expect(pixel(bench.role.picture(), 15, 0)).toBe(GREY);
  });

  it("blinks the cursor and characters with time, and says so", () => {
    guest.glyph(0x41, Array(16).fill(0xff));
    guest.print(0, "A", 0x87);
    guest.crtc(0x0a, 0x0e);
    guest.crtc(0x0b, 0x0f);
    guest.crtc(0x0f, 1);
    const lit = () => [pixel(bench.role.picture(), 0, 0), pixel(bench.role.picture(), 9, 14), pixel(bench.role.picture(), 9, 13)];
    expect(lit()).toEqual([GREY, GREY, "000000"]);
    const before = bench.role.changes;
    expect(bench.role.changes).toBe(before);
    bench.clock.advance(FRAME_NS * 8);
    expect(lit()).toEqual([GREY, "000000", "000000"]);
    expect(bench.role.changes).toBeGreaterThan(before);
    bench.clock.advance(FRAME_NS * 8);
    expect(lit()).toEqual(["000000", GREY, "000000"]);
    guest.attribute(0x10, 0x04);
    expect(pixel(bench.role.picture(), 0, 0)).toBe(GREY);
  });

  it("chooses between two fonts by attribute bit 3", () => {
    guest.sequencer(2, 4);
    guest.sequencer(4, 7);
    guest.graphics(5, 0);
    guest.graphics(6, 4);
    bench.poke(0xa0000 + 0x2000 + 0x41 * 32, 1, 0xff);
    guest.sequencer(2, 3);
    guest.sequencer(4, 3);
    guest.graphics(5, 0x10);
    guest.graphics(6, 0x0e);
    guest.sequencer(3, 0x20);
    guest.print(0, "A", 0x0f);
    guest.print(1, "A", 0x07);
    expect(pixel(bench.role.picture(), 0, 0)).toBe("ffffff");
    expect(pixel(bench.role.picture(), 0, 16)).toBe("000000");
  });

  it("pans by dots and splits at line compare", () => {
    guest.glyph(0x41, Array(16).fill(0x80));
    guest.print(0, "A");
    guest.print(1, "B");
    guest.attribute(0x13, 0);
    expect(pixel(bench.role.picture(), 0, 0)).toBe("000000");
    guest.print(0, " A");
    expect(pixel(bench.role.picture(), 8, 0)).toBe(GREY);
    guest.print(0, "A ");
    guest.attribute(0x13, 8);
    guest.crtc(0x0d, 80);
    guest.crtc(0x07, 0x0f);
    guest.crtc(0x09, 0x0f);
    guest.crtc(0x18, 99);
    const picture = bench.role.picture();
    expect(pixel(picture, 0, 99)).toBe("000000");
    expect(pixel(picture, 0, 100)).toBe(GREY);
    guest.attribute(0x13, 0);
    expect(pixel(bench.role.picture(), 0, 100)).toBe("000000");
    guest.attribute(0x10, 0x2c);
    expect(pixel(bench.role.picture(), 0, 100)).toBe(GREY);
  });

  it("is blank while the palette is the CPU's, the screen is off, or nothing drives sync", () => {
    guest.glyph(0x41, Array(16).fill(0xff));
    guest.print(0, "A");
    bench.in8(0x3da);
    bench.out8(0x3c0, 0);
    expect(bench.role.mode).toBe("blank");
    expect(bench.role.text()).toBeUndefined();
    expect(pixel(bench.role.picture(), 0, 0)).toBe("000000");
    bench.in8(0x3da);
    bench.out8(0x3c0, 0x20);
    expect(bench.role.mode).toBe("text");
    guest.sequencer(1, 0x20);
    expect(bench.role.mode).toBe("blank");
    bench.reset();
    expect([bench.role.mode, bench.role.width, bench.role.height]).toEqual(["blank", 720, 400]);
  });

  it("counts window and register writes as changes", () => {
    const before = bench.role.changes;
    expect(bench.role.changes).toBe(before);
    guest.print(0, "A");
    const written = bench.role.changes;
    expect(written).toBeGreaterThan(before);
    guest.crtc(0x0d, 1);
    expect(bench.role.changes).toBeGreaterThan(written);
  });
});
