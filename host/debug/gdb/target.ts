/** What a gdb session debugs: a machine, or a test's stand-in. */
import type { DebugStop, Watchpoint } from "../../api/debug.js";
import type { RegisterBank } from "./registers.js";

/** Why the target stands still. */
export type TargetStop =
  | DebugStop
  /** Somebody asked for it. */
  | { readonly kind: "interrupted" }
  /** A single step is done. */
  | { readonly kind: "stepped" }
  /** The guest has switched itself off, or the machine is gone. */
  | { readonly kind: "exited"; readonly status: number }
  /** The processor has shut down; `text` tells people. Its state can still be looked at. */
  | { readonly kind: "shutdown"; readonly text: string };

export interface GdbTarget {
  readonly registers: RegisterBank;
  /** The linear address of the next instruction is not `eip` while the code segment has a base. */
  readLinear(address: number, length: number): Uint8Array;
  writeLinear(address: number, bytes: Uint8Array): boolean;
  /**
   * Replaces this client's breakpoints, at linear addresses, and its watchpoints; others' stay.
   * @throws BackplaneError when there are too many, or one is unusable; the others are set then.
   */
  setPoints(breakpoints: ReadonlySet<number>, watchpoints: readonly Watchpoint[]): void;
  /** How it stands now. */
  state(): TargetStop;
  /** Lets it run until it stops for whatever reason, or `abandon` is called. */
  run(): Promise<TargetStop>;
  /** Executes one instruction. */
  step(): Promise<TargetStop>;
  /** Makes it stand still; ends a `run` or a `step`. Resolves when it does. */
  interrupt(): Promise<void>;
  /** Ends a `run` without stopping the target, and a `step`. */
  abandon(): void;
  /** Nobody debugs it any more. @param runs lets it run on */
  release(runs: boolean): Promise<void>;
  /** Takes its power away. */
  kill(): void;
  /** A command of gdb's `monitor`; answers with text for people. */
  monitor(line: string): string;
}
