/**
 * Opens windows: accesses near each other share one look-up in the TLB.
 *
 * Accesses whose addresses differ by a known number are found by following the locals symbolically: each has a root, which
 * is an unknown value, and a distance from it. The first access looks up the page of the window's lowest byte and finds the
 * whole window plain memory in one piece; the others are plain loads and stores beside it. Windows reach from a block into
 * those that can only be entered from where they are open. Whatever may change the TLB closes them all.
 *
 * A window across a page boundary is open where both pages happen to be neighbours in the host's memory; elsewhere the
 * first access leaves the region. Code that does so often is compiled again with fewer windows.
 */

import { EBP, ESP } from "../../cpu/state.js";
import { type Expr, type IrBlock, type IrRegion, LOCALS, type Statement, type Window } from "../ir/ir.js";
import { edgesOf } from "../region/region-former.js";

/** Which windows a region may have: any, those on the stack, none. */
export type WindowPolicy = "any" | "stack" | "none";

/** The widest window, in bytes: wide ones more often lie across a page boundary. */
const WIDEST = 64;

/** A value as an unknown root and the distance from it. Root 0 is the value 0. */
interface Value {
  readonly root: number;
  readonly distance: number;
}
/** Open windows of one root: written ones serve reads too. */
interface Pair {
  readonly reads: Window | undefined;
  readonly writes: Window | undefined;
}
interface State {
  readonly locals: readonly Value[];
  readonly windows: ReadonlyMap<string, Pair>;
}

type Access = Statement & { kind: "load" | "store" | "open" | "x87" };

const bytesOf = (access: Access): number => (access.kind === "x87" ? access.instruction.bytes : access.size >> 3);
const writesTo = (access: Access): boolean => (access.kind === "x87" ? access.instruction.writes : access.kind !== "load");

class WindowOpener {
  readonly #region: IrRegion;
  readonly #policy: WindowPolicy;
  readonly #ends: (State | undefined)[] = [];
  #roots = 0;
  /** Of words of the state: what was read before one was set is not what is read after. */
  #words = 0;
  #locals: Value[] = [];
  #temps = new Map<number, Value>();
  #windows = new Map<string, Pair>();
  /** Accesses so far. */
  #position = 0;
  readonly #all: Window[] = [];

  constructor(region: IrRegion, policy: WindowPolicy) {
    this.#region = region;
    this.#policy = policy;
  }

  /** Returns how many handles the windows need. */
  open(): number {
    const { blocks, entries } = this.#region;
    const sources: number[][] = blocks.map(() => []);
    blocks.forEach(({ exit }, from) => {
      for (const { block: to } of edgesOf(exit)) if (to >= 0) sources[to].push(from);
    });
    blocks.forEach((block, at) => {
      this.#begin(entries.includes(at) || sources[at].some((from) => from >= at) ? [] : sources[at].map((from) => this.#ends[from]));
      this.#block(block);
      this.#ends[at] = { locals: this.#locals, windows: this.#windows };
    });
    for (const { statements } of blocks) {
      statements.forEach((statement, at) => {
        if ("window" in statement && statement.window?.window.accesses === 1) statements[at] = { ...statement, window: undefined };
      });
    }
    return this.#giveHandles();
  }

  #fresh(): Value {
    return { root: ++this.#roots, distance: 0 };
  }

