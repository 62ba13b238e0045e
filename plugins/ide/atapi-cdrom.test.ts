import { writeLe32 } from "backplane/sdk";
import { describe, expect, it } from "vitest";
import { Guest, plugIde, TestImage } from "./ide-bench.testing.js";
import { identifyWord } from "./identify.js";

/** 100 CD sectors; each starts with the number of its first 512-byte piece. */
const disc = (label = "disc.iso") => TestImage.numbered(400, label);

const RESET = [6, 0x29, 0];
const CHANGED = [6, 0x28, 0];
const TEST_UNIT_READY = [0];

const plugged = async (image: TestImage | undefined = disc()) => {
  const ide = await plugIde();
  const cd = await ide.addCdrom(image);
  const guest = new Guest(ide);
  /** The data of a packet command that succeeds. */
  const ask = async (bytes: readonly number[], limit?: number) => {
    await guest.packet(bytes, limit === undefined ? {} : { limit });
    const data = await guest.packetData();
    expect([guest.status, guest.in(2)]).toEqual([0x50, 3]);
    return data;
  };
  /** The sense of one that fails. */
  const refused = async (bytes: readonly number[]) => {
    await guest.packet(bytes);
    const status = guest.status;
    const error = guest.in(1);
    const sense = await guest.sense();
    expect([status, error >> 4]).toEqual([0x51, sense[0]]);
    return sense;
  };
  const ready = async () => expect(await refused(TEST_UNIT_READY)).toEqual(RESET);
  return { ide, guest, cd, ask, refused, ready };
};

describe("atapi-cdrom as an ATA device", () => {
  it("shows its signature after reset, DEVICE RESET and refused IDENTIFY DEVICE", async () => {
    const { guest } = await plugged();
    const signature = () => [guest.in(2), guest.in(3), guest.in(4), guest.in(5)];
    expect([...signature(), guest.in(1), guest.status]).toEqual([1, 1, 0x14, 0xeb, 1, 0]);
    guest.issue(0xec, { count: 9 });
    expect([guest.irq, guest.status, guest.in(1), ...signature()]).toEqual([true, 0x51, 4, 1, 1, 0x14, 0xeb]);
    guest.issue(0xa0);
    guest.issue(0x08);
    expect([guest.irq, guest.status, guest.in(1), ...signature()]).toEqual([false, 0, 1, 1, 1, 0x14, 0xeb]);
  });

  it("answers IDENTIFY PACKET DEVICE", async () => {
    const { guest } = await plugged();
    guest.issue(0xa1);
    expect([guest.irq, guest.status]).toEqual([true, 0x58]);
    const data = guest.readWords(256);
    expect([identifyWord(data, 0), identifyWord(data, 49) & 0x300, guest.status]).toEqual([0x85c0, 0x300, 0x50]);
    guest.issue(0xef, { features: 3, count: 0x42 });
    expect(guest.status).toBe(0x50);
    guest.issue(0xa1);
    expect(identifyWord(guest.readWords(256), 88)).toBe(0x043f);
    guest.issue(0x30);
    expect([guest.status, guest.in(1)]).toEqual([0x51, 4]);
  });

  it("asks for the packet without an interrupt", async () => {
    const { guest } = await plugged();
    guest.issue(0xa0);
    expect([guest.irq, guest.altStatus, guest.in(2)]).toEqual([false, 0x48, 1]);
    guest.issue(0xa0, { features: 2 });
    expect([guest.status, guest.in(1)]).toEqual([0x51, 4]);
  });
});

