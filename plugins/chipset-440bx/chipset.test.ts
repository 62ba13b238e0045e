import type { BackplaneError, BusHandler, PciBus, PciFunction, PciFunctionSpec } from "backplane/sdk";
import { Bench } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";
import { i440bx } from "./i440bx.js";
import { i440fx } from "./i440fx.js";

const RAM_BYTES = 64 << 20;
const COMMAND = 0x04;
const BAR0 = 0x10;
const BAR1 = 0x14;
const ROM = 0x30;

const plug = async (definition: typeof i440bx) => {
  const bench = await Bench.plug(definition, { path: "/pci", ramBytes: RAM_BYTES });
  const select = (device: number, fn: number, register: number) => bench.out32(0xcf8, (0x8000_0000 | (device << 11) | (fn << 8) | (register & 0xfc)) >>> 0);
  const route = (address: number): string => {
    const to = bench.routeOf(address);
    return `${to?.reads}/${to?.writes}`;
  };
  return { bench, route, changes: () => bench.routes.length, select, bus: bench.role as PciBus };
};

const registers = (): { log: string[]; handler: BusHandler } => {
  const log: string[] = [];
  return { log, handler: { read8: (offset) => 0x40 + offset, write8: (offset, value) => void log.push(`${offset}=${value}`) } };
};

describe.each([
  ["intel.440bx", i440bx, 0x7192_8086, 0],
  ["intel.440fx", i440fx, 0x1237_8086, 0x1100_1af4],
])("%s", (_id, definition, identity, subsystem) => {
  it("identifies itself as a host bridge at 00.0", async () => {
    const { bench, bus, select } = await plug(definition);
    select(0, 0, 0);
    expect(bench.in32(0xcfc)).toBe(identity);
    expect(bus.configRead(0, 0, 0x0a, 2)).toBe(0x0600);
    expect(bus.configRead(0, 0, 0x2c, 4)).toBe(subsystem);
    bus.configWrite(0, 0, 0, 4, 0);
    expect(bus.configRead(0, 0, 0, 4)).toBe(identity);
  });

  it("has a 32-bit address register that narrower accesses pass by", async () => {
    const { bench } = await plug(definition);
    bench.out32(0xcf8, 0xffff_ffff);
    expect(bench.in32(0xcf8)).toBe(0x80ff_fffc);
    bench.out8(0xcf8, 0);
    bench.out16(0xcf8, 0);
    bench.out8(0xcfb, 1);
    expect(bench.in32(0xcf8)).toBe(0x80ff_fffc);
    expect(bench.in8(0xcf8)).toBe(0xff);
    expect(bench.mappings.filter((each) => each.base < 0xcfc && each.base + each.length > 0xcf9)).toEqual([]);
  });

  it("answers bytes, words and doublewords at CFCh, and all ones without enable, slot or bus", async () => {
    const { bench, select } = await plug(definition);
    select(0, 0, 0);
    expect(bench.in16(0xcfe)).toBe(identity >>> 16);
    expect(bench.in8(0xcfd)).toBe(0x80);
    expect(bench.in32(0xcfe)).toBe(0xffff_ffff);
    bench.out32(0xcf8, 0);
    expect(bench.in32(0xcfc)).toBe(0xffff_ffff);
    select(9, 0, 0);
    expect(bench.in16(0xcfc)).toBe(0xffff);
    bench.out32(0xcf8, 0x8001_0000);
    expect(bench.in32(0xcfc)).toBe(0xffff_ffff);
  });

  it("keeps hard-wired command bits and the last row boundary at the size of memory", async () => {
    const { bus } = await plug(definition);
    bus.configWrite(0, 0, COMMAND, 2, 0);
    expect(bus.configRead(0, 0, COMMAND, 2)).toBe(6);
    expect(bus.configRead(0, 0, 0x67, 1)).toBe(RAM_BYTES / (8 << 20));
  });
});

