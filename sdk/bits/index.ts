/** Number formats that registers and disk structures use. */

/** Two decimal digits in a byte, as in the RTC. `value` is 0-99. */
export const toBcd = (value: number): number => (((value / 10) | 0) << 4) | (value % 10);
export const fromBcd = (value: number): number => (value >> 4) * 10 + (value & 15);

/** `0x1f0` as `1F0h`. */
export const hex = (value: number, digits = 1): string => `${(value >>> 0).toString(16).toUpperCase().padStart(digits, "0")}h`;

export const readLe16 = (bytes: Uint8Array, at: number): number => bytes[at] | (bytes[at + 1] << 8);
export const readLe32 = (bytes: Uint8Array, at: number): number => (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
export const writeLe16 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
};
export const writeLe32 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
};
