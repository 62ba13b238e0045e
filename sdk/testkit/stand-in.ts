/**
 * Stand-ins: objects that play a role towards a device on the bench, in place of another plugin or of the host.
 *
 * A stand-in implements the role itself, so it is given to the device as it is, and keeps what the bench wants of it
 * under one symbol. The bench finds it among a device's `deps` and resets, saves and loads it with the device.
 */
import { cloneFields, restoreFields } from "../contract/fields.js";
import type { Fields } from "../contract/state.js";
import type { Random } from "./random.js";

/**
 * Something that happens to a device from outside its registers: a wire changes, a drive is told a command.
 * What it returns is part of the trace that two runs are compared by.
 */
export type Action = (random: Random) => unknown;

export interface StandInBehaviour {
  /** Where a device with this stand-in sits, when its path means something: `/pci/05.0`. */
  readonly path?: string;
  /** What decides how the stand-in goes on; plain data, saved and loaded in place. */
  readonly state?: object;
  /** After `state` has been loaded. */
  loaded?(): void;
  /** With every reset of the bench, before the device's own. */
  reset?(): void;
  /** What a guest's set-up code does once, before random use: places BARs, unmasks channels. */
  ready?(): void;
  readonly actions?: Readonly<Record<string, Action>>;
  /** DMA channels the device has asked for. */
  readonly dmaChannels?: ReadonlySet<number>;
  /** Host resources that the device has opened and not closed, in words. */
  open?(): readonly string[];
}

export const standIn: unique symbol = Symbol("backplane stand-in");

export interface StandIn {
  /** Asked anew at every use. */
  readonly [standIn]: StandInBehaviour;
}

const isStandIn = (value: unknown): value is StandIn => typeof value === "object" && value !== null && standIn in value;

/** The stand-ins among what a device is given. */
export const standInsOf = (deps: Readonly<Record<string, unknown>>): StandIn[] =>
  Object.values(deps)
    .flatMap((value): unknown[] => (Array.isArray(value) ? value : [value]))
    .filter(isStandIn);

export const saveStandIn = (part: StandIn): Fields => {
  const { state } = part[standIn];
  return state ? cloneFields(state as Fields) : {};
};

export const loadStandIn = (part: StandIn, saved: Fields): void => {
  const { state, loaded } = part[standIn];
  if (state) restoreFields(state as Fields, saved);
  loaded?.();
};
