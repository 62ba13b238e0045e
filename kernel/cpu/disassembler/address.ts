/** Memory operands of ModR/M and SIB (SDM volume 2, tables 2-1 to 2-3) as text, without their size. */
import type { Cursor } from "./cursor.js";
import type { Prefixes } from "./prefixes.js";
import { hex, REGISTERS32 } from "./text.js";

const FORMS16 = ["bx+si", "bx+di", "bp+si", "bp+di", "si", "di", "bp", "bx"];

const signed = (displacement: number): string => (displacement < 0 ? `-${hex(-displacement)}` : `+${hex(displacement)}`);

/** An address that is a number alone names its segment, so that it is not taken for an immediate. */
export const absolute = (offset: number, prefixes: Prefixes): string => `${prefixes.showSegment() ?? "ds"}:${hex(offset)}`;

/** What SIB says; no base is said by mod 0 with base 5. "eiz" stands for an index that is none, where a plain ModR/M would have done. */
const scaled = (sib: number, mod: number): string => {
  const base = sib & 7;
  const index = (sib >> 3) & 7;
  const hasBase = base !== 5 || mod !== 0;
  const plain = index === 4 && sib >> 6 === 0 && base === 4;
  const parts = hasBase ? [REGISTERS32[base]] : [];
  if (!plain) parts.push(`${index === 4 ? "eiz" : REGISTERS32[index]}*${1 << (sib >> 6)}`);
  return parts.join("+");
};

/** Reads what follows a ModR/M byte that names memory. */
export const memoryAddress = (modrm: number, cursor: Cursor, prefixes: Prefixes): string => {
  const mod = modrm >> 6;
  const rm = modrm & 7;
  const { address32 } = prefixes;
  if (mod === 0 && rm === (address32 ? 5 : 6)) {
    if (!address32) prefixes.show("address");
    return absolute(cursor.unsigned(address32 ? 4 : 2), prefixes);
  }
  const segment = prefixes.showSegment();
  let registers = FORMS16[rm];
  /** A register's name tells the address size. */
  let named = true;
  let size: 0 | 1 | 2 | 4 = mod === 0 ? 0 : mod === 1 ? 1 : address32 ? 4 : 2;
  if (address32) {
    registers = REGISTERS32[rm];
    if (rm === 4) {
      const sib = cursor.unsigned(1);
      registers = scaled(sib, mod);
      if (mod === 0 && (sib & 7) === 5) {
        size = 4;
        named = (sib & 0x38) !== 0x20;
      }
    }
  }
  if (named) prefixes.show("address");
  const displacement = size === 0 ? "" : signed(cursor.signed(size));
  return `${segment === undefined ? "" : `${segment}:`}[${registers}${displacement}]`;
};
