import { type BackplaneError, type Cmos, type Display, type FlatStart, type FloppyBus, type IsaBridge, type PciBus, type Processor, readLe16, readLe32 } from "backplane/sdk";
import { Bench } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";
import { linuxDirectBoot } from "./direct-boot.js";
import { bzImage, fakeBus, files, pcFunctions, runStartCode } from "./fixture.test-support.js";
import { textFont } from "./font.js";

const RAM_BYTES = 8 << 20;
const INITRD = Uint8Array.from({ length: 5000 }, (_, index) => index % 251);
const DISPLAY = {} as Display;
/** Compares large memories faster than `toEqual`. */
const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, at) => byte === b[at]);
const ISA: IsaBridge = { routePirq: () => {}, pirqRoute: () => undefined };

interface Options {
  readonly config?: { kernel?: string; initrd?: string; append?: string };
  readonly kernel?: Uint8Array;
  readonly pci?: PciBus;
  readonly displays?: readonly Display[];
  readonly cmos?: Cmos;
  readonly floppies?: FloppyBus;
}

const plug = async ({ config, kernel = bzImage(), pci, displays = [], cmos, floppies }: Options = {}) => {
  const starts: FlatStart[] = [];
  let a20 = false;
  const processor = { startFlat32: (start: FlatStart) => void starts.push(start), a20: (on: boolean) => void (a20 = on) } as unknown as Processor;
  const storage = files({ vmlinuz: kernel, "rd.cpio": INITRD, empty: new Uint8Array(0) });
  const bench = await Bench.plug(linuxDirectBoot, {
    ramBytes: RAM_BYTES,
    config: { kernel: "vmlinuz", ...config },
    deps: { storage, processor, pci, isa: pci && ISA, displays, cmos, floppies },
  });
  const params = (): Uint8Array => bench.ram.subarray(starts.at(-1)!.esi!, starts.at(-1)!.esi! + 4096);
  return { bench, starts, params, a20: () => a20, run: () => runStartCode(bench.ram, starts.at(-1)!.eip) };
};
const refused = async (options: Options): Promise<BackplaneError> =>
  plug(options).then(
    () => {
      throw new Error("nothing was refused");
    },
    (error: BackplaneError) => error,
  );
const e820 = (params: Uint8Array): number[][] => Array.from({ length: params[0x1e8] }, (_, index) => [0, 8, 16].map((field) => readLe32(params, 0x2d0 + index * 20 + field)));

describe("a machine without PCI and display", () => {
  it("has kernel, RAM disk and command line in memory", async () => {
    const { bench, params } = await plug({ config: { initrd: "rd.cpio", append: "console=ttyS0 quiet" } });
    expect([...bench.ram.subarray(0x10_0000, 0x10_0004)]).toEqual([1, 2, 3, 4]);
    const initrd = readLe32(params(), 0x218);
    expect([initrd, readLe32(params(), 0x21c)]).toEqual([RAM_BYTES - 8192, 5000]);
    expect([...bench.ram.subarray(initrd, initrd + 5000)]).toEqual([...INITRD]);
    const line = readLe32(params(), 0x228);
    expect(String.fromCharCode(...bench.ram.subarray(line, line + 20))).toBe("console=ttyS0 quiet\0");
  });

  it("has the floppy drives in CMOS memory from power-on", async () => {
    const written: number[][] = [];
    const cmos: Cmos = { read: () => 0, write: (index, value) => void written.push([index, value]) };
    const { bench } = await plug({ cmos, floppies: { attach: () => {}, driveTypes: () => [4, 2] } });
    expect(written).toEqual([[0x10, 0x42]]);
    bench.reset("hard");
    expect(written).toHaveLength(1);
  });

  it("describes itself in boot_params", async () => {
    const { bench, params } = await plug();
    const page = params();
    expect([page[0x1f1], readLe16(page, 0x1fe), readLe16(page, 0x206), page[0x210]]).toEqual([2, 0xaa55, 0x020f, 0xff]);
    expect(readLe32(page, 0x214)).toBe(0x10_0000);
    expect([readLe32(page, 0x218), readLe32(page, 0x21c)]).toEqual([0, 0]);
    expect([page[0x0f], readLe32(page, 0x70)]).toEqual([0, 0]);
    expect(e820(page)).toEqual([
      [0, 0xa_0000, 1],
      [0x10_0000, RAM_BYTES - 0x10_0000, 1],
    ]);
    expect(readLe32(page, 0x1e0)).toBe(7 * 1024);
    expect([readLe16(bench.ram, 0x413), readLe16(bench.ram, 0x40e)]).toEqual([640, 0]);
  });

  it("starts the kernel in flat protected mode with A20 open and touches no port", async () => {
    const { bench, starts, run, a20 } = await plug();
    const { gdt, codeSelector, dataSelector } = starts[0];
    expect([codeSelector, dataSelector]).toEqual([0x10, 0x18]);
    expect(gdt.limit).toBeGreaterThanOrEqual(0x1f);
    const descriptor = (selector: number) => [readLe32(bench.ram, gdt.base + selector), readLe32(bench.ram, gdt.base + selector + 4)];
    expect([descriptor(0x10), descriptor(0x18)]).toEqual([
      [0xffff, 0xcf_9b00],
      [0xffff, 0xcf_9300],
    ]);
    expect(run()).toMatchObject({ ports: [], jump: 0x10_0000, esi: starts[0].esi });
    expect(a20()).toBe(true);
  });

  it("loads everything anew at a reset", async () => {
    const { bench, starts } = await plug({ config: { initrd: "rd.cpio", append: "x" } });
    const before = bench.ram.slice();
    bench.ram.fill(0xee, 0x400);
    bench.reset();
    const once = bench.ram.slice();
    bench.reset();
    expect(same(once, bench.ram)).toBe(true);
    for (const [from, to] of [
      [0x1_0000, 0x1_2028],
      [0x10_0000, 0x10_1000],
      [RAM_BYTES - 8192, RAM_BYTES - 8192 + 5000],
    ]) {
      expect(same(before.subarray(from, to), bench.ram.subarray(from, to))).toBe(true);
    }
    expect(starts).toHaveLength(3);
  });
});

