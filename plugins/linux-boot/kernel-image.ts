/**
 * Kernel files: a bzImage, or a 32-bit ELF executable.
 *
 * Sources: Linux Documentation/arch/x86/boot.rst, "The Linux/x86 Boot Protocol"; System V ABI, "ELF header" and "Program header".
 *
 * Not implemented: zImage (loaded below 640 KiB) and protocols before 2.05, whose kernels predate 2006; setup_data;
 * multiboot and PVH entries of ELF files.
 */
import { BackplaneError, readLe16, readLe32, writeLe16, writeLe32 } from "backplane/sdk";
import { HIGH_MEMORY } from "./low-memory.js";

/** Bytes at a physical address, followed by zeros up to `memoryBytes`. */
export interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly memoryBytes: number;
}

export interface Kernel {
  readonly format: "bzImage" | "ELF";
  readonly segments: readonly Segment[];
  /** Where it starts in flat protected mode. */
  readonly entry: number;
  /** First byte it leaves alone once it has unpacked itself. */
  readonly end: number;
  /** Setup header as boot_params takes it, from 1F1h on. */
  readonly setupHeader: Uint8Array;
  /** Last address the initial RAM disk may occupy. */
  readonly initrdAddressMax: number;
  /** Longest command line without the terminating zero. */
  readonly commandLineMax: number;
}

/** Offsets in the first sectors of a bzImage, and in boot_params alike. */
export const SETUP_HEADER = 0x1f1;
const SETUP_SECTS = 0x1f1;
const SYSSIZE = 0x1f4;
const BOOT_FLAG = 0x1fe;
const JUMP_LENGTH = 0x201;
const HEADER = 0x202;
const VERSION = 0x206;
const LOADFLAGS = 0x211;
const INITRD_ADDR_MAX = 0x22c;
const KERNEL_ALIGNMENT = 0x230;
const RELOCATABLE_KERNEL = 0x234;
const XLOADFLAGS = 0x236;
const CMDLINE_SIZE = 0x238;
const PREF_ADDRESS = 0x258;
const INIT_SIZE = 0x260;
const SETUP_HEADER_MAX = 0x290;

const BOOT_FLAG_MAGIC = 0xaa55;
const HDRS = 0x5372_6448;
const LOADED_HIGH = 0x01;
const XLF_KERNEL_64 = 0x0001;
const VERSION_MIN = 0x0205;
const VERSION_CMDLINE_SIZE = 0x0206;
const VERSION_INIT_SIZE = 0x020a;
const VERSION_XLOADFLAGS = 0x020c;
const SECTOR = 512;
const SETUP_SECTS_DEFAULT = 4;
const COMMAND_LINE_MAX_OLD = 255;

const ELF_MAGIC = 0x464c_457f;
const EI_CLASS = 4;
const ELFCLASS32 = 1;
const EI_DATA = 5;
const ELFDATA2LSB = 1;
const E_MACHINE = 18;
const EM_386 = 3;
const E_ENTRY = 24;
const E_PHOFF = 28;
const E_PHENTSIZE = 42;
const E_PHNUM = 44;
const EHDR_BYTES = 52;
const PHDR_BYTES = 32;
const P_OFFSET = 4;
const P_PADDR = 12;
const P_FILESZ = 16;
const P_MEMSZ = 20;
const PT_LOAD = 1;
/** What kernels without a setup header of their own have always had: directly mapped memory, 2 KiB of command line. */
const LOWMEM_INITRD_MAX = 0x37ff_ffff;
const COMMAND_LINE_MAX_ELF = 2047;

const refuse = (name: string, why: string): BackplaneError => new BackplaneError("LINUX_KERNEL_INVALID", `kernel ${name}: ${why}`, { name });

const alignUp = (value: number, to: number): number => Math.ceil(value / to) * to;

/** @throws BackplaneError `LINUX_KERNEL_INVALID` naming the file and what is wrong with it. */
export const parseKernel = (name: string, file: Uint8Array): Kernel => {
  if (file.length === 0) throw refuse(name, "the file is empty; give a Linux bzImage (vmlinuz) or a 32-bit ELF vmlinux");
  if (file.length >= EHDR_BYTES && readLe32(file, 0) === ELF_MAGIC) return parseElf(name, file);
  if (file.length > INIT_SIZE + 4 && readLe16(file, BOOT_FLAG) === BOOT_FLAG_MAGIC && readLe32(file, HEADER) === HDRS) return parseBzImage(name, file);
  throw refuse(name, "neither a Linux bzImage (vmlinuz) nor a 32-bit ELF vmlinux; disk images and ROMs need firmware to start");
};

const versionText = (version: number): string => `${version >>> 8}.${String(version & 0xff).padStart(2, "0")}`;

