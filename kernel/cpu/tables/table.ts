/** The opcode table in the form that the decoder indexes. */
import { OPCODES } from "./opcodes.js";

export interface OpcodeFact {
  readonly opcode: string;
  readonly mnemonic: string;
  /** Operand letters of the opcode map. */
  readonly operands: readonly string[];
  /** Control may leave the straight line, or the decoding mode may change. */
  readonly ends: boolean;
  readonly lockable: boolean;
  readonly repeats: boolean;
  readonly modrm: boolean;
}

/** An entry is a fact, eight facts selected by ModR/M reg, or nothing (#UD). */
export type OpcodeEntry = OpcodeFact | readonly (OpcodeFact | undefined)[] | undefined;

const NEEDS_MODRM = /^[EGMSCDR]/;

const parse = (): { one: OpcodeEntry[]; two: OpcodeEntry[]; facts: OpcodeFact[] } => {
  const one: OpcodeEntry[] = new Array(256).fill(undefined);
  const two: OpcodeEntry[] = new Array(256).fill(undefined);
  const facts: OpcodeFact[] = [];
  for (const line of OPCODES.trim().split("\n")) {
    const [left, right = ""] = line.split(";").map((part) => part.trim());
    const [code, mnemonic, ...operands] = left.split(/\s+/);
    const marks = right.split(/\s+/);
    const group = code.includes("/") ? Number(code.split("/")[1]) : -1;
    const bytes = code.replace(/[/+].*/, "");
    const fact: OpcodeFact = {
      opcode: code,
      mnemonic,
      operands,
      ends: marks.includes("end"),
      lockable: marks.includes("lock"),
      repeats: marks.includes("rep"),
      modrm: group >= 0 || operands.some((operand) => NEEDS_MODRM.test(operand) && !["CS", "ES", "SS", "DS", "GS", "CL", "DX"].includes(operand)),
    };
    facts.push(fact);
    const table = bytes.length === 4 ? two : one;
    const first = Number.parseInt(bytes.slice(-2), 16);
    for (let index = first; index < first + (code.endsWith("+") ? 8 : 1); index++) {
      if (group < 0) table[index] = fact;
      else ((table[index] ??= new Array(8).fill(undefined)) as (OpcodeFact | undefined)[])[group] = fact;
    }
  }
  return { one, two, facts };
};

const tables = parse();
/** One-byte opcodes. */
export const ONE_BYTE: readonly OpcodeEntry[] = tables.one;
/** Opcodes behind 0Fh. */
export const TWO_BYTE: readonly OpcodeEntry[] = tables.two;
export const FACTS: readonly OpcodeFact[] = tables.facts;
