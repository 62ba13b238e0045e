/**
 * The processor: reset, the loop between instructions, interrupts, exceptions, pins.
 *
 * Within `run` the interpreter loop executes; this file decides what happens between its runs: pending interrupts, the
 * interrupt shadow, single steps, the exact end of a slice, delivery of faults up to the triple fault.
 */
import { BackplaneError } from "../../sdk/contract/errors.js";
import type { FlatStart, InterruptAcknowledger } from "../../sdk/contract/processor.js";
import type { PortSpace } from "../bus/port-space.js";
import { STATE_BYTES } from "../memory/layout.js";
import type { PhysicalSpace } from "../memory/physical.js";
import { CHECK_EVERY, CodeFetch } from "./code-fetch.js";
import { Core } from "./core.js";
import { dumpState } from "./dump.js";
import type { CpuCore, GeneralRegisters, SegmentName } from "./engine.js";
import { deliverException } from "./exceptions.js";
import { GuestFault } from "./fault.js";
import { connectFpu, type Fpu } from "./fpu.js";
import { CodeCache, STEP_RECORD } from "./interpreter/code-cache.js";
import { compileLoop, type Interpret } from "./interpreter/compile.js";
import { Decoder } from "./interpreter/decoder.js";
import { primeLoop } from "./interpreter/prime.js";
import { META_LENGTH_SHIFT, META_OFFSET_MASK, R_DISP, R_META, R_OP, RECORD_WORDS } from "./interpreter/record.js";
import { HOT_NUMBERS } from "./interpreter/source.js";
import { Interrupts } from "./interrupts.js";
import { loopEnvironment } from "./loop-environment.js";
import { Mmu } from "./mmu.js";
import { COLD, coldOperations, OPERATION_NUMBERS } from "./operation-table.js";
import { powerUpRegisters } from "./power-up.js";
import { Segmentation } from "./segmentation.js";
import {
  A20_MASK,
  ATTR,
  BASE,
  CODE_PAGE,
  COUNT_BASE,
  CPL,
  CR0,
  CR0_ET,
  CR0_PE,
  CS,
  DB_VECTOR,
  DR6,
  EIP,
  FLAGS,
  FPU_BYTES,
  FPU_OFFSET,
  GDTR_BASE,
  GDTR_LIMIT,
  HALTED,
  IF,
  IGNNE,
  LIMIT,
  MODE_KEY,
  NMI_BLOCKED,
  NMI_VECTOR,
  PC,
  PENDING,
  PENDING_INIT,
  PENDING_INTR,
  PENDING_NMI,
  RF,
  RUN_LIMIT,
  SAVED_WORDS,
  SEL,
  SHADOW,
  SHUTDOWN,
  TF,
} from "./state.js";
import { TaskSwitch } from "./task-switch.js";

const SEGMENT_NAMES: readonly SegmentName[] = ["es", "cs", "ss", "ds", "fs", "gs"];
const REGISTER_NAMES = ["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"] as const;
/** The fast loop may run past its limit by less than this; the rest of a slice is stepped. */
const MARGIN = CHECK_EVERY + 1;
/** A run limit that is always reached. */
const AT_ONCE = -0x8000_0000;
/** Causes of a debug trap in DR6: single step, task switch. */
const DR6_BS = 0x4000;
const DR6_BT = 0x8000;
/** Longest stretch given to the fast loop: `COUNT_BASE + PC` counts in eighths of an instruction in 31 bits. */
const LONGEST_STRETCH = 1 << 26;

export class Cpu implements CpuCore {
  readonly #core: Core;
  readonly #mmu: Mmu;
  readonly #cache: CodeCache;
  readonly #fetch: CodeFetch;
  readonly #segmentation: Segmentation;
  readonly #interrupts: Interrupts;
  readonly #fault = new GuestFault();
  readonly #interpret: Interpret;
  readonly #fpu: Fpu;
  readonly #i32: Int32Array;
  #controller: InterruptAcknowledger = { acknowledge: () => 0xff };
  #ferr: (level: boolean) => void = () => {};
  #nowNs: () => number = () => this.instructionCount;
  #count = 0;
  #exit = false;

