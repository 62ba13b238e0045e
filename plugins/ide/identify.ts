/**
 * What drives answer to IDENTIFY DEVICE and IDENTIFY PACKET DEVICE.
 * Source: ATA/ATAPI-6 (T13/1410D) clauses 8.15 and 8.16; words are named by number there.
 */
import { readLe16, writeLe16 } from "backplane/sdk";
import { multiwordWord, ultraWord } from "./transfer-mode.js";

export const IDENTIFY_BYTES = 512;

export interface Names {
  readonly model: string;
  readonly serial: string;
  readonly firmware: string;
}

export interface DiskFacts extends Names {
  readonly sectors: number;
  /** Default translation. */
  readonly cylinders: number;
  readonly heads: number;
  readonly sectorsPerTrack: number;
  /** Current translation. */
  readonly currentCylinders: number;
  readonly currentHeads: number;
  readonly currentSectorsPerTrack: number;
  /** Sectors per block of READ MULTIPLE, 0 while off. */
  readonly multiple: number;
  readonly maxMultiple: number;
  readonly transferMode: number;
  readonly writeCache: boolean;
  readonly lookAhead: boolean;
  readonly smart: boolean;
  readonly slave: boolean;
}

/** ATA-1 to ATA/ATAPI-6. */
const MAJOR_VERSIONS = 0x007e;
/** Nanoseconds per multiword DMA or PIO cycle. */
const CYCLE_NS = 120;
const INTEGRITY_SIGNATURE = 0xa5;
export const MAX_LBA28 = 0x0fff_ffff;

/** Words 82-87 claim and show features in the same positions. */
const NOP = 1 << 14;
const DEVICE_RESET = 1 << 9;
const LOOK_AHEAD = 1 << 6;
const WRITE_CACHE = 1 << 5;
const PACKET = 1 << 4;
const POWER_MANAGEMENT = 1 << 3;
const SMART = 1 << 0;
const FLUSH_CACHE_EXT = 1 << 13;
const FLUSH_CACHE = 1 << 12;
const LBA48 = 1 << 10;
const WRITE_DMA_FUA_EXT = 1 << 6;
/** Words 83, 84, 87 and 93 are valid. */
const VALID = 1 << 14;

/** ASCII, two characters a word, first one in the high byte, padded with spaces. */
const text = (into: Uint8Array, word: number, value: string, bytes: number): void => {
  for (let at = 0; at < bytes; at++) {
    const code = at < value.length ? value.charCodeAt(at) : 0x20;
    into[2 * word + (at ^ 1)] = code >= 0x20 && code < 0x7f ? code : 0x3f;
  }
};

const dword = (into: Uint8Array, word: number, value: number): void => {
  writeLe16(into, 2 * word, value & 0xffff);
  writeLe16(into, 2 * word + 2, (value >>> 16) & 0xffff);
};

const common = (into: Uint8Array, names: Names, transferMode: number): void => {
  const set = (word: number, value: number) => writeLe16(into, 2 * word, value);
  text(into, 10, names.serial, 20);
  text(into, 23, names.firmware, 8);
  text(into, 27, names.model, 40);
  set(63, multiwordWord(transferMode));
  set(64, 0x0003);
  for (const word of [65, 66, 67, 68]) set(word, CYCLE_NS);
  set(80, MAJOR_VERSIONS);
  set(88, ultraWord(transferMode));
};

/** Word 255: all 512 bytes add up to zero. */
const seal = (into: Uint8Array): void => {
  into[510] = INTEGRITY_SIGNATURE;
  into[511] = 0;
  let sum = 0;
  for (let at = 0; at < 511; at++) sum += into[at];
  into[511] = -sum & 0xff;
};

export const identifyDisk = (into: Uint8Array, facts: DiskFacts): void => {
  into.fill(0, 0, IDENTIFY_BYTES);
  const set = (word: number, value: number) => writeLe16(into, 2 * word, value);
  common(into, facts, facts.transferMode);
  set(0, 0x0040);
  set(1, facts.cylinders);
  set(3, facts.heads);
  set(6, facts.sectorsPerTrack);
  set(47, 0x8000 | facts.maxMultiple);
  set(48, 0x0001);
  set(49, 0x2f00);
  set(50, VALID);
  set(51, 0x0200);
  set(53, 0x0007);
  set(54, facts.currentCylinders);
  set(55, facts.currentHeads);
  set(56, facts.currentSectorsPerTrack);
  dword(into, 57, facts.currentCylinders * facts.currentHeads * facts.currentSectorsPerTrack);
  set(59, facts.multiple ? 0x0100 | facts.multiple : 0);
  dword(into, 60, Math.min(facts.sectors, MAX_LBA28));
  set(82, NOP | LOOK_AHEAD | WRITE_CACHE | POWER_MANAGEMENT | SMART);
  set(83, VALID | FLUSH_CACHE_EXT | FLUSH_CACHE | LBA48);
  set(84, VALID | WRITE_DMA_FUA_EXT);
  set(85, NOP | (facts.lookAhead ? LOOK_AHEAD : 0) | (facts.writeCache ? WRITE_CACHE : 0) | POWER_MANAGEMENT | (facts.smart ? SMART : 0));
  set(86, FLUSH_CACHE_EXT | FLUSH_CACHE | LBA48);
  set(87, VALID | WRITE_DMA_FUA_EXT);
  set(93, VALID | (facts.slave ? 0x0b00 : 0x000b));
  dword(into, 100, facts.sectors % 0x1_0000_0000);
  dword(into, 102, Math.floor(facts.sectors / 0x1_0000_0000));
  seal(into);
};

export const identifyPacketDevice = (into: Uint8Array, names: Names, transferMode: number): void => {
  into.fill(0, 0, IDENTIFY_BYTES);
  const set = (word: number, value: number) => writeLe16(into, 2 * word, value);
  common(into, names, transferMode);
  // Packet device, CD-ROM, removable, DRQ within 50 us of PACKET, 12-byte packets.
  set(0, 0x85c0);
  set(49, 0x0f00);
  set(53, 0x0006);
  set(82, NOP | DEVICE_RESET | PACKET | POWER_MANAGEMENT);
  set(83, VALID);
  set(84, VALID);
  set(85, NOP | DEVICE_RESET | PACKET | POWER_MANAGEMENT);
  set(87, VALID);
  seal(into);
};

/** A word of an identify block. */
export const identifyWord = (block: Uint8Array, word: number): number => readLe16(block, 2 * word);
