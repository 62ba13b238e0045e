/** The plugin itself: a definition is a value, a device is what its `create` returns. */
import type { Board, BusHandler, ResetKind } from "./board.js";
import type { ConfigOf, ConfigSchema } from "./config.js";
import type { MachineHooks } from "./hooks.js";
import type { Resource } from "./resource.js";
import type { Needs, Resolved, Role } from "./role.js";
import type { StateSchema } from "./state.js";

/** What `create` is given. */
export interface Parts<C extends ConfigSchema, N extends Needs, S> {
  readonly board: Board;
  readonly config: ConfigOf<C>;
  /** One entry per key of `needs`. */
  readonly deps: Resolved<N>;
  /** The live state; mutate it in place, keep no second copy. */
  readonly state: S;
}

/** A running device. */
export interface Device<X> {
  /** The object other parts receive for the role this definition provides. */
  readonly role: X;
  /**
   * Puts registers into their reset state. `power-on` runs once every device has been created; calling it twice
   * equals calling it once. Timers and lines are already quiet when it runs.
   */
  reset(kind: ResetKind): void;
  /** After the machine has put saved fields back: re-map what follows from them (BARs). Timers and lines are restored. */
  loaded?(): void;
  /** Releases what the device itself opened on the host. What the board gave is released by the machine. */
  dispose?(): void | Promise<void>;
}

export interface DeviceDefinition<X, C extends ConfigSchema, N extends Needs, S> {
  /** `vendor.part`, for instance `motorola.mc146818`: names the implementation in profiles and snapshots. */
  readonly id: string;
  /** One line for `backplane devices`. */
  readonly summary: string;
  /** The role it plays; a profile may swap any definition for another of the same role. */
  readonly provides: Role<X>;
  readonly needs: N;
  readonly config: C;
  readonly state: StateSchema<S, ConfigOf<C>>;
  /** Fixed claims. Ranges that the guest moves (BARs) are not listed here. */
  resources(config: ConfigOf<C>): readonly Resource[];
  /** Wires the device up. May be asynchronous (open a file); raises no line and reads no guest memory. */
  create(parts: Parts<C, N, S>): Device<X> | Promise<Device<X>>;
  /** Taps the machine's cold decisions. Runs before anything is created. */
  apply?(hooks: MachineHooks): void;
}

// biome-ignore lint/suspicious/noExplicitAny: a list of definitions forgets their type parameters
export type AnyDefinition = DeviceDefinition<any, any, any, any>;

/** Where a handler was mapped; what `mapPorts` and `mapMmio` taps are told. */
export interface MappedRange {
  readonly path: string;
  readonly base: number;
  readonly length: number;
}

export type { BusHandler };
