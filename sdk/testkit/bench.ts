/**
 * A bench for devices: a test plays the guest (in8, out8, ...), turns the clock and looks at the wires.
 * No kernel is involved, so a device is tested in a folder of its own.
 */
import type { Board } from "../contract/board.js";
import type { ConfigOf, ConfigSchema } from "../contract/config.js";
import type { Device, DeviceDefinition } from "../contract/device.js";
import type { Resource } from "../contract/resource.js";
import type { Needs, Resolved } from "../contract/role.js";
import type { Fields } from "../contract/state.js";
import { BenchBus, type BenchMapping, type HandlerTap, type Width } from "./bench-bus.js";
import { BenchClock } from "./bench-clock.js";
import { BenchBoard, type BenchDevice, type BenchMachine, completeConfig, createOn, loadDevice, type MemoryRouteCall, saveDevice } from "./bench-device.js";
import { BenchLines } from "./bench-lines.js";
import { Completions } from "./bench-work.js";
import { loadStandIn, type StandIn, saveStandIn, standIn, standInsOf } from "./stand-in.js";

export interface BenchOptions<C extends ConfigSchema, N extends Needs> {
  /** `/bench/device` by default. */
  readonly path?: string;
  readonly config?: Partial<ConfigOf<C>>;
  readonly deps?: Resolved<N>;
  /** Bytes of RAM on the bench, 1 MiB by default. */
  readonly ramBytes?: number;
  /** Virtual time at which the device is created, 0 by default. */
  readonly nowNs?: number;
  /** Sees every handler as it is mapped. */
  readonly tap?: HandlerTap;
}

/** A device on the bench, and any others added beside it. */
export class Bench<X, C extends ConfigSchema, N extends Needs, S> {
  readonly clock = new BenchClock();
  readonly ram: Uint8Array;
  /** Level of every interrupt line that has been asked for. */
  readonly lines: ReadonlyMap<number, boolean>;
  /** How often each line rose. */
  readonly rises: ReadonlyMap<number, number>;
  readonly mappings: readonly BenchMapping[];
  /** Calls of `memory.route`, the latest last. */
  readonly routes: MemoryRouteCall[] = [];
  /** `reset: reason` and `power off: reason`, as the device asked for them. */
  readonly requests: string[] = [];
  readonly warnings: string[] = [];
  readonly #machine: BenchMachine;
  readonly #standIns: StandIn[] = [];
  readonly #added = new Map<string, BenchDevice<unknown, ConfigSchema, unknown>>();
  #main!: BenchDevice<X, C, S>;

