/**
 * Commands of a CD-ROM drive (MMC-3, T10/1363D; SPC-2 for the general ones; SFF-8020i for what ATAPI adds).
 * A command either fails with sense data, answers with data, reads sectors, or just succeeds.
 */
import { CD_SECTOR_BYTES, type CdTray, NO_CHANGE } from "./cd-tray.js";
import type { Names } from "./identify.js";
import { configuration, discInformation, trackInformation } from "./mmc-information.js";
import { modeSense } from "./mmc-modes.js";
import { readToc } from "./mmc-toc.js";
import { ADDRESS_OUT_OF_RANGE, ILLEGAL_MODE_FOR_TRACK, INVALID_FIELD_IN_CDB, INVALID_OPERATION_CODE, NO_SENSE, REMOVAL_PREVENTED, type Sense, senseData } from "./sense.js";

/** The drive, as a command uses it. Exactly one of the last five ends or continues each packet. */
export interface PacketTarget {
  readonly tray: CdTray;
  readonly names: Names;
  /** What the last command left behind. */
  readonly sense: Sense;
  setSense(sense: Sense): void;
  succeed(): void;
  fail(sense: Sense): void;
  /** Sends `data`, cut to the allocation length. */
  reply(data: Uint8Array, allocation: number): void;
  /** Takes a parameter list and ignores it. */
  accept(bytes: number): void;
  readSectors(sector: number, count: number): void;
}

/** Command flags. */
const NEEDS_MEDIUM = 1;
/** Runs although a unit attention waits, and leaves it waiting. */
const QUIET = 2;

interface Command {
  readonly flags: number;
  run(packet: Uint8Array, target: PacketTarget): void;
}

export const be16 = (bytes: Uint8Array, at: number): number => (bytes[at] << 8) | bytes[at + 1];
export const be32 = (bytes: Uint8Array, at: number): number => ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
const be24 = (bytes: Uint8Array, at: number): number => (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];

const read = (target: PacketTarget, sector: number, count: number): void => {
  if (sector + count > target.tray.sectors) target.fail(ADDRESS_OUT_OF_RANGE);
  else target.readSectors(sector, count);
};

const answer = (target: PacketTarget, data: Uint8Array | Sense, allocation: number): void => {
  if (data instanceof Uint8Array) target.reply(data, allocation);
  else target.fail(data);
};

const requestSense = (packet: Uint8Array, target: PacketTarget): void => {
  const sense = target.sense.key === 0 ? (target.tray.takeAttention() ?? NO_SENSE) : { ...target.sense };
  target.setSense(NO_SENSE);
  target.reply(senseData(sense), packet[4]);
};

const INQUIRY_BYTES = 36;
const EVPD = 0x01;

const inquiry = (packet: Uint8Array, target: PacketTarget): void => {
  if (packet[1] & EVPD || packet[2] !== 0) {
    target.fail(INVALID_FIELD_IN_CDB);
    return;
  }
  const data = new Uint8Array(INQUIRY_BYTES).fill(0x20, 8);
  // CD-ROM device, removable, no SCSI standard claimed, ATAPI response format.
  data.set([0x05, 0x80, 0x00, 0x21, INQUIRY_BYTES - 5, 0, 0, 0]);
  const put = (at: number, value: string, length: number) => {
    for (let index = 0; index < Math.min(length, value.length); index++) data[at + index] = value.charCodeAt(index) & 0x7f;
  };
  // A model name of two or more words starts with the maker's.
  const [maker, ...model] = target.names.model.split(" ");
  put(8, maker, 8);
  put(16, model.length > 0 ? model.join(" ") : maker, 16);
  put(32, target.names.firmware, 4);
  target.reply(data, packet[4]);
};

const LOAD_EJECT = 0x02;
const START = 0x01;

const startStopUnit = (packet: Uint8Array, target: PacketTarget): void => {
  if (packet[4] & LOAD_EJECT && !target.tray.move((packet[4] & START) === 0)) target.fail(REMOVAL_PREVENTED);
  else target.succeed();
};

const preventAllow = (packet: Uint8Array, target: PacketTarget): void => {
  target.tray.locked = (packet[4] & 1) !== 0;
  target.succeed();
};

const readCapacity = (_: Uint8Array, target: PacketTarget): void => {
  const data = new Uint8Array(8);
  const view = new DataView(data.buffer);
  view.setUint32(0, target.tray.sectors - 1);
  view.setUint32(4, CD_SECTOR_BYTES);
  target.reply(data, data.length);
};

const ANY_TYPE = 0;
const MODE_1 = 2;
/** Byte 9 of READ CD: the main channel's user data alone. */
const USER_DATA = 0x10;

const readCd = (packet: Uint8Array, target: PacketTarget): void => {
  const type = (packet[1] >> 2) & 7;
  if (type !== ANY_TYPE && type !== MODE_1) target.fail(ILLEGAL_MODE_FOR_TRACK);
  else if (packet[10] & 7) target.fail(INVALID_FIELD_IN_CDB);
  else if ((packet[9] & 0xfe) === USER_DATA) read(target, be32(packet, 2), be24(packet, 6));
  else if ((packet[9] & 0xf8) === 0) target.succeed();
  else target.fail(INVALID_FIELD_IN_CDB);
};

const seek = (packet: Uint8Array, target: PacketTarget): void => {
  if (be32(packet, 2) >= target.tray.sectors) target.fail(ADDRESS_OUT_OF_RANGE);
  else target.succeed();
};

