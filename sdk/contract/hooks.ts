/**
 * Typed hooks for in-band decisions on cold paths. A tap runs in the order of tapping.
 *
 * The shapes are structural so that the contract depends on no package; the kernel fills them with tapable hooks.
 * News without an answer (state changes, disk activity) are events on the machine, not hooks.
 */
import type { BusHandler } from "./board.js";
import type { AnyDefinition, MappedRange } from "./device.js";
import type { Profile } from "./profile.js";

/** Every tap is told; an exception stops the machine's operation with the tap's name in the message. */
export interface NotifyHook<A extends unknown[]> {
  tap(name: string, fn: (...args: A) => void): void;
}
/** Every tap may replace the first argument by returning a value; `undefined` keeps it. */
export interface TransformHook<T, A extends unknown[]> {
  // biome-ignore lint/suspicious/noConfusingVoidType: a tap that keeps the value just ends
  tap(name: string, fn: (value: T, ...rest: A) => T | void): void;
}
/** Every tap is awaited in turn. */
export interface AwaitHook<A extends unknown[]> {
  tapPromise(name: string, fn: (...args: A) => Promise<void>): void;
}

export interface MachineHooks {
  /** Before assembly: the profile may be replaced. */
  readonly configure: TransformHook<Profile, []>;
  /** A device has been created. */
  readonly attach: NotifyHook<[path: string, definition: AnyDefinition]>;
  /** Once per mapped port range: return a wrapper to trace it or inject faults. Untapped, it costs nothing per access. */
  readonly mapPorts: TransformHook<BusHandler, [where: MappedRange]>;
  /** The same for memory-mapped ranges. */
  readonly mapMmio: TransformHook<BusHandler, [where: MappedRange]>;
  /** Before the machine first runs, after reset. */
  readonly start: AwaitHook<[]>;
  /** The machine has stopped at an instruction boundary and no host work is outstanding. */
  readonly pause: AwaitHook<[]>;
  /** A removable medium is about to change; throw to veto. */
  readonly mediaChange: AwaitHook<[drive: string, image: string | null]>;
}
