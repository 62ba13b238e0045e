/** READ TOC/PMA/ATIP for a disc with one session and one data track (MMC-3 clause 6.31). */
import { INVALID_FIELD_IN_CDB, type Sense } from "./sense.js";

const MSF = 0x02;
const FORMAT_TOC = 0;
const FORMAT_SESSION = 1;
const FORMAT_FULL = 2;

/** ADR 1 (position), control 4 (data track). */
const DATA_TRACK = 0x14;
const LEAD_OUT = 0xaa;
/** The first two seconds of a disc lie before address 0. */
const PREGAP_FRAMES = 150;
const FRAMES_PER_SECOND = 75;

/** Minutes, seconds, frames; minutes of a DVD do not fit and stop at 255. */
const minuteSecondFrame = (sector: number): [number, number, number] => {
  const frames = sector + PREGAP_FRAMES;
  const seconds = Math.floor(frames / FRAMES_PER_SECOND);
  return [Math.min(255, Math.floor(seconds / 60)), seconds % 60, frames % FRAMES_PER_SECOND];
};

const address = (sector: number, msf: boolean): number[] => (msf ? [0, ...minuteSecondFrame(sector)] : [sector >>> 24, sector >>> 16, sector >>> 8, sector]);

/** Length, first and last track or session, entries. */
const list = (entries: readonly number[]): Uint8Array => {
  const length = 2 + entries.length;
  return new Uint8Array([length >>> 8, length, 1, 1, ...entries]);
};

export const readToc = (packet: Uint8Array, sectors: number): Uint8Array | Sense => {
  const msf = (packet[1] & MSF) !== 0;
  const start = packet[6];
  // SFF-8020i drivers put the format into the top of the control byte.
  switch (packet[2] & 0x0f || packet[9] >> 6) {
    case FORMAT_TOC: {
      if (start > 1 && start !== LEAD_OUT) return INVALID_FIELD_IN_CDB;
      const track = start === LEAD_OUT ? [] : [0, DATA_TRACK, 1, 0, ...address(0, msf)];
      return list([...track, 0, DATA_TRACK, LEAD_OUT, 0, ...address(sectors, msf)]);
    }
    case FORMAT_SESSION:
      return list([0, DATA_TRACK, 1, 0, ...address(0, msf)]);
    case FORMAT_FULL: {
      // Each: session, ADR/control, track, point, running time (unused), zero, PMIN, PSEC, PFRAME.
      const entry = (point: number, position: readonly number[]) => [1, DATA_TRACK, 0, point, 0, 0, 0, 0, ...position];
      return list([...entry(0xa0, [1, 0, 0]), ...entry(0xa1, [1, 0, 0]), ...entry(0xa2, minuteSecondFrame(sectors)), ...entry(1, minuteSecondFrame(0))]);
    }
    default:
      return INVALID_FIELD_IN_CDB;
  }
};
