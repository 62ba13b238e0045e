/** Drives whose medium a person can change. */
import { role } from "../contract/role.js";
import type { DiskImage } from "./disk-image.js";

export interface RemovableDrive {
  readonly kind: "cdrom" | "floppy";
  /** Label of the medium, or `undefined` when empty. */
  readonly medium: string | undefined;
  /** Whether the guest has locked the tray. */
  readonly locked: boolean;
  /** Puts a medium in, or takes it out with `undefined`. @throws BackplaneError `MEDIUM_LOCKED`, `MEDIUM_UNSUITABLE`. */
  insert(medium: DiskImage | undefined): void;
}
export const RemovableDrive = role<RemovableDrive>("removable-drive");