const POLLED = 0x01;
const MEDIA_CLASS = 4;
const NO_EVENT_AVAILABLE = 0x80;

const getEventStatus = (packet: Uint8Array, target: PacketTarget): void => {
  if ((packet[1] & POLLED) === 0) {
    target.fail(INVALID_FIELD_IN_CDB);
    return;
  }
  const allocation = be16(packet, 7);
  const supported = 1 << MEDIA_CLASS;
  if ((packet[4] & supported) === 0) {
    target.reply(new Uint8Array([0, 2, NO_EVENT_AVAILABLE, supported]), allocation);
    return;
  }
  const present = target.tray.medium ? 2 : 0;
  // A host that asks for the header alone has not seen the event.
  const event = allocation > 4 ? target.tray.takeEvent() : NO_CHANGE;
  target.reply(new Uint8Array([0, 6, MEDIA_CLASS, supported, event, present | (target.tray.open ? 1 : 0), 0, 0]), allocation);
};

const mechanismStatus = (packet: Uint8Array, target: PacketTarget): void => target.reply(new Uint8Array([0, target.tray.open ? 0x10 : 0, 0, 0, 0, 0, 0, 0]), be16(packet, 8));

const succeed = (_: Uint8Array, target: PacketTarget): void => target.succeed();

const TEST_UNIT_READY = 0x00;
const REQUEST_SENSE = 0x03;
const INQUIRY = 0x12;
const MODE_SELECT_6 = 0x15;
const MODE_SENSE_6 = 0x1a;
const START_STOP_UNIT = 0x1b;
const PREVENT_ALLOW_MEDIUM_REMOVAL = 0x1e;
const READ_CAPACITY = 0x25;
const READ_10 = 0x28;
const SEEK_10 = 0x2b;
const READ_TOC = 0x43;
const GET_CONFIGURATION = 0x46;
const GET_EVENT_STATUS_NOTIFICATION = 0x4a;
const READ_DISC_INFORMATION = 0x51;
const READ_TRACK_INFORMATION = 0x52;
const MODE_SELECT_10 = 0x55;
const MODE_SENSE_10 = 0x5a;
const READ_12 = 0xa8;
const SET_CD_SPEED = 0xbb;
const MECHANISM_STATUS = 0xbd;
const READ_CD = 0xbe;

const COMMANDS: ReadonlyMap<number, Command> = new Map<number, Command>([
  [TEST_UNIT_READY, { flags: NEEDS_MEDIUM, run: succeed }],
  [REQUEST_SENSE, { flags: QUIET, run: requestSense }],
  [INQUIRY, { flags: QUIET, run: inquiry }],
  [MODE_SELECT_6, { flags: 0, run: (packet, target) => target.accept(packet[4]) }],
  [MODE_SENSE_6, { flags: 0, run: (packet, target) => answer(target, modeSense(packet[2], target.tray, false), packet[4]) }],
  [START_STOP_UNIT, { flags: 0, run: startStopUnit }],
  [PREVENT_ALLOW_MEDIUM_REMOVAL, { flags: 0, run: preventAllow }],
  [READ_CAPACITY, { flags: NEEDS_MEDIUM, run: readCapacity }],
  [READ_10, { flags: NEEDS_MEDIUM, run: (packet, target) => read(target, be32(packet, 2), be16(packet, 7)) }],
  [SEEK_10, { flags: NEEDS_MEDIUM, run: seek }],
  [READ_TOC, { flags: NEEDS_MEDIUM, run: (packet, target) => answer(target, readToc(packet, target.tray.sectors), be16(packet, 7)) }],
  [GET_CONFIGURATION, { flags: QUIET, run: (packet, target) => answer(target, configuration(packet, target.tray), be16(packet, 7)) }],
  [GET_EVENT_STATUS_NOTIFICATION, { flags: QUIET, run: getEventStatus }],
  [READ_DISC_INFORMATION, { flags: NEEDS_MEDIUM, run: (packet, target) => answer(target, discInformation(), be16(packet, 7)) }],
  [READ_TRACK_INFORMATION, { flags: NEEDS_MEDIUM, run: (packet, target) => answer(target, trackInformation(packet, target.tray.sectors), be16(packet, 7)) }],
  [MODE_SELECT_10, { flags: 0, run: (packet, target) => target.accept(be16(packet, 7)) }],
  [MODE_SENSE_10, { flags: 0, run: (packet, target) => answer(target, modeSense(packet[2], target.tray, true), be16(packet, 7)) }],
  [READ_12, { flags: NEEDS_MEDIUM, run: (packet, target) => read(target, be32(packet, 2), be32(packet, 6)) }],
  [SET_CD_SPEED, { flags: 0, run: succeed }],
  [MECHANISM_STATUS, { flags: 0, run: mechanismStatus }],
  [READ_CD, { flags: NEEDS_MEDIUM, run: readCd }],
]);

export const execute = (packet: Uint8Array, target: PacketTarget): void => {
  const command = COMMANDS.get(packet[0]);
  const attention = command && command.flags & QUIET ? undefined : target.tray.takeAttention();
  if (attention) target.fail(attention);
  else if (!command) target.fail(INVALID_OPERATION_CODE);
  else if (command.flags & NEEDS_MEDIUM && !target.tray.medium) target.fail(target.tray.absence);
  else {
    if (packet[0] !== REQUEST_SENSE) target.setSense(NO_SENSE);
    command.run(packet, target);
  }
};
