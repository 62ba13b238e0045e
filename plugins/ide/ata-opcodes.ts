/** Command codes of a disk (ATA/ATAPI-6, table E.1, and obsolete ones that old drivers send). */
import { READ, type RunKind, VERIFY, WRITE } from "./sector-run.js";

/** What CHECK POWER MODE answers; asleep it cannot be asked. */
export const ACTIVE = 0xff;
export const IDLING = 0x80;
export const STANDING_BY = 0x00;
export const ASLEEP = -1;

const READ_SECTORS = 0x20;
const READ_SECTORS_NO_RETRY = 0x21;
const READ_SECTORS_EXT = 0x24;
const READ_DMA_EXT = 0x25;
const READ_MULTIPLE_EXT = 0x29;
const WRITE_SECTORS = 0x30;
const WRITE_SECTORS_NO_RETRY = 0x31;
const WRITE_SECTORS_EXT = 0x34;
const WRITE_DMA_EXT = 0x35;
const WRITE_MULTIPLE_EXT = 0x39;
const WRITE_DMA_FUA_EXT = 0x3d;
const READ_VERIFY = 0x40;
const READ_VERIFY_NO_RETRY = 0x41;
const READ_VERIFY_EXT = 0x42;
const READ_MULTIPLE = 0xc4;
const WRITE_MULTIPLE = 0xc5;
const READ_DMA = 0xc8;
const READ_DMA_NO_RETRY = 0xc9;
const WRITE_DMA = 0xca;
const WRITE_DMA_NO_RETRY = 0xcb;
const WRITE_MULTIPLE_FUA_EXT = 0xce;

/** Commands that move sectors. `multiple`: in blocks as set by SET MULTIPLE MODE. */
export interface SectorCommand {
  readonly kind: RunKind;
  readonly dma?: boolean;
  readonly ext?: boolean;
  readonly multiple?: boolean;
  /** Force unit access. */
  readonly fua?: boolean;
}
export const SECTOR_COMMANDS: ReadonlyMap<number, SectorCommand> = new Map<number, SectorCommand>([
  [READ_SECTORS, { kind: READ }],
  [READ_SECTORS_NO_RETRY, { kind: READ }],
  [READ_SECTORS_EXT, { kind: READ, ext: true }],
  [READ_DMA_EXT, { kind: READ, ext: true, dma: true }],
  [READ_MULTIPLE_EXT, { kind: READ, ext: true, multiple: true }],
  [WRITE_SECTORS, { kind: WRITE }],
  [WRITE_SECTORS_NO_RETRY, { kind: WRITE }],
  [WRITE_SECTORS_EXT, { kind: WRITE, ext: true }],
  [WRITE_DMA_EXT, { kind: WRITE, ext: true, dma: true }],
  [WRITE_MULTIPLE_EXT, { kind: WRITE, ext: true, multiple: true }],
  [WRITE_DMA_FUA_EXT, { kind: WRITE, ext: true, dma: true, fua: true }],
  [READ_VERIFY, { kind: VERIFY }],
  [READ_VERIFY_NO_RETRY, { kind: VERIFY }],
  [READ_VERIFY_EXT, { kind: VERIFY, ext: true }],
  [READ_MULTIPLE, { kind: READ, multiple: true }],
  [WRITE_MULTIPLE, { kind: WRITE, multiple: true }],
  [READ_DMA, { kind: READ, dma: true }],
  [READ_DMA_NO_RETRY, { kind: READ, dma: true }],
  [WRITE_DMA, { kind: WRITE, dma: true }],
  [WRITE_DMA_NO_RETRY, { kind: WRITE, dma: true }],
  [WRITE_MULTIPLE_FUA_EXT, { kind: WRITE, ext: true, multiple: true, fua: true }],
]);

export const READ_NATIVE_MAX_EXT = 0x27;
export const INITIALIZE_DEVICE_PARAMETERS = 0x91;
export const SMART = 0xb0;
export const SET_MULTIPLE_MODE = 0xc6;
export const FLUSH_CACHE = 0xe7;
export const FLUSH_CACHE_EXT = 0xea;
export const IDENTIFY_DEVICE = 0xec;
export const SET_FEATURES = 0xef;
export const READ_NATIVE_MAX = 0xf8;

/** Power management, each with its old code. */
const STANDBY_IMMEDIATE_OLD = 0x94;
const IDLE_IMMEDIATE_OLD = 0x95;
const STANDBY_OLD = 0x96;
const IDLE_OLD = 0x97;
const SLEEP_OLD = 0x99;
const STANDBY_IMMEDIATE = 0xe0;
const IDLE_IMMEDIATE = 0xe1;
const STANDBY = 0xe2;
const IDLE = 0xe3;
const SLEEP = 0xe6;

export const POWER_COMMANDS: ReadonlyMap<number, number> = new Map([
  [STANDBY_IMMEDIATE_OLD, STANDING_BY],
  [IDLE_IMMEDIATE_OLD, IDLING],
  [STANDBY_OLD, STANDING_BY],
  [IDLE_OLD, IDLING],
  [SLEEP_OLD, ASLEEP],
  [STANDBY_IMMEDIATE, STANDING_BY],
  [IDLE_IMMEDIATE, IDLING],
  [STANDBY, STANDING_BY],
  [IDLE, IDLING],
  [SLEEP, ASLEEP],
]);
const CHECK_POWER_MODE_OLD = 0x98;
const CHECK_POWER_MODE = 0xe5;
export const isCheckPower = (code: number): boolean => code === CHECK_POWER_MODE || code === CHECK_POWER_MODE_OLD;
/** Obsolete commands that only move the heads. */
export const isRecalibrate = (code: number): boolean => (code & 0xf0) === 0x10;
export const isSeek = (code: number): boolean => (code & 0xf0) === 0x70;
