/**
 * Every MMX and SSE instruction that computes, from its encoding through decoder and binder, with register, memory and
 * general operands: the functions behind them have been compared with silicon, so here they say what must come out.
 */
import { describe, expect, it } from "vitest";
import { PortSpace } from "../../kernel/bus/port-space.js";
import { Cpu, cpuModel } from "../../kernel/cpu/index.js";
import { floatOperations } from "../../kernel/cpu/simd/float.js";
import { packedIntegerOperations } from "../../kernel/cpu/simd/integer.js";
import { MXCSR_DEFAULT, Mxcsr } from "../../kernel/cpu/simd/mxcsr.js";
import { MMX, MMX_EXPONENT, MMX_WORDS, X87_IN_USE, XMM, XMM_WORDS } from "../../kernel/cpu/simd/state.js";
import { makeVector, type VectorOperation } from "../../kernel/cpu/simd/vector.js";
import { CR4, EAX, FLAGS } from "../../kernel/cpu/state.js";
import { FACTS, type OpcodeFact } from "../../kernel/cpu/tables/table.js";
import { GuestMemory } from "../../kernel/memory/guest-memory.js";
import { PhysicalSpace } from "../../kernel/memory/physical.js";

const CODE = 0x1000;
const OPERAND = 0x2000;
const DESTINATION = 1;
const SOURCE = 2;
const IMMEDIATE = 0x1b;
const IN_MEMORY: Readonly<Record<string, number>> = { ps: 4, pd: 4, dq: 4, ss: 1, sd: 2, q: 2, d: 1, dw: 1 };
const PREFIX_BYTES: Readonly<Record<string, number[]>> = { np: [], "66": [0x66], f2: [0xf2], f3: [0xf3] };
/** Singles and doubles in range, so that conversions do something. */
const D_WORDS = [0x3fc0_0000, 0x4039_0000, 0xc2f7_8000, 0xc059_2345];
const S_WORDS = [0x4270_0000, 0x4021_0000, 0xbf20_0001, 0x3ff8_0001];

const memory = new GuestMemory(1 << 20);
const cpu = new Cpu(new PhysicalSpace(memory), new PortSpace(), cpuModel("core2"));
const { words } = memory;
const ram = new DataView(memory.ram.buffer, memory.ram.byteOffset);

const mxcsr = new Mxcsr(new Int32Array([MXCSR_DEFAULT]), 0);
const functions: Record<string, VectorOperation> = { ...packedIntegerOperations, ...floatOperations(mxcsr) };
const computing = FACTS.filter((fact) => (fact.unit === "mmx" || fact.unit === "sse") && functions[fact.operation] !== undefined);

const kind = (letters: string): "xmm" | "mmx" | "general" => (/^[VWU]/.test(letters) ? "xmm" : /^[PQN]/.test(letters) ? "mmx" : "general");

/** An encoding with its destination in register 1, its source in register 2 or in memory. */
const encode = (fact: OpcodeFact, inMemory: boolean): number[] => {
  const [, prefix, opcode, group] = /^(np|66|f2|f3)\.([0-9A-F]+)(?:\/(\d))?[rm]?$/.exec(fact.opcode)!;
  const opcodes = opcode.match(/../g)!.map((byte) => Number.parseInt(byte, 16));
  const shift = group !== undefined;
  const reg = shift ? Number(group) : DESTINATION;
  const operand = inMemory ? [0x05 | (reg << 3), OPERAND & 0xff, OPERAND >> 8, 0, 0] : [0xc0 | (reg << 3) | (shift ? DESTINATION : SOURCE)];
  return [...PREFIX_BYTES[prefix], ...opcodes, ...operand, ...(fact.operands.includes("Ib") ? [IMMEDIATE] : [])];
};

