/**
 * A board for one device: a test plays the guest (in8, out8, ...), turns the clock and looks at the wires.
 * No kernel is involved, so a device is tested in a folder of its own.
 */
import type { Board, BusHandler, IrqLine, Mapping, MemoryBlock } from "../contract/board.js";
import type { ConfigOf, ConfigSchema } from "../contract/config.js";
import type { Device, DeviceDefinition } from "../contract/device.js";
import type { Needs, Resolved } from "../contract/role.js";
import type { Fields } from "../contract/state.js";
import { BenchClock } from "./bench-clock.js";
import { cloneFields, restoreFields } from "../contract/fields.js";

export type Width = 1 | 2 | 4;

interface BenchMapping extends Mapping {
  readonly handler: BusHandler;
  readonly relocatable: boolean;
  readonly space: "ports" | "mmio";
}

/** Reads any width from a handler that may lack it, by the rules of `BusHandler`. */
export const handlerRead = (handler: BusHandler, offset: number, width: Width): number => {
  if (width === 1) {
    if (handler.read8) return handler.read8(offset);
    if (handler.read16) return (handler.read16(offset & ~1) >>> ((offset & 1) * 8)) & 0xff;
    return handler.read32 ? (handler.read32(offset & ~3) >>> ((offset & 3) * 8)) & 0xff : 0xff;
  }
  if (width === 2) {
    if (handler.read16) return handler.read16(offset);
    if (handler.read8) return handlerRead(handler, offset, 1) | (handlerRead(handler, offset + 1, 1) << 8);
    return handler.read32 ? (handler.read32(offset & ~3) >>> ((offset & 2) * 8)) & 0xffff : 0xffff;
  }
  if (handler.read32) return handler.read32(offset) >>> 0;
  return (handlerRead(handler, offset, 2) | (handlerRead(handler, offset + 2, 2) << 16)) >>> 0;
};

/** Writes any width to a handler that may lack it. */
export const handlerWrite = (handler: BusHandler, offset: number, width: Width, value: number): void => {
  if (width === 1) handler.write8?.(offset, value & 0xff);
  else if (width === 2) {
    if (handler.write16) handler.write16(offset, value & 0xffff);
    else {
      handlerWrite(handler, offset, 1, value);
      handlerWrite(handler, offset + 1, 1, value >>> 8);
    }
  } else if (handler.write32) handler.write32(offset, value >>> 0);
  else {
    handlerWrite(handler, offset, 2, value);
    handlerWrite(handler, offset + 2, 2, value >>> 16);
  }
};

export interface BenchOptions<C extends ConfigSchema, N extends Needs> {
  readonly path?: string;
  readonly config?: Partial<ConfigOf<C>>;
  readonly deps?: Resolved<N>;
  /** Bytes of RAM on the bench, 1 MiB by default. */
  readonly ramBytes?: number;
}

/** A device on the bench. */
export class Bench<X, C extends ConfigSchema, N extends Needs, S> {
  readonly clock = new BenchClock();
  readonly ram: Uint8Array;
  /** Level of every interrupt line the device has asked for. */
  readonly lines = new Map<number, boolean>();
  /** How often each line rose. */
  readonly rises = new Map<number, number>();
  readonly mappings: BenchMapping[] = [];
  readonly blocks = new Map<string, Uint8Array>();
  /** `reset: reason` and `power off: reason`, as the device asked for them. */
  readonly requests: string[] = [];
  readonly warnings: string[] = [];
  readonly config: ConfigOf<C>;
  readonly state: S;
  device!: Device<X>;
  readonly #pending = new Set<Promise<void>>();

  private constructor(definition: DeviceDefinition<X, C, N, S>, options: BenchOptions<C, N>) {
    this.ram = new Uint8Array(options.ramBytes ?? 1 << 20);
    const defaults = Object.fromEntries(Object.entries(definition.config).map(([key, option]) => [key, option.default]));
    this.config = { ...defaults, ...options.config } as ConfigOf<C>;
    this.state = definition.state.initial(this.config);
    for (const resource of definition.resources(this.config)) if (resource.kind === "memory") this.blocks.set(resource.name, new Uint8Array(resource.bytes));
  }

  /** Creates the device and gives it its power-on reset. */
  static async plug<X, C extends ConfigSchema, N extends Needs, S>(definition: DeviceDefinition<X, C, N, S>, options: BenchOptions<C, N> = {}): Promise<Bench<X, C, N, S>> {
    const bench = new Bench(definition, options);
    const deps = options.deps ?? ({} as Resolved<N>);
    bench.device = await definition.create({ board: bench.board(options.path ?? "/bench/device"), config: bench.config, deps, state: bench.state });
    bench.device.reset("power-on");
    return bench;
  }

  get role(): X {
    return this.device.role;
  }

  in8 = (port: number): number => this.#io("ports", port, 1);
  in16 = (port: number): number => this.#io("ports", port, 2);
  in32 = (port: number): number => this.#io("ports", port, 4);
  out8 = (port: number, value: number): void => void this.#io("ports", port, 1, value);
  out16 = (port: number, value: number): void => void this.#io("ports", port, 2, value);
  out32 = (port: number, value: number): void => void this.#io("ports", port, 4, value);
  peek(address: number, width: Width): number {
    return this.#io("mmio", address, width);
  }
  poke(address: number, width: Width, value: number): void {
    this.#io("mmio", address, width, value);
  }

