import { Bench, BenchPciBus } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";
import { powerManagement } from "./pm.js";

const PM = 0xb000;
const SMB = 0xb100;
const PMSTS = PM;
const PMEN = PM + 2;
const PMCNTRL = PM + 4;
const PMTMR = PM + 8;
const APMC = 0xb2;
const APMS = 0xb3;
const SECOND = 1_000_000_000;
/** Half a period of the timer: 2^23 ticks. */
const TOGGLE_NS = (0x80_0000 / 3_579_545) * 1e9;

const plug = async (config: object = {}) => {
  const pci = new BenchPciBus();
  const bench = await Bench.plug(powerManagement, { config, deps: { pci } });
  /** What SeaBIOS does to the function. */
  const setUp = (): void => {
    pci.write(0x40, 4, PM | 1);
    pci.write(0x80, 1, 1);
    pci.write(0x90, 4, SMB | 1);
    pci.write(0xd2, 1, 0x09);
  };
  return { bench, pci, setUp, sci: () => bench.lines.get(9) };
};
const ready = async () => {
  const plugged = await plug();
  plugged.setUp();
  plugged.bench.out8(APMC, 0xf1);
  return plugged;
};

describe("configuration of the power management function", () => {
  it("decodes nothing until base and enable are written, moves, and stops at reset", async () => {
    const { bench, pci, setUp } = await plug();
    expect([pci.spec.deviceId, pci.spec.revision]).toEqual([0x7113, 3]);
    pci.write(0x80, 1, 1);
    expect(bench.mappings.filter((each) => each.relocatable)).toEqual([]);
    setUp();
    expect(pci.read(0x40, 1)).toBe(0x01);
    expect(bench.in16(PMCNTRL)).toBe(0);
    expect(bench.in8(SMB)).toBe(0);
    pci.write(0x40, 4, 0x0600);
    expect(bench.in16(PMCNTRL)).toBe(0xffff);
    expect(bench.in16(0x604)).toBe(0);
    pci.reset();
    bench.reset();
    expect(bench.in16(0x604)).toBe(0xffff);
    expect(bench.in8(SMB)).toBe(0xff);
  });

  it("maps its blocks again after a load", async () => {
    const { bench, pci, setUp } = await plug();
    setUp();
    const saved = bench.save();
    pci.reset();
    expect(bench.in16(PMCNTRL)).toBe(0xffff);
    bench.load(saved);
    expect(bench.in16(PMCNTRL)).toBe(0);
  });

  it("marks SMM as initialised and ports as present, as configured", async () => {
    const bits = async (config: object): Promise<number[]> => {
      const { pci } = await plug(config);
      return [0x5b, 0x5f, 0x63, 0x67].map((offset) => pci.read(offset, 1));
    };
    expect(await bits({})).toEqual([0x02, 0x90, 0x60, 0x98]);
    expect(await bits({ "smm-initialised": false, "serial-b": false, parallel: false })).toEqual([0x00, 0x10, 0x60, 0x08]);
  });
});

describe("sleep control and APM", () => {
  it("enables ACPI on F1h, disables it on F0h, and records other commands", async () => {
    const { bench, setUp } = await plug();
    setUp();
    bench.out8(APMC, 0xf1);
    expect(bench.in16(PMCNTRL)).toBe(1);
    bench.out8(APMC, 0xf0);
    expect(bench.in16(PMCNTRL)).toBe(0);
    bench.out8(APMC, 0x42);
    bench.out8(APMS, 0x24);
    expect([bench.in8(APMC), bench.in8(APMS), bench.in16(PMCNTRL)]).toEqual([0x42, 0x24, 0]);
  });

  it("switches off on SUS_EN with type 0 or 2 and not without SUS_EN", async () => {
    const { bench } = await ready();
    bench.out16(PMCNTRL, 0x0001);
    expect(bench.requests).toEqual([]);
    bench.out16(PMCNTRL, 0x2001);
    bench.out16(PMCNTRL, 0x2801);
    expect(bench.requests).toEqual(["power off: soft off (ACPI S5)", "power off: suspend to disk (ACPI S4)"]);
    expect(bench.in16(PMCNTRL)).toBe(0x0801);
  });

  it("wakes at once from the other sleeping states", async () => {
    const { bench } = await ready();
    bench.out16(PMCNTRL, 0x0401);
    bench.out16(PMCNTRL, 0x2401);
    expect(bench.requests).toEqual([]);
    expect(bench.in16(PMSTS)).toBe(0x8000);
    bench.out16(PMSTS, 0x8000);
    expect(bench.in16(PMSTS)).toBe(0);
  });
});

describe("power button", () => {
  it("raises SCI while enabled until the status is cleared", async () => {
    const { bench, sci } = await ready();
    bench.role.press();
    expect([bench.in16(PMSTS), sci()]).toEqual([0x0100, false]);
    bench.out16(PMEN, 0x0100);
    expect(sci()).toBe(true);
    bench.out16(PMSTS, 0x0001);
    expect(sci()).toBe(true);
    bench.out16(PMSTS, 0x0100);
    expect(sci()).toBe(false);
  });

  it("raises nothing before the operating system has taken ACPI over", async () => {
    const { bench, setUp, sci } = await plug();
    setUp();
    bench.out16(PMEN, 0x0100);
    bench.role.press();
    expect(sci()).toBe(false);
    bench.out8(APMC, 0xf1);
    expect(sci()).toBe(true);
  });
});

