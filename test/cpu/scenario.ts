/**
 * Bare-metal programs: memory, tables and a state to start from, entered by a boot ROM from the reset vector, ended by HLT.
 * Every exception and interrupt vector leads to a HLT of its own unless a test says otherwise.
 *
 * A scenario runs four times here: one instruction at a time, in large slices, and with all that is reached translated by
 * either back end; all must end alike. Its end is then compared with the one under qemu-system-i386, see `qemu.ts`: registers, segments,
 * memory.
 */
import { expect } from "vitest";
import { PortSpace } from "../../kernel/bus/port-space.js";
import type { GeneralRegisters } from "../../kernel/cpu/engine.js";
import { Cpu } from "../../kernel/cpu/index.js";
import * as S from "../../kernel/cpu/state.js";
import type { CreateTranslator } from "../../kernel/cpu/translator.js";
import { createTranslator, JIT_FORCED, type RegionTranslator } from "../../kernel/cpu-jit/index.js";
import { GuestMemory } from "../../kernel/memory/guest-memory.js";
import { PhysicalSpace } from "../../kernel/memory/physical.js";
import { Assembler, REGISTERS, type Register } from "./assemble.js";
import { type BootState, bootRom, ROM_BYTES } from "./boot-rom.js";
import { compareWithQemu, type QemuOptions } from "./qemu.js";

export const RAM_BYTES = 2 << 20;
/** Default places. */
export const GDT = 0x1000;
export const IDT = 0x1800;
export const LDT = 0x2000;
export const TSS = 0x3000;
export const HANDLERS = 0x4000;
export const STACK0 = 0x6000;
export const CODE = 0x7000;
export const DATA = 0x8000;
export const STACK3 = 0xa000;
export const PAGES = 0x2_0000;

/** Default selectors; 60h and above are for the tests. */
export const CODE0 = 0x08;
export const DATA0 = 0x10;
export const CODE3 = 0x1b;
export const DATA3 = 0x23;
export const TASK = 0x28;
export const LOCAL = 0x30;
export const CODE16 = 0x38;
export const DATA16 = 0x40;
export const CONFORMING = 0x48;
export const CODE1 = 0x51;
export const DATA1 = 0x59;

/** Descriptor access bytes. */
export const ACCESS = { code: 0x9b, data: 0x93, readOnly: 0x91, expandDown: 0x97, executeOnly: 0x99, conforming: 0x9f, tss32: 0x89, tss16: 0x81, ldt: 0x82 } as const;
export const BIG = 4;
export const GRANULAR = 8;
export const GATE = { call16: 0x84, task: 0x85, interrupt16: 0x86, trap16: 0x87, call32: 0x8c, interrupt32: 0x8e, trap32: 0x8f } as const;

export const dpl = (level: number): number => level << 5;

const WITH_ERROR = new Set([8, 10, 11, 12, 13, 14, 17]);
const LIMIT = 20_000;

/** True, how QEMU is run, or the reason for which it may end otherwise. */
export type QemuJudges = true | string | QemuOptions;

export interface Outcome {
  /** Vector whose HLT was reached, or -1: the program's own HLT. */
  readonly vector: number;
  readonly error: number | undefined;
  /** Of the exception frame. */
  readonly eip: number;
  readonly cs: number;
  readonly eflags: number;
  readonly esp: number;
  readonly ss: number;
  readonly registers: Readonly<Record<Register, number>>;
  readonly cr2: number;
  /** Where the program stopped. */
  readonly stopped: number;
  readonly shutdown: boolean;
  /** Executed by the program, boot ROM not counted. */
  readonly count: number;
  readonly words: Int32Array;
  read8(address: number): number;
  read16(address: number): number;
  read32(address: number): number;
  /** Dword on the current stack. */
  stack(index: number): number;
}

