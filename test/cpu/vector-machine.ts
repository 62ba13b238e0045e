/**
 * Runs captured vectors: a process as Linux would have it, in ring 3 with PAE paging, whose every end is an exception
 * that a handler of one HLT receives.
 */
import { PortSpace } from "../../kernel/bus/port-space.js";
import { Cpu } from "../../kernel/cpu/index.js";
import * as S from "../../kernel/cpu/state.js";
import { GuestMemory } from "../../kernel/memory/guest-memory.js";
import { PhysicalSpace } from "../../kernel/memory/physical.js";
import type { Vector, VectorFile } from "./vectors.js";

const DATA = 0x2000_0000;
const DATA_BYTES = 0x1_0000;
const READ_ONLY_PAGE = 8;
const CODE = 0x2100_0000;
const CODE_BYTES = 0x2000;
const WINDOW = 512;
const WINDOWS = [
  [0xf00, 0x1000],
  [0x7f00, 0x8000],
  [0, 0xff00],
];
const SYSTEM = 0xc000_0000;
/** Physical places. */
const PDPT = 0x1000;
const DIRECTORIES = [0x2000, 0x3000];
const TABLES = [0x4000, 0x5000, 0x6000];
const SYSTEM_AT = 0x1_0000;
const DATA_AT = 0x2_0000;
const CODE_AT = 0x4_0000;
/** In the system area. */
const GDT = 0;
const IDT = 0x800;
const LDT = 0x1000;
const TSS = 0x2000;
const STACK = 0x3ff0;
const HANDLERS = 0x4000;
const SYSTEM_BYTES = 0x5000;

const HAS_ERROR = new Set([8, 10, 11, 12, 13, 14, 17]);
/** Ends after an instruction rather than before it: single step, INT3, INTO. */
const TRAPS = new Set([1, 3, 4]);
const GENERAL_FLAGS = 0x4cd5;
const EDGES = [0, 1, 0xffff_ffff, 0x8000_0000, 0x7fff_ffff, 0x80, 0x7f, 0xff, 0x8000, 0x7fff, 0xffff];
const NAMES = ["EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"];
const SEGMENTS = ["ES", "CS", "SS", "DS", "FS", "GS"];

const hex = (value: number): string => (value >>> 0).toString(16);

/** xorshift32, as the generator uses it. */
const random = (seed: number): (() => number) => {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
};

export type Way = "stepped" | "block";

export class VectorMachine {
  readonly cpu: Cpu;
  readonly #memory: GuestMemory;
  readonly #words: Int32Array;
  readonly #start: Record<string, number | Uint8Array>;
  readonly #data: Buffer;
  readonly #nothing = Buffer.alloc(DATA_BYTES);
  readonly #code: Uint8Array;
  readonly #file: VectorFile;
  readonly #expected = new Uint8Array(WINDOW);

  constructor(file: VectorFile) {
    this.#file = file;
    this.#memory = new GuestMemory(1 << 20);
    this.cpu = new Cpu(new PhysicalSpace(this.#memory), new PortSpace());
    const { ram } = this.#memory;
    this.#data = Buffer.from(ram.buffer, ram.byteOffset + DATA_AT, DATA_BYTES);
    this.#code = ram.subarray(CODE_AT, CODE_AT + CODE_BYTES).fill(0xcc);
    this.#words = this.#memory.words;
    this.#pageTables();
    this.#systemTables();
    this.#start = this.cpu.save();
  }

  #put32(physical: number, ...values: number[]): void {
    values.forEach((value, index) => {
      this.#memory.words[(this.#memory.ram.byteOffset + physical) / 4 + index] = value;
    });
  }

  #pageTables(): void {
    const NX = 0x8000_0000;
    this.#put32(PDPT, DIRECTORIES[0] | 1, 0, 0, 0, 0, 0, DIRECTORIES[1] | 1, 0);
    this.#put32(DIRECTORIES[0] + (DATA >>> 21) * 8, TABLES[0] | 7);
    this.#put32(DIRECTORIES[0] + (CODE >>> 21) * 8, TABLES[1] | 7);
    this.#put32(DIRECTORIES[1], TABLES[2] | 3);
    for (let page = 0; page < DATA_BYTES >> 12; page++) this.#put32(TABLES[0] + page * 8, (DATA_AT + page * 4096) | (page === READ_ONLY_PAGE ? 5 : 7), NX);
    for (let page = 0; page < CODE_BYTES >> 12; page++) this.#put32(TABLES[1] + page * 8, (CODE_AT + page * 4096) | 7);
    for (let page = 0; page < SYSTEM_BYTES >> 12; page++) this.#put32(TABLES[2] + page * 8, (SYSTEM_AT + page * 4096) | 3);
  }

