/** Interleaving of lanes (PUNPCK, UNPCK) and narrowing with saturation (PACK). */
import { signed8, signed16, unsigned8 } from "./saturate.js";
import type { Vector, VectorOperation } from "./vector.js";

type Lanes = Uint8Array | Uint16Array | Int32Array;

/** The low halves, destination first. From the top down, since the result spreads over its own operand. */
const low = (a: Lanes, b: Lanes, lanes: number): void => {
  for (let i = (lanes >> 1) - 1; i >= 0; i--) {
    a[2 * i + 1] = b[i];
    a[2 * i] = a[i];
  }
};
/** The high halves. */
const high = (a: Lanes, b: Lanes, lanes: number): void => {
  const half = lanes >> 1;
  for (let i = 0; i < half; i++) {
    a[2 * i] = a[half + i];
    a[2 * i + 1] = b[half + i];
  }
};

const lowDwords: VectorOperation = (d, s, bytes) => low(d.i32, s.i32, bytes >> 2);
const highDwords: VectorOperation = (d, s, bytes) => high(d.i32, s.i32, bytes >> 2);
const lowQuads = (d: Vector, s: Vector): void => {
  d.i32[2] = s.i32[0];
  d.i32[3] = s.i32[1];
};
const highQuads = (d: Vector, s: Vector): void => {
  d.i32[0] = d.i32[2];
  d.i32[1] = d.i32[3];
  d.i32[2] = s.i32[2];
  d.i32[3] = s.i32[3];
};

export const unpacks: Record<string, VectorOperation> = {
  PUNPCKLBW: (d, s, bytes) => low(d.u8, s.u8, bytes),
  PUNPCKLWD: (d, s, bytes) => low(d.u16, s.u16, bytes >> 1),
  PUNPCKLDQ: lowDwords,
  PUNPCKLQDQ: lowQuads,
  PUNPCKHBW: (d, s, bytes) => high(d.u8, s.u8, bytes),
  PUNPCKHWD: (d, s, bytes) => high(d.u16, s.u16, bytes >> 1),
  PUNPCKHDQ: highDwords,
  PUNPCKHQDQ: highQuads,
  UNPCKLPS: lowDwords,
  UNPCKLPD: lowQuads,
  UNPCKHPS: highDwords,
  UNPCKHPD: highQuads,
  PACKSSWB: (d, s, bytes) => {
    const half = bytes >> 1;
    for (let i = 0; i < half; i++) d.i8[i] = signed8(d.i16[i]);
    for (let i = 0; i < half; i++) d.i8[half + i] = signed8(s.i16[i]);
  },
  PACKUSWB: (d, s, bytes) => {
    const half = bytes >> 1;
    for (let i = 0; i < half; i++) d.u8[i] = unsigned8(d.i16[i]);
    for (let i = 0; i < half; i++) d.u8[half + i] = unsigned8(s.i16[i]);
  },
  PACKSSDW: (d, s, bytes) => {
    const half = bytes >> 2;
    for (let i = 0; i < half; i++) d.i16[i] = signed16(d.i32[i]);
    for (let i = 0; i < half; i++) d.i16[half + i] = signed16(s.i32[i]);
  },
};
