/**
 * Execution phase of the data commands: READ DATA, READ TRACK, WRITE DATA, VERIFY, FORMAT TRACK and READ ID.
 * Source: 82077AA data sheet, sections 5 and 6; result table 6-7 for the address after the last sector.
 *
 * A command works track by track: the sectors it may want are read from the image in one go, then moved to memory until
 * the DMA channel says terminal count. What the host does takes `ACCESS_NS` of virtual time.
 *
 * Not implemented: underrun and overrun (the FIFO waits), CRC errors other than failures of the image; a disk that cannot
 * be read at all ends the command after `NO_MARK_NS`, also with an empty drive, where the part would wait for ever.
 */
import type { Board, DmaChannel, FloppyDisk, FloppyDrive } from "backplane/sdk";
import * as reg from "./registers.js";
import type { FloppyState } from "./state.js";

const ACCESS_NS = 2_000_000;
/** One revolution at 300 rpm. */
const NO_MARK_NS = 200_000_000;

/** The seven result bytes. */
export type DataResult = readonly [st0: number, st1: number, st2: number, cylinder: number, head: number, sector: number, sizeCode: number];

export interface Transfers {
  /** Starts the command described by `state.transfer`. */
  begin(): void;
  readFifo(): number;
  writeFifo(byte: number): void;
  /** Forgets the command. */
  abort(): void;
  /** Ignores what the host is still doing. */
  disown(): void;
}

export interface TransferHost {
  finished(result: DataResult): void;
  /** `transfer.waitsFor` changed, and INT may follow. */
  requestChanged(): void;
}