/** A processor that scenarios run on; making one takes longer than running most scenarios. */
class Bench {
  readonly memory = new GuestMemory(RAM_BYTES, new Map([["rom", ROM_BYTES]]));
  readonly space = new PhysicalSpace(this.memory);
  readonly ports = new PortSpace();
  readonly cpu: Cpu;
  readonly rom: Uint8Array;
  constructor(translator?: CreateTranslator) {
    this.cpu = new Cpu(this.space, this.ports, undefined, translator);
    const { offset } = this.memory.block("rom");
    this.rom = new Uint8Array(this.memory.buffer, offset, ROM_BYTES);
    this.space.mapBlock(0xf_0000, offset, ROM_BYTES, false);
    this.space.mapBlock(0xffff_0000, offset, ROM_BYTES, false);
  }
}
const BACK_ENDS = ["wasm", "js"] as const;
type BackEndMode = (typeof BACK_ENDS)[number];
/** One that has every address translated that it comes to between two stretches of the interpreter. */
class TranslatingBench extends Bench {
  readonly translator: RegionTranslator;
  constructor(mode: BackEndMode) {
    let made: RegionTranslator | undefined;
    super((parts) => {
      made = createTranslator({ ...JIT_FORCED, mode })(parts) as RegionTranslator;
      return made;
    });
    this.translator = made!;
  }
}
const FLAT32 = S.KEY_CODE32 | S.KEY_STACK32 | S.KEY_FLAT;
/** What a run ends with. */
interface End {
  readonly registers: GeneralRegisters;
  readonly words: Int32Array;
  readonly count: number;
}
/** Memory at the end of the stepped run. */
const steppedRam = new Uint8Array(RAM_BYTES);
let shared: Bench | undefined;
export const bench = (): Bench => (shared ??= new Bench());
const translating = new Map<BackEndMode, TranslatingBench>();
const translatingBench = (mode: BackEndMode, fresh: boolean): TranslatingBench => {
  let made = fresh ? undefined : translating.get(mode);
  if (!made) {
    made = new TranslatingBench(mode);
    translating.set(mode, made);
  }
  return made;
};
const DERIVED = new Set([S.LAZY_OP, S.LAZY_RESULT, S.LAZY_A, S.LAZY_B]);

export class Scenario {
  readonly memory = new Uint8Array(RAM_BYTES);
  readonly #view = new DataView(this.memory.buffer);
  readonly state: BootState;

  /** Protected mode at a privilege level with the default tables. */
  constructor(start: Partial<BootState> = {}) {
    const ring = start.cs === undefined ? 0 : start.cs & 3;
    const data = [DATA0, DATA1, DATA0, DATA3][ring];
    this.state = {
      mode: "protected",
      cs: CODE0,
      eip: CODE,
      ss: data,
      esp: [STACK0, STACK0 - 0x800, STACK0, STACK3][ring],
      ds: data,
      es: data,
      fs: data,
      gs: data,
      eflags: 2,
      cr0: 0x11,
      cr3: 0,
      cr4: 0,
      gdt: [GDT, 0x3ff],
      idt: [IDT, 0x7ff],
      ldt: LOCAL,
      tr: TASK,
      registers: {},
      ...start,
    };
    if (this.state.mode === "real") return;
    this.descriptor(CODE0, 0, 0xf_ffff, ACCESS.code, BIG | GRANULAR);
    this.descriptor(DATA0, 0, 0xf_ffff, ACCESS.data, BIG | GRANULAR);
    this.descriptor(CODE3, 0, 0xf_ffff, ACCESS.code | dpl(3), BIG | GRANULAR);
    this.descriptor(DATA3, 0, 0xf_ffff, ACCESS.data | dpl(3), BIG | GRANULAR);
    this.descriptor(TASK, TSS, 0x67, ACCESS.tss32, 0);
    this.descriptor(LOCAL, LDT, 0xff, ACCESS.ldt, 0);
    this.descriptor(CODE16, 0, 0xffff, ACCESS.code, 0);
    this.descriptor(DATA16, 0, 0xffff, ACCESS.data, 0);
    this.descriptor(CONFORMING, 0, 0xf_ffff, ACCESS.conforming, BIG | GRANULAR);
    this.descriptor(CODE1, 0, 0xf_ffff, ACCESS.code | dpl(1), BIG | GRANULAR);
    this.descriptor(DATA1, 0, 0xf_ffff, ACCESS.data | dpl(1), BIG | GRANULAR);
    this.put32(TSS + 4, STACK0, DATA0, STACK0 - 0x400, DATA1);
    this.put16(TSS + 0x66, 0x68);
    for (let vector = 0; vector < 256; vector++) this.gate(vector, CODE0, HANDLERS + vector, GATE.interrupt32);
    this.memory.fill(0xf4, HANDLERS, HANDLERS + 0x100);
  }

