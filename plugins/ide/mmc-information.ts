/** What the drive and its disc are: GET CONFIGURATION, READ DISC INFORMATION, READ TRACK INFORMATION (MMC-3). */
import type { CdTray } from "./cd-tray.js";
import { CD_SECTOR_BYTES } from "./cd-tray.js";
import { INVALID_FIELD_IN_CDB, type Sense } from "./sense.js";

/** Profiles. */
const NO_PROFILE = 0x0000;
const CD_ROM = 0x0008;
const DVD_ROM = 0x0010;
/** 99 minutes: anything longer is a DVD. */
const MAX_CD_SECTORS = 99 * 60 * 75;

/** Feature flags: version in bits 5-2, persistent, current. */
const PERSISTENT = 0x02;
const CURRENT = 0x01;

/** Requested type. */
const ALL = 0;
const ONLY_CURRENT = 1;
const SINGLE = 2;

interface Feature {
  readonly code: number;
  readonly flags: number;
  readonly data: readonly number[];
}

const currentProfile = (tray: CdTray): number => (!tray.medium ? NO_PROFILE : tray.sectors > MAX_CD_SECTORS ? DVD_ROM : CD_ROM);

const features = (profile: number): readonly Feature[] => {
  const current = (wanted: number) => (profile === wanted ? CURRENT : 0);
  const readable = profile === NO_PROFILE ? 0 : CURRENT;
  return [
    // Profile list.
    { code: 0x0000, flags: PERSISTENT | CURRENT, data: [DVD_ROM >> 8, DVD_ROM & 0xff, current(DVD_ROM), 0, CD_ROM >> 8, CD_ROM & 0xff, current(CD_ROM), 0] },
    // Core: ATAPI.
    { code: 0x0001, flags: PERSISTENT | CURRENT, data: [0, 0, 0, 2] },
    // Morphing: polled events only.
    { code: 0x0002, flags: PERSISTENT | CURRENT, data: [0, 0, 0, 0] },
    // Removable medium: tray, eject, lock.
    { code: 0x0003, flags: PERSISTENT | CURRENT, data: [0x29, 0, 0, 0] },
    // Random readable: block size, one block at a time, no error recovery page.
    { code: 0x0010, flags: readable, data: [0, 0, CD_SECTOR_BYTES >> 8, CD_SECTOR_BYTES & 0xff, 0, 1, 0, 0] },
    // CD read.
    { code: 0x001e, flags: current(CD_ROM), data: [0, 0, 0, 0] },
    // DVD read.
    { code: 0x001f, flags: current(DVD_ROM), data: [] },
  ];
};

export const configuration = (packet: Uint8Array, tray: CdTray): Uint8Array | Sense => {
  const type = packet[1] & 3;
  if (type > SINGLE) return INVALID_FIELD_IN_CDB;
  const start = (packet[2] << 8) | packet[3];
  const profile = currentProfile(tray);
  const wanted = features(profile).filter(({ code, flags }) => (type === SINGLE ? code === start : code >= start && (type === ALL || (type === ONLY_CURRENT && flags & CURRENT))));
  const body = wanted.flatMap(({ code, flags, data }) => [code >> 8, code & 0xff, flags, data.length, ...data]);
  return new Uint8Array([0, 0, 0, 4 + body.length, 0, 0, profile >> 8, profile & 0xff, ...body]);
};

const DISC_INFORMATION_BYTES = 34;
/** Complete disc, complete last session. */
const COMPLETE = 0x0e;
const UNRESTRICTED_USE = 0x20;

/** One finished session with one track. */
export const discInformation = (): Uint8Array => {
  const data = new Uint8Array(DISC_INFORMATION_BYTES);
  data.set([0, DISC_INFORMATION_BYTES - 2, COMPLETE, 1, 1, 1, 1, UNRESTRICTED_USE]);
  // No further lead-in or lead-out can follow.
  data.fill(0xff, 16, 24);
  return data;
};

const TRACK_INFORMATION_BYTES = 28;
const BY_ADDRESS = 0;
const BY_SESSION = 2;
const DATA_TRACK = 0x04;
const MODE_1 = 0x01;

export const trackInformation = (packet: Uint8Array, sectors: number): Uint8Array | Sense => {
  const view = new DataView(packet.buffer, packet.byteOffset);
  const type = packet[1] & 3;
  const number = view.getUint32(2);
  const exists = type === BY_ADDRESS ? number < sectors : type <= BY_SESSION && number === 1;
  if (!exists) return INVALID_FIELD_IN_CDB;
  const data = new Uint8Array(TRACK_INFORMATION_BYTES);
  data.set([0, TRACK_INFORMATION_BYTES - 2, 1, 1, 0, DATA_TRACK, MODE_1, 0]);
  new DataView(data.buffer).setUint32(24, sectors);
  return data;
};
