/**
 * The operand scratch that all arithmetic works in, and the constants of the format.
 *
 * Arithmetic takes its operands from the A and B blocks of `S`, leaves a packed result in the R block and adds its exceptions to `S[FLAGS]`.
 * The scratch lives for one instruction only, so one copy serves every unit and none of it is machine state. Significands are two signed
 * 32-bit words; a typed array keeps them out of the heap, which module variables would not.
 *
 * Users copy what they need into constants of their own: V8 folds a module's own constants into compiled code, but loads an imported binding
 * anew at each use, which halves the speed of everything here.
 */

export const S = new Int32Array(28);

/** Words of an operand block. A denormal is held normalised, with EXP below 1. */
export const LO = 0;
export const HI = 1;
export const EXP = 2;
export const SIGN = 3;
export const CLASS = 4;

export const A = 0;
export const B = 8;
export const R = 16;

export const A_LO = 0;
export const A_HI = 1;
export const A_EXP = 2;
export const A_SIGN = 3;
export const A_CLASS = 4;
export const B_LO = 8;
export const B_HI = 9;
export const B_EXP = 10;
export const B_SIGN = 11;
export const B_CLASS = 12;
export const R_LO = 16;
export const R_HI = 17;
export const R_EXP = 18;
export const R_SIGN = 19;
/** 32 bits below R_LO; bit 0 also stands for every nonzero bit further down. */
export const R_EXT = 20;
/** Packed sign and exponent of the result. */
export const R_SE = 21;
/** Exceptions and C1 of the instruction so far, in status word positions. */
export const FLAGS = 24;
/** Control word in force. */
export const CONTROL = 25;

/** Exceptions, as in the status word (and, up to PE, as masks in the control word). */
export const IE = 0x01;
export const DE = 0x02;
export const ZE = 0x04;
export const OE = 0x08;
export const UE = 0x10;
export const PE = 0x20;
export const SF = 0x40;
export const ES = 0x80;
export const C0 = 0x100;
export const C1 = 0x200;
export const C2 = 0x400;
export const C3 = 0x4000;
export const BUSY = 0x8000;

/** Operand classes, one bit each so that two operands are tested at once. */
export const NORMAL = 0;
export const ZERO = 1;
export const DENORMAL = 2;
export const INFINITE = 4;
export const QNAN = 8;
export const SNAN = 16;
/** Unnormals, pseudo-infinities and pseudo-NaNs: invalid operands since the 387. */
export const UNSUPPORTED = 32;
export const ANY_NAN = QNAN | SNAN | UNSUPPORTED;

export const BIAS = 0x3fff;
export const EXP_MAX = 0x7fff;
export const J_BIT = 0x80000000 | 0;

/** Rounding control, as the control word codes it. */
export const RC_NEAREST = 0;
export const RC_DOWN = 1;
export const RC_UP = 2;
export const RC_CHOP = 3;

/** Precision control, as the control word codes it; 1 is reserved and works as 64 bits. */
export const PC_24 = 0;
export const PC_53 = 2;
export const PC_64 = 3;

// The state block: words, counted from its start. The eight physical registers come first.

/** Four words a register: low, high, sign and exponent, unused. */
export const REGISTER_WORDS = 4;
export const CONTROL_WORD = 32;
/** Status word with the TOP field zero. */
export const STATUS_WORD = 33;
export const TOP = 34;
/** Bit n is set when physical register n is not empty. */
export const IN_USE = 35;
export const FIP = 36;
export const FCS = 37;
export const FDP = 38;
export const FDS = 39;
export const FOP = 40;
export const STATE_WORDS = 41;

/** CR0 bits the FPU looks at. */
export const CR0_EM = 0x04;
export const CR0_TS = 0x08;
export const CR0_MP = 0x02;
export const CR0_NE = 0x20;
