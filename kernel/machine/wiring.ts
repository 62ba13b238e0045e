/**
 * Who gets what: matches needs with providers and puts the slots in an order in which they can be created.
 * Everything is decided here, before anything exists.
 *
 * A need for role R of the slot at path P is filled by
 *   1. the provider at the path the slot's `wires` name;
 *   2. the nearest provider below P (`/pci/07.1/0:0` finds `/pci/07.1/0:0/image`);
 *   3. the nearest provider above P (`/pci/07.1` finds `/pci`);
 *   4. the only provider in the machine;
 *   5. the kernel or a service of the host.
 * A provider directly below a slot that needs R itself belongs to that slot: rule 4 passes it over, and so does rule 3
 * for optional needs. An empty CD-ROM drive does not find the hard disk's image, nor does a second disk share it by
 * accident; a wire shares on purpose. A slot never fills its own need.
 */
import type { AnyDefinition } from "../../sdk/contract/device.js";
import { BackplaneError } from "../../sdk/contract/errors.js";
import type { Slot } from "../../sdk/contract/profile.js";
import type { Need, Needs, Role } from "../../sdk/contract/role.js";
import { hint } from "./suggest.js";

/** What fills one need. */
export type Filling =
  | { readonly from: "slot"; readonly path: string }
  | { readonly from: "slots"; readonly paths: readonly string[] }
  | { readonly from: "service"; readonly role: Role<unknown> }
  | { readonly from: "nothing" };

/** A slot with all its needs matched. */
export interface WiredSlot {
  readonly slot: Slot;
  readonly fillings: Readonly<Record<string, Filling>>;
}

export interface WiringOptions {
  /** Whether the kernel or the host provides a role. */
  readonly hasService: (role: Role<unknown>) => boolean;
  /** Known definitions, to say what would fill an unmet need. */
  readonly definitions?: readonly AnyDefinition[];
}

const roleOf = (need: Need): Role<unknown> => ("optional" in need ? need.optional : "every" in need ? need.every : need);
const needsOf = (slot: Slot): [string, Need][] => Object.entries(slot.definition.needs as Needs);
const depth = (path: string): number => path.split("/").length;
const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/"));
const provides = (slot: Slot, role: Role<unknown>): boolean => slot.definition.provides.key === role.key;
const named = (slot: Slot): string => `"${slot.definition.id}" at ${slot.path} (${slot.origin})`;

class Wiring {
  readonly #slots: readonly Slot[];
  readonly #byPath: ReadonlyMap<string, Slot>;
  readonly #options: WiringOptions;

  constructor(slots: readonly Slot[], options: WiringOptions) {
    this.#slots = slots;
    this.#byPath = new Map(slots.map((slot) => [slot.path, slot]));
    this.#options = options;
  }

  fill(slot: Slot): WiredSlot {
    const needs = new Map(needsOf(slot));
    for (const wire of Object.keys(slot.wires)) {
      if (!needs.has(wire)) {
        throw new BackplaneError("WIRE_UNKNOWN_NEED", `${named(slot)} has no need "${wire}" to wire${hint(wire, needs.keys(), "needs")}`, { path: slot.path, need: wire });
      }
    }
    return { slot, fillings: Object.fromEntries([...needs].map(([name, need]) => [name, this.#fillNeed(slot, name, need)])) };
  }

  #fillNeed(slot: Slot, name: string, need: Need): Filling {
    const role = roleOf(need);
    const wire = Object.hasOwn(slot.wires, name) ? slot.wires[name] : undefined;
    if (wire !== undefined) {
      const provider = this.#wired(slot, name, role, wire);
      return "every" in need ? { from: "slots", paths: [provider.path] } : { from: "slot", path: provider.path };
    }
    const providers = this.#slots.filter((other) => other !== slot && provides(other, role));
    if ("every" in need) return { from: "slots", paths: providers.map((each) => each.path) };

    const isOptional = "optional" in need;
    const provider = this.#nearestBelow(slot, name, role, providers) ?? this.#nearestAbove(slot, role, providers, isOptional) ?? this.#only(slot, name, role, providers);
    if (provider) return { from: "slot", path: provider.path };
    if (this.#options.hasService(role)) return { from: "service", role };
    if (isOptional) return { from: "nothing" };
    throw this.#unmet(slot, name, role, providers);
  }

  #wired(slot: Slot, name: string, role: Role<unknown>, wire: string): Slot {
    const provider = this.#byPath.get(wire);
    if (!provider) {
      throw new BackplaneError("WIRE_UNKNOWN_PATH", `${named(slot)} wires "${name}" to ${wire}, where no device is${hint(wire, this.#byPath.keys(), "paths")}`, {
        path: slot.path,
        need: name,
        wire,
      });
    }
    if (!provides(provider, role)) {
      throw new BackplaneError(
        "WIRE_ROLE_MISMATCH",
        `${named(slot)} wires "${name}" to ${wire}, but "${provider.definition.id}" there provides "${provider.definition.provides.name}", not "${role.name}"`,
        { path: slot.path, need: name, wire, role: role.name },
      );
    }
    return provider;
  }

  #nearestBelow(slot: Slot, name: string, role: Role<unknown>, providers: readonly Slot[]): Slot | undefined {
    const below = providers.filter((other) => other.path.startsWith(`${slot.path}/`));
    const level = Math.min(...below.map((each) => depth(each.path)));
    return this.#single(
      slot,
      name,
      role,
      below.filter((each) => depth(each.path) === level),
    );
  }

  #nearestAbove(slot: Slot, role: Role<unknown>, providers: readonly Slot[], isOptional: boolean): Slot | undefined {
    const above = providers.filter((other) => slot.path.startsWith(`${other.path}/`) && !(isOptional && this.#belongsToParent(other, role)));
    return above.reduce<Slot | undefined>((best, each) => (best && depth(best.path) > depth(each.path) ? best : each), undefined);
  }

  #only(slot: Slot, name: string, role: Role<unknown>, providers: readonly Slot[]): Slot | undefined {
    return this.#single(
      slot,
      name,
      role,
      providers.filter((each) => !this.#belongsToParent(each, role)),
    );
  }

  #belongsToParent(provider: Slot, role: Role<unknown>): boolean {
    const parent = this.#byPath.get(parentOf(provider.path));
    return parent !== undefined && needsOf(parent).some(([, need]) => roleOf(need).key === role.key);
  }

