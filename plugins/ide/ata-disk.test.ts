import { describe, expect, it } from "vitest";
import { Guest, plugIde, TestImage } from "./ide-bench.testing.js";
import { identifyWord } from "./identify.js";

const plugged = async (image: TestImage = TestImage.numbered(4096)) => {
  const ide = await plugIde();
  const disk = await ide.addDisk(image);
  return { ide, image, disk, guest: new Guest(ide), settle: () => ide.bench.settle() };
};

const identify = (guest: Guest) => {
  guest.issue(0xec);
  expect(guest.status).toBe(0x58);
  const data = guest.readWords(256);
  expect(guest.status).toBe(0x50);
  return data;
};

const text = (data: Uint8Array, word: number, words: number) =>
  Array.from({ length: words * 2 }, (_, at) => String.fromCharCode(data[2 * word + (at ^ 1)]))
    .join("")
    .trim();

describe("ata-disk identity", () => {
  it("answers IDENTIFY DEVICE with names, sizes and a checksum", async () => {
    const { guest } = await plugged(new TestImage(300 * 2 ** 30));
    const data = identify(guest);
    expect([text(data, 27, 20), text(data, 23, 4), text(data, 10, 10)]).toEqual(["Backplane Hard Disk", "1.0", "BPHD-0-0"]);
    expect([1, 3, 6, 60, 61].map((word) => identifyWord(data, word))).toEqual([16383, 16, 63, 0xffff, 0x0fff]);
    expect(identifyWord(data, 100) + identifyWord(data, 101) * 65536).toBe((300 * 2 ** 30) / 512);
    expect(data.reduce((sum, byte) => sum + byte, 0) & 0xff).toBe(0);
  });

  it("has the signature and ready status after reset", async () => {
    const { guest } = await plugged();
    expect([guest.in(1), guest.in(2), guest.in(3), guest.in(4), guest.in(5), guest.status]).toEqual([1, 1, 1, 0, 0, 0x50]);
  });

  it.each([
    [0x0c, true],
    [0x0d, false],
    [0x22, true],
    [0x23, false],
    [0x45, true],
    [0x46, false],
  ])("SET FEATURES transfer mode %i: accepted %s", async (mode, accepted) => {
    const { guest } = await plugged();
    guest.issue(0xef, { features: 3, count: mode });
    expect([guest.status, guest.in(1)]).toEqual(accepted ? [0x50, 0] : [0x51, 4]);
    if (!accepted) return;
    const data = identify(guest);
    const selected = [identifyWord(data, 63) >> 8, identifyWord(data, 88) >> 8];
    expect(selected).toEqual([mode === 0x22 ? 4 : 0, mode === 0x45 ? 32 : 0]);
  });

  it.each([0x00, 0x08, 0x22, 0xa0, 0xa1, 0xf5, 0xff])("aborts command %i", async (code) => {
    const { guest } = await plugged();
    guest.issue(code);
    expect([guest.irq, guest.status, guest.in(1)]).toEqual([true, 0x51, 4]);
  });

  it("reports native size, power mode and SMART status", async () => {
    const { guest } = await plugged();
    guest.issue(0xf8);
    expect([guest.in(3), guest.in(4), guest.status]).toEqual([0xff, 0x0f, 0x50]);
    guest.issue(0xe0);
    guest.issue(0xe5);
    expect(guest.in(2)).toBe(0);
    guest.issue(0xb0, { features: 0xda, lba: 0xc24f00 });
    expect([guest.status, guest.in(4), guest.in(5)]).toEqual([0x50, 0x4f, 0xc2]);
    guest.issue(0xb0, { features: 0xd0, lba: 0xc24f00 });
    expect(guest.readWords(256).reduce((sum, byte) => sum + byte, 0) & 0xff).toBe(0);
    guest.issue(0xb0, { features: 0xd9, lba: 0xc24f00 });
    guest.issue(0xb0, { features: 0xda, lba: 0xc24f00 });
    expect(guest.status).toBe(0x51);
  });

  it("sleeps until a reset", async () => {
    const { guest, ide } = await plugged();
    guest.issue(0xe6);
    expect(guest.status).toBe(0x50);
    guest.issue(0xec);
    expect([guest.irq, guest.altStatus]).toEqual([false, 0x50]);
    ide.bench.out8(0x3f6, 4);
    ide.bench.out8(0x3f6, 0);
    identify(guest);
  });

  it("refuses an image without a sector", async () => {
    await expect(plugged(new TestImage(511))).rejects.toMatchObject({ code: "DISK_TOO_SMALL" });
  });
});

