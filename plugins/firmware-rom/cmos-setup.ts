/**
 * CMOS memory as a PC's setup program would have left it.
 *
 * Sources: Ralf Brown's CMOS memory map (registers 10h-33h of the AT); SeaBIOS src/hw/rtc.h, src/boot.c and src/block.c for
 * 34h, 35h, 38h-3Dh, 5Bh-5Fh, which Bochs and QEMU added.
 *
 * Not implemented: fixed disk types and geometry (12h, 19h-2Ch): firmware from the middle of the nineties on asks the drives.
 */
import { BackplaneError, type Cmos } from "backplane/sdk";

const SHUTDOWN_STATUS = 0x0f;
const FLOPPY_TYPES = 0x10;
const EQUIPMENT = 0x14;
const BASE_MEMORY = 0x15;
const EXTENDED_MEMORY = 0x17;
const CHECKSUM = 0x2e;
const CHECKED_FIRST = 0x10;
const CHECKED_LAST = 0x2d;
const EXTENDED_MEMORY_FOUND = 0x30;
const MEMORY_ABOVE_16M = 0x34;
const BOOTFLAG1 = 0x38;
const DISK_TRANSLATION = 0x39;
const BOOTFLAG2 = 0x3d;
const MEMORY_ABOVE_4G = 0x5b;
const SMP_COUNT = 0x5f;

const EQUIPMENT_FLOPPY = 0x01;
const EQUIPMENT_FPU = 0x02;
const EQUIPMENT_PS2_MOUSE = 0x04;
const EQUIPMENT_SECOND_FLOPPY = 0x40;
const BASE_MEMORY_KIB = 640;
/** Two bits a drive: LBA-assisted, which also suits disks that would need no translation. */
const TRANSLATION_LBA = 0x55;

const KIB = 1 << 10;
const MIB = 1 << 20;
const UNIT_64K = 1 << 16;

/** Boot devices and their codes in the boot flags. */
const BOOT_CODES: ReadonlyMap<string, number> = new Map([
  ["floppy", 1],
  ["disk", 2],
  ["cdrom", 3],
  ["network", 4],
]);
const BOOT_DEVICES_MAX = 3;

/**
 * Codes of the devices in a list like `disk,cdrom,floppy`, first choice first.
 * @throws BackplaneError `FIRMWARE_BOOT_ORDER` naming what is wrong.
 */
export const parseBootOrder = (path: string, order: string): readonly number[] => {
  const refuse = (why: string): BackplaneError => new BackplaneError("FIRMWARE_BOOT_ORDER", `${path}: boot order "${order}" ${why}`, { path, order });
  const names = order.split(",").map((name) => name.trim());
  const codes = names.map((name) => {
    const code = BOOT_CODES.get(name);
    if (code === undefined) throw refuse(`has "${name}"; write up to ${BOOT_DEVICES_MAX} of ${[...BOOT_CODES.keys()].join(", ")} with commas between them`);
    return code;
  });
  if (new Set(codes).size < codes.length) throw refuse("names a device twice");
  if (codes.length > BOOT_DEVICES_MAX) throw refuse(`has ${codes.length} devices; CMOS memory holds ${BOOT_DEVICES_MAX}`);
  return codes;
};

export interface CmosFacts {
  readonly ramBytes: number;
  /** Types of both floppy drives, 0 for none. */
  readonly floppies: readonly [number, number];
  /** Codes from `parseBootOrder`. */
  readonly boot: readonly number[];
}

export const setUpCmos = (cmos: Cmos, { ramBytes, floppies, boot }: CmosFacts): void => {
  const word = (register: number, value: number): void => {
    const capped = Math.min(Math.max(0, Math.floor(value)), 0xffff);
    cmos.write(register, capped & 0xff);
    cmos.write(register + 1, capped >>> 8);
  };
  const drives = floppies.filter((type) => type > 0).length;
  const [first = 0, second = 0, third = 0] = boot;

  cmos.write(SHUTDOWN_STATUS, 0);
  cmos.write(FLOPPY_TYPES, (floppies[0] << 4) | floppies[1]);
  cmos.write(EQUIPMENT, EQUIPMENT_FPU | EQUIPMENT_PS2_MOUSE | (drives > 0 ? EQUIPMENT_FLOPPY : 0) | (drives > 1 ? EQUIPMENT_SECOND_FLOPPY : 0));
  word(BASE_MEMORY, BASE_MEMORY_KIB);
  word(EXTENDED_MEMORY, (ramBytes - MIB) / KIB);
  word(EXTENDED_MEMORY_FOUND, (ramBytes - MIB) / KIB);
  word(MEMORY_ABOVE_16M, (ramBytes - 16 * MIB) / UNIT_64K);
  word(MEMORY_ABOVE_4G, 0);
  cmos.write(MEMORY_ABOVE_4G + 2, 0);
  cmos.write(BOOTFLAG1, third << 4);
  cmos.write(BOOTFLAG2, first | (second << 4));
  cmos.write(DISK_TRANSLATION, TRANSLATION_LBA);
  cmos.write(DISK_TRANSLATION + 1, TRANSLATION_LBA);
  cmos.write(SMP_COUNT, 0);

  let sum = 0;
  for (let register = CHECKED_FIRST; register <= CHECKED_LAST; register++) sum += cmos.read(register);
  // Unlike all other words, the checksum has its high byte first.
  cmos.write(CHECKSUM, sum >>> 8);
  cmos.write(CHECKSUM + 1, sum & 0xff);
};
