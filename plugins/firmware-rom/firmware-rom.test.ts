import { BackplaneError, type Cmos, type FloppyBus, type Storage } from "backplane/sdk";
import { Bench } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";
import { firmwareFile } from "./firmware-file.js";
import { romFirmware } from "./rom-firmware.js";

const KIB = 1 << 10;
const MIB = 1 << 20;
/** Every 64 KiB begins with its own number; the reset vector holds a jump. */
const biosImage = (bytes: number): Uint8Array => {
  const image = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 64 * KIB) image[at] = 1 + at / (64 * KIB);
  image[bytes - 16] = 0xea;
  return image;
};
const VGA_ROM = Uint8Array.from({ length: 1024 }, (_, index) => [0x55, 0xaa, 2][index] ?? index & 0xff);

const FILES: Readonly<Record<string, Uint8Array>> = {
  "64k": biosImage(64 * KIB),
  "128k": biosImage(128 * KIB),
  "256k": biosImage(256 * KIB),
  "1m": biosImage(MIB),
  "2m": biosImage(2 * MIB),
  odd: new Uint8Array(100_000),
  empty: new Uint8Array(0),
  vga: VGA_ROM,
  "vga-odd": VGA_ROM.subarray(0, 700),
  "vga-long": new Uint8Array(128 * KIB),
};
const storage: Storage = {
  open: () => Promise.reject(new Error("only whole files are read here")),
  readAll: async (name) => {
    if (!FILES[name]) throw new BackplaneError("STORAGE_NOT_FOUND", `${name}: no such file`, { name });
    return FILES[name];
  },
};

const cmosMemory = () => {
  const bytes = new Uint8Array(128).fill(0xee);
  const cmos: Cmos = { read: (index) => bytes[index], write: (index, value) => void (bytes[index] = value) };
  return { bytes, cmos };
};
const floppyBus = (first: number, second: number): FloppyBus => ({ attach: () => {}, driveTypes: () => [first, second] });

interface Options {
  readonly config?: { bios?: string; "video-bios"?: string; boot?: string };
  readonly cmos?: Cmos;
  readonly floppies?: FloppyBus;
  readonly ramBytes?: number;
}
const plug = ({ config, cmos, floppies, ramBytes = 2 * MIB }: Options = {}) =>
  Bench.plug(romFirmware, { path: "/firmware", ramBytes, config: { bios: "256k", ...config }, deps: { storage, cmos, floppies } });
const refused = async (made: Promise<unknown>): Promise<BackplaneError> =>
  made.then(
    () => {
      throw new Error("nothing was refused");
    },
    (error: BackplaneError) => error,
  );

describe("ROM", () => {
  it.each([
    ["64k", 0xffff_0000, 0xf_0000, 1],
    ["128k", 0xfffe_0000, 0xe_0000, 1],
    ["256k", 0xfffc_0000, 0xe_0000, 3],
    ["1m", 0xfff0_0000, 0xe_0000, 15],
  ] as const)("of %s ends at 4 GiB and at 1 MiB", async (bios, top, low, firstLow) => {
    const bench = await plug({ config: { bios } });
    expect(bench.peek(top, 1)).toBe(1);
    expect(bench.peek(top - 1, 1)).toBe(0xff);
    expect(bench.peek(0xffff_fff0, 1)).toBe(0xea);
    expect(bench.peek(low, 1)).toBe(firstLow);
    expect(bench.peek(low - 1, 1)).toBe(0xff);
    expect(bench.peek(0xf_fff0, 1)).toBe(0xea);
  });

  it("cannot be written", async () => {
    const bench = await plug();
    bench.poke(0xf_fff0, 1, 0);
    bench.poke(0xffff_fff0, 1, 0);
    expect([bench.peek(0xf_fff0, 1), bench.peek(0xffff_fff0, 1)]).toEqual([0xea, 0xea]);
  });

  it("shows a video BIOS at C0000h in whole pages, erased behind its end", async () => {
    const bench = await plug({ config: { "video-bios": "vga" } });
    expect(bench.peek(0xc_0000, 2)).toBe(0xaa55);
    expect([bench.peek(0xc_03ff, 1), bench.peek(0xc_0400, 1)]).toEqual([0xff, 0xff]);
    expect(bench.mappings.filter(({ base }) => base === 0xc_0000).map(({ length }) => length)).toEqual([4096]);
    expect((await plug()).mappings).toHaveLength(2);
  });

  it.each([
    [{ bios: "" }, "FIRMWARE_MISSING", /set "bios"/],
    [{ bios: "absent" }, "STORAGE_NOT_FOUND", /absent/],
    [{ bios: "empty" }, "FIRMWARE_SIZE", /image empty is empty/],
    [{ bios: "odd" }, "FIRMWARE_SIZE", /odd has 100000 bytes/],
    [{ bios: "2m" }, "FIRMWARE_SIZE", /2m has 2097152 bytes/],
    [{ "video-bios": "vga-odd" }, "FIRMWARE_SIZE", /vga-odd has 700 bytes/],
    [{ "video-bios": "vga-long" }, "FIRMWARE_SIZE", /vga-long/],
    [{ "video-bios": "64k" }, "FIRMWARE_NOT_A_ROM", /64k does not begin/],
    [{ boot: "disk,tape" }, "FIRMWARE_BOOT_ORDER", /"tape".*floppy, disk, cdrom, network/],
    [{ boot: "disk,disk" }, "FIRMWARE_BOOT_ORDER", /twice/],
    [{ boot: "disk,cdrom,floppy,network" }, "FIRMWARE_BOOT_ORDER", /4 devices/],
    [{ boot: "" }, "FIRMWARE_BOOT_ORDER", /boot order ""/],
  ] as const)("refuses %o", async (config, code, message) => {
    const error = await refused(plug({ config }));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("\n");
  });
});

