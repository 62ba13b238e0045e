/** MODE SENSE of a CD-ROM drive (MMC-3 clause 5.2, SFF-8020i clause 10.8.6). Nothing is changeable. */
import type { CdTray } from "./cd-tray.js";
import { INVALID_FIELD_IN_CDB, SAVING_NOT_SUPPORTED, type Sense } from "./sense.js";

const ERROR_RECOVERY = 0x01;
const CD_DEVICE = 0x0d;
const AUDIO_CONTROL = 0x0e;
const CAPABILITIES = 0x2a;
const ALL_PAGES = 0x3f;

/** Page control, the top two bits. */
const CHANGEABLE = 1;
const SAVED = 3;

/** Medium type in the header. */
const DATA_DISC = 0x01;
const NO_DISC = 0x70;
const DOOR_OPEN = 0x71;

/** 24 times 176 KB/s. */
const SPEED = 24 * 176;
const BUFFER_KB = 128;

const errorRecovery = () => [0x00, 0x05, 0, 0, 0, 0];
/** Inactivity timer 8 s; 60 seconds a minute, 75 frames a second. */
const cdDevice = () => [0, 0x0d, 0, 60, 0, 75];
/** IMMED; both ports at full volume. */
const audioControl = () => [0x04, 0, 0, 0, 0, 75, 0x01, 0xff, 0x02, 0xff, 0, 0, 0, 0];
const capabilities = (tray: CdTray) => [
  // Reads CD-R, CD-RW, DVD-ROM; writes nothing.
  0x0b,
  0x00,
  // Mode 2 forms 1 and 2, multisession.
  0x70,
  0x00,
  // Tray that can be locked and ejected.
  0x29 | (tray.locked ? 0x02 : 0),
  0x00,
  SPEED >>> 8,
  SPEED & 0xff,
  0,
  0,
  BUFFER_KB >>> 8,
  BUFFER_KB & 0xff,
  SPEED >>> 8,
  SPEED & 0xff,
  0,
  0,
  0,
  0,
];

const PAGES: readonly (readonly [number, (tray: CdTray) => number[]])[] = [
  [ERROR_RECOVERY, errorRecovery],
  [CD_DEVICE, cdDevice],
  [AUDIO_CONTROL, audioControl],
  [CAPABILITIES, capabilities],
];

/** `selector` is byte 2 of the packet; `long` chooses the 8-byte header of the 10-byte command. */
export const modeSense = (selector: number, tray: CdTray, long: boolean): Uint8Array | Sense => {
  const control = selector >> 6;
  const wanted = selector & 0x3f;
  if (control === SAVED) return SAVING_NOT_SUPPORTED;
  const pages = PAGES.filter(([code]) => wanted === ALL_PAGES || wanted === code);
  if (pages.length === 0) return INVALID_FIELD_IN_CDB;
  const bytes = pages.flatMap(([code, make]) => {
    const page = make(tray);
    return [code, page.length, ...(control === CHANGEABLE ? page.map(() => 0) : page)];
  });
  const medium = tray.open ? DOOR_OPEN : tray.medium ? DATA_DISC : NO_DISC;
  if (!long) return new Uint8Array([3 + bytes.length, medium, 0, 0, ...bytes]);
  const length = 6 + bytes.length;
  return new Uint8Array([length >>> 8, length, medium, 0, 0, 0, 0, 0, ...bytes]);
};