describe("memory routing", () => {
  it("starts with everything between A0000h and FFFFFh on the bus", async () => {
    const { bench, route } = await plug(i440fx);
    expect(new Set(bench.routes.map(({ base }) => base)).size).toBe(14);
    for (let address = 0xa_0000; address < 0x10_0000; address += 4096) expect(route(address)).toBe("bus/bus");
  });

  it("follows the attribute nibbles as SeaBIOS writes them", async () => {
    const { bench, route, select } = await plug(i440fx);
    select(0, 0, 0x58);
    bench.out32(0xcfc, 0x3333_3010);
    select(0, 0, 0x5c);
    bench.out32(0xcfc, 0x3333_3333);
    expect(route(0xf_0000)).toBe("dram/dram");
    expect(route(0xc_0000)).toBe("dram/dram");
    expect(route(0xe_c000)).toBe("dram/dram");
    select(0, 0, 0x58);
    bench.out16(0xcfe, 0x3321);
    expect(route(0xc_0000)).toBe("dram/bus");
    expect(route(0xc_4000)).toBe("bus/dram");
    bench.out8(0xcfd, 0x10);
    expect(route(0xf_0000)).toBe("dram/bus");
    expect(route(0xa_0000)).toBe("bus/bus");
  });

  it("asks the board for nothing while nothing changes", async () => {
    const { bus, changes } = await plug(i440bx);
    const before = changes();
    bus.configWrite(0, 0, 0x50, 4, 0xffff);
    bus.configWrite(0, 0, 0x5a, 1, 0);
    expect(changes()).toBe(before);
    bus.configWrite(0, 0, 0x5a, 1, 1);
    expect(changes()).toBe(before + 1);
  });

  it("shows DRAM at A0000h while SMRAM is open and never after it was locked", async () => {
    const { bench, bus, route } = await plug(i440bx);
    bus.configWrite(0, 0, 0x72, 1, 0x4a);
    expect(route(0xa_0000)).toBe("dram/dram");
    bus.configWrite(0, 0, 0x72, 1, 0x6a);
    expect(route(0xa_0000)).toBe("bus/bus");
    bus.configWrite(0, 0, 0x72, 1, 0x5a);
    expect(bus.configRead(0, 0, 0x72, 1)).toBe(0x1a);
    bus.configWrite(0, 0, 0x72, 1, 0x4a);
    expect(bus.configRead(0, 0, 0x72, 1)).toBe(0x1a);
    expect(route(0xa_0000)).toBe("bus/bus");
    bench.load(bench.save());
    bus.configWrite(0, 0, 0x72, 1, 0x4a);
    expect(route(0xa_0000)).toBe("bus/bus");
    bench.reset();
    bus.configWrite(0, 0, 0x72, 1, 0x4a);
    expect(route(0xa_0000)).toBe("dram/dram");
  });

  it("returns to the bus at reset, and to the saved map at load", async () => {
    const { bench, bus, route } = await plug(i440fx);
    bus.configWrite(0, 0, 0x59, 1, 0x30);
    const saved = bench.save();
    bench.reset();
    expect(route(0xf_0000)).toBe("bus/bus");
    const other = await plug(i440fx);
    other.bench.load(saved);
    expect(other.route(0xf_0000)).toBe("dram/dram");
  });
});

