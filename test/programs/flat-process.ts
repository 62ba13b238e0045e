/**
 * Runs a static IA-32 Linux program on the bare processor: flat segments, no paging, no kernel but this file. It knows
 * `write`, `exit` and one signal, SIGFPE, delivered as Linux would. A failing program is found here in seconds.
 * Source: Linux arch/x86/include/uapi/asm/sigcontext.h and signal.h for the signal frame of i386.
 */
import { PortSpace } from "../../kernel/bus/port-space.js";
import { Cpu } from "../../kernel/cpu/index.js";
import { cpuModel, DEFAULT_CPU_MODEL } from "../../kernel/cpu/models.js";
import { GuestMemory } from "../../kernel/memory/guest-memory.js";
import { PhysicalSpace } from "../../kernel/memory/physical.js";
import { Assembler } from "../cpu/assemble.js";

export interface FlatProcess {
  readonly output: string;
  readonly status: number;
  readonly instructions: number;
}

export interface FlatOptions {
  /** Processor model; else the default. */
  readonly model?: string;
  /** Instructions the program may take. */
  readonly atMost?: number;
}

const RAM_BYTES = 4 << 20;
const GDT = 0x1000;
const IDT = 0x1800;
const START = 0x2000;
const HANDLERS = 0x3000;
const HANDLER_BYTES = 32;
/** FNSAVE's image, 28 + 80 bytes; a word with the status and whether an FXSAVE image follows; that image. */
const FPU_FRAME = 0x5000;
const FPU_FRAME_BYTES = 112 + 512;
const FRAME_STATUS = 108;
const FRAME_MXCSR = 112 + 24;
/** CPUID's feature word, as the start code found it. */
const FEATURES = 0x6000;
const FXSR = 1 << 24;
const SSE = 1 << 25;
/** Of the start code alone. */
const START_STACK = 0x8000;
const STACK = 0x9_f000;
const CODE_SELECTOR = 8;
const DATA_SELECTOR = 16;

/** Where handlers tell the host what they are. */
const CALL_PORT = 0x80;
const FAULT_PORT = 0x81;
const FLOAT_PORT = 0x82;

const MF = 16;
const XM = 19;
const VECTORS = 32;
const SYSTEM_CALL = 0x80;

const SYS_EXIT = 1;
const SYS_WRITE = 4;
const SYS_RT_SIGACTION = 174;
const SIGFPE = 8;
const ENOSYS = -38;
const SLICE = 50_000_000;
const DEFAULT_AT_MOST = 2_000_000_000;

interface Segment {
  readonly offset: number;
  readonly address: number;
  readonly fileBytes: number;
}

/** Of ELF32 what a static program needs: its entry and segments. */
const readElf = (elf: Uint8Array): { entry: number; segments: Segment[] } => {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  const headers = view.getUint32(28, true);
  const segments: Segment[] = [];
  for (let index = 0; index < view.getUint16(44, true); index++) {
    const at = headers + index * view.getUint16(42, true);
    const PT_LOAD = 1;
    if (view.getUint32(at, true) !== PT_LOAD) continue;
    segments.push({ offset: view.getUint32(at + 4, true), address: view.getUint32(at + 8, true), fileBytes: view.getUint32(at + 16, true) });
  }
  return { entry: view.getUint32(24, true), segments };
};

/** si_code of a floating-point exception, as Linux chooses among several. */
const exceptionCode = (raised: number): number => {
  const FPE = { INTDIV: 3, OVERFLOW: 4, UNDERFLOW: 5, INEXACT: 6, INVALID: 7 };
  if ((raised & 0x01) !== 0) return FPE.INVALID;
  if ((raised & 0x04) !== 0) return FPE.INTDIV;
  if ((raised & 0x08) !== 0) return FPE.OVERFLOW;
  if ((raised & 0x12) !== 0) return FPE.UNDERFLOW;
  return (raised & 0x20) !== 0 ? FPE.INEXACT : 0;
};

