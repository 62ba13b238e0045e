/**
 * Packed shifts. The count is an immediate or the low 64 bits of the source, all of which count: what exceeds the lane
 * empties it, or fills it with its sign.
 */
import type { Vector, VectorOperation } from "./vector.js";

/** More than any lane has, and still a number that shifts do not take apart. */
const FAR = 64;

const countOf = (s: Vector): number => (s.u32[1] !== 0 || s.u32[0] > FAR ? FAR : s.u32[0]);

type Shift = (d: Vector, bytes: number, count: number) => void;

const leftWords: Shift = (d, bytes, count) => {
  const a = d.u16;
  const by = count > 15 ? 16 : count;
  for (let i = 0; i < bytes >> 1; i++) a[i] <<= by;
};
const rightWords: Shift = (d, bytes, count) => {
  const a = d.u16;
  const by = count > 15 ? 16 : count;
  for (let i = 0; i < bytes >> 1; i++) a[i] >>>= by;
};
const signedWords: Shift = (d, bytes, count) => {
  const a = d.i16;
  const by = Math.min(count, 15);
  for (let i = 0; i < bytes >> 1; i++) a[i] >>= by;
};
const leftDwords: Shift = (d, bytes, count) => {
  const a = d.i32;
  for (let i = 0; i < bytes >> 2; i++) a[i] = count > 31 ? 0 : a[i] << count;
};
const rightDwords: Shift = (d, bytes, count) => {
  const a = d.i32;
  for (let i = 0; i < bytes >> 2; i++) a[i] = count > 31 ? 0 : a[i] >>> count;
};
const signedDwords: Shift = (d, bytes, count) => {
  const a = d.i32;
  const by = Math.min(count, 31);
  for (let i = 0; i < bytes >> 2; i++) a[i] >>= by;
};
const leftQuads: Shift = (d, bytes, count) => {
  const a = d.i32;
  for (let i = 0; i < bytes >> 2; i += 2) {
    const low = a[i];
    if (count > 63) a[i + 1] = 0;
    else if (count > 31) a[i + 1] = low << (count - 32);
    else if (count > 0) a[i + 1] = (a[i + 1] << count) | (low >>> (32 - count));
    a[i] = count > 31 ? 0 : low << count;
  }
};
const rightQuads: Shift = (d, bytes, count) => {
  const a = d.i32;
  for (let i = 0; i < bytes >> 2; i += 2) {
    const high = a[i + 1];
    if (count > 63) a[i] = 0;
    else if (count > 31) a[i] = high >>> (count - 32);
    else if (count > 0) a[i] = (a[i] >>> count) | (high << (32 - count));
    a[i + 1] = count > 31 ? 0 : high >>> count;
  }
};

const byRegister =
  (shift: Shift): VectorOperation =>
  (d, s, bytes) =>
    shift(d, bytes, countOf(s));
const byImmediate =
  (shift: Shift): VectorOperation =>
  (d, _s, bytes, imm) =>
    shift(d, bytes, imm);

/** The whole register by bytes. */
const rightBytes: VectorOperation = (d, _s, bytes, imm) => {
  const by = Math.min(imm, bytes);
  d.u8.copyWithin(0, by, bytes).fill(0, bytes - by);
};
const leftBytes: VectorOperation = (d, _s, bytes, imm) => {
  const by = Math.min(imm, bytes);
  d.u8.copyWithin(by, 0, bytes - by).fill(0, 0, by);
};

export const packedShifts: Record<string, VectorOperation> = {
  PSLLW: byRegister(leftWords),
  PSRLW: byRegister(rightWords),
  PSRAW: byRegister(signedWords),
  PSLLD: byRegister(leftDwords),
  PSRLD: byRegister(rightDwords),
  PSRAD: byRegister(signedDwords),
  PSLLQ: byRegister(leftQuads),
  PSRLQ: byRegister(rightQuads),
  PSLLWI: byImmediate(leftWords),
  PSRLWI: byImmediate(rightWords),
  PSRAWI: byImmediate(signedWords),
  PSLLDI: byImmediate(leftDwords),
  PSRLDI: byImmediate(rightDwords),
  PSRADI: byImmediate(signedDwords),
  PSLLQI: byImmediate(leftQuads),
  PSRLQI: byImmediate(rightQuads),
  PSLLDQ: leftBytes,
  PSRLDQ: rightBytes,
};
