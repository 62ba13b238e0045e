import type { Processor } from "backplane/sdk";
import { Bench } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";
import { intel8042 } from "./index.js";

const BYTE_NS = 500_000;
const MS = 1_000_000;

const plug = async () => {
  const pins = { a20: false, inits: 0 };
  const processor = {
    a20: (enabled: boolean) => void (pins.a20 = enabled),
    get a20Enabled() {
      return pins.a20;
    },
    init: () => void pins.inits++,
  } as unknown as Processor;
  const bench = await Bench.plug(intel8042, { deps: { processor } });
  const status = (): number => bench.in8(0x64);
  const command = (code: number, ...data: number[]): void => {
    bench.out8(0x64, code);
    for (const byte of data) bench.out8(0x60, byte);
  };
  /** Polls as a driver does: every byte that arrives before the controller falls silent. */
  const drain = (): number[] => {
    const bytes: number[] = [];
    for (let silent = 0; silent < 25; silent++) {
      bench.clock.advance(MS);
      if (!(status() & 1)) continue;
      bytes.push(bench.in8(0x60));
      silent = -1;
    }
    return bytes;
  };
  const keyboard = (...bytes: number[]): number[] =>
    bytes.flatMap((byte) => {
      bench.out8(0x60, byte);
      return drain();
    });
  const mouse = (...bytes: number[]): number[] =>
    bytes.flatMap((byte) => {
      command(0xd4, byte);
      return drain();
    });
  return { bench, pins, status, command, drain, keyboard, mouse, keys: bench.role.keyboard, motion: bench.role.mouse, irq: (line: number) => bench.lines.get(line) };
};

const raw = async (set: number) => {
  const kit = await plug();
  kit.command(0x60, 0x01);
  kit.keyboard(0xf0, set);
  return kit;
};

describe("controller", () => {
  it("passes its self test and the line tests", async () => {
    const { command, drain, status } = await plug();
    expect(status()).toBe(0x10);
    command(0xaa);
    expect(status()).toBe(0x1c);
    expect(drain()).toEqual([0x55]);
    expect(status() & 0x04).toBe(0x04);
    for (const test of [0xa9, 0xab]) {
      command(test);
      expect(drain()).toEqual([0]);
    }
  });

  it("keeps its RAM and switches the interfaces in the command byte", async () => {
    const { command, drain } = await plug();
    command(0x60, 0x47);
    command(0x7f, 0x99);
    command(0x20);
    expect(drain()).toEqual([0x47]);
    command(0x3f);
    expect(drain()).toEqual([0x99]);
    command(0xa7);
    command(0xad);
    command(0x20);
    expect(drain()).toEqual([0x77]);
    command(0xa8);
    command(0xae);
    command(0x20);
    expect(drain()).toEqual([0x47]);
  });

  it("loops a byte back as one of the mouse, with IRQ 12", async () => {
    const { bench, command, status, irq } = await plug();
    command(0x60, 0x47);
    command(0xd3, 0xa5);
    bench.clock.advance(BYTE_NS);
    expect(status() & 0x21).toBe(0x21);
    expect([irq(1), irq(12)]).toEqual([false, true]);
    expect(bench.in8(0x60)).toBe(0xa5);
    expect(irq(12)).toBe(false);
    command(0xd2, 0x5a);
    bench.clock.advance(BYTE_NS);
    expect(status() & 0x21).toBe(0x01);
    expect([irq(1), irq(12)]).toEqual([true, false]);
  });

  it("gates A20 and pulses reset", async () => {
    const { command, drain, pins } = await plug();
    expect(pins.a20).toBe(true);
    command(0xd1, 0xdd);
    expect([pins.a20, pins.inits]).toEqual([false, 0]);
    command(0xd0);
    expect(drain().map((port) => port & 0x03)).toEqual([0x01]);
    command(0xdf);
    expect(pins.a20).toBe(true);
    command(0xff);
    expect(pins.inits).toBe(0);
    command(0xfe);
    command(0xf0);
    command(0xd1, 0xde);
    expect(pins.inits).toBe(3);
  });

  it("delivers one byte at a time and leaves the buffer empty in between", async () => {
    const { bench, keys, status, irq } = await plug();
    keys.key(0x1e, true);
    keys.key(0x1e, false);
    expect(status() & 1).toBe(0);
    bench.clock.advance(BYTE_NS);
    expect(irq(1)).toBe(true);
    bench.clock.advance(100 * BYTE_NS);
    expect(keys.pending).toBe(2);
    expect([bench.in8(0x60), bench.in8(0x60)]).toEqual([0x1e, 0x1e]);
    expect([status() & 1, irq(1)]).toEqual([0, false]);
    bench.clock.advance(BYTE_NS);
    expect(bench.in8(0x60)).toBe(0x9e);
    expect([keys.pending, bench.rises.get(1)]).toEqual([0, 2]);
  });

  it("holds keys back while the keyboard interface is disabled, but answers commands", async () => {
    const { command, drain, keys } = await plug();
    command(0xad);
    keys.key(0x1e, true);
    expect(drain()).toEqual([]);
    command(0x20);
    expect(drain()).toEqual([0x71]);
    command(0xae);
    expect(drain()).toEqual([0x1e]);
  });

  it("stops answering a guest that never reads", async () => {
    const { bench, command, keyboard } = await plug();
    for (let round = 0; round < 1000; round++) command(0x20);
    for (let round = 0; round < 1000; round++) bench.out8(0x60, 0xee);
    for (let round = 0; round < 1000; round++) command(0xd4, 0xe9);
    expect(bench.state.controller.responses.length).toBeLessThanOrEqual(16);
    expect(bench.state.keyboard.replies.length).toBeLessThanOrEqual(16);
    expect(bench.state.mouse.replies.length).toBeLessThanOrEqual(16);
    keyboard(0xf4);
    expect(keyboard(0xee)).toEqual([0xee]);
  });
});

