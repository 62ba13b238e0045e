/**
 * Breakpoints: the debug registers (SDM volume 3, section 17.2) and the debugger's own, found by the same means.
 *
 * Code: the pages with a breakpoint are never entered into the execute TLB, so every instruction there passes `fetch`.
 * Data: the pages with a watchpoint are never entered into the data TLBs, so every access passes `access`. Ports: asked by
 * the permission check, while any are watched. Elsewhere, and with nothing armed, nothing is looked at.
 *
 * Not implemented: the bits of DR6 that processors set for matching but disabled breakpoints stay clear.
 */
import type { DebugStop, Watchpoint } from "./debug.js";
import type { GuestFault } from "./fault.js";
import type { Mmu } from "./mmu.js";
import { CR4, CR4_DE, DB_VECTOR, DEBUG_TRAP, DR0, DR6, DR7, FLAGS, NO_TRAPS, RF, SHADOW } from "./state.js";

/** R/W field of DR7. */
const ON_EXECUTE = 0;
const ON_WRITE = 1;
const ON_PORT = 2;
const LENGTHS = [1, 2, 8, 4];
const MAX_WATCH_BYTES = 4096;
const PAGE_SHIFT = 12;

/** Pseudo-vectors of the fault that leaves the interpreter: for the debugger, and to repeat an instruction by itself. */
export const DEBUGGER_STOP = -1;
export const STEP_INSTEAD = -2;

/** Where execution stands: between instructions, in the fast loop, in a single step. */
export type Phase = "between" | "running" | "stepping";

/** One enabled debug register, or one of the debugger's watchpoints. */
interface DataBreakpoint {
  readonly first: number;
  readonly last: number;
  readonly onRead: boolean;
  /** Bit in DR6; 0 for the debugger's. */
  readonly bit: number;
  readonly watchpoint: Watchpoint | undefined;
}

export class Breakpoints {
  readonly #i32: Int32Array;
  readonly #mmu: Mmu;
  readonly #fault: GuestFault;
  /** Debugger's, unsigned linear addresses. */
  #code: ReadonlySet<number> = new Set();
  #watchpoints: readonly Watchpoint[] = [];
  /** All armed execution breakpoints: address to bits of DR6, 0 for the debugger's alone. */
  readonly #execute = new Map<number, number>();
  readonly #pages = new Set<number>();
  #data: DataBreakpoint[] = [];
  /** First port, last port, bit. */
  #ports: readonly (readonly [number, number, number])[] = [];
  /** Debug registers in force when the lists were made. */
  #armed = "";
  /** Any page of code has a breakpoint. */
  hasCode = false;
  /** The debugger's watchpoint that the current instruction has hit. */
  hit: DebugStop | undefined;
  phase: Phase = "between";
  /** The instruction being executed has changed what it cannot take back. */
  isCommitted: () => boolean = () => false;
  /** Something is due although the fast loop goes on. */
  onNoted: () => void = () => {};
  /** Linear address whose breakpoint is passed over once: where `run` began. -1: none. */
  resumeAt = -1;

  constructor(i32: Int32Array, mmu: Mmu, fault: GuestFault) {
    this.#i32 = i32;
    this.#mmu = mmu;
    this.#fault = fault;
    mmu.onWatched = (linear, bytes, write) => this.access(linear, bytes, write);
  }

  setCode(addresses: Iterable<number>): void {
    this.#code = new Set([...addresses].map((address) => address >>> 0));
    this.#arm();
  }

  setWatchpoints(points: readonly Watchpoint[]): void {
    for (const { length } of points) {
      if (!(Number.isInteger(length) && length >= 1 && length <= MAX_WATCH_BYTES)) throw new RangeError(`a watchpoint of ${length} bytes; it must have 1 to ${MAX_WATCH_BYTES}`);
    }
    this.#watchpoints = [...points];
    this.#arm();
  }

  /** The debug registers or CR4.DE may have changed. */
  refresh(): void {
    if (this.#registers() !== this.#armed) this.#arm();
  }

  #registers(): string {
    const i32 = this.#i32;
    const enables = i32[DR7] & 0xff;
    return enables === 0 ? "" : [i32[DR7], i32[CR4] & CR4_DE, i32[DR0], i32[DR0 + 1], i32[DR0 + 2], i32[DR0 + 3]].join();
  }

