/** The board of one slot: hands out the machine, keeps a record of what it handed out. */
import type { Board, BusHandler, BusMaster, Clock, IrqLine, Logger, MachineControl, Mapping, MemoryBlock, PhysicalMemory, Timer } from "../../sdk/contract/board.js";
import { BackplaneError } from "../../sdk/contract/errors.js";
import { LINES } from "../bus/interrupt-lines.js";
import type { PortSpace } from "../bus/port-space.js";
import type { VirtualClock, VirtualTimer } from "../clock/virtual-clock.js";
import { PAGE_MASK } from "../memory/layout.js";
import type { PhysicalSpace } from "../memory/physical.js";
import type { BoardLines } from "./board-lines.js";
import type { Completions } from "./completions.js";
import type { KernelHooks } from "./hooks.js";
import { blockKey, type ResourceLedger } from "./resource-ledger.js";

/** The machine as boards need it. */
export interface Backplane {
  readonly hooks: KernelHooks;
  readonly ports: PortSpace;
  readonly space: PhysicalSpace;
  readonly lines: BoardLines;
  readonly clock: VirtualClock;
  readonly completions: Completions;
  readonly ledger: ResourceLedger;
  readonly control: MachineControl;
  log(level: "debug" | "warn", path: string, message: string): void;
}

/** What a snapshot keeps of a board. */
export interface BoardState {
  /** Deadline of each armed timer. */
  readonly timers: Readonly<Record<string, number>>;
  /** High sources, as `line` or, for a second source of the device on the same line, `line#1`. */
  readonly lines: readonly string[];
}

export class DeviceBoard implements Board {
  readonly path: string;
  readonly busMaster: BusMaster;
  readonly memory: PhysicalMemory;
  readonly clock: Clock;
  readonly machine: MachineControl;
  readonly log: Logger;
  readonly #plane: Backplane;
  readonly #mappings = new Set<Mapping>();
  readonly #timers = new Map<string, VirtualTimer>();
  readonly #sources = new Map<string, IrqLine>();
  readonly #blocks = new Map<string, MemoryBlock>();
  /** Loaded state of timers and sources the device has not asked for yet. */
  #awaited: { timers: Map<string, number>; lines: Set<string> } = { timers: new Map(), lines: new Set() };

  constructor(plane: Backplane, path: string) {
    this.#plane = plane;
    this.path = path;
    this.busMaster = plane.space;
    this.memory = plane.space;
    this.machine = plane.control;
    this.log = {
      debug: (message) => plane.log("debug", path, message),
      warn: (message) => plane.log("warn", path, message),
    };
    const { clock } = plane;
    this.clock = {
      get nowNs() {
        return clock.nowNs;
      },
      timer: (name, fire) => this.#timer(name, fire),
    };
  }

  readonly ports = (base: number, length: number, handler: BusHandler, options: { relocatable?: boolean } = {}): Mapping => {
    const { hooks, ledger, ports } = this.#plane;
    const relocatable = options.relocatable ?? false;
    if (!relocatable) ledger.require(this.path, { kind: "ports", base, length });
    return this.#record(ports.map(base, length, hooks.mapPorts.call(handler, { path: this.path, base, length }), this.path, relocatable));
  };

  readonly mmio = (base: number, length: number, handler: BusHandler, options: { relocatable?: boolean } = {}): Mapping => {
    const { hooks, ledger, space } = this.#plane;
    const relocatable = options.relocatable ?? false;
    if (!relocatable) ledger.require(this.path, { kind: "mmio", base, length });
    return this.#record(space.mmio.map(base, length, hooks.mapMmio.call(handler, { path: this.path, base, length }), this.path, relocatable));
  };

