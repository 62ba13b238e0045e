import type { Processor } from "backplane/sdk";
import { Bench, BenchPciBus } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";
import { isaBridge } from "./isa-bridge.js";

const RC = 0xcf9;
const plug = async (config: object = {}, processor?: Processor) => {
  const pci = new BenchPciBus();
  const bench = await Bench.plug(isaBridge, { config, deps: { pci, processor } });
  return { bench, pci, high: () => [...bench.lines].filter(([, level]) => level).map(([line]) => line) };
};

describe("PIIX ISA bridge", () => {
  it("reports the part it is configured to be", async () => {
    const { pci } = await plug();
    expect([pci.spec.vendorId, pci.spec.deviceId, pci.spec.classCode, pci.spec.multifunction]).toEqual([0x8086, 0x7110, 0x06_0100, true]);
    expect((await plug({ identity: "piix3" })).pci.spec.deviceId).toBe(0x7000);
  });

  it("routes nothing after reset and follows PIRQRC while a wire is high", async () => {
    const { bench, pci, high } = await plug();
    pci.pirq(1, true);
    expect(high()).toEqual([]);
    pci.write(0x61, 1, 0x0a);
    expect(high()).toEqual([10]);
    pci.write(0x60, 4, 0x0b0b_0505);
    expect(high()).toEqual([5]);
    expect(bench.role.pirqRoute(1)).toBe(5);
    pci.write(0x61, 1, 0x80);
    expect(high()).toEqual([]);
    expect(bench.role.pirqRoute(1)).toBeUndefined();
  });

  it("ORs wires that share a line", async () => {
    const { bench, pci, high } = await plug();
    pci.write(0x60, 4, 0x0b0b_0a0a);
    pci.pirq(0, true);
    pci.pirq(1, true);
    pci.pirq(2, true);
    expect(high().sort()).toEqual([10, 11]);
    pci.pirq(0, false);
    expect(high().sort()).toEqual([10, 11]);
    expect(bench.rises.get(10)).toBe(1);
    pci.pirq(1, false);
    expect(high()).toEqual([11]);
  });

  it("drives no reserved line", async () => {
    const { bench, pci, high } = await plug();
    pci.pirq(0, true);
    for (const reserved of [0, 1, 2, 8, 13]) {
      pci.write(0x60, 1, reserved);
      expect(high()).toEqual([]);
    }
    expect([...bench.lines.keys()].sort((a, b) => a - b)).toEqual([3, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15]);
  });

  it("lets firmware route through its role", async () => {
    const { bench, pci, high } = await plug();
    pci.pirq(3, true);
    bench.role.routePirq(3, 11);
    expect(high()).toEqual([11]);
    bench.role.routePirq(3, undefined);
    bench.role.routePirq(4, 11);
    expect(high()).toEqual([]);
    expect(bench.role.pirqRoute(4)).toBeUndefined();
  });

  it("resets the machine once per rising edge of RCPU with SRST set", async () => {
    const { bench } = await plug();
    bench.out8(RC, 0x02);
    expect(bench.requests).toEqual([]);
    expect(bench.in8(RC)).toBe(0x02);
    bench.out8(RC, 0x06);
    bench.out8(RC, 0x06);
    expect(bench.requests).toEqual(["reset: reset control register (port CF9h)"]);
    bench.reset();
    expect(bench.in8(RC)).toBe(0);
  });

  it("pulses INIT# when SRST is clear", async () => {
    let inits = 0;
    const { bench } = await plug({}, { init: () => void inits++ } as Processor);
    bench.out8(RC, 0x04);
    expect([inits, bench.requests.length]).toEqual([1, 0]);
    bench.out8(RC, 0x00);
    bench.out8(RC, 0x06);
    expect([inits, bench.requests.length]).toEqual([1, 1]);
  });

  it("forgets wires at reset and remembers them in a snapshot", async () => {
    const { bench, pci } = await plug();
    pci.write(0x60, 1, 9);
    pci.pirq(0, true);
    const other = await plug();
    other.bench.load(bench.save());
    expect(other.high()).toEqual([9]);
    other.pci.write(0x60, 1, 7);
    expect(other.high()).toEqual([7]);
    bench.reset();
    pci.write(0x60, 1, 7);
    expect(bench.lines.get(7)).toBe(false);
  });
});
