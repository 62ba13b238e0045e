/** Items of the firmware configuration device: numbered entries and the directory of named files. */
import type { FirmwareFile } from "backplane/sdk";
import { BackplaneError, writeLe16, writeLe32 } from "backplane/sdk";

export const FW_CFG_SIGNATURE = 0x00;
export const FW_CFG_ID = 0x01;
const FW_CFG_RAM_SIZE = 0x03;
const FW_CFG_NOGRAPHIC = 0x04;
const FW_CFG_NB_CPUS = 0x05;
const FW_CFG_BOOT_MENU = 0x0e;
const FW_CFG_MAX_CPUS = 0x0f;
const FW_CFG_FILE_DIR = 0x19;
const FW_CFG_FILE_FIRST = 0x20;

/** The I/O port interface is there; `ID_DMA`: the DMA interface too. */
const ID_TRADITIONAL = 1;
const ID_DMA = 2;

const DIRECTORY_ENTRY_BYTES = 64;
const NAME_AT = 8;
const NAME_BYTES = 56;
/** Selectors 20h-3FFFh are left for files. */
const FILES_MAX = 0x4000 - FW_CFG_FILE_FIRST;

const E820_RAM = 1;

export interface MachineFacts {
  readonly ramBytes: number;
  readonly dma: boolean;
  readonly bootMenu: boolean;
  readonly noGraphic: boolean;
}

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff);
/** A text file as SeaBIOS parses it: zero-terminated. */
export const textFile = (name: string, text: string): FirmwareFile => ({ name, bytes: latin1(`${text}\0`) });

export const le16 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(2);
  writeLe16(bytes, 0, value);
  return bytes;
};
export const le32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  writeLe32(bytes, 0, value);
  return bytes;
};
const le64 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(8);
  writeLe32(bytes, 0, value);
  writeLe32(bytes, 4, Math.floor(value / 2 ** 32));
  return bytes;
};

/** `etc/e820`: one entry of 20 bytes (base, length, type) for RAM from address 0. */
export const e820File = (ramBytes: number): FirmwareFile => {
  const bytes = new Uint8Array(20);
  bytes.set(le64(ramBytes), 8);
  writeLe32(bytes, 16, E820_RAM);
  return { name: "etc/e820", bytes };
};

/** File count, then size, selector and name of each file; numbers are big-endian. */
const directory = (files: readonly FirmwareFile[]): Uint8Array => {
  const bytes = new Uint8Array(4 + files.length * DIRECTORY_ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, files.length);
  for (const [index, file] of files.entries()) {
    const at = 4 + index * DIRECTORY_ENTRY_BYTES;
    view.setUint32(at, file.bytes.length);
    view.setUint16(at + 4, FW_CFG_FILE_FIRST + index);
    bytes.set(latin1(file.name), at + NAME_AT);
  }
  return bytes;
};

/** @throws BackplaneError `FW_CFG_FILE_NAME` for an empty or overlong name, `FW_CFG_FILE_TWICE`, `FW_CFG_FILES` when there are too many. */
const checkFiles = (path: string, files: readonly FirmwareFile[]): void => {
  if (files.length > FILES_MAX) throw new BackplaneError("FW_CFG_FILES", `${path}: ${files.length} firmware files, at most ${FILES_MAX} fit`, { path });
  const names = new Set<string>();
  for (const { name } of files) {
    if (name.length === 0 || name.length >= NAME_BYTES) {
      throw new BackplaneError("FW_CFG_FILE_NAME", `${path}: firmware file name "${name}" must have 1 to ${NAME_BYTES - 1} characters`, { path, name });
    }
    if (names.has(name)) throw new BackplaneError("FW_CFG_FILE_TWICE", `${path}: two devices provide the firmware file "${name}"`, { path, name });
    names.add(name);
  }
};

/** Selector to contents. Selectors that are absent read as zeros, which SeaBIOS takes for "none". */
export const buildItems = (path: string, facts: MachineFacts, files: readonly FirmwareFile[]): ReadonlyMap<number, Uint8Array> => {
  checkFiles(path, files);
  return new Map([
    [FW_CFG_SIGNATURE, latin1("QEMU")],
    [FW_CFG_ID, le32(ID_TRADITIONAL | (facts.dma ? ID_DMA : 0))],
    [FW_CFG_RAM_SIZE, le64(facts.ramBytes)],
    [FW_CFG_NOGRAPHIC, le16(facts.noGraphic ? 1 : 0)],
    [FW_CFG_NB_CPUS, le16(1)],
    [FW_CFG_BOOT_MENU, le16(facts.bootMenu ? 1 : 0)],
    [FW_CFG_MAX_CPUS, le16(1)],
    [FW_CFG_FILE_DIR, directory(files)],
    ...files.map((file, index): [number, Uint8Array] => [FW_CFG_FILE_FIRST + index, file.bytes]),
  ]);
};
