/**
 * Predecoded instructions: eight 32-bit words each, in one arena.
 *
 * Straight-line instructions follow each other, so the number executed is the distance walked; only branches touch the
 * instruction count.
 */

export const RECORD_WORDS = 8;

/** Operation number: below the hot count a case of the interpreter loop, above it a cold operation. */
export const R_OP = 0;
/** Register operand: word, half-word or byte index into the state for hot operations, plain number for cold ones. */
export const R_REG = 1;
/** Second register operand likewise, or for memory the word index of the base register. */
export const R_RM = 2;
/** Word index of the index register. */
export const R_INDEX = 3;
/** Shift of the index register in bits 0-1; SLOW_ADDRESS when segment or 16-bit rules apply. */
export const R_SCALE = 4;
/** Displacement; for relative branches the target's offset from the start of this page. */
export const R_DISP = 5;
/** Immediate; for relative branches the target's record once known. */
export const R_IMM = 6;
export const R_META = 7;

export const SLOW_ADDRESS = 32;
/** R_IMM of cold shifts that count in CL and of bit operations that take their offset from a register. */
export const OPERAND_IN_REGISTER = 0x100;

/** R_META: offset of the instruction in its page, length, and what the prefixes and ModR/M said. */
export const META_OFFSET_MASK = 0xfff;
export const META_LENGTH_SHIFT = 12;
export const META_OP16 = 1 << 16;
export const META_ADDR16 = 1 << 17;
/** 0 none, 1 F2h, 2 F3h. */
export const META_REP_SHIFT = 18;
export const META_SEGMENT_SHIFT = 20;
export const META_REGISTER = 1 << 23;
/** Byte-sized operands. */
export const META_BYTE = 1 << 24;
/** The branch needs its target checked (16-bit or segmented code). */
export const META_CHECKED = 1 << 25;
/** Of MMX and SSE operations: an operand is an XMM register. */
export const META_XMM = 1 << 26;
/** Of cold two-operand arithmetic: 0 the E operand takes the G operand, 1 the other way round, 2 an immediate. */
export const META_FORM_SHIFT = 30;
export const FORM_TO_G = 1;
export const FORM_IMMEDIATE = 2;
