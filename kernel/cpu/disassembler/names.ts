/** Mnemonics where the one in the opcode table stands for several: by condition, by operand or address size, by immediate. */
import { FIXED_OPERANDS, type OpcodeFact } from "../tables/table.js";
import type { Prefixes } from "./prefixes.js";

/** By the low four bits of the opcode (SDM volume 2, appendix B.1.4.7). */
export const CONDITIONS = ["o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"];
/** By the immediate of CMPPS, CMPPD, CMPSS and CMPSD (SDM volume 2, table 3-7). */
const COMPARISONS = ["eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord"];
/** Mnemonics with the stem that a condition follows. */
const CONDITIONAL: Readonly<Record<string, string>> = { JCC: "j", SETCC: "set", CMOV: "cmov" };
/** Names by size: 16 bits, 32 bits. */
const BY_OPERAND_SIZE: Readonly<Record<string, readonly [string, string]>> = { CBW: ["cbw", "cwde"], CWD: ["cwd", "cdq"] };
const BY_ADDRESS_SIZE: Readonly<Record<string, readonly [string, string]>> = { JCXZ: ["jcxz", "jecxz"] };
/** What takes a suffix for a size that is not the code segment's, unless an operand tells the size. */
const SIZED = /^(PUSH[AF]?|POP[AF]?|CALL|JMP|RETF?|IRET|ENTER|LEAVE|[LS][GI]DT|FN?(LD|ST)ENV|FRSTOR|FNSAVE)$/;
const TELLS_SIZE = /^(E|Z|Mp|Jb|Ap)/;

const tellsSize = (operand: string): boolean => TELLS_SIZE.test(operand) && !FIXED_OPERANDS.has(operand);

/** String instructions of words and doublewords end in V in the table. */
const isSizedString = (fact: OpcodeFact): boolean => fact.repeats && fact.mnemonic.endsWith("V");
/** The immediate of an SSE comparison is part of its name. */
export const comparisonName = (fact: OpcodeFact, immediate: number): string | undefined =>
  fact.unit === "sse" && /^CMP[PS][SD]$/.test(fact.mnemonic) && immediate < COMPARISONS.length ? `cmp${COMPARISONS[immediate]}${fact.mnemonic.slice(3).toLowerCase()}` : undefined;

/** Opcode 90 is XCHG of the accumulator with itself, and a hint to the processor behind F3. */
const plainNop = (prefixes: Prefixes): string => {
  if (prefixes.repeat === 2) {
    prefixes.show("repeat");
    return "pause";
  }
  if (!prefixes.has("operand")) return "nop";
  prefixes.show("operand");
  return prefixes.operand32 ? "xchg eax,eax" : "xchg ax,ax";
};

/** The name of an instruction. @param opcode its last byte */
export const mnemonicText = (fact: OpcodeFact, opcode: number, prefixes: Prefixes): string => {
  const { mnemonic } = fact;
  const name = mnemonic.toLowerCase();
  const stem = CONDITIONAL[mnemonic];
  if (stem !== undefined) return stem + CONDITIONS[opcode & 15];
  const bySize = BY_OPERAND_SIZE[mnemonic];
  if (bySize !== undefined || isSizedString(fact)) {
    prefixes.show("operand");
    const wide = prefixes.operand32 ? 1 : 0;
    return bySize === undefined ? name.slice(0, -1) + "wd"[wide] : bySize[wide];
  }
  const byAddress = BY_ADDRESS_SIZE[mnemonic];
  if (byAddress !== undefined) {
    prefixes.show("address");
    return byAddress[prefixes.address32 ? 1 : 0];
  }
  if (SIZED.test(mnemonic) && !fact.operands.some(tellsSize)) {
    prefixes.show("operand");
    return prefixes.operand32 === prefixes.code32 ? name : name + (prefixes.operand32 ? "d" : "w");
  }
  if (mnemonic === "NOP" && fact.operands.length === 0) return plainNop(prefixes);
  return name;
};

/** All names of an encoding in one, for documentation: "Jcc", "MOVSW/MOVSD". */
export const documentedName = (fact: OpcodeFact): string => {
  const { mnemonic } = fact;
  const stem = CONDITIONAL[mnemonic];
  if (stem !== undefined) return `${stem.toUpperCase()}cc`;
  if (isSizedString(fact)) return `${mnemonic.slice(0, -1)}W/${mnemonic.slice(0, -1)}D`;
  const names = BY_OPERAND_SIZE[mnemonic] ?? BY_ADDRESS_SIZE[mnemonic];
  return names === undefined ? mnemonic : names.join("/").toUpperCase();
};
