/**
 * Writes a CD image that boots: files in one directory, and a boot image without emulation.
 *
 * Sources: ECMA-119 (ISO 9660), sections 6.8 to 9.4; El Torito Bootable CD-ROM Format Specification 1.0;
 * the boot information table as isolinux documents it.
 *
 * Not implemented: directories, Rock Ridge and Joliet, names that are not 8.3, volumes of several extents.
 */

const SECTOR = 2048;
const PRIMARY_DESCRIPTOR_AT = 16;
const BOOT_RECORD_AT = 17;
const TERMINATOR_AT = 18;
const PATH_TABLE_AT = 19;
const BIG_ENDIAN_PATH_TABLE_AT = 20;
const ROOT_DIRECTORY_AT = 21;
const BOOT_CATALOG_AT = 22;
const FIRST_FILE_AT = 23;

const PATH_TABLE_BYTES = 10;
/** Name of a directory itself, and of its parent. */
const SELF = "\0";
const PARENT = "\u0001";

/** What the boot image is given of its first sectors' 512-byte units; it loads the rest by itself. */
const BOOT_LOAD_UNITS = 4;
const BOOT_INFORMATION_AT = 8;
const BOOT_INFORMATION_BYTES = 56;

const sectorsOf = (bytes: number): number => Math.ceil(bytes / SECTOR);

class Writer {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(sectors: number) {
    this.bytes = new Uint8Array(sectors * SECTOR);
    this.#view = new DataView(this.bytes.buffer);
  }

  text(at: number, length: number, text: string): void {
    for (let index = 0; index < length; index++) this.bytes[at + index] = index < text.length ? text.charCodeAt(index) : 0x20;
  }
  le16(at: number, value: number): void {
    this.#view.setUint16(at, value, true);
  }
  le32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }
  be32(at: number, value: number): void {
    this.#view.setUint32(at, value);
  }
  /** Numbers in both byte orders, little-endian first. */
  both16(at: number, value: number): void {
    this.le16(at, value);
    this.#view.setUint16(at + 2, value);
  }
  both32(at: number, value: number): void {
    this.le32(at, value);
    this.be32(at + 4, value);
  }

  /** Returns where the next record goes. */
  directoryRecord(at: number, name: string, sector: number, length: number, isDirectory: boolean): number {
    const size = 33 + name.length + ((name.length + 1) % 2);
    this.bytes[at] = size;
    this.both32(at + 2, sector);
    this.both32(at + 10, length);
    // Recorded 2005-01-01.
    this.bytes.set([105, 1, 1], at + 18);
    this.bytes[at + 25] = isDirectory ? 2 : 0;
    this.both16(at + 28, 1);
    this.bytes[at + 32] = name.length;
    for (let index = 0; index < name.length; index++) this.bytes[at + 33 + index] = name.charCodeAt(index);
    return at + size;
  }
}

/** Tells the boot image where it is on the CD. */
const withBootInformation = (image: Uint8Array, sector: number): Uint8Array => {
  const patched = Uint8Array.from(image);
  const view = new DataView(patched.buffer);
  let sum = 0;
  for (let at = BOOT_INFORMATION_AT + BOOT_INFORMATION_BYTES; at + 4 <= patched.length; at += 4) sum = (sum + view.getUint32(at, true)) >>> 0;
  patched.fill(0, BOOT_INFORMATION_AT, BOOT_INFORMATION_AT + BOOT_INFORMATION_BYTES);
  view.setUint32(BOOT_INFORMATION_AT, PRIMARY_DESCRIPTOR_AT, true);
  view.setUint32(BOOT_INFORMATION_AT + 4, sector, true);
  view.setUint32(BOOT_INFORMATION_AT + 8, image.length, true);
  view.setUint32(BOOT_INFORMATION_AT + 12, sum, true);
  return patched;
};

/**
 * A CD image.
 * @param files by name; names are upper case, 8.3
 * @param boot the file among them that the BIOS starts
 */
