/**
 * The ledger of fixed resources: everything the slots of a profile declare, compared before any device exists.
 *
 * The board asks it again at each fixed claim, so a device has what it declared and nothing more.
 */
import { BackplaneError } from "../../sdk/contract/errors.js";
import type { Slot } from "../../sdk/contract/profile.js";
import type { Resource } from "../../sdk/contract/resource.js";

import type { ConfigValues } from "./configuration.js";

type Span = { readonly base: number; readonly length: number };
interface Entry {
  readonly slot: Slot;
  readonly resource: Resource;
}

const hex = (value: number): string => `${value.toString(16).toUpperCase()}h`;
const span = ({ base, length }: Span): string => (length === 1 ? hex(base) : `${hex(base)}-${hex(base + length - 1)}`);

/** A resource in words: `ports 3F8h-3FFh`, `IRQ 4`. */
export const describeResource = (resource: Resource): string => {
  switch (resource.kind) {
    case "ports":
      return `${resource.length === 1 ? "port" : "ports"} ${span(resource)}`;
    case "mmio":
      return `memory ${span(resource)}`;
    case "irq":
      return `IRQ ${resource.line}`;
    case "dma":
      return `DMA channel ${resource.channel}`;
    case "memory":
      return `memory block "${resource.name}"`;
  }
};

const whole = (value: number, min: number, max: number): boolean => Number.isInteger(value) && value >= min && value <= max;

const isValid = (resource: Resource): boolean => {
  switch (resource.kind) {
    case "ports":
      return whole(resource.base, 0, 0xffff) && whole(resource.length, 1, 0x1_0000 - resource.base);
    case "mmio":
      return whole(resource.base, 0, 0xffff_ffff) && whole(resource.length, 1, 2 ** 32 - resource.base);
    case "irq":
      return whole(resource.line, 0, 15);
    case "dma":
      return whole(resource.channel, 0, 7);
    case "memory":
      return whole(resource.bytes, 4096, 2 ** 32) && resource.bytes % 4096 === 0;
  }
};

const overlap = (a: Span, b: Span): boolean => a.base < b.base + b.length && b.base < a.base + a.length;

const conflicts = (a: Resource, b: Resource): boolean => {
  switch (a.kind) {
    case "ports":
      return b.kind === "ports" && overlap(a, b);
    case "mmio":
      return b.kind === "mmio" && overlap(a, b);
    case "irq":
      return b.kind === "irq" && a.line === b.line && !(a.shared && b.shared);
    case "dma":
      return b.kind === "dma" && a.channel === b.channel;
    case "memory":
      return false;
  }
};

/** One device wants the same thing twice, or two devices want one thing. */
const isConflict = (a: Entry, b: Entry): boolean =>
  conflicts(a.resource, b.resource) || (a.slot === b.slot && a.resource.kind === "memory" && b.resource.kind === "memory" && a.resource.name === b.resource.name);

const holder = ({ slot }: Entry): string => `"${slot.definition.id}" at ${slot.path} (${slot.origin})`;

/** Where a device memory block is kept in the guest buffer. */
export const blockKey = (path: string, name: string): string => `${path}#${name}`;

export class ResourceLedger {
  readonly #entries: Entry[] = [];

  /**
   * @param configs completed configuration by path
   * @throws BackplaneError `RESOURCE_INVALID`, `RESOURCE_CONFLICT` naming both paths, ids and where each slot was declared.
   */
  constructor(slots: readonly Slot[], configs: ReadonlyMap<string, ConfigValues>) {
    for (const slot of slots) {
      for (const resource of slot.definition.resources(configs.get(slot.path)!)) this.#enter({ slot, resource });
    }
  }

  /** Device memory to reserve: block key to bytes. */
  blocks(): Map<string, number> {
    const blocks = new Map<string, number>();
    for (const { slot, resource } of this.#entries) if (resource.kind === "memory") blocks.set(blockKey(slot.path, resource.name), resource.bytes);
    return blocks;
  }

  /** What the slot at `path` declared. */
  of(path: string): readonly Resource[] {
    return this.#entries.filter((entry) => entry.slot.path === path).map((entry) => entry.resource);
  }

  /** Every slot's resources in words, for inventories. */
  lines(): { readonly path: string; readonly id: string; readonly text: string }[] {
    return this.#entries.map(({ slot, resource }) => ({ path: slot.path, id: slot.definition.id, text: describeResource(resource) }));
  }

  /** @throws BackplaneError `RESOURCE_UNDECLARED` unless the slot at `path` declared all of `wanted`. */
  require(path: string, wanted: Resource): void {
    const declared = this.of(path);
    if (declared.some((resource) => covers(resource, wanted))) return;
    const same = declared.filter((resource) => resource.kind === wanted.kind).map(describeResource);
    const id = this.#entries.find((entry) => entry.slot.path === path)?.slot.definition.id;
    throw new BackplaneError(
      "RESOURCE_UNDECLARED",
      `${id === undefined ? path : `"${id}" at ${path}`} claims ${describeResource(wanted)} but declares ${same.length === 0 ? "none" : same.join(", ")} in resources()`,
      { path, resource: wanted },
    );
  }

  #enter(entry: Entry): void {
    const { slot, resource } = entry;
    if (!isValid(resource)) {
      throw new BackplaneError("RESOURCE_INVALID", `${holder(entry)} declares ${describeResource(resource)}, which no PC has`, { path: slot.path, resource });
    }
    const clash = this.#entries.find((other) => isConflict(other, entry));
    if (clash) {
      throw new BackplaneError("RESOURCE_CONFLICT", `${describeResource(resource)}: ${holder(clash)} has ${describeResource(clash.resource)}, ${holder(entry)} wants it too`, {
        paths: [clash.slot.path, slot.path],
        ids: [clash.slot.definition.id, slot.definition.id],
        origins: [clash.slot.origin, slot.origin],
        resource,
      });
    }
    this.#entries.push(entry);
  }
}

const covers = (declared: Resource, wanted: Resource): boolean => {
  if ((declared.kind === "ports" && wanted.kind === "ports") || (declared.kind === "mmio" && wanted.kind === "mmio")) {
    return wanted.base >= declared.base && wanted.base + wanted.length <= declared.base + declared.length;
  }
  if (declared.kind === "irq" && wanted.kind === "irq") return declared.line === wanted.line;
  return declared.kind === "memory" && wanted.kind === "memory" && declared.name === wanted.name;
};
