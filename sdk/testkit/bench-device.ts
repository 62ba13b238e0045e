/** One device on the bench and the board it sees. */
import type { Board, BusHandler, BusMaster, Clock, IrqLine, Logger, MachineControl, Mapping, MemoryBlock, MemoryRoute, PhysicalMemory } from "../contract/board.js";
import type { ConfigOf, ConfigSchema } from "../contract/config.js";
import type { Device, DeviceDefinition } from "../contract/device.js";
import { cloneFields, restoreFields } from "../contract/fields.js";
import type { Resource } from "../contract/resource.js";
import type { Needs } from "../contract/role.js";
import type { Fields } from "../contract/state.js";
import { type BenchBus, handlerRead, handlerWrite, type Space } from "./bench-bus.js";
import type { BenchClock } from "./bench-clock.js";
import type { BenchLines } from "./bench-lines.js";
import type { Completions } from "./bench-work.js";

/** A call of `memory.route`. */
export interface MemoryRouteCall {
  readonly base: number;
  readonly length: number;
  readonly reads: MemoryRoute;
  readonly writes: MemoryRoute;
}

/** What the boards of one bench share. */
export interface BenchMachine {
  readonly clock: BenchClock;
  readonly bus: BenchBus;
  readonly wires: BenchLines;
  readonly work: Completions;
  readonly ram: Uint8Array;
  readonly routes: MemoryRouteCall[];
  readonly requests: string[];
  readonly warnings: string[];
}

const PAGE = 4096;

/** The board of one device; it notes what the device claims. */
export class BenchBoard implements Board {
  readonly path: string;
  /** Memory blocks by name. */
  readonly blocks: Map<string, Uint8Array>;
  /** Everything asked for that `resources` has to declare. */
  readonly claims: Resource[] = [];
  /** Ranges at which memory blocks have been shown. */
  readonly shown: { readonly base: number; readonly length: number }[] = [];
  /** What was done before the power-on reset that a device may not do then. */
  readonly tooEarly: string[] = [];
  /** The power-on reset has begun. */
  powered = false;
  readonly busMaster: BusMaster;
  readonly memory: PhysicalMemory;
  readonly clock: Clock;
  readonly machine: MachineControl;
  readonly log: Logger;
  readonly complete: Board["complete"];
  readonly #machine: BenchMachine;

  /** `timers` is put before the names of timers; `blocks` are those the definition declares. */
  constructor(machine: BenchMachine, path: string, timers: string, blocks: Map<string, Uint8Array>) {
    this.#machine = machine;
    this.path = path;
    this.blocks = blocks;
    const { clock, ram, requests, routes, warnings, work } = machine;
    const memoryUse = (what: string): void => this.#early(`${what} memory`);
    this.busMaster = {
      read: (address, into) => {
        memoryUse("reads");
        into.fill(0xff);
        into.set(ram.subarray(address, address + into.length));
      },
      write: (address, from) => {
        memoryUse("writes");
        ram.set(from.subarray(0, Math.max(0, ram.length - address)), Math.min(address, ram.length));
      },
      read32: (address) => {
        memoryUse("reads");
        return handlerRead({ read8: (offset) => ram[offset] ?? 0xff }, address, 4);
      },
      write32: (address, value) => {
        memoryUse("writes");
        handlerWrite({ write8: (offset, byte) => void (ram[offset] = byte) }, address, 4, value);
      },
    };
    this.memory = { ramBytes: ram.length, route: (base, length, to) => void routes.push({ base, length, ...to }) };
    this.clock = {
      get nowNs() {
        return clock.nowNs;
      },
      timer: (name, fire) => clock.timer(timers + name, fire),
    };
    this.machine = { reset: (reason) => void requests.push(`reset: ${reason}`), powerOff: (reason) => void requests.push(`power off: ${reason}`) };
    this.log = { debug: () => {}, warn: (message) => void warnings.push(message) };
    this.complete = (...request) => work.add(...request);
  }

  readonly ports: Board["ports"] = (base, length, handler, options) => this.#map("ports", base, length, handler, options?.relocatable ?? false);
  readonly mmio: Board["mmio"] = (base, length, handler, options) => this.#map("mmio", base, length, handler, options?.relocatable ?? false);

