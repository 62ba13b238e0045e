/** A machine on paper: which devices sit at which paths, with what configuration. */
import type { AnyDefinition } from "./device.js";

export interface Slot {
  /** Identity for configuration, hooks, logs, snapshots and API alike: `/isa/rtc`, `/pci/01.1/0:0/image`. */
  readonly path: string;
  readonly definition: AnyDefinition;
  /** Only the keys that differ from the definition's defaults. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Fills a need with the provider at a given path when the nearest one is not meant. */
  readonly wires: Readonly<Record<string, string>>;
  /** Where the slot was declared, for messages: a profile's name or a file. */
  readonly origin: string;
}

export interface Profile {
  readonly name: string;
  readonly summary: string;
  readonly memoryMiB: number;
  /** Processor model: what CPUID says and which instructions exist. The kernel's default unless given. */
  readonly cpu?: string;
  readonly slots: readonly Slot[];
}
