/** Packed comparisons, which leave all ones or zero in a lane, and the masks of sign bits that branches follow. */
import type { VectorOperation } from "./vector.js";

export const packedCompares: Record<string, VectorOperation> = {
  PCMPEQB: (d, s, bytes) => {
    const a = d.i8;
    const b = s.i8;
    for (let i = 0; i < bytes; i++) a[i] = a[i] === b[i] ? -1 : 0;
  },
  PCMPEQW: (d, s, bytes) => {
    const a = d.i16;
    const b = s.i16;
    for (let i = 0; i < bytes >> 1; i++) a[i] = a[i] === b[i] ? -1 : 0;
  },
  PCMPEQD: (d, s, bytes) => {
    const a = d.i32;
    const b = s.i32;
    for (let i = 0; i < bytes >> 2; i++) a[i] = a[i] === b[i] ? -1 : 0;
  },
  PCMPGTB: (d, s, bytes) => {
    const a = d.i8;
    const b = s.i8;
    for (let i = 0; i < bytes; i++) a[i] = a[i] > b[i] ? -1 : 0;
  },
  PCMPGTW: (d, s, bytes) => {
    const a = d.i16;
    const b = s.i16;
    for (let i = 0; i < bytes >> 1; i++) a[i] = a[i] > b[i] ? -1 : 0;
  },
  PCMPGTD: (d, s, bytes) => {
    const a = d.i32;
    const b = s.i32;
    for (let i = 0; i < bytes >> 2; i++) a[i] = a[i] > b[i] ? -1 : 0;
  },
  PMOVMSKB: (d, s, bytes) => {
    const b = s.u8;
    let mask = 0;
    for (let i = 0; i < bytes; i++) mask |= (b[i] >> 7) << i;
    d.i32[0] = mask;
  },
  MOVMSKPS: (d, s) => {
    const b = s.i32;
    d.i32[0] = (b[0] >>> 31) | ((b[1] >>> 31) << 1) | ((b[2] >>> 31) << 2) | ((b[3] >>> 31) << 3);
  },
  MOVMSKPD: (d, s) => {
    const b = s.i32;
    d.i32[0] = (b[1] >>> 31) | ((b[3] >>> 31) << 1);
  },
};
