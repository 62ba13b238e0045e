/** How a command names its sectors: cylinder/head/sector, 28-bit or 48-bit logical block addresses. */
import { DEVICE, LBA, LBA_HIGH, LBA_LOW, LBA_MID, SECTOR_COUNT } from "./registers.js";
import type { TaskFile } from "./task-file.js";

export interface Translation {
  heads: number;
  sectors: number;
}

export const CHS = 0;
export const LBA28 = 1;
export const LBA48 = 2;
export type Addressing = typeof CHS | typeof LBA28 | typeof LBA48;

const MAX_DEFAULT_CYLINDERS = 16383;

/** 16 heads of 63 sectors, or a single head for disks smaller than one such cylinder. */
export const defaultTranslation = (sectors: number): Translation => (sectors >= 16 * 63 ? { heads: 16, sectors: 63 } : { heads: 1, sectors: Math.min(63, sectors) });

export const defaultCylinders = (sectors: number): number => {
  const { heads, sectors: perTrack } = defaultTranslation(sectors);
  return Math.min(MAX_DEFAULT_CYLINDERS, Math.floor(sectors / (heads * perTrack)));
};

export const currentCylinders = (sectors: number, translation: Translation): number => Math.min(0xffff, Math.floor(sectors / (translation.heads * translation.sectors)));

/** The addressing of a command whose code is not an EXT one. */
export const shortAddressing = (file: TaskFile): Addressing => (file.get(DEVICE) & LBA ? LBA28 : CHS);

export const sectorCount = (file: TaskFile, addressing: Addressing): number => {
  if (addressing !== LBA48) return file.get(SECTOR_COUNT) || 0x100;
  return file.get(SECTOR_COUNT) | (file.getPrevious(SECTOR_COUNT) << 8) || 0x1_0000;
};

/** The first sector, or -1 when the cylinder, head or sector does not exist. */
export const firstSector = (file: TaskFile, addressing: Addressing, translation: Translation, sectors: number): number => {
  const low = file.get(LBA_LOW) + file.get(LBA_MID) * 0x100 + file.get(LBA_HIGH) * 0x1_0000;
  if (addressing === LBA48) {
    return low + (file.getPrevious(LBA_LOW) + file.getPrevious(LBA_MID) * 0x100 + file.getPrevious(LBA_HIGH) * 0x1_0000) * 0x100_0000;
  }
  const head = file.get(DEVICE) & 0x0f;
  if (addressing === LBA28) return low + head * 0x100_0000;
  const sector = file.get(LBA_LOW);
  const cylinder = file.get(LBA_MID) | (file.get(LBA_HIGH) << 8);
  if (sector < 1 || sector > translation.sectors || head >= translation.heads || cylinder >= currentCylinders(sectors, translation)) return -1;
  return (cylinder * translation.heads + head) * translation.sectors + sector - 1;
};

/** Shows a sector in the task file, as a command leaves it behind. */
export const showSector = (file: TaskFile, addressing: Addressing, translation: Translation, sector: number): void => {
  if (addressing === CHS) {
    const track = Math.floor(sector / translation.sectors);
    const cylinder = Math.floor(track / translation.heads);
    file.set(LBA_LOW, (sector % translation.sectors) + 1);
    file.set(LBA_MID, cylinder & 0xff);
    file.set(LBA_HIGH, (cylinder >>> 8) & 0xff);
    file.set(DEVICE, (file.get(DEVICE) & 0xf0) | (track % translation.heads));
    return;
  }
  const low = sector % 0x100_0000;
  const high = Math.floor(sector / 0x100_0000);
  file.set(LBA_LOW, low & 0xff);
  file.set(LBA_MID, (low >>> 8) & 0xff);
  file.set(LBA_HIGH, low >>> 16);
  if (addressing === LBA28) {
    file.set(DEVICE, (file.get(DEVICE) & 0xf0) | (high & 0x0f));
    return;
  }
  file.setPrevious(LBA_LOW, high & 0xff);
  file.setPrevious(LBA_MID, (high >>> 8) & 0xff);
  file.setPrevious(LBA_HIGH, (high >>> 16) & 0xff);
};
