import { describe, expect, it } from "vitest";
import { diskOf, MS, plugFloppy } from "./testing.js";

const SIZE_144 = 1_474_560;
const read = (cylinder: number, head: number, sector: number, last: number, code = 0xe6): number[] => [code, head << 2, cylinder, head, sector, 2, last, 0x1b, 0xff];
/** Sector numbers at the start of each 512 bytes. */
const numbers = (bytes: Uint8Array): number[] => Array.from({ length: bytes.length / 512 }, (_, at) => bytes[at * 512] | (bytes[at * 512 + 1] << 8));
const count = (from: number, length: number): number[] => Array.from({ length }, (_, at) => from + at);

const ready = async (disk = diskOf(SIZE_144), rate = 0) => {
  const kit = await plugFloppy(disk.image);
  kit.start(rate);
  return { ...kit, disk };
};

describe("reading by DMA", () => {
  it("reads until terminal count and names the next sector", async () => {
    const { bench, program, send, pass, result, irq, status, seek } = await ready();
    await seek(2);
    const memory = program(new Uint8Array(3 * 512));
    send(...read(2, 1, 4, 18));
    expect([status(), irq()]).toEqual([0x10, false]);
    await pass();
    expect(status()).toBe(0xd0);
    expect(irq()).toBe(true);
    expect(bench.in8(0x3f5)).toBe(0x04);
    expect(irq()).toBe(false);
    expect(result()).toEqual([0, 0, 2, 1, 7, 2]);
    expect(numbers(memory)).toEqual(count((2 * 2 + 1) * 18 + 3, 3));
    expect(status()).toBe(0x80);
  });

  it("goes on with the other side, and to the next cylinder in the result", async () => {
    const { program, run } = await ready();
    const memory = program(new Uint8Array(36 * 512));
    expect(await run(...read(0, 0, 1, 18))).toEqual([0x04, 0, 0, 1, 0, 1, 2]);
    expect(numbers(memory)).toEqual(count(0, 36));
    program(new Uint8Array(18 * 512));
    expect(await run(...read(0, 0, 1, 18))).toEqual([0, 0, 0, 0, 1, 1, 2]);
    program(new Uint8Array(18 * 512));
    expect(await run(...read(0, 0, 1, 18, 0x46))).toEqual([0, 0, 0, 1, 0, 1, 2]);
  });

  it("reports end of cylinder when EOT comes before terminal count", async () => {
    const { program, run } = await ready();
    const memory = program(new Uint8Array(20 * 512));
    expect(await run(...read(0, 0, 17, 18, 0x46))).toEqual([0x40, 0x80, 0, 0, 0, 18, 2]);
    expect(numbers(memory).slice(0, 3)).toEqual([16, 17, 0]);
  });

  it("stops in the middle of a sector at terminal count", async () => {
    const { program, run } = await ready();
    const memory = program(new Uint8Array(100).fill(0xee));
    expect(await run(...read(0, 0, 9, 18))).toEqual([0, 0, 0, 0, 0, 10, 2]);
    expect([memory[0], memory[99]]).toEqual([8, 0]);
  });

  it("waits for the channel to be unmasked", async () => {
    const { channel, program, send, pass, status, result } = await ready();
    const memory = program(new Uint8Array(512));
    channel.ready = false;
    send(...read(0, 0, 3, 18));
    await pass();
    expect(status()).toBe(0x10);
    channel.ready = true;
    channel.wake();
    expect(result()).toEqual([0, 0, 0, 0, 0, 4, 2]);
    expect(numbers(memory)).toEqual([2]);
  });

  it("reads a whole track with READ TRACK, and the 2.88M track that fills the buffer", async () => {
    const kit = await ready(diskOf(2_949_120), 3);
    const memory = kit.program(new Uint8Array(36 * 512));
    expect((await kit.run(...read(0, 1, 5, 36, 0x42))).slice(0, 3)).toEqual([0x04, 0, 0]);
    expect(numbers(memory)).toEqual(count(36, 36));
  });

  it("seeks by itself when configured to", async () => {
    const { program, run, send, drive } = await ready();
    send(0x13, 0, 0x40, 0);
    const memory = program(new Uint8Array(512));
    expect(await run(...read(79, 0, 1, 18))).toEqual([0, 0, 0, 79, 0, 2, 2]);
    expect(numbers(memory)).toEqual([79 * 36]);
    expect(drive.state.track).toBe(79);
  });
});

