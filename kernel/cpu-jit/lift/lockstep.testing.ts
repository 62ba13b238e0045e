/**
 * Random programs on an interpreting processor and on one that translates whatever it meets twice: both must end alike.
 *
 * A program runs its instructions again and again with the registers of a row of a table. After each pass registers and
 * flags are pushed to a log; so they are, with the exception's frame, when an instruction faults, and the next pass begins.
 * Memory operands lie on a page of data, a second one behind it, a read-only one and one that is not present.
 */
import { PortSpace } from "../../bus/port-space.js";
import { Cpu, cpuModel } from "../../cpu/index.js";
import type { CreateTranslator } from "../../cpu/translator.js";
import { GuestMemory } from "../../memory/guest-memory.js";
import { PhysicalSpace } from "../../memory/physical.js";
import { createTranslator, JIT_FORCED, type JitOptions, type RegionTranslator } from "../index.js";

const RAM = 1 << 20;
const PASSES = 96;
const ROWS = 64;
const SLICES = 400;

const DIRECTORY = 0x1000;
const TABLE = 0x2000;
const IDT = 0x3000;
const GDT = 0x3800;
const CODE = 0x4000;
const ROW_TABLE = 0x6000;
const COUNTER = 0x7000;
const SAVED_ESP = 0x7004;
const LOG_POINTER = 0x7008;
const STACK = 0x9000;
/** Four pages: two to write, one to read, one that is not there. */
export const DATA = 0x1_0000;
const READ_ONLY = DATA + 0x2000;
const ABSENT = DATA + 0x3000;
const LOG_END = 0x8_0000;

/** A generator of random numbers below a bound. */
export type Random = (below: number) => number;
export const random = (seed: number): Random => {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
};

export const dword = (value: number): number[] => [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >>> 24) & 255];
const pick = <T>(next: Random, from: readonly T[]): T => from[next(from.length)];

/** Addresses of data: mostly inside a page, sometimes near the end of one. */
export const dataAddress = (next: Random): number => (next(4) === 0 ? DATA + 0x1000 * (1 + next(3)) - 8 + next(12) : DATA + 0x40 * next(8) + next(40));
/** ModR/M and what belongs to it: a register, or memory. */
export const operand = (next: Random, reg: number): number[] => (next(2) === 0 ? registerOperand(next, reg) : memoryOperand(next, reg));
export const registerOperand = (next: Random, reg: number): number[] => [0xc0 | (reg << 3) | next(8)];
export const memoryOperand = (next: Random, reg: number): number[] => [(reg << 3) | 5, ...dword(dataAddress(next))];
/** MOV of a constant to a register. */
export const put = (register: number, value: number): number[] => [0xb8 | register, ...dword(value)];

/** MOV ESP: behind instructions that may have changed it. */
export const RESTORE_STACK: readonly number[] = put(4, STACK);

const INTERESTING = [0, 1, 2, -1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, -0x8000_0000, 0x0101_0101, 31, 32, 16, 9, 17];

/** PUSH of all registers but ESP to the log, and of what lies behind SAVED_ESP; ESP is lost. */
const logRegisters = (flags: boolean, frame: number): number[] => {
  const code = [0x89, 0x25, ...dword(SAVED_ESP), 0x8b, 0x25, ...dword(LOG_POINTER)];
  if (flags) code.push(0x9c);
  for (const register of [0, 1, 2, 3, 5, 6, 7]) code.push(0x50 | register);
  code.push(0xff, 0x35, ...dword(SAVED_ESP), 0xa1, ...dword(SAVED_ESP));
  for (let word = 0; word < frame; word++) code.push(0xff, 0x70, word * 4);
  return [...code, 0x89, 0x25, ...dword(LOG_POINTER)];
};

