// @ts-check
import { Bench, BenchPciBus, conformanceChecks } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";
import { diceCard } from "./index.js";

/** A card as firmware leaves it: BAR 0 at C000h. */
const plug = async () => {
  const pci = new BenchPciBus();
  const bench = await Bench.plug(diceCard, { deps: { pci } });
  pci.place();
  return { bench, pci };
};

describe("dice card", () => {
  it("rolls for a millisecond, then interrupts until DONE is cleared", async () => {
    const { bench, pci } = await plug();
    bench.out8(0xc001, 0x01);
    bench.clock.advance(999_999);
    expect([bench.in8(0xc001), pci.card.pin]).toEqual([0x01, false]);
    bench.clock.advance(1);
    expect([bench.in8(0xc001), pci.card.pin, bench.in32(0xc004)]).toEqual([0x80, true, 1]);
    bench.out8(0xc001, 0x80);
    expect([bench.in8(0xc001), pci.card.pin]).toEqual([0, false]);
  });

  it("rolls every side and nothing else", async () => {
    const { bench } = await plug();
    const seen = new Set();
    for (let roll = 0; roll < 200; roll++) {
      bench.out8(0xc001, 0x81);
      bench.clock.advance(1_000_000);
      seen.add(bench.in8(0xc002));
    }
    expect([...seen].sort()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("goes on with a roll after a load", async () => {
    const { bench } = await plug();
    bench.out8(0xc001, 0x01);
    bench.clock.advance(400_000);
    const { bench: other, pci } = await plug();
    other.load(bench.save());
    other.clock.advance(600_000);
    expect([other.in8(0xc001), pci.card.pin]).toEqual([0x80, true]);
  });

  for (const { name, run } of conformanceChecks(diceCard)) it(name, run);
});
