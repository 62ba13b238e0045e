/** One step from a description to a profile. */
import { type Catalogue, profileFromJson } from "../../kernel/machine/index.js";
import type { Profile, Slot } from "../../sdk/contract/profile.js";
import type { Role } from "../../sdk/contract/role.js";

/** How messages call an option: `--memory`, `option "memory"`. */
export type NameOption = (option: string) => string;

/** One step of a composition: the profile so far, what is known, and how options are called. */
export interface Composition {
  readonly profile: Profile;
  readonly catalogue: Catalogue;
  readonly nameOption: NameOption;
}

/** Applies the keys of a JSON profile (`memory`, `add`, `swap`, `remove`) to a profile. */
export const edited = ({ profile, catalogue, nameOption }: Composition, option: string, changes: Readonly<Record<string, unknown>>): Profile =>
  profileFromJson(
    { ...changes, name: profile.name, extends: profile.name },
    { catalogue: { definitions: catalogue.definitions, profiles: [profile] }, origin: nameOption(option) },
  );

export const slotsOf = (profile: Profile, role: Role<unknown>): Slot[] => profile.slots.filter(({ definition }) => definition.provides.key === role.key);
