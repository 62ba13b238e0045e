/** The cable between an IDE channel and its drives: the ATA task file (ATA/ATAPI-4, T13/1153D). */
import { role } from "../contract/role.js";

/** The drive's command block registers as the channel shows them. */
export interface TaskFile {
  readonly error: number;
  readonly sectorCount: number;
  readonly lbaLow: number;
  readonly lbaMid: number;
  readonly lbaHigh: number;
  readonly device: number;
  readonly status: number;
}

/** The channel, from a drive's side. */
export interface AtaHost {
  /** INTRQ; the channel applies nIEN and device selection. */
  interrupt(level: boolean): void;
  /** DMARQ: data wait to be moved; the controller calls `dmaData` when the bus master runs. */
  dmaRequest(level: boolean): void;
}

/** A drive on a channel. All calls come from the controller. */
export interface AtaDrive {
  /** Registers 1-7 of the command block as read by the host while this drive is selected. Reading status clears INTRQ (`acknowledge`). */
  readonly registers: TaskFile;
  /** The host wrote a command block register (1 features, 2-5, 6 device). Both drives see register writes. `previous` values for LBA48 are the drive's business. */
  writeRegister(index: number, value: number): void;
  /** The host wrote the command register while this drive was selected. */
  command(code: number): void;
  /** PIO data port, 16 bits at a time; DRQ must be set or all ones / ignored. */
  readData16(): number;
  writeData16(value: number): void;
  /** Status was read: drop INTRQ. */
  acknowledge(): void;
  /** Bus-master data phase: which way it goes now, or `undefined` when the drive has nothing to move. */
  readonly dmaDirection: "to-memory" | "from-memory" | undefined;
  /** Moves up to `data.length` bytes of the data phase; returns the bytes moved. */
  dmaData(data: Uint8Array): number;
  /** The bus master has moved the last byte of its PRD table, or reports an abort. */
  dmaDone(aborted: boolean): void;
  /** SRST in the device control register, or the reset wire. */
  softReset(): void;
}

export interface IdeBus {
  /** `unit`: `0:0` primary master, `0:1` primary slave, `1:0`, `1:1`; by default the last part of the drive's path. */
  attach(unit: string, drive: (host: AtaHost) => AtaDrive): void;
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
