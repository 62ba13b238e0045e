/** Results that stop at the end of their lane's range. */
export const signed8 = (value: number): number => Math.max(-0x80, Math.min(0x7f, value));
export const signed16 = (value: number): number => Math.max(-0x8000, Math.min(0x7fff, value));
export const unsigned8 = (value: number): number => Math.max(0, Math.min(0xff, value));
export const unsigned16 = (value: number): number => Math.max(0, Math.min(0xffff, value));
