/**
 * What happens between instructions: pending interrupts, the interrupt shadow, single steps, debug traps, the exact end of
 * a slice, delivery of faults up to the triple fault. The interpreter loop runs in stretches in between.
 */
import type { InterruptAcknowledger } from "../../sdk/contract/processor.js";
import { type Breakpoints, DEBUGGER_STOP, STEP_INSTEAD } from "./breakpoints.js";
import { CHECK_EVERY, type CodeFetch } from "./code-fetch.js";
import type { Core } from "./core.js";
import type { CpuDebug, DebugStop, TracedInstruction, Watchpoint } from "./debug.js";
import { deliverException } from "./exceptions.js";
import { type CodeCache, STEP_RECORD } from "./interpreter/code-cache.js";
import type { Interpret } from "./interpreter/compile.js";
import { META_LENGTH_SHIFT, META_OFFSET_MASK, R_DISP, R_META, R_OP, RECORD_WORDS } from "./interpreter/record.js";
import { HOT_NUMBERS } from "./interpreter/source.js";
import type { Interrupts } from "./interrupts.js";
import {
  AT_ONCE,
  BASE,
  CODE_PAGE,
  COUNT_BASE,
  CS,
  DB_VECTOR,
  DR6,
  DR6_BS,
  DR7,
  DR7_GD,
  EIP,
  FLAGS,
  HALTED,
  IF,
  NMI_BLOCKED,
  NMI_VECTOR,
  NO_TRAPS,
  PC,
  PENDING,
  PENDING_INIT,
  PENDING_INTR,
  PENDING_NMI,
  REGION_LIMIT,
  REPEATING,
  RF,
  RUN_LIMIT,
  SHADOW,
  SHUTDOWN,
  STRETCH_LIMIT,
  TF,
} from "./state.js";
import type { Translator } from "./translator.js";

/** The fast loop may run past its limit by less than this; the rest of a slice is stepped. */
const MARGIN = CHECK_EVERY + 1;
/** Longest stretch given to the fast loop: `COUNT_BASE + PC` counts in eighths of an instruction in 31 bits. */
const LONGEST_STRETCH = 1 << 26;

export interface ExecutionParts {
  readonly core: Core;
  readonly cache: CodeCache;
  readonly fetch: CodeFetch;
  readonly interrupts: Interrupts;
  readonly breakpoints: Breakpoints;
  readonly interpret: Interpret;
  readonly translator: Translator | undefined;
  /** Registers as INIT# leaves them. */
  readonly powerUp: () => void;
}

export class Execution implements CpuDebug {
  readonly #core: Core;
  readonly #i32: Int32Array;
  readonly #cache: CodeCache;
  readonly #fetch: CodeFetch;
  readonly #interrupts: Interrupts;
  readonly #breakpoints: Breakpoints;
  readonly #interpret: Interpret;
  readonly #translator: Translator | undefined;
  readonly #powerUp: () => void;
  #controller: InterruptAcknowledger = { acknowledge: () => 0xff };
  #count = 0;
  #exit = false;
  #stopped: DebugStop | undefined;
  #trace: ((instruction: TracedInstruction) => void) | undefined;
  readonly #traced: TracedInstruction = { address: 0, eip: 0, count: 0 };
  holdInterrupts = false;

  constructor({ core, cache, fetch, interrupts, breakpoints, interpret, translator, powerUp }: ExecutionParts) {
    this.#core = core;
    this.#i32 = core.i32;
    this.#cache = cache;
    this.#fetch = fetch;
    this.#interrupts = interrupts;
    this.#breakpoints = breakpoints;
    this.#interpret = interpret;
    this.#translator = translator;
    this.#powerUp = powerUp;
  }

  connect(controller: InterruptAcknowledger): void {
    this.#controller = controller;
  }

  /** Executed since reset; exact whenever a handler, timer or host looks. */
  get count(): number {
    return this.#count + ((this.#i32[COUNT_BASE] + this.#i32[PC]) >> 3);
  }
  set count(value: number) {
    this.#count = value;
    this.#i32[PC] = 0;
    this.#i32[COUNT_BASE] = 0;
  }

  /** Leave the loop at the next taken branch and look again. */
  attention(): void {
    this.#i32[RUN_LIMIT] = AT_ONCE;
    this.#i32[REGION_LIMIT] = AT_ONCE;
  }

  requestExit(): void {
    this.#exit = true;
    this.attention();
  }

