/**
 * The processor put together: reset, pins, registers, snapshots. What happens between instructions is in `execution.ts`.
 */
import { BackplaneError } from "../../sdk/contract/errors.js";
import type { FlatStart, InterruptAcknowledger } from "../../sdk/contract/processor.js";
import type { PortSpace } from "../bus/port-space.js";
import { STATE_BYTES } from "../memory/layout.js";
import type { PhysicalSpace } from "../memory/physical.js";
import { Breakpoints } from "./breakpoints.js";
import { CodeFetch } from "./code-fetch.js";
import { type ColdOperation, Core } from "./core.js";
import type { CpuDebug } from "./debug.js";
import { dumpState } from "./dump.js";
import type { CpuCore, GeneralRegisters, SegmentName } from "./engine.js";
import { Execution } from "./execution.js";
import { GuestFault } from "./fault.js";
import { connectFpu, type Fpu } from "./fpu.js";
import { CodeCache } from "./interpreter/code-cache.js";
import { compileLoop, type Interpret } from "./interpreter/compile.js";
import { Decoder } from "./interpreter/decoder.js";
import { primeLoop } from "./interpreter/prime.js";
import { HOT_NUMBERS } from "./interpreter/source.js";
import { Interrupts } from "./interrupts.js";
import { loopEnvironment } from "./loop-environment.js";
import { Mmu } from "./mmu.js";
import { type CpuModel, cpuModel, DEFAULT_CPU_MODEL } from "./models.js";
import { COLD, coldOperations, OPERATION_NUMBERS } from "./operation-table.js";
import { powerUpRegisters } from "./power-up.js";
import { Segmentation } from "./segmentation.js";
import {
  A20_MASK,
  ATTR,
  BASE,
  CPL,
  CR0,
  CR0_ET,
  CR0_PE,
  CS,
  EIP,
  FLAGS,
  FPU_BYTES,
  FPU_OFFSET,
  GDTR_BASE,
  GDTR_LIMIT,
  IF,
  IGNNE,
  LIMIT,
  MODE_KEY,
  PENDING,
  PENDING_INIT,
  PENDING_INTR,
  PENDING_NMI,
  SAVED_WORDS,
  SEL,
  SHUTDOWN,
} from "./state.js";
import type { OpcodeFact } from "./tables/table.js";
import { TaskSwitch } from "./task-switch.js";
import type { CreateTranslator } from "./translator.js";

const SEGMENT_NAMES: readonly SegmentName[] = ["es", "cs", "ss", "ds", "fs", "gs"];
const REGISTER_NAMES = ["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"] as const;
/** Characters of a model's name in a snapshot. */
const LONGEST_NAME = 32;
const encodeName = (name: string): Uint8Array => Uint8Array.from(name, (letter) => letter.charCodeAt(0));

/** Whether a processor has an encoding. */
const hasEncoding = ({ features, family }: CpuModel, { feature }: OpcodeFact): boolean => feature === undefined || (feature === "p6" ? family >= 6 : features.has(feature));

export class Cpu implements CpuCore {
  readonly #core: Core;
  readonly #mmu: Mmu;
  readonly #cache: CodeCache;
  readonly #fetch: CodeFetch;
  readonly #model: CpuModel;
  /** The interpreter's loop has the frequent operations only. */
  readonly #lean: boolean;
  readonly #interpret: Interpret;
  readonly #execution: Execution;
  readonly #breakpoints: Breakpoints;
  readonly #fpu: Fpu;
  readonly #i32: Int32Array;
  #ferr: (level: boolean) => void = () => {};
  #nowNs: () => number = () => this.instructionCount;

