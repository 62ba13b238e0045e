/** Transfer modes a drive can be set to (SET FEATURES subcommand 03h). */

export const MAX_MULTIWORD = 2;
export const MAX_ULTRA = 5;
const MAX_PIO = 4;

/** High five bits of the mode value. */
const PIO_DEFAULT = 0x00;
const PIO_FLOW = 0x08;
const MULTIWORD = 0x20;
const ULTRA = 0x40;

/** Mode after power-on: PIO, default. */
export const POWER_ON_MODE = 0;

export const supportedMode = (value: number): boolean => {
  const mode = value & 7;
  switch (value & 0xf8) {
    case PIO_DEFAULT:
      return mode <= 1;
    case PIO_FLOW:
      return mode <= MAX_PIO;
    case MULTIWORD:
      return mode <= MAX_MULTIWORD;
    case ULTRA:
      return mode <= MAX_ULTRA;
    default:
      return false;
  }
};

/** IDENTIFY words 63 and 88: supported modes below, the selected one above. */
export const multiwordWord = (selected: number): number => 0x0007 | ((selected & 0xf8) === MULTIWORD ? 0x100 << (selected & 7) : 0);
export const ultraWord = (selected: number): number => 0x003f | ((selected & 0xf8) === ULTRA ? 0x100 << (selected & 7) : 0);
