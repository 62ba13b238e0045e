import { describe, expect, it } from "vitest";
import type { Resource } from "../../sdk/contract/resource.js";
import { resolveConfig } from "./configuration.js";
import { ResourceLedger } from "./resource-ledger.js";
import { failure, plain, profileOf } from "./testing/devices.js";

const ledgerOf = (...devices: Resource[][]): ResourceLedger => {
  const slots = profileOf(
    ...devices.map((resources, index) => [`/isa/d${index}`, plain(`acme.d${index}`, { resources: () => resources })] as [string, ReturnType<typeof plain>]),
  ).slots;
  return new ResourceLedger(slots, new Map(slots.map((slot) => [slot.path, resolveConfig(slot)])));
};

describe("resource ledger", () => {
  it("names both holders of a port", async () => {
    const { code, message, details } = await failure(() => ledgerOf([{ kind: "ports", base: 0x3f8, length: 8 }], [{ kind: "ports", base: 0x3ff, length: 1 }]));
    expect(code).toBe("RESOURCE_CONFLICT");
    expect(message).toBe('port 3FFh: "acme.d0" at /isa/d0 (bench) has ports 3F8h-3FFh, "acme.d1" at /isa/d1 (bench) wants it too');
    expect(details).toMatchObject({ paths: ["/isa/d0", "/isa/d1"], ids: ["acme.d0", "acme.d1"], origins: ["bench", "bench"] });
  });

  it.each<[string, Resource, Resource, boolean]>([
    ["adjacent ports", { kind: "ports", base: 0x60, length: 1 }, { kind: "ports", base: 0x61, length: 1 }, false],
    ["overlapping memory", { kind: "mmio", base: 0xa0000, length: 0x20000 }, { kind: "mmio", base: 0xbffff, length: 1 }, true],
    ["adjacent memory", { kind: "mmio", base: 0xa0000, length: 0x20000 }, { kind: "mmio", base: 0xc0000, length: 1 }, false],
    ["ports and memory", { kind: "ports", base: 0x60, length: 4 }, { kind: "mmio", base: 0x60, length: 4 }, false],
    ["two exclusive interrupts", { kind: "irq", line: 4 }, { kind: "irq", line: 4 }, true],
    ["one shared, one exclusive interrupt", { kind: "irq", line: 4, shared: true }, { kind: "irq", line: 4 }, true],
    ["two shared interrupts", { kind: "irq", line: 4, shared: true }, { kind: "irq", line: 4, shared: true }, false],
    ["two interrupts", { kind: "irq", line: 4 }, { kind: "irq", line: 3 }, false],
    ["one DMA channel", { kind: "dma", channel: 2 }, { kind: "dma", channel: 2 }, true],
    ["blocks of one name in two devices", { kind: "memory", name: "vram", bytes: 4096 }, { kind: "memory", name: "vram", bytes: 4096 }, false],
  ])("%s: conflict %#", async (_name, a, b, conflict) => {
    if (conflict) expect((await failure(() => ledgerOf([a], [b]))).code).toBe("RESOURCE_CONFLICT");
    else expect(ledgerOf([a], [b]).lines()).toHaveLength(2);
  });

  it("refuses two blocks of one name in one device", async () => {
    const block: Resource = { kind: "memory", name: "vram", bytes: 4096 };
    expect((await failure(() => ledgerOf([block, block]))).code).toBe("RESOURCE_CONFLICT");
  });

  it.each<Resource>([
    { kind: "ports", base: 0xffff, length: 2 },
    { kind: "ports", base: -1, length: 1 },
    { kind: "mmio", base: 0xffff_f000, length: 0x2000 },
    { kind: "irq", line: 16 },
    { kind: "dma", channel: 8 },
    { kind: "memory", name: "rom", bytes: 100 },
  ])("refuses $kind that no PC has", async (resource) => expect((await failure(() => ledgerOf([resource]))).code).toBe("RESOURCE_INVALID"));

  it("holds devices to what they declared", async () => {
    const ledger = ledgerOf([
      { kind: "ports", base: 0x60, length: 4 },
      { kind: "irq", line: 1 },
    ]);
    ledger.require("/isa/d0", { kind: "ports", base: 0x61, length: 2 });
    const { code, message } = await failure(() => ledger.require("/isa/d0", { kind: "ports", base: 0x62, length: 4 }));
    expect(code).toBe("RESOURCE_UNDECLARED");
    expect(message).toBe('"acme.d0" at /isa/d0 claims ports 62h-65h but declares ports 60h-63h in resources()');
    expect((await failure(() => ledger.require("/isa/d0", { kind: "irq", line: 2 }))).message).toContain("claims IRQ 2 but declares IRQ 1");
    expect((await failure(() => ledger.require("/isa/d0", { kind: "mmio", base: 0, length: 1 }))).message).toContain("declares none");
  });
});
