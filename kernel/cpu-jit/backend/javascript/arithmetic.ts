/**
 * Products and quotients of 64 bits in terms of 32: helpers of generated JavaScript. Operands and results are 32-bit integers
 * whose sign says nothing where the name says `Unsigned`.
 */

/** Upper half of the unsigned product, from 16-bit digits: no sum exceeds 32 bits. */
export const highUnsigned = (a: number, b: number): number => {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) >>> 0;
  const other = (Math.imul(aLow, bHigh) + (middle & 0xffff)) >>> 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (other >>> 16)) | 0;
};

/** Upper half of the signed product. */
export const highSigned = (a: number, b: number): number => {
  const aLow = a & 0xffff;
  const aHigh = a >> 16;
  const bLow = b & 0xffff;
  const bHigh = b >> 16;
  // a product of digits with one sign is above -2^31, and stays below 2^31 with 2^16 - 1 added
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const other = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >> 16) + (other >> 16)) | 0;
};

/**
 * Quotient of high:low by an unsigned divisor above `high`, by long division in two digits of 16 bits. A partial dividend is
 * below 2^48 and its quotient q below 2^16: where it is no integer it is 2^-32 or more from one, and a double that
 * large is exact to 2^-37, so cutting off the fraction is exact.
 */
export const quotientUnsigned = (high: number, low: number, by: number): number => {
  const divisor = by >>> 0;
  if (high === 0) return ((low >>> 0) / divisor) | 0;
  const first = (high >>> 0) * 0x1_0000 + (low >>> 16);
  const upper = (first / divisor) | 0;
  const second = (first - upper * divisor) * 0x1_0000 + (low & 0xffff);
  return (upper << 16) | ((second / divisor) | 0);
};

/** Remainder of the same division: what the quotient leaves, modulo 2^32. */
export const remainderUnsigned = (high: number, low: number, by: number): number => (low - Math.imul(quotientUnsigned(high, low, by), by)) | 0;

/** Bits are rotated to the left. */
export const rotateLeft = (value: number, count: number): number => (value << count) | (value >>> (32 - count));