describe("ata-disk reading", () => {
  it("interrupts before each sector and not after the last", async () => {
    const { guest, ide, settle } = await plugged();
    guest.issue(0x20, { lba: 300, count: 2 });
    expect([guest.altStatus, guest.irq]).toEqual([0x80, false]);
    await settle();
    expect([guest.irq, guest.status, guest.irq]).toEqual([true, 0x58, false]);
    expect([...guest.readWords(256).subarray(0, 2)]).toEqual([300 & 0xff, 1]);
    expect([guest.irq, guest.status]).toEqual([true, 0x58]);
    expect(guest.readWords(256)[0]).toBe(301 & 0xff);
    expect([guest.irq, guest.status, guest.in(3), guest.in(4), guest.in(2)]).toEqual([false, 0x50, 301 & 0xff, 1, 0]);
    expect(ide.bench.in16(0x1f0)).toBe(0xffff);
  });

  it("gives two words to a 32-bit access and the low byte to an 8-bit one", async () => {
    const { guest, ide, settle } = await plugged();
    guest.issue(0x20, { lba: 5, count: 1 });
    await settle();
    expect([ide.bench.in32(0x1f0), ide.bench.in8(0x1f0)]).toEqual([0x05c5_0005, 0]);
    guest.readWords(252);
    expect(guest.status).toBe(0x58);
    guest.readWords(1);
    expect(guest.status).toBe(0x50);
  });

  it("reads in blocks after SET MULTIPLE MODE only", async () => {
    const { guest, settle } = await plugged();
    guest.issue(0xc4, { lba: 0, count: 5 });
    expect(guest.status).toBe(0x51);
    guest.issue(0xc6, { count: 3 });
    expect(guest.status).toBe(0x51);
    guest.issue(0xc6, { count: 4 });
    expect(guest.status).toBe(0x50);
    guest.issue(0xc4, { lba: 0, count: 5 });
    await settle();
    expect(guest.status).toBe(0x58);
    expect(guest.readWords(4 * 256)[3 * 512]).toBe(3);
    expect([guest.irq, guest.status]).toEqual([true, 0x58]);
    expect(guest.readWords(256)[0]).toBe(4);
    expect([guest.irq, guest.status]).toEqual([false, 0x50]);
  });

  it("takes a count of 0 as 256, and LBA48 counts past one buffer", async () => {
    const { guest, image, settle } = await plugged();
    guest.issue(0x20, { lba: 0, count: 0 });
    await settle();
    const words = guest.readWords(256 * 256);
    expect([words[255 * 512], guest.status]).toEqual([255, 0x50]);
    guest.issue48(0x24, 1000, 300);
    await settle();
    guest.readWords(256 * 256);
    expect(guest.altStatus).toBe(0x80);
    await settle();
    const rest = guest.readWords(44 * 256);
    expect(rest[43 * 512] | (rest[43 * 512 + 1] << 8)).toBe(1299);
    expect(guest.status).toBe(0x50);
    expect(image.log).toEqual(["read 0+131072", "read 512000+131072", "read 643072+22528"]);
  });

  it("reaches past 128 GiB and shows the high bytes with HOB", async () => {
    const sector = 0x1234_5678;
    const image = new TestImage((sector + 10) * 512);
    image.sector(sector)[0] = 0xab;
    const { guest, ide, settle } = await plugged(image);
    guest.issue48(0x24, sector, 1);
    await settle();
    expect(guest.readWords(256)[0]).toBe(0xab);
    ide.bench.out8(0x3f6, 0x80);
    expect([guest.in(3), guest.in(4), guest.in(5)]).toEqual([0x12, 0, 0]);
    ide.bench.out8(0x3f6, 0x00);
    expect([guest.in(3), guest.in(4), guest.in(5)]).toEqual([0x78, 0x56, 0x34]);
    guest.issue48(0x27, 0, 0);
    ide.bench.out8(0x3f6, 0x80);
    expect(guest.in(3)).toBe(0x12);
  });

  it("translates cylinders and heads, also other ones", async () => {
    const { guest, settle } = await plugged();
    guest.issue(0x20, { device: 0xa2, count: 1, lba: 1 | (1 << 8) });
    await settle();
    const expected = (1 * 16 + 2) * 63;
    const data = guest.readWords(256);
    expect([data[0] | (data[1] << 8), guest.in(3), guest.in(4), guest.in(6)]).toEqual([expected, 1, 1, 0xa2]);
    guest.issue(0x91, { device: 0xa3, count: 10 });
    expect(guest.status).toBe(0x50);
    guest.issue(0x20, { device: 0xa3, count: 2, lba: 10 | (5 << 8) });
    await settle();
    const sector = guest.readWords(256);
    expect(sector[0]).toBe((5 * 4 + 3) * 10 + 9);
    guest.readWords(256);
    expect([guest.in(3), guest.in(4), guest.in(6)]).toEqual([1, 6, 0xa0]);
    for (const [device, lba] of [
      [0xa4, 1],
      [0xa0, 11],
      [0xa0, 0],
      [0xa0, 1 | (102 << 8)],
    ]) {
      guest.issue(0x20, { device, count: 1, lba });
      expect([guest.status, guest.in(1)]).toEqual([0x51, 0x10]);
    }
  });

  it("refuses sectors past the end before any moves", async () => {
    const { guest, image } = await plugged();
    guest.issue(0x20, { lba: 4095, count: 2 });
    expect([guest.irq, guest.status, guest.in(1)]).toEqual([true, 0x51, 0x10]);
    guest.issue48(0x25, 2 ** 40, 1);
    expect([guest.status, guest.in(1)]).toEqual([0x51, 0x10]);
    expect(image.log).toEqual([]);
  });

  it("reports a bad spot with its address and logs it", async () => {
    const { guest, image, ide, settle } = await plugged();
    image.failAt = 700 * 512;
    guest.issue48(0x24, 256, 512);
    await settle();
    guest.readWords(256 * 256);
    await settle();
    expect([guest.irq, guest.status, guest.in(1), guest.in(3), guest.in(4)]).toEqual([true, 0x51, 0x40, 0, 2]);
    expect(ide.bench.warnings).toEqual([expect.stringContaining("cannot read sectors 512 to 767: bad spot")]);
  });

  it("verifies without moving data", async () => {
    const { guest, image, settle } = await plugged();
    guest.issue(0x40, { lba: 1, count: 3 });
    await settle();
    expect([guest.irq, guest.status, image.log]).toEqual([true, 0x50, ["read 512+1536"]]);
  });

  it("takes the configured time and more for more data", async () => {
    const { guest, ide, settle } = await plugged();
    guest.issue(0x20, { lba: 0, count: 128 });
    await settle();
    expect(ide.bench.clock.nowNs).toBe(60_000);
  });
});

