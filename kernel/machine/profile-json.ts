/**
 * Profiles as JSON:
 *
 *     { "$schema": "./profile.schema.json", "name": "lab", "summary": "One line",
 *       "extends": "virtual-server-2005", "memory": 128, "cpu": "pentium3",
 *       "remove": ["/isa/lpt"],
 *       "add": { "/pci/0a.0": { "use": "dec.21140", "config": { "mac": "..." }, "wires": { "network": "/networks/lan" } } },
 *       "swap": { "cmos": "lab.frozen-rtc" },
 *       "set": { "/isa/rtc": { "base": 112 } } }
 *
 * Applied in the order extends, memory, cpu, remove, add, swap, set. Checked here, with a message for each mistake; the JSON
 * Schema (`profile-schema.ts`) tells editors the same.
 */
import type { ConfigSchema } from "../../sdk/contract/config.js";
import type { AnyDefinition } from "../../sdk/contract/device.js";
import { BackplaneError } from "../../sdk/contract/errors.js";
import type { Profile, Slot } from "../../sdk/contract/profile.js";
import { CPU_MODELS } from "../cpu/index.js";
import { checkConfig, slotAt } from "./configuration.js";
import { hint } from "./suggest.js";

/** What JSON profiles may refer to: definitions by id, profiles by name. */
export interface Catalogue {
  readonly definitions: readonly AnyDefinition[];
  readonly profiles: readonly Profile[];
}

export interface ProfileJsonOptions {
  readonly catalogue: Catalogue;
  /** Where the text comes from, a file name: in front of every message, and the origin of the slots. */
  readonly origin: string;
  /** Resolves a file name in a configuration value relative to the profile. */
  readonly resolveFile?: (name: string, origin: string) => string;
}

export const PATH_PATTERN = "^(/[a-z0-9][a-z0-9.:-]*)+$";
const PATH = new RegExp(PATH_PATTERN);
export const MAX_MEMORY_MIB = 3686;
export const MAX_TEXT = 1000;
export const TOP_KEYS = ["$schema", "name", "summary", "extends", "memory", "cpu", "add", "remove", "swap", "set"] as const;
export const SLOT_KEYS = ["use", "config", "wires"] as const;

type Json = Readonly<Record<string, unknown>>;

/** Reads one document; every complaint begins with its origin. */
class Reader {
  readonly #options: ProfileJsonOptions;
  readonly #definitions: ReadonlyMap<string, AnyDefinition>;

  constructor(options: ProfileJsonOptions) {
    this.#options = options;
    this.#definitions = new Map(options.catalogue.definitions.map((each) => [each.id, each]));
  }

  read(document: unknown): Profile {
    const top = this.#object(document, "the profile");
    this.#keys(top, TOP_KEYS, "the profile");
    this.#optionalText(top, "$schema");
    const name = this.#text(top["name"], '"name"');
    if (name === "") throw this.#invalid('"name" is empty', "name");
    let profile: Profile = { ...this.#base(top), name };
    if (top["summary"] !== undefined) profile = { ...profile, summary: this.#text(top["summary"], '"summary"') };
    if (top["memory"] !== undefined) profile = { ...profile, memoryMiB: this.#memory(top["memory"]) };
    if (top["cpu"] !== undefined) profile = { ...profile, cpu: this.#cpu(top["cpu"]) };
    profile = this.#remove(profile, top["remove"]);
    profile = this.#add(profile, top["add"]);
    profile = this.#swap(profile, top["swap"]);
    return this.#set(profile, top["set"]);
  }

  #base(top: Json): Profile {
    if (top["extends"] === undefined) return { name: "", summary: "", memoryMiB: 64, slots: [] };
    const name = this.#text(top["extends"], '"extends"');
    const { profiles } = this.#options.catalogue;
    const base = profiles.find((each) => each.name === name);
    if (!base) {
      throw this.#error(
        "PROFILE_UNKNOWN",
        `"extends" names "${name}", which is not a known profile${hint(
          name,
          profiles.map((each) => each.name),
          "profiles",
        )}`,
        { name },
      );
    }
    return base;
  }

  #memory(value: unknown): number {
    if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= MAX_MEMORY_MIB) return value;
    throw this.#invalid(`"memory" is ${JSON.stringify(value)}; it must be a whole number of MiB from 1 to ${MAX_MEMORY_MIB}`, "memory");
  }

