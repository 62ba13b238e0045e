import type { BackplaneError, FirmwareFile } from "backplane/sdk";
import { Bench } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";
import { fwCfg } from "./fw-cfg.js";

const CTL = 0x510;
const DATA = 0x511;
const SEABIOS_FILES = ["etc/e820", "etc/boot-menu-wait", "etc/boot-fail-wait"];
const RAM_BYTES = 2 << 20;

const plug = (config: object = {}, files: readonly FirmwareFile[] = []) => Bench.plug(fwCfg, { config, deps: { files }, ramBytes: RAM_BYTES });
type Plugged = Awaited<ReturnType<typeof plug>>;

const readItem = (bench: Plugged, selector: number, length: number): number[] => {
  bench.out16(CTL, selector);
  return Array.from({ length }, () => bench.in8(DATA));
};
const number = (bytes: readonly number[]): number => bytes.reduceRight((value, byte) => value * 256 + byte, 0);

/** The directory as SeaBIOS walks it. */
const directory = (bench: Plugged): Map<string, { selector: number; size: number }> => {
  const count = number(readItem(bench, 0x19, 4).reverse());
  const take = (length: number) => Array.from({ length }, () => bench.in8(DATA));
  return new Map(
    Array.from({ length: count }, () => {
      const size = number(take(4).reverse());
      const selector = number(take(2).reverse());
      take(2);
      const name = String.fromCharCode(...take(56)).replace(/\0.*$/, "");
      return [name, { selector, size }];
    }),
  );
};

describe("fw_cfg ports", () => {
  it("answers detection with the signature and both interfaces", async () => {
    const bench = await plug();
    expect(String.fromCharCode(...readItem(bench, 0, 4))).toBe("QEMU");
    expect(number(readItem(bench, 1, 4))).toBe(3);
  });

  it("leaves the DMA interface out on request", async () => {
    const bench = await plug({ dma: false });
    expect(number(readItem(bench, 1, 4))).toBe(1);
    expect(bench.in8(0x514)).toBe(0xff);
  });

  it("reports memory and one processor, and zeros past an item's end and for absent items", async () => {
    const bench = await plug();
    expect(number(readItem(bench, 3, 8))).toBe(RAM_BYTES);
    expect(number(readItem(bench, 5, 2))).toBe(1);
    expect(readItem(bench, 0x0f, 4)).toEqual([1, 0, 0, 0]);
    expect(number(readItem(bench, 0x0d, 8))).toBe(0);
    expect(number(readItem(bench, 0x8001, 2))).toBe(0);
  });

  it("selects by 16-bit writes only and starts at the beginning again", async () => {
    const bench = await plug();
    bench.out16(CTL, 0);
    expect(bench.in8(DATA)).toBe(0x51);
    bench.out8(CTL, 1);
    expect(bench.in8(DATA)).toBe(0x45);
    bench.out16(CTL, 0);
    expect(bench.in8(DATA)).toBe(0x51);
    expect(bench.in8(CTL)).toBe(0xff);
  });

  it("continues in the middle of an item after a load, and starts over after a reset", async () => {
    const bench = await plug();
    bench.out16(CTL, 0);
    bench.in8(DATA);
    const saved = bench.save();
    const other = await plug();
    other.load(saved);
    expect(other.in8(DATA)).toBe(0x45);
    bench.out16(CTL, 5);
    bench.reset();
    expect(bench.in8(DATA)).toBe(0x51);
  });
});