export const createTransfers = (board: Board, state: FloppyState, channel: DmaChannel, drives: readonly (FloppyDrive | undefined)[], host: TransferHost): Transfers => {
  const transfer = state.transfer;
  /** Tells work of the present command from work of an aborted one. */
  let ticket = 0;

  const drive = (): FloppyDrive | undefined => drives[transfer.unit];
  const offsetOf = (disk: FloppyDisk, sector: number): number => ((transfer.cylinder * disk.heads + transfer.head) * disk.sectors + sector - 1) * reg.SECTOR_BYTES;

  const finish = (st0: number, st1: number, st2: number, cylinder: number, head: number, sector: number): void => {
    transfer.kind = "idle";
    host.finished([st0 | (transfer.head << 2) | transfer.unit, st1, st2, cylinder, head, sector, transfer.sizeCode]);
  };

  const finishHere = (st0: number, st1: number, st2: number): void => finish(st0, st1, st2, transfer.cylinder, transfer.head, transfer.sector);

  /** Success: the result names the sector after the last one. */
  const succeed = (): void => {
    if (transfer.sector !== transfer.last + 1) {
      finishHere(0, 0, 0);
      return;
    }
    const head = transfer.multiTrack ? transfer.head ^ 1 : transfer.head;
    const sameCylinder = transfer.multiTrack && head === 1;
    finish(0, 0, 0, sameCylinder ? transfer.cylinder : (transfer.cylinder + 1) & 0xff, head, 1);
  };

  const wait = (ns: number): void => {
    transfer.waitsFor = "time";
    timer.arm(board.clock.nowNs + ns);
  };

  const fail = (st1: number, st2 = 0): void => {
    transfer.st1 = st1;
    transfer.st2 = st2;
    wait(st1 & reg.ST1_MISSING_ADDRESS_MARK ? NO_MARK_NS : ACCESS_NS);
  };

  const timer = board.clock.timer("execution", () => {
    if (transfer.st1 !== 0 || transfer.st2 !== 0) finishHere(reg.ST0_ABNORMAL, transfer.st1, transfer.st2);
    else if (transfer.kind === "id") finish(0, 0, 0, drive()?.cylinder ?? 0, transfer.head, 1);
    else advance();
  });

  const ofHost = (work: Promise<unknown>, done: () => void): void => {
    const mine = ticket;
    transfer.waitsFor = "host";
    board.complete(
      work,
      ACCESS_NS,
      () => {
        if (mine === ticket) done();
      },
      (error) => {
        if (mine !== ticket) return;
        board.log.warn(`unit ${transfer.unit}: ${error.message}`);
        finishHere(reg.ST0_ABNORMAL, reg.ST1_DATA_ERROR, reg.ST2_DATA_ERROR);
      },
    );
  };

  /** Why the next sector cannot be had: ST1, with ST2 in bits 15-8; 0 when it can. */
  const faultOn = (disk: FloppyDisk | undefined, cylinder: number): number => {
    if (!disk?.dataRates.includes(state.dataRate) || transfer.head >= disk.heads || cylinder >= disk.cylinders) return reg.ST1_MISSING_ADDRESS_MARK;
    if (transfer.kind === "id") return 0;
    if (transfer.sizeCode !== reg.SIZE_512) return reg.ST1_NO_DATA;
    if (transfer.kind === "format") {
      if (transfer.last !== disk.sectors) return reg.ST1_NO_DATA;
    } else {
      if (transfer.cylinder !== cylinder) return reg.ST1_NO_DATA | (reg.ST2_WRONG_CYLINDER << 8);
      if (transfer.idHead !== transfer.head || transfer.sector === 0 || transfer.sector > disk.sectors) return reg.ST1_NO_DATA;
    }
    const writes = transfer.kind === "write" || transfer.kind === "format";
    return writes && disk.image.readOnly ? reg.ST1_NOT_WRITABLE : 0;
  };

  /** Starts with the present sector and goes as far as this track lets it. */
  const run = (): void => {
    const at = drive();
    const disk = at?.disk;
    const fault = faultOn(disk, at?.cylinder ?? 0);
    if (fault !== 0 || !at || !disk) {
      fail(fault & 0xff, fault >> 8);
      return;
    }
    const end = transfer.last >= transfer.sector ? Math.min(transfer.last, disk.sectors) : disk.sectors;
    const sectors = end - transfer.sector + 1;
    transfer.moved = 0;
    transfer.length = sectors * reg.SECTOR_BYTES;
    switch (transfer.kind) {
      case "read": {
        const bytes = new Uint8Array(transfer.length);
        ofHost(disk.image.read(offsetOf(disk, transfer.sector), bytes), () => {
          state.buffer.set(bytes);
          move();
        });
        break;
      }
      case "write":
        if (transfer.nonDma) transfer.length = reg.SECTOR_BYTES;
        move();
        break;
      case "format":
        transfer.cylinder = at.cylinder;
        transfer.length = transfer.last * 4;
        move();
        break;
      case "verify":
        transfer.moved = transfer.length = Math.min(sectors, transfer.remaining) * reg.SECTOR_BYTES;
        wait(ACCESS_NS);
        break;
      default:
        wait(ACCESS_NS);
    }
  };

  /** Moves bytes between buffer and memory until the buffer is through, terminal count, or the channel stops. */
  const move = (): void => {
    if (transfer.nonDma) {
      transfer.waitsFor = "fifo";
      host.requestChanged();
      return;
    }
    const { moved, terminalCount } = channel.transfer(state.buffer.subarray(transfer.moved, transfer.length), transfer.kind === "read");
    transfer.moved += moved;
    transfer.terminalCount = terminalCount;
    if (terminalCount || transfer.moved >= transfer.length) bufferMoved();
    else transfer.waitsFor = "dma";
  };
  channel.onReady(() => {
    if (transfer.kind !== "idle" && transfer.waitsFor === "dma") move();
  });

  const bufferMoved = (): void => {
    if (transfer.kind === "read") advance();
    else if (transfer.kind === "write") commit();
    else format();
  };

  /** Writes the sectors that have arrived; terminal count within a sector fills it up with zeros. */
  const commit = (): void => {
    const disk = drive()?.disk;
    const bytes = Math.ceil(transfer.moved / reg.SECTOR_BYTES) * reg.SECTOR_BYTES;
    if (!disk) fail(reg.ST1_MISSING_ADDRESS_MARK);
    else if (bytes === 0) advance();
    else {
      state.buffer.fill(0, transfer.moved, bytes);
      ofHost(disk.image.write(offsetOf(disk, transfer.sector), state.buffer.slice(0, bytes)), advance);
    }
  };

  /** Fills the sectors of the list that the image has room for. */
  const format = (): void => {
    const disk = drive()?.disk;
    if (!disk) {
      fail(reg.ST1_MISSING_ADDRESS_MARK);
      return;
    }
    const filled = new Uint8Array(reg.SECTOR_BYTES).fill(transfer.filler);
    const writes: Promise<void>[] = [];
    for (let at = 0; at + 4 <= transfer.moved; at += 4) {
      const [cylinder, head, sector, sizeCode] = state.buffer.subarray(at, at + 4);
      const fits = cylinder === transfer.cylinder && head === transfer.head && sizeCode === reg.SIZE_512 && sector >= 1 && sector <= disk.sectors;
      if (fits) writes.push(disk.image.write(offsetOf(disk, sector), filled));
    }
    ofHost(Promise.all(writes), () => finishHere(0, 0, 0));
  };

  /** After a run: the other side, the next run, or the end. */
  const advance = (): void => {
    const sectors = Math.ceil(transfer.moved / reg.SECTOR_BYTES);
    transfer.sector += sectors;
    transfer.remaining -= sectors;
    if (transfer.terminalCount || transfer.remaining <= 0) succeed();
    else if (transfer.sector !== transfer.last + 1) run();
    else if (transfer.multiTrack && transfer.head === 0) {
      transfer.head = 1;
      transfer.idHead = 1;
      transfer.sector = 1;
      run();
    } else if (transfer.kind === "verify") succeed();
    else {
      transfer.sector = transfer.last;
      finishHere(reg.ST0_ABNORMAL, reg.ST1_END_OF_CYLINDER, 0);
    }
  };

  const fifoMoved = (): void => {
    transfer.moved++;
    if (transfer.moved < transfer.length) return;
    transfer.waitsFor = "time";
    bufferMoved();
    host.requestChanged();
  };

  return {
    begin: run,
    readFifo() {
      if (transfer.kind !== "read" || transfer.waitsFor !== "fifo") return 0;
      const byte = state.buffer[transfer.moved];
      fifoMoved();
      return byte;
    },
    writeFifo(byte) {
      if (transfer.kind === "read" || transfer.waitsFor !== "fifo") return;
      state.buffer[transfer.moved] = byte;
      fifoMoved();
    },
    disown: () => void ticket++,
    abort() {
      ticket++;
      timer.cancel();
      transfer.kind = "idle";
      transfer.waitsFor = "time";
    },
  };
};
