/** Encodings of the lifted instructions in all their forms, with random operands. */
import { dataAddress, dword, memoryOperand, operand, put, type Random, registerOperand } from "./lockstep.testing.js";

export type Encode = (next: Random) => number[];
type Operand = (next: Random, reg: number) => number[];

const WIDE: readonly number[] = [];
const NARROW: readonly number[] = [0x66];
/** With an operand of every kind: in a register, in memory. */
const OPERANDS: readonly (readonly [string, Operand])[] = [
  ["register", registerOperand],
  ["memory", memoryOperand],
];
const SIZES: readonly (readonly [name: string, prefix: readonly number[], bit: number])[] = [
  ["8", WIDE, 0],
  ["16", NARROW, 1],
  ["32", WIDE, 1],
];

const all = new Map<string, Map<string, Encode>>();
const group = (name: string): Map<string, Encode> => {
  const made = new Map<string, Encode>();
  all.set(name, made);
  return made;
};

const strings = group("string instructions");
for (const [index, name] of ["MOVS", "CMPS", "STOS", "LODS", "SCAS"].entries()) {
  for (const [size, prefix, bit] of SIZES) {
    const opcode = [0xa4, 0xa6, 0xaa, 0xac, 0xae][index] | bit;
    strings.set(`${name} ${size}`, (next) => [...put(6, dataAddress(next)), ...put(7, dataAddress(next)), next(3) === 0 ? 0xfd : 0xfc, ...prefix, opcode]);
  }
}

const arithmetic = group("arithmetic");
for (const [index, name] of ["ADD", "OR", "ADC", "SBB", "AND", "SUB", "XOR"].entries()) {
  for (const [size, prefix, bit] of SIZES) {
    const base = index << 3;
    for (const [where, form] of OPERANDS) {
      arithmetic.set(`${name} ${size} E,G ${where}`, (next) => [...prefix, base | bit, ...form(next, next(8))]);
      arithmetic.set(`${name} ${size} G,E ${where}`, (next) => [...prefix, base | bit | 2, ...form(next, next(8))]);
      arithmetic.set(`${name} ${size} E,I ${where}`, (next) => [...prefix, 0x80 | (bit === 0 ? 0 : 3), ...form(next, base >> 3), next(256)]);
    }
    arithmetic.set(`${name} ${size} accumulator`, (next) => [...prefix, base | bit | 4, ...dword(next(0x1_0000) * 0x1_0001).slice(0, bit === 0 ? 1 : prefix === NARROW ? 2 : 4)]);
  }
}
for (const [name, opcode, reg] of [
  ["INC", 0xfe, 0],
  ["DEC", 0xfe, 1],
  ["NOT", 0xf6, 2],
  ["NEG", 0xf6, 3],
] as const) {
  for (const [size, prefix, bit] of SIZES)
    for (const [where, form] of OPERANDS) arithmetic.set(`${name} ${size} ${where}`, (next) => [...prefix, opcode | bit, ...form(next, reg)]);
}
arithmetic.set("INC 16 short", (next) => [0x66, 0x40 | next(8)]);
arithmetic.set("DEC 16 short", (next) => [0x66, 0x48 | next(8)]);

const shifts = group("shifts and rotations");
for (const [reg, name] of ["ROL", "ROR", "RCL", "RCR", "SHL", "SHR", "SHL again", "SAR"].entries()) {
  for (const [size, prefix, bit] of SIZES) {
    for (const [where, form] of OPERANDS) {
      shifts.set(`${name} ${size} ${where}, constant`, (next) => [...prefix, 0xc0 | bit, ...form(next, reg), next(40)]);
      shifts.set(`${name} ${size} ${where}, 1`, (next) => [...prefix, 0xd0 | bit, ...form(next, reg)]);
      shifts.set(`${name} ${size} ${where}, CL`, (next) => [...prefix, 0xd2 | bit, ...form(next, reg)]);
    }
  }
}
for (const [name, opcode] of [
  ["SHLD", 0xa4],
  ["SHRD", 0xac],
] as const) {
  for (const [size, prefix] of SIZES.slice(1)) {
    for (const [where, form] of OPERANDS) {
      shifts.set(`${name} ${size} ${where}, constant`, (next) => [...prefix, 0x0f, opcode, ...form(next, next(8)), next(40)]);
      shifts.set(`${name} ${size} ${where}, CL`, (next) => [...prefix, 0x0f, opcode | 1, ...form(next, next(8))]);
    }
  }
}