describe("fw_cfg files", () => {
  it("lists its own files and those of other devices", async () => {
    const bench = await plug({}, [{ name: "vgaroms/vga.rom", bytes: Uint8Array.of(0x55, 0xaa) }]);
    const files = directory(bench);
    expect([...files.keys()]).toEqual([...SEABIOS_FILES, "vgaroms/vga.rom"]);
    const rom = files.get("vgaroms/vga.rom")!;
    expect(rom.size).toBe(2);
    expect(readItem(bench, rom.selector, 3)).toEqual([0x55, 0xaa, 0]);
  });

  it("describes memory from zero in etc/e820", async () => {
    const bench = await plug();
    const { selector, size } = directory(bench).get("etc/e820")!;
    const bytes = readItem(bench, selector, size);
    expect([number(bytes.slice(0, 8)), number(bytes.slice(8, 16)), number(bytes.slice(16))]).toEqual([0, RAM_BYTES, 1]);
  });

  it("passes boot order, menu and console on", async () => {
    const bench = await plug({ bootorder: "/pci@i0cf8/ide@1,1/drive@0/disk@0", "boot-menu": true, "boot-menu-wait": 700, "serial-console": true });
    expect(number(readItem(bench, 0x0e, 2))).toBe(1);
    expect(number(readItem(bench, 4, 2))).toBe(1);
    const files = directory(bench);
    expect(number(readItem(bench, files.get("etc/boot-menu-wait")!.selector, 4))).toBe(700);
    const order = files.get("bootorder")!;
    expect(String.fromCharCode(...readItem(bench, order.selector, order.size))).toBe("/pci@i0cf8/ide@1,1/drive@0/disk@0\0");
  });

  it("refuses overlong and doubled names", async () => {
    const failure = (files: FirmwareFile[]) =>
      plug({}, files).then(
        () => "none",
        (error: BackplaneError) => error.code,
      );
    const bytes = Uint8Array.of(1);
    expect(await failure([{ name: "n".repeat(56), bytes }])).toBe("FW_CFG_FILE_NAME");
    expect(await failure([{ name: "etc/e820", bytes }])).toBe("FW_CFG_FILE_TWICE");
  });
});

describe("fw_cfg DMA", () => {
  const REQUEST = 0x1000;
  const TARGET = 0x2000;
  const swap = (value: number): number => new DataView(Uint32Array.of(value).buffer).getUint32(0);
  const request = (bench: Plugged, control: number, length: number, address: number, high = 0): number => {
    const view = new DataView(bench.ram.buffer, REQUEST, 16);
    for (const [index, word] of [control, length, high, address].entries()) view.setUint32(index * 4, word);
    bench.out32(0x518, swap(REQUEST));
    return view.getUint32(0);
  };
  const memory = (bench: Plugged, length: number): number[] => [...bench.ram.subarray(TARGET, TARGET + length)];

  it("shows its signature", async () => {
    const bench = await plug();
    expect(String.fromCharCode(...Array.from({ length: 8 }, (_, index) => bench.in8(0x514 + index)))).toBe("QEMU CFG");
  });

  it("selects, reads, skips and reads on", async () => {
    const bench = await plug();
    bench.ram.fill(0xee, TARGET, TARGET + 8);
    expect(request(bench, 0x0000_000a, 2, TARGET)).toBe(0);
    expect(memory(bench, 3)).toEqual([0x51, 0x45, 0xee]);
    expect(request(bench, 4, 1, 0)).toBe(0);
    expect(request(bench, 2, 3, TARGET)).toBe(0);
    expect(memory(bench, 3)).toEqual([0x55, 0, 0]);
  });

  it("copies a file longer than its buffer", async () => {
    const bytes = Uint8Array.from({ length: 10_001 }, (_, index) => index % 251);
    const bench = await plug({}, [{ name: "genroms/big.bin", bytes }]);
    const { selector } = directory(bench).get("genroms/big.bin")!;
    expect(request(bench, selector * 0x10000 + 0x0a, bytes.length, TARGET)).toBe(0);
    expect(memory(bench, bytes.length)).toEqual([...bytes]);
  });

  it("answers writes and impossible transfers with the error bit", async () => {
    const bench = await plug();
    expect(request(bench, 0x10, 4, TARGET)).toBe(1);
    expect(request(bench, 2, 0xffff_ffff, TARGET)).toBe(1);
    expect(request(bench, 2, 4, TARGET, 1)).toBe(1);
    expect(request(bench, 2, 0x100, 0xffff_ff80)).toBe(1);
  });

  it("ignores a request beyond 4 GiB", async () => {
    const bench = await plug();
    new DataView(bench.ram.buffer).setUint32(REQUEST, 0x0a);
    bench.out32(0x514, swap(1));
    bench.out32(0x518, swap(REQUEST));
    expect(new DataView(bench.ram.buffer).getUint32(REQUEST)).toBe(0x0a);
  });
});
