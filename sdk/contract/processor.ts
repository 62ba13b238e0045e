/** Roles the kernel itself fills: the processor's pins and the interrupt wires. */
import { role } from "./role.js";

/** What answers the CPU's interrupt acknowledge cycle (the 8259 pair). */
export interface InterruptAcknowledger {
  /** Returns the vector and moves the request in service. Called only while INTR is high. */
  acknowledge(): number;
}

/** Registers for a start without firmware: flat 32-bit protected mode, paging off, interrupts off. */
export interface FlatStart {
  readonly eip: number;
  readonly esi?: number;
  readonly esp?: number;
  readonly eax?: number;
  readonly ebx?: number;
  /** Physical address and limit (size in bytes less one) of a GDT already in memory. */
  readonly gdt: { readonly base: number; readonly limit: number };
  readonly codeSelector: number;
  readonly dataSelector: number;
}

/** The processor's pins. */
export interface Processor {
  /** INTR. */
  intr(level: boolean): void;
  connect(controller: InterruptAcknowledger): void;
  /** NMI, edge-triggered. */
  nmi(): void;
  /** A20M#: `true` lets address bit 20 through. */
  a20(enabled: boolean): void;
  readonly a20Enabled: boolean;
  /** FERR# as wired on a PC: called with true when an unmasked x87 error waits and CR0.NE is 0. */
  onFerr(fn: (level: boolean) => void): void;
  /** IGNNE#: lets the FPU go on with a pending error (port F0h). */
  ignne(level: boolean): void;
  /** INIT#: restarts at the reset vector and keeps memory (keyboard controller, port 92h). */
  init(): void;
  /** Starts at an address in flat protected mode instead of at the reset vector. Call it from `reset`. */
  startFlat32(start: FlatStart): void;
}
export const Processor = role<Processor>("processor");

/** All interrupt lines of the board, as an interrupt controller or a router sees them. */
export interface InterruptLines {
  /** The one listener is told each change of a line's wired-OR level. */
  connect(sink: (line: number, level: boolean) => void): void;
  level(line: number): boolean;
}
export const InterruptLines = role<InterruptLines>("interrupt-lines");

/** The 8259 pair or what replaces it. */
export interface InterruptController {
  /** In service plus requested, for debuggers: one bit per line. */
  readonly requested: number;
  readonly inService: number;
}
export const InterruptController = role<InterruptController>("interrupt-controller");
