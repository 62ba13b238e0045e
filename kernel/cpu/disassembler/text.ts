/** Names and numbers as they are written. */
export const REGISTERS16 = ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"];
export const REGISTERS32 = REGISTERS16.map((name) => `e${name}`);
export const REGISTERS8 = ["al", "cl", "dl", "bl", "ah", "ch", "dh", "bh"];
/** The last two do not exist; an instruction with them is #UD. */
export const SEGMENTS = ["es", "cs", "ss", "ds", "fs", "gs", "?", "?"];

export const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;
