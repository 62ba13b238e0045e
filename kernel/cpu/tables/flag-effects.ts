/** What of an instruction's flags depends on its count, its size or its condition. */
import { AF, CF, OF, PF, SF, ZF } from "../state.js";
import type { OpcodeFact } from "./table.js";

export const ARITHMETIC = CF | PF | AF | ZF | SF | OF;
/** Flags that the conditions 0-7 (pairs of condition codes) read. */
const CONDITIONS = [OF, CF, ZF, CF | ZF, SF, PF, SF | OF, SF | OF | ZF];
const SHIFT = /^(SH[LR]D?|SAR)$/;
const ROTATE = /^(RO|RC)[LR]$/;

export interface FlagEffect {
  readonly reads: number;
  /** Of the written flags, the undefined ones included. */
  readonly writes: number;
  readonly undefined: number;
  /** Perhaps nothing is written: a count that may be zero. */
  readonly perhaps: boolean;
}

/**
 * @param size operand size in bits
 * @param count of a shift or rotation, before masking; undefined when not known
 * @param condition condition code of Jcc, SETcc and CMOVcc
 */
export const flagEffect = (fact: Pick<OpcodeFact, "operation" | "reads" | "writes" | "undefined">, size: number, count?: number, condition = 0): FlagEffect => {
  const { operation, reads, writes } = fact;
  if (/^(JCC|SETCC|CMOV)$/.test(operation)) return { reads: CONDITIONS[condition >> 1], writes: 0, undefined: 0, perhaps: false };
  const shift = SHIFT.test(operation);
  if (!shift && !ROTATE.test(operation)) return { reads, writes, undefined: fact.undefined, perhaps: false };
  const by = count === undefined ? -1 : count & 31;
  if (by === 0) return { reads, writes: 0, undefined: 0, perhaps: false };
  // OF means something for a shift by one only
  let lost = by === 1 ? 0 : OF;
  if (shift) lost |= AF;
  const beyond = (limit: number): boolean => (by < 0 ? size < 32 : by >= limit);
  if (/^SH[LR]$/.test(operation) && beyond(size)) lost |= CF;
  if (/D$/.test(operation) && beyond(size + 1)) lost = ARITHMETIC;
  return { reads, writes, undefined: lost, perhaps: by < 0 };
};