describe("keyboard", () => {
  it("resets and identifies itself, translated and not", async () => {
    const { command, keyboard } = await plug();
    expect(keyboard(0xff)).toEqual([0xfa, 0xaa]);
    expect(keyboard(0xf2)).toEqual([0xfa, 0xab, 0x41]);
    command(0x60, 0x01);
    expect(keyboard(0xf2)).toEqual([0xfa, 0xab, 0x83]);
    expect(keyboard(0xfe)).toEqual([0x83]);
    expect(keyboard(0x12)).toEqual([0xfe]);
  });

  it("gives every key its set-1 code through the translation", async () => {
    const { drain, keys } = await plug();
    for (let code = 1; code < 0x80; code++) {
      keys.key(code, true);
      keys.key(code, false);
      expect(drain()).toEqual([code, code | 0x80]);
      keys.key(0xe000 | code, true);
      keys.key(0xe000 | code, false);
      if (code !== 0x37) expect(drain()).toEqual([0xe0, code, 0xe0, code | 0x80]);
      else expect(drain()).toEqual([0xe0, 0x2a, 0xe0, 0x37, 0xe0, 0xb7, 0xe0, 0xaa]);
    }
  });

  it("sends the same codes in set 1 without translation", async () => {
    const { drain, keys } = await raw(1);
    for (const code of [0x1e, 0xe048, 0xe037]) {
      keys.key(code, true);
      keys.key(code, false);
    }
    keys.key(0xe11d, true);
    keys.key(0xe11d, false);
    const pause = [0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5];
    expect(drain()).toEqual([0x1e, 0x9e, 0xe0, 0x48, 0xe0, 0xc8, 0xe0, 0x2a, 0xe0, 0x37, 0xe0, 0xb7, 0xe0, 0xaa, ...pause]);
    const translated = await plug();
    translated.keys.key(0xe11d, true);
    expect(translated.drain()).toEqual(pause);
  });

  it("sends set 2 and set 3 as tabled, with key types in set 3", async () => {
    const two = await raw(2);
    two.keys.key(0x1e, true);
    two.keys.key(0x1e, false);
    two.keys.key(0xe04b, true);
    two.keys.key(0xe04b, false);
    expect(two.drain()).toEqual([0x1c, 0xf0, 0x1c, 0xe0, 0x6b, 0xe0, 0xf0, 0x6b]);
    const three = await raw(3);
    expect(three.keyboard(0xf0, 0)).toEqual([0xfa, 0xfa, 3]);
    const press = (code: number): number[] => {
      for (const down of [true, true, false]) three.keys.key(code, down);
      return three.drain();
    };
    expect(press(0x1e)).toEqual([0x1c, 0x1c]);
    expect(press(0x2a)).toEqual([0x12, 0xf0, 0x12]);
    expect(press(0xe048)).toEqual([0x63, 0x63]);
    expect(press(0x01)).toEqual([0x08]);
    three.keyboard(0xfc, 0x1c, 0x08);
    expect(press(0x1e)).toEqual([0x1c, 0xf0, 0x1c]);
    expect(press(0x01)).toEqual([0x08, 0xf0, 0x08]);
    three.keyboard(0xfa);
    expect(press(0x1e)).toEqual([0x1c, 0x1c, 0xf0, 0x1c]);
  });

  it("shows LEDs and takes a new command in place of a parameter", async () => {
    const { keyboard, keys } = await plug();
    expect(keyboard(0xed, 0x05)).toEqual([0xfa, 0xfa]);
    expect(keys.leds).toBe(5);
    expect(keyboard(0xed, 0xee)).toEqual([0xfa, 0xee]);
    expect(keyboard(0x02)).toEqual([0xfe]);
    expect(keyboard(0xf3, 0x20)).toEqual([0xfa, 0xfa]);
  });

  it("says nothing while scanning is disabled", async () => {
    const { keyboard, keys, drain } = await plug();
    expect(keyboard(0xf5)).toEqual([0xfa]);
    keys.key(0x1e, true);
    keys.key(0x1e, false);
    expect(drain()).toEqual([]);
    keyboard(0xf4);
    keys.key(0x1e, true);
    expect(drain()).toEqual([0x1e]);
  });

  it("drops whole events when full, and never a break alone", async () => {
    const { keys, drain } = await plug();
    for (let round = 0; round < 2000; round++) {
      keys.key(0xe04b, true);
      keys.key(0xe04b, false);
    }
    keys.key(0x1d, true);
    expect(keys.pending).toBe(1024);
    const bytes = drain();
    expect(bytes).toHaveLength(2048);
    expect(bytes.slice(-4)).toEqual([0xe0, 0x4b, 0xe0, 0xcb]);
    keys.key(0x1d, false);
    expect(drain()).toEqual([]);
  });

  it("tells Pause from right Ctrl", async () => {
    const { keys, drain } = await plug();
    keys.key(0xe01d, true);
    keys.key(0xe11d, true);
    keys.key(0xe01d, false);
    expect(drain().slice(-2)).toEqual([0xe0, 0x9d]);
    keys.key(0, true);
    keys.key(0xe100, true);
    keys.key(0x1_0001, true);
    expect(keys.pending).toBe(0);
  });
});

