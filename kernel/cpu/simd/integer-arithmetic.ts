/** Packed addition, subtraction, averages, extremes, absolute values and signs: lane by lane, wrapping or saturating. */
import { signed8, signed16, unsigned8, unsigned16 } from "./saturate.js";
import type { Vector, VectorOperation } from "./vector.js";

const add64 = (d: Vector, s: Vector, bytes: number): void => {
  const a = d.u32;
  const b = s.u32;
  for (let i = 0; i < bytes >> 2; i += 2) {
    const low = a[i] + b[i];
    a[i] = low;
    a[i + 1] += b[i + 1] + (low > 0xffff_ffff ? 1 : 0);
  }
};
const subtract64 = (d: Vector, s: Vector, bytes: number): void => {
  const a = d.u32;
  const b = s.u32;
  for (let i = 0; i < bytes >> 2; i += 2) {
    const low = a[i] - b[i];
    a[i] = low;
    a[i + 1] -= b[i + 1] + (low < 0 ? 1 : 0);
  }
};

const wrapping: Record<string, VectorOperation> = {
  PADDB: (d, s, bytes) => {
    const a = d.u8;
    const b = s.u8;
    for (let i = 0; i < bytes; i++) a[i] += b[i];
  },
  PADDW: (d, s, bytes) => {
    const a = d.u16;
    const b = s.u16;
    for (let i = 0; i < bytes >> 1; i++) a[i] += b[i];
  },
  PADDD: (d, s, bytes) => {
    const a = d.i32;
    const b = s.i32;
    for (let i = 0; i < bytes >> 2; i++) a[i] += b[i];
  },
  PADDQ: add64,
  PSUBB: (d, s, bytes) => {
    const a = d.u8;
    const b = s.u8;
    for (let i = 0; i < bytes; i++) a[i] -= b[i];
  },
  PSUBW: (d, s, bytes) => {
    const a = d.u16;
    const b = s.u16;
    for (let i = 0; i < bytes >> 1; i++) a[i] -= b[i];
  },
  PSUBD: (d, s, bytes) => {
    const a = d.i32;
    const b = s.i32;
    for (let i = 0; i < bytes >> 2; i++) a[i] -= b[i];
  },
  PSUBQ: subtract64,
};

const saturating: Record<string, VectorOperation> = {
  PADDSB: (d, s, bytes) => {
    const a = d.i8;
    const b = s.i8;
    for (let i = 0; i < bytes; i++) a[i] = signed8(a[i] + b[i]);
  },
  PADDSW: (d, s, bytes) => {
    const a = d.i16;
    const b = s.i16;
    for (let i = 0; i < bytes >> 1; i++) a[i] = signed16(a[i] + b[i]);
  },
  PADDUSB: (d, s, bytes) => {
    const a = d.u8;
    const b = s.u8;
    for (let i = 0; i < bytes; i++) a[i] = unsigned8(a[i] + b[i]);
  },
  PADDUSW: (d, s, bytes) => {
    const a = d.u16;
    const b = s.u16;
    for (let i = 0; i < bytes >> 1; i++) a[i] = unsigned16(a[i] + b[i]);
  },
  PSUBSB: (d, s, bytes) => {
    const a = d.i8;
    const b = s.i8;
    for (let i = 0; i < bytes; i++) a[i] = signed8(a[i] - b[i]);
  },
  PSUBSW: (d, s, bytes) => {
    const a = d.i16;
    const b = s.i16;
    for (let i = 0; i < bytes >> 1; i++) a[i] = signed16(a[i] - b[i]);
  },
  PSUBUSB: (d, s, bytes) => {
    const a = d.u8;
    const b = s.u8;
    for (let i = 0; i < bytes; i++) a[i] = Math.max(0, a[i] - b[i]);
  },
  PSUBUSW: (d, s, bytes) => {
    const a = d.u16;
    const b = s.u16;
    for (let i = 0; i < bytes >> 1; i++) a[i] = Math.max(0, a[i] - b[i]);
  },
};

const extremes: Record<string, VectorOperation> = {
  PAVGB: (d, s, bytes) => {
    const a = d.u8;
    const b = s.u8;
    for (let i = 0; i < bytes; i++) a[i] = (a[i] + b[i] + 1) >> 1;
  },
  PAVGW: (d, s, bytes) => {
    const a = d.u16;
    const b = s.u16;
    for (let i = 0; i < bytes >> 1; i++) a[i] = (a[i] + b[i] + 1) >> 1;
  },
  PMINUB: (d, s, bytes) => {
    const a = d.u8;
    const b = s.u8;
    for (let i = 0; i < bytes; i++) if (b[i] < a[i]) a[i] = b[i];
  },
  PMAXUB: (d, s, bytes) => {
    const a = d.u8;
    const b = s.u8;
    for (let i = 0; i < bytes; i++) if (b[i] > a[i]) a[i] = b[i];
  },
  PMINSW: (d, s, bytes) => {
    const a = d.i16;
    const b = s.i16;
    for (let i = 0; i < bytes >> 1; i++) if (b[i] < a[i]) a[i] = b[i];
  },
  PMAXSW: (d, s, bytes) => {
    const a = d.i16;
    const b = s.i16;
    for (let i = 0; i < bytes >> 1; i++) if (b[i] > a[i]) a[i] = b[i];
  },
};

/** The most negative number stays what it is. */
const signs: Record<string, VectorOperation> = {
  PABSB: (d, s, bytes) => {
    const a = d.i8;
    const b = s.i8;
    for (let i = 0; i < bytes; i++) a[i] = b[i] < 0 ? -b[i] : b[i];
  },
  PABSW: (d, s, bytes) => {
    const a = d.i16;
    const b = s.i16;
    for (let i = 0; i < bytes >> 1; i++) a[i] = b[i] < 0 ? -b[i] : b[i];
  },
  PABSD: (d, s, bytes) => {
    const a = d.i32;
    const b = s.i32;
    for (let i = 0; i < bytes >> 2; i++) a[i] = b[i] < 0 ? -b[i] : b[i];
  },
  PSIGNB: (d, s, bytes) => {
    const a = d.i8;
    const b = s.i8;
    for (let i = 0; i < bytes; i++) a[i] = b[i] < 0 ? -a[i] : b[i] === 0 ? 0 : a[i];
  },
  PSIGNW: (d, s, bytes) => {
    const a = d.i16;
    const b = s.i16;
    for (let i = 0; i < bytes >> 1; i++) a[i] = b[i] < 0 ? -a[i] : b[i] === 0 ? 0 : a[i];
  },
  PSIGND: (d, s, bytes) => {
    const a = d.i32;
    const b = s.i32;
    for (let i = 0; i < bytes >> 2; i++) a[i] = b[i] < 0 ? -a[i] : b[i] === 0 ? 0 : a[i];
  },
};

export const packedArithmetic: Record<string, VectorOperation> = { ...wrapping, ...saturating, ...extremes, ...signs };