describe("functions", () => {
  const spec = (more: Partial<PciFunctionSpec> = {}): PciFunctionSpec => ({ vendorId: 0x1234, deviceId: 0x5678, classCode: 0x02_0000, revision: 9, interruptPin: 1, ...more });
  const withCard = async (more: Partial<PciFunctionSpec> = {}, path = "/pci/03.0") => {
    const plugged = await plug(i440fx);
    const card = plugged.bus.attach(plugged.bench.board(path), spec(more));
    plugged.bench.reset();
    return { ...plugged, card };
  };

  it("takes the slot from the path or the argument and refuses nonsense and doubles", async () => {
    const { bus, bench, card } = await withCard();
    expect([card.device, card.function]).toEqual([3, 0]);
    const second = bus.attach(bench.board("/net"), spec(), "1f.7");
    expect([second.device, second.function]).toEqual([0x1f, 7]);
    expect(bus.functions().map((each) => each.device)).toEqual([0, 3, 0x1f]);
    const code = (where: string): string => {
      try {
        bus.attach(bench.board("/net"), spec(), where);
        return "none";
      } catch (error) {
        return (error as BackplaneError).code;
      }
    };
    expect(code("3.0")).toBe("PCI_SLOT_TAKEN");
    for (const where of ["net", "20.0", "03.8", ""]) expect(code(where)).toBe("PCI_SLOT_INVALID");
  });

  it("lets the guest write only what is writable and clears status by ones", async () => {
    const { bus, card } = await withCard({ status: 0x0280, registers: [{ offset: 0x44, value: 0xf5, writable: 0x0f }] });
    bus.configWrite(3, 0, 0x44, 1, 0x0a);
    expect(card.config[0x44]).toBe(0xfa);
    bus.configWrite(3, 0, 0x3c, 4, 0xffff_ffff);
    expect(bus.configRead(3, 0, 0x3c, 4)).toBe(0x0000_01ff);
    card.config[7] |= 0x20;
    bus.configWrite(3, 0, 0x04, 4, 0);
    expect(bus.configRead(3, 0, 6, 2)).toBe(0x2280);
    bus.configWrite(3, 0, 6, 2, 0xffff);
    expect(bus.configRead(3, 0, 6, 2)).toBe(0x0280);
    bus.configWrite(3, 0, COMMAND, 2, 0xffff);
    expect(bus.configRead(3, 0, COMMAND, 2)).toBe(0x0157);
    expect(card.busMasterEnabled).toBe(true);
  });

  it("answers sizing, maps an I/O BAR with the command bit and moves it", async () => {
    const { handler, log } = registers();
    const { bench, bus, card } = await withCard({ bars: [{ index: 0, kind: "io", size: 0x20, handler }] });
    bus.configWrite(3, 0, BAR0, 4, 0xffff_ffff);
    expect(bus.configRead(3, 0, BAR0, 4)).toBe(0xffff_ffe1);
    bus.configWrite(3, 0, BAR0, 4, 0xc000);
    expect(card.barBase(0)).toBeUndefined();
    expect(bench.in8(0xc001)).toBe(0xff);
    bus.configWrite(3, 0, COMMAND, 2, 1);
    expect(card.barBase(0)).toBe(0xc000);
    expect(bench.in8(0xc001)).toBe(0x41);
    bus.configWrite(3, 0, BAR0, 4, 0xc020);
    expect(bench.in8(0xc001)).toBe(0xff);
    bench.out8(0xc023, 7);
    expect(log).toEqual(["3=7"]);
    bus.configWrite(3, 0, COMMAND, 2, 2);
    expect(card.barBase(0)).toBeUndefined();
    expect(bench.in8(0xc023)).toBe(0xff);
  });

  it("keeps a memory BAR unmapped at zero and while it is being sized", async () => {
    const { handler } = registers();
    const { bench, bus, card } = await withCard({ bars: [{ index: 1, kind: "memory", size: 0x1000, prefetchable: true, handler }] });
    bus.configWrite(3, 0, COMMAND, 2, 2);
    expect(card.barBase(1)).toBeUndefined();
    bus.configWrite(3, 0, BAR1, 4, 0xffff_ffff);
    expect(bus.configRead(3, 0, BAR1, 4)).toBe(0xffff_f008);
    expect(card.barBase(1)).toBeUndefined();
    bus.configWrite(3, 0, BAR1, 4, 0xfeb0_0000);
    expect(card.barBase(1)).toBe(0xfeb0_0000);
    expect(bench.peek(0xfeb0_0002, 1)).toBe(0x42);
  });

  it("shows a memory block and an expansion ROM", async () => {
    const plugged = await plug(i440fx);
    plugged.bench.blocks.set("vram", new Uint8Array(0x2000));
    const rom = Uint8Array.from({ length: 3000 }, (_, index) => (index === 0 ? 0x55 : 0xaa));
    plugged.bus.attach(plugged.bench.board("/pci/02.0"), spec({ rom, bars: [{ index: 0, kind: "memory", size: 0x4000, block: "vram" }] }));
    const { bench, bus } = plugged;
    bus.configWrite(2, 0, BAR0, 4, 0xfd00_0000);
    bus.configWrite(2, 0, COMMAND, 2, 2);
    bench.poke(0xfd00_1fff, 1, 0x99);
    expect(bench.blocks.get("vram")![0x1fff]).toBe(0x99);
    expect(bench.peek(0xfd00_2000, 1)).toBe(0xff);
    bus.configWrite(2, 0, ROM, 4, 0xffff_fffe);
    expect(bus.configRead(2, 0, ROM, 4)).toBe(0xffff_f000);
    bus.configWrite(2, 0, ROM, 4, 0xfeb1_0000);
    expect(bench.peek(0xfeb1_0000, 2)).toBe(0xffff);
    bus.configWrite(2, 0, ROM, 4, 0xfeb1_0001);
    expect(bench.peek(0xfeb1_0000, 2)).toBe(0xaa55);
    expect(bench.peek(0xfeb1_0fff, 1)).toBe(0xff);
  });

  it("tells the device of command and device-specific writes and of a reset", async () => {
    const told: string[] = [];
    const { bench, bus } = await withCard({ onConfigWrite: (offset, length) => void told.push(`${offset.toString(16)}+${length}`) });
    told.length = 0;
    bus.configWrite(3, 0, COMMAND, 2, 7);
    bus.configWrite(3, 0, BAR0, 4, 7);
    bus.configWrite(3, 0, 0x3c, 1, 7);
    bus.configWrite(3, 0, 0x40, 4, 7);
    bus.configWrite(3, 0, 0xff, 1, 7);
    bus.configWrite(3, 0, 0xfe, 4, 7);
    bench.reset();
    expect(told).toEqual(["4+2", "40+4", "ff+1", "4+252"]);
  });

  it("saves configuration space, maps it again at load and forgets it at reset", async () => {
    const { handler } = registers();
    const bars: PciFunctionSpec["bars"] = [{ index: 0, kind: "io", size: 8, handler }];
    const { bench, bus, card } = await withCard({ bars });
    bus.configWrite(3, 0, BAR0, 4, 0xd000);
    bus.configWrite(3, 0, COMMAND, 2, 1);
    const saved = bench.save();
    const other = await withCard({ bars });
    other.bus.configWrite(3, 0, BAR0, 4, 0xe000);
    other.bus.configWrite(3, 0, COMMAND, 2, 1);
    other.bench.load(saved);
    expect(other.card.barBase(0)).toBe(0xd000);
    expect(other.bench.in8(0xd000)).toBe(0x40);
    expect(other.bench.in8(0xe000)).toBe(0xff);
    bench.reset();
    bench.reset();
    expect(card.barBase(0)).toBeUndefined();
    expect(bench.in8(0xd000)).toBe(0xff);
    expect(bus.configRead(3, 0, BAR0, 4)).toBe(1);
  });
});

