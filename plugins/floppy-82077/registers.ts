/** Registers, status bits and commands of the 82077AA as Intel's data sheet (order number 290166) names them. */

/** Offsets from the base, AT mode. */
export const DOR = 2;
export const TDR = 3;
export const MSR = 4;
export const DSR = 4;
export const FIFO = 5;
export const DIR = 7;
export const CCR = 7;

export const DOR_DRIVE_SELECT = 0x03;
export const DOR_NOT_RESET = 0x04;
export const DOR_DMA_GATE = 0x08;

export const DSR_DRATE = 0x03;
export const DSR_SW_RESET = 0x80;

export const MSR_CMD_BUSY = 0x10;
export const MSR_NON_DMA = 0x20;
export const MSR_DIO = 0x40;
export const MSR_RQM = 0x80;

export const DIR_DSKCHG = 0x80;

export const ST0_EQUIPMENT_CHECK = 0x10;
export const ST0_SEEK_END = 0x20;
export const ST0_ABNORMAL = 0x40;
export const ST0_INVALID = 0x80;
export const ST0_POLLING = 0xc0;

export const ST1_MISSING_ADDRESS_MARK = 0x01;
export const ST1_NOT_WRITABLE = 0x02;
export const ST1_NO_DATA = 0x04;
export const ST1_DATA_ERROR = 0x20;
export const ST1_END_OF_CYLINDER = 0x80;

export const ST2_WRONG_CYLINDER = 0x10;
export const ST2_DATA_ERROR = 0x20;

export const ST3_TWO_SIDE = 0x08;
export const ST3_TRACK0 = 0x10;
export const ST3_READY = 0x20;
export const ST3_WRITE_PROTECTED = 0x40;

/** First command byte without its flags. */
export const READ_TRACK = 0x02;
export const SPECIFY = 0x03;
export const SENSE_DRIVE_STATUS = 0x04;
export const WRITE_DATA = 0x05;
export const READ_DATA = 0x06;
export const RECALIBRATE = 0x07;
export const SENSE_INTERRUPT_STATUS = 0x08;
export const READ_ID = 0x0a;
export const FORMAT_TRACK = 0x0d;
export const DUMPREG = 0x0e;
export const SEEK = 0x0f;
export const VERSION = 0x10;
export const PERPENDICULAR_MODE = 0x12;
export const CONFIGURE = 0x13;
export const LOCK = 0x14;
export const VERIFY = 0x16;

/** Flags of the first command byte. */
export const MT = 0x80;
export const MFM = 0x40;
export const SK = 0x20;
/** SEEK with MT set moves by a distance, inwards with `RELATIVE_INWARDS`. */
export const RELATIVE = 0x80;
export const RELATIVE_INWARDS = 0x40;
/** LOCK with this bit locks, without it unlocks. */
export const LOCK_BIT = 0x80;

/** Bytes of each command, and the flags its first byte may carry. */
const COMMANDS: ReadonlyMap<number, { readonly length: number; readonly flags: number }> = new Map([
  [READ_TRACK, { length: 9, flags: MFM }],
  [SPECIFY, { length: 3, flags: 0 }],
  [SENSE_DRIVE_STATUS, { length: 2, flags: 0 }],
  [WRITE_DATA, { length: 9, flags: MT | MFM }],
  [READ_DATA, { length: 9, flags: MT | MFM | SK }],
  [RECALIBRATE, { length: 2, flags: 0 }],
  [SENSE_INTERRUPT_STATUS, { length: 1, flags: 0 }],
  [READ_ID, { length: 2, flags: MFM }],
  [FORMAT_TRACK, { length: 6, flags: MFM }],
  [DUMPREG, { length: 1, flags: 0 }],
  [SEEK, { length: 3, flags: RELATIVE | RELATIVE_INWARDS }],
  [VERSION, { length: 1, flags: 0 }],
  [PERPENDICULAR_MODE, { length: 2, flags: 0 }],
  [CONFIGURE, { length: 4, flags: 0 }],
  [LOCK, { length: 1, flags: LOCK_BIT }],
  [VERIFY, { length: 9, flags: MT | MFM | SK }],
]);

/** Length of the command that starts with `first`, or 0 when the part does not know it. */
export const commandLength = (first: number): number => {
  const command = COMMANDS.get(first & 0x1f);
  return command && (first & 0xe0 & ~command.flags) === 0 ? command.length : 0;
};

/** Sector size code for 512 bytes, the only one the images have. */
export const SIZE_512 = 2;
export const SECTOR_BYTES = 512;

/** SPECIFY, second byte. */
export const SPECIFY_NON_DMA = 0x01;
/** CONFIGURE, second byte; its value after a reset switches the FIFO off. */
export const CONFIG_IMPLIED_SEEK = 0x40;
export const CONFIG_NO_FIFO = 0x20;
export const CONFIG_NO_POLLING = 0x10;
/** VERIFY, second byte: the last command byte counts sectors. */
export const VERIFY_ENABLE_COUNT = 0x80;
/** PERPENDICULAR MODE: the drive bits are written too. */
export const PERPENDICULAR_OW = 0x80;
export const PERPENDICULAR_DRIVES = 0x3c;

export const VERSION_ENHANCED = 0x90;