  /** Waits until all host work the device started has completed and been delivered. */
  async settle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** Name to value of all saved state: fields, timers, lines and blocks. */
  save(): Fields {
    const lines = Object.fromEntries([...this.lines].map(([line, level]) => [String(line), level]));
    const blocks = Object.fromEntries([...this.blocks].map(([name, bytes]) => [name, bytes.slice()]));
    return { fields: cloneFields(this.state as Fields), timers: this.clock.armed(), lines, blocks, nowNs: this.clock.nowNs };
  }

  load(saved: Fields): void {
    restoreFields(this.state as Fields, saved["fields"] as Fields);
    this.clock.nowNs = saved["nowNs"] as number;
    this.clock.restore(saved["timers"] as Record<string, number>);
    for (const [line, level] of Object.entries(saved["lines"] as Record<string, boolean>)) this.lines.set(Number(line), level);
    for (const [name, bytes] of Object.entries(saved["blocks"] as Record<string, Uint8Array>)) this.blocks.get(name)?.set(bytes);
    this.device.loaded?.();
  }

  /** A reset as the machine does it: timers and lines go quiet first. */
  reset(kind: "power-on" | "hard" = "hard"): void {
    this.clock.cancelAll();
    for (const line of this.lines.keys()) this.lines.set(line, false);
    this.device.reset(kind);
  }

  /** The board itself, for a second device on the same bench. */
  board(path: string): Board {
    return {
      path,
      ports: (base, length, handler, options) => this.#map("ports", base, length, handler, options?.relocatable ?? false),
      mmio: (base, length, handler, options) => this.#map("mmio", base, length, handler, options?.relocatable ?? false),
      irq: (line) => this.#line(line),
      block: (name) => this.#block(name),
      busMaster: {
        read: (address, into) => {
          into.fill(0xff);
          into.set(this.ram.subarray(address, address + into.length));
        },
        write: (address, from) => this.ram.set(from.subarray(0, Math.max(0, this.ram.length - address)), Math.min(address, this.ram.length)),
        read32: (address) => handlerRead({ read8: (offset) => this.ram[offset] ?? 0xff }, address, 4),
        write32: (address, value) => handlerWrite({ write8: (offset, byte) => void (this.ram[offset] = byte) }, address, 4, value),
      },
      memory: { ramBytes: this.ram.length, route: () => {} },
      clock: this.clock,
      machine: { reset: (reason) => void this.requests.push(`reset: ${reason}`), powerOff: (reason) => void this.requests.push(`power off: ${reason}`) },
      log: { debug: () => {}, warn: (message) => void this.warnings.push(message) },
      complete: (work, latencyNs, done, failed) => {
        const due = this.clock.nowNs + latencyNs;
        const delivered: Promise<void> = work
          .then(
            (result) => () => done(result),
            (error: unknown) => () => failed(error as Error),
          )
          .then((deliver) => {
            this.#pending.delete(delivered);
            if (this.clock.nowNs < due) this.clock.advance(due - this.clock.nowNs);
            deliver();
          });
        this.#pending.add(delivered);
      },
    };
  }

  #map(space: "ports" | "mmio", base: number, length: number, handler: BusHandler, relocatable: boolean): Mapping {
    const clash = this.mappings.find((other) => other.space === space && base < other.base + other.length && other.base < base + length);
    if (clash && !relocatable) throw new Error(`${space} ${base.toString(16)}h already mapped`);
    const mapping: BenchMapping = {
      space,
      base,
      length,
      handler,
      relocatable,
      unmap: () => {
        const at = this.mappings.indexOf(mapping);
        if (at >= 0) this.mappings.splice(at, 1);
      },
    };
    this.mappings.push(mapping);
    return mapping;
  }

  #line(number: number): IrqLine {
    const lines = this.lines;
    const rises = this.rises;
    if (!lines.has(number)) lines.set(number, false);
    return {
      set: (level) => {
        if (level && !lines.get(number)) rises.set(number, (rises.get(number) ?? 0) + 1);
        lines.set(number, level);
      },
      get level() {
        return lines.get(number) ?? false;
      },
    };
  }

  #block(name: string): MemoryBlock {
    const bytes = this.blocks.get(name);
    if (!bytes) throw new Error(`memory block "${name}" is not declared in resources`);
    return {
      bytes,
      map: (base, options = {}) => {
        const from = options.from ?? 0;
        const writable = options.writable ?? false;
        const handler: BusHandler = { read8: (offset) => bytes[from + offset] ?? 0xff, ...(writable ? { write8: (offset, value) => void (bytes[from + offset] = value) } : {}) };
        return this.#map("mmio", base, options.length ?? bytes.length, handler, true);
      },
    };
  }

  #io(space: "ports" | "mmio", at: number, width: Width, value?: number): number {
    const mapping = this.mappings.find((each) => each.space === space && at >= each.base && at < each.base + each.length);
    if (!mapping) return [0, 0xff, 0xffff, 0, 0xffff_ffff][width];
    if (value === undefined) return handlerRead(mapping.handler, at - mapping.base, width);
    handlerWrite(mapping.handler, at - mapping.base, width, value);
    return 0;
  }
}
