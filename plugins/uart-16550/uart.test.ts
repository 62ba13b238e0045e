import { Bench } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";
import { ns16450, ns16550a } from "./index.js";
import * as reg from "./registers.js";

const BASE = 0x3f8;
const IRQ = 4;
const CHARACTER = 1000;

const plug = async (definition: typeof ns16550a = ns16550a, config: { pace?: "fast" | "exact" } = {}) => {
  const bench = await Bench.plug(definition, { config });
  const sent: number[] = [];
  bench.role.onTransmit((byte) => sent.push(byte));
  const get = (register: number): number => bench.in8(BASE + register);
  const put = (register: number, value: number): void => bench.out8(BASE + register, value);
  const type = (text: string): void => bench.role.receive(Uint8Array.from(text, (each) => each.charCodeAt(0)));
  return { bench, sent, get, put, type, irq: () => bench.lines.get(IRQ) };
};

const withFifos = async () => {
  const port = await plug();
  port.put(reg.FCR, 0xc7);
  port.put(reg.MCR, reg.MCR_OUT2);
  return port;
};

describe("detection", () => {
  it("looks like a 16550A to a driver that enables the FIFOs, a 16450 does not", async () => {
    const a = await plug();
    a.put(reg.FCR, 1);
    expect(a.get(reg.IIR) >> 6).toBe(3);
    const plain = await plug(ns16450);
    plain.put(reg.FCR, 1);
    expect(plain.get(reg.IIR)).toBe(reg.IIR_NONE);
    plain.put(reg.SCR, 0xa5);
    expect(plain.get(reg.SCR)).toBe(0xa5);
  });

  it("keeps only the low bits of IER and reflects MCR in MSR while looped back", async () => {
    const { get, put } = await plug();
    put(reg.IER, 0xff);
    expect(get(reg.IER)).toBe(0x0f);
    expect(get(reg.MSR)).toBe(0xb0);
    put(reg.MCR, reg.MCR_LOOP | reg.MCR_RTS | reg.MCR_OUT2);
    expect(get(reg.MSR)).toBe(0x90 | reg.MSR_DDSR);
    expect(get(reg.MSR)).toBe(0x90);
    put(reg.MCR, reg.MCR_LOOP | reg.MCR_OUT1);
    get(reg.MSR);
    put(reg.MCR, reg.MCR_LOOP);
    expect(get(reg.MSR)).toBe(reg.MSR_TERI);
  });

  it("shows the divisor latch behind DLAB", async () => {
    const { get, put } = await plug();
    put(reg.LCR, reg.LCR_DLAB | 3);
    put(reg.DLL, 0x34);
    put(reg.DLM, 0x12);
    expect([get(reg.DLL), get(reg.DLM), get(reg.LCR)]).toEqual([0x34, 0x12, 0x83]);
    put(reg.LCR, 3);
    expect(get(reg.IER)).toBe(0);
  });
});