const parseBzImage = (name: string, file: Uint8Array): Kernel => {
  const version = readLe16(file, VERSION);
  if (version < VERSION_MIN) throw refuse(name, `boot protocol ${versionText(version)} is too old; 2.05 or later (Linux 2.6.20) is needed`);
  if (!(file[LOADFLAGS] & LOADED_HIGH)) throw refuse(name, "a zImage, which loads below 640 KiB; build a bzImage");
  if (version >= VERSION_XLOADFLAGS && readLe16(file, XLOADFLAGS) & XLF_KERNEL_64) throw refuse(name, "a 64-bit kernel; the processor is 32-bit: use an i386 one (Debian: 686)");

  const setupBytes = ((file[SETUP_SECTS] || SETUP_SECTS_DEFAULT) + 1) * SECTOR;
  // The size is in paragraphs, so up to 15 bytes of the last one may be missing.
  const declared = readLe32(file, SYSSIZE) * 16;
  if (file.length <= setupBytes || file.length + 15 < setupBytes + declared) {
    throw refuse(name, `truncated: ${file.length} of ${setupBytes + declared} bytes are there; copy it again`);
  }
  const bytes = file.subarray(setupBytes);
  let end = HIGH_MEMORY + bytes.length;
  if (version >= VERSION_INIT_SIZE) {
    // It moves itself to where it was linked, or when relocatable to the first aligned address from there on.
    const preferred = readLe32(file, PREF_ADDRESS) || HIGH_MEMORY;
    const alignment = readLe32(file, KERNEL_ALIGNMENT) || 1;
    const runtime = file[RELOCATABLE_KERNEL] ? alignUp(Math.max(HIGH_MEMORY, preferred), alignment) : preferred;
    end = Math.max(end, runtime + readLe32(file, INIT_SIZE));
  }
  const headerEnd = Math.min(HEADER + file[JUMP_LENGTH], SETUP_HEADER_MAX, file.length);
  return {
    format: "bzImage",
    segments: [{ address: HIGH_MEMORY, bytes, memoryBytes: bytes.length }],
    entry: HIGH_MEMORY,
    end,
    setupHeader: file.slice(SETUP_HEADER, headerEnd),
    initrdAddressMax: readLe32(file, INITRD_ADDR_MAX),
    commandLineMax: (version >= VERSION_CMDLINE_SIZE && readLe32(file, CMDLINE_SIZE)) || COMMAND_LINE_MAX_OLD,
  };
};

const parseElf = (name: string, file: Uint8Array): Kernel => {
  if (file[EI_CLASS] !== ELFCLASS32 || file[EI_DATA] !== ELFDATA2LSB || readLe16(file, E_MACHINE) !== EM_386) {
    throw refuse(name, "an ELF file, but not for 32-bit x86; the processor is an i386");
  }
  const table = readLe32(file, E_PHOFF);
  const entryBytes = readLe16(file, E_PHENTSIZE);
  const count = readLe16(file, E_PHNUM);
  if (entryBytes < PHDR_BYTES || count === 0 || table + entryBytes * count > file.length)
    throw refuse(name, "an ELF file without readable program headers; give vmlinux, not an object file");
  const segments: Segment[] = [];
  for (let index = 0; index < count; index++) {
    const at = table + index * entryBytes;
    const offset = readLe32(file, at + P_OFFSET);
    const fileBytes = readLe32(file, at + P_FILESZ);
    const memoryBytes = readLe32(file, at + P_MEMSZ);
    if (readLe32(file, at) !== PT_LOAD || memoryBytes === 0) continue;
    if (fileBytes > memoryBytes || offset + fileBytes > file.length) throw refuse(name, `truncated: program header ${index} points past the end of the file; copy it again`);
    const address = readLe32(file, at + P_PADDR);
    if (address < HIGH_MEMORY) throw refuse(name, "an ELF file that loads below 1 MiB, where boot data and the BIOS area lie");
    segments.push({ address, bytes: file.subarray(offset, offset + fileBytes), memoryBytes });
  }
  const entry = readLe32(file, E_ENTRY);
  if (!segments.some(({ address, memoryBytes }) => entry >= address && entry < address + memoryBytes)) {
    throw refuse(name, "an ELF file whose entry point is in none of its loaded segments (by physical address)");
  }
  return {
    format: "ELF",
    segments,
    entry,
    end: Math.max(...segments.map(({ address, memoryBytes }) => address + memoryBytes)),
    setupHeader: substituteHeader(),
    initrdAddressMax: LOWMEM_INITRD_MAX,
    commandLineMax: COMMAND_LINE_MAX_ELF,
  };
};

/** A setup header for an image that has none: enough for the kernel to believe in boot_params. */
const substituteHeader = (): Uint8Array => {
  const page = new Uint8Array(XLOADFLAGS + 2);
  writeLe16(page, BOOT_FLAG, BOOT_FLAG_MAGIC);
  writeLe32(page, HEADER, HDRS);
  writeLe16(page, VERSION, VERSION_XLOADFLAGS);
  page[LOADFLAGS] = LOADED_HIGH;
  writeLe32(page, INITRD_ADDR_MAX, LOWMEM_INITRD_MAX);
  return page.slice(SETUP_HEADER);
};