describe("atapi-cdrom data", () => {
  it("cuts PIO data by the byte count limit, over several buffers", async () => {
    const { guest, ide, ready } = await plugged();
    await ready();
    await guest.packet([0x28, 0, 0, 0, 0, 2, 0, 0, 80], { limit: 0x8000 });
    expect([guest.irq, guest.altStatus, guest.in(2), guest.in(4) | (guest.in(5) << 8)]).toEqual([true, 0x48, 2, 0x8000]);
    const data = await guest.packetData();
    expect(data.length).toBe(80 * 2048);
    expect([data[0], data[79 * 2048] | (data[79 * 2048 + 1] << 8)]).toEqual([8, 81 * 4]);
    expect([guest.status, guest.in(2)]).toEqual([0x50, 3]);
    expect(ide.bench.rises.get(14)).toBeGreaterThan(5);
  });

  it("ends an odd reply in the middle of a word", async () => {
    const { ask } = await plugged();
    expect((await ask([0x12, 0, 0, 0, 5])).length).toBe(5);
    expect((await ask([0x12, 0, 0, 0, 36], 7)).length).toBe(36);
  });

  it("reads by DMA", async () => {
    const { guest, ide, ready } = await plugged();
    await ready();
    writeLe32(ide.bench.ram, 0x1000, 0x10_0000);
    writeLe32(ide.bench.ram, 0x1004, 0x8000_0000 | 4096);
    ide.bm.write(4, 0x1000, 4);
    ide.bm.write(2, 6);
    await guest.packet([0xa8, 0, 0, 0, 0, 10, 0, 0, 0, 2], { dma: true });
    expect([guest.irq, guest.altStatus]).toEqual([false, 0x48]);
    ide.bm.write(0, 9);
    expect([guest.irq, ide.bm.read(2), guest.status]).toEqual([true, 4, 0x50]);
    expect([ide.bench.ram[0x10_0000], ide.bench.ram[0x10_0800]]).toEqual([40, 44]);
  });

  it("reads past 4 GiB", async () => {
    const image = new TestImage(3_000_000 * 2048);
    image.sector(2_999_999 * 4)[5] = 0x99;
    const { ask, ready } = await plugged(image);
    await ready();
    const at = [(2_999_999 >>> 24) & 0xff, (2_999_999 >>> 16) & 0xff, (2_999_999 >>> 8) & 0xff, 2_999_999 & 0xff];
    expect((await ask([0x28, 0, ...at, 0, 0, 1]))[5]).toBe(0x99);
    expect([...(await ask([0x25]))]).toEqual([...at, 0, 0, 8, 0]);
    const profile = await ask([0x46, 2, 0, 0, 0, 0, 0, 0, 8]);
    expect([profile[6], profile[7]]).toEqual([0, 0x10]);
  });

  it("reads user data with READ CD and refuses raw sectors", async () => {
    const { ask, refused, ready } = await plugged();
    await ready();
    expect((await ask([0xbe, 0, 0, 0, 0, 3, 0, 0, 1, 0x10]))[0]).toBe(12);
    expect(await refused([0xbe, 0, 0, 0, 0, 3, 0, 0, 1, 0xf8])).toEqual([5, 0x24, 0]);
    expect(await refused([0xbe, 4, 0, 0, 0, 3, 0, 0, 1, 0x10])).toEqual([5, 0x64, 0]);
  });

  it("refuses addresses past the end and unknown commands", async () => {
    const { refused, ready } = await plugged();
    await ready();
    expect(await refused([0x28, 0, 0, 0, 0, 99, 0, 0, 2])).toEqual([5, 0x21, 0]);
    expect(await refused([0x2b, 0, 0, 0, 0, 100])).toEqual([5, 0x21, 0]);
    expect(await refused([0xff])).toEqual([5, 0x20, 0]);
  });

  it("reports unreadable sectors", async () => {
    const image = disc();
    image.failAt = 2048;
    const { refused, ready, ide } = await plugged(image);
    await ready();
    expect(await refused([0x28, 0, 0, 0, 0, 1, 0, 0, 1])).toEqual([3, 0x11, 0]);
    expect(ide.bench.warnings).toEqual([expect.stringContaining("bad spot")]);
  });

  it("takes MODE SELECT parameters by PIO", async () => {
    const { guest, ready, ide } = await plugged();
    await ready();
    await guest.packet([0x55, 0x10, 0, 0, 0, 0, 0, 0, 16], { limit: 10 });
    expect([guest.status, guest.in(2), guest.in(4)]).toEqual([0x48, 0, 10]);
    guest.writeWords(new Uint8Array(10));
    expect([guest.irq, guest.in(4)]).toEqual([true, 6]);
    guest.writeWords(new Uint8Array(6));
    await ide.bench.settle();
    expect([guest.status, guest.in(2)]).toEqual([0x50, 3]);
  });

  it("drops a read that a DEVICE RESET overtakes", async () => {
    const { guest, ide, ready } = await plugged();
    await ready();
    guest.issue(0xa0, { lba: 0xfffe00 });
    guest.writeWords(new Uint8Array([0x28, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0]));
    expect(guest.altStatus).toBe(0x80);
    guest.issue(0x08);
    await ide.bench.settle();
    expect([guest.status, guest.irq, ide.bench.in16(0x1f0)]).toEqual([0, false, 0xffff]);
  });
});