describe("transmitter", () => {
  it("delivers bytes in order, one a character time, to every listener until it disconnects", async () => {
    const { bench, sent, get, put } = await withFifos();
    put(reg.LCR, 3);
    const second: number[] = [];
    const disconnect = bench.role.onTransmit((byte) => second.push(byte));
    for (const byte of [1, 2, 3]) put(reg.THR, byte);
    expect(get(reg.LSR)).toBe(0);
    bench.clock.advance(2 * CHARACTER);
    expect(sent).toEqual([1, 2]);
    expect(get(reg.LSR)).toBe(reg.LSR_THRE);
    disconnect();
    bench.clock.advance(CHARACTER);
    expect(sent).toEqual([1, 2, 3]);
    expect(second).toEqual([1, 2]);
    expect(get(reg.LSR)).toBe(reg.LSR_THRE | reg.LSR_TEMT);
  });

  it("raises THRE at once when ETBEI is enabled, and again each time it is enabled", async () => {
    const { get, put, irq } = await withFifos();
    for (let round = 0; round < 2; round++) {
      put(reg.IER, reg.IER_ETBEI);
      expect(irq()).toBe(true);
      expect(get(reg.IIR)).toBe(0xc0 | reg.IIR_THR_EMPTY);
      expect(irq()).toBe(false);
      expect(get(reg.IIR)).toBe(0xc0 | reg.IIR_NONE);
      put(reg.IER, 0);
    }
  });

  it("does not clear THRE when IIR reports a more urgent cause", async () => {
    const { bench, get, put, type, irq } = await plug();
    put(reg.MCR, reg.MCR_OUT2);
    put(reg.LCR, 3);
    put(reg.IER, reg.IER_ETBEI | reg.IER_ERBFI);
    type("x");
    bench.clock.advance(CHARACTER);
    expect(get(reg.IIR)).toBe(reg.IIR_DATA_AVAILABLE);
    expect(get(reg.IIR)).toBe(reg.IIR_DATA_AVAILABLE);
    expect(get(reg.RBR)).toBe(0x78);
    expect(irq()).toBe(true);
    expect(get(reg.IIR)).toBe(reg.IIR_THR_EMPTY);
    expect(irq()).toBe(false);
  });

  it("gives one interrupt for a FIFO filled in one go", async () => {
    const { bench, sent, get, put, irq } = await withFifos();
    put(reg.LCR, 3);
    put(reg.IER, reg.IER_ETBEI);
    get(reg.IIR);
    for (let byte = 0; byte < 16; byte++) put(reg.THR, byte);
    expect(irq()).toBe(false);
    expect(bench.rises.get(IRQ)).toBe(1);
    bench.clock.advance(16 * CHARACTER);
    expect(bench.rises.get(IRQ)).toBe(2);
    expect(sent).toHaveLength(16);
    get(reg.IIR);
    put(reg.THR, 1);
    expect(irq()).toBe(false);
    bench.clock.advance(CHARACTER);
    expect(irq()).toBe(true);
  });

  it("takes the programmed character time with exact pacing", async () => {
    const { bench, sent, put } = await plug(ns16550a, { pace: "exact" });
    put(reg.LCR, reg.LCR_DLAB | 3);
    put(reg.DLL, 12);
    put(reg.DLM, 0);
    put(reg.LCR, 3);
    put(reg.THR, 0x55);
    bench.clock.advance(1_041_600);
    expect(sent).toEqual([]);
    bench.clock.advance(100);
    expect(sent).toEqual([0x55]);
  });

  it("passes whole bytes before the guest has programmed the line", async () => {
    const { bench, sent, put } = await plug();
    put(reg.THR, 0xff);
    bench.clock.advance(CHARACTER);
    expect(sent).toEqual([0xff]);
  });
});

