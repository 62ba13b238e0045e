/** `ProfileBuilder`: machines in TypeScript. Every method returns a new builder. */
import type { ConfigOf, ConfigSchema } from "../contract/config.js";
import type { AnyDefinition, DeviceDefinition } from "../contract/device.js";
import { BackplaneError } from "../contract/errors.js";
import type { Profile, Slot } from "../contract/profile.js";
import type { Needs, Role } from "../contract/role.js";

const PATH = /^(\/[a-z0-9][a-z0-9.:-]*)+$/;

/**
 * A path names one slot: `/isa/rtc`.
 * @throws BackplaneError `PROFILE_PATH_INVALID`.
 */
export const checkPath = (path: string): string => {
  if (!PATH.test(path)) throw new BackplaneError("PROFILE_PATH_INVALID", `"${path}" is not a device path; write it like /isa/rtc`, { path });
  return path;
};

export interface SlotOptions {
  readonly wires?: Readonly<Record<string, string>>;
}

export class ProfileBuilder {
  readonly #profile: Profile;

  private constructor(profile: Profile) {
    this.#profile = profile;
  }

  static named(name: string, summary = ""): ProfileBuilder {
    return new ProfileBuilder({ name, summary, memoryMiB: 64, slots: [] });
  }

  /** Starts from another profile. */
  static from(base: Profile, name = base.name, summary = base.summary): ProfileBuilder {
    return new ProfileBuilder({ ...base, name, summary });
  }

  memory(memoryMiB: number): ProfileBuilder {
    return new ProfileBuilder({ ...this.#profile, memoryMiB });
  }

  /** Processor model, `pentium3`; checked when a machine is assembled. */
  cpu(cpu: string): ProfileBuilder {
    return new ProfileBuilder({ ...this.#profile, cpu });
  }

  /** @throws BackplaneError `PROFILE_PATH_TAKEN` naming both definitions. */
  add<X, C extends ConfigSchema, N extends Needs, S>(
    path: string,
    definition: DeviceDefinition<X, C, N, S>,
    config: Partial<ConfigOf<C>> = {},
    options: SlotOptions = {},
  ): ProfileBuilder {
    const taken = this.#profile.slots.find((slot) => slot.path === checkPath(path));
    if (taken) {
      throw new BackplaneError("PROFILE_PATH_TAKEN", `${path}: "${definition.id}" (${this.#profile.name}) and "${taken.definition.id}" (${taken.origin}) want the same place`, {
        path,
        ids: [definition.id, taken.definition.id],
      });
    }
    const slot: Slot = { path, definition: definition as AnyDefinition, config, wires: options.wires ?? {}, origin: this.#profile.name };
    return this.#with([...this.#profile.slots, slot]);
  }

  remove(path: string): ProfileBuilder {
    this.#slot(path);
    return this.#with(this.#profile.slots.filter((slot) => slot.path !== path));
  }

  /** Changes configuration keys of one slot. */
  set(path: string, config: Readonly<Record<string, unknown>>): ProfileBuilder {
    const target = this.#slot(path);
    const origin = this.#profile.name;
    return this.#with(this.#profile.slots.map((slot) => (slot === target ? { ...slot, config: { ...slot.config, ...config }, origin } : slot)));
  }

  /**
   * Puts another definition of a role in place of every present one. Configuration keys are kept when the new definition has them too.
   * @throws BackplaneError `PROFILE_ROLE_MISMATCH` when `definition` provides another role, `PROFILE_ROLE_ABSENT` when no slot plays it.
   */
  swap<X, C extends ConfigSchema, N extends Needs, S>(wanted: Role<X>, definition: DeviceDefinition<X, C, N, S>): ProfileBuilder {
    if (definition.provides.key !== wanted.key) {
      throw new BackplaneError("PROFILE_ROLE_MISMATCH", `cannot swap role "${wanted.name}" for "${definition.id}": it provides "${definition.provides.name}"`, {
        role: wanted.name,
        id: definition.id,
      });
    }
    if (!this.#profile.slots.some((slot) => slot.definition.provides.key === wanted.key)) {
      throw new BackplaneError("PROFILE_ROLE_ABSENT", `profile "${this.#profile.name}" has no device of role "${wanted.name}" to swap for "${definition.id}"`, {
        role: wanted.name,
      });
    }
    return this.#with(
      this.#profile.slots.map((slot) => {
        if (slot.definition.provides.key !== wanted.key) return slot;
        const config = Object.fromEntries(Object.entries(slot.config).filter(([key]) => key in definition.config));
        return { ...slot, definition: definition as AnyDefinition, config, origin: this.#profile.name };
      }),
    );
  }

  build(): Profile {
    return this.#profile;
  }

  #with(slots: readonly Slot[]): ProfileBuilder {
    return new ProfileBuilder({ ...this.#profile, slots });
  }

  #slot(path: string): Slot {
    const slot = this.#profile.slots.find((candidate) => candidate.path === path);
    if (!slot) {
      throw new BackplaneError(
        "PROFILE_PATH_UNKNOWN",
        `profile "${this.#profile.name}" has no device at ${path}; it has ${this.#profile.slots.map((each) => each.path).join(", ")}`,
        { path },
      );
    }
    return slot;
  }
}
