import { describe, expect, it } from "vitest";
import type { BusAccess } from "./bus-trace.js";
import { InterruptWires } from "./interrupt-lines.js";
import { MmioSpace } from "./mmio-space.js";
import { PortSpace } from "./port-space.js";

const byteWide = () => {
  const bytes = new Uint8Array(16);
  return {
    read8: (offset: number) => bytes[offset],
    write8: (offset: number, value: number) => {
      bytes[offset] = value;
    },
  };
};
const recorder = () => {
  const seen: BusAccess[] = [];
  return { seen, listener: (access: BusAccess) => void seen.push({ ...access }) };
};

describe("a traced port space", () => {
  it("tells of accesses in its ranges with their owner, and answers as before", () => {
    const ports = new PortSpace();
    ports.map(0x300, 8, byteWide(), "/a", false);
    ports.map(0x308, 8, byteWide(), "/b", false);
    const { seen, listener } = recorder();
    ports.trace({ ranges: [{ first: 0x302, last: 0x309 }], listener });
    ports.write16(0x301, 0xbbaa);
    expect(ports.read8(0x301)).toBe(0xaa);
    expect(ports.read16(0x308)).toBe(0);
    ports.write8(0x30a, 1);
    expect(ports.read32(0x2ff)).toBe(0xffff_ffff);
    expect(seen).toEqual([
      { address: 0x301, direction: "write", bytes: 2, value: 0xbbaa, owner: "/a" },
      { address: 0x308, direction: "read", bytes: 2, value: 0, owner: "/b" },
      { address: 0x2ff, direction: "read", bytes: 4, value: 0xffff_ffff, owner: undefined },
    ]);
  });

  it("tells of the neighbour's part of a wide access, of the open bus, and of what is mapped later", () => {
    const ports = new PortSpace();
    ports.map(0x300, 8, byteWide(), "/a", false);
    const { seen, listener } = recorder();
    ports.trace({ ranges: [{ first: 0, last: 0xffff }], listener });
    ports.map(0x308, 8, byteWide(), "/b", false);
    ports.write16(0x307, 0x2211);
    expect(ports.read32(0xfffc)).toBe(0xffff_ffff);
    expect(seen).toEqual([
      { address: 0x307, direction: "write", bytes: 2, value: 0x2211, owner: "/a" },
      { address: 0x308, direction: "write", bytes: 1, value: 0x22, owner: "/b" },
      { address: 0xfffc, direction: "read", bytes: 4, value: 0xffff_ffff, owner: undefined },
    ]);
  });

  it("has the very slots back afterwards, and never loses those out of range", () => {
    const ports = new PortSpace();
    ports.map(0x300, 8, byteWide(), "/a", false);
    const before = [...ports.slots];
    const { epoch } = ports;
    ports.trace({ ranges: [{ first: 0x304, last: 0x304 }], listener: () => {} });
    const changed = ports.slots.flatMap((slot, port) => (slot === before[port] ? [] : [port]));
    expect(changed).toEqual([0x301, 0x302, 0x303, 0x304]);
    expect(ports.epoch).toBeGreaterThan(epoch);
    ports.trace(undefined);
    expect(ports.slots.every((slot, port) => slot === before[port])).toBe(true);
  });
});

describe("a traced memory-mapped space", () => {
  const space = () => {
    const changes: number[] = [];
    const mmio = new MmioSpace((base) => changes.push(base));
    mmio.map(0xe000_0000, 0x1000, byteWide(), "/a", false);
    mmio.map(0xe000_1000, 0x10, byteWide(), "/b", false);
    mmio.map(0xe000_1010, 0x10, byteWide(), "/c", true);
    return { mmio, changes };
  };

  it("tells of accesses in its ranges with their owner, and of the open bus", () => {
    const { mmio, changes } = space();
    const { seen, listener } = recorder();
    changes.length = 0;
    mmio.trace({ ranges: [{ first: 0xe000_0004, last: 0xe000_2fff }], listener });
    mmio.write8(0xe000_0003, 1);
    mmio.write16(0xe000_0003, 0x0201);
    expect(mmio.read8(0xe000_0004)).toBe(2);
    mmio.write8(0xe000_100f, 3);
    mmio.write8(0xe000_1010, 4);
    expect(mmio.read32(0xe000_2000)).toBe(0xffff_ffff);
    mmio.read8(0xe000_3000);
    expect(seen.map(({ address, direction, bytes, value, owner }) => [address - 0xe000_0000, direction, bytes, value, owner])).toEqual([
      [3, "write", 2, 0x0201, "/a"],
      [4, "read", 1, 2, "/a"],
      [0x100f, "write", 1, 3, "/b"],
      [0x1010, "write", 1, 4, "/c"],
      [0x2000, "read", 4, 0xffff_ffff, undefined],
    ]);
    expect(mmio.claimed(0xe0002)).toBe(false);
    expect(mmio.claimed(0xe0001)).toBe(true);
    expect(changes).toEqual([]);
  });

  it("has the devices' own handlers back afterwards", () => {
    const { mmio } = space();
    const [whole, open] = [mmio.slot(0xe000_0000).handler, mmio.slot(0xd000_0000)];
    const everywhere = { ranges: [{ first: 0, last: 0xffff_ffff }], listener: () => {} };
    mmio.trace(everywhere);
    mmio.trace(everywhere);
    expect(mmio.slot(0xe000_0000).handler).not.toBe(whole);
    expect(mmio.claimed(0xd0000)).toBe(false);
    mmio.trace(undefined);
    expect(mmio.slot(0xe000_0000).handler).toBe(whole);
    expect(mmio.slot(0xd000_0000).handler).toBe(open.handler);
    expect(mmio.claimed(0xe0000)).toBe(true);
  });
});

describe("traced interrupt wires", () => {
  it("tell of each source, also where another keeps the wire high", () => {
    const wires = new InterruptWires();
    const seen: unknown[] = [];
    const levels: unknown[] = [];
    wires.connect((line, level) => levels.push([line, level]));
    const [a, b] = [wires.source(5, "/a"), wires.source(5, "/b")];
    a.set(true);
    wires.trace((...change) => seen.push(change));
    b.set(true);
    b.set(true);
    a.set(false);
    wires.trace(undefined);
    b.set(false);
    expect(seen).toEqual([
      [5, true, "/b"],
      [5, false, "/a"],
    ]);
    expect(levels).toEqual([
      [5, true],
      [5, false],
    ]);
  });
});
