import { defineDevice, PciBus, port, SerialPort, Standalone } from "backplane/sdk";
import { describe, expect, it } from "vitest";
import { Bench, BenchIsaDma, BenchPciBus, BenchProcessor, MemoryImage, MemoryStorage } from "./index.js";
import { Random } from "./random.js";

const LOG_BASE = 0x200;

/** Ports with the widths that `handler` has, and a log of what reached it. */
const bus = async (handler: (log: string[]) => object) => {
  const log: string[] = [];
  const device = defineDevice({
    id: "test.ports",
    summary: "Ports",
    provides: Standalone,
    resources: () => [{ kind: "ports", base: LOG_BASE, length: 4 }],
    create({ board }) {
      board.ports(LOG_BASE, 4, handler(log));
      board.ports(LOG_BASE + 4, 4, { read8: () => 0xee, write8: (offset, value) => void log.push(`neighbour ${offset}=${value}`) });
      return { role: {}, reset() {} };
    },
  });
  return { log, bench: await Bench.plug(device) };
};

const card = defineDevice({
  id: "test.card",
  summary: "A PCI card with an I/O BAR, memory and an interrupt",
  provides: Standalone,
  needs: { pci: PciBus },
  state: { version: 1, initial: () => ({ value: 0 }) },
  resources: () => [{ kind: "memory", name: "ram", bytes: 8192 }],
  create({ board, deps, state }) {
    board.block("ram");
    const fn = deps.pci.attach(board, {
      vendorId: 0x1234,
      deviceId: 0x5678,
      classCode: 0x0123_45,
      interruptPin: 1,
      bars: [
        {
          index: 0,
          kind: "io",
          size: 16,
          handler: {
            read8: () => state.value,
            write8(_offset, value) {
              state.value = value;
              fn.interrupt(value > 0);
            },
          },
        },
        { index: 2, kind: "memory", size: 16_384, block: "ram" },
      ],
      registers: [{ offset: 0x40, value: 0x5a, writable: 0x0f }],
    });
    return {
      role: {},
      reset() {
        state.value = 0;
      },
    };
  },
});

describe("accesses on the bench", () => {
  it("makes wide accesses of narrow ones, across the end of a mapping into its neighbour", async () => {
    const { bench, log } = await bus((log) => ({ read8: (offset: number) => offset, write8: (offset: number, value: number) => void log.push(`${offset}=${value}`) }));
    expect([bench.in16(LOG_BASE + 1), bench.in32(LOG_BASE), bench.in32(LOG_BASE + 2)]).toEqual([0x0201, 0x0302_0100, 0xeeee_0302]);
    bench.out32(LOG_BASE + 3, 0x4433_2211);
    expect(log).toEqual(["3=17", "neighbour 0=34", "neighbour 1=51", "neighbour 2=68"]);
  });

  it("cuts narrow reads out of wide ones and ignores writes that are narrower than the part's", async () => {
    const { bench, log } = await bus((log) => ({
      read32: (offset: number) => 0x4433_2211 + offset,
      write32: (offset: number, value: number) => void log.push(`${offset}=${value}`),
    }));
    expect([bench.in8(LOG_BASE), bench.in8(LOG_BASE + 3), bench.in16(LOG_BASE + 2)]).toEqual([0x11, 0x44, 0x4433]);
    bench.out8(LOG_BASE, 1);
    bench.out16(LOG_BASE, 1);
    bench.out32(LOG_BASE, 7);
    expect(log).toEqual(["0=7"]);
  });

  it("answers all ones where nothing is", async () => {
    const { bench } = await bus(() => ({}));
    expect([bench.in8(0x999), bench.in16(0x999), bench.in32(0x999), bench.peek(0xfee0_0000, 4)]).toEqual([0xff, 0xffff, 0xffff_ffff, 0xffff_ffff]);
  });

  it("keeps a fixed mapping in front of a movable one and refuses two fixed ones", async () => {
    const { bench } = await bus(() => ({ read8: () => 1 }));
    const board = bench.board("/other");
    const window = board.ports(LOG_BASE - 4, 8, { read8: () => 2 }, { relocatable: true });
    expect([bench.in8(LOG_BASE - 1), bench.in8(LOG_BASE)]).toEqual([2, 1]);
    window.unmap();
    expect(bench.in8(LOG_BASE - 1)).toBe(0xff);
    expect(() => board.ports(LOG_BASE + 3, 1, {})).toThrow("/other: ports 203h already mapped by /bench/device");
    expect(() => board.ports(0xfff8, 9, {})).toThrow("no range of the bus");
  });
});

describe("several devices on one bench", () => {
  const echo = defineDevice({
    id: "test.echo",
    summary: "Interrupts some time after a byte arrives from a serial port",
    provides: Standalone,
    needs: { serial: SerialPort },
    config: { base: port(0x300, "Port") },
    state: { version: 1, initial: () => ({ heard: 0 }) },
    create({ board, deps, state }) {
      const line = board.irq(4);
      const timer = board.clock.timer("soon", () => line.set(true));
      deps.serial.onTransmit((byte) => {
        state.heard = byte;
        timer.arm(board.clock.nowNs + 1000);
      });
      return {
        role: {},
        reset() {
          state.heard = 0;
        },
      };
    },
  });

  it("adds, saves, loads and resets them together; a line is high while any of them drives it", async () => {
    let send: (byte: number) => void = () => {};
    const silent: SerialPort = { onTransmit: () => () => {}, receive: () => {}, pending: 0 };
    const serial: SerialPort = {
      ...silent,
      onTransmit(fn) {
        send = fn;
        return () => {};
      },
    };
    const bench = await Bench.plug(echo, { deps: { serial: silent } });
    const second = await bench.add(echo, "/bench/second", { serial });
    send(65);
    expect(bench.clock.armed()).toEqual({ "/bench/second:soon": 1000 });
    const saved = bench.save();
    bench.clock.advance(2000);
    const own = bench.board("/bench/hand").irq(4);
    own.set(true);
    expect([bench.lines.get(4), bench.rises.get(4)]).toEqual([true, 1]);
    bench.load(saved);
    expect([bench.lines.get(4), second.state.heard, bench.clock.nowNs]).toEqual([false, 65, 0]);
    bench.clock.advance(2000);
    expect(bench.lines.get(4)).toBe(true);
    bench.reset();
    expect([bench.lines.get(4), second.state.heard]).toEqual([false, 0]);
  });
});

