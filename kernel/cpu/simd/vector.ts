/** An MMX or XMM operand on its way through an operation: 16 bytes seen in every width. MMX uses the low eight. */

export interface Vector {
  readonly i8: Int8Array;
  readonly u8: Uint8Array;
  readonly i16: Int16Array;
  readonly u16: Uint16Array;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
}

export const VECTOR_BYTES = 16;

export const makeVector = (buffer: ArrayBufferLike = new ArrayBuffer(VECTOR_BYTES), offset = 0): Vector => ({
  i8: new Int8Array(buffer, offset, 16),
  u8: new Uint8Array(buffer, offset, 16),
  i16: new Int16Array(buffer, offset, 8),
  u16: new Uint16Array(buffer, offset, 8),
  i32: new Int32Array(buffer, offset, 4),
  u32: new Uint32Array(buffer, offset, 4),
  f32: new Float32Array(buffer, offset, 4),
  f64: new Float64Array(buffer, offset, 2),
});

/**
 * What an instruction computes. `d` holds the destination's old value and takes the result; `s` holds the source, zero
 * beyond its size; `bytes` is 8 for MMX registers and 16 for XMM; `imm` the immediate, 0-255.
 */
export type VectorOperation = (d: Vector, s: Vector, bytes: number, imm: number) => void;