describe("errors", () => {
  it("tells a wrong cylinder, a missing sector, and a wrong sector size", async () => {
    const { program, run } = await ready();
    program(new Uint8Array(512));
    expect(await run(...read(5, 0, 1, 18))).toEqual([0x40, 0x04, 0x10, 5, 0, 1, 2]);
    expect(await run(...read(0, 0, 19, 19))).toEqual([0x40, 0x04, 0, 0, 0, 19, 2]);
    expect(await run(...read(0, 0, 0, 18))).toEqual([0x40, 0x04, 0, 0, 0, 0, 2]);
    expect((await run(0xe6, 0, 0, 0, 1, 3, 18, 0x1b, 0xff)).slice(0, 3)).toEqual([0x40, 0x04, 0]);
    expect((await run(0xe6, 0, 0, 1, 1, 2, 18, 0x1b, 0xff)).slice(0, 3)).toEqual([0x40, 0x04, 0]);
    program(new Uint8Array(40 * 512));
    expect(await run(...read(0, 0, 18, 25, 0x46))).toEqual([0x40, 0x04, 0, 0, 0, 19, 2]);
  });

  it("finds no address mark at a wrong data rate or without a disk", async () => {
    const { bench, drive, run } = await ready();
    for (const rate of [1, 2, 3]) {
      bench.out8(0x3f7, rate);
      expect((await run(0x4a, 0)).slice(0, 3)).toEqual([0x40, 0x01, 0]);
    }
    bench.out8(0x3f7, 0);
    expect((await run(0x4a, 4)).slice(0, 3)).toEqual([0x04, 0, 0]);
    drive.role.insert(undefined);
    expect((await run(0x4a, 0)).slice(0, 3)).toEqual([0x40, 0x01, 0]);
    expect((await run(0x4a, 1)).slice(0, 3)).toEqual([0x41, 0x01, 0]);
  });

  it("reports a failure of the image as a data error", async () => {
    const disk = diskOf(SIZE_144);
    const { bench, program, run } = await ready(disk);
    disk.image.failAt = 0;
    program(new Uint8Array(512));
    expect((await run(...read(0, 0, 1, 18))).slice(0, 3)).toEqual([0x40, 0x20, 0x20]);
    expect(bench.warnings).toEqual(["unit 0: test.img: bad spot"]);
  });

  it("refuses to write a protected disk", async () => {
    const { program, run } = await ready(diskOf(SIZE_144, true));
    program(new Uint8Array(512));
    expect((await run(...read(0, 0, 1, 18, 0xc5))).slice(0, 3)).toEqual([0x40, 0x02, 0]);
  });
});

describe("writing", () => {
  it("writes until terminal count and fills the last sector with zeros", async () => {
    const { disk, program, run } = await ready();
    program(new Uint8Array(512 + 10).fill(0x5a));
    expect(await run(...read(0, 1, 2, 18, 0xc5))).toEqual([0x04, 0, 0, 0, 1, 4, 2]);
    const at = 19 * 512;
    expect(disk.bytes.subarray(at, at + 522).every((byte) => byte === 0x5a)).toBe(true);
    expect(disk.bytes.subarray(at + 522, at + 1024).every((byte) => byte === 0)).toBe(true);
    expect(disk.bytes[at + 1024]).toBe(21);
    expect(disk.bytes[at - 512]).toBe(18);
  });

  it("formats the sectors of the list", async () => {
    const { disk, program, run } = await ready();
    program(Uint8Array.from({ length: 18 * 4 }, (_, at) => [0, 1, (at >> 2) + 1, 2][at & 3]));
    expect((await run(0x4d, 4, 2, 18, 0x6c, 0xf6)).slice(0, 3)).toEqual([0x04, 0, 0]);
    expect(disk.bytes.subarray(18 * 512, 36 * 512).every((byte) => byte === 0xf6)).toBe(true);
    expect([disk.bytes[17 * 512], disk.bytes[36 * 512]]).toEqual([17, 36]);
    expect((await run(0x4d, 4, 2, 21, 0x6c, 0xf6)).slice(0, 2)).toEqual([0x44, 0x04]);
  });
});

describe("verify", () => {
  it("ends at EOT or after the counted sectors", async () => {
    const { run } = await ready();
    expect(await run(...read(0, 0, 1, 18, 0x56))).toEqual([0, 0, 0, 1, 0, 1, 2]);
    expect(await run(0xd6, 0x80, 0, 0, 10, 2, 18, 0x1b, 12)).toEqual([0x04, 0, 0, 0, 1, 4, 2]);
    expect((await run(...read(0, 0, 1, 20, 0x56))).slice(0, 2)).toEqual([0x40, 0x04]);
  });
});