  private constructor(options: BenchOptions<C, N>) {
    this.ram = new Uint8Array(options.ramBytes ?? 1 << 20);
    this.clock.nowNs = options.nowNs ?? 0;
    const wires = new BenchLines();
    const bus = new BenchBus(options.tap);
    this.lines = wires.levels;
    this.rises = wires.rises;
    this.mappings = bus.mappings;
    this.#machine = {
      clock: this.clock,
      bus,
      wires,
      work: new Completions(this.clock),
      ram: this.ram,
      routes: this.routes,
      requests: this.requests,
      warnings: this.warnings,
    };
  }

  /** Creates the device and gives it its power-on reset. */
  static async plug<X, C extends ConfigSchema, N extends Needs, S>(definition: DeviceDefinition<X, C, N, S>, options: BenchOptions<C, N> = {}): Promise<Bench<X, C, N, S>> {
    const bench = await Bench.create(definition, options);
    bench.reset("power-on");
    return bench;
  }

  /** Creates the device and leaves the power-on reset to the caller. */
  static async create<X, C extends ConfigSchema, N extends Needs, S>(definition: DeviceDefinition<X, C, N, S>, options: BenchOptions<C, N> = {}): Promise<Bench<X, C, N, S>> {
    const bench = new Bench<X, C, N, S>(options);
    const deps = options.deps ?? ({} as Resolved<N>);
    bench.#standIns.push(...standInsOf(deps));
    bench.#main = await createOn(bench.#machine, definition, options.path ?? "/bench/device", "", completeConfig(definition.config, options.config), deps);
    return bench;
  }

  /** Creates a second device on this bench and gives it its power-on reset. Its timers appear as `path:name`. */
  async add<Y, D extends ConfigSchema, M extends Needs, T>(
    definition: DeviceDefinition<Y, D, M, T>,
    path: string,
    deps: Resolved<M> = {} as Resolved<M>,
    config: Partial<ConfigOf<D>> = {},
  ): Promise<BenchDevice<Y, D, T>> {
    for (const part of standInsOf(deps)) this.watch(part);
    const added = await createOn(this.#machine, definition, path, `${path}:`, completeConfig(definition.config, config), deps);
    this.#added.set(path, added);
    added.board.powered = true;
    added.device.reset("power-on");
    return added;
  }

  /** Resets, saves and loads a stand-in with the bench; those in `deps` are found without this. */
  watch(part: StandIn): void {
    if (!this.#standIns.includes(part)) this.#standIns.push(part);
  }

  get standIns(): readonly StandIn[] {
    return this.#standIns;
  }
  get device(): Device<X> {
    return this.#main.device;
  }
  get role(): X {
    return this.#main.role;
  }
  get config(): ConfigOf<C> {
    return this.#main.config;
  }
  get state(): S {
    return this.#main.state;
  }
  /** The device's memory blocks by name. */
  get blocks(): Map<string, Uint8Array> {
    return this.#main.board.blocks;
  }
  /** Fixed ranges, lines and blocks that the device has asked for. */
  get claims(): readonly Resource[] {
    return this.#main.board.claims;
  }
  /** The device's own board. */
  get deviceBoard(): BenchBoard {
    return this.#main.board;
  }

  in8 = (port: number): number => this.#machine.bus.read("ports", port, 1);
  in16 = (port: number): number => this.#machine.bus.read("ports", port, 2);
  in32 = (port: number): number => this.#machine.bus.read("ports", port, 4);
  out8 = (port: number, value: number): void => this.#machine.bus.write("ports", port, 1, value);
  out16 = (port: number, value: number): void => this.#machine.bus.write("ports", port, 2, value);
  out32 = (port: number, value: number): void => this.#machine.bus.write("ports", port, 4, value);
  peek(address: number, width: Width): number {
    return this.#machine.bus.read("mmio", address, width);
  }
  poke(address: number, width: Width, value: number): void {
    this.#machine.bus.write("mmio", address, width, value);
  }

  /** Where accesses to an address have been routed last; `undefined` when nobody has. */
  routeOf(address: number): { readonly reads: string; readonly writes: string } | undefined {
    const call = this.routes.findLast(({ base, length }) => address >= base && address < base + length);
    return call && { reads: call.reads, writes: call.writes };
  }

  /** Waits until all host work the device started has completed and been delivered. */
  settle(): Promise<void> {
    return this.#machine.work.settle();
  }

  /** All saved state by name: fields and blocks of the devices, timers, lines, stand-ins. */
  save(): Fields {
    return {
      ...saveDevice(this.#main),
      timers: this.clock.armed(),
      lines: this.#machine.wires.save(),
      nowNs: this.clock.nowNs,
      standIns: this.#standIns.map(saveStandIn),
      added: Object.fromEntries([...this.#added].map(([path, device]) => [path, saveDevice(device)])),
    };
  }

  /** In the order of the machine: memory, fields, then timers and lines, then `loaded` of every device. */
  load(saved: Fields): void {
    loadDevice(this.#main, saved);
    for (const [path, fields] of Object.entries(saved["added"] as Record<string, Fields>)) {
      const device = this.#added.get(path);
      if (device) loadDevice(device, fields);
    }
    this.clock.nowNs = saved["nowNs"] as number;
    this.clock.restore(saved["timers"] as Record<string, number>);
    this.#machine.wires.load(saved["lines"] as string[]);
    for (const [index, fields] of (saved["standIns"] as Fields[]).entries()) {
      const part = this.#standIns[index];
      if (part) loadStandIn(part, fields);
    }
    this.device.loaded?.();
    for (const { device } of this.#added.values()) device.loaded?.();
  }

  /** A reset as the machine does it: timers and lines go quiet first, stand-ins are reset before the device. */
  reset(kind: "power-on" | "hard" = "hard"): void {
    this.clock.cancelAll();
    this.#machine.wires.quiet();
    for (const { board } of [this.#main, ...this.#added.values()]) board.powered = true;
    for (const part of this.#standIns) part[standIn].reset?.();
    this.device.reset(kind);
    for (const { device } of this.#added.values()) device.reset(kind);
  }

  /** A board for a hand-made part beside the device. Its timers appear as `path:name`. */
  board(path: string): Board {
    return new BenchBoard(this.#machine, path, `${path}:`, this.blocks);
  }
}
