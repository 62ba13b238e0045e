import { type BackplaneError, writeLe16, writeLe32 } from "backplane/sdk";
import { describe, expect, it } from "vitest";
import { bzImage, type ImageOptions, SETUP_BYTES } from "./fixture.test-support.js";
import { parseKernel } from "./kernel-image.js";
import { placeInitrd } from "./placement.js";

const MIB = 1 << 20;
const failure = (run: () => unknown): BackplaneError => {
  try {
    run();
  } catch (error) {
    return error as BackplaneError;
  }
  throw new Error("nothing was refused");
};
const parse = (options?: ImageOptions) => parseKernel("vmlinuz", bzImage(options));

interface Header {
  readonly type?: number;
  readonly address: number;
  readonly bytes: readonly number[];
  readonly memory?: number;
}
const elf = (entry: number, headers: readonly Header[], machine = 3, elfClass = 1): Uint8Array => {
  const image = new Uint8Array(52 + headers.length * 32 + headers.reduce((sum, each) => sum + each.bytes.length, 0));
  image.set([0x7f, 0x45, 0x4c, 0x46, elfClass, 1, 1]);
  writeLe16(image, 18, machine);
  writeLe32(image, 24, entry);
  writeLe32(image, 28, 52);
  writeLe16(image, 42, 32);
  writeLe16(image, 44, headers.length);
  let data = 52 + headers.length * 32;
  for (const [index, header] of headers.entries()) {
    const at = 52 + index * 32;
    writeLe32(image, at, header.type ?? 1);
    writeLe32(image, at + 4, data);
    writeLe32(image, at + 8, 0xc000_0000 + header.address);
    writeLe32(image, at + 12, header.address);
    writeLe32(image, at + 16, header.bytes.length);
    writeLe32(image, at + 20, header.memory ?? header.bytes.length);
    image.set(header.bytes, data);
    data += header.bytes.length;
  }
  return image;
};

describe("bzImage", () => {
  it("loads the protected-mode part at 1 MiB and starts there", () => {
    const kernel = parse();
    expect(kernel).toMatchObject({ format: "bzImage", entry: MIB, initrdAddressMax: 0x7fff_ffff, commandLineMax: 2047 });
    expect(kernel.segments).toHaveLength(1);
    expect(kernel.segments[0].address).toBe(MIB);
    expect([...kernel.segments[0].bytes.subarray(0, 3)]).toEqual([1, 2, 3]);
    expect(kernel.setupHeader.length).toBe(0x202 + 0x6a - 0x1f1);
  });

  it("takes 0 setup sectors for 4", () => {
    const image = bzImage();
    image[0x1f1] = 0;
    writeLe32(image, 0x1f4, (image.length - 5 * 512) / 16);
    expect(parseKernel("vmlinuz", image).segments[0].bytes.length).toBe(SETUP_BYTES + 4096 - 5 * 512);
  });

  it("knows where the kernel unpacks to", () => {
    expect(parse().end).toBe(3 * MIB);
    expect(parse({ alignment: 0x40_0000 }).end).toBe(5 * MIB);
    expect(parse({ relocatable: 0, alignment: 0x40_0000 }).end).toBe(3 * MIB);
    expect(parse({ prefAddress: 0 }).end).toBe(2 * MIB);
    expect(parse({ version: 0x0209 }).end).toBe(MIB + 4096);
  });

  it("knows the command line limit of old protocols", () => {
    expect(parse({ version: 0x0205 }).commandLineMax).toBe(255);
  });

  it.each([
    [{ version: 0x0204 }, /2\.04 is too old/],
    [{ loadflags: 0 }, /zImage/],
    [{ xloadflags: 1 }, /64-bit/],
    [{ declared: 8192 }, /truncated/],
  ] as const)("refuses %o", (options, message) => {
    const error = failure(() => parse(options));
    expect(error.code).toBe("LINUX_KERNEL_INVALID");
    expect(error.message).toMatch(message);
    expect(error.message).toContain("vmlinuz");
    expect(error.message).not.toContain("\n");
  });

  it("ignores xloadflags before 2.12 and up to 15 missing bytes of padding", () => {
    expect(parse({ version: 0x020b, xloadflags: 1 }).format).toBe("bzImage");
    expect(parse({ payload: 4096 - 15, declared: 4096 }).segments[0].bytes.length).toBe(4081);
    expect(() => parse({ payload: 4096 - 16, declared: 4096 })).toThrow(/truncated/);
  });

  it("refuses what is no kernel by name", () => {
    expect(failure(() => parseKernel("a.iso", new Uint8Array(4096))).message).toMatch(/a\.iso.*neither/);
    expect(failure(() => parseKernel("empty", new Uint8Array(0))).message).toMatch(/empty/);
    expect(() => parseKernel("short", bzImage().subarray(0, 0x220))).toThrow(/neither/);
  });
});

