/**
 * Where MMX, SSE and MXCSR state lies, inside the 512 bytes of the FPU so that snapshots carry it.
 *
 * XMM registers are 16 bytes each from byte 256 on, MXCSR the word behind them. MMX registers are the significands of the
 * physical x87 registers (SDM volume 1, section 9.2.2): four words each from byte 0 on, of which the first two are the MMX
 * register and the third holds sign and exponent.
 */
import { FPU_OFFSET } from "../state.js";
import { IN_USE, REGISTER_WORDS, STATUS_WORD, TOP } from "../x87/layout.js";
import { makeVector, VECTOR_BYTES, type Vector } from "./vector.js";

export const REGISTERS = 8;

/** Word indices into the processor's state. */
export const MMX = FPU_OFFSET / 4;
export const MMX_WORDS = REGISTER_WORDS;
/** Sign and exponent of the register that MMX register 0 is part of. */
export const MMX_EXPONENT = MMX + 2;
export const X87_STATUS = MMX + STATUS_WORD;
export const X87_TOP = MMX + TOP;
export const X87_IN_USE = MMX + IN_USE;
export const XMM = MMX + 64;
export const XMM_WORDS = VECTOR_BYTES / 4;
export const MXCSR = XMM + REGISTERS * XMM_WORDS;

/** What an MMX write leaves in sign and exponent, and an MMX instruction in the tags: all in use. */
export const EXPONENT_ONES = 0xffff;
export const ALL_IN_USE = 0xff;

export const XM_VECTOR = 19;

/** Registers as vectors over the state itself. An MMX register has eight bytes of its sixteen. */
export const xmmRegisters = (buffer: ArrayBufferLike): Vector[] => Array.from({ length: REGISTERS }, (_, register) => makeVector(buffer, (XMM + register * XMM_WORDS) * 4));
export const mmxRegisters = (buffer: ArrayBufferLike): Vector[] => Array.from({ length: REGISTERS }, (_, register) => makeVector(buffer, (MMX + register * MMX_WORDS) * 4));
