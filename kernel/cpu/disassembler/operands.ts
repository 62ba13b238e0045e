/** Operands of the opcode table (its letters are explained in `tables/integer.ts`) as text. */
import { FIXED_OPERANDS } from "../tables/table.js";
import { absolute } from "./address.js";
import type { Cursor } from "./cursor.js";
import type { Prefixes } from "./prefixes.js";
import { hex, REGISTERS8, REGISTERS16, REGISTERS32, SEGMENTS } from "./text.js";

/** An instruction whose ModR/M byte and memory operand have been read. */
export interface Form {
  /** The last byte of the opcode. */
  readonly opcode: number;
  /** The ModR/M byte; -1 without. */
  readonly modrm: number;
  /** The memory operand without its size, undefined when there is none. */
  readonly memory: string | undefined;
  readonly prefixes: Prefixes;
  readonly cursor: Cursor;
  /** Address of the first byte. */
  readonly address: number;
}

/** Sizes of memory operands; those that depend on the operand size by the size: 16, 32. A suffix that is not here is not written. */
const MEMORY_SIZES: Readonly<Record<string, string | readonly [string, string]>> = {
  b: "BYTE",
  w: "WORD",
  vw: "WORD",
  dw: "WORD",
  v: ["WORD", "DWORD"],
  a: ["DWORD", "QWORD"],
  p: ["DWORD", "FWORD"],
  d: "DWORD",
  ss: "DWORD",
  q: "QWORD",
  sd: "QWORD",
  t: "TBYTE",
  ps: "XMMWORD",
  pd: "XMMWORD",
  dq: "XMMWORD",
};

const operandSize = (prefixes: Prefixes): 2 | 4 => {
  prefixes.show("operand");
  return prefixes.operand32 ? 4 : 2;
};

const memoryText = (memory: string, suffix: string, prefixes: Prefixes): string => {
  const size = MEMORY_SIZES[suffix];
  if (size === undefined) return memory;
  return `${typeof size === "string" ? size : size[operandSize(prefixes) === 4 ? 1 : 0]} PTR ${memory}`;
};

/** @param suffix of which the first letter tells the size of a register */
const generalRegister = (number: number, suffix: string, prefixes: Prefixes): string => {
  if (suffix[0] === "b") return REGISTERS8[number];
  if (suffix[0] === "w") return REGISTERS16[number];
  return (suffix[0] === "d" || operandSize(prefixes) === 4 ? REGISTERS32 : REGISTERS16)[number];
};

/** Where a branch goes. IP is 16 bits wide with 16-bit operands; in 16-bit code the address may be linear, so its upper half stays. */
const target = (form: Form, displacement: number): string => {
  const { prefixes, address, cursor } = form;
  const next = address + cursor.length;
  if (prefixes.operand32) return hex(next + displacement);
  const upper = prefixes.code32 ? 0 : next & 0xffff_0000;
  return hex(((next + displacement) & 0xffff) | upper);
};

const fixed = (operand: string, { opcode, modrm, prefixes }: Form): string => {
  if (operand === "Si") return `st(${(modrm < 0 ? opcode : modrm) & 7})`;
  if (operand === "eAX") return generalRegister(0, "v", prefixes);
  return operand.toLowerCase();
};

/** The text of one operand; immediates are read in the order in which they are asked for. */
export const operandText = (operand: string, form: Form): string => {
  if (FIXED_OPERANDS.has(operand)) return fixed(operand, form);
  const { opcode, modrm, memory, prefixes, cursor } = form;
  const suffix = operand.slice(1);
  const reg = (modrm >> 3) & 7;
  const rm = modrm & 7;
  switch (operand[0]) {
    case "E":
      return memory === undefined ? generalRegister(rm, suffix, prefixes) : memoryText(memory, suffix, prefixes);
    case "M":
      return memoryText(memory ?? "", suffix, prefixes);
    case "Q":
    case "N":
      return memory === undefined ? `mm${rm}` : memoryText(memory, suffix, prefixes);
    case "W":
    case "U":
      return memory === undefined ? `xmm${rm}` : memoryText(memory, suffix, prefixes);
    case "G":
      return generalRegister(reg, suffix, prefixes);
    case "R":
      return generalRegister(rm, suffix, prefixes);
    case "Z":
      return generalRegister(opcode & 7, suffix, prefixes);
    case "P":
      return `mm${reg}`;
    case "V":
      return `xmm${reg}`;
    case "S":
      return SEGMENTS[reg];
    case "C":
      return `cr${reg}`;
    case "D":
      return `dr${reg}`;
    case "I":
      if (suffix === "b") return hex(cursor.unsigned(1));
      if (suffix === "w") return hex(cursor.unsigned(2));
      if (suffix === "z") return hex(cursor.unsigned(operandSize(prefixes)));
      return hex(cursor.signed(1) & (operandSize(prefixes) === 4 ? -1 : 0xffff));
    case "J":
      return target(form, cursor.signed(suffix === "b" ? 1 : operandSize(prefixes)));
    case "O":
      return absolute(cursor.unsigned(prefixes.address32 ? 4 : 2), prefixes);
    case "A": {
      const offset = cursor.unsigned(operandSize(prefixes));
      return `${hex(cursor.unsigned(2))}:${hex(offset)}`;
    }
  }
  return operand;
};