/** CR0.NE and MP; CR4.OSFXSR and OSXMMEXCPT where CPUID knows of FXSR and SSE. */
const startCode = (entry: number, stack: number): Uint8Array =>
  new Assembler(START)
    .b(0x0f, 0x20, 0xc0, 0x0c, 0x22, 0x0f, 0x22, 0xc0)
    // pushfd; pop eax; mov ecx, eax; xor eax, ID; push eax; popfd; pushfd; pop eax; xor eax, ecx; jz ready
    .b(0x9c, 0x58, 0x89, 0xc1, 0x35)
    .d(0x20_0000)
    .b(0x50, 0x9d, 0x9c, 0x58, 0x31, 0xc8)
    .near("ready", 0x0f, 0x84)
    // mov eax, 1; cpuid; mov [FEATURES], edx; bt edx, 24; jnc ready; bt edx, 25; setc ah; shl ah, 2; or ah, 2; mov cr4, eax
    .mov("eax", 1)
    .b(0x0f, 0xa2, 0x89, 0x15)
    .d(FEATURES)
    .b(0x0f, 0xba, 0xe2, 24)
    .near("ready", 0x0f, 0x83)
    .b(0x31, 0xc0, 0x0f, 0xba, 0xe2, 25, 0x0f, 0x92, 0xc4, 0xc0, 0xe4, 2, 0x80, 0xcc, 2, 0x0f, 0x22, 0xe0)
    .label("ready")
    .b(0x0f, 0x01, 0x1d)
    .d(IDT - 8)
    .mov("esp", stack)
    .far(0xea, CODE_SELECTOR, entry)
    .build();

const handler = (vector: number): Uint8Array => {
  const code = new Assembler(HANDLERS + vector * HANDLER_BYTES);
  // out CALL_PORT, eax; iretd
  if (vector === VECTORS) return code.b(0xe7, CALL_PORT, 0xcf).build();
  // mov al, vector; out FAULT_PORT, al; hlt
  if (vector !== MF && vector !== XM) return code.b(0xb0, vector, 0xe6, FAULT_PORT, 0xf4).build();
  // test byte [FEATURES + 3], FXSR; jz without; fxsave [..]; without: fnsave [..]; mov al, vector; out FLOAT_PORT, al; iretd
  return code
    .b(0xf6, 0x05)
    .d(FEATURES + 3)
    .b(FXSR >>> 24, 0x74, 7, 0x0f, 0xae, 0x05)
    .d(FPU_FRAME + 112)
    .b(0xdd, 0x35)
    .d(FPU_FRAME)
    .b(0xb0, vector, 0xe6, FLOAT_PORT, 0xcf)
    .build();
};

class Process {
  readonly cpu: Cpu;
  readonly #ram: Uint8Array;
  readonly #view: DataView;
  #output = "";
  #status: number | undefined;
  #signalHandler = 0;
  #failure: string | undefined;