describe("the bench's PCI bus", () => {
  it("places BARs, moves and closes them, and keeps read-only bits", async () => {
    const pci = new BenchPciBus();
    const bench = await Bench.plug(card, { path: "/pci/03.0", deps: { pci } });
    expect([pci.card.device, pci.read(0, 4), pci.read(0x10, 4), pci.card.barBase(0)]).toEqual([3, 0x5678_1234, 1, undefined]);
    pci.place();
    bench.out8(0xc000, 7);
    bench.poke(0xe000_1fff, 1, 9);
    expect([bench.in8(0xc00f), pci.card.pin, bench.blocks.get("ram")?.[0x1fff], pci.card.busMasterEnabled]).toEqual([7, true, 9, true]);
    pci.write(0x10, 4, 0xffff_ffff);
    expect([pci.read(0x10, 4), pci.card.barBase(0)]).toEqual([0xffff_fff1, undefined]);
    pci.write(0x10, 4, 0xd000);
    expect([bench.in8(0xc000), bench.in8(0xd000)]).toEqual([0xff, 7]);
    pci.write(0x40, 1, 0xff);
    expect(pci.read(0x40, 1)).toBe(0x5f);
  });

  it("goes back at reset and comes back with a load", async () => {
    const pci = new BenchPciBus();
    const bench = await Bench.plug(card, { deps: { pci } });
    pci.place();
    bench.out8(0xc000, 1);
    const saved = bench.save();
    bench.reset();
    expect([bench.in8(0xc000), pci.card.pin, pci.card.barBase(2)]).toEqual([0xff, false, undefined]);
    bench.load(saved);
    expect([bench.in8(0xc000), pci.card.pin, pci.card.barBase(2), pci.card.rises]).toEqual([1, true, 0xe000_0000, 1]);
  });
});

describe("other stand-ins", () => {
  it("programs DMA channels up to terminal count", () => {
    const dma = new BenchIsaDma();
    const channel = dma.channel(2);
    let woken = 0;
    channel.onReady(() => woken++);
    expect(channel.transfer(new Uint8Array(4), true)).toEqual({ moved: 0, terminalCount: false });
    dma.program(2, 6);
    expect(channel.transfer(Uint8Array.of(1, 2, 3, 4), true)).toEqual({ moved: 4, terminalCount: false });
    expect(channel.transfer(Uint8Array.of(5, 6, 7, 8), true)).toEqual({ moved: 2, terminalCount: true });
    expect([woken, channel.ready, dma.buffer.slice(0, 8)]).toEqual([1, false, Uint8Array.of(1, 2, 3, 4, 5, 6, 0, 0)]);
    expect(() => dma.channel(4)).toThrow("no DMA channel 4");
  });

  it("acknowledges interrupts only while INTR is high, and checks the vector", () => {
    const processor = new BenchProcessor();
    let vector = 8;
    processor.connect({ acknowledge: () => vector });
    expect(processor.acknowledge()).toBeUndefined();
    processor.intr(true);
    expect(processor.acknowledge()).toBe(8);
    vector = 256;
    expect(() => processor.acknowledge()).toThrow("no interrupt vector");
  });

  it("reads, writes and refuses as images and host files do", async () => {
    const image = new MemoryImage(1024);
    await image.write(512, Uint8Array.of(1, 2));
    const into = new Uint8Array(2);
    await image.read(512, into);
    expect(into).toEqual(Uint8Array.of(1, 2));
    await expect(image.read(1023, into)).rejects.toMatchObject({ code: "DISK_OUT_OF_RANGE" });
    image.failAt = 5;
    await expect(image.read(4, into)).rejects.toMatchObject({ code: "DISK_IO" });
    await expect(new MemoryImage(8, { readOnly: true }).write(0, into)).rejects.toMatchObject({ code: "DISK_READ_ONLY" });
    const storage = new MemoryStorage({ a: Uint8Array.of(1, 2, 3) });
    const file = await storage.open("a", "read");
    expect(storage.openFiles).toEqual(["a"]);
    await file.close();
    expect([storage.openFiles, await storage.readAll("a", 3)]).toEqual([[], Uint8Array.of(1, 2, 3)]);
    await expect(storage.readAll("a", 2)).rejects.toMatchObject({ code: "STORAGE_TOO_LARGE" });
    await expect(storage.open("b", "read")).rejects.toMatchObject({ code: "STORAGE_NOT_FOUND" });
  });

  it("draws the same numbers from the same seed, within their limits, and others from another", () => {
    const draw = (seed: number): number[] => {
      const random = new Random(seed);
      return Array.from({ length: 200 }, () => random.below(10));
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect([...new Set(draw(3))].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const random = new Random(4);
    for (let count = 0; count < 500; count++) expect(random.value(1)).toBeLessThanOrEqual(0xff);
  });
});
