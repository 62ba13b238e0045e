/** A processor for tests of the machine: a function plays the program, one call an instruction. */
import type { FlatStart, InterruptAcknowledger } from "../../../sdk/contract/processor.js";
import type { PortSpace } from "../../bus/port-space.js";
import type { CpuDebug, DebugStop, TracedInstruction } from "../../cpu/debug.js";
import type { CpuCore, GeneralRegisters } from "../../cpu/engine.js";
import type { PhysicalSpace } from "../../memory/physical.js";

/** EIP counts the fake's instructions, so a breakpoint is met by number. A program makes a watched access by `touch`. */
export class FakeDebug implements CpuDebug {
  stopped: DebugStop | undefined;
  holdInterrupts = false;
  breakpoints = new Set<number>();
  watchpoints: Parameters<CpuDebug["setWatchpoints"]>[0] = [];
  tracer: ((instruction: TracedInstruction) => void) | undefined;

  setBreakpoints(addresses: Iterable<number>): void {
    this.breakpoints = new Set(addresses);
  }
  setWatchpoints(points: Parameters<CpuDebug["setWatchpoints"]>[0]): void {
    this.watchpoints = points;
  }
  trace(listener: ((instruction: TracedInstruction) => void) | undefined): void {
    this.tracer = listener;
  }
  touch(address: number, access: "read" | "write"): void {
    const watchpoint = this.watchpoints.find((each) => address >= each.address && address < each.address + each.length && (each.on === "access" || access === "write"));
    if (watchpoint) this.stopped = { kind: "watchpoint", address, access, watchpoint };
  }
}

export class FakeCpu implements CpuCore {
  readonly debug = new FakeDebug();
  connectTime(): void {}
  readonly space: PhysicalSpace;
  readonly ports: PortSpace;
  /** One instruction. */
  program: (cpu: FakeCpu) => void = () => {};
  onInterrupt: (vector: number, cpu: FakeCpu) => void = () => {};
  instructionCount = 0;
  shutdown = false;
  /** One register that programs may use. */
  accumulator = 0;
  /** Sizes `run` was asked for. */
  readonly budgets: number[] = [];
  resets = 0;
  a20Enabled = true;
  readonly registers: GeneralRegisters = { eax: 0, ecx: 0, edx: 0, ebx: 0, esp: 0, ebp: 0, esi: 0, edi: 0, eip: 0, eflags: 2 };
  #waiting = false;
  #intr = false;
  #exit = false;
  #controller: InterruptAcknowledger | undefined;

  constructor(space: PhysicalSpace, ports: PortSpace) {
    this.space = space;
    this.ports = ports;
  }

  halt(): void {
    this.#waiting = true;
  }
  get halted(): boolean {
    return this.#waiting && !this.#intr;
  }

  run(instructions: number): void {
    this.budgets.push(instructions);
    this.#exit = false;
    const { debug, registers } = this;
    debug.stopped = undefined;
    for (let left = instructions; left > 0 && !this.#exit && !this.shutdown && !debug.stopped; left--) {
      if (this.#intr && !debug.holdInterrupts) {
        this.#waiting = false;
        this.onInterrupt(this.#controller?.acknowledge() ?? -1, this);
      }
      if (this.#waiting) return;
      debug.tracer?.({ address: registers.eip, eip: registers.eip, count: this.instructionCount });
      this.instructionCount++;
      registers.eip++;
      this.program(this);
      if (debug.breakpoints.has(registers.eip)) debug.stopped ??= { kind: "breakpoint", address: registers.eip };
    }
  }
  requestExit(): void {
    this.#exit = true;
  }
  reset(): void {
    this.resets++;
    this.instructionCount = 0;
    this.shutdown = false;
    this.#waiting = false;
    this.accumulator = 0;
  }

  intr(level: boolean): void {
    this.#intr = level;
  }
  connect(controller: InterruptAcknowledger): void {
    this.#controller = controller;
  }
  nmi(): void {
    this.#waiting = false;
  }
  a20(enabled: boolean): void {
    this.a20Enabled = enabled;
  }
  onFerr(_fn: (level: boolean) => void): void {}
  ignne(_level: boolean): void {}
  init(): void {
    this.reset();
  }
  startFlat32(start: FlatStart): void {
    this.registers.eip = start.eip;
  }
  setRegister(name: keyof GeneralRegisters, value: number): void {
    this.registers[name] = value;
  }
  segment(): { selector: number; base: number; limit: number } {
    return { selector: 0, base: 0, limit: 0xffff };
  }
  peekLinear(address: number): number | undefined {
    return this.space.read8(address);
  }
  dump(): string {
    return `fake processor after ${this.instructionCount} instructions`;
  }
  save(): Record<string, number | Uint8Array> {
    return { count: this.instructionCount, waiting: Number(this.#waiting), intr: Number(this.#intr), accumulator: this.accumulator };
  }
  load(fields: Record<string, number | Uint8Array>): void {
    if (typeof fields["count"] !== "number") throw new Error("no count");
    this.instructionCount = fields["count"];
    this.#waiting = fields["waiting"] === 1;
    this.#intr = fields["intr"] === 1;
    this.accumulator = fields["accumulator"] as number;
  }
}
