/**
 * MMX and SSE packed integer instructions, by operation name, and with them everything else that computes on bits alone:
 * logic, shuffles, masks. MMX forms are the same functions on eight bytes. Source: SDM volume 2.
 */
import { packedArithmetic } from "./integer-arithmetic.js";
import { packedCompares } from "./integer-compare.js";
import { packedMultiplications } from "./integer-multiply.js";
import { packedShifts } from "./integer-shift.js";
import { shuffles } from "./shuffle.js";
import { unpacks } from "./shuffle-unpack.js";
import type { VectorOperation } from "./vector.js";

const and: VectorOperation = (d, s, bytes) => {
  const a = d.i32;
  const b = s.i32;
  for (let i = 0; i < bytes >> 2; i++) a[i] &= b[i];
};
const andNot: VectorOperation = (d, s, bytes) => {
  const a = d.i32;
  const b = s.i32;
  for (let i = 0; i < bytes >> 2; i++) a[i] = ~a[i] & b[i];
};
const or: VectorOperation = (d, s, bytes) => {
  const a = d.i32;
  const b = s.i32;
  for (let i = 0; i < bytes >> 2; i++) a[i] |= b[i];
};
const xor: VectorOperation = (d, s, bytes) => {
  const a = d.i32;
  const b = s.i32;
  for (let i = 0; i < bytes >> 2; i++) a[i] ^= b[i];
};

export const packedIntegerOperations: Record<string, VectorOperation> = {
  PAND: and,
  ANDPS: and,
  ANDPD: and,
  PANDN: andNot,
  ANDNPS: andNot,
  ANDNPD: andNot,
  POR: or,
  ORPS: or,
  ORPD: or,
  PXOR: xor,
  XORPS: xor,
  XORPD: xor,
  ...packedArithmetic,
  ...packedMultiplications,
  ...packedCompares,
  ...packedShifts,
  ...shuffles,
  ...unpacks,
};