  /** What all blocks that lead here agree on. */
  #begin(before: readonly (State | undefined)[]): void {
    this.#temps = new Map();
    const [first, ...others] = before;
    const rest = others.filter((each) => each !== undefined);
    this.#locals = Array.from({ length: LOCALS }, (_, local) => {
      const value = first?.locals[local];
      return value && rest.every(({ locals }) => locals[local].root === value.root && locals[local].distance === value.distance) ? value : this.#fresh();
    });
    this.#windows = new Map();
    for (const [key, { reads, writes }] of first?.windows ?? []) {
      const same = (kind: keyof Pair, window: Window | undefined) => (rest.every(({ windows }) => windows.get(key)?.[kind] === window) ? window : undefined);
      this.#windows.set(key, { reads: same("reads", reads), writes: same("writes", writes) });
    }
  }

  #block({ statements }: IrBlock): void {
    statements.forEach((statement, at) => {
      switch (statement.kind) {
        case "set":
          this.#locals[statement.local] = this.#valueOf(statement.value) ?? this.#fresh();
          return;
        case "let":
          this.#temps.set(statement.temp, this.#valueOf(statement.value) ?? this.#fresh());
          return;
        case "word":
          this.#words++;
          return;
        case "bulk":
        case "fence":
          this.#words++;
          this.#windows.clear();
          this.#locals = this.#locals.map(() => this.#fresh());
          return;
        case "load":
        case "open":
          statements[at] = this.#access(statement, statement.address);
          this.#temps.set(statement.temp, this.#fresh());
          return;
        case "store":
          statements[at] = this.#access(statement, statement.address);
          return;
        case "x87":
          if (statement.address) statements[at] = this.#access(statement, statement.address);
      }
    });
  }

  /** An x87 statement closes no window: where its cold operation has the TLB flushed, by a device that maps memory anew, the fence leaves. */
  #access<Each extends Access>(access: Each, address: Expr): Each {
    const place = this.#placeOf(address);
    if (!place) return access;
    const { key, distance } = place;
    if (this.#policy === "stack" && !place.isOnStack) return access;
    const writes = writesTo(access);
    const end = distance + bytesOf(access);
    const pair = this.#windows.get(key) ?? { reads: undefined, writes: undefined };
    const known = [pair.writes, writes ? undefined : pair.reads].find((window) => window && Math.max(window.high, end) - Math.min(window.low, distance) <= WIDEST);
    const at = ++this.#position;
    if (known) {
      known.low = Math.min(known.low, distance);
      known.high = Math.max(known.high, end);
      known.accesses++;
      known.last = at;
      return { ...access, window: { window: known, distance, opens: false } };
    }
    const window: Window = { low: distance, high: end, writes, handle: 0, accesses: 1, first: at, last: at };
    this.#all.push(window);
    this.#windows.set(key, writes ? { ...pair, writes: window } : { ...pair, reads: window });
    return { ...access, window: { window, distance, opens: true } };
  }

  // ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #valueOf(expr: Expr): Value | undefined {
    switch (expr.kind) {
      case "const":
        return { root: 0, distance: expr.value };
      case "local":
        return this.#locals[expr.local];
      case "temp":
        return this.#temps.get(expr.temp);
      case "binary": {
        if (expr.op !== "add" || expr.b.kind !== "const") return undefined;
        const sum = this.#valueOf(expr.a);
        return sum && { root: sum.root, distance: (sum.distance + expr.b.value) | 0 };
      }
      default:
        return undefined;
    }
  }

  /** An address as a key, the same for all addresses that differ by a known number, and that number. */
  #placeOf(address: Expr): { readonly key: string; readonly distance: number; readonly isOnStack: boolean } | undefined {
    const terms: string[] = [];
    let distance = 0;
    let isOnStack = false;
    const collect = (expr: Expr): boolean => {
      const value = this.#valueOf(expr);
      if (value) {
        distance = (distance + value.distance) | 0;
        if (value.root !== 0) terms.push(String(value.root));
        isOnStack ||= [ESP, EBP].some((local) => this.#locals[local].root === value.root);
        return true;
      }
      if (expr.kind === "binary" && expr.op === "add") return collect(expr.a) && collect(expr.b);
      const key = this.#keyOf(expr);
      if (key !== undefined) terms.push(key);
      return key !== undefined;
    };
    return collect(address) ? { key: terms.sort().join("+"), distance, isOnStack } : undefined;
  }

  #keyOf(expr: Expr): string | undefined {
    const value = this.#valueOf(expr);
    if (value) return `${value.root}:${value.distance}`;
    if (expr.kind === "word") return `word ${expr.word} ${this.#words}`;
    if (expr.kind === "unary") {
      const a = this.#keyOf(expr.a);
      return a && `${expr.op}(${a})`;
    }
    if (expr.kind !== "binary") return undefined;
    const a = this.#keyOf(expr.a);
    const b = this.#keyOf(expr.b);
    return a && b && `${expr.op}(${a},${b})`;
  }

  /** Windows that are not needed at the same time share a handle; control goes forward while they are open. */
  #giveHandles(): number {
    const busyUntil: number[] = [];
    for (const window of this.#all) {
      if (window.accesses === 1) continue;
      const free = busyUntil.findIndex((until) => until < window.first);
      window.handle = free < 0 ? busyUntil.length : free;
      busyUntil[window.handle] = window.last;
    }
    return busyUntil.length;
  }
}

/** Returns how many handles the windows need. */
export const openWindows = (region: IrRegion, policy: WindowPolicy): number => (policy === "none" ? 0 : new WindowOpener(region, policy).open());