describe("power management timer", () => {
  it("counts 3579545 ticks a second in 24 bits", async () => {
    const { bench } = await ready();
    expect(bench.in32(PMTMR)).toBe(0);
    bench.clock.advance(SECOND);
    expect(bench.in32(PMTMR)).toBe(3_579_545);
    bench.clock.advance(4 * SECOND);
    expect(bench.in32(PMTMR)).toBe((5 * 3_579_545) & 0xff_ffff);
    expect(bench.in8(PMTMR + 3)).toBe(0);
    bench.out32(PMTMR, 0);
    expect(bench.in32(PMTMR)).toBe((5 * 3_579_545) & 0xff_ffff);
  });

  it("sets its status on each toggle of bit 23, without a timer while nobody asked", async () => {
    const { bench, sci } = await ready();
    bench.clock.advance(TOGGLE_NS - 1000);
    expect(bench.in16(PMSTS)).toBe(0);
    bench.clock.advance(2000);
    expect([bench.in16(PMSTS), sci()]).toEqual([1, false]);
    expect(bench.clock.armed()).toEqual({});
    bench.out16(PMSTS, 1);
    expect(bench.in16(PMSTS)).toBe(0);
    bench.clock.advance(TOGGLE_NS);
    expect(bench.in16(PMSTS)).toBe(1);
  });

  it("raises SCI at the toggle while enabled, again after it was cleared", async () => {
    const { bench, sci } = await ready();
    bench.out16(PMEN, 1);
    bench.clock.advance(TOGGLE_NS - 1000);
    expect(sci()).toBe(false);
    bench.clock.advance(2000);
    expect(sci()).toBe(true);
    bench.out16(PMSTS, 1);
    expect(sci()).toBe(false);
    bench.clock.advance(TOGGLE_NS);
    expect([sci(), bench.rises.get(9)]).toEqual([true, 2]);
  });

  it("starts from zero at reset", async () => {
    const { bench, pci, setUp } = await ready();
    bench.clock.advance(SECOND);
    pci.reset();
    bench.reset();
    bench.reset();
    setUp();
    expect(bench.in32(PMTMR)).toBe(0);
    bench.clock.advance(1000);
    expect(bench.in32(PMTMR)).toBe(3);
  });
});

describe("general events and storage", () => {
  it("shows GPSTS and GPEN in the second window too", async () => {
    const { bench } = await ready();
    bench.out16(0xafe2, 0x1234);
    expect(bench.in16(PM + 0x0e)).toBe(0x1234);
    expect(bench.in16(0xafe0)).toBe(0);
    expect((await plug({ "gpe-ports": 0 })).bench.in16(0xafe0)).toBe(0xffff);
  });

  it("keeps the registers that only store, signals BIOS_RLS, and ignores the rest", async () => {
    const { bench, sci } = await ready();
    expect(bench.in32(PM + 0x34)).toBe(0x7fff_bfff);
    bench.out32(PM + 0x2c, 0x8765_4321);
    expect(bench.in32(PM + 0x2c)).toBe(0x8765_4321);
    bench.out16(PMEN, 0x20);
    bench.out32(PM + 0x28, 0x03);
    expect([bench.in32(PM + 0x28), bench.in16(PMSTS), sci()]).toEqual([1, 0x20, true]);
    bench.out32(PM + 0x3c, 0xffff_ffff);
    expect(bench.in32(PM + 0x3c)).toBe(0);
  });

  it("continues from a snapshot", async () => {
    const { bench } = await ready();
    bench.out16(PMEN, 1);
    bench.clock.advance(SECOND);
    const saved = bench.save();
    const other = await plug();
    other.setUp();
    other.bench.load(saved);
    expect(other.bench.in32(PMTMR)).toBe(3_579_545);
    other.bench.clock.advance(TOGGLE_NS - SECOND + 1000);
    expect(other.sci()).toBe(true);
  });
});

describe("SMBus", () => {
  it("ends every transfer with a device error that drivers can clear", async () => {
    const { bench } = await ready();
    bench.out8(SMB + 4, 0xa1);
    bench.out8(SMB + 3, 0x10);
    bench.out8(SMB + 2, 0x48);
    expect(bench.in8(SMB)).toBe(0x04);
    expect([bench.in8(SMB + 2), bench.in8(SMB + 3), bench.in8(SMB + 4)]).toEqual([0x08, 0x10, 0xa1]);
    bench.out8(SMB, 0x04);
    expect(bench.in8(SMB)).toBe(0);
  });

  it("reports a killed transfer and has nothing in its slave port", async () => {
    const { bench } = await ready();
    bench.out8(SMB + 2, 0x02);
    expect(bench.in8(SMB)).toBe(0x10);
    bench.out8(SMB + 9, 0xff);
    expect(bench.in8(SMB + 9)).toBe(0);
  });
});
