/**
 * Which arithmetic flags an instruction reads, writes and leaves undefined (Intel SDM volume 1 appendix A, and the
 * "Flags Affected" sections of volume 2). A vector is judged by its defined flags only; a sequence never lets an
 * instruction read a flag that an earlier one left undefined.
 */
export const CF = 1;
export const PF = 4;
export const AF = 0x10;
export const ZF = 0x40;
export const SF = 0x80;
export const OF = 0x800;
export const ALL = CF | PF | AF | ZF | SF | OF;

/** @typedef {{ reads: number; writes: number; undefined: number; may?: boolean }} Effect `may`: perhaps nothing is written */

const CONDITIONS = [OF, CF, ZF, CF | ZF, SF, PF, SF | OF, SF | OF | ZF];

/** @type {Record<string, Effect>} */
const FIXED = {};
/** @param {string} names @param {number} reads @param {number} writes @param {number} [undefinedFlags] */
const fixed = (names, reads, writes, undefinedFlags = 0) => {
  for (const name of names.split(" ")) FIXED[name] = { reads, writes, undefined: undefinedFlags };
};
fixed("ADD SUB CMP NEG XADD CMPXCHG CMPSB CMPSV SCASB SCASV POPF IRET", 0, ALL);
fixed("ADC SBB", CF, ALL);
fixed("INC DEC", 0, ALL & ~CF);
fixed("AND OR XOR TEST", 0, ALL, AF);
fixed("MUL IMUL IMUL2 IMUL3", 0, ALL, SF | ZF | AF | PF);
fixed("DIV IDIV", 0, ALL, ALL);
fixed("BSF BSR", 0, ALL, ALL & ~ZF);
fixed("BT BTS BTR BTC", 0, ALL & ~ZF, OF | SF | AF | PF);
fixed("DAA DAS", CF | AF, ALL, OF);
fixed("AAA AAS", AF, ALL, OF | SF | ZF | PF);
fixed("AAM AAD", 0, ALL, OF | AF | CF);
fixed("CLC STC", 0, CF);
fixed("CMC", CF, CF);
fixed("SALC", CF, 0);
fixed("LAHF", ALL & ~OF, 0);
fixed("SAHF", 0, ALL & ~OF);
fixed("PUSHF", ALL, 0);
fixed("INTO", OF, 0);
fixed("LOOPE LOOPNE", ZF, 0);
fixed("ARPL LAR LSL VERR VERW CMPXCHG8B", 0, ZF);

/**
 * @param {string} operation as in the opcode table
 * @param {number} size operand size in bits
 * @param {number | undefined} count of a shift, before masking; undefined when not known
 * @param {number} condition of JCC, SETCC and CMOV
 * @returns {Effect}
 */
export const effect = (operation, size, count, condition) => {
  if (/^(JCC|SETCC|CMOV)$/.test(operation)) return { reads: CONDITIONS[condition >> 1], writes: 0, undefined: 0 };
  const shift = /^(SH[LR]|SAR|SH[LR]D)$/.test(operation);
  const rotate = /^(RO[LR]|RC[LR])$/.test(operation);
  if (shift || rotate) {
    const by = count === undefined ? -1 : count & 31;
    const reads = operation.startsWith("RC") ? CF : 0;
    if (by === 0) return { reads, writes: 0, undefined: 0 };
    let lost = by === 1 ? 0 : OF;
    if (shift) lost |= AF;
    if (/^SH[LR]$/.test(operation) && (by < 0 ? size < 32 : by >= size)) lost |= CF;
    // beyond the operand size everything is undefined
    if (/D$/.test(operation) && (by < 0 ? size < 32 : by > size)) lost = ALL;
    return { reads, writes: shift ? ALL : CF | OF, undefined: lost, may: by < 0 };
  }
  return FIXED[operation] ?? { reads: 0, writes: 0, undefined: 0 };
};

/** Undefined flags after an instruction, given those before it. @param {Effect} of @param {number} before */
export const undefinedAfter = (of, before) => (of.may ? before | of.undefined : (before & ~of.writes) | of.undefined);