describe("ELF", () => {
  it("loads segments at physical addresses with their zeros", () => {
    const kernel = parseKernel(
      "vmlinux",
      elf(0x10_0010, [
        { address: 0x10_0000, bytes: new Array(32).fill(7) },
        { type: 4, address: 0, bytes: [1] },
        { address: 0x20_0000, bytes: [1, 2], memory: 0x3000 },
      ]),
    );
    expect(kernel).toMatchObject({ format: "ELF", entry: 0x10_0010, end: 0x20_3000, initrdAddressMax: 0x37ff_ffff });
    expect(kernel.segments.map(({ address, bytes, memoryBytes }) => [address, bytes.length, memoryBytes])).toEqual([
      [0x10_0000, 32, 32],
      [0x20_0000, 2, 0x3000],
    ]);
    expect([kernel.setupHeader[0x1fe - 0x1f1], kernel.setupHeader[0x202 - 0x1f1]]).toEqual([0x55, 0x48]);
  });

  it.each([
    ["x86-64", elf(0x10_0000, [{ address: 0x10_0000, bytes: [1] }], 62, 2), /not for 32-bit x86/],
    ["low", elf(0x9000, [{ address: 0x9000, bytes: [1] }]), /below 1 MiB/],
    ["entry", elf(0xc010_0000, [{ address: 0x10_0000, bytes: [1] }]), /entry point/],
    ["cut", elf(0x10_0000, [{ address: 0x10_0000, bytes: [1, 2, 3, 4] }]).subarray(0, 86), /truncated/],
    ["headerless", elf(0x10_0000, []), /program headers/],
  ])("refuses %s", (name, image, message) => {
    const error = failure(() => parseKernel(name, image));
    expect(error.message).toMatch(message);
    expect(error.message).toContain(name);
  });
});

describe("RAM disk", () => {
  const kernel = parse();

  it("lies as high as memory and kernel allow, on a page", () => {
    expect(placeInitrd(kernel, "k", "i", 5000, 32 * MIB)).toBe(32 * MIB - 8192);
    expect(placeInitrd(parse({ initrdMax: 16 * MIB - 1 }), "k", "i", 4096, 32 * MIB)).toBe(16 * MIB - 4096);
    expect(placeInitrd(parse({ initrdMax: 0xffff_ffff }), "k", "i", 4096, 32 * MIB)).toBe(32 * MIB - 4096);
    expect(placeInitrd(kernel, "k", "i", 0, 3 * MIB)).toBe(0);
    expect(placeInitrd(kernel, "k", "i", MIB, 4 * MIB)).toBe(3 * MIB);
  });

  it("names what does not fit and what would", () => {
    const small = failure(() => placeInitrd(kernel, "vmlinuz", "", 0, 2 * MIB));
    expect([small.code, small.message]).toEqual(["LINUX_MEMORY_TOO_SMALL", expect.stringMatching(/vmlinuz needs 3 MiB.*has 2 MiB/)]);
    expect(failure(() => placeInitrd(kernel, "vmlinuz", "rd.cpio", MIB + 1, 4 * MIB)).message).toMatch(/rd\.cpio \(2 MiB\).*5 MiB or more/);
    expect(failure(() => placeInitrd(parse({ initrdMax: 4 * MIB - 1 }), "vmlinuz", "rd.cpio", 2 * MIB, 64 * MIB)).message).toMatch(/only below 4 MiB/);
  });
});
