/** Drives with images in them, put into a profile. A drive is a slot, its image another below it. */
import { BackplaneError } from "../../sdk/contract/errors.js";
import type { Profile } from "../../sdk/contract/profile.js";
import type { Role } from "../../sdk/contract/role.js";
import { IdeBus } from "../../sdk/roles/ata.js";
import { DiskImage } from "../../sdk/roles/disk-image.js";
import { FloppyBus } from "../../sdk/roles/floppy.js";
import { RemovableDrive } from "../../sdk/roles/storage-media.js";
import { type Composition, edited, slotsOf } from "./composition.js";
import type { MachineDescription } from "./description.js";

const ATA_DISK = "generic.ata-disk";
const CDROM = "generic.atapi-cdrom";
const FLOPPY_DRIVE = "generic.floppy-drive";
const RAW_IMAGE = "generic.disk-raw";

/** The CD-ROM drive has the second channel; disks take it only when nothing else is left. */
const DISK_UNITS = ["0:0", "0:1", "1:1", "1:0"];
const CDROM_UNITS = ["1:0", "1:1", "0:1", "0:0"];
const FLOPPY_UNITS = ["0", "1"];

const busPath = ({ profile, nameOption }: Composition, option: string, role: Role<unknown>, what: string): string => {
  const [bus] = slotsOf(profile, role);
  if (bus) return bus.path;
  throw new BackplaneError("DRIVE_NO_CONTROLLER", `${nameOption(option)}: profile "${profile.name}" has no ${what} controller; choose another profile`, { profile: profile.name });
};

const isFree = (profile: Profile, path: string): boolean => !profile.slots.some((slot) => slot.path === path);

const withImage = (composition: Composition, option: string, drive: string, config: Readonly<Record<string, unknown>>): Profile =>
  edited(composition, option, { add: { [`${drive}/image`]: { use: RAW_IMAGE, config } } });

const withDrive = (composition: Composition, option: string, bus: string, units: readonly string[], use: string): { composition: Composition; drive: string } => {
  const unit = units.find((each) => isFree(composition.profile, `${bus}/${each}`));
  if (unit === undefined) {
    throw new BackplaneError("DRIVE_NO_PLACE", `${composition.nameOption(option)}: all ${units.length} places at ${bus} are taken; leave out a drive`, { bus, units });
  }
  const drive = `${bus}/${unit}`;
  return { composition: { ...composition, profile: edited(composition, option, { add: { [drive]: { use } } }) }, drive };
};

/** The profile's first empty drive for removable media on a bus. */
const emptyDrive = ({ profile }: Composition, bus: string): string | undefined =>
  slotsOf(profile, RemovableDrive).find(({ path }) => path.startsWith(`${bus}/`) && !slotsOf(profile, DiskImage).some((image) => image.path.startsWith(`${path}/`)))?.path;

const withRemovable = (composition: Composition, option: string, bus: string, units: readonly string[], use: string, config: Readonly<Record<string, unknown>>): Profile => {
  const empty = emptyDrive(composition, bus);
  if (empty !== undefined) return withImage(composition, option, empty, config);
  const added = withDrive(composition, option, bus, units, use);
  return withImage(added.composition, option, added.drive, config);
};

/** @throws BackplaneError `DRIVE_NO_CONTROLLER`, `DRIVE_NO_PLACE`. */
export const attachMedia = (from: Composition, { disks = [], cdrom, floppy }: MachineDescription): Profile => {
  let composition = from;
  const step = (profile: Profile): void => {
    composition = { ...composition, profile };
  };
  if (cdrom !== undefined) {
    const bus = busPath(composition, "cdrom", IdeBus, "IDE");
    step(withRemovable(composition, "cdrom", bus, CDROM_UNITS, CDROM, { file: cdrom, "read-only": true, "sector-bytes": "2048" }));
  }
  if (floppy !== undefined) {
    const bus = busPath(composition, "floppy", FloppyBus, "floppy disk");
    step(withRemovable(composition, "floppy", bus, FLOPPY_UNITS, FLOPPY_DRIVE, { file: floppy }));
  }
  for (const disk of disks) {
    const { file, readOnly = false } = typeof disk === "string" ? { file: disk } : disk;
    const added = withDrive(composition, "disk", busPath(composition, "disk", IdeBus, "IDE"), DISK_UNITS, ATA_DISK);
    step(withImage(added.composition, "disk", added.drive, { file, "read-only": readOnly }));
  }
  return composition.profile;
};
