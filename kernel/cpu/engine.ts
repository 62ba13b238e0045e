/** What the rest of the kernel sees of the processor. */
import type { Processor } from "../../sdk/contract/processor.js";
import type { CpuDebug } from "./debug.js";

export interface GeneralRegisters {
  eax: number;
  ecx: number;
  edx: number;
  ebx: number;
  esp: number;
  ebp: number;
  esi: number;
  edi: number;
  eip: number;
  eflags: number;
}
export type SegmentName = "es" | "cs" | "ss" | "ds" | "fs" | "gs";

export interface CpuCore extends Processor {
  /** Power-on state: all registers as after RESET#. */
  reset(): void;
  /**
   * Executes until `instructions` have completed, or earlier: at HLT, after `requestExit`, at shutdown. Delivers pending
   * interrupts first. REP iterations count with their instruction.
   */
  run(instructions: number): void;
  /** The time stamp counter counts nanoseconds of virtual time: a constant 1 GHz, whatever the instruction rate. */
  connectTime(nowNs: () => number): void;
  /** Executed since reset; exact whenever a handler, timer or host looks. */
  readonly instructionCount: number;
  /** Makes `run` return at the next instruction boundary that ends a block. */
  requestExit(): void;
  /** HLT executed and nothing pending that would wake it. */
  readonly halted: boolean;
  /** Triple fault: the processor has stopped until reset. */
  readonly shutdown: boolean;
  /** Registers for debuggers and the embedding API; unsigned. */
  readonly registers: GeneralRegisters;
  setRegister(name: keyof GeneralRegisters, value: number): void;
  segment(name: SegmentName): { selector: number; base: number; limit: number };
  /** Physical address of a linear one as the current mode translates it, without side effects; `undefined` where nothing is mapped. */
  peekLinear(address: number): number | undefined;
  /** Breakpoints, watchpoints and instruction trace. */
  readonly debug: CpuDebug;
  /** Several lines for people: registers, segments, control registers, the bytes at EIP. */
  dump(): string;
  /** Architectural state as named fields, for snapshots and state hashes. */
  save(): Record<string, number | Uint8Array>;
  /** @throws BackplaneError when a field is missing. */
  load(fields: Record<string, number | Uint8Array>): void;
}