describe("ata-disk writing", () => {
  const sectorOf = (value: number) => new Uint8Array(512).fill(value);

  it("asks for the first sector without an interrupt and interrupts after each", async () => {
    const { guest, image, settle } = await plugged();
    guest.issue(0x30, { lba: 20, count: 2 });
    expect([guest.irq, guest.status]).toEqual([false, 0x58]);
    guest.writeWords(sectorOf(1));
    expect([guest.irq, guest.status]).toEqual([true, 0x58]);
    guest.writeWords(sectorOf(2));
    expect([guest.irq, guest.altStatus]).toEqual([false, 0x80]);
    await settle();
    expect([guest.irq, guest.status]).toEqual([true, 0x50]);
    expect([image.sector(20)[511], image.sector(21)[0], image.sector(22)[0]]).toEqual([1, 2, 22]);
    expect(image.log).toEqual(["write 10240+1024"]);
  });

  it("writes commands larger than the buffer with 32-bit accesses", async () => {
    const { guest, ide, image, settle } = await plugged();
    guest.issue48(0x34, 100, 257);
    for (let word = 0; word < 256 * 128; word++) ide.bench.out32(0x1f0, 0x0403_0201);
    await settle();
    expect([guest.irq, guest.status]).toEqual([true, 0x58]);
    for (let word = 0; word < 128; word++) ide.bench.out32(0x1f0, 0x0807_0605);
    await settle();
    expect([guest.status, [...image.sector(355).subarray(508)], [...image.sector(356).subarray(0, 4)]]).toEqual([0x50, [1, 2, 3, 4], [5, 6, 7, 8]]);
  });

  it("makes data durable for FUA and while the write cache is off", async () => {
    const { guest, image, settle } = await plugged();
    guest.issue(0x30, { lba: 1, count: 1 });
    guest.writeWords(sectorOf(1));
    await settle();
    expect(image.flushes).toBe(0);
    guest.issue(0xef, { features: 0x82 });
    await settle();
    expect([image.flushes, guest.status]).toEqual([1, 0x50]);
    guest.issue(0x30, { lba: 1, count: 1 });
    guest.writeWords(sectorOf(1));
    await settle();
    expect(image.flushes).toBe(2);
    guest.issue(0xe7);
    expect(guest.altStatus).toBe(0x80);
    await settle();
    expect([image.flushes, guest.irq, guest.status]).toEqual([3, true, 0x50]);
  });

  it("refuses writes to a read-only image as write-protected", async () => {
    const image = TestImage.numbered(64);
    image.readOnly = true;
    const { guest } = await plugged(image);
    guest.issue(0xca, { lba: 1, count: 1 });
    expect([guest.irq, guest.status, guest.in(1)]).toEqual([true, 0x51, 0x44]);
  });

  it("reports a failing write", async () => {
    const { guest, image, settle } = await plugged();
    image.failAt = 512;
    guest.issue(0x30, { lba: 1, count: 1 });
    guest.writeWords(sectorOf(1));
    await settle();
    expect([guest.irq, guest.status, guest.in(1), guest.in(3)]).toEqual([true, 0x51, 4, 1]);
  });
});