describe("interrupt wires", () => {
  const card = (bus: PciBus, bench: Bench<PciBus, never, never, never>, where: string, pin: 0 | 1 | 2 | 3 | 4): PciFunction =>
    bus.attach(bench.board("/card"), { vendorId: 1, deviceId: 1, classCode: 0, interruptPin: pin }, where);

  it("rotates pins by device number as the firmware's tables say", async () => {
    const { bench, bus } = await plug(i440fx);
    const seen: number[] = [];
    bus.connectRouter((pirq, level) => void (level && seen.push(pirq)));
    for (const [where, pin] of [
      ["01.2", 1],
      ["02.0", 1],
      ["03.0", 1],
      ["04.0", 1],
      ["05.0", 1],
      ["03.1", 4],
    ] as const) {
      const plugged = card(bus, bench as never, where, pin);
      plugged.interrupt(true);
      plugged.interrupt(false);
    }
    expect(seen).toEqual([0, 1, 2, 3, 0, 1]);
  });

  it("is a wired OR of the functions on a wire", async () => {
    const { bench, bus } = await plug(i440bx);
    const seen: string[] = [];
    bus.connectRouter((pirq, level) => void seen.push(`${pirq}:${level}`));
    const a = card(bus, bench as never, "03.0", 1);
    const b = card(bus, bench as never, "07.0", 1);
    const none = card(bus, bench as never, "08.0", 0);
    none.interrupt(true);
    a.interrupt(true);
    a.interrupt(true);
    b.interrupt(true);
    a.interrupt(false);
    expect(seen).toEqual(["2:true"]);
    b.interrupt(false);
    expect(seen).toEqual(["2:true", "2:false"]);
  });

  it("keeps levels over a save and drops them at reset", async () => {
    const first = await plug(i440fx);
    card(first.bus, first.bench as never, "03.0", 1).interrupt(true);
    const second = await plug(i440fx);
    const again = card(second.bus, second.bench as never, "03.0", 1);
    second.bench.load(first.bench.save());
    const seen: string[] = [];
    second.bus.connectRouter((pirq, level) => void seen.push(`${pirq}:${level}`));
    again.interrupt(true);
    expect(seen).toEqual([]);
    again.interrupt(false);
    expect(seen).toEqual(["2:false"]);
    again.interrupt(true);
    second.bench.reset();
    again.interrupt(true);
    expect(seen.filter((each) => each === "2:true")).toHaveLength(2);
  });
});