const setRegister = (letters: string, number: number, values: readonly number[]): void => {
  const which = kind(letters);
  if (which === "general") words[EAX + number] = values[0];
  else for (let word = 0; word < (which === "xmm" ? 4 : 2); word++) words[(which === "xmm" ? XMM + number * XMM_WORDS : MMX + number * MMX_WORDS) + word] = values[word];
};
const getRegister = (letters: string, number: number): number[] => {
  const which = kind(letters);
  if (which === "general") return [words[EAX + number]];
  const at = which === "xmm" ? XMM + number * XMM_WORDS : MMX + number * MMX_WORDS;
  return [...words.subarray(at, at + (which === "xmm" ? 4 : 2))];
};

/** Runs one instruction and an HLT. */
const execute = (code: readonly number[], prepare: () => void): void => {
  cpu.reset();
  cpu.startFlat32({ eip: CODE, esp: 0x8000, gdt: { base: 0, limit: 0 }, codeSelector: 8, dataSelector: 16 });
  words[CR4] = 0x600;
  memory.ram.fill(0x90, CODE, CODE + 32);
  memory.ram.set([...code, 0xf4], CODE);
  prepare();
  cpu.run(10);
  expect(cpu.registers.eip).toBe(CODE + code.length + 1);
};

const check = (fact: OpcodeFact, inMemory: boolean, sameRegister = false): void => {
  const [to, from] = fact.operands;
  const code = encode(fact, inMemory);
  const source = sameRegister ? D_WORDS : S_WORDS;
  execute(code, () => {
    setRegister(to, DESTINATION, D_WORDS);
    if (!from.startsWith("I")) setRegister(from, SOURCE, source);
    for (let word = 0; word < 4; word++) ram.setInt32(OPERAND + 4 * word, source[word], true);
    if (sameRegister) memory.ram[CODE + code.length - 1 - (fact.operands.includes("Ib") ? 1 : 0)] = 0xc0 | (DESTINATION << 3) | DESTINATION;
  });
  const d = makeVector();
  const s = makeVector();
  const width = kind(to) === "mmx" || kind(from) === "mmx" ? (kind(to) === "xmm" ? 16 : 8) : 16;
  const sourceWords = inMemory ? IN_MEMORY[from.slice(1)] : kind(from) === "xmm" ? 4 : kind(from) === "mmx" ? 2 : 1;
  d.i32.set(D_WORDS.slice(0, kind(to) === "mmx" ? 2 : 4));
  if (!from.startsWith("I")) s.i32.set(source.slice(0, sourceWords));
  if (from === "Edw") s.i32[0] &= 0xffff;
  mxcsr.raised = 0;
  functions[fact.operation](d, s, width, fact.operands.includes("Ib") ? IMMEDIATE : 0);
  const compares = /^U?COMI/.test(fact.operation);
  if (compares) {
    cpu.save();
    expect(words[FLAGS] & 0x8d5).toBe(d.i32[0] & 0x45);
    expect(getRegister(to, DESTINATION)).toEqual(D_WORDS.map((word) => word | 0));
  } else {
    const expected = [...d.i32].slice(0, getRegister(to, DESTINATION).length);
    expect(getRegister(to, DESTINATION)).toEqual(expected);
  }
  if (kind(to) === "mmx") expect(words[MMX_EXPONENT + DESTINATION * MMX_WORDS]).toBe(0xffff);
  const touchesX87 = fact.operands.some((letters) => kind(letters) === "mmx") && !(inMemory && from.startsWith("Q") && kind(to) === "xmm");
  expect(words[X87_IN_USE]).toBe(touchesX87 ? 0xff : 0);
};