describe("atapi-cdrom medium", () => {
  it("reports reset once, then is ready; INQUIRY does not wait for it", async () => {
    const { ask, ready } = await plugged();
    const inquiry = await ask([0x12, 0, 0, 0, 96]);
    expect([inquiry.length, inquiry[0], inquiry[1], String.fromCharCode(...inquiry.subarray(8, 36))]).toEqual([36, 5, 0x80, "BackplanDVD-ROM         1.0 "]);
    await ready();
    await ask(TEST_UNIT_READY);
  });

  it("tells an empty drive from an open one", async () => {
    const ide = await plugIde();
    await ide.addCdrom(undefined);
    const guest = new Guest(ide);
    const turn = async (packet: readonly number[]) => {
      await guest.packet(packet);
      return guest.sense();
    };
    expect(await turn(TEST_UNIT_READY)).toEqual(RESET);
    expect(await turn(TEST_UNIT_READY)).toEqual([2, 0x3a, 1]);
    await guest.packet([0x1b, 0, 0, 0, 2]);
    expect(guest.status).toBe(0x50);
    expect(await turn([0x28, 0, 0, 0, 0, 0, 0, 0, 1])).toEqual([2, 0x3a, 2]);
  });

  it("ejects and loads for the guest unless locked", async () => {
    const { ask, refused, ready, cd } = await plugged();
    await ready();
    await ask([0x1e, 0, 0, 0, 1]);
    expect(cd.device.role.locked).toBe(true);
    expect(await refused([0x1b, 0, 0, 0, 2])).toEqual([5, 0x53, 2]);
    await ask([0x1e, 0, 0, 0, 0]);
    await ask([0x1b, 0, 0, 0, 2]);
    expect(await refused(TEST_UNIT_READY)).toEqual([2, 0x3a, 2]);
    expect(cd.device.role.medium).toBe("disc.iso");
    await ask([0x1b, 0, 0, 0, 3]);
    expect(await refused(TEST_UNIT_READY)).toEqual(CHANGED);
    await ask(TEST_UNIT_READY);
  });

  it("changes the medium for the host and tells the guest by attention and event", async () => {
    const { ask, refused, ready, cd } = await plugged();
    await ready();
    const event = async () => [...(await ask([0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8])).subarray(4, 6)];
    expect(await event()).toEqual([0, 2]);
    cd.device.role.insert(undefined);
    expect(cd.device.role.medium).toBeUndefined();
    expect(await event()).toEqual([3, 0]);
    cd.device.role.insert(TestImage.numbered(8, "other.iso"));
    expect(cd.device.role.medium).toBe("other.iso");
    expect(await event()).toEqual([2, 2]);
    expect(await event()).toEqual([0, 2]);
    expect(await refused([0x25])).toEqual(CHANGED);
    expect([...(await ask([0x25]))]).toEqual([0, 0, 0, 1, 0, 0, 8, 0]);
  });

  it("keeps the host out of a locked tray and asks the guest to let go", async () => {
    const { ask, ready, cd } = await plugged();
    await ready();
    await ask([0x1e, 0, 0, 0, 1]);
    expect(() => cd.device.role.insert(undefined)).toThrow(expect.objectContaining({ code: "MEDIUM_LOCKED" }));
    expect((await ask([0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8]))[4]).toBe(1);
    expect(() => cd.device.role.insert(new TestImage(512))).toThrow(expect.objectContaining({ code: "MEDIUM_UNSUITABLE" }));
    cd.device.reset("hard");
    cd.device.role.insert(undefined);
    expect(cd.device.role.medium).toBeUndefined();
  });

  it("ends a read when the host changes the medium in the middle", async () => {
    const { guest, ready, cd } = await plugged();
    await ready();
    await guest.packet([0x28, 0, 0, 0, 0, 0, 0, 0, 100], { limit: 0x8000 });
    cd.device.role.insert(disc("other.iso"));
    expect((await guest.packetData()).length).toBe(64 * 2048);
    expect(guest.status).toBe(0x51);
    expect(await guest.sense()).toEqual(CHANGED);
  });

  it("notices another medium after a load", async () => {
    const { ready, refused, cd, ide, ask } = await plugged();
    await ready();
    cd.device.loaded?.();
    await ask(TEST_UNIT_READY);
    cd.state.tray.label = "else.iso";
    cd.device.loaded?.();
    expect(await refused(TEST_UNIT_READY)).toEqual(CHANGED);
    expect(ide.bench.warnings).toEqual([expect.stringContaining("else.iso")]);
  });
});

