/** What a packet drive remembers. */
import type { AtaHost, Board } from "backplane/sdk";
import { type CdTray, initialTray, type TrayState } from "./cd-tray.js";
import type { Names } from "./identify.js";
import { NO_SENSE } from "./sense.js";
import { initialTaskFile, type TaskFileState } from "./task-file.js";
import { initialTransfer, type TransferState } from "./transfer.js";
import { POWER_ON_MODE } from "./transfer-mode.js";

/** A byte count limit of 0 or an odd one is rounded to what words can carry. */
export const MAX_BLOCK = 0xfffe;

/** What the open data phase belongs to. */
export const NO_PHASE = 0;
export const REPLY_PHASE = 1;
export const PACKET_PHASE = 2;
export const DATA_IN_PHASE = 3;
export const DATA_OUT_PHASE = 4;

export interface PacketDriveState {
  taskFile: TaskFileState;
  transfer: TransferState;
  tray: TrayState;
  sense: { key: number; asc: number; ascq: number };
  transferMode: number;
  phase: number;
  dma: boolean;
  /** Largest DRQ block the host takes. */
  limit: number;
  /** Sectors of a read that are not in the buffer yet. */
  sector: number;
  remaining: number;
}

export const initialPacketDrive = (): PacketDriveState => ({
  taskFile: initialTaskFile(),
  transfer: initialTransfer(),
  tray: initialTray(),
  sense: { ...NO_SENSE },
  transferMode: POWER_ON_MODE,
  phase: NO_PHASE,
  dma: false,
  limit: MAX_BLOCK,
  sector: 0,
  remaining: 0,
});

export interface PacketDriveParts {
  readonly board: Board;
  readonly state: PacketDriveState;
  readonly tray: CdTray;
  readonly host: AtaHost;
  readonly names: Names;
  readonly latencyUs: number;
}