  #single(slot: Slot, name: string, role: Role<unknown>, candidates: readonly Slot[]): Slot | undefined {
    const [first, second] = candidates;
    if (first && second) {
      throw new BackplaneError(
        "NEED_AMBIGUOUS",
        `${named(slot)} needs "${name}" (role "${role.name}"), which both ${named(first)} and ${named(second)} provide; choose one with "wires": { "${name}": "${first.path}" }`,
        { path: slot.path, need: name, role: role.name, candidates: candidates.map((each) => each.path) },
      );
    }
    return first;
  }

  #unmet(slot: Slot, name: string, role: Role<unknown>, providers: readonly Slot[]): BackplaneError {
    const owned = providers[0];
    const known = (this.#options.definitions ?? []).filter((each) => each.provides.key === role.key).map((each) => each.id);
    const why = owned
      ? `; ${owned.path} provides it but belongs to ${parentOf(owned.path)}: share it with "wires": { "${name}": "${owned.path}" }`
      : known.length > 0
        ? `; add one of ${known.join(", ")}`
        : "";
    return new BackplaneError("NEED_UNMET", `${named(slot)} needs "${name}" (role "${role.name}"), which nothing in the machine provides${why}`, {
      path: slot.path,
      id: slot.definition.id,
      need: name,
      role: role.name,
      providers: known,
    });
  }
}

const pathsOf = (filling: Filling): readonly string[] => (filling.from === "slot" ? [filling.path] : filling.from === "slots" ? filling.paths : []);

/**
 * The slots in creation order: providers first, otherwise as in the profile.
 * @throws BackplaneError `NEED_UNMET`, `NEED_AMBIGUOUS`, `NEED_CYCLE`, `WIRE_UNKNOWN_NEED`, `WIRE_UNKNOWN_PATH`, `WIRE_ROLE_MISMATCH`.
 */
export const planWiring = (slots: readonly Slot[], options: WiringOptions): readonly WiredSlot[] => {
  const wiring = new Wiring(slots, options);
  const wired = new Map(slots.map((slot) => [slot.path, wiring.fill(slot)]));
  const order: WiredSlot[] = [];
  const done = new Set<string>();
  const underway: { path: string; need: string }[] = [];

  const visit = (path: string): void => {
    if (done.has(path)) return;
    const from = underway.findIndex((step) => step.path === path);
    if (from >= 0) {
      const cycle = [...underway.slice(from).map((step) => `${step.path} needs "${step.need}" from `), path].join("");
      throw new BackplaneError("NEED_CYCLE", `no device of this circle can be created first: ${cycle}`, { paths: underway.slice(from).map((step) => step.path) });
    }
    const here = wired.get(path)!;
    for (const [need, filling] of Object.entries(here.fillings)) {
      underway.push({ path, need });
      for (const provider of pathsOf(filling)) visit(provider);
      underway.pop();
    }
    done.add(path);
    order.push(here);
  };
  for (const slot of slots) visit(slot.path);
  return order;
};