  #arm(): void {
    const i32 = this.#i32;
    this.#armed = this.#registers();
    this.#execute.clear();
    this.#pages.clear();
    const data: DataBreakpoint[] = [];
    const ports: [number, number, number][] = [];
    for (const address of this.#code) this.#execute.set(address, 0);
    for (const watchpoint of this.#watchpoints) {
      const first = watchpoint.address >>> 0;
      data.push({ first, last: Math.min(0xffff_ffff, first + watchpoint.length - 1), onRead: watchpoint.on === "access", bit: 0, watchpoint });
    }
    const dr7 = i32[DR7];
    for (let n = 0; n < 4; n++) {
      if (((dr7 >> (2 * n)) & 3) === 0) continue;
      const kind = (dr7 >> (16 + 4 * n)) & 3;
      const length = LENGTHS[(dr7 >> (18 + 4 * n)) & 3];
      const address = i32[DR0 + n] >>> 0;
      const first = (address & ~(length - 1)) >>> 0;
      if (kind === ON_EXECUTE) this.#execute.set(address, (this.#execute.get(address) ?? 0) | (1 << n));
      else if (kind !== ON_PORT) data.push({ first, last: first + length - 1, onRead: kind !== ON_WRITE, bit: 1 << n, watchpoint: undefined });
      else if ((i32[CR4] & CR4_DE) !== 0) ports.push([first, first + length - 1, 1 << n]);
    }
    for (const address of this.#execute.keys()) this.#pages.add(address >>> PAGE_SHIFT);
    this.hasCode = this.#pages.size > 0;
    this.#data = data;
    this.#ports = ports;
    const watched = new Set<number>();
    for (const { first, last } of data) for (let page = first >>> PAGE_SHIFT; page <= last >>> PAGE_SHIFT; page++) watched.add(page);
    this.#mmu.setWatched(watched);
    this.#mmu.flushExecute();
  }

  get watchesPorts(): boolean {
    return this.#ports.length > 0;
  }
  /** A repeated instruction must look after each element. */
  get watchesData(): boolean {
    return this.#data.length > 0 || this.#ports.length > 0;
  }

  /** Whether instructions at a linear address must be looked at one by one. */
  covers(linear: number): boolean {
    return this.#pages.has(linear >>> PAGE_SHIFT);
  }

  /** An instruction on a covered page is about to be executed. @throws GuestFault #DB, or to stop for the debugger. */
  fetch(linear: number): void {
    const address = linear >>> 0;
    const resumed = this.resumeAt === address;
    this.resumeAt = -1;
    const bits = this.#execute.get(address);
    if (bits === undefined) return;
    // MOV SS and POP SS hold them off for an instruction
    if (bits !== 0 && (this.#i32[FLAGS] & RF) === 0 && this.#i32[SHADOW] !== NO_TRAPS) {
      this.#i32[DR6] |= bits;
      this.#fault.raise(DB_VECTOR);
    }
    if (resumed || !this.#code.has(address)) return;
    this.hit = { kind: "breakpoint", address };
    this.#fault.raise(DEBUGGER_STOP);
  }

  /** Whether the debugger wants to stop before the instruction at a linear address. */
  look(linear: number): void {
    const address = linear >>> 0;
    if (this.#code.has(address)) this.hit = { kind: "breakpoint", address };
  }

  /** Bytes of a watched page are about to be accessed. @throws GuestFault STEP_INSTEAD out of the fast loop. */
  access(linear: number, bytes: number, write: boolean): void {
    const first = linear >>> 0;
    const last = first + bytes - 1;
    for (const point of this.#data) {
      if (last < point.first || first > point.last || !(write || point.onRead)) continue;
      if (this.phase === "running") {
        // a task switch past the point of no return cannot be begun again
        if (!this.isCommitted()) this.#fault.raise(STEP_INSTEAD);
        this.onNoted();
      }
      this.trap |= point.bit;
      if (point.watchpoint) this.hit ??= { kind: "watchpoint", address: Math.max(first, point.first), access: write ? "write" : "read", watchpoint: point.watchpoint };
    }
  }

  /** Causes of a debug trap due after the current instruction, as bits of DR6. */
  get trap(): number {
    return this.#i32[DEBUG_TRAP];
  }
  set trap(causes: number) {
    this.#i32[DEBUG_TRAP] = causes;
  }

  /** A port is about to be accessed; true when that is a cause for a trap. */
  port(port: number, bytes: number): boolean {
    for (const [first, last, bit] of this.#ports) if (port <= last && port + bytes - 1 >= first) this.trap |= bit;
    return this.trap !== 0;
  }

  /** What belongs to an instruction that did not complete is forgotten. */
  cancel(): void {
    this.trap = 0;
    if (this.hit?.kind === "watchpoint") this.hit = undefined;
  }
}