/** The image of a program in memory. */
const image = (ram: Uint8Array, body: readonly number[], next: Random): void => {
  const view = new DataView(ram.buffer, ram.byteOffset, RAM);
  const word = (at: number, value: number): void => view.setInt32(at, value, true);
  word(DIRECTORY, TABLE | 3);
  for (let page = 0; page < RAM >> 12; page++) word(TABLE + page * 4, (page << 12) | 3);
  word(TABLE + (READ_ONLY >> 12) * 4, READ_ONLY | 1);
  word(TABLE + (ABSENT >> 12) * 4, ABSENT);
  word(GDT + 8, 0xffff);
  word(GDT + 12, 0x00cf_9b00);
  word(GDT + 16, 0xffff);
  word(GDT + 20, 0x00cf_9300);
  for (let at = ROW_TABLE; at < ROW_TABLE + ROWS * 32; at += 4) word(at, next(3) === 0 ? pick(next, INTERESTING) : next(0x1_0000) * 0x1_0001 + next(0x1_0000_0000));
  for (let at = DATA; at < DATA + 0x4000; at++) ram[at] = next(256);
  word(COUNTER, PASSES);
  word(LOG_POINTER, LOG_END);

  const code: number[] = [];
  // CR3, CR0 with PG and WP, IDTR
  code.push(...put(0, DIRECTORY), 0x0f, 0x22, 0xd8, ...put(0, 0x8001_0011), 0x0f, 0x22, 0xc0, 0x0f, 0x01, 0x1d, ...dword(COUNTER + 0x20));
  view.setUint16(COUNTER + 0x20, 0x7ff, true);
  word(COUNTER + 0x22, IDT);
  const pass = code.length;
  // flags of a kind that is not known where the pass begins: from the row; then the registers
  code.push(0xbc, ...dword(STACK), 0x8b, 0x0d, ...dword(COUNTER), 0x83, 0xe1, ROWS - 1, 0xc1, 0xe1, 5);
  for (const register of [0, 2, 3, 5, 6, 7]) code.push(0x8b, 0x81 | (register << 3), ...dword(ROW_TABLE + register * 4));
  code.push(0x8b, 0x89, ...dword(ROW_TABLE + 4), ...body);
  code.push(...logRegisters(true, 0));
  const ending = code.length;
  code.push(0xff, 0x0d, ...dword(COUNTER), 0x0f, 0x85, ...dword(pass - (ending + 12)), 0xf4);
  // the handler of all exceptions
  const handler = code.length;
  code.push(...logRegisters(false, 4));
  code.push(0xe9, ...dword(ending - (code.length + 5)));
  ram.set(code, CODE);
  for (let vector = 0; vector < 32; vector++) {
    word(IDT + vector * 8, 0x0008_0000 | (CODE + handler));
    word(IDT + vector * 8 + 4, 0x8e00);
  }
};

interface Processor {
  readonly cpu: Cpu;
  readonly memory: GuestMemory;
}

const processor = (translator?: CreateTranslator): Processor => {
  const memory = new GuestMemory(RAM);
  return { memory, cpu: new Cpu(new PhysicalSpace(memory), new PortSpace(), cpuModel("pentium4"), translator) };
};
const state = ({ cpu }: Processor): string => JSON.stringify([cpu.registers, cpu.instructionCount, cpu.halted, cpu.shutdown]);

export interface Outcome {
  /** What is not alike; empty when all is. */
  readonly difference: string;
  /** By the program's own HLT. */
  readonly halted: boolean;
  /** By HLT or a shutdown. */
  readonly ended: boolean;
  /** Instructions executed by translated code, cold operations called from it, and all instructions. */
  readonly translated: number;
  readonly fences: number;
  readonly executed: number;
}

/** The two processors, which programs take in turn. */
export class Lockstep {
  #translator: RegionTranslator | undefined;
  readonly #interpreting = processor();
  readonly #translating: Processor;

  constructor(mode: JitOptions["mode"]) {
    this.#translating = processor((parts) => {
      this.#translator = createTranslator({ ...JIT_FORCED, mode })(parts) as RegionTranslator;
      return this.#translator;
    });
  }

  /** Runs a program on both, in slices. */
  run(body: readonly number[], seed: number): Outcome {
    const both = [this.#interpreting, this.#translating];
    for (const { cpu, memory } of both) {
      cpu.reset();
      memory.ram.fill(0, 0, RAM);
      image(memory.ram, body, random(seed));
      cpu.startFlat32({ eip: CODE, gdt: { base: GDT, limit: 23 }, codeSelector: 8, dataSelector: 16, esp: STACK });
    }
    const statistics = this.#translator!.statistics;
    const { executed, fences } = statistics;
    const next = random(seed + 1);
    let difference = "";
    for (let slice = 0; slice < SLICES && difference === ""; slice++) {
      const most = 300 + next(3000);
      for (const { cpu } of both) cpu.run(most);
      const [a, b] = both.map(state);
      if (a !== b) difference = `after slice ${slice}:\n${a}\n${b}`;
      if (this.#interpreting.cpu.halted || this.#interpreting.cpu.shutdown) break;
    }
    const [a, b] = both.map(({ memory }) => memory.ram);
    for (let at = 0; at < RAM && difference === ""; at++) if (a[at] !== b[at]) difference = `byte ${at.toString(16)} is ${a[at].toString(16)} and ${b[at].toString(16)}`;
    const { cpu } = this.#interpreting;
    return {
      difference,
      halted: cpu.halted,
      ended: cpu.halted || cpu.shutdown,
      translated: statistics.executed - executed,
      fences: statistics.fences - fences,
      executed: cpu.instructionCount,
    };
  }
}