  #cpu(value: unknown): string {
    const name = this.#text(value, '"cpu"');
    const known = CPU_MODELS.map((each) => each.name);
    if (known.includes(name)) return name;
    throw this.#error("CPU_MODEL", `"cpu" is "${name}"; there are ${known.join(", ")}${hint(name, known, "models")}`, { name });
  }

  #remove(profile: Profile, value: unknown): Profile {
    if (value === undefined) return profile;
    if (!Array.isArray(value)) throw this.#invalid('"remove" must be a list of paths', "remove");
    let rest = profile;
    for (const each of value) {
      const target = slotAt(rest, this.#text(each, 'an entry of "remove"'), this.#options.origin);
      rest = { ...rest, slots: rest.slots.filter((slot) => slot !== target) };
    }
    return rest;
  }

  #add(profile: Profile, value: unknown): Profile {
    if (value === undefined) return profile;
    const { origin } = this.#options;
    let rest = profile;
    for (const [path, entry] of Object.entries(this.#object(value, '"add"'))) {
      if (!PATH.test(path)) throw this.#error("PROFILE_PATH_INVALID", `"${path}" in "add" is not a device path; write it like /isa/rtc`, { path });
      const at = `"add" ${path}`;
      const fields = this.#object(entry, at);
      this.#keys(fields, SLOT_KEYS, at);
      if (fields["use"] === undefined) throw this.#invalid(`${at} lacks "use": the id of a device`, "use");
      const definition = this.#definition(this.#text(fields["use"], `"use" in ${at}`), at);
      const taken = rest.slots.find((slot) => slot.path === path);
      if (taken) {
        throw this.#error("PROFILE_PATH_TAKEN", `${path}: "${taken.definition.id}" (${taken.origin}) is there already; list the path in "remove" to replace it`, { path });
      }
      const config = this.#config({ path, definition, origin }, fields["config"] ?? {}, `"config" in ${at}`);
      rest = { ...rest, slots: [...rest.slots, { path, definition, config, wires: this.#wires(fields["wires"], definition, at), origin }] };
    }
    return rest;
  }

  #wires(value: unknown, definition: AnyDefinition, at: string): Slot["wires"] {
    if (value === undefined) return {};
    const wires = this.#object(value, `"wires" in ${at}`);
    for (const [need, path] of Object.entries(wires)) {
      if (!Object.hasOwn(definition.needs as object, need)) {
        throw this.#error("WIRE_UNKNOWN_NEED", `"wires" in ${at}: "${definition.id}" has no need "${need}"${hint(need, Object.keys(definition.needs as object), "needs")}`, {
          need,
        });
      }
      if (typeof path !== "string" || !PATH.test(path)) throw this.#invalid(`"${need}" in "wires" of ${at} must be the path of a device`, need);
    }
    return wires as Slot["wires"];
  }

  #swap(profile: Profile, value: unknown): Profile {
    if (value === undefined) return profile;
    let rest = profile;
    for (const [role, id] of Object.entries(this.#object(value, '"swap"'))) {
      const roles = new Set(rest.slots.map((slot) => slot.definition.provides.name));
      const definition = this.#definition(this.#text(id, `"${role}" in "swap"`), `"swap" ${role}`);
      if (!roles.has(role)) {
        throw this.#error("PROFILE_ROLE_ABSENT", `"swap" names role "${role}", which no device of the machine plays${hint(role, roles, "roles")}`, { role });
      }
      if (definition.provides.name !== role) {
        throw this.#error("PROFILE_ROLE_MISMATCH", `"swap" puts "${definition.id}" in role "${role}", but it provides "${definition.provides.name}"`, { role, id: definition.id });
      }
      rest = { ...rest, slots: rest.slots.map((slot) => (slot.definition.provides.name === role ? this.#swapped(slot, definition) : slot)) };
    }
    return rest;
  }

  /** Keys that the new definition does not have are dropped; the ones it has are checked against its own ranges. */
  #swapped(slot: Slot, definition: AnyDefinition): Slot {
    const { origin } = this.#options;
    const config = Object.fromEntries(Object.entries(slot.config).filter(([key]) => Object.hasOwn(definition.config as ConfigSchema, key)));
    const wires = Object.fromEntries(Object.entries(slot.wires).filter(([need]) => Object.hasOwn(definition.needs as object, need)));
    checkConfig({ path: slot.path, definition, origin }, config);
    return { path: slot.path, definition, config, wires, origin };
  }

  #set(profile: Profile, value: unknown): Profile {
    if (value === undefined) return profile;
    const { origin } = this.#options;
    let rest = profile;
    for (const [path, entry] of Object.entries(this.#object(value, '"set"'))) {
      const target = slotAt(rest, path, origin);
      const config = this.#config({ path, definition: target.definition, origin }, entry, `"set" ${path}`);
      rest = { ...rest, slots: rest.slots.map((slot) => (slot === target ? { ...slot, config: { ...slot.config, ...config }, origin } : slot)) };
    }
    return rest;
  }

  #config(owner: { path: string; definition: AnyDefinition; origin: string }, value: unknown, what: string): Json {
    const config = this.#object(value, what);
    checkConfig(owner, config);
    const resolve = this.#options.resolveFile;
    if (!resolve) return config;
    const schema = owner.definition.config as ConfigSchema;
    return Object.fromEntries(
      Object.entries(config).map(([key, each]) => {
        const option = schema[key];
        const isFile = option.kind === "text" && option.format !== undefined && each !== "";
        return [key, isFile ? resolve(each as string, owner.origin) : each];
      }),
    );
  }

  #definition(id: string, at: string): AnyDefinition {
    const definition = this.#definitions.get(id);
    if (!definition) throw this.#error("DEFINITION_UNKNOWN", `${at} uses "${id}", which is not a known device${hint(id, this.#definitions.keys(), "devices")}`, { id });
    return definition;
  }

  #object(value: unknown, what: string): Json {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw this.#invalid(`${what} must be an object`, what);
    return value as Json;
  }

  #text(value: unknown, what: string): string {
    if (value === undefined) throw this.#invalid(`${what} is missing`, what);
    if (typeof value !== "string" || [...value].length > MAX_TEXT) throw this.#invalid(`${what} must be text of at most ${MAX_TEXT} characters`, what);
    return value;
  }

  #optionalText(object: Json, key: string): void {
    if (object[key] !== undefined) this.#text(object[key], `"${key}"`);
  }

  #keys(object: Json, known: readonly string[], what: string): void {
    for (const key of Object.keys(object)) {
      if (!known.includes(key)) throw this.#error("PROFILE_UNKNOWN_KEY", `${what} has no key "${key}"${hint(key, known, "keys")}`, { key });
    }
  }

  #invalid(message: string, key: string): BackplaneError {
    return this.#error("PROFILE_INVALID", message, { key });
  }

  #error(code: string, message: string, details: Record<string, unknown>): BackplaneError {
    const { origin } = this.#options;
    return new BackplaneError(code, `${origin}: ${message}`, { ...details, origin });
  }
}

