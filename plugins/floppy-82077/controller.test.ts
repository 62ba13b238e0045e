import { Bench } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";
import { floppyDrive, intel82077aa } from "./index.js";
import { diskOf, dmaOf, MS, plugFloppy } from "./testing.js";

const SIZE_144 = 1_474_560;

describe("reset and identification", () => {
  it("is held in reset until DOR says otherwise, then interrupts once for four senses", async () => {
    const { bench, status, start, irq, senseInterrupt } = await plugFloppy(diskOf(SIZE_144).image);
    expect(status()).toBe(0);
    bench.out8(0x3f5, 0x10);
    expect(start()).toEqual([
      [0xc0, 0],
      [0xc1, 0],
      [0xc2, 0],
      [0xc3, 0],
    ]);
    expect(bench.rises.get(6)).toBe(1);
    expect(irq()).toBe(false);
    expect(senseInterrupt()).toEqual([0x80]);
    expect(status()).toBe(0x80);
    bench.out8(0x3f4, 0x80);
    bench.clock.advance(MS);
    expect(irq()).toBe(true);
    bench.out8(0x3f2, 0x14);
    expect(irq()).toBe(false);
  });

  it("does not interrupt after a reset when polling is off", async () => {
    const { bench, send, start, irq, senseInterrupt } = await plugFloppy(undefined);
    start();
    send(0x94);
    bench.in8(0x3f5);
    send(0x13, 0, 0x50, 0);
    bench.out8(0x3f4, 0x80);
    bench.clock.advance(MS);
    expect(irq()).toBe(false);
    expect(senseInterrupt()).toEqual([0x80]);
  });

  it("is a post-1991 82077AA to Linux", async () => {
    const { start, send, result, status } = await plugFloppy(undefined);
    start();
    const ask = (...bytes: number[]): number[] => {
      send(...bytes);
      return result();
    };
    ask(0x03, 0xdf, 0x02);
    expect(ask(0x0e)).toEqual([0, 0, 0, 0, 0xdf, 0x02, 0, 0, 0x20, 0]);
    expect(ask(0x13)).toEqual([]);
    expect(status()).toBe(0x90);
    expect(ask(0, 0x57, 3)).toEqual([]);
    expect(ask(0x12, 0x84)).toEqual([]);
    expect(ask(0x94)).toEqual([0x10]);
    expect(ask(0x0e).slice(6)).toEqual([0, 0x84, 0x57, 3]);
    expect(ask(0x14)).toEqual([0]);
    expect(ask(0x18)).toEqual([0x80]);
    expect(ask(0x10)).toEqual([0x90]);
  });

  it("keeps CONFIGURE over a software reset only when locked", async () => {
    const { bench, start, send, result } = await plugFloppy(undefined);
    const configuration = (): number[] => {
      bench.out8(0x3f4, 0x80);
      bench.clock.advance(MS);
      send(0x0e);
      return result().slice(8);
    };
    start();
    send(0x13, 0, 0x0a, 9);
    expect(configuration()).toEqual([0x20, 0]);
    send(0x13, 0, 0x0a, 9);
    send(0x94);
    result();
    expect(configuration()).toEqual([0x0a, 9]);
  });
});

