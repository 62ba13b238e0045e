import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { FakeDisplay, fakeWaiter } from "../testing/fakes.js";
import { CODE_PAGE_437 } from "./code-page-437.js";
import { encodePng, storeOnly } from "./png.js";
import { Screen } from "./screen.js";

const make = () => {
  const display = new FakeDisplay();
  const waiter = fakeWaiter();
  return { display, waiter, screen: new Screen(display, waiter, storeOnly) };
};

describe("code page 437", () => {
  it("has one character for each of 256 codes", () => {
    expect(CODE_PAGE_437).toHaveLength(256);
    expect(CODE_PAGE_437.every((each) => [...each].length === 1)).toBe(true);
    // Only code 0 and the space share a picture.
    expect(new Set(CODE_PAGE_437).size).toBe(255);
  });
  it.each([
    [0x41, "A"],
    [0x7e, "~"],
    [0x7f, "⌂"],
    [0x80, "Ç"],
    [0x84, "ä"],
    [0xb0, "░"],
    [0xc4, "─"],
    [0xcd, "═"],
    [0xdb, "█"],
    [0xe1, "ß"],
    [0xf8, "°"],
    [0xfe, "■"],
    [0x1b, "←"],
  ])("shows %i as %s", (code, character) => expect(CODE_PAGE_437[code]).toBe(character));
});

describe("screen", () => {
  it("joins rows without trailing blanks", () => {
    const { display, screen } = make();
    display.show([0x48, 0xdb, 0x20, 0x00, 0x20, 0x69]);
    expect(screen.text).toBe("H█\n i");
    expect(screen.describe()).toBe("H█\n i");
  });

  it("describes graphics by size and a hash of the picture, and a dark screen as blank", () => {
    const { display, screen } = make();
    display.mode = "graphics";
    expect(screen.text).toBeUndefined();
    const before = screen.describe();
    expect(before).toMatch(/^graphics 2x1 [0-9a-f]{16}$/);
    display.pixels.rgba[0] = 9;
    expect(screen.describe()).not.toBe(before);
    display.mode = "blank";
    expect(screen.describe()).toBe("blank");
  });

  it("waits for text", async () => {
    const { display, screen } = make();
    const waiting = screen.waitForText(/ok/);
    display.show("no");
    setTimeout(() => display.show("  ok"), 40);
    expect(await waiting).toBe("  ok\n");
  });

  it("says what it waited for in vain, and where the machine stopped", async () => {
    const { display, waiter, screen } = make();
    display.show("sad");
    await expect(screen.waitForText("ok", { timeoutMs: 30 })).rejects.toMatchObject({ code: "WAIT_TIMEOUT", message: 'waited 0.03 s for "ok" on the screen; the last was "sad"' });
    waiter.now = "stopped";
    await expect(screen.waitForText("ok")).rejects.toMatchObject({ code: "WAIT_STOPPED" });
  });
});

describe("PNG", () => {
  const chunks = (file: Uint8Array) => {
    const view = new DataView(file.buffer);
    const found: { type: string; data: Uint8Array }[] = [];
    for (let at = 8; at < file.length; ) {
      const length = view.getUint32(at);
      found.push({ type: String.fromCharCode(...file.subarray(at + 4, at + 8)), data: file.subarray(at + 8, at + 8 + length) });
      at += 12 + length;
    }
    return found;
  };

  it("holds the picture's rows", () => {
    const { screen } = make();
    const file = screen.png();
    expect([...file.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
    const [header, data, end] = chunks(file);
    expect([header.type, data.type, end.type]).toEqual(["IHDR", "IDAT", "IEND"]);
    expect([...header.data]).toEqual([0, 0, 0, 2, 0, 0, 0, 1, 8, 2, 0, 0, 0]);
    expect([...inflateSync(data.data)]).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it("has the checksum every file has at its end", () => {
    const file = encodePng({ width: 1, height: 1, rgba: new Uint8Array(4) });
    expect([...file.subarray(-8)]).toEqual([0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82]);
  });

  it("stores more than a block holds", () => {
    const bytes = Uint8Array.from({ length: 150_000 }, (_, index) => (index * 7) & 0xff);
    expect(Buffer.from(bytes).equals(inflateSync(storeOnly(bytes)))).toBe(true);
    expect(inflateSync(storeOnly(new Uint8Array(0)))).toHaveLength(0);
  });
});