describe("without DMA", () => {
  it("passes each byte through the FIFO and ends with end of cylinder", async () => {
    const { bench, send, pass, status, result, irq } = await ready();
    send(0x03, 0xdf, 0x03);
    send(...read(0, 0, 18, 18, 0x46));
    expect(status()).toBe(0x30);
    await pass();
    expect([status(), irq()]).toEqual([0xf0, true]);
    const bytes = Array.from({ length: 512 }, () => bench.in8(0x3f5));
    expect(bytes.slice(0, 2)).toEqual([17, 0]);
    expect(result()).toEqual([0x40, 0x80, 0, 0, 0, 18, 2]);
    expect(irq()).toBe(false);
  });

  it("writes sector by sector", async () => {
    const { disk, send, pass, status, result, irq } = await ready();
    send(0x03, 0xdf, 0x03);
    send(...read(0, 0, 17, 18, 0x45));
    for (const value of [0x11, 0x22]) {
      expect([status(), irq()]).toEqual([0xb0, true]);
      for (let byte = 0; byte < 512; byte++) send(value);
      expect([status(), irq()]).toEqual([0x30, false]);
      await pass();
    }
    expect(result().slice(0, 2)).toEqual([0x40, 0x80]);
    expect([disk.bytes[16 * 512 + 511], disk.bytes[17 * 512]]).toEqual([0x11, 0x22]);
  });
});

describe("40-cylinder disks", () => {
  it("take two steps a cylinder in an 80-cylinder drive", async () => {
    const kit = await plugFloppy(diskOf(368_640).image, "1.2M");
    kit.start(1);
    await kit.seek(20);
    const memory = kit.program(new Uint8Array(512));
    expect(await kit.run(...read(10, 0, 1, 9))).toEqual([0, 0, 0, 10, 0, 2, 2]);
    expect(numbers(memory)).toEqual([180]);
  });
});

describe("state", () => {
  it("forgets a command at reset, whatever the host still brings", async () => {
    const { bench, program, send, pass, status, irq } = await ready();
    const memory = program(new Uint8Array(512).fill(0xee));
    send(...read(0, 0, 1, 18));
    bench.out8(0x3f2, 0x18);
    bench.out8(0x3f2, 0x1c);
    await pass();
    expect(status()).toBe(0x80);
    expect(irq()).toBe(true);
    expect(memory.every((byte) => byte === 0xee)).toBe(true);
    bench.reset();
    const once = bench.save();
    bench.reset();
    expect(bench.save()).toEqual(once);
    expect(status()).toBe(0);
  });

  it("goes on after load while the DMA channel is masked, and during a seek", async () => {
    const first = await ready();
    first.program(new Uint8Array(2 * 512));
    first.channel.ready = false;
    first.send(...read(0, 0, 5, 18));
    await first.pass();
    const second = await ready();
    second.bench.load(first.bench.save());
    const memory = second.program(new Uint8Array(2 * 512));
    second.channel.wake();
    expect(second.result()).toEqual([0, 0, 0, 0, 0, 7, 2]);
    expect(numbers(memory)).toEqual([4, 5]);
    second.send(0x0f, 0, 33);
    const third = await ready();
    third.bench.load(second.bench.save());
    third.bench.clock.advance(100 * MS);
    expect(third.irq()).toBe(true);
    expect(third.senseInterrupt()).toEqual([0x20, 33]);
    expect(third.drive.state.track).toBe(33);
  });

  it("survives random bytes on every port", async () => {
    const { bench, program, pass, start, run } = await ready();
    let seed = 12345;
    const random = (): number => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff) >> 8;
    for (let round = 0; round < 30; round++) {
      program(new Uint8Array(random() % 4096));
      for (let write = 0; write < 200; write++) {
        const value = random() & 0xff;
        if (random() % 20 === 0) bench.out8(0x3f0 + (random() & 7), value | 0x04);
        else bench.out8(0x3f5, value);
        if (random() & 1) bench.in8(0x3f5);
      }
      await pass(20);
    }
    bench.out8(0x3f2, 0);
    start();
    program(new Uint8Array(512));
    bench.out8(0x3f5, 0x07);
    bench.out8(0x3f5, 0);
    await pass();
    bench.out8(0x3f5, 0x08);
    expect(bench.in8(0x3f5)).toBe(0x20);
    expect(bench.in8(0x3f5)).toBe(0);
    bench.out8(0x3f5, 0x03);
    bench.out8(0x3f5, 0xdf);
    bench.out8(0x3f5, 0x02);
    expect((await run(...read(0, 0, 1, 18))).slice(0, 3)).toEqual([0, 0, 0]);
  });
});
