/** What a debugger may do with the processor. Nothing here costs anything while it is not used. */

/** Stops after an access to any of the bytes; the instruction that made it has completed. */
export interface Watchpoint {
  /** Linear address. */
  readonly address: number;
  /** Bytes, at least 1. */
  readonly length: number;
  readonly on: "write" | "access";
}

/** Why `run` came back before its time. Addresses are linear, unsigned. */
export type DebugStop =
  /** Before the instruction at `address`. */
  | { readonly kind: "breakpoint"; readonly address: number }
  /** After the instruction that made the access. */
  | { readonly kind: "watchpoint"; readonly address: number; readonly access: "read" | "write"; readonly watchpoint: Watchpoint };

/** One instruction about to be executed. The object is reused: copy what is kept. */
export interface TracedInstruction {
  /** Linear address, unsigned. */
  address: number;
  /** EIP, unsigned. */
  eip: number;
  /** Executed before this one. */
  count: number;
}

export interface CpuDebug {
  /** Replaces the execution breakpoints: linear addresses of instructions. The instruction that `run` starts with always executes. */
  setBreakpoints(addresses: Iterable<number>): void;
  /** Replaces the watchpoints. @throws RangeError for a length below 1 or above 4096. */
  setWatchpoints(points: readonly Watchpoint[]): void;
  /** Why the last `run` stopped for the debugger; undefined when it did not. */
  readonly stopped: DebugStop | undefined;
  /** Called before each instruction while set; execution then is slow. */
  trace(listener: ((instruction: TracedInstruction) => void) | undefined): void;
  /** While true no interrupt is delivered, so that a single step stays in the program being looked at. */
  holdInterrupts: boolean;
}
