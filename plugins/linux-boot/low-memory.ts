/** Where the loader puts things below 640 KiB, and the few variables of a BIOS that operating systems look up there. */
import { writeLe16, writeLe32 } from "backplane/sdk";

export const BIOS_DATA_AREA = 0x400;
/** The kernel's first stack grows down from here. */
export const STACK_TOP = 0x1_0000;
export const BOOT_PARAMS = 0x1_0000;
export const COMMAND_LINE = 0x1_1000;
/** One page, the terminating zero included. */
export const COMMAND_LINE_BYTES = 0x1000;
export const GDT = 0x1_2000;
export const START_CODE = 0x1_3000;
/** Extended BIOS data area: here it holds the ACPI tables. */
export const EBDA = 0x9_c000;
export const EBDA_BYTES = 0x4000;
export const CONVENTIONAL_END = 0xa_0000;
export const HIGH_MEMORY = 0x10_0000;

/** Selectors that the Linux 32-bit boot protocol asks for: __BOOT_CS and __BOOT_DS. */
export const BOOT_CS = 0x10;
export const BOOT_DS = 0x18;
const GDT_ENTRIES = 5;
/** Base 0, limit 4 GiB, ring 0, 32 bits, accessed. */
const FLAT_LOW = 0x0000_ffff;
const FLAT_CODE_HIGH = 0x00cf_9b00;
const FLAT_DATA_HIGH = 0x00cf_9300;

export const flatGdt = (): Uint8Array => {
  const gdt = new Uint8Array(GDT_ENTRIES * 8);
  for (const [selector, high] of [
    [BOOT_CS, FLAT_CODE_HIGH],
    [BOOT_DS, FLAT_DATA_HIGH],
  ]) {
    writeLe32(gdt, selector, FLAT_LOW);
    writeLe32(gdt, selector + 4, high);
  }
  return gdt;
};

const BDA_BYTES = 0x100;
const BDA_EBDA_SEGMENT = 0x0e;
const BDA_MEMORY_KIB = 0x13;

/** BIOS data area: size of conventional memory and, if there is one, the segment of the EBDA. */
export const biosDataArea = (hasEbda: boolean): Uint8Array => {
  const bda = new Uint8Array(BDA_BYTES);
  if (hasEbda) writeLe16(bda, BDA_EBDA_SEGMENT, EBDA >>> 4);
  writeLe16(bda, BDA_MEMORY_KIB, (hasEbda ? EBDA : CONVENTIONAL_END) >>> 10);
  return bda;
};