  get halted(): boolean {
    const i32 = this.#i32;
    if (i32[HALTED] === 0) return false;
    const pending = i32[PENDING];
    if ((pending & PENDING_INIT) !== 0 || ((pending & PENDING_NMI) !== 0 && i32[NMI_BLOCKED] === 0)) return false;
    return (pending & PENDING_INTR) === 0 || (i32[FLAGS] & IF) === 0;
  }

  run(instructions: number): void {
    const i32 = this.#i32;
    const end = this.#count + instructions;
    const start = this.#linear();
    this.#exit = false;
    this.#stopped = undefined;
    let first = true;
    while (this.#count < end && !this.#exit && i32[SHUTDOWN] === 0) {
      try {
        this.#between();
        if (this.#exit || i32[HALTED] !== 0) break;
        this.#breakpoints.resumeAt = first && this.#linear() === start ? start >>> 0 : -1;
        first = false;
        const left = end - this.#count;
        if (i32[SHADOW] !== 0 || (i32[FLAGS] & (TF | RF)) !== 0 || left <= MARGIN || this.#trace) this.#step();
        else this.#stretch(Math.min(left, LONGEST_STRETCH) - MARGIN);
      } catch (error) {
        if (error !== this.#core.fault) throw error;
        this.#caught(end);
      } finally {
        this.#breakpoints.phase = "between";
      }
    }
    this.#lookAhead();
  }

  /** The next `run` passes over a breakpoint where it begins, so this one tells of it, and of what its last instruction accessed. */
  #lookAhead(): void {
    const breakpoints = this.#breakpoints;
    if (this.#stopped || this.#i32[SHUTDOWN] !== 0 || this.#i32[HALTED] !== 0) return;
    if (!breakpoints.hit && breakpoints.hasCode) breakpoints.look(this.#linear());
    if (breakpoints.hit) this.#stop();
  }

  /** Traps of the last instruction, then the debugger, then interrupts. */
  #between(): void {
    const i32 = this.#i32;
    const breakpoints = this.#breakpoints;
    if (breakpoints.trap !== 0 && i32[SHADOW] !== NO_TRAPS) this.#debugTrap(breakpoints.trap);
    if (breakpoints.hit) this.#stop();
    else if (i32[PENDING] !== 0) this.#takePending();
  }

  /** A fault has left the interpreter. */
  #caught(end: number): void {
    const { vector } = this.#core.fault;
    this.#account();
    if (vector === DEBUGGER_STOP) this.#stop();
    else if (vector === STEP_INSTEAD) {
      if (this.#count < end) this.#stepAgain();
    } else this.#raise();
  }

  #stop(): void {
    this.#stopped = this.#breakpoints.hit;
    this.#breakpoints.hit = undefined;
    this.#exit = true;
  }

  /** Executes alone the instruction that met a watched page in the fast loop. */
  #stepAgain(): void {
    try {
      this.#step();
    } catch (error) {
      if (error !== this.#core.fault) throw error;
      this.#account();
      if (this.#core.fault.vector === DEBUGGER_STOP) this.#stop();
      else this.#raise();
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

  /** Of the instruction being executed, or of the next one. */
  get eip(): number {
    const i32 = this.#i32;
    if (i32[PC] === 0 || this.#core.eipCommitted) return i32[EIP];
    return i32[CODE_PAGE] + (this.#cache.code[i32[PC] + R_META] & META_OFFSET_MASK) - i32[BASE + CS];
  }

  #linear(): number {
    return (this.#i32[EIP] + this.#i32[BASE + CS]) | 0;
  }

  #lookUp(): number {
    const linear = this.#linear();
    this.#i32[CODE_PAGE] = linear & ~0xfff;
    return this.#fetch.enter(linear);
  }

  #stretch(instructions: number): void {
    const i32 = this.#i32;
    this.#breakpoints.phase = "running";
    this.#core.oneElement = this.#breakpoints.watchesData;
    const record = this.#lookUp();
    const translator = this.#translator;
    let limit = instructions;
    i32[REGION_LIMIT] = AT_ONCE;
    if (translator && !this.#breakpoints.watchesData) {
      limit = Math.min(limit, translator.sample(this.#linear()));
      i32[REGION_LIMIT] = (instructions - translator.margin) * 8;
      i32[STRETCH_LIMIT] = instructions * 8;
    }
    i32[RUN_LIMIT] = limit * 8;
    this.#interpret(record, i32[CODE_PAGE], -record, limit * 8);
    this.#account();
  }

  /** One instruction, then whatever is due after it: the trap of a single step, the end of the interrupt shadow. */
  #step(): void {
    const i32 = this.#i32;
    const core = this.#core;
    const { code } = this.#cache;
    const breakpoints = this.#breakpoints;
    breakpoints.phase = "stepping";
    const shadow = i32[SHADOW];
    const trap = (i32[FLAGS] & TF) !== 0;
    const record = this.#cache.plain(this.#lookUp());
    if (this.#trace) this.#report();
    code.copyWithin(STEP_RECORD, record, record + RECORD_WORDS);
    const meta = code[STEP_RECORD + R_META];
    code[STEP_RECORD + RECORD_WORDS + R_OP] = EXIT;
    code[STEP_RECORD + RECORD_WORDS + R_DISP] = (meta & META_OFFSET_MASK) + ((meta >> META_LENGTH_SHIFT) & 15);
    i32[RUN_LIMIT] = AT_ONCE;
    if (shadow !== 0) i32[SHADOW] = 0;
    i32[FLAGS] &= ~RF;
    core.interrupted = false;
    core.oneElement = trap || breakpoints.watchesData;
    this.#interpret(STEP_RECORD, i32[CODE_PAGE], -STEP_RECORD, AT_ONCE);
    this.#account();
    // not after MOV SS and POP SS, and not in a handler that the instruction itself called
    if (trap && i32[SHADOW] !== NO_TRAPS && !core.interrupted) this.#debugTrap(DR6_BS | breakpoints.trap);
  }

  #report(): void {
    const traced = this.#traced;
    traced.address = this.#linear() >>> 0;
    traced.eip = this.#i32[EIP] >>> 0;
    traced.count = this.#count;
    this.#trace?.(traced);
  }

  #debugTrap(cause: number): void {
    const i32 = this.#i32;
    this.#breakpoints.trap = 0;
    i32[DR6] |= cause;
    i32[DR7] &= ~DR7_GD;
    i32[HALTED] = 0;
    this.#resumeFlag();
    this.#interrupts.deliver(DB_VECTOR, false, -1);
  }

  /** A repeated instruction that is interrupted goes on without meeting its breakpoint again. */
  #resumeFlag(): void {
    if (this.#i32[REPEATING] === 0) return;
    this.#i32[REPEATING] = 0;
    this.#i32[FLAGS] |= RF;
  }

  #takePending(): void {
    const i32 = this.#i32;
    if ((i32[PENDING] & PENDING_INIT) !== 0) {
      i32[PENDING] &= ~PENDING_INIT;
      this.#powerUp();
      return;
    }
    if (i32[SHADOW] !== 0 || this.holdInterrupts) return;
    if ((i32[PENDING] & PENDING_NMI) !== 0 && i32[NMI_BLOCKED] === 0) {
      i32[PENDING] &= ~PENDING_NMI;
      i32[NMI_BLOCKED] = 1;
      i32[HALTED] = 0;
      this.#resumeFlag();
      this.#interrupts.deliver(NMI_VECTOR, false, -1);
    } else if ((i32[PENDING] & PENDING_INTR) !== 0 && (i32[FLAGS] & IF) !== 0) {
      i32[HALTED] = 0;
      this.#resumeFlag();
      this.#interrupts.deliver(this.#controller.acknowledge(), false, -1);
    }
  }

  /** Delivers the fault just caught, or shuts down. */
  #raise(): void {
    this.#breakpoints.cancel();
    this.#i32[REPEATING] = 0;
    this.#breakpoints.phase = "between";
    // a delivery counts as an instruction, so that a guest whose handlers only fault still uses up its slice
    this.#count++;
    if (deliverException(this.#core, this.#interrupts)) return;
    this.#i32[SHUTDOWN] = 1;
    this.#exit = true;
  }

  // ── debugger ────────────────────────────────────────────────────────────────────────────────────────────────────

  setBreakpoints(addresses: Iterable<number>): void {
    this.#breakpoints.setCode(addresses);
    this.attention();
  }

  setWatchpoints(points: readonly Watchpoint[]): void {
    this.#breakpoints.setWatchpoints(points);
    this.attention();
  }

  get stopped(): DebugStop | undefined {
    return this.#stopped;
  }

  trace(listener: ((instruction: TracedInstruction) => void) | undefined): void {
    this.#trace = listener;
    this.attention();
  }
}

const EXIT = HOT_NUMBERS.get("%EXIT")!;
