import { describe, expect, it } from "vitest";
import { Guest, plugIde, TestImage } from "./ide-bench.testing.js";

describe("piix4-ide", () => {
  it("introduces itself as either part", async () => {
    const piix4 = await plugIde();
    expect(piix4.pci.spec).toMatchObject({ vendorId: 0x8086, deviceId: 0x7111, classCode: 0x010180 });
    expect(piix4.pci.spec.registers?.map(({ offset }) => offset)).toEqual([0x40, 0x41, 0x42, 0x43, 0x44, 0x48, 0x4a, 0x4b]);
    const piix3 = await plugIde("piix3");
    expect(piix3.pci.spec.deviceId).toBe(0x7010);
    expect(piix3.pci.spec.registers?.some(({ offset }) => offset >= 0x48)).toBe(false);
  });

  it("refuses bad and taken positions by name", async () => {
    const ide = await plugIde();
    await ide.addDisk(TestImage.numbered(64));
    await expect(ide.addDisk(TestImage.numbered(64))).rejects.toMatchObject({ code: "IDE_UNIT_TAKEN" });
    await expect(ide.addDisk(TestImage.numbered(64), "2:0")).rejects.toMatchObject({ code: "IDE_UNIT_INVALID" });
  });

  it("floats with D7 pulled down where no drive answers", async () => {
    const ide = await plugIde();
    const guest = new Guest(ide, 1);
    guest.out(6, 0xa0);
    guest.out(2, 0x55);
    expect([guest.in(2), guest.status, guest.altStatus, ide.bench.in16(0x170), ide.bench.in32(0x170)]).toEqual([0x7f, 0x7f, 0x7f, 0xff7f, 0xffff_ff7f]);
  });

  it("reads zeros from a missing slave beside a master", async () => {
    const ide = await plugIde();
    await ide.addDisk(TestImage.numbered(64));
    const guest = new Guest(ide);
    guest.out(6, 0xb0);
    guest.out(2, 0x55);
    expect([guest.in(2), guest.in(6), guest.status]).toEqual([0, 0, 0]);
    guest.out(7, 0xec);
    expect(guest.irq).toBe(false);
    guest.out(6, 0xa0);
    expect([guest.in(2), guest.in(6), guest.status]).toEqual([0x55, 0xa0, 0x50]);
  });

  it("keeps a slave alone usable and its interrupt apart from the master's", async () => {
    const ide = await plugIde();
    await ide.addDisk(TestImage.numbered(64), "0:1");
    const guest = new Guest(ide);
    guest.issue(0xe1, { device: 0xb0 });
    expect(guest.irq).toBe(true);
    guest.out(6, 0xa0);
    expect([guest.irq, guest.altStatus]).toEqual([false, 0x7f]);
    guest.out(6, 0xb0);
    expect(guest.irq).toBe(true);
    expect(guest.altStatus).toBe(0x50);
    expect(guest.irq).toBe(true);
    expect(guest.status).toBe(0x50);
    expect(guest.irq).toBe(false);
  });

  it("holds interrupts back while nIEN is set", async () => {
    const ide = await plugIde();
    await ide.addDisk(TestImage.numbered(64));
    const guest = new Guest(ide);
    ide.bench.out8(0x3f6, 0x02);
    guest.issue(0xe1);
    expect(guest.irq).toBe(false);
    expect(ide.bm.read(2) & 4).toBe(0);
    ide.bench.out8(0x3f6, 0x00);
    expect(guest.irq).toBe(true);
    expect(ide.bm.read(2) & 4).toBe(4);
  });

  it("resets both drives with SRST and shows BSY meanwhile", async () => {
    const ide = await plugIde();
    await ide.addDisk(TestImage.numbered(64));
    await ide.addCdrom(undefined, "0:1");
    const guest = new Guest(ide);
    guest.issue(0xec, { device: 0xf0 });
    ide.bench.out8(0x3f6, 0x04);
    expect(guest.altStatus).toBe(0x80);
    ide.bench.out8(0x3f6, 0x00);
    expect([guest.status, guest.in(1), guest.in(2), guest.in(3), guest.in(4), guest.in(5), guest.in(6)]).toEqual([0x50, 1, 1, 1, 0, 0, 0xa0]);
    guest.out(6, 0xb0);
    expect([guest.status, guest.in(1), guest.in(2), guest.in(3), guest.in(4), guest.in(5)]).toEqual([0, 1, 1, 1, 0x14, 0xeb]);
    expect(guest.irq).toBe(false);
  });

  it("runs diagnostics on both drives and interrupts for the master", async () => {
    const ide = await plugIde();
    await ide.addDisk(TestImage.numbered(64));
    await ide.addDisk(TestImage.numbered(64), "0:1");
    const guest = new Guest(ide);
    guest.out(6, 0xb0);
    guest.out(2, 0x77);
    guest.out(7, 0x90);
    expect(guest.irq).toBe(true);
    expect([guest.in(1), guest.in(2), guest.status]).toEqual([1, 1, 0x50]);
    guest.out(6, 0xb0);
    expect([guest.irq, guest.in(1), guest.in(2)]).toEqual([false, 1, 1]);
  });

  it("reads bus master registers back as the part does", async () => {
    const ide = await plugIde();
    ide.bm.write(4, 0x1234_5677, 4);
    expect(ide.bm.read(4, 4)).toBe(0x1234_5674);
    ide.bm.write(12, 0xffff_fff0, 4);
    expect(ide.bm.read(12, 4)).toBe(0xffff_fff0);
    ide.bm.write(2, 0xff);
    expect(ide.bm.read(2)).toBe(0x60);
    ide.bm.write(0, 0xff);
    expect([ide.bm.read(0), ide.bm.read(1), ide.bm.read(2), ide.bm.read(3)]).toEqual([9, 0, 0x61, 0]);
    ide.bm.write(0, 0);
    expect(ide.bm.read(2)).toBe(0x60);
    ide.bench.reset();
    ide.pci.place();
    expect([ide.bm.read(2), ide.bm.read(4, 4)]).toEqual([0, 0]);
  });
});