  readonly irq = (line: number, options: { routed?: boolean } = {}): IrqLine => {
    if (!Number.isInteger(line) || line < 0 || line >= LINES) {
      throw new BackplaneError("RESOURCE_INVALID", `${this.path} asks for IRQ ${line}; lines are 0 to ${LINES - 1}`, { path: this.path, line });
    }
    if (!options.routed) this.#plane.ledger.require(this.path, { kind: "irq", line });
    let key = String(line);
    for (let nth = 1; this.#sources.has(key); nth++) key = `${line}#${nth}`;
    const { lines } = this.#plane;
    const source = lines.source(line, this.path);
    this.#sources.set(key, source);
    if (this.#awaited.lines.delete(key)) lines.quietly(() => source.set(true));
    return source;
  };

  readonly block = (name: string): MemoryBlock => {
    const made = this.#blocks.get(name);
    if (made) return made;
    const { ledger, space } = this.#plane;
    if (!ledger.of(this.path).some((resource) => resource.kind === "memory" && resource.name === name)) {
      throw new BackplaneError("RESOURCE_UNDECLARED", `${this.path} uses memory block "${name}", which its resources() do not declare`, { path: this.path, name });
    }
    const { offset, length } = space.memory.block(blockKey(this.path, name));
    const block: MemoryBlock = {
      bytes: space.memory.bytes.subarray(offset, offset + length),
      map: (base, options = {}) => {
        const from = options.from ?? 0;
        const shown = options.length ?? length - from;
        if (!isPages(base) || !isPages(from) || !isPages(shown) || shown === 0 || from + shown > length || base + shown > 2 ** 32) {
          throw new BackplaneError(
            "BLOCK_RANGE",
            `${this.path} maps ${shown} bytes from ${from} of block "${name}" (${length} bytes) at ${base.toString(16).toUpperCase()}h; all must be multiples of 4096 inside the block and below 4 GiB`,
            { path: this.path, name, base, from, length: shown },
          );
        }
        return this.#record(space.mapBlock(base, offset + from, shown, options.writable ?? false));
      },
    };
    this.#blocks.set(name, block);
    return block;
  };

  readonly complete = <T>(work: Promise<T>, latencyNs: number, done: (result: T) => void, failed: (error: Error) => void): void => {
    this.#plane.completions.add(work, latencyNs, done, failed);
  };

  /** Before a reset: timers off, lines low. */
  quiet(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    for (const source of this.#sources.values()) source.set(false);
    this.#awaited = { timers: new Map(), lines: new Set() };
  }

  /** Moves armed timers by `ns`: time was lost that no device shall notice. */
  postpone(ns: number): void {
    for (const timer of this.#timers.values()) if (timer.armed) timer.arm(timer.deadlineNs + ns);
  }

  save(): BoardState {
    const timers = [...this.#timers].filter(([, timer]) => timer.armed).map(([name, timer]) => [name, timer.deadlineNs] as const);
    const lines = [...this.#sources].filter(([, source]) => source.level).map(([key]) => key);
    return { timers: Object.fromEntries([...timers, ...this.#awaited.timers].sort(byName)), lines: [...lines, ...this.#awaited.lines].sort() };
  }

  /** Puts timers and levels back; what the device has not asked for yet waits until it does. */
  load(saved: BoardState): void {
    const high = new Set(saved.lines);
    this.#plane.lines.quietly(() => {
      this.quiet();
      for (const [key, source] of this.#sources) if (high.delete(key)) source.set(true);
    });
    const timers = new Map(Object.entries(saved.timers));
    for (const [name, timer] of this.#timers) {
      const at = timers.get(name);
      if (at !== undefined) timer.arm(at);
      timers.delete(name);
    }
    this.#awaited = { timers, lines: high };
  }

  /** Takes everything back; the device is gone. */
  release(): void {
    this.quiet();
    for (const mapping of [...this.#mappings]) mapping.unmap();
    for (const timer of this.#timers.values()) this.#plane.clock.forget(timer);
    this.#timers.clear();
  }

  #timer(name: string, fire: () => void): Timer {
    if (this.#timers.has(name)) throw new BackplaneError("TIMER_NAME_TAKEN", `${this.path} makes two timers named "${name}"`, { path: this.path, name });
    const timer = this.#plane.clock.timer(`${this.path}:${name}`, fire);
    this.#timers.set(name, timer);
    const at = this.#awaited.timers.get(name);
    if (at !== undefined) timer.arm(at);
    this.#awaited.timers.delete(name);
    return timer;
  }

  #record(mapping: Mapping): Mapping {
    const recorded: Mapping = {
      base: mapping.base,
      length: mapping.length,
      unmap: () => {
        this.#mappings.delete(recorded);
        mapping.unmap();
      },
    };
    this.#mappings.add(recorded);
    return recorded;
  }
}

const isPages = (value: number): boolean => Number.isInteger(value) && value >= 0 && (value & PAGE_MASK) === 0;
const byName = ([a]: readonly [string, number], [b]: readonly [string, number]): number => (a < b ? -1 : 1);