describe("mouse", () => {
  it("resets and is silent until enabled", async () => {
    const { mouse, motion, drain } = await plug();
    expect(mouse(0xff)).toEqual([0xfa, 0xaa, 0]);
    motion.move(1, 1);
    expect(drain()).toEqual([]);
    expect(mouse(0xf2)).toEqual([0xfa, 0]);
    expect(mouse(0xe9)).toEqual([0xfa, 0, 2, 100]);
    expect(mouse(0xf4)).toEqual([0xfa]);
    motion.move(5, 3);
    expect(drain()).toEqual([0x28, 5, 0xfd]);
    motion.move(-5, -3);
    motion.move(-1, 0);
    expect(drain()).toEqual([0x18, 0xfb, 3, 0x18, 0xff, 0]);
  });

  it("becomes a wheel mouse, then a five-button one, after the knocks", async () => {
    const { mouse, motion, drain } = await plug();
    mouse(0xf3, 200, 0xf3, 100, 0xf3, 80);
    expect(mouse(0xf2)).toEqual([0xfa, 3]);
    mouse(0xf4);
    motion.move(0, 0, -1);
    expect(drain()).toEqual([0x08, 0, 0, 0xff]);
    mouse(0xf3, 200, 0xf3, 200, 0xf3, 80);
    expect(mouse(0xf2)).toEqual([0xfa, 4]);
    motion.buttons(0x08);
    motion.move(0, 0, 1);
    expect(drain()).toEqual([0x08, 0, 0, 0x10, 0x08, 0, 0, 0x11]);
    mouse(0xff);
    expect(mouse(0xf2)).toEqual([0xfa, 0]);
  });

  it("adds motion up at the sample rate and keeps clicks apart", async () => {
    const { bench, mouse, motion, drain } = await plug();
    mouse(0xf4);
    motion.move(1, 0);
    motion.move(2, 0);
    motion.move(300, 0);
    expect(drain()).toEqual([0x08, 1, 0, 0x08, 255, 0, 0x08, 47, 0]);
    motion.buttons(1);
    motion.buttons(0);
    motion.buttons(4);
    expect(drain()).toEqual([0x09, 0, 0, 0x08, 0, 0, 0x0c, 0, 0]);
    for (let click = 0; click < 1000; click++) motion.buttons(click & 1);
    expect(bench.state.mouse.motions.length).toBeLessThanOrEqual(64);
    expect(drain().at(-3)).toBe(0x09);
  });

  it("answers in remote mode only when asked", async () => {
    const { mouse, motion, drain } = await plug();
    mouse(0xf0);
    motion.move(7, 0);
    expect(drain()).toEqual([]);
    expect(mouse(0xeb)).toEqual([0xfa, 0x08, 7, 0]);
    expect(mouse(0xeb)).toEqual([0xfa, 0x08, 0, 0]);
    expect(mouse(0xe9)[1]).toBe(0x40);
  });

  it("echoes in wrap mode, refuses bad parameters, scales by two", async () => {
    const { mouse, motion, drain } = await plug();
    expect(mouse(0xee, 0xf4, 0x12, 0xec)).toEqual([0xfa, 0xf4, 0x12, 0xfa]);
    expect(mouse(0xe8, 9)).toEqual([0xfa, 0xfe]);
    expect(mouse(0xf3, 33)).toEqual([0xfa, 0xfe]);
    mouse(0xe8, 3, 0xe7, 0xf4);
    expect(mouse(0xe9)).toEqual([0xfa, 0x30, 3, 100]);
    motion.move(4, -20);
    expect(drain()).toEqual([0x08, 6, 40]);
  });

  it("raises IRQ 12 with the auxiliary bit set", async () => {
    const { bench, command, mouse, motion, status, irq } = await plug();
    mouse(0xf4);
    command(0x60, 0x47);
    motion.move(1, 0);
    bench.clock.advance(BYTE_NS);
    expect([irq(12), irq(1), status() & 0x21]).toEqual([true, false, 0x21]);
  });
});

describe("state", () => {
  it("goes on after load in the middle of an event", async () => {
    const first = await plug();
    first.keys.key(0xe048, true);
    first.mouse(0xf4);
    first.motion.move(3, 0);
    first.keys.key(0x1e, true);
    first.bench.clock.advance(BYTE_NS);
    const second = await plug();
    second.bench.load(first.bench.save());
    const bytes = first.drain();
    expect(bytes.length).toBeGreaterThan(3);
    expect(second.drain()).toEqual(bytes);
    expect(second.bench.save()).toEqual(first.bench.save());
  });

  it("resets twice like once", async () => {
    const { bench, command, mouse, keys } = await plug();
    const fresh = bench.save();
    mouse(0xf3, 200, 0xf3, 100, 0xf3, 80, 0xf4);
    command(0x60, 0x03);
    keys.key(0x1e, true);
    bench.reset();
    const once = bench.save();
    expect(once.fields).toEqual(fresh.fields);
    bench.reset();
    expect(bench.save()).toEqual(once);
  });
});