/**
 * A profile from a parsed JSON document.
 * @throws BackplaneError `PROFILE_INVALID`, `PROFILE_UNKNOWN_KEY`, `PROFILE_UNKNOWN`, `DEFINITION_UNKNOWN`, `PROFILE_PATH_*`,
 * `PROFILE_ROLE_*`, `WIRE_UNKNOWN_NEED`, `CONFIG_*`: one line naming the key and the origin.
 */
export const profileFromJson = (document: unknown, options: ProfileJsonOptions): Profile => new Reader(options).read(document);

/** A profile from JSON text. @throws as `profileFromJson`, and `PROFILE_SYNTAX` with line and column. */
export const parseProfile = (source: string, options: ProfileJsonOptions): Profile => {
  let document: unknown;
  try {
    document = JSON.parse(source);
  } catch (error) {
    throw new BackplaneError("PROFILE_SYNTAX", `${options.origin}${place(source, (error as Error).message)}: not JSON: ${(error as Error).message}`, { origin: options.origin });
  }
  return profileFromJson(document, options);
};

/** `:line:column`, when the engine's message tells the position. */
const place = (source: string, message: string): string => {
  const position = /position (\d+)/.exec(message)?.[1];
  if (position === undefined) return "";
  const before = source.slice(0, Number(position)).split("\n");
  return `:${before.length}:${before[before.length - 1].length + 1}`;
};
