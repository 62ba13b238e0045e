/** From a description to a profile: every edit is checked, and errors name the option that asked for it. */
import { applySetting, type Catalogue, hint, profileFromJson } from "../../kernel/machine/index.js";
import type { AnyDefinition } from "../../sdk/contract/device.js";
import { BackplaneError } from "../../sdk/contract/errors.js";
import type { Profile, Slot } from "../../sdk/contract/profile.js";
import { Display } from "../../sdk/roles/display.js";
import { Firmware } from "../../sdk/roles/platform.js";
import { type Composition, edited, type NameOption, slotsOf } from "./composition.js";
import type { MachineDescription, PluggedDevice } from "./description.js";
import { attachMedia } from "./media.js";

export const DIRECT_BOOT_PROFILE = "virtual-server-2005";
export const FIRMWARE_PROFILE = "seabios-pc";
const FIRMWARE_PATH = "/firmware";
const DIRECT_BOOT = "linux.direct-boot";
const ROM_FIRMWARE = "generic.rom-firmware";

/**
 * The catalogue with the definitions of plugins.
 * @throws BackplaneError `DEFINITION_TAKEN` when two different ones have the same id.
 */
export const withDefinitions = (catalogue: Catalogue, added: readonly AnyDefinition[]): Catalogue => {
  const byId = new Map(catalogue.definitions.map((each) => [each.id, each]));
  for (const definition of added) {
    const known = byId.get(definition.id);
    if (known && known !== definition) {
      throw new BackplaneError("DEFINITION_TAKEN", `two devices have the id "${definition.id}" ("${definition.summary}" and "${known.summary}"); give yours another id`, {
        id: definition.id,
      });
    }
    byId.set(definition.id, definition);
  }
  return { ...catalogue, definitions: [...byId.values()] };
};

/** Whether the description asks for a boot from a medium by a BIOS. */
export const needsFirmware = ({ kernel, bios, disks = [], cdrom, floppy }: MachineDescription): boolean =>
  kernel === undefined && (bios !== undefined || disks.length > 0 || cdrom !== undefined || floppy !== undefined);

/** Whether the machine has firmware of its own that can start. */
const startsByItself = (profile: Profile): boolean => slotsOf(profile, Firmware).length > 0;

/** @throws BackplaneError `PROFILE_UNKNOWN`. */
export const profileNamed = (name: string, { profiles }: Catalogue, origin: string): Profile => {
  const found = profiles.find((each) => each.name === name);
  if (found) return found;
  const known = profiles.map((each) => each.name);
  throw new BackplaneError("PROFILE_UNKNOWN", `${origin}: there is no profile "${name}"${hint(name, known, "profiles")}`, { name });
};

const isProfile = (value: object): value is Profile => Array.isArray((value as Partial<Profile>).slots);

/** The profile a description starts from. @throws BackplaneError `PROFILE_UNKNOWN`, and as `profileFromJson`. */
export const baseProfile = (description: MachineDescription, catalogue: Catalogue, nameOption: NameOption): Profile => {
  const { profile } = description;
  const origin = nameOption("profile");
  if (profile === undefined) return profileNamed(needsFirmware(description) ? FIRMWARE_PROFILE : DIRECT_BOOT_PROFILE, catalogue, origin);
  if (typeof profile === "string") return profileNamed(profile, catalogue, origin);
  return isProfile(profile) ? profile : profileFromJson(profile, { catalogue, origin });
};

/** Whether something has to be found for it to start: neither the description nor its profile says what. */
export const needsGuest = (description: MachineDescription, base: Profile): boolean => description.kernel === undefined && !needsFirmware(description) && !startsByItself(base);

const plugged = (composition: Composition, { path, use, config = {}, wires = {} }: PluggedDevice): Profile => {
  if (typeof use === "string") return edited(composition, "plugin", { add: { [path]: { use, config, wires } } });
  const { profiles, definitions } = composition.catalogue;
  return edited({ ...composition, catalogue: { profiles, definitions: [...definitions.filter((each) => each !== use), use] } }, "plugin", {
    add: { [path]: { use: use.id, config, wires } },
  });
};

/** An unknown id is compared with those that could play the role. */
const swapped = (composition: Composition, role: string, id: string): Profile => {
  const { definitions, profiles } = composition.catalogue;
  const candidates = definitions.some((each) => each.id === id) ? definitions : definitions.filter((each) => each.provides.name === role);
  return edited({ ...composition, catalogue: { profiles, definitions: candidates.length > 0 ? candidates : definitions } }, "swap", { swap: { [role]: id } });
};

