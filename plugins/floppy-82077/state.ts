/** What the controller remembers. */
import { SECTOR_BYTES } from "./registers.js";

/** A data command in its execution phase. */
export interface TransferState {
  kind: "idle" | "read" | "write" | "verify" | "format" | "id";
  /** What the next step waits for: nothing but the execution timer, the disk image, the DMA channel, or the guest at the FIFO. */
  waitsFor: "time" | "host" | "dma" | "fifo";
  /** Bytes go through the FIFO register instead of DMA. */
  nonDma: boolean;
  unit: number;
  cylinder: number;
  head: number;
  /** H, the head the sector's ID field must name. */
  idHead: number;
  sector: number;
  sizeCode: number;
  /** EOT, the last sector of a track; SC of FORMAT TRACK. */
  last: number;
  /** Goes on with head 1 after head 0. */
  multiTrack: boolean;
  /** Sectors VERIFY still has to look at. */
  remaining: number;
  /** FORMAT TRACK's data pattern. */
  filler: number;
  /** Bytes of `buffer` in use, and how many of them have been moved. */
  length: number;
  moved: number;
  terminalCount: boolean;
  /** Outcome waiting for the execution timer; all zero is success. */
  st1: number;
  st2: number;
}

export interface FloppyState {
  dor: number;
  tdr: number;
  dsr: number;
  /** DRATE, written through DSR and CCR alike. */
  dataRate: number;
  phase: "command" | "execution" | "result";
  command: Uint8Array;
  commandLength: number;
  result: Uint8Array;
  resultLength: number;
  resultRead: number;
  /** What drives INT, before the DMA gate: an unread result, and an unread SENSE INTERRUPT STATUS. */
  resultInterrupt: boolean;
  senseInterrupt: boolean;
  /** Present cylinder number of each unit. */
  pcn: Uint8Array;
  /** DRVn BUSY, a bit each: from the start of a seek until its interrupt status has been read. */
  seeking: number;
  /** What a seek does when its time is up: tracks to step, the new PCN, and whether track 0 must be found. */
  seekSteps: Int32Array;
  seekPcn: Uint8Array;
  seekRecalibrates: Uint8Array;
  /** Units with an unread SENSE INTERRUPT STATUS, a bit each, and their ST0. */
  senses: number;
  senseSt0: Uint8Array;
  /** The waiting senses come from polling after a reset, which interrupts once for all four. */
  polled: boolean;
  specify: Uint8Array;
  configure: number;
  precompensationTrack: number;
  locked: boolean;
  perpendicular: number;
  transfer: TransferState;
  /** One track of a 2.88M disk, or the sector list of a FORMAT TRACK. */
  buffer: Uint8Array;
}

export const MAX_SECTORS = 36;

export const initialFloppy = (): FloppyState => ({
  dor: 0,
  tdr: 0,
  dsr: 0,
  dataRate: 0,
  phase: "command",
  command: new Uint8Array(9),
  commandLength: 0,
  result: new Uint8Array(10),
  resultLength: 0,
  resultRead: 0,
  resultInterrupt: false,
  senseInterrupt: false,
  pcn: new Uint8Array(4),
  seeking: 0,
  seekSteps: new Int32Array(4),
  seekPcn: new Uint8Array(4),
  seekRecalibrates: new Uint8Array(4),
  senses: 0,
  senseSt0: new Uint8Array(4),
  polled: false,
  specify: new Uint8Array(2),
  configure: 0,
  precompensationTrack: 0,
  locked: false,
  perpendicular: 0,
  transfer: {
    kind: "idle",
    waitsFor: "time",
    nonDma: false,
    unit: 0,
    cylinder: 0,
    head: 0,
    idHead: 0,
    sector: 0,
    sizeCode: 0,
    last: 0,
    multiTrack: false,
    remaining: 0,
    filler: 0,
    length: 0,
    moved: 0,
    terminalCount: false,
    st1: 0,
    st2: 0,
  },
  buffer: new Uint8Array(MAX_SECTORS * SECTOR_BYTES),
});
