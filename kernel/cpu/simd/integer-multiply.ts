/** Packed multiplication, sums of products and differences, horizontal addition and subtraction. */
import { signed16 } from "./saturate.js";
import type { VectorOperation } from "./vector.js";

const products: Record<string, VectorOperation> = {
  PMULLW: (d, s, bytes) => {
    const a = d.u16;
    const b = s.u16;
    for (let i = 0; i < bytes >> 1; i++) a[i] = Math.imul(a[i], b[i]);
  },
  PMULHW: (d, s, bytes) => {
    const a = d.i16;
    const b = s.i16;
    for (let i = 0; i < bytes >> 1; i++) a[i] = (a[i] * b[i]) >> 16;
  },
  PMULHUW: (d, s, bytes) => {
    const a = d.u16;
    const b = s.u16;
    for (let i = 0; i < bytes >> 1; i++) a[i] = Math.imul(a[i], b[i]) >>> 16;
  },
  PMULHRSW: (d, s, bytes) => {
    const a = d.i16;
    const b = s.i16;
    for (let i = 0; i < bytes >> 1; i++) a[i] = (((a[i] * b[i]) >> 14) + 1) >> 1;
  },
  /** The even dwords, to 64 bits: in four products of 16 bits. */
  PMULUDQ: (d, s, bytes) => {
    const a = d.u32;
    const b = s.u32;
    for (let i = 0; i < bytes >> 2; i += 2) {
      const x = a[i];
      const y = b[i];
      const low = (x & 0xffff) * (y & 0xffff);
      const middle = (x >>> 16) * (y & 0xffff) + (low >>> 16);
      const other = (x & 0xffff) * (y >>> 16) + (middle & 0xffff);
      a[i] = Math.imul(x, y);
      a[i + 1] = (x >>> 16) * (y >>> 16) + (middle >>> 16) + (other >>> 16);
    }
  },
};

const sums: Record<string, VectorOperation> = {
  PMADDWD: (d, s, bytes) => {
    const a = d.i16;
    const b = s.i16;
    const sum = d.i32;
    for (let i = 0; i < bytes >> 2; i++) sum[i] = a[2 * i] * b[2 * i] + a[2 * i + 1] * b[2 * i + 1];
  },
  /** Unsigned bytes of the destination times signed bytes of the source. */
  PMADDUBSW: (d, s, bytes) => {
    const a = d.u8;
    const b = s.i8;
    const sum = d.i16;
    for (let i = 0; i < bytes >> 1; i++) sum[i] = signed16(a[2 * i] * b[2 * i] + a[2 * i + 1] * b[2 * i + 1]);
  },
  /** Of each eight bytes. */
  PSADBW: (d, s, bytes) => {
    const a = d.u8;
    const b = s.u8;
    for (let at = 0; at < bytes; at += 8) {
      let sum = 0;
      for (let i = at; i < at + 8; i++) sum += Math.abs(a[i] - b[i]);
      d.i32[at >> 2] = sum;
      d.i32[(at >> 2) + 1] = 0;
    }
  },
};

/** Pairs of the destination, then pairs of the source. The result overtakes its operands nowhere. */
const horizontal: Record<string, VectorOperation> = {
  PHADDW: (d, s, bytes) => {
    const a = d.i16;
    const b = s.i16;
    const half = bytes >> 2;
    for (let i = 0; i < half; i++) a[i] = a[2 * i] + a[2 * i + 1];
    for (let i = 0; i < half; i++) a[half + i] = b[2 * i] + b[2 * i + 1];
  },
  PHADDD: (d, s, bytes) => {
    const a = d.i32;
    const b = s.i32;
    const half = bytes >> 3;
    for (let i = 0; i < half; i++) a[i] = a[2 * i] + a[2 * i + 1];
    for (let i = 0; i < half; i++) a[half + i] = b[2 * i] + b[2 * i + 1];
  },
  PHADDSW: (d, s, bytes) => {
    const a = d.i16;
    const b = s.i16;
    const half = bytes >> 2;
    for (let i = 0; i < half; i++) a[i] = signed16(a[2 * i] + a[2 * i + 1]);
    for (let i = 0; i < half; i++) a[half + i] = signed16(b[2 * i] + b[2 * i + 1]);
  },
  PHSUBW: (d, s, bytes) => {
    const a = d.i16;
    const b = s.i16;
    const half = bytes >> 2;
    for (let i = 0; i < half; i++) a[i] = a[2 * i] - a[2 * i + 1];
    for (let i = 0; i < half; i++) a[half + i] = b[2 * i] - b[2 * i + 1];
  },
  PHSUBD: (d, s, bytes) => {
    const a = d.i32;
    const b = s.i32;
    const half = bytes >> 3;
    for (let i = 0; i < half; i++) a[i] = a[2 * i] - a[2 * i + 1];
    for (let i = 0; i < half; i++) a[half + i] = b[2 * i] - b[2 * i + 1];
  },
  PHSUBSW: (d, s, bytes) => {
    const a = d.i16;
    const b = s.i16;
    const half = bytes >> 2;
    for (let i = 0; i < half; i++) a[i] = signed16(a[2 * i] - a[2 * i + 1]);
    for (let i = 0; i < half; i++) a[half + i] = signed16(b[2 * i] - b[2 * i + 1]);
  },
};

export const packedMultiplications: Record<string, VectorOperation> = { ...products, ...sums, ...horizontal };