export const bootableCd = (label: string, files: Readonly<Record<string, Uint8Array>>, boot: string): Uint8Array => {
  const places = new Map<string, number>();
  let next = FIRST_FILE_AT;
  const names = Object.keys(files).sort();
  for (const name of names) {
    if (!/^[A-Z0-9_]{1,8}(\.[A-Z0-9_]{1,3})?$/.test(name)) throw new Error(`${name} is no name for a file on a CD`);
    places.set(name, next);
    next += Math.max(1, sectorsOf(files[name].length));
  }
  const bootSector = places.get(boot);
  if (bootSector === undefined) throw new Error(`${boot} is not among the files of the CD`);
  const out = new Writer(next);

  const descriptor = PRIMARY_DESCRIPTOR_AT * SECTOR;
  out.bytes[descriptor] = 1;
  out.text(descriptor + 1, 5, "CD001");
  out.bytes[descriptor + 6] = 1;
  out.text(descriptor + 8, 32, "");
  out.text(descriptor + 40, 32, label);
  out.both32(descriptor + 80, next);
  out.both16(descriptor + 120, 1);
  out.both16(descriptor + 124, 1);
  out.both16(descriptor + 128, SECTOR);
  out.both32(descriptor + 132, PATH_TABLE_BYTES);
  out.le32(descriptor + 140, PATH_TABLE_AT);
  out.be32(descriptor + 148, BIG_ENDIAN_PATH_TABLE_AT);
  out.directoryRecord(descriptor + 156, SELF, ROOT_DIRECTORY_AT, SECTOR, true);
  out.text(descriptor + 190, 623, "");
  for (const date of [813, 830, 847, 864]) out.text(descriptor + date, 16, "0000000000000000");
  out.bytes[descriptor + 881] = 1;

  const record = BOOT_RECORD_AT * SECTOR;
  out.text(record + 1, 5, "CD001");
  out.bytes[record + 6] = 1;
  out.bytes.set(new TextEncoder().encode("EL TORITO SPECIFICATION"), record + 7);
  out.le32(record + 71, BOOT_CATALOG_AT);

  const terminator = TERMINATOR_AT * SECTOR;
  out.bytes[terminator] = 255;
  out.text(terminator + 1, 5, "CD001");
  out.bytes[terminator + 6] = 1;

  for (const at of [PATH_TABLE_AT * SECTOR, BIG_ENDIAN_PATH_TABLE_AT * SECTOR]) out.bytes[at] = 1;
  out.le32(PATH_TABLE_AT * SECTOR + 2, ROOT_DIRECTORY_AT);
  out.le16(PATH_TABLE_AT * SECTOR + 6, 1);
  out.be32(BIG_ENDIAN_PATH_TABLE_AT * SECTOR + 2, ROOT_DIRECTORY_AT);
  out.bytes[BIG_ENDIAN_PATH_TABLE_AT * SECTOR + 7] = 1;

  let at = ROOT_DIRECTORY_AT * SECTOR;
  at = out.directoryRecord(at, SELF, ROOT_DIRECTORY_AT, SECTOR, true);
  at = out.directoryRecord(at, PARENT, ROOT_DIRECTORY_AT, SECTOR, true);
  for (const name of names) at = out.directoryRecord(at, `${name}${name.includes(".") ? "" : "."};1`, places.get(name)!, files[name].length, false);
  if (at > (ROOT_DIRECTORY_AT + 1) * SECTOR) throw new Error("too many files for the one directory of the CD");

  const catalog = BOOT_CATALOG_AT * SECTOR;
  out.bytes[catalog] = 1;
  out.bytes.set([0x55, 0xaa], catalog + 30);
  // The words of the validation entry add up to zero.
  out.le16(catalog + 28, -(1 + 0xaa55) & 0xffff);
  out.bytes[catalog + 32] = 0x88;
  out.le16(catalog + 38, BOOT_LOAD_UNITS);
  out.le32(catalog + 40, bootSector);

  for (const name of names) out.bytes.set(name === boot ? withBootInformation(files[name], bootSector) : files[name], places.get(name)! * SECTOR);
  return out.bytes;
};
