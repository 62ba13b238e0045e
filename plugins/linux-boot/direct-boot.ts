/**
 * Starts a Linux kernel from host files without a BIOS: loads it, describes the machine to it, sets up PCI and the VGA,
 * and has the processor begin at the kernel's 32-bit entry.
 *
 * Sources: Linux Documentation/arch/x86/boot.rst (32-bit boot protocol) and zero-page.rst.
 *
 * The files are read once, when the device is created; every reset loads them anew. Boot data lies below 640 KiB (see
 * low-memory.ts), the kernel at 1 MiB, the initial RAM disk as high as the kernel allows.
 *
 * Not implemented: BIOS services and real mode (the kernel must not ask for them; Linux through the 32-bit entry does
 * not), a $PIR table (interrupt lines are in configuration space), option ROMs.
 */
import {
  BackplaneError,
  type Board,
  Cmos,
  type ConfigOf,
  Display,
  defineDevice,
  every,
  Firmware,
  FloppyBus,
  file,
  IsaBridge,
  optional,
  PciBus,
  Processor,
  Storage,
  text,
} from "backplane/sdk";
import { acpiTables } from "./acpi-tables.js";
import { buildBootParams } from "./boot-params.js";
import { type Kernel, parseKernel } from "./kernel-image.js";
import {
  BIOS_DATA_AREA,
  BOOT_CS,
  BOOT_DS,
  BOOT_PARAMS,
  biosDataArea,
  COMMAND_LINE,
  COMMAND_LINE_BYTES,
  EBDA,
  EBDA_BYTES,
  flatGdt,
  GDT,
  STACK_TOP,
  START_CODE,
} from "./low-memory.js";
import { type PciSetup, SCI_LINE, setUpPci } from "./pci-setup.js";
import { placeInitrd } from "./placement.js";
import { type StartStep, startCode } from "./start-code.js";
import { vgaTextSteps } from "./vga-text.js";

const KERNEL_MAX_BYTES = 512 << 20;
const INITRD_MAX_BYTES = 2047 * (1 << 20);
const APPEND_MAX = 2047;
/** Edge/level control registers of the interrupt controllers. */
const ELCR1 = 0x4d0;
/** CMOS register with the types of the floppy drives, the first in the upper half. */
const FLOPPY_TYPES = 0x10;
/** The root pointer is searched on 16-byte boundaries of the EBDA's first KiB; its first word is the EBDA's size. */
const TABLES_IN_EBDA = 0x40;
const PRINTABLE = /^[ -\xff]*$/;

const config = {
  kernel: file("Linux bzImage (vmlinuz) or 32-bit ELF vmlinux"),
  initrd: file("initial RAM disk; empty for none"),
  append: text("", "kernel command line", APPEND_MAX),
};

interface Loaded {
  readonly kernel: Kernel;
  readonly initrd: { readonly address: number; readonly bytes: Uint8Array };
  readonly commandLine: Uint8Array;
}

const commandLineBytes = (path: string, append: string, kernel: Kernel): Uint8Array => {
  if (!PRINTABLE.test(append))
    throw new BackplaneError("LINUX_COMMAND_LINE", `${path}: append has a control or non-Latin-1 character; kernel command lines are plain text`, { path });
  if (append.length > kernel.commandLineMax) {
    throw new BackplaneError("LINUX_COMMAND_LINE", `${path}: append has ${append.length} characters; this kernel takes at most ${kernel.commandLineMax}`, { path });
  }
  const bytes = new Uint8Array(COMMAND_LINE_BYTES);
  bytes.set(Uint8Array.from(append, (character) => character.charCodeAt(0)));
  return bytes;
};

const load = async (board: Board, settings: ConfigOf<typeof config>, storage: Storage): Promise<Loaded> => {
  const { path } = board;
  const { ramBytes } = board.memory;
  if (settings.kernel === "") throw new BackplaneError("LINUX_KERNEL_MISSING", `${path}: no kernel to boot; set "kernel" to a Linux bzImage or a 32-bit vmlinux`, { path });
  const kernel = parseKernel(settings.kernel, await storage.readAll(settings.kernel, KERNEL_MAX_BYTES));
  const initrd = settings.initrd === "" ? new Uint8Array(0) : await storage.readAll(settings.initrd, INITRD_MAX_BYTES);
  if (settings.initrd !== "" && initrd.length === 0) {
    throw new BackplaneError("LINUX_INITRD_EMPTY", `initrd ${settings.initrd}: the file is empty; give a cpio archive, or no initrd`, { path, name: settings.initrd });
  }
  const address = placeInitrd(kernel, settings.kernel, settings.initrd, initrd.length, ramBytes);
  return { kernel, initrd: { address, bytes: initrd }, commandLine: commandLineBytes(path, settings.append, kernel) };
};

