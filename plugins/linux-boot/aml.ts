/**
 * A small builder of ACPI machine language: functions that return encoded terms.
 *
 * Source: ACPI Specification 5.0, chapter 20 (AML encoding) and 6.4 (resource data types).
 */
import { writeLe16, writeLe32 } from "backplane/sdk";

export type Aml = readonly number[];

const ZERO_OP = 0x00;
const ONE_OP = 0x01;
const NAME_OP = 0x08;
const BYTE_PREFIX = 0x0a;
const WORD_PREFIX = 0x0b;
const DWORD_PREFIX = 0x0c;
const SCOPE_OP = 0x10;
const BUFFER_OP = 0x11;
const PACKAGE_OP = 0x12;
const DUAL_NAME_PREFIX = 0x2e;
const MULTI_NAME_PREFIX = 0x2f;
const EXT_OP_PREFIX = 0x5b;
const ROOT_CHAR = 0x5c;
const DEVICE_OP = 0x82;

const le16 = (value: number): number[] => {
  const bytes = new Uint8Array(2);
  writeLe16(bytes, 0, value);
  return [...bytes];
};
const le32 = (value: number): number[] => {
  const bytes = new Uint8Array(4);
  writeLe32(bytes, 0, value);
  return [...bytes];
};

const nameSeg = (segment: string): number[] => Array.from(segment.padEnd(4, "_"), (character) => character.charCodeAt(0));

/** A path of names of up to four characters: `_SB.PCI0`, `\_S5`. */
const nameString = (path: string): number[] => {
  const rooted = path.startsWith("\\");
  const segments = (rooted ? path.slice(1) : path).split(".");
  const prefix = segments.length === 1 ? [] : segments.length === 2 ? [DUAL_NAME_PREFIX] : [MULTI_NAME_PREFIX, segments.length];
  return [...(rooted ? [ROOT_CHAR] : []), ...prefix, ...segments.flatMap(nameSeg)];
};

/** `body` with its length in front; the length counts its own 1 to 4 bytes. */
const withLength = (body: Aml): number[] => {
  if (body.length + 1 < 0x40) return [body.length + 1, ...body];
  let bytes = 2;
  while (body.length + bytes >= 2 ** (4 + 8 * (bytes - 1))) bytes++;
  const length = body.length + bytes;
  return [((bytes - 1) << 6) | (length & 0x0f), ...Array.from({ length: bytes - 1 }, (_, index) => (length >>> (4 + 8 * index)) & 0xff), ...body];
};

/** An unsigned number in its shortest form. */
export const integer = (value: number): Aml => {
  if (value === 0) return [ZERO_OP];
  if (value === 1) return [ONE_OP];
  if (value <= 0xff) return [BYTE_PREFIX, value];
  if (value <= 0xffff) return [WORD_PREFIX, ...le16(value)];
  return [DWORD_PREFIX, ...le32(value)];
};

/** A compressed EISA identifier: three letters and four hexadecimal digits. */
export const eisaId = (id: string): Aml => {
  const [first, second, third] = Array.from(id.slice(0, 3), (letter) => letter.charCodeAt(0) - 0x40);
  const letters = (first << 10) | (second << 5) | third;
  const product = Number.parseInt(id.slice(3), 16);
  return [DWORD_PREFIX, letters >>> 8, letters & 0xff, product >>> 8, product & 0xff];
};

export const packageOf = (...elements: Aml[]): Aml => [PACKAGE_OP, ...withLength([elements.length, ...elements.flat()])];
const buffer = (bytes: Aml): Aml => [BUFFER_OP, ...withLength([...integer(bytes.length), ...bytes])];
export const named = (path: string, value: Aml): Aml => [NAME_OP, ...nameString(path), ...value];
export const scope = (path: string, ...terms: Aml[]): Aml => [SCOPE_OP, ...withLength([...nameString(path), ...terms.flat()])];
export const device = (name: string, ...terms: Aml[]): Aml => [EXT_OP_PREFIX, DEVICE_OP, ...withLength([...nameString(name), ...terms.flat()])];

const END_TAG = [0x79, 0x00];
/** A resource template, as `_CRS` wants it. */
export const resources = (...descriptors: Aml[]): Aml => buffer([...descriptors.flat(), ...END_TAG]);

/** Ports at a fixed place, all 16 address bits decoded. */
export const ioPorts = (base: number, length: number): Aml => [0x47, 1, ...le16(base), ...le16(base), 1, length];
/** An edge-triggered ISA interrupt. */
export const irq = (line: number): Aml => [0x22, ...le16(1 << line)];

const TYPE_MEMORY = 0;
const TYPE_IO = 1;
const TYPE_BUS = 2;
/** The device passes the range on, and both ends are fixed. */
const PRODUCER_FIXED = 0x0c;
const READ_WRITE = 0x01;
const ENTIRE_RANGE = 0x03;

const wordRange = (type: number, flags: number, first: number, last: number): Aml => [
  ...[0x88, 0x0d, 0x00, type, PRODUCER_FIXED, flags],
  ...[0, first, last, 0, last - first + 1].flatMap(le16),
];
/** Bus numbers a bridge is responsible for. */
export const busRange = (first: number, last: number): Aml => wordRange(TYPE_BUS, 0, first, last);
/** Ports a bridge passes on. */
export const ioRange = (first: number, last: number): Aml => wordRange(TYPE_IO, ENTIRE_RANGE, first, last);
/** Memory a bridge passes on, not cached. */
export const memoryRange = (first: number, last: number): Aml => [
  ...[0x87, 0x17, 0x00, TYPE_MEMORY, PRODUCER_FIXED, READ_WRITE],
  ...[0, first, last, 0, last - first + 1].flatMap(le32),
];