/** Takes the profile's firmware out and puts another in. */
const withFirmware = (composition: Composition, option: string, use: string, config: Readonly<Record<string, unknown>>): Profile =>
  edited(composition, option, {
    remove: slotsOf(composition.profile, Firmware).map(({ path }) => path),
    add: { [FIRMWARE_PATH]: { use, config } },
  });

const firmwareSlot = ({ profile, nameOption }: Composition, option: string, key: string): Slot => {
  const slot = slotsOf(profile, Firmware).find(({ definition }) => Object.hasOwn(definition.config as object, key));
  if (slot) return slot;
  throw new BackplaneError(
    "OPTION_UNUSED",
    `${nameOption(option)}: the machine has no BIOS that it could be for; give a disk, a CD, a floppy or a BIOS to boot from, and no kernel`,
    {
      option,
    },
  );
};

/** Into the adapter's expansion ROM where it has one, otherwise beside the BIOS. */
const withVideoBios = (composition: Composition, file: string): Profile => {
  const adapter = slotsOf(composition.profile, Display).find(({ definition }) => Object.hasOwn(definition.config as object, "rom"));
  const target = adapter ? { path: adapter.path, key: "rom" } : { path: firmwareSlot(composition, "video-bios", "video-bios").path, key: "video-bios" };
  return edited(composition, "video-bios", { set: { [target.path]: { [target.key]: file } } });
};

/**
 * The machine on paper.
 * @throws BackplaneError naming the option: `OPTION_CONFLICT`, `OPTION_UNUSED`, `GUEST_MISSING`, `DRIVE_*`, and as `profileFromJson`.
 */
export const composeProfile = (description: MachineDescription, known: Catalogue, nameOption: NameOption = (option) => `option "${option}"`): Profile => {
  const { kernel, initrd, append, bios, videoBios, boot, memory, cpu } = description;
  const conflict = (message: string): BackplaneError => new BackplaneError("OPTION_CONFLICT", message);
  if (kernel !== undefined && bios !== undefined) throw conflict(`${nameOption("kernel")} starts Linux without a BIOS and ${nameOption("bios")} starts a BIOS; give one of them`);
  if (kernel === undefined && (initrd !== undefined || append !== undefined)) {
    const option = initrd !== undefined ? "initrd" : "append";
    throw conflict(`${nameOption(option)} is for a kernel; give ${nameOption("kernel")} too`);
  }

  const catalogue = withDefinitions(known, description.definitions ?? []);
  let composition: Composition = { profile: baseProfile(description, catalogue, nameOption), catalogue, nameOption };
  const step = (next: (composition: Composition) => Profile): void => {
    composition = { ...composition, profile: next(composition) };
  };
  if (needsGuest(description, composition.profile)) {
    throw new BackplaneError(
      "GUEST_MISSING",
      `profile "${composition.profile.name}" has nothing to boot; give ${["kernel", "disk", "cdrom", "floppy"].map(nameOption).join(", ")} or ${nameOption("bios")}`,
    );
  }
  if (memory !== undefined) step((each) => edited(each, "memory", { memory }));
  if (cpu !== undefined) step((each) => edited(each, "cpu", { cpu }));
  for (const device of description.plug ?? []) step((each) => plugged(each, device));
  for (const [role, id] of Object.entries(description.swap ?? {})) step((each) => swapped(each, role, id));
  if (kernel !== undefined) step((each) => withFirmware(each, "kernel", DIRECT_BOOT, { kernel, initrd: initrd ?? "", append: append ?? "" }));
  if (bios !== undefined) step((each) => withFirmware(each, "bios", ROM_FIRMWARE, { bios }));
  else if (needsFirmware(description) && !startsByItself(composition.profile)) {
    throw new BackplaneError("GUEST_MISSING", `profile "${composition.profile.name}" has no BIOS to boot a medium with; give ${nameOption("bios")}`);
  }
  if (videoBios !== undefined) step((each) => withVideoBios(each, videoBios));
  if (boot !== undefined) step((each) => edited(each, "boot", { set: { [firmwareSlot(each, "boot", "boot").path]: { boot: boot.join(",") } } }));
  step((each) => attachMedia(each, description));
  for (const setting of description.set ?? []) step(({ profile }) => applySetting(profile, setting, nameOption("set")));
  return composition.profile;
};
