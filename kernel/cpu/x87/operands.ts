/** Sizes and directions of memory operands, for the processor's segment and page checks. */

/** Bytes by opcode D8-DF and the reg field; 0 where the encoding is invalid. FSTENV, FLDENV, FSAVE and FRSTOR stand with their 16-bit sizes. */
const BYTES: readonly (readonly number[])[] = [
  [4, 4, 4, 4, 4, 4, 4, 4],
  [4, 0, 4, 4, 14, 2, 14, 2],
  [4, 4, 4, 4, 4, 4, 4, 4],
  [4, 0, 4, 4, 0, 10, 0, 10],
  [8, 8, 8, 8, 8, 8, 8, 8],
  [8, 0, 8, 8, 94, 0, 94, 2],
  [2, 2, 2, 2, 2, 2, 2, 2],
  [2, 0, 2, 2, 10, 8, 10, 8],
];

/** Bit n is set when reg field n stores. */
const STORES: readonly number[] = [0x00, 0xcc, 0x00, 0x8c, 0x00, 0xcc, 0x00, 0xcc];

/** Size of the memory operand: 0 for register forms and for the encodings that are #UD. */
export function x87OperandBytes(opcode: number, modrm: number, operand32: boolean): number {
  if (modrm >= 0xc0) return 0;
  const bytes = BYTES[opcode & 7][(modrm >> 3) & 7];
  return operand32 && (bytes === 14 || bytes === 94) ? bytes + 14 : bytes;
}

/** Whether the memory operand is written (none is both read and written). */
export function x87Writes(opcode: number, modrm: number): boolean {
  return modrm < 0xc0 && ((STORES[opcode & 7] >> ((modrm >> 3) & 7)) & 1) !== 0;
}
