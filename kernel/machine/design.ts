/** A profile worked out on paper: configuration, resources and wiring of every slot, all checked before anything exists. */
import { BackplaneError } from "../../sdk/contract/errors.js";
import type { Profile } from "../../sdk/contract/profile.js";
import { type ConfigValues, resolveConfig } from "./configuration.js";
import { PATH_PATTERN } from "./profile-json.js";
import { ResourceLedger } from "./resource-ledger.js";
import { planWiring, type WiredSlot, type WiringOptions } from "./wiring.js";

export interface Design {
  readonly profile: Profile;
  /** Completed configuration by path. */
  readonly configs: ReadonlyMap<string, ConfigValues>;
  readonly ledger: ResourceLedger;
  /** The order of creation. */
  readonly order: readonly WiredSlot[];
}

const PATH = new RegExp(PATH_PATTERN);

/** @throws BackplaneError `PROFILE_PATH_*`, `CONFIG_*`, `RESOURCE_*`, `NEED_*`, `WIRE_*`. */
export const designMachine = (profile: Profile, options: WiringOptions): Design => {
  const seen = new Map<string, string>();
  for (const { path, definition, origin } of profile.slots) {
    const holder = `"${definition.id}" (${origin})`;
    if (!PATH.test(path)) throw new BackplaneError("PROFILE_PATH_INVALID", `${origin}: "${path}" of "${definition.id}" is not a device path; write it like /isa/rtc`, { path });
    if (seen.has(path)) throw new BackplaneError("PROFILE_PATH_TAKEN", `${path}: ${seen.get(path)} and ${holder} want the same place`, { path });
    seen.set(path, holder);
  }
  const configs = new Map(profile.slots.map((slot) => [slot.path, resolveConfig(slot)]));
  return { profile, configs, ledger: new ResourceLedger(profile.slots, configs), order: planWiring(profile.slots, options) };
};