  constructor(space: PhysicalSpace, ports: PortSpace) {
    const memory = space.memory;
    this.#i32 = memory.words;
    this.#mmu = new Mmu(space, this.#i32, this.#fault);
    this.#cache = new CodeCache(memory, HOT_NUMBERS.get("%REENTER")!);
    this.#core = new Core(memory, this.#mmu, ports, this.#fault, this.#cache.code);
    const core = this.#core;
    this.#segmentation = new Segmentation(core);
    const tasks = new TaskSwitch(core, this.#segmentation);
    this.#interrupts = new Interrupts(core, this.#segmentation, tasks);
    this.#fetch = new CodeFetch(core, space, this.#mmu, this.#cache, new Decoder(memory.bytes, this.#cache.code, OPERATION_NUMBERS, () => true));
    this.#fpu = connectFpu(core, (level) => this.#ferr(level));

    this.#cache.onFlush = () => this.#mmu.flushExecute();
    this.#cache.onFirstCode = (page) => this.#mmu.dropWrites(page);
    this.#mmu.onCodeStore = (page, offset, length) => this.#cache.written(page, offset, length);
    space.onCodeWrite = (page) => this.#cache.dropPage(page);
    space.onRemap = () => this.#mmu.flush(false);

    const host = { timeStamp: () => BigInt(Math.floor(this.#nowNs())), attention: () => this.#attention() };
    const cold = coldOperations({ core, segmentation: this.#segmentation, interrupts: this.#interrupts, tasks, fpu: this.#fpu, host });
    this.#interpret = compileLoop(loopEnvironment(core, this.#cache, this.#fetch, cold));
    this.reset();
    this.#prime();
    this.reset();
  }

  #prime(): void {
    const { memory } = this.#core;
    this.startFlat32({ eip: 0, gdt: { base: 0, limit: 0 }, codeSelector: 8, dataSelector: 16 });
    primeLoop({
      i32: this.#i32,
      ram: memory.ram,
      code: this.#cache.code,
      interpret: this.#interpret,
      flushTlb: () => this.#mmu.flush(false),
      enter: (linear) => this.#fetch.enter(linear),
      coldNothing: COLD.numbers.get("NOPE")!,
    });
  }

  // ── reset and pins ──────────────────────────────────────────────────────────────────────────────────────────────

  reset(): void {
    const i32 = this.#i32;
    const a20 = i32[A20_MASK] || -1;
    i32.fill(0, 0, STATE_BYTES / 4);
    i32[A20_MASK] = a20;
    this.#count = 0;
    this.#powerUpState();
    this.#fpu.unit.reset();
    this.#cache.flush();
  }

  /** Registers as RESET# and INIT# leave them. */
  #powerUpState(): void {
    powerUpRegisters(this.#i32);
    const core = this.#core;
    const i32 = this.#i32;
    core.setCpl(0);
    i32[MODE_KEY] = -1;
    core.updateKey();
    this.#mmu.flush(false);
    this.#attention();
  }

  intr(level: boolean): void {
    if (level) {
      this.#i32[PENDING] |= PENDING_INTR;
      if ((this.#i32[FLAGS] & IF) !== 0) this.#attention();
    } else this.#i32[PENDING] &= ~PENDING_INTR;
  }

  connect(controller: InterruptAcknowledger): void {
    this.#controller = controller;
  }

  nmi(): void {
    this.#i32[PENDING] |= PENDING_NMI;
    this.#attention();
  }

  init(): void {
    this.#i32[PENDING] |= PENDING_INIT;
    this.#attention();
  }

  a20(enabled: boolean): void {
    const mask = enabled ? -1 : ~(1 << 20);
    if (this.#i32[A20_MASK] === mask) return;
    this.#i32[A20_MASK] = mask;
    this.#mmu.flush(false);
  }

  get a20Enabled(): boolean {
    return this.#i32[A20_MASK] === -1;
  }

  connectTime(nowNs: () => number): void {
    this.#nowNs = nowNs;
  }

  onFerr(fn: (level: boolean) => void): void {
    this.#ferr = fn;
  }

  ignne(level: boolean): void {
    this.#i32[IGNNE] = level ? 1 : 0;
  }

  startFlat32(start: FlatStart): void {
    const i32 = this.#i32;
    i32[CR0] = CR0_PE | CR0_ET;
    i32[GDTR_BASE] = start.gdt.base;
    i32[GDTR_LIMIT] = start.gdt.limit;
    for (let segment = 0; segment < 6; segment++) {
      i32[SEL + segment] = segment === CS ? start.codeSelector : start.dataSelector;
      i32[BASE + segment] = 0;
      i32[LIMIT + segment] = -1;
      i32[ATTR + segment] = segment === CS ? 0xc09b : 0xc093;
    }
    i32[EIP] = start.eip;
    i32[6] = start.esi ?? 0;
    i32[4] = start.esp ?? 0;
    i32[0] = start.eax ?? 0;
    i32[3] = start.ebx ?? 0;
    i32[FLAGS] = 2;
    this.#core.updateKey();
    this.#mmu.flush(false);
  }

  // ── running ─────────────────────────────────────────────────────────────────────────────────────────────────────

  get instructionCount(): number {
    return this.#count + ((this.#i32[COUNT_BASE] + this.#i32[PC]) >> 3);
  }

  /** Leave the loop at the next taken branch and look again. */
  #attention(): void {
    this.#i32[RUN_LIMIT] = AT_ONCE;
  }

  requestExit(): void {
    this.#exit = true;
    this.#attention();
  }

  get halted(): boolean {
    const i32 = this.#i32;
    if (i32[HALTED] === 0) return false;
    const pending = i32[PENDING];
    if ((pending & PENDING_INIT) !== 0 || ((pending & PENDING_NMI) !== 0 && i32[NMI_BLOCKED] === 0)) return false;
    return (pending & PENDING_INTR) === 0 || (i32[FLAGS] & IF) === 0;
  }

  get shutdown(): boolean {
    return this.#i32[SHUTDOWN] !== 0;
  }

  run(instructions: number): void {
    const i32 = this.#i32;
    const end = this.#count + instructions;
    this.#exit = false;
    while (this.#count < end && !this.#exit && i32[SHUTDOWN] === 0) {
      try {
        if (this.#core.taskTrap) this.#debugTrap(DR6_BT);
        if (i32[PENDING] !== 0) this.#takePending();
        if (i32[HALTED] !== 0) return;
        const left = end - this.#count;
        if (i32[SHADOW] !== 0 || (i32[FLAGS] & (TF | RF)) !== 0 || left <= MARGIN) this.#step();
        else this.#stretch(Math.min(left, LONGEST_STRETCH) - MARGIN);
      } catch (error) {
        if (error !== this.#fault) throw error;
        this.#account();
        this.#raise();
      }
    }
  }

  /** Moves what the loop executed into the total. */
  #account(): void {
    const i32 = this.#i32;
    const executed = i32[COUNT_BASE] + i32[PC];
    // a fault leaves PC at its record: EIP is the instruction's own, unless a task switch moved it
    if (i32[PC] !== 0 && !this.#core.eipCommitted) i32[EIP] = i32[CODE_PAGE] + (this.#cache.code[i32[PC] + R_META] & META_OFFSET_MASK) - i32[BASE + CS];
    this.#core.eipCommitted = false;
    this.#count += executed >> 3;
    i32[COUNT_BASE] = 0;
    i32[PC] = 0;
  }

  #lookUp(): number {
    const i32 = this.#i32;
    const linear = (i32[EIP] + i32[BASE + CS]) | 0;
    i32[CODE_PAGE] = linear & ~0xfff;
    return this.#fetch.enter(linear);
  }

  #stretch(instructions: number): void {
    const i32 = this.#i32;
    const record = this.#lookUp();
    i32[RUN_LIMIT] = instructions * 8;
    this.#interpret(record, i32[CODE_PAGE], -record, instructions * 8);
    this.#account();
  }

  /** One instruction, then whatever is due after it: the trap of a single step, the end of the interrupt shadow. */
  #step(): void {
    const i32 = this.#i32;
    const { code } = this.#cache;
    const shadow = i32[SHADOW];
    const trap = (i32[FLAGS] & TF) !== 0;
    const record = this.#lookUp();
    code.copyWithin(STEP_RECORD, record, record + RECORD_WORDS);
    const meta = code[STEP_RECORD + R_META];
    code[STEP_RECORD + RECORD_WORDS + R_OP] = EXIT;
    code[STEP_RECORD + RECORD_WORDS + R_DISP] = (meta & META_OFFSET_MASK) + ((meta >> META_LENGTH_SHIFT) & 15);
    i32[RUN_LIMIT] = AT_ONCE;
    if (shadow !== 0) i32[SHADOW] = 0;
    i32[FLAGS] &= ~RF;
    this.#core.interrupted = false;
    this.#interpret(STEP_RECORD, i32[CODE_PAGE], -STEP_RECORD, AT_ONCE);
    this.#account();
    // not after MOV SS and POP SS, and not in a handler that the instruction itself called
    if (trap && i32[SHADOW] !== 2 && !this.#core.interrupted) this.#debugTrap(DR6_BS);
  }

  #debugTrap(cause: number): void {
    const i32 = this.#i32;
    this.#core.taskTrap = false;
    i32[DR6] |= cause;
    i32[HALTED] = 0;
    this.#interrupts.deliver(DB_VECTOR, false, -1);
  }

  #takePending(): void {
    const i32 = this.#i32;
    if ((i32[PENDING] & PENDING_INIT) !== 0) {
      i32[PENDING] &= ~PENDING_INIT;
      this.#powerUpState();
      return;
    }
    if (i32[SHADOW] !== 0) return;
    if ((i32[PENDING] & PENDING_NMI) !== 0 && i32[NMI_BLOCKED] === 0) {
      i32[PENDING] &= ~PENDING_NMI;
      i32[NMI_BLOCKED] = 1;
      i32[HALTED] = 0;
      this.#interrupts.deliver(NMI_VECTOR, false, -1);
    } else if ((i32[PENDING] & PENDING_INTR) !== 0 && (i32[FLAGS] & IF) !== 0) {
      i32[HALTED] = 0;
      this.#interrupts.deliver(this.#controller.acknowledge(), false, -1);
    }
  }

  /** Delivers the fault just caught, or shuts down. */
  #raise(): void {
    // a delivery counts as an instruction, so that a guest whose handlers only fault still uses up its slice
    this.#count++;
    if (deliverException(this.#core, this.#interrupts)) return;
    this.#i32[SHUTDOWN] = 1;
    this.#exit = true;
  }

  // ── for hosts, debuggers and snapshots ──────────────────────────────────────────────────────────────────────────

  get registers(): GeneralRegisters {
    const i32 = this.#i32;
    const named = Object.fromEntries(REGISTER_NAMES.map((name, index) => [name, i32[index] >>> 0])) as Record<(typeof REGISTER_NAMES)[number], number>;
    return { ...named, eip: i32[EIP] >>> 0, eflags: this.#core.flags.materialise() >>> 0 };
  }

  setRegister(name: keyof GeneralRegisters, value: number): void {
    const i32 = this.#i32;
    if (name === "eip") i32[EIP] = value;
    else if (name === "eflags") {
      this.#core.flags.materialise();
      i32[FLAGS] = value | 2;
    } else i32[REGISTER_NAMES.indexOf(name)] = value;
  }

  segment(name: SegmentName): { selector: number; base: number; limit: number } {
    const index = SEGMENT_NAMES.indexOf(name);
    const i32 = this.#i32;
    return { selector: i32[SEL + index], base: i32[BASE + index] >>> 0, limit: i32[LIMIT + index] >>> 0 };
  }

  peekLinear(address: number): number | undefined {
    return this.#mmu.peek(address | 0);
  }

  dump(): string {
    return dumpState(this.#core, this.#mmu);
  }

  save(): Record<string, number | Uint8Array> {
    this.#core.flags.materialise();
    const bytes = new Uint8Array(this.#core.memory.buffer);
    return { count: this.#count, words: bytes.slice(0, SAVED_WORDS * 4), fpu: bytes.slice(FPU_OFFSET, FPU_OFFSET + FPU_BYTES) };
  }

  load(fields: Record<string, number | Uint8Array>): void {
    const { count, words, fpu } = fields;
    if (typeof count !== "number" || !(words instanceof Uint8Array) || !(fpu instanceof Uint8Array) || words.length !== SAVED_WORDS * 4 || fpu.length !== FPU_BYTES) {
      throw new BackplaneError("SNAPSHOT_CPU", "the processor's section of the snapshot is incomplete");
    }
    const bytes = this.#core.memory.bytes;
    bytes.set(words, 0);
    bytes.set(fpu, FPU_OFFSET);
    this.#count = count;
    const i32 = this.#i32;
    i32[PC] = 0;
    i32[COUNT_BASE] = 0;
    this.#core.setCpl(i32[CPL] & 3);
    i32[MODE_KEY] = -1;
    this.#core.updateKey();
    this.#mmu.flush(false);
    this.#cache.flush();
  }

  /** Figures for reports. */
  get statistics(): { readonly codeFlushes: number } {
    return { codeFlushes: this.#cache.flushes };
  }
}

const EXIT = HOT_NUMBERS.get("%EXIT")!;