  put8(address: number, ...values: number[]): this {
    this.memory.set(values, address);
    return this;
  }
  put16(address: number, ...values: number[]): this {
    values.forEach((value, index) => {
      this.#view.setUint16(address + 2 * index, value, true);
    });
    return this;
  }
  put32(address: number, ...values: number[]): this {
    values.forEach((value, index) => {
      this.#view.setUint32(address + 4 * index, value, true);
    });
    return this;
  }
  get32(address: number): number {
    return this.#view.getUint32(address, true);
  }

  /** Writes a descriptor; selectors with the table bit go to the LDT. */
  descriptor(selector: number, base: number, limit: number, access: number, flags: number): this {
    const at = ((selector & 4) !== 0 ? LDT : GDT) + (selector & ~7);
    return this.put32(at, ((base & 0xffff) << 16) | (limit & 0xffff), ((base >>> 16) & 0xff) | (access << 8) | (limit & 0xf_0000) | (flags << 20) | (base & 0xff00_0000));
  }
  /** Writes an IDT gate. */
  gate(vector: number, selector: number, offset: number, access: number): this {
    return this.gateAt(IDT + vector * 8, selector, offset, access);
  }
  /** Writes a call gate or task gate into the GDT. */
  callGate(gate: number, selector: number, offset: number, access: number, parameters = 0): this {
    return this.gateAt(GDT + (gate & ~7), selector, offset, access, parameters);
  }
  gateAt(address: number, selector: number, offset: number, access: number, parameters = 0): this {
    return this.put32(address, (selector << 16) | (offset & 0xffff), (offset & 0xffff_0000) | (access << 8) | parameters);
  }

  /** Identity map of the first 4 MiB with 4 KiB pages, user and writable; the entry of a page for changes. */
  paging(): this {
    this.put32(PAGES, (PAGES + 0x1000) | 7);
    for (let page = 0; page < 1024; page++) this.put32(PAGES + 0x1000 + page * 4, (page << 12) | 7);
    this.state.cr3 = PAGES;
    this.state.cr0 |= 0x8000_0000;
    return this;
  }
  /** Address of the page table entry for a linear address below 4 MiB. */
  pte(linear: number): number {
    return PAGES + 0x1000 + (linear >>> 12) * 4;
  }
  /** Changes a page table entry's low bits. */
  page(linear: number, bits: number): this {
    return this.put32(this.pte(linear), (this.get32(this.pte(linear)) & ~0xfff) | bits);
  }

  code(make: (assembler: Assembler) => void, at = this.state.eip, bits?: 16 | 32): Assembler {
    const assembler = new Assembler(at, bits ?? (this.state.mode === "protected" && this.state.cs !== CODE16 ? 32 : 16));
    make(assembler);
    const base = at === this.state.eip && this.state.mode !== "protected" ? this.state.cs * 16 : 0;
    this.memory.set(assembler.build(), base + at);
    return assembler;
  }

  /** Loads memory and runs the boot ROM up to the program's first instruction. */
  boot(machine = bench()): Bench {
    const { cpu, memory, rom } = machine;
    cpu.a20(true);
    cpu.reset();
    cpu.intr(false);
    memory.ram.set(this.memory);
    rom.set(bootRom(this.state));
    const w = memory.words;
    for (let done = 0; ; done++) {
      if (done > 200) throw new Error(`the boot ROM does not reach the program:\n${cpu.dump()}`);
      cpu.run(1);
      if (w[S.EIP] === this.state.eip && w[S.SEL + S.CS] === this.state.cs) return machine;
    }
  }

