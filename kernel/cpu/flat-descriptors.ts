/** Descriptors of flat segments that have been accessed, as they lie in a table (SDM volume 3, section 3.4.5). */
import { ATTR_ACCESSED, ATTR_BIG, ATTR_CODE, ATTR_CONFORMING, ATTR_EXPAND_DOWN, ATTR_GRANULAR, ATTR_PRESENT, ATTR_READABLE, ATTR_SEGMENT, ATTR_WRITABLE } from "./state.js";

/** Attributes in the place that they have in a descriptor's upper half. */
export const RAW_SHIFT = 8;
export const RAW_ATTRIBUTES = 0xf0ff;
export const raw = (attributes: number): number => attributes << RAW_SHIFT;

/** The lower half, and what the upper half holds of base 0 and limit 4 GiB less 1. */
export const FLAT_LOW = 0xffff;
const BASE_AND_LIMIT = 0xff0f_00ff;
const LIMIT = 0xf_0000;
const USABLE = LIMIT | raw(ATTR_PRESENT | ATTR_SEGMENT | ATTR_ACCESSED | ATTR_GRANULAR);

/** Bits of an upper half that are looked at, and what they have to be; the privilege level is looked at apart. */
export interface FlatKind {
  readonly checked: number;
  readonly usable: number;
}
const kind = (set: number, clear: number): FlatKind => ({ checked: BASE_AND_LIMIT | USABLE | raw(set | clear), usable: USABLE | raw(set) });

/** Readable, 32-bit, not conforming. */
export const FLAT_CODE = kind(ATTR_CODE | ATTR_READABLE | ATTR_BIG, ATTR_CONFORMING);
/** Writable, not expanding down. */
export const FLAT_DATA = kind(ATTR_WRITABLE, ATTR_CODE | ATTR_EXPAND_DOWN);
/** The same, 32-bit. */
export const FLAT_STACK = kind(ATTR_WRITABLE | ATTR_BIG, ATTR_CODE | ATTR_EXPAND_DOWN);