  /** @param createTranslator of hot code; without it everything is interpreted */
  constructor(space: PhysicalSpace, ports: PortSpace, model: CpuModel = cpuModel(DEFAULT_CPU_MODEL), createTranslator?: CreateTranslator) {
    const memory = space.memory;
    const fault = new GuestFault();
    this.#model = model;
    this.#i32 = memory.words;
    this.#mmu = new Mmu(space, this.#i32, fault);
    this.#mmu.setPat(model.features.has("pat"));
    this.#cache = new CodeCache(memory, { reenter: HOT_NUMBERS.get("%REENTER")!, back: HOT_NUMBERS.get("%BACK")!, region: HOT_NUMBERS.get("%REGION")! });
    this.#core = new Core(memory, this.#mmu, ports, fault, this.#cache.code);
    this.#breakpoints = new Breakpoints(this.#i32, this.#mmu, fault);
    const core = this.#core;
    const segmentation = new Segmentation(core);
    const tasks = new TaskSwitch(core, segmentation);
    const interrupts = new Interrupts(core, segmentation, tasks);
    const decoder = new Decoder(memory.bytes, this.#cache.code, OPERATION_NUMBERS, (fact) => hasEncoding(model, fact));
    this.#fetch = new CodeFetch({ core, space, mmu: this.#mmu, cache: this.#cache, decoder, breakpoints: this.#breakpoints });
    this.#fpu = connectFpu(core, model, (level) => this.#ferr(level));

    this.#cache.onFlush.push(() => this.#mmu.flushExecute());
    this.#cache.onFirstCode = (page) => this.#mmu.dropWrites(page);
    this.#mmu.onCodeStore = (page, offset, length) => this.#cache.written(page, offset, length);
    space.onCodeWrite = (page) => this.#cache.dropPage(page);
    space.onRemap = () => this.#mmu.flush(false);

    const host = {
      timeStamp: () => Math.floor(this.#nowNs()),
      attention: () => this.#execution.attention(),
      debugRegistersChanged: () => {
        this.#breakpoints.refresh();
        this.#execution.attention();
      },
    };
    core.onPort = (port, bytes) => {
      if (this.#breakpoints.watchesPorts && this.#breakpoints.port(port, bytes)) host.attention();
    };
    this.#breakpoints.isCommitted = () => core.eipCommitted;
    this.#breakpoints.onNoted = host.attention;
    core.onTaskSwitched = host.debugRegistersChanged;
    const cold = coldOperations({ core, model, segmentation, interrupts, tasks, fpu: this.#fpu, host });
    this.#lean = createTranslator !== undefined;
    const translator = createTranslator?.({ core, space, cache: this.#cache, decoder, cold, fpu: this.#fpu });
    this.#interpret = compileLoop(
      loopEnvironment(core, this.#cache, this.#fetch, cold, (slot, entry) => (translator ? translator.enter(slot, entry) : entry)),
      translator !== undefined,
    );
    this.#execution = new Execution({
      core,
      cache: this.#cache,
      fetch: this.#fetch,
      interrupts,
      breakpoints: this.#breakpoints,
      interpret: this.#interpret,
      translator,
      powerUp: () => this.#powerUpState(),
    });
    this.reset();
    this.#prime(cold);
    this.reset();
  }

  #prime(cold: ColdOperation[]): void {
    const { memory } = this.#core;
    this.startFlat32({ eip: 0, gdt: { base: 0, limit: 0 }, codeSelector: 8, dataSelector: 16 });
    primeLoop({
      i32: this.#i32,
      ram: memory.ram,
      code: this.#cache.code,
      interpret: this.#interpret,
      flushTlb: () => this.#mmu.flush(false),
      enter: (linear) => this.#fetch.enter(linear),
      lean: this.#lean,
      cold,
      coldThrough: COLD.numbers.get("NOPE")!,
      coldEnding: COLD.numbers.get("UD2")!,
    });
  }

  // ── reset and pins ──────────────────────────────────────────────────────────────────────────────────────────────

  reset(): void {
    const i32 = this.#i32;
    const a20 = i32[A20_MASK] || -1;
    i32.fill(0, 0, STATE_BYTES / 4);
    i32[A20_MASK] = a20;
    this.#execution.count = 0;
    this.#powerUpState();
    this.#fpu.unit.reset();
    this.#cache.flush();
  }

  /** Registers as RESET# and INIT# leave them. */
  #powerUpState(): void {
    powerUpRegisters(this.#i32, this.#model);
    const core = this.#core;
    const i32 = this.#i32;
    core.setCpl(0);
    i32[MODE_KEY] = -1;
    core.updateKey();
    this.#mmu.flush(false);
    this.#breakpoints.refresh();
    this.#execution.attention();
  }

  intr(level: boolean): void {
    if (level) {
      this.#i32[PENDING] |= PENDING_INTR;
      if ((this.#i32[FLAGS] & IF) !== 0) this.#execution.attention();
    } else this.#i32[PENDING] &= ~PENDING_INTR;
  }

  connect(controller: InterruptAcknowledger): void {
    this.#execution.connect(controller);
  }

  nmi(): void {
    this.#i32[PENDING] |= PENDING_NMI;
    this.#execution.attention();
  }

  init(): void {
    this.#i32[PENDING] |= PENDING_INIT;
    this.#execution.attention();
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
    return this.#execution.count;
  }

  requestExit(): void {
    this.#execution.requestExit();
  }

  get halted(): boolean {
    return this.#execution.halted;
  }

  get shutdown(): boolean {
    return this.#i32[SHUTDOWN] !== 0;
  }

  run(instructions: number): void {
    this.#execution.run(instructions);
  }

  // ── for hosts, debuggers and snapshots ──────────────────────────────────────────────────────────────────────────

  get registers(): GeneralRegisters {
    const i32 = this.#i32;
    const named = Object.fromEntries(REGISTER_NAMES.map((name, index) => [name, i32[index] >>> 0])) as Record<(typeof REGISTER_NAMES)[number], number>;
    return { ...named, eip: this.#execution.eip >>> 0, eflags: this.#core.flags.materialise() >>> 0 };
  }

  setRegister(name: keyof GeneralRegisters, value: number): void {
    const i32 = this.#i32;
    if (name === "eip") i32[EIP] = value;
    else if (name === "eflags") {
      this.#core.flags.materialise();
      i32[FLAGS] = value | 2;
      this.#core.updatePrivilege();
    } else i32[REGISTER_NAMES.indexOf(name)] = value;
  }

  segment(name: SegmentName): { selector: number; base: number; limit: number } {
    const index = SEGMENT_NAMES.indexOf(name);
    const i32 = this.#i32;
    return { selector: i32[SEL + index], base: i32[BASE + index] >>> 0, limit: i32[LIMIT + index] >>> 0 };
  }

  get debug(): CpuDebug {
    return this.#execution;
  }

  get model(): CpuModel {
    return this.#model;
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
    return { count: this.#execution.count, model: encodeName(this.#model.name), words: bytes.slice(0, SAVED_WORDS * 4), fpu: bytes.slice(FPU_OFFSET, FPU_OFFSET + FPU_BYTES) };
  }

  load(fields: Record<string, number | Uint8Array>): void {
    const { count, model, words, fpu } = fields;
    if (typeof count !== "number" || !(words instanceof Uint8Array) || !(fpu instanceof Uint8Array) || words.length !== SAVED_WORDS * 4 || fpu.length !== FPU_BYTES) {
      throw new BackplaneError("SNAPSHOT_CPU", "the processor's section of the snapshot is incomplete");
    }
    const taken = model instanceof Uint8Array ? String.fromCharCode(...model.subarray(0, LONGEST_NAME)) : "";
    if (taken !== this.#model.name)
      throw new BackplaneError("SNAPSHOT_CPU", `the snapshot is of a machine with a "${taken}" processor, this one has a "${this.#model.name}"`, {
        taken,
        model: this.#model.name,
      });
    const bytes = this.#core.memory.bytes;
    bytes.set(words, 0);
    bytes.set(fpu, FPU_OFFSET);
    this.#execution.count = count;
    const i32 = this.#i32;
    this.#core.setCpl(i32[CPL] & 3);
    i32[MODE_KEY] = -1;
    this.#core.updateKey();
    this.#mmu.flush(false);
    this.#cache.flush();
    this.#breakpoints.refresh();
  }

  /** Figures for reports. */
  get statistics(): { readonly codeFlushes: number } {
    return { codeFlushes: this.#cache.flushes };
  }
}
