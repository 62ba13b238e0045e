/** Lanes chosen by an immediate or by a register, duplicated, inserted, extracted. Floating-point lanes move as bits. */
import { makeVector, type Vector, type VectorOperation } from "./vector.js";

const OLD = makeVector();
/** The bytes of the destination as it was, for instructions that choose from it. */
const old = (d: Vector): Uint8Array => {
  for (let word = 0; word < 4; word++) OLD.i32[word] = d.i32[word];
  return OLD.u8;
};

/** Four words from word `at` on, chosen by two bits each; the source is another vector. */
const fourWords = (a: Uint16Array, b: Uint16Array, at: number, order: number): void => {
  a[at] = b[at + (order & 3)];
  a[at + 1] = b[at + ((order >> 2) & 3)];
  a[at + 2] = b[at + ((order >> 4) & 3)];
  a[at + 3] = b[at + ((order >> 6) & 3)];
};

export const shuffles: Record<string, VectorOperation> = {
  PSHUFW: (d, s, _bytes, imm) => fourWords(d.u16, s.u16, 0, imm),
  PSHUFLW: (d, s, _bytes, imm) => {
    fourWords(d.u16, s.u16, 0, imm);
    d.i32[2] = s.i32[2];
    d.i32[3] = s.i32[3];
  },
  PSHUFHW: (d, s, _bytes, imm) => {
    fourWords(d.u16, s.u16, 4, imm);
    d.i32[0] = s.i32[0];
    d.i32[1] = s.i32[1];
  },
  PSHUFD: (d, s, _bytes, imm) => {
    const a = d.i32;
    const b = s.i32;
    a[0] = b[imm & 3];
    a[1] = b[(imm >> 2) & 3];
    a[2] = b[(imm >> 4) & 3];
    a[3] = b[(imm >> 6) & 3];
  },
  /** Two from the destination, two from the source. */
  SHUFPS: (d, s, _bytes, imm) => {
    const a = d.i32;
    const b = s.i32;
    const first = a[imm & 3];
    const second = a[(imm >> 2) & 3];
    a[0] = first;
    a[1] = second;
    a[2] = b[(imm >> 4) & 3];
    a[3] = b[(imm >> 6) & 3];
  },
  SHUFPD: (d, s, _bytes, imm) => {
    const a = d.i32;
    const b = s.i32;
    const from = (imm & 1) << 1;
    const other = imm & 2;
    a[0] = a[from];
    a[1] = a[from + 1];
    a[2] = b[other];
    a[3] = b[other + 1];
  },
  /** By the low bits of each byte of the source; zero where its high bit is set. */
  PSHUFB: (d, s, bytes) => {
    const a = d.u8;
    const b = s.u8;
    const before = old(d);
    for (let i = 0; i < bytes; i++) a[i] = b[i] > 0x7f ? 0 : before[b[i] & (bytes - 1)];
  },
  /** The destination above the source, shifted right by bytes. */
  PALIGNR: (d, s, bytes, imm) => {
    const a = d.u8;
    const b = s.u8;
    const before = old(d);
    for (let i = 0; i < bytes; i++) {
      const from = i + imm;
      a[i] = from < bytes ? b[from] : from < 2 * bytes ? before[from - bytes] : 0;
    }
  },
  PINSRW: (d, s, bytes, imm) => {
    d.u16[imm & ((bytes >> 1) - 1)] = s.u16[0];
  },
  PEXTRW: (d, s, bytes, imm) => {
    d.i32[0] = s.u16[imm & ((bytes >> 1) - 1)];
  },
  MOVSLDUP: (d, s) => {
    d.i32[0] = d.i32[1] = s.i32[0];
    d.i32[2] = d.i32[3] = s.i32[2];
  },
  MOVSHDUP: (d, s) => {
    d.i32[0] = d.i32[1] = s.i32[1];
    d.i32[2] = d.i32[3] = s.i32[3];
  },
  MOVDDUP: (d, s) => {
    d.i32[0] = d.i32[2] = s.i32[0];
    d.i32[1] = d.i32[3] = s.i32[1];
  },
};