describe("through the processor", () => {
  const groups = new Map<string, OpcodeFact[]>();
  for (const fact of computing) groups.set(fact.operation, [...(groups.get(fact.operation) ?? []), fact]);
  it.each([...groups])("%s", (_name, facts) => {
    for (const fact of facts) {
      const [, from] = fact.operands;
      check(fact, false);
      if (/^[WQE]/.test(from)) check(fact, true);
      if (kind(fact.operands[0]) === kind(from) && !from.startsWith("I")) check(fact, false, true);
    }
  });
  it("which is what the table has but for moves and control", () => {
    const rest = FACTS.filter((fact) => (fact.unit === "mmx" || fact.unit === "sse") && !computing.includes(fact)).map((fact) => fact.mnemonic);
    expect([...new Set(rest)].every((name) => /^(V?MOV|LDDQU|MASKMOV|EMMS|FX|LDMXCSR|STMXCSR|[LMS]FENCE|PREFETCH|CLFLUSH)/.test(name))).toBe(true);
  });
});

/** Moves: encoding with operands as above, and what becomes of destination register or memory; a string names a word of D or S, 0 is zero. */
const MOVES: [name: string, code: number[], to: string, expected: string][] = [
  ["MOVUPS r", [0x0f, 0x10, 0xca], "V", "s0 s1 s2 s3"],
  ["MOVUPS m", [0x0f, 0x10, 0x0d], "V", "s0 s1 s2 s3"],
  ["MOVUPS store r", [0x0f, 0x11, 0xd1], "V", "s0 s1 s2 s3"],
  ["MOVUPD store m", [0x66, 0x0f, 0x11, 0x0d], "M", "d0 d1 d2 d3"],
  ["MOVAPS r", [0x0f, 0x28, 0xca], "V", "s0 s1 s2 s3"],
  ["MOVAPD store m", [0x66, 0x0f, 0x29, 0x0d], "M", "d0 d1 d2 d3"],
  ["MOVSS r", [0xf3, 0x0f, 0x10, 0xca], "V", "s0 d1 d2 d3"],
  ["MOVSS m", [0xf3, 0x0f, 0x10, 0x0d], "V", "s0 0 0 0"],
  ["MOVSS store r", [0xf3, 0x0f, 0x11, 0xd1], "V", "s0 d1 d2 d3"],
  ["MOVSS store m", [0xf3, 0x0f, 0x11, 0x0d], "M", "d0 s1 s2 s3"],
  ["MOVSD r", [0xf2, 0x0f, 0x10, 0xca], "V", "s0 s1 d2 d3"],
  ["MOVSD m", [0xf2, 0x0f, 0x10, 0x0d], "V", "s0 s1 0 0"],
  ["MOVSD store r", [0xf2, 0x0f, 0x11, 0xd1], "V", "s0 s1 d2 d3"],
  ["MOVSD store m", [0xf2, 0x0f, 0x11, 0x0d], "M", "d0 d1 s2 s3"],
  ["MOVHLPS", [0x0f, 0x12, 0xca], "V", "s2 s3 d2 d3"],
  ["MOVLPS", [0x0f, 0x12, 0x0d], "V", "s0 s1 d2 d3"],
  ["MOVLPD store", [0x66, 0x0f, 0x13, 0x0d], "M", "d0 d1 s2 s3"],
  ["MOVLHPS", [0x0f, 0x16, 0xca], "V", "d0 d1 s0 s1"],
  ["MOVHPD", [0x66, 0x0f, 0x16, 0x0d], "V", "d0 d1 s0 s1"],
  ["MOVHPS store", [0x0f, 0x17, 0x0d], "M", "d2 d3 s2 s3"],
  ["MOVNTPS", [0x0f, 0x2b, 0x0d], "M", "d0 d1 d2 d3"],
  ["MOVNTPD", [0x66, 0x0f, 0x2b, 0x0d], "M", "d0 d1 d2 d3"],
  ["MOVNTDQ", [0x66, 0x0f, 0xe7, 0x0d], "M", "d0 d1 d2 d3"],
  ["MOVNTQ", [0x0f, 0xe7, 0x0d], "M", "p0 p1 s2 s3"],
  ["MOVNTI", [0x0f, 0xc3, 0x0d], "M", "g0 s1 s2 s3"],
  ["MOVD mm, r32", [0x0f, 0x6e, 0xca], "P", "h0 0"],
  ["MOVD mm, m32", [0x0f, 0x6e, 0x0d], "P", "s0 0"],
  ["MOVD xmm, r32", [0x66, 0x0f, 0x6e, 0xca], "V", "h0 0 0 0"],
  ["MOVD xmm, m32", [0x66, 0x0f, 0x6e, 0x0d], "V", "s0 0 0 0"],
  ["MOVD r32, mm", [0x0f, 0x7e, 0xd1], "G", "q0"],
  ["MOVD r32, xmm", [0x66, 0x0f, 0x7e, 0xd1], "G", "s0"],
  ["MOVD m32, mm", [0x0f, 0x7e, 0x0d], "M", "p0 s1 s2 s3"],
  ["MOVD m32, xmm", [0x66, 0x0f, 0x7e, 0x0d], "M", "d0 s1 s2 s3"],
  ["MOVQ mm, mm", [0x0f, 0x6f, 0xca], "P", "q0 q1"],
  ["MOVQ mm, m64", [0x0f, 0x6f, 0x0d], "P", "s0 s1"],
  ["MOVQ mm, mm store", [0x0f, 0x7f, 0xd1], "P", "q0 q1"],
  ["MOVQ m64, mm", [0x0f, 0x7f, 0x0d], "M", "p0 p1 s2 s3"],
  ["MOVQ xmm, xmm", [0xf3, 0x0f, 0x7e, 0xca], "V", "s0 s1 0 0"],
  ["MOVQ xmm, m64", [0xf3, 0x0f, 0x7e, 0x0d], "V", "s0 s1 0 0"],
  ["MOVQ xmm, xmm store", [0x66, 0x0f, 0xd6, 0xd1], "V", "s0 s1 0 0"],
  ["MOVQ m64, xmm", [0x66, 0x0f, 0xd6, 0x0d], "M", "d0 d1 s2 s3"],
  ["MOVDQA m", [0x66, 0x0f, 0x6f, 0x0d], "V", "s0 s1 s2 s3"],
  ["MOVDQU r", [0xf3, 0x0f, 0x6f, 0xca], "V", "s0 s1 s2 s3"],
  ["MOVDQA store r", [0x66, 0x0f, 0x7f, 0xd1], "V", "s0 s1 s2 s3"],
  ["MOVDQU store m", [0xf3, 0x0f, 0x7f, 0x0d], "M", "d0 d1 d2 d3"],
  ["LDDQU", [0xf2, 0x0f, 0xf0, 0x0d], "V", "s0 s1 s2 s3"],
  ["MOVQ2DQ", [0xf3, 0x0f, 0xd6, 0xca], "V", "q0 q1 0 0"],
  ["MOVDQ2Q", [0xf2, 0x0f, 0xd6, 0xca], "P", "s0 s1"],
];

it.each(MOVES)("%s", (_name, code, to, expected) => {
  const values: Record<string, readonly number[]> = { d: D_WORDS, s: S_WORDS, p: [11, 12], q: [21, 22], g: [31], h: [41] };
  const inMemory = (code.at(-1)! & 0xc0) === 0;
  execute(inMemory ? [...code, OPERAND & 0xff, OPERAND >> 8, 0, 0] : code, () => {
    setRegister("V", DESTINATION, D_WORDS);
    setRegister("V", SOURCE, S_WORDS);
    setRegister("P", DESTINATION, values["p"]);
    setRegister("P", SOURCE, values["q"]);
    setRegister("G", DESTINATION, values["g"]);
    setRegister("G", SOURCE, values["h"]);
    for (let word = 0; word < 4; word++) ram.setInt32(OPERAND + 4 * word, S_WORDS[word], true);
  });
  const found = to === "M" ? [0, 1, 2, 3].map((word) => ram.getInt32(OPERAND + 4 * word, true)) : getRegister(to, DESTINATION);
  expect(found).toEqual(expected.split(" ").map((name) => (name === "0" ? 0 : values[name[0]][Number(name[1])] | 0)));
});
