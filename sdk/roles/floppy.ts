/** The cable between a floppy disk controller and its drives. */
import { role } from "../contract/role.js";
import type { DiskImage } from "./disk-image.js";

/** A formatted disk in a drive: 512 bytes a sector, in the image by sector, then head, then cylinder. */
export interface FloppyDisk {
  readonly cylinders: number;
  readonly heads: number;
  /** A track; they are numbered from 1. */
  readonly sectors: number;
  /** Data rates at which this drive reads it, as the controller codes them: 0 is 500, 1 300, 2 250, 3 1000 kbit/s. */
  readonly dataRates: readonly number[];
  readonly image: DiskImage;
}

/** A drive, as the controller sees it. */
export interface FloppyDrive {
  /** As CMOS register 10h codes it: 1 360K, 2 1.2M, 3 720K, 4 1.44M, 5 2.88M. */
  readonly type: number;
  readonly disk: FloppyDisk | undefined;
  /** Cylinder of the disk under the heads. */
  readonly cylinder: number;
  /** TRK0: the heads are at the outermost track. */
  readonly track0: boolean;
  /** DSKCHG: on from the removal of a disk until the heads step with a disk in the drive. */
  readonly diskChanged: boolean;
  /** Steps the heads inwards (positive) or outwards, as far as they go. */
  step(tracks: number): void;
}

export interface FloppyBus {
  /** `unit`: `0` or `1`. @throws BackplaneError `FLOPPY_UNIT_INVALID`, `FLOPPY_UNIT_TAKEN`. */
  attach(unit: string, drive: FloppyDrive): void;
  /** Types of units 0 and 1 for firmware to store in CMOS; 0 where there is none. */
  driveTypes(): readonly [number, number];
}
export const FloppyBus = role<FloppyBus>("floppy-bus");
