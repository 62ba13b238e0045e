import { type Fields, restoreFields, writeLe32 } from "backplane/sdk";
import { describe, expect, it } from "vitest";
import { Guest, type IdeBench, plugIde, TestImage } from "./ide-bench.testing.js";

const TABLE = 0x1000;
const EOT = 0x8000_0000;

const describeRegions = (ide: IdeBench, regions: readonly (readonly [address: number, bytes: number])[], end = true) => {
  for (const [index, [address, bytes]] of regions.entries()) {
    writeLe32(ide.bench.ram, TABLE + 8 * index, address);
    writeLe32(ide.bench.ram, TABLE + 8 * index + 4, (bytes & 0xffff) | (end && index === regions.length - 1 ? EOT : 0));
  }
  ide.bm.write(4, TABLE, 4);
};

const plugged = async (sectors = 2048) => {
  const ide = await plugIde();
  const image = TestImage.numbered(sectors);
  const disk = await ide.addDisk(image);
  return { ide, image, disk, guest: new Guest(ide), ram: ide.bench.ram };
};

describe("bus master", () => {
  it("scatters a read over regions, in the order Linux programs it", async () => {
    const { ide, guest, ram } = await plugged();
    describeRegions(ide, [
      [0x2_0000, 0x300],
      [0x3_0000, 0x100],
      [0x4_0000, 0x400],
    ]);
    ide.bm.write(0, 8);
    ide.bm.write(2, 0x06);
    guest.issue(0xc8, { lba: 100, count: 4 });
    ide.bm.write(0, 9);
    expect(guest.altStatus).toBe(0x80);
    expect(ide.bm.read(2)).toBe(1);
    await ide.bench.settle();
    expect([ram[0x2_0000], ram[0x2_0200], ram[0x4_0000], ram[0x4_0200]]).toEqual([100, 101, 102, 103]);
    // Descriptors and data ended together: interrupt without active.
    expect(ide.bm.read(2)).toBe(4);
    expect(guest.irq).toBe(true);
    expect([guest.status, guest.in(2), guest.in(3)]).toEqual([0x50, 0, 103]);
    ide.bm.write(2, 4);
    expect(ide.bm.read(2)).toBe(0);
  });

  it("waits with the data until the engine starts", async () => {
    const { ide, guest, ram } = await plugged();
    describeRegions(ide, [[0x2_0000, 512]]);
    guest.issue(0xc8, { lba: 7, count: 1 });
    await ide.bench.settle();
    expect([guest.altStatus, guest.irq]).toEqual([0x58, false]);
    ide.bm.write(0, 9);
    expect([ram[0x2_0000], guest.irq, ide.bm.read(2)]).toEqual([7, true, 4]);
  });

  it("leaves ACTIVE set when regions are longer than the data, and clears it without interrupt when shorter", async () => {
    const { ide, guest } = await plugged();
    describeRegions(ide, [[0x2_0000, 1024]]);
    ide.bm.write(0, 9);
    guest.issue(0xc8, { lba: 7, count: 1 });
    await ide.bench.settle();
    expect(ide.bm.read(2)).toBe(5);
    ide.bm.write(0, 0);
    ide.bm.write(2, 4);
    expect([guest.status, ide.bm.read(2)]).toEqual([0x50, 0]);
    ide.bm.write(0, 9);
    guest.issue(0xc8, { lba: 7, count: 3 });
    await ide.bench.settle();
    expect([ide.bm.read(2), guest.irq, guest.altStatus]).toEqual([0, false, 0x58]);
  });

  it("takes a count of 0 as 64 KiB and moves commands larger than the buffer", async () => {
    const { ide, guest, ram, image } = await plugged();
    describeRegions(ide, [
      [0x10_0000, 0x1_0000],
      [0x11_0000, 0x1_0000],
      [0x12_0000, 0x1_0000],
    ]);
    ide.bm.write(0, 9);
    guest.issue48(0x25, 256, 384);
    await ide.bench.settle();
    expect(image.log).toEqual(["read 131072+131072", "read 262144+65536"]);
    expect([ram[0x12_fe00], ram[0x12_fe01]]).toEqual([639 & 0xff, 639 >> 8]);
    expect([ide.bm.read(2), guest.status, guest.in(2)]).toEqual([4, 0x50, 0]);
  });

  it("writes from memory and interrupts when the image has it", async () => {
    const { ide, guest, ram, image } = await plugged();
    ram.fill(0x5a, 0x2_0000, 0x2_0400);
    describeRegions(ide, [[0x2_0000, 1024]]);
    ide.bm.write(0, 0);
    guest.issue(0xca, { lba: 9, count: 2 });
    ide.bm.write(0, 1);
    expect([ide.bm.read(2), guest.altStatus]).toEqual([0, 0x80]);
    await ide.bench.settle();
    expect([ide.bm.read(2), guest.irq, image.sector(9)[0], image.sector(10)[511], image.sector(11)[0]]).toEqual([4, true, 0x5a, 0x5a, 11]);
  });

  it("moves nothing while the direction is wrong or PCI bus mastering is off", async () => {
    const { ide, guest, ram } = await plugged();
    describeRegions(ide, [[0x2_0000, 512]]);
    guest.issue(0xc8, { lba: 7, count: 1 });
    await ide.bench.settle();
    ide.bm.write(0, 1);
    expect([ram[0x2_0000], ide.bm.read(2)]).toEqual([0, 1]);
    ide.bm.write(0, 0);
    ide.pci.write(4, 2, 1);
    ide.bm.write(0, 9);
    expect([ram[0x2_0000], ide.bm.read(2)]).toEqual([0, 1]);
    ide.pci.write(4, 2, 5);
    expect([ram[0x2_0000], ide.bm.read(2)]).toEqual([7, 4]);
  });

  it("wraps a table without end within 64 KiB, and regions at the end of the address space", async () => {
    const { ide, guest, ram, image } = await plugged();
    image.sector(0).fill(0x77);
    for (let at = 0x1_0000; at < 0x2_0000; at += 8) {
      writeLe32(ram, at, 0xffff_fffe);
      writeLe32(ram, at + 4, 4);
    }
    ide.bm.write(4, 0x1_fff8, 4);
    ide.bm.write(0, 9);
    guest.issue(0xc8, { lba: 0, count: 0 });
    await ide.bench.settle();
    expect([guest.status, ide.bm.read(2), ram[0], ram[2]]).toEqual([0x50, 5, 0, 0]);
    guest.issue(0xc8, { lba: 0, count: 1 });
    await ide.bench.settle();
    expect([ram[0], ram[1], ram[2]]).toEqual([0x77, 0x77, 0]);
  });

  it("goes on after a snapshot taken while the drive waits for the engine", async () => {
    const { ide, guest, disk, ram } = await plugged();
    describeRegions(ide, [[0x2_0000, 512]]);
    guest.issue(0xc8, { lba: 33, count: 1 });
    await ide.bench.settle();
    const saved = { controller: ide.bench.save(), drive: structuredClone(disk.state) };

    const other = await plugged();
    describeRegions(other.ide, [[0x2_0000, 512]]);
    restoreFields(other.disk.state as unknown as Fields, saved.drive as unknown as Fields);
    other.disk.device.loaded?.();
    other.ide.bench.load(saved.controller);
    other.ide.bm.write(0, 9);
    expect([other.ram[0x2_0000], other.guest.irq, other.guest.status, ram[0x2_0000]]).toEqual([33, true, 0x50, 0]);
  });
});
