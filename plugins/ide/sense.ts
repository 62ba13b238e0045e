/** Sense data of packet devices (SPC-2 and MMC-3): key, additional code, qualifier. */

export interface Sense {
  readonly key: number;
  readonly asc: number;
  readonly ascq: number;
}

const NOT_READY = 0x2;
const MEDIUM_ERROR = 0x3;
export const ILLEGAL_REQUEST = 0x5;
const UNIT_ATTENTION = 0x6;

export const NO_SENSE: Sense = { key: 0, asc: 0, ascq: 0 };
export const NO_MEDIUM: Sense = { key: NOT_READY, asc: 0x3a, ascq: 0x01 };
export const NO_MEDIUM_TRAY_OPEN: Sense = { key: NOT_READY, asc: 0x3a, ascq: 0x02 };
export const UNRECOVERED_READ_ERROR: Sense = { key: MEDIUM_ERROR, asc: 0x11, ascq: 0x00 };
export const INVALID_OPERATION_CODE: Sense = { key: ILLEGAL_REQUEST, asc: 0x20, ascq: 0x00 };
export const ADDRESS_OUT_OF_RANGE: Sense = { key: ILLEGAL_REQUEST, asc: 0x21, ascq: 0x00 };
export const INVALID_FIELD_IN_CDB: Sense = { key: ILLEGAL_REQUEST, asc: 0x24, ascq: 0x00 };
export const SAVING_NOT_SUPPORTED: Sense = { key: ILLEGAL_REQUEST, asc: 0x39, ascq: 0x00 };
export const REMOVAL_PREVENTED: Sense = { key: ILLEGAL_REQUEST, asc: 0x53, ascq: 0x02 };
export const ILLEGAL_MODE_FOR_TRACK: Sense = { key: ILLEGAL_REQUEST, asc: 0x64, ascq: 0x00 };
export const MEDIUM_CHANGED: Sense = { key: UNIT_ATTENTION, asc: 0x28, ascq: 0x00 };
export const RESET_OCCURRED: Sense = { key: UNIT_ATTENTION, asc: 0x29, ascq: 0x00 };

export const SENSE_BYTES = 18;

/** Fixed format, current error. */
export const senseData = ({ key, asc, ascq }: Sense): Uint8Array => {
  const data = new Uint8Array(SENSE_BYTES);
  data[0] = 0x70;
  data[2] = key;
  data[7] = SENSE_BYTES - 8;
  data[12] = asc;
  data[13] = ascq;
  return data;
};