const products = group("multiplication and division");
for (const [reg, name] of [
  [4, "MUL"],
  [5, "IMUL"],
  [6, "DIV"],
  [7, "IDIV"],
] as const) {
  for (const [size, prefix, bit] of SIZES) {
    for (const [where, form] of OPERANDS) {
      // the upper half of a dividend is mostly small, or the sign of the lower one
      const dividend = (next: Random): number[] => (reg < 6 || next(6) === 0 ? [] : next(2) === 0 ? put(2, next(3)) : [0x99, ...(next(2) === 0 ? [0xb4, next(3)] : [0x66, 0x98])]);
      products.set(`${name} ${size} ${where}`, (next) => [...dividend(next), ...prefix, 0xf6 | bit, ...form(next, reg)]);
    }
  }
}
for (const [size, prefix] of SIZES.slice(1)) {
  for (const [where, form] of OPERANDS) {
    products.set(`IMUL ${size} G,E ${where}`, (next) => [...prefix, 0x0f, 0xaf, ...form(next, next(8))]);
    products.set(`IMUL ${size} G,E,I ${where}`, (next) => [...prefix, 0x6b, ...form(next, next(8)), next(256)]);
  }
}

const bits = group("bits");
for (const [index, name] of ["BT", "BTS", "BTR", "BTC"].entries()) {
  for (const [size, prefix] of SIZES.slice(1)) {
    for (const [where, form] of OPERANDS) {
      bits.set(`${name} ${size} ${where}, constant`, (next) => [...prefix, 0x0f, 0xba, ...form(next, 4 + index), next(256)]);
      // an offset in a register reaches beyond memory: one that is near
      bits.set(`${name} ${size} ${where}, register`, (next) => [...put(2, next(4000) - 2000), ...prefix, 0x0f, 0xa3 | (index << 3), ...form(next, 2)]);
    }
  }
}
for (const [name, opcode] of [
  ["BSF", 0xbc],
  ["BSR", 0xbd],
] as const) {
  for (const [size, prefix] of SIZES.slice(1))
    for (const [where, form] of OPERANDS) bits.set(`${name} ${size} ${where}`, (next) => [...prefix, 0x0f, opcode, ...form(next, next(8))]);
}
bits.set("BSWAP 32", (next) => [0x0f, 0xc8 | next(8)]);
bits.set("BSWAP 16", (next) => [0x66, 0x0f, 0xc8 | next(8)]);

const exchanges = group("exchanges and moves");
for (const [name, opcode] of [
  ["XADD", [0x0f, 0xc0]],
  ["CMPXCHG", [0x0f, 0xb0]],
  ["XCHG", [0x86]],
] as const) {
  for (const [size, prefix, bit] of SIZES) {
    for (const [where, form] of OPERANDS) {
      exchanges.set(`${name} ${size} ${where}`, (next) => [...prefix, ...opcode.slice(0, -1), opcode[opcode.length - 1] | bit, ...form(next, next(8))]);
    }
  }
}
/** Loads the accumulator from the operand first, so that the comparison holds. */
exchanges.set("CMPXCHG 32 equal", (next) => {
  const [modrm, ...address] = memoryOperand(next, 0);
  return [0x8b, modrm, ...address, 0x0f, 0xb1, modrm | (next(8) << 3), ...address];
});
exchanges.set("CMPXCHG8B", (next) => [0x0f, 0xc7, ...memoryOperand(next, 1)]);
exchanges.set("CMPXCHG8B equal", (next) => {
  const at = dataAddress(next);
  return [0xa1, ...dword(at), 0x8b, 0x15, ...dword(at + 4), 0x0f, 0xc7, 0x0d, ...dword(at)];
});
exchanges.set("XCHG 16 short", (next) => [0x66, 0x90 | next(8)]);
for (const [where, form] of OPERANDS) {
  exchanges.set(`CMOV 16 ${where}`, (next) => [0x66, 0x0f, 0x40 | next(16), ...form(next, next(8))]);
  exchanges.set(`CMOV 32 ${where}`, (next) => [0x0f, 0x40 | next(16), ...form(next, next(8))]);
  exchanges.set(`SETCC ${where}`, (next) => [0x0f, 0x90 | next(16), ...form(next, 0)]);
  exchanges.set(`MOV from segment 32 ${where}`, (next) => [0x8c, ...form(next, next(6))]);
  exchanges.set(`MOV from segment 16 ${where}`, (next) => [0x66, 0x8c, ...form(next, next(6))]);
}
exchanges.set("LEA 16", (next) => [0x66, 0x8d, 0x44 | (next(8) << 3), (next(4) << 6) | (next(8) << 3) | next(8), next(256)]);
exchanges.set("XLAT", (next) => [...put(3, dataAddress(next)), 0xd7]);
for (const [name, code] of [
  ["CBW", [0x66, 0x98]],
  ["CWDE", [0x98]],
  ["CWD", [0x66, 0x99]],
  ["CDQ", [0x99]],
  ["SALC", [0xd6]],
  ["LFENCE", [0x0f, 0xae, 0xe8]],
  ["MFENCE", [0x0f, 0xae, 0xf0]],
  ["SFENCE", [0x0f, 0xae, 0xf8]],
] as const) {
  exchanges.set(name, () => [...code]);
}
exchanges.set("PREFETCH", (next) => [0x0f, 0x18, ...memoryOperand(next, next(4))]);

