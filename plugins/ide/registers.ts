/** Names of ATA registers and bits (ATA/ATAPI-5, T13/1321D, clause 7). */

/** Command block offsets. */
export const DATA = 0;
/** Error when read, features when written. */
export const FEATURES = 1;
/** Interrupt reason of packet devices. */
export const SECTOR_COUNT = 2;
export const LBA_LOW = 3;
export const LBA_MID = 4;
export const LBA_HIGH = 5;
export const DEVICE = 6;
/** Status when read, command when written. */
export const STATUS = 7;

/** Status. */
export const BSY = 0x80;
export const DRDY = 0x40;
export const DSC = 0x10;
export const DRQ = 0x08;
/** Also CHK of packet devices. */
export const ERR = 0x01;

/** Error. */
export const UNC = 0x40;
/** Bit 6 of a failed write. */
export const WP = 0x40;
export const IDNF = 0x10;
export const ABRT = 0x04;

/** Device. Bits 7 and 5 are obsolete and read as one. */
export const OBSOLETE = 0xa0;
export const LBA = 0x40;
export const DEV = 0x10;

/** Device control. */
export const HOB = 0x80;
export const SRST = 0x04;
export const N_IEN = 0x02;

/** Interrupt reason. */
export const COD = 0x01;
export const IO = 0x02;

/** The one command both drives of a channel obey. */
export const EXECUTE_DEVICE_DIAGNOSTIC = 0x90;
/** Error register after reset or diagnostics: no fault. */
export const DIAGNOSTIC_PASSED = 0x01;
