/**
 * The cable between an IDE channel and its drives (ATA/ATAPI-5, T13/1321D).
 *
 * The channel owns what the cable shares: drive selection, the device control register (nIEN, SRST, HOB) and INTRQ.
 * A drive owns its registers and data; it is always told its own story, whether it is selected or not.
 */
import { role } from "../contract/role.js";

/** The channel, from a drive's side. */
export interface AtaHost {
  /**
   * Asserts this drive's interrupt request. The channel applies nIEN and selection, and drops the request when the
   * host reads the status register, writes the command register, or resets the drive.
   */
  interrupt(): void;
  /** DMARQ rose: `dmaDirection` has just become defined. Never called from within `dmaMoved`. */
  dmaReady(): void;
}

/** A drive on a channel. All calls come from the controller. Register numbers are command block offsets. */
export interface AtaDrive {
  /**
   * Registers 1 (error), 2-6, and 7 (status, without side effects) as the host reads them while the drive is selected.
   * `previous` is HOB: the byte written before the last one (LBA48).
   */
  readRegister(index: number, previous: boolean): number;
  /** The host wrote register 1 (features) or 2-6. Both drives of a channel see every write. */
  writeRegister(index: number, value: number): void;
  /** The host wrote the command register while this drive was selected. */
  command(code: number): void;
  /** EXECUTE DEVICE DIAGNOSTIC: both drives run it at once, whichever is selected; the channel interrupts for drive 0. */
  diagnose(): void;
  /** SRST in the device control register. */
  softReset(): void;
  /** The data port. Outside of a PIO data phase reads answer all ones and writes are lost. 32 bits are two words. */
  readData16(): number;
  readData32(): number;
  writeData16(value: number): void;
  writeData32(value: number): void;
  /** Which way bus-master data go now; `undefined` while the drive has nothing to move. */
  readonly dmaDirection: "to-memory" | "from-memory" | undefined;
  /** The next bytes of the data phase, at most `max` and at least one: to be read, or to be filled. Valid until `dmaMoved`. */
  dmaWindow(max: number): Uint8Array;
  /** `bytes` of the last window have been moved. */
  dmaMoved(bytes: number): void;
}

export interface IdeBus {
  /**
   * Plugs a drive in. The last part of `position` is its unit: `0:0` primary master, `0:1` primary slave, `1:0`, `1:1`;
   * a drive gives the path of its board (`/pci/01.1/0:0`).
   * @throws BackplaneError `IDE_UNIT_INVALID`, `IDE_UNIT_TAKEN`.
   */
  attach(position: string, connect: (host: AtaHost) => AtaDrive): void;
}
export const IdeBus = role<IdeBus>("ide-bus");

/** What a drive provides to the machine, beside sitting on its cable. */
export interface BlockDrive {
  readonly kind: "disk" | "cdrom" | "floppy";
  readonly removable: boolean;
  /** Label of the medium, or `undefined` when empty. */
  readonly medium: string | undefined;
}
export const BlockDrive = role<BlockDrive>("block-drive");
