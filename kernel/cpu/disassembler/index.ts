/**
 * Instruction bytes to text in Intel's syntax, as GNU objdump writes it with `-M intel`. Names, operands and sizes are those
 * of the opcode table; what stands here are rules of writing.
 */
import { MAX_LENGTH } from "../interpreter/decoder.js";
import { isByModrm, isByPrefix, mandatoryPrefix, OPCODE_MAPS, type OpcodeFact } from "../tables/table.js";
import { memoryAddress } from "./address.js";
import { Cursor } from "./cursor.js";
import { comparisonName, mnemonicText } from "./names.js";
import { type Form, operandText } from "./operands.js";
import { Prefixes } from "./prefixes.js";

export interface Disassembly {
  readonly text: string;
  /** Bytes; 1 when they are no instruction, 0 when there are none. */
  readonly length: number;
  /** Undefined when the bytes are no instruction. */
  readonly fact: OpcodeFact | undefined;
}

const isMemory = (operand: string): boolean => operand[0] === "M";
/** Moves from and to control and debug registers take any mod for 3. */
const isRegisterMove = (operand: string): boolean => operand[0] === "R";

/** Reads opcode and ModR/M byte. */
const find = (cursor: Cursor, prefixes: Prefixes): { fact: OpcodeFact | undefined; opcode: number; modrm: number } => {
  let opcode = cursor.unsigned(1);
  while (!cursor.short && prefixes.take(opcode)) opcode = cursor.unsigned(1);
  let map = OPCODE_MAPS[""];
  if (opcode === 0x0f) {
    opcode = cursor.unsigned(1);
    map = OPCODE_MAPS["0F"];
    if (opcode === 0x38 || opcode === 0x3a) {
      map = OPCODE_MAPS[opcode === 0x38 ? "0F38" : "0F3A"];
      opcode = cursor.unsigned(1);
    }
  }
  let entry = map[opcode];
  if (isByPrefix(entry)) entry = entry.prefixes[mandatoryPrefix(prefixes.has("operand"), prefixes.repeat)];
  if (entry === undefined || cursor.short) return { fact: undefined, opcode, modrm: -1 };
  if (isByModrm(entry)) {
    const modrm = cursor.unsigned(1);
    return { fact: entry[modrm], opcode, modrm };
  }
  const fact = entry as OpcodeFact;
  return { fact, opcode, modrm: fact.modrm ? cursor.unsigned(1) : -1 };
};

/** A mandatory prefix is part of the opcode. */
const showMandatory = (fact: OpcodeFact, prefixes: Prefixes): void => {
  if (fact.opcode.startsWith("66.")) prefixes.show("operand");
  if (/^f[23]\./.test(fact.opcode)) prefixes.show("repeat");
};

const textOf = (fact: OpcodeFact, form: Form): string => {
  const { prefixes } = form;
  showMandatory(fact, prefixes);
  let name = mnemonicText(fact, form.opcode, prefixes);
  const operands = fact.operands.map((operand) => operandText(operand, form));
  const comparison = comparisonName(fact, Number(operands.at(-1)));
  if (comparison !== undefined) {
    name = comparison;
    operands.pop();
  }
  const words = [...prefixes.words(fact), name].join(" ");
  return operands.length === 0 ? words : `${words} ${operands.join(",")}`;
};

/**
 * One instruction; never throws, whatever the bytes.
 * @param offset of its first byte in `bytes`
 * @param address of its first byte, for the targets of branches
 * @param mode whether the code segment is a 32-bit one
 */
export const disassemble = (bytes: Uint8Array, offset: number, address: number, mode: { readonly code32: boolean }): Disassembly => {
  const cursor = new Cursor(bytes, offset, MAX_LENGTH);
  const prefixes = new Prefixes(mode.code32);
  const bad = (): Disassembly => ({ text: "(bad)", length: Math.min(1, cursor.available), fact: undefined });
  const { fact, opcode, modrm } = find(cursor, prefixes);
  if (fact === undefined) return bad();
  const inMemory = modrm >= 0 && modrm < 0xc0 && !fact.operands.some(isRegisterMove);
  if (!inMemory && fact.operands.some(isMemory)) return bad();
  const memory = inMemory ? memoryAddress(modrm, cursor, prefixes) : undefined;
  const text = textOf(fact, { opcode, modrm, memory, prefixes, cursor, address });
  return cursor.short ? bad() : { text, length: cursor.length, fact };
};