describe("ata-disk and resets", () => {
  it("ignores what was under way, and keeps its data out of the next command", async () => {
    const { guest, ide, image, settle } = await plugged();
    let open = () => {};
    image.gate = new Promise((resolve) => (open = resolve));
    guest.issue(0x20, { lba: 77, count: 1 });
    guest.issue(0xec);
    expect(guest.altStatus).toBe(0x80);
    ide.bench.out8(0x3f6, 4);
    ide.bench.out8(0x3f6, 0);
    expect([guest.status, guest.irq]).toEqual([0x50, false]);
    guest.issue(0x20, { lba: 5, count: 1 });
    open();
    await settle();
    expect(image.log.length).toBe(2);
    expect([guest.status, guest.readWords(256)[0], guest.status]).toEqual([0x58, 5, 0x50]);
  });

  it("keeps the order of a write that outlives a reset and a read after it", async () => {
    const { guest, ide, image, settle } = await plugged();
    let open = () => {};
    image.gate = new Promise((resolve) => (open = resolve));
    guest.issue(0x30, { lba: 3, count: 1 });
    guest.writeWords(new Uint8Array(512).fill(0xee));
    ide.bench.out8(0x3f6, 4);
    ide.bench.out8(0x3f6, 0);
    guest.issue(0x20, { lba: 3, count: 1 });
    open();
    await settle();
    expect(guest.readWords(256)[0]).toBe(0xee);
  });

  it("returns to power-on settings with a hard reset", async () => {
    const { guest, disk } = await plugged();
    guest.issue(0xc6, { count: 8 });
    guest.issue(0xef, { features: 3, count: 0x42 });
    disk.device.reset("hard");
    const once = structuredClone(disk.state);
    disk.device.reset("hard");
    expect(disk.state).toEqual(once);
    expect([disk.state.multiple, disk.state.transferMode]).toEqual([0, 0]);
  });

  it("drops a data phase when another command comes", async () => {
    const { guest, settle } = await plugged();
    guest.issue(0x20, { lba: 5, count: 4 });
    await settle();
    guest.readWords(300);
    identify(guest);
  });
});