describe("a PC", () => {
  it("gives ACPI tables in a reserved EBDA", async () => {
    const { bench, params } = await plug({ pci: fakeBus(pcFunctions) });
    const ebda = readLe16(bench.ram, 0x40e) << 4;
    expect([ebda, readLe16(bench.ram, 0x413)]).toEqual([0x9_c000, 0x9_c000 / 1024]);
    const rsdp = readLe32(params(), 0x70);
    expect(rsdp - ebda).toBeLessThan(1024);
    expect(String.fromCharCode(...bench.ram.subarray(rsdp, rsdp + 8))).toBe("RSD PTR ");
    expect(e820(params())).toEqual([
      [0, 0x9_c000, 1],
      [0x9_c000, 0x4000, 2],
      [0x10_0000, RAM_BYTES - 0x10_0000, 1],
    ]);
  });

  it("gives none without power management", async () => {
    const { params } = await plug({ pci: fakeBus(pcFunctions.filter(({ id }) => id !== 0x7113_8086)) });
    expect(readLe32(params(), 0x70)).toBe(0);
    expect(e820(params())).toHaveLength(2);
  });

  it("makes shared lines level-triggered", async () => {
    const { run } = await plug({ pci: fakeBus(pcFunctions) });
    expect(run().ports).toEqual(["4d0=0", "4d1=e"]);
  });

  it("brings the VGA into text mode with a font and a clear screen", async () => {
    const { params, run } = await plug({ displays: [DISPLAY] });
    const page = params();
    expect([page[0x06], page[0x07], page[0x0e], page[0x0f], readLe16(page, 0x10)]).toEqual([3, 80, 25, 1, 16]);
    const { ports, stores, jump } = run();
    expect(jump).toBe(0x10_0000);
    expect(ports[0]).toBe("3c2=67");
    expect(ports.at(-1)).toBe("3c0=20");
    const font = textFont();
    const glyph = (character: number) => Array.from({ length: 16 }, (_, row) => stores.get(0xa_0000 + character * 32 + row));
    expect(glyph(0x41)).toEqual([...font.subarray(0x410, 0x420)]);
    expect(glyph(0xff)).toEqual(new Array(16).fill(0));
    expect([0xb_8000, 0xb_8001, 0xb_fffe, 0xb_ffff].map((at) => stores.get(at))).toEqual([0x20, 0x07, 0x20, 0x07]);
    expect(stores.size).toBe(4096 + 0x8000);
  });
});

describe("font", () => {
  it("has a distinct glyph for every ASCII character", () => {
    const font = textFont();
    const glyphs = Array.from({ length: 95 }, (_, index) => font.subarray((0x20 + index) * 16, (0x21 + index) * 16).join());
    expect(new Set(glyphs).size).toBe(95);
    expect(glyphs.join()).not.toContain("NaN");
    // The crossbar of H, and a vertical line that reaches both neighbours.
    expect(font[0x48 * 16 + 6]).toBe(0x7c);
    expect([...font.subarray(0xb3 * 16, 0xb4 * 16)]).toEqual(new Array(16).fill(0x18));
    expect(font[0xc4 * 16 + 7]).toBe(0xff);
  });
});

describe("refusals", () => {
  it.each([
    [{ config: { kernel: "" } }, "LINUX_KERNEL_MISSING", /set "kernel"/],
    [{ config: { kernel: "absent" } }, "STORAGE_NOT_FOUND", /absent/],
    [{ kernel: new Uint8Array(9000) }, "LINUX_KERNEL_INVALID", /vmlinuz/],
    [{ config: { initrd: "empty" } }, "LINUX_INITRD_EMPTY", /initrd empty/],
    [{ config: { append: "a\nb" } }, "LINUX_COMMAND_LINE", /control/],
    [{ config: { append: "x".repeat(256) }, kernel: bzImage({ commandLine: 255 }) }, "LINUX_COMMAND_LINE", /256 characters.*at most 255/],
    [{ kernel: bzImage({ initSize: RAM_BYTES }) }, "LINUX_MEMORY_TOO_SMALL", /needs 10 MiB/],
  ] as const)("%o", async (options, code, message) => {
    const error = await refused(options);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("\n");
  });
});