  #systemTables(): void {
    const at = SYSTEM_AT;
    // the flat segments have the selectors that Linux gives them
    const gdt: [number, number, number][] = [
      [0x10, 0x0000_ffff, 0x00cf_9b00],
      [0x18, 0x0000_ffff, 0x00cf_9300],
      [0x20, 0x0000_ffff, 0x00cf_fb00],
      [0x28, 0x0000_ffff, 0x00cf_f300],
    ];
    for (const [selector, low, high] of gdt) this.#put32(at + GDT + selector, low, high);
    for (let vector = 0; vector < 32; vector++) {
      const to = SYSTEM + HANDLERS + vector;
      const privilege = vector === 3 || vector === 4 ? 0xee00 : 0x8e00;
      this.#put32(at + IDT + vector * 8, 0x0010_0000 | (to & 0xffff), (to & 0xffff_0000) | privilege);
    }
    this.#file.descriptors.forEach((word, index) => {
      this.#put32(at + LDT + index * 4, word);
    });
    this.#put32(at + TSS + 4, SYSTEM + STACK, 0x18);
    // no port is allowed: the map begins beyond the limit
    this.#put32(at + TSS + 0x64, 0x68_0000);
    this.#memory.ram.fill(0xf4, at + HANDLERS, at + HANDLERS + 0x100);

    const w = this.#words;
    w[S.CR0] = (0x8005_0033 & ~S.CR0_AM) | 0;
    w[S.CR3] = PDPT;
    w[S.CR4] = S.CR4_PAE | S.CR4_DE;
    w[S.EFER] = 0x800;
    w[S.GDTR_BASE] = SYSTEM + GDT;
    w[S.GDTR_LIMIT] = 127;
    w[S.IDTR_BASE] = SYSTEM + IDT;
    w[S.IDTR_LIMIT] = 32 * 8 - 1;
    const system = (register: number, selector: number, base: number, limit: number, attributes: number): void => {
      w[S.SEL + register] = selector;
      w[S.BASE + register] = base;
      w[S.LIMIT + register] = limit;
      w[S.ATTR + register] = attributes;
    };
    system(S.LDTR, 0x50, SYSTEM + LDT, this.#file.descriptors.length * 4 - 1, 0x82);
    system(S.TR, 0x40, SYSTEM + TSS, 0x67, 0x8b);
    w[S.CPL] = 3;
  }

  #segment(words: Int32Array, index: number, selector: number): void {
    let low = 0;
    let high = 0;
    if ((selector & 4) !== 0) {
      low = this.#file.descriptors[(selector >> 3) * 2] | 0;
      high = this.#file.descriptors[(selector >> 3) * 2 + 1] | 0;
    } else if ((selector & ~3) !== 0) {
      low = 0xffff;
      high = selector === 0x23 ? 0x00cf_fb00 : 0x00cf_f300;
    }
    const raw = (low & 0xffff) | (high & 0xf_0000);
    words[S.SEL + index] = selector;
    words[S.BASE + index] = (low >>> 16) | ((high & 0xff) << 16) | (high & 0xff00_0000);
    words[S.LIMIT + index] = (high & 0x80_0000) !== 0 ? (raw << 12) | 0xfff : raw;
    words[S.ATTR + index] = (high >>> 8) & 0xf0ff;
  }

  /** Runs a vector; what differs from the processor, or nothing. */
  run(vector: Vector, way: Way): string[] {
    const { cpu } = this;
    const segments = this.#file.environments[vector.environment];
    const next = random(vector.seed);
    const registers = Array.from({ length: 8 }, () => (next() % 3 === 0 ? EDGES[next() % EDGES.length] : next()));
    for (const [register, value] of vector.overrides) registers[register] = value;
    const expected = this.#expected;
    for (let at = 0; at < WINDOW; at += 4) {
      const value = next();
      for (let byte = 0; byte < 4; byte++) expected[at + byte] = value >>> (8 * byte);
    }
    for (const [at, value] of vector.pokes) expected[at] = value;
    const halves = WINDOWS[vector.window];
    halves.forEach((start, half) => {
      this.#data.set(expected.subarray(half * 256, half * 256 + 256), start);
    });
    const length = Math.min(vector.code.length, CODE_BYTES - vector.codeOffset);
    this.#code.set(vector.code.subarray(0, length), vector.codeOffset);

    const words = (this.#start.words as Uint8Array).slice();
    const w = new Int32Array(words.buffer);
    registers.forEach((value, register) => {
      w[register] = value;
    });
    segments.forEach((selector, index) => {
      this.#segment(w, index, selector);
    });
    w[S.EIP] = CODE + vector.codeOffset - w[S.BASE + S.CS];
    w[S.FLAGS] = vector.flags;
    cpu.load({ ...this.#start, words });
    if (way === "block") cpu.run(4000);
    else for (let done = 0; done < 4000 && !cpu.halted && !cpu.shutdown; done++) cpu.run(1);

    const differences = this.#compare(vector, registers, segments, expected);
    this.#code.fill(0xcc, vector.codeOffset, vector.codeOffset + length);
    for (const start of halves) this.#data.fill(0, start, start + 256);
    if (!this.#data.equals(this.#nothing)) {
      differences.push("memory outside of the window changed");
      this.#data.fill(0);
    }
    return differences;
  }

  #compare(vector: Vector, registers: readonly number[], segments: readonly number[], expected: Uint8Array): string[] {
    const w = this.#words;
    const { result } = vector;
    const differences: string[] = [];
    const check = (name: string, got: number, wanted: number): void => {
      if (got >>> 0 !== wanted >>> 0) differences.push(`${name} ${hex(got)}, the processor says ${hex(wanted)}`);
    };
    if (!this.cpu.halted) return [this.cpu.shutdown ? "shutdown" : `still running at ${hex(w[S.EIP])}`];
    const ended = w[S.EIP] - (SYSTEM + HANDLERS) - 1;
    const hasError = HAS_ERROR.has(ended);
    const frame = (this.#memory.ram.byteOffset + SYSTEM_AT + STACK) / 4 - 5;
    check("vector", ended, result.vector);
    if (ended !== result.vector) return differences;
    if (hasError) check("error code", w[frame - 1], result.error);
    if (result.cr2 !== undefined) check("CR2", w[S.CR2], result.cr2);
    const wantedRegisters = registers.slice();
    for (const [register, value] of result.registers) wantedRegisters[register] = value;
    const wantedSegments = segments.slice();
    for (const [index, selector] of result.segments) wantedSegments[index] = selector;
    check("EIP", w[frame], result.eip);
    // an instruction that faults has not touched the flags, not even those it would leave undefined
    const mask = TRAPS.has(ended) ? GENERAL_FLAGS & ~vector.undefined : GENERAL_FLAGS;
    check("flags", w[frame + 2] & mask, result.flags & mask);
    for (let register = 0; register < 8; register++) check(NAMES[register], register === S.ESP ? w[frame + 3] : w[register], wantedRegisters[register]);
    for (let index = 0; index < 6; index++)
      check(SEGMENTS[index], (index === S.CS ? w[frame + 1] : index === S.SS ? w[frame + 4] : w[S.SEL + index]) & 0xffff, wantedSegments[index]);
    for (const [offset, bytes] of result.memory) expected.set(bytes, offset);
    for (let at = 0; at < WINDOW; at++) {
      const got = this.#data[WINDOWS[vector.window][at >> 8] + (at & 255)];
      if (got === expected[at]) continue;
      check(`memory at window offset ${hex(at)}`, got, expected[at]);
      break;
    }
    return differences;
  }
}

/** A vector in words, for a failure message. */
export const describeVector = (file: VectorFile, vector: Vector, index: number): string => {
  const code = [...vector.code].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const overrides = vector.overrides.map(([register, value]) => `${NAMES[register]}=${hex(value)}`).join(" ");
  const segments = file.environments[vector.environment].map((selector, at) => `${SEGMENTS[at]}=${hex(selector)}`).join(" ");
  return `case ${index}: ${code} at ${hex(vector.codeOffset)}; ${segments}; ${overrides}; seed ${hex(vector.seed)}, flags ${hex(vector.flags)}, window ${vector.window}`;
};