describe("seeks", () => {
  it("recalibrates, seeks, and reports where the heads are", async () => {
    const { bench, drive, send, status, pass, senseInterrupt, seek, start, irq, run } = await plugFloppy(diskOf(SIZE_144).image);
    start();
    drive.state.track = 30;
    send(0x07, 0);
    expect(status()).toBe(0x81);
    expect(irq()).toBe(false);
    await pass();
    expect(irq()).toBe(true);
    expect(senseInterrupt()).toEqual([0x20, 0]);
    expect([status(), irq(), drive.state.track]).toEqual([0x80, false, 0]);
    expect(await seek(40)).toEqual([0x20, 40]);
    expect(drive.state.track).toBe(40);
    send(0x8f, 0, 10);
    await pass();
    expect(senseInterrupt()).toEqual([0x20, 30]);
    send(0xcf, 0, 5);
    await pass();
    expect(senseInterrupt()).toEqual([0x20, 35]);
    expect(await run(0x4a, 0)).toEqual([0, 0, 0, 35, 0, 1, 2]);
    expect(bench.in8(0x3f7)).toBe(0);
  });

  it("finds no track 0 on a missing drive", async () => {
    const { send, pass, senseInterrupt, start } = await plugFloppy(undefined);
    start();
    send(0x07, 1);
    await pass();
    expect(senseInterrupt()).toEqual([0x71, 0]);
  });

  it("interrupts again for a second drive's seek", async () => {
    const { bench, send, pass, senseInterrupt, start, irq } = await plugFloppy(undefined);
    start();
    send(0x0f, 0, 3);
    send(0x0f, 1, 4);
    await pass();
    const rises = bench.rises.get(6)!;
    expect(senseInterrupt()).toEqual([0x20, 3]);
    expect([irq(), bench.rises.get(6)]).toEqual([true, rises + 1]);
    expect(senseInterrupt()).toEqual([0x21, 4]);
    expect(irq()).toBe(false);
  });

  it("senses drive status", async () => {
    const { send, result, start, drive } = await plugFloppy(diskOf(SIZE_144, true).image);
    start();
    send(0x04, 4);
    expect(result()).toEqual([0x7c]);
    drive.role.insert(diskOf(SIZE_144).image);
    drive.state.track = 2;
    send(0x04, 0);
    expect(result()).toEqual([0x28]);
  });
});

describe("disk change line", () => {
  it("stays on until the heads step with a disk in", async () => {
    const { bench, drive, seek, start } = await plugFloppy(diskOf(SIZE_144).image);
    start();
    const changed = (): boolean => (bench.in8(0x3f7) & 0x80) !== 0;
    expect(changed()).toBe(true);
    await seek(0);
    expect(changed()).toBe(true);
    await seek(1);
    expect(changed()).toBe(false);
    drive.role.insert(undefined);
    expect(drive.role.medium).toBeUndefined();
    await seek(0);
    expect(changed()).toBe(true);
    drive.role.insert(diskOf(737_280).image);
    expect([changed(), drive.role.medium]).toEqual([true, "test.img"]);
    await seek(1);
    expect(changed()).toBe(false);
    bench.out8(0x3f2, 0x2d);
    expect(changed()).toBe(false);
  });
});

describe("drives", () => {
  it("suit the disk they start with and refuse what they cannot read", async () => {
    const types = async (size: number | undefined): Promise<readonly [number, number]> =>
      (await plugFloppy(size === undefined ? undefined : diskOf(size).image)).bench.role.driveTypes();
    expect(await types(undefined)).toEqual([4, 0]);
    expect(await types(368_640)).toEqual([1, 0]);
    expect(await types(1_228_800)).toEqual([2, 0]);
    expect(await types(737_280)).toEqual([4, 0]);
    expect(await types(2_949_120)).toEqual([5, 0]);
    await expect(types(1_000_000)).rejects.toMatchObject({ code: "MEDIUM_UNSUITABLE" });
    const { drive } = await plugFloppy(diskOf(SIZE_144).image);
    expect(() => drive.role.insert(diskOf(2_949_120).image)).toThrow("2.88M");
    expect(drive.role.medium).toBe("test.img");
    drive.role.insert(diskOf(1_720_320).image);
  });

  it("take units 0 and 1 once", async () => {
    const bench = await Bench.plug(intel82077aa, { deps: { dma: dmaOf().dma } });
    const at = (path: string) => Bench.plug(floppyDrive, { path, config: { type: "2.88M" }, deps: { bus: bench.role, image: undefined } });
    await at("/isa/fdc/1");
    expect(bench.role.driveTypes()).toEqual([0, 5]);
    await expect(at("/isa/fdc/1")).rejects.toMatchObject({ code: "FLOPPY_UNIT_TAKEN" });
    await expect(at("/isa/fdc/a")).rejects.toMatchObject({ code: "FLOPPY_UNIT_INVALID" });
  });
});