const elcrSteps = (levelLines: readonly number[]): StartStep[] => {
  const mask = levelLines.reduce((bits, line) => bits | (1 << line), 0);
  if (mask === 0) return [];
  return [
    {
      ports: [
        { port: ELCR1, value: mask & 0xff },
        { port: ELCR1 + 1, value: mask >>> 8 },
      ],
    },
  ];
};

/** ACPI tables behind the EBDA's header, or `undefined` for a machine without power management. */
const ebdaImage = ({ power, memoryWindow, routes }: PciSetup): Uint8Array | undefined => {
  if (!power) return undefined;
  const image = new Uint8Array(EBDA_BYTES);
  image[0] = EBDA_BYTES >>> 10;
  image.set(acpiTables({ pmBase: power.base, sciLine: SCI_LINE, memoryWindow, routes, com1: power.com1, com2: power.com2 }, EBDA + TABLES_IN_EBDA), TABLES_IN_EBDA);
  return image;
};

const writeSegment = (board: Board, address: number, bytes: Uint8Array, memoryBytes: number): void => {
  board.busMaster.write(address, bytes);
  if (memoryBytes > bytes.length) board.busMaster.write(address + bytes.length, new Uint8Array(memoryBytes - bytes.length));
};

export const linuxDirectBoot = defineDevice({
  id: "linux.direct-boot",
  summary: "Boots a Linux kernel and initial RAM disk from host files, without a BIOS",
  provides: Firmware,
  needs: { storage: Storage, processor: Processor, pci: optional(PciBus), isa: optional(IsaBridge), displays: every(Display), cmos: optional(Cmos), floppies: optional(FloppyBus) },
  config,
  async create({ board, config: settings, deps }) {
    const { kernel, initrd, commandLine } = await load(board, settings, deps.storage);
    const { ramBytes } = board.memory;
    const vgaText = deps.displays.length > 0;
    return {
      role: { label: `Linux kernel ${settings.kernel}` },
      reset(kind) {
        const { busMaster } = board;
        const [first, second] = deps.floppies?.driveTypes() ?? [0, 0];
        // Its battery carries CMOS memory over a reset.
        if (kind === "power-on") deps.cmos?.write(FLOPPY_TYPES, (first << 4) | second);
        const pci = deps.pci && setUpPci(deps.pci, deps.isa, ramBytes, board.log);
        const ebda = pci && ebdaImage(pci);
        for (const { address, bytes, memoryBytes } of kernel.segments) writeSegment(board, address, bytes, memoryBytes);
        if (initrd.bytes.length > 0) busMaster.write(initrd.address, initrd.bytes);
        if (ebda) busMaster.write(EBDA, ebda);
        busMaster.write(BIOS_DATA_AREA, biosDataArea(ebda !== undefined));
        busMaster.write(COMMAND_LINE, commandLine);
        busMaster.write(
          BOOT_PARAMS,
          buildBootParams({ kernel, ramBytes, initrd: { address: initrd.address, bytes: initrd.bytes.length }, vgaText, rsdp: ebda && EBDA + TABLES_IN_EBDA }),
        );
        const gdt = flatGdt();
        busMaster.write(GDT, gdt);
        busMaster.write(START_CODE, startCode(START_CODE, kernel.entry, [...elcrSteps(pci?.levelLines ?? []), ...(vgaText ? vgaTextSteps() : [])]));
        deps.processor.a20(true);
        deps.processor.startFlat32({
          eip: START_CODE,
          esi: BOOT_PARAMS,
          esp: STACK_TOP,
          eax: 0,
          ebx: 0,
          gdt: { base: GDT, limit: gdt.length - 1 },
          codeSelector: BOOT_CS,
          dataSelector: BOOT_DS,
        });
      },
    };
  },
});