  readonly irq = (line: number, options: { routed?: boolean } = {}): IrqLine => {
    if (!Number.isInteger(line) || line < 0 || line > 15) throw new Error(`${this.path} asks for IRQ ${line}; lines are 0 to 15`);
    if (!options.routed) this.claims.push({ kind: "irq", line });
    const source = this.#machine.wires.source(this.path, line);
    return {
      set: (level) => {
        if (level) this.#early(`raises IRQ ${line}`);
        source.set(level);
      },
      get level() {
        return source.level;
      },
    };
  };

  readonly block = (name: string): MemoryBlock => {
    const bytes = this.blocks.get(name);
    if (!bytes) throw new Error(`memory block "${name}" is not declared in resources`);
    this.claims.push({ kind: "memory", name, bytes: bytes.length });
    return {
      bytes,
      map: (base, options = {}) => {
        const from = options.from ?? 0;
        const length = options.length ?? bytes.length - from;
        if ([base, from, length].some((each) => each % PAGE !== 0) || from < 0 || length <= 0 || from + length > bytes.length) {
          throw new Error(
            `${this.path} maps ${length} bytes from ${from} of block "${name}" (${bytes.length} bytes) at ${base.toString(16)}h; all are multiples of 4096 inside the block`,
          );
        }
        this.shown.push({ base, length });
        const write = options.writable ? { write8: (offset: number, value: number) => void (bytes[from + offset] = value) } : {};
        return this.#machine.bus.map("mmio", this.path, base, length, { read8: (offset) => bytes[from + offset] ?? 0xff, ...write }, true);
      },
    };
  };

  #map(space: Space, base: number, length: number, handler: BusHandler, relocatable: boolean): Mapping {
    if (!relocatable) this.claims.push({ kind: space, base, length });
    return this.#machine.bus.map(space, this.path, base, length, handler, relocatable);
  }

  #early(what: string): void {
    if (!this.powered) this.tooEarly.push(what);
  }
}

/** Every key of a definition's configuration. */
export const completeConfig = <C extends ConfigSchema>(schema: C, config: Partial<ConfigOf<C>> = {}): ConfigOf<C> =>
  Object.freeze({ ...Object.fromEntries(Object.entries(schema).map(([key, option]) => [key, option.default])), ...config }) as ConfigOf<C>;

/** A device, its board and its state. */
export interface BenchDevice<X, C extends ConfigSchema, S> {
  readonly board: BenchBoard;
  readonly config: ConfigOf<C>;
  readonly state: S;
  readonly device: Device<X>;
  readonly role: X;
}

/** Creates a device; it gets no reset. */
export const createOn = async <X, C extends ConfigSchema, N extends Needs, S>(
  machine: BenchMachine,
  definition: DeviceDefinition<X, C, N, S>,
  path: string,
  timers: string,
  config: ConfigOf<C>,
  deps: unknown,
): Promise<BenchDevice<X, C, S>> => {
  const blocks = new Map<string, Uint8Array>();
  for (const resource of definition.resources(config)) if (resource.kind === "memory") blocks.set(resource.name, new Uint8Array(resource.bytes));
  const board = new BenchBoard(machine, path, timers, blocks);
  const state = definition.state.initial(config);
  const device = await definition.create({ board, config, deps: deps as never, state });
  return { board, config, state, device, role: device.role };
};

export const saveDevice = ({ board, state }: BenchDevice<unknown, ConfigSchema, unknown>): Fields => ({
  fields: cloneFields(state as Fields),
  blocks: Object.fromEntries([...board.blocks].map(([name, bytes]) => [name, bytes.slice()])),
});

export const loadDevice = ({ board, state }: BenchDevice<unknown, ConfigSchema, unknown>, saved: Fields): void => {
  for (const [name, bytes] of Object.entries(saved["blocks"] as Record<string, Uint8Array>)) board.blocks.get(name)?.set(bytes);
  restoreFields(state as Fields, saved["fields"] as Fields);
};