  constructor(elf: Uint8Array, args: readonly string[], model: string) {
    const memory = new GuestMemory(RAM_BYTES);
    const ports = new PortSpace();
    ports.map(CALL_PORT, 1, { write32: () => this.#call() }, "system call", false);
    ports.map(FAULT_PORT, 1, { write8: (_, vector) => this.#fail(`exception ${vector}`) }, "fault", false);
    ports.map(FLOAT_PORT, 1, { write8: (_, vector) => this.#signal(vector) }, "signal", false);
    this.cpu = new Cpu(new PhysicalSpace(memory), ports, cpuModel(model));
    this.#ram = memory.ram;
    this.#view = new DataView(memory.ram.buffer, memory.ram.byteOffset, RAM_BYTES);
    const { entry, segments } = readElf(elf);
    for (const { offset, address, fileBytes } of segments) this.#ram.set(elf.subarray(offset, offset + fileBytes), address);
    this.#ram.set(startCode(entry, this.#argumentsOnStack(args)), START);
    this.#tables();
    this.cpu.startFlat32({ eip: START, esp: START_STACK, gdt: { base: GDT, limit: 0x17 }, codeSelector: CODE_SELECTOR, dataSelector: DATA_SELECTOR });
  }

  run(atMost: number): FlatProcess {
    const { cpu } = this;
    while (this.#status === undefined && this.#failure === undefined && !cpu.halted && !cpu.shutdown && cpu.instructionCount < atMost) cpu.run(SLICE);
    if (this.#status === undefined) throw new Error(`${this.#failure ?? "the program has not ended"}\n${this.#output.slice(-500)}\n${cpu.dump()}`);
    return { output: this.#output, status: this.#status, instructions: cpu.instructionCount };
  }

  #put32(address: number, ...values: readonly number[]): void {
    values.forEach((value, index) => {
      this.#view.setUint32(address + index * 4, value, true);
    });
  }

  #tables(): void {
    this.#put32(GDT + CODE_SELECTOR, 0x0000_ffff, 0x00cf_9b00, 0x0000_ffff, 0x00cf_9300);
    this.#put32(IDT - 8, ((SYSTEM_CALL + 1) * 8 - 1) | (IDT << 16), IDT >>> 16);
    for (let index = 0; index <= VECTORS; index++) {
      const at = HANDLERS + index * HANDLER_BYTES;
      this.#ram.set(handler(index), at);
      this.#put32(IDT + (index === VECTORS ? SYSTEM_CALL : index) * 8, (CODE_SELECTOR << 16) | at, 0x8e00);
    }
  }

  /** argc, argv, no environment. */
  #argumentsOnStack(args: readonly string[]): number {
    let text = STACK;
    const argv = ["program", ...args].map((argument) => {
      const at = text;
      for (const letter of `${argument}\0`) this.#ram[text++] = letter.charCodeAt(0);
      return at;
    });
    const stack = STACK - (argv.length + 3) * 4;
    this.#put32(stack, argv.length, ...argv, 0, 0);
    return stack;
  }

  #fail(what: string): void {
    this.#failure = what;
    this.cpu.requestExit();
  }

  #call(): void {
    const { eax, ebx, ecx, edx } = this.cpu.registers;
    let result = 0;
    if (eax === SYS_EXIT) {
      this.#status = ebx & 0xff;
      this.cpu.requestExit();
    } else if (eax === SYS_WRITE) {
      this.#output += new TextDecoder("latin1").decode(this.#ram.subarray(ecx, ecx + edx));
      result = edx;
    } else if (eax === SYS_RT_SIGACTION && ebx === SIGFPE) this.#signalHandler = this.#view.getUint32(ecx, true);
    else result = ENOSYS;
    this.cpu.setRegister("eax", result >>> 0);
  }

  /** Makes the handler's IRET go to the signal handler, with a frame that holds what Linux tells of the exception. */
  #signal(vector: number): void {
    const view = this.#view;
    const { esp } = this.cpu.registers;
    const [eip, flags] = [view.getUint32(esp, true), view.getUint32(esp + 8, true)];
    const extended = (view.getUint32(FEATURES, true) & FXSR) !== 0;
    const [control, status] = [view.getUint16(FPU_FRAME, true), view.getUint16(FPU_FRAME + 4, true)];
    const mxcsr = (view.getUint32(FEATURES, true) & SSE) !== 0 ? view.getUint32(FPU_FRAME + FRAME_MXCSR, true) : 0;
    // 64 bytes aside for what lies below the stack pointer; the word below is where Linux says which frame it is
    const frame = (esp - 64 - FPU_FRAME_BYTES) & ~15;
    this.#put32(FPU_FRAME + FRAME_STATUS, status | (extended ? 0 : 0xffff_0000));
    this.#ram.copyWithin(frame, FPU_FRAME, FPU_FRAME + FPU_FRAME_BYTES);
    const context = frame - 128;
    const information = context - 128;
    this.#ram.fill(0, information, frame);
    const CONTEXT = { trap: 17, eip: 19, fpu: 24 };
    this.#put32(context + CONTEXT.trap * 4, vector);
    this.#put32(context + CONTEXT.eip * 4, eip);
    this.#put32(context + CONTEXT.fpu * 4, frame);
    const raised = vector === MF ? status & ~control : mxcsr & ~(mxcsr >>> 7);
    this.#put32(information, SIGFPE, 0, exceptionCode(raised & 0x3f), eip);
    const stack = information - 16;
    this.#put32(stack, 0, SIGFPE, information, context);
    this.#put32(stack - 12, this.#signalHandler, CODE_SELECTOR, flags);
    this.cpu.setRegister("esp", stack - 12);
    if (this.#signalHandler === 0) this.#fail(`exception ${vector}, no handler for SIGFPE`);
  }
}

/** @throws Error with output and registers where the program does not end by itself. */
export const runFlat = (elf: Uint8Array, args: readonly string[] = [], options: FlatOptions = {}): FlatProcess =>
  new Process(elf, args, options.model ?? DEFAULT_CPU_MODEL).run(options.atMost ?? DEFAULT_AT_MOST);