  /** Runs in one slice, which must end like a run before. */
  #runAs(wanted: End, machine: Bench): void {
    const { cpu, memory } = this.boot(machine);
    const start = cpu.instructionCount;
    cpu.run(LIMIT);
    if (!cpu.halted && !cpu.shutdown) throw new Error(`the program does not end:\n${cpu.dump()}`);
    expect(cpu.registers).toEqual(wanted.registers);
    memory.words.slice(0, S.SAVED_WORDS).forEach((word, index) => {
      if (!DERIVED.has(index) && word !== wanted.words[index]) throw new Error(`word ${index} of the state is ${word}, stepped ${wanted.words[index]}`);
    });
    expect(cpu.instructionCount - start).toBe(wanted.count);
    expect(Buffer.compare(memory.ram, steppedRam)).toBe(0);
  }

  /** The same with all code of 32-bit flat segments translated. */
  #runTranslated(wanted: End, mode: BackEndMode): void {
    for (let attempt = 0; ; attempt++) {
      const machine = translatingBench(mode, attempt > 0);
      const { statistics } = machine.translator;
      const { entered } = statistics;
      const isFlat = (this.boot(machine).memory.words[S.MODE_KEY] & FLAT32) === FLAT32;
      this.#runAs(wanted, machine);
      if (!isFlat || statistics.entered > entered) return;
      // a translator hesitates where it has seen code change: one that has seen nothing must not
      if (attempt > 0) throw new Error("nothing of the program was translated");
    }
  }

  /** Runs to the HLT. Where QEMU may differ, `qemu` says why: what it does instead, and the section of the manual that counts. */
  run(options: { qemu?: QemuJudges } = {}): Outcome {
    const { cpu, memory } = this.boot();
    const start = cpu.instructionCount;
    for (let done = 0; done < LIMIT && !cpu.halted && !cpu.shutdown; done++) cpu.run(1);
    const stepped = { registers: cpu.registers, words: memory.words.slice(0, S.SAVED_WORDS), count: cpu.instructionCount - start };
    steppedRam.set(memory.ram);
    this.#runAs(stepped, bench());
    for (const mode of BACK_ENDS) this.#runTranslated(stepped, mode);
    const { registers } = cpu;
    expect(registers).toEqual(stepped.registers);
    const { qemu } = options;
    const end = { words: memory.words, ram: memory.ram, shutdown: cpu.shutdown };
    compareWithQemu(this.state, this.memory, end, typeof qemu === "string", typeof qemu === "object" ? qemu : {});
    return outcome(cpu, memory, cpu.instructionCount - start);
  }
}

export const outcome = (cpu: Cpu, memory: GuestMemory, count: number): Outcome => {
  const words = memory.words.slice(0, S.SAVED_WORDS);
  const view = new DataView(memory.ram.buffer, memory.ram.byteOffset, memory.ram.length);
  const stopped = words[S.EIP] - 1;
  const reached = words[S.SEL + S.CS] === CODE0 && stopped >= HANDLERS && stopped < HANDLERS + 256 ? stopped - HANDLERS : -1;
  const esp = words[S.ESP] >>> 0;
  const stack = (index: number): number => (esp + index * 4 + 4 <= RAM_BYTES ? view.getUint32(esp + index * 4, true) : 0);
  const error = WITH_ERROR.has(reached) ? stack(0) : undefined;
  const frame = error === undefined ? 0 : 1;
  const names = Object.keys(REGISTERS) as Register[];
  return {
    vector: reached,
    error,
    eip: stack(frame),
    cs: stack(frame + 1) & 0xffff,
    eflags: stack(frame + 2),
    esp: stack(frame + 3),
    ss: stack(frame + 4) & 0xffff,
    registers: Object.fromEntries(names.map((name) => [name, words[REGISTERS[name]] >>> 0])) as Record<Register, number>,
    cr2: words[S.CR2] >>> 0,
    stopped,
    shutdown: cpu.shutdown,
    count,
    words,
    read8: (address) => view.getUint8(address),
    read16: (address) => view.getUint16(address, true),
    read32: (address) => view.getUint32(address, true),
    stack,
  };
};