describe("CMOS memory", () => {
  const word = (bytes: Uint8Array, at: number): number => bytes[at] | (bytes[at + 1] << 8);

  it("tells memory sizes", async () => {
    const { bytes, cmos } = cmosMemory();
    await plug({ cmos, ramBytes: 40 * MIB });
    expect([0x15, 0x17, 0x30, 0x34].map((at) => word(bytes, at))).toEqual([640, 39 * 1024, 39 * 1024, 24 * 16]);
    expect([...bytes.subarray(0x5b, 0x60)]).toEqual([0, 0, 0, 0xee, 0]);
  });

  it("stays within 16 bits above and zero below", async () => {
    const large = cmosMemory();
    await plug({ cmos: large.cmos, ramBytes: 80 * MIB });
    expect([0x17, 0x30, 0x34].map((at) => word(large.bytes, at))).toEqual([0xffff, 0xffff, 64 * 16]);
    const small = cmosMemory();
    await plug({ cmos: small.cmos, ramBytes: MIB });
    expect([0x17, 0x30, 0x34].map((at) => word(small.bytes, at))).toEqual([0, 0, 0]);
  });

  it.each([
    [undefined, 0x00, 0x06],
    [floppyBus(0, 0), 0x00, 0x06],
    [floppyBus(4, 0), 0x40, 0x07],
    [floppyBus(4, 5), 0x45, 0x47],
  ])("tells floppy drives %#", async (floppies, types, equipment) => {
    const { bytes, cmos } = cmosMemory();
    await plug({ cmos, ...(floppies ? { floppies } : {}) });
    expect([bytes[0x10], bytes[0x14]]).toEqual([types, equipment]);
  });

  it.each([
    ["disk,cdrom,floppy", 0x32, 0x10],
    ["cdrom, disk", 0x23, 0x00],
    ["network", 0x04, 0x00],
  ])("holds the boot order %s as SeaBIOS reads it", async (boot, flag2, flag1) => {
    const { bytes, cmos } = cmosMemory();
    await plug({ cmos, config: { boot } });
    expect([bytes[0x3d], bytes[0x38]]).toEqual([flag2, flag1]);
  });

  it("has LBA translation and the checksum a classic BIOS verifies", async () => {
    const { bytes, cmos } = cmosMemory();
    await plug({ cmos });
    expect([bytes[0x39], bytes[0x3a], bytes[0x0f]]).toEqual([0x55, 0x55, 0]);
    const sum = bytes.subarray(0x10, 0x2e).reduce((total, byte) => total + byte, 0);
    expect((bytes[0x2e] << 8) | bytes[0x2f]).toBe(sum);
  });

  it("survives a reset as the guest left it", async () => {
    const { bytes, cmos } = cmosMemory();
    const bench = await plug({ cmos });
    bytes[0x0f] = 5;
    bytes[0x3d] = 0x21;
    bench.reset("hard");
    expect([bytes[0x0f], bytes[0x3d]]).toEqual([5, 0x21]);
    bench.reset("power-on");
    expect([bytes[0x0f], bytes[0x3d]]).toEqual([0, 0x32]);
  });
});

describe("firmware file", () => {
  const make = (config: { name?: string; file?: string }) => Bench.plug(firmwareFile, { path: "/vgabios", config, deps: { storage } });

  it("provides a host file under a firmware name", async () => {
    const bench = await make({ name: "vgaroms/vgabios.bin", file: "vga" });
    expect(bench.role.name).toBe("vgaroms/vgabios.bin");
    expect([...bench.role.bytes]).toEqual([...VGA_ROM]);
  });

  it.each([
    [{ file: "vga" }, "FIRMWARE_FILE_NAME", /set "name"/],
    [{ name: "etc/x" }, "FIRMWARE_MISSING", /etc\/x.*set "file"/],
    [{ name: "etc/x", file: "empty" }, "FIRMWARE_SIZE", /empty is empty/],
    [{ name: "etc/x", file: "absent" }, "STORAGE_NOT_FOUND", /absent/],
  ] as const)("refuses %o", async (config, code, message) => {
    const error = await refused(make(config));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
  });
});