describe("atapi-cdrom tables", () => {
  it("READ TOC in all three formats", async () => {
    const { ask, ready, refused } = await plugged();
    await ready();
    const toc = (msf: number, format: number, start = 0) => ask([0x43, msf, format, 0, 0, 0, start, 3, 36]);
    expect([...(await toc(0, 0))]).toEqual([0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14, 0xaa, 0, 0, 0, 0, 100]);
    expect([...(await toc(2, 0, 0xaa))]).toEqual([0, 10, 1, 1, 0, 0x14, 0xaa, 0, 0, 0, 3, 25]);
    expect([...(await toc(0, 1))]).toEqual([0, 10, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0]);
    const full = await toc(2, 2);
    expect([full.length, full[7], full[18], full[29], full[40]]).toEqual([4 + 44, 0xa0, 0xa1, 0xa2, 1].map((value, index) => (index === 0 ? 48 : value)));
    expect(await refused([0x43, 0, 5, 0, 0, 0, 0, 0, 99])).toEqual([5, 0x24, 0]);
    expect((await ask([0x43, 0, 0, 0, 0, 0, 0, 0, 12, 0x40])).length).toBe(12);
  });

  it("MODE SENSE pages in both sizes", async () => {
    const { ask, ready, refused, cd } = await plugged();
    await ready();
    const page = await ask([0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 128]);
    expect([page.length, page[1], page[2], page[8], page[9], page[14] & 2]).toEqual([28, 26, 1, 0x2a, 18, 0]);
    await ask([0x1e, 0, 0, 0, 1]);
    expect(cd.device.role.locked).toBe(true);
    expect((await ask([0x1a, 0, 0x2a, 0, 128]))[4 + 6] & 2).toBe(2);
    const all = await ask([0x5a, 0, 0x3f, 0, 0, 0, 0, 1, 0]);
    expect([all[8], all[16], all[24], all[40], all.length]).toEqual([0x01, 0x0d, 0x0e, 0x2a, 60]);
    expect(await refused([0x5a, 0, 0xea, 0, 0, 0, 0, 0, 128])).toEqual([5, 0x39, 0]);
    expect(await refused([0x5a, 0, 0x05, 0, 0, 0, 0, 0, 128])).toEqual([5, 0x24, 0]);
  });

  it("describes drive, disc and track", async () => {
    const { ask, ready, refused } = await plugged();
    await ready();
    const configuration = await ask([0x46, 0, 0, 0, 0, 0, 0, 1, 0]);
    expect([configuration[3], configuration[7]]).toEqual([configuration.length - 4, 8]);
    expect((await ask([0x46, 2, 0, 3, 0, 0, 0, 1, 0])).length).toBe(16);
    expect([...(await ask([0x51, 0, 0, 0, 0, 0, 0, 0, 34])).subarray(0, 8)]).toEqual([0, 32, 0x0e, 1, 1, 1, 1, 0x20]);
    const track = await ask([0x52, 1, 0, 0, 0, 1, 0, 0, 28]);
    expect([track[2], track[5], track[27]]).toEqual([1, 4, 100]);
    expect(await refused([0x52, 1, 0, 0, 0, 2, 0, 0, 28])).toEqual([5, 0x24, 0]);
    expect([...(await ask([0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8]))]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(await refused([0x4a, 0, 0, 0, 0x10, 0, 0, 0, 8])).toEqual([5, 0x24, 0]);
    expect([...(await ask([0x4a, 1, 0, 0, 0x02, 0, 0, 0, 8]))]).toEqual([0, 2, 0x80, 0x10]);
  });
});
