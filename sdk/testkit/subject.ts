/** Devices under test: made from a definition with stand-ins all around, and used at random. */
import type { ConfigOf, ConfigSchema } from "../contract/config.js";
import type { DeviceDefinition } from "../contract/device.js";
import type { Needs, Resolved } from "../contract/role.js";
import type { Fields } from "../contract/state.js";
import { Bench } from "./bench.js";
import { Random } from "./random.js";
import { type Action, standIn, standInsOf } from "./stand-in.js";
import { benchDeps } from "./stand-ins/bench-deps.js";
import { checkedReads, type Step, walk } from "./walk.js";
import { type AnyBench, type World, worldAround } from "./world.js";

export interface ConformanceOptions<X, C extends ConfigSchema, N extends Needs> {
  /** Keys that differ from the defaults. */
  readonly config?: Partial<ConfigOf<C>>;
  /** Path of the device, where it matters; by default one that suits its bus. */
  readonly path?: string;
  /** Makes what takes the place of the kit's stand-ins, or of those it has not; called for every bench. */
  readonly deps?: () => Partial<Resolved<N>>;
  /** Files in the stand-in for `Storage`. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** `empty` leaves optional needs unfilled. */
  readonly optionalNeeds?: "filled" | "empty";
  /** Further things that happen to the device, called at random. */
  readonly actions?: (role: X) => Readonly<Record<string, Action>>;
  /** State fields that survive power-on, and why: `{ cmos: "has a battery" }`. A dot leads into a field. */
  readonly keeps?: Readonly<Record<string, string>>;
  /** Lines and channels it declares only to keep others off, and why: `{ "IRQ 2": "cascade" }`. */
  readonly reserves?: Readonly<Record<string, string>>;
  /** Timers that may run after a reset though they do not at power-on, and why. */
  readonly armedAfterReset?: Readonly<Record<string, string>>;
  /** Why random use cannot change the state the device declares; leave out when it can. */
  readonly unchanging?: string;
  /** For every state version before the present one, fields as they were saved then. */
  readonly oldStates?: Readonly<Record<number, Fields>>;
  /** Bytes of RAM, 64 KiB by default. */
  readonly ramBytes?: number;
  /** Steps of the long walk, 10,000 by default. */
  readonly accesses?: number;
  readonly seed?: number;
}

const RAM_BYTES = 1 << 16;

export interface Subject {
  readonly bench: AnyBench;
  walk(seed: number, steps: number, unsaved?: boolean): Promise<Step[]>;
  /** All that a snapshot holds. */
  save(): Fields;
  load(saved: Fields): void;
}

/** Makes any number of devices, all alike. */
export interface SubjectMaker {
  /** Before its power-on reset. */
  created(nowNs?: number): Promise<{ readonly bench: AnyBench; readonly world: World }>;
  /** After its power-on reset; with the first walk it is set up as firmware does. */
  subject(nowNs?: number): Promise<Subject>;
}

export const subjectMaker = <X, C extends ConfigSchema, N extends Needs, S>(definition: DeviceDefinition<X, C, N, S>, options: ConformanceOptions<X, C, N>): SubjectMaker => {
  const created = async (nowNs = 0): Promise<{ readonly bench: AnyBench; readonly world: World }> => {
    const deps = benchDeps(definition, {
      ...(options.deps ? { deps: options.deps() } : {}),
      ...(options.files ? { files: options.files } : {}),
      ...(options.optionalNeeds ? { optionalNeeds: options.optionalNeeds } : {}),
    });
    const path = options.path ?? standInsOf(deps).find((part) => part[standIn].path)?.[standIn].path;
    const bench = await Bench.create(definition, {
      deps,
      nowNs,
      ramBytes: options.ramBytes ?? RAM_BYTES,
      tap: checkedReads,
      ...(options.config ? { config: options.config } : {}),
      ...(path ? { path } : {}),
    });
    return { bench, world: worldAround(bench, definition.provides) };
  };

  const subject = async (nowNs = 0): Promise<Subject> => {
    const { bench, world } = await created(nowNs);
    bench.reset("power-on");
    const setUp = (): void => {
      for (const part of bench.standIns) part[standIn].ready?.();
    };
    let isSetUp = false;
    return {
      bench,
      async walk(walkSeed, steps, unsaved = false) {
        if (!isSetUp) setUp();
        isSetUp = true;
        const actions = options.actions?.(bench.role as X);
        return walk(bench, world, { random: new Random(walkSeed), steps, unsaved, ...(actions ? { actions } : {}) });
      },
      save: () => ({ bench: bench.save(), ram: bench.ram.slice() }),
      load(saved) {
        bench.ram.set(saved["ram"] as Uint8Array);
        bench.load(saved["bench"] as Fields);
      },
    };
  };

  return { created, subject };
};