describe("receiver", () => {
  it("loses nothing while the guest does not read", async () => {
    const { bench, get, put, type } = await withFifos();
    put(reg.LCR, 3);
    const text = Array.from({ length: 10_000 }, (_, at) => at & 0x7f);
    type(String.fromCharCode(...text));
    bench.clock.advance(1e6);
    expect(bench.role.pending).toBe(10_000);
    const read: number[] = [];
    while (bench.role.pending > 0) {
      bench.clock.advance(CHARACTER);
      const status = get(reg.LSR);
      expect(status & reg.LSR_OE).toBe(0);
      if (status & reg.LSR_DR) read.push(get(reg.RBR));
    }
    expect(read).toEqual(text);
    expect(bench.state.queue).toHaveLength(0);
  });

  it("interrupts at the trigger level and, for fewer bytes, after four character times", async () => {
    const { bench, get, put, type, irq } = await withFifos();
    put(reg.LCR, 3);
    put(reg.FCR, 0x41);
    put(reg.IER, reg.IER_ERBFI);
    type("abcd");
    bench.clock.advance(3 * CHARACTER);
    expect(irq()).toBe(false);
    bench.clock.advance(CHARACTER);
    expect(get(reg.IIR)).toBe(0xc0 | reg.IIR_DATA_AVAILABLE);
    get(reg.RBR);
    expect(irq()).toBe(false);
    bench.clock.advance(4 * CHARACTER);
    expect(irq()).toBe(true);
    expect(get(reg.IIR)).toBe(0xc0 | reg.IIR_CHARACTER_TIMEOUT);
    get(reg.RBR);
    expect(irq()).toBe(false);
    bench.clock.advance(4 * CHARACTER);
    expect([get(reg.RBR), get(reg.RBR)]).toEqual([0x63, 0x64]);
    bench.clock.advance(10 * CHARACTER);
    expect(irq()).toBe(false);
  });

  it("loops transmitted bytes back, keeps them from listeners, and reports the overrun", async () => {
    const { bench, sent, get, put, type } = await withFifos();
    put(reg.LCR, 3);
    put(reg.MCR, reg.MCR_LOOP);
    put(reg.IER, reg.IER_ELSI);
    type("z");
    for (let byte = 0; byte < 16; byte++) put(reg.THR, byte);
    put(reg.THR, 16);
    bench.clock.advance(40 * CHARACTER);
    expect(get(reg.IIR)).toBe(0xc0 | reg.IIR_LINE_STATUS);
    expect(get(reg.LSR) & (reg.LSR_OE | reg.LSR_DR)).toBe(reg.LSR_OE | reg.LSR_DR);
    expect(get(reg.LSR) & reg.LSR_OE).toBe(0);
    const read = Array.from({ length: 16 }, () => get(reg.RBR));
    expect(read).toEqual(Array.from({ length: 16 }, (_, at) => at));
    expect(sent).toEqual([]);
    put(reg.MCR, 0);
    bench.clock.advance(CHARACTER);
    expect(get(reg.RBR)).toBe(0x7a);
  });

  it("empties the FIFOs when they are switched", async () => {
    const { bench, get, put, type } = await withFifos();
    type("ab");
    bench.clock.advance(2 * CHARACTER);
    put(reg.FCR, 0);
    expect(get(reg.LSR) & reg.LSR_DR).toBe(0);
  });
});

describe("interrupt line", () => {
  it("needs OUT2 and is cut off in loopback", async () => {
    const { put, irq } = await plug();
    put(reg.IER, reg.IER_ETBEI);
    expect(irq()).toBe(false);
    put(reg.MCR, reg.MCR_OUT2);
    expect(irq()).toBe(true);
    put(reg.MCR, reg.MCR_OUT2 | reg.MCR_LOOP);
    expect(irq()).toBe(false);
  });

  it("reports modem status changes until MSR is read", async () => {
    const { get, put, irq } = await plug();
    put(reg.MCR, reg.MCR_LOOP);
    put(reg.MCR, reg.MCR_OUT2);
    put(reg.IER, reg.IER_EDSSI);
    expect(get(reg.IIR)).toBe(reg.IIR_MODEM_STATUS);
    get(reg.MSR);
    expect(irq()).toBe(false);
  });
});

describe("state", () => {
  it("goes on after load where it was saved, in the middle of a FIFO", async () => {
    const first = await withFifos();
    first.put(reg.LCR, 3);
    first.put(reg.IER, reg.IER_ETBEI | reg.IER_ERBFI);
    for (const byte of [1, 2, 3]) first.put(reg.THR, byte);
    first.type("hello");
    first.bench.clock.advance(1.5 * CHARACTER);
    const second = await withFifos();
    second.bench.load(first.bench.save());
    for (const port of [first, second]) port.bench.clock.advance(20 * CHARACTER);
    expect(second.sent).toEqual([2, 3]);
    expect(second.bench.role.pending).toBe(5);
    expect(second.bench.save()).toEqual(first.bench.save());
  });

  it("resets twice like once and keeps what the host has queued", async () => {
    const { bench, get, put, type } = await withFifos();
    put(reg.LCR, 3);
    put(reg.THR, 1);
    type("q");
    bench.reset();
    const once = bench.save();
    bench.reset();
    expect(bench.save()).toEqual(once);
    put(reg.LCR, 3);
    bench.clock.advance(CHARACTER);
    expect([get(reg.RBR), get(reg.LSR), get(reg.IIR)]).toEqual([0x71, 0x60, 1]);
  });
});