const flags = group("flags");
for (const [name, opcode] of [
  ["CLC", 0xf8],
  ["STC", 0xf9],
  ["CMC", 0xf5],
  ["SAHF", 0x9e],
  ["LAHF", 0x9f],
] as const) {
  flags.set(name, () => [opcode]);
}

const stack = group("the stack");
/** A stack pointer in the data, and an instruction. */
const onStack =
  (...code: readonly number[]): Encode =>
  (next) => [...put(4, dataAddress(next) + 0x20), ...code];
for (const [size, prefix] of SIZES.slice(1)) {
  stack.set(`PUSHA ${size}`, onStack(...prefix, 0x60));
  stack.set(`POPA ${size}`, onStack(...prefix, 0x61));
  stack.set(`PUSHF ${size}`, onStack(...prefix, 0x9c));
  stack.set(`ENTER ${size}`, (next) => [...onStack(...prefix, 0xc8, next(256), 0, 0)(next)]);
  stack.set(`POP.E ${size} memory`, (next) => [...onStack(...prefix, 0x8f, ...memoryOperand(next, 0))(next)]);
  stack.set(`POP.E ${size} by ESP`, (next) => [...onStack(...prefix, 0x8f, 0x44, 0x24, next(64))(next)]);
  stack.set(`POP.E ${size} register`, (next) => [...onStack(...prefix, 0x8f, 0xc0 | next(8))(next)]);
  for (const [name, code] of [
    ["ES", [0x06]],
    ["CS", [0x0e]],
    ["SS", [0x16]],
    ["DS", [0x1e]],
    ["FS", [0x0f, 0xa0]],
    ["GS", [0x0f, 0xa8]],
  ] as const) {
    stack.set(`PUSH ${name} ${size}`, onStack(...prefix, ...code));
  }
}
stack.set("PUSH 16", (next) => [...onStack(0x66, 0x50 | next(8))(next)]);
stack.set("POP 16", (next) => [...onStack(0x66, 0x58 | next(8))(next)]);
stack.set("PUSH.I 16", (next) => [...onStack(0x66, 0x68, next(256), next(256))(next)]);
stack.set("PUSH.E 16", (next) => [...onStack(0x66, 0xff, ...operand(next, 6))(next)]);

/** By group and name. */
export const INSTRUCTIONS: ReadonlyMap<string, ReadonlyMap<string, Encode>> = all;

/** What leaves lazy flags of every kind, known and unknown, and what looks at them. */
export const FLAG_MAKERS: readonly Encode[] = [
  (next) => [0x01, ...registerOperand(next, next(8))],
  (next) => [0x11, ...registerOperand(next, next(8))],
  (next) => [0x29, ...registerOperand(next, next(8))],
  (next) => [0x19, ...registerOperand(next, next(8))],
  (next) => [0x21, ...registerOperand(next, next(8))],
  (next) => [0x40 | next(8)],
  (next) => [0x48 | next(8)],
  (next) => [0xc1, ...registerOperand(next, 4), next(32)],
  (next) => [0xd3, ...registerOperand(next, 5)],
  () => [0x9e],
  // PUSH and POPF: arithmetic flags and DF
  (next) => [0x68, ...dword(((next(0x10000) & 0xcd5) | 2) >>> 0), 0x9d],
  // a branch over an INC
  (next) => [0x70 | next(16), 1, 0x40 | next(8)],
  (next) => [0x0f, 0x90 | next(16), ...registerOperand(next, 0)],
];
