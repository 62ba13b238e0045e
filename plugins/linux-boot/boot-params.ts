/**
 * The "zero page": struct boot_params, what a boot loader tells Linux.
 *
 * Source: Linux Documentation/arch/x86/zero-page.rst and boot.rst.
 *
 * Not implemented: EDD and APM information, EFI, video modes other than 80x25 text.
 */
import { writeLe16, writeLe32 } from "backplane/sdk";
import { type Kernel, SETUP_HEADER } from "./kernel-image.js";
import { COMMAND_LINE, CONVENTIONAL_END, EBDA, HIGH_MEMORY } from "./low-memory.js";

const BOOT_PARAMS_BYTES = 4096;

/** screen_info, at offset 0. */
const EXT_MEM_K = 0x02;
const ORIG_VIDEO_MODE = 0x06;
const ORIG_VIDEO_COLS = 0x07;
const ORIG_VIDEO_EGA_BX = 0x0a;
const ORIG_VIDEO_LINES = 0x0e;
const ORIG_VIDEO_ISVGA = 0x0f;
const ORIG_VIDEO_POINTS = 0x10;
const ACPI_RSDP_ADDR = 0x070;
const ALT_MEM_K = 0x1e0;
const E820_ENTRIES = 0x1e8;
const VID_MODE = 0x1fa;
const TYPE_OF_LOADER = 0x210;
const CODE32_START = 0x214;
const RAMDISK_IMAGE = 0x218;
const RAMDISK_SIZE = 0x21c;
const CMD_LINE_PTR = 0x228;
const E820_TABLE = 0x2d0;
const E820_ENTRY_BYTES = 20;

const VID_MODE_NORMAL = 0xffff;
/** A loader without a number of its own. */
const LOADER_UNDEFINED = 0xff;
/** 256 KiB of display memory, as INT 10h function 12h reports it. */
const EGA_BX_256K = 0x0003;

export const E820_RAM = 1;
export const E820_RESERVED = 2;

export interface E820Entry {
  readonly base: number;
  readonly length: number;
  readonly type: typeof E820_RAM | typeof E820_RESERVED;
}

/** RAM without the hole between 640 KiB and 1 MiB; with an EBDA, conventional memory ends below it. */
export const e820Map = (ramBytes: number, hasEbda: boolean): readonly E820Entry[] => [
  { base: 0, length: hasEbda ? EBDA : CONVENTIONAL_END, type: E820_RAM },
  ...(hasEbda ? [{ base: EBDA, length: CONVENTIONAL_END - EBDA, type: E820_RESERVED } as const] : []),
  { base: HIGH_MEMORY, length: ramBytes - HIGH_MEMORY, type: E820_RAM },
];

export interface BootFacts {
  readonly kernel: Kernel;
  readonly ramBytes: number;
  readonly initrd: { readonly address: number; readonly bytes: number };
  readonly vgaText: boolean;
  /** Address of the ACPI root pointer; `undefined` without tables. */
  readonly rsdp: number | undefined;
}

export const buildBootParams = ({ kernel, ramBytes, initrd, vgaText, rsdp }: BootFacts): Uint8Array => {
  const page = new Uint8Array(BOOT_PARAMS_BYTES);
  page.set(kernel.setupHeader, SETUP_HEADER);
  const extendedKib = (ramBytes - HIGH_MEMORY) >>> 10;
  writeLe16(page, EXT_MEM_K, Math.min(extendedKib, 0xffff));
  writeLe32(page, ALT_MEM_K, extendedKib);
  if (vgaText) {
    page[ORIG_VIDEO_MODE] = 3;
    page[ORIG_VIDEO_COLS] = 80;
    page[ORIG_VIDEO_LINES] = 25;
    page[ORIG_VIDEO_ISVGA] = 1;
    writeLe16(page, ORIG_VIDEO_EGA_BX, EGA_BX_256K);
    writeLe16(page, ORIG_VIDEO_POINTS, 16);
  }
  writeLe32(page, ACPI_RSDP_ADDR, rsdp ?? 0);
  writeLe16(page, VID_MODE, VID_MODE_NORMAL);
  page[TYPE_OF_LOADER] = LOADER_UNDEFINED;
  writeLe32(page, CODE32_START, kernel.entry);
  writeLe32(page, RAMDISK_IMAGE, initrd.bytes > 0 ? initrd.address : 0);
  writeLe32(page, RAMDISK_SIZE, initrd.bytes);
  writeLe32(page, CMD_LINE_PTR, COMMAND_LINE);
  const map = e820Map(ramBytes, rsdp !== undefined);
  page[E820_ENTRIES] = map.length;
  for (const [index, { base, length, type }] of map.entries()) {
    const at = E820_TABLE + index * E820_ENTRY_BYTES;
    writeLe32(page, at, base);
    writeLe32(page, at + 8, length);
    writeLe32(page, at + 16, type);
  }
  return page;
};
