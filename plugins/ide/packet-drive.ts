/**
 * The ATAPI side of a CD-ROM drive: task file, the few ATA commands it obeys, and the PACKET protocol
 * (ATA/ATAPI-5 clause 9.10 and 9.11, without overlap). What a packet means is decided in mmc.ts.
 */
import type { AtaDrive, AtaHost, Board } from "backplane/sdk";
import { CableDrive } from "./cable-drive.js";
import { CD_SECTOR_BYTES, type CdTray } from "./cd-tray.js";
import { IDENTIFY_BYTES, identifyPacketDevice, type Names } from "./identify.js";
import { ImageIo } from "./image-io.js";
import { execute, type PacketTarget } from "./mmc.js";
import { DATA_IN_PHASE, DATA_OUT_PHASE, MAX_BLOCK, NO_PHASE, PACKET_PHASE, type PacketDriveParts, type PacketDriveState, REPLY_PHASE } from "./packet-state.js";
import { ABRT, BSY, COD, DRDY, DRQ, DSC, FEATURES, IO, LBA_HIGH, LBA_MID, SECTOR_COUNT } from "./registers.js";
import { ILLEGAL_REQUEST, NO_SENSE, type Sense, UNRECOVERED_READ_ERROR } from "./sense.js";
import { BUFFER_BYTES, DMA_IN, DMA_OUT, PIO_IN, PIO_OUT } from "./transfer.js";
import { POWER_ON_MODE, supportedMode } from "./transfer-mode.js";

export const PACKET_BYTES = 12;
const CHUNK_SECTORS = BUFFER_BYTES / CD_SECTOR_BYTES;

const SIGNATURE_MID = 0x14;
const SIGNATURE_HIGH = 0xeb;

/** Commands. */
const DEVICE_RESET = 0x08;
const READ_SECTORS = 0x20;
const PACKET = 0xa0;
const IDENTIFY_PACKET_DEVICE = 0xa1;
const IDENTIFY_DEVICE = 0xec;
const SET_FEATURES = 0xef;
const isPowerCommand = (code: number): boolean => (code >= 0xe0 && code <= 0xe3) || code === 0xe6;
const CHECK_POWER_MODE = 0xe5;
const POWER_ACTIVE = 0xff;

/** Features of PACKET. */
const DMA = 0x01;
const OVERLAP = 0x02;
const SET_TRANSFER_MODE = 0x03;

export class PacketDrive extends CableDrive implements AtaDrive, PacketTarget {
  readonly tray: CdTray;
  readonly names: Names;
  readonly #state: PacketDriveState;
  readonly #board: Board;
  readonly #host: AtaHost;
  readonly #io: ImageIo;

  constructor({ board, state, tray, host, names, latencyUs }: PacketDriveParts) {
    super(state);
    this.tray = tray;
    this.names = names;
    this.#state = state;
    this.#board = board;
    this.#host = host;
    this.#io = new ImageIo(board, latencyUs);
  }

  diagnose(): void {
    this.#showReset();
  }

  softReset(): void {
    this.#showReset();
    this.setSense(NO_SENSE);
    this.tray.reset();
  }

  hardReset(powerOn: boolean): void {
    this.#state.transferMode = POWER_ON_MODE;
    if (powerOn) this.tray.powerOn();
    this.softReset();
  }

  loaded(): void {
    this.#io.abandon();
    this.tray.loaded();
  }

  command(code: number): void {
    if (code === DEVICE_RESET) {
      this.softReset();
      return;
    }
    if (this.file.busy) return;
    this.#cancel();
    switch (code) {
      case PACKET:
        this.#packet();
        break;
      case IDENTIFY_PACKET_DEVICE:
        identifyPacketDevice(this.transfer.buffer, this.names, this.#state.transferMode);
        this.file.error = 0;
        this.file.status = DRDY | DSC | DRQ;
        this.#state.phase = REPLY_PHASE;
        this.transfer.open(PIO_IN, IDENTIFY_BYTES);
        this.#host.interrupt();
        break;
      case IDENTIFY_DEVICE:
      case READ_SECTORS:
        // Refusing with the signature tells a disk driver what it is talking to.
        this.file.signature(SIGNATURE_MID, SIGNATURE_HIGH);
        this.#end(false);
        break;
      case SET_FEATURES:
        this.#end(this.#setFeatures());
        break;
      case CHECK_POWER_MODE:
        this.file.set(SECTOR_COUNT, POWER_ACTIVE);
        this.#end(true);
        break;
      default:
        this.#end(isPowerCommand(code));
        break;
    }
  }

  // What mmc.ts may do with the packet it was given.

  get sense(): Sense {
    return this.#state.sense;
  }
  setSense({ key, asc, ascq }: Sense): void {
    Object.assign(this.#state.sense, { key, asc, ascq });
  }

  succeed(): void {
    this.#conclude();
    this.file.succeed();
    this.#host.interrupt();
  }

  fail(sense: Sense): void {
    this.#conclude();
    this.setSense(sense);
    this.file.fail((sense.key << 4) | (sense.key === ILLEGAL_REQUEST ? ABRT : 0));
    this.#host.interrupt();
  }

  reply(data: Uint8Array, allocation: number): void {
    const bytes = Math.min(data.length, allocation);
    if (bytes === 0) {
      this.succeed();
      return;
    }
    this.transfer.buffer.set(data.subarray(0, bytes));
    this.#state.remaining = 0;
    this.#offer(bytes);
  }

  accept(bytes: number): void {
    const length = Math.min(bytes, BUFFER_BYTES);
    if (length === 0) {
      this.succeed();
      return;
    }
    this.#state.phase = DATA_OUT_PHASE;
    if (this.#state.dma) {
      this.#startDma(DMA_OUT, length, 0);
      return;
    }
    this.transfer.open(PIO_OUT, length, 0);
    this.#openBlock(0);
  }

  readSectors(sector: number, count: number): void {
    if (count === 0) {
      this.succeed();
      return;
    }
    this.#state.sector = sector;
    this.#state.remaining = count;
    this.#fetch();
  }

  #packet(): void {
    const features = this.file.get(FEATURES);
    if (features & OVERLAP) {
      this.#end(false);
      return;
    }
    this.#state.dma = (features & DMA) !== 0;
    this.#state.limit = (this.file.get(LBA_MID) | (this.file.get(LBA_HIGH) << 8)) & MAX_BLOCK || MAX_BLOCK;
    this.#state.phase = PACKET_PHASE;
    this.file.set(SECTOR_COUNT, COD);
    this.file.error = 0;
    this.file.status = DRDY | DRQ;
    this.transfer.open(PIO_OUT, PACKET_BYTES);
  }

  protected override blockMoved(): void {
    const { phase } = this.#state;
    if (phase === PACKET_PHASE) {
      const packet = this.transfer.buffer.slice(0, PACKET_BYTES);
      this.transfer.close();
      execute(packet, this);
    } else if (phase === REPLY_PHASE) {
      this.#cancel();
      this.file.succeed();
    } else if (this.transfer.left > 0) this.#openBlock(phase === DATA_IN_PHASE ? IO : 0);
    else if (phase === DATA_IN_PHASE && this.#state.remaining > 0) this.#fetch();
    else this.succeed();
  }

  #fetch(): void {
    const state = this.#state;
    const medium = this.tray.medium;
    this.transfer.close();
    // News that came since the command began: the rest of it would be another disc's.
    const attention = this.tray.takeAttention();
    if (attention) {
      this.fail(attention);
      return;
    }
    if (!medium) {
      this.fail(this.tray.absence);
      return;
    }
    const count = Math.min(state.remaining, CHUNK_SECTORS);
    const bytes = count * CD_SECTOR_BYTES;
    this.file.status = BSY;
    this.#io.read(
      medium,
      state.sector * CD_SECTOR_BYTES,
      this.transfer.buffer.subarray(0, bytes),
      () => {
        state.sector += count;
        state.remaining -= count;
        this.#offer(bytes);
      },
      (error) => {
        this.#board.log.warn(`cannot read sectors ${state.sector} to ${state.sector + count - 1}: ${error.message}`);
        this.fail(UNRECOVERED_READ_ERROR);
      },
    );
  }

  /** Lets the host have the first `bytes` of the buffer. */
  #offer(bytes: number): void {
    this.#state.phase = DATA_IN_PHASE;
    if (this.#state.dma) {
      this.#startDma(DMA_IN, bytes, IO);
    } else {
      this.transfer.open(PIO_IN, bytes, 0);
      this.#openBlock(IO);
    }
  }

  #startDma(mode: typeof DMA_IN | typeof DMA_OUT, bytes: number, reason: number): void {
    this.file.set(SECTOR_COUNT, reason);
    this.file.status = DRDY | DRQ;
    this.transfer.open(mode, bytes);
    this.#host.dmaReady();
  }

  #openBlock(reason: number): void {
    const bytes = Math.min(this.#state.limit, this.transfer.left);
    this.transfer.nextBlock(bytes);
    this.file.set(LBA_MID, bytes & 0xff);
    this.file.set(LBA_HIGH, bytes >>> 8);
    this.file.set(SECTOR_COUNT, reason);
    this.file.status = DRDY | DRQ;
    this.#host.interrupt();
  }

  #conclude(): void {
    this.#state.phase = NO_PHASE;
    this.#state.remaining = 0;
    this.transfer.close();
    this.file.set(SECTOR_COUNT, IO | COD);
  }

  #setFeatures(): boolean {
    const mode = this.file.get(SECTOR_COUNT);
    if (this.file.get(FEATURES) !== SET_TRANSFER_MODE || !supportedMode(mode)) return false;
    this.#state.transferMode = mode;
    return true;
  }

  /** Ends a command other than PACKET. */
  #end(success: boolean): void {
    if (success) this.file.succeed();
    else this.file.fail(ABRT);
    this.#host.interrupt();
  }

  /** Packet devices are not ready for ATA commands after a reset: DRDY is clear. */
  #showReset(): void {
    this.#cancel();
    this.file.reset(SIGNATURE_MID, SIGNATURE_HIGH, 0);
  }

  #cancel(): void {
    this.#state.phase = NO_PHASE;
    this.#state.remaining = 0;
    this.transfer.close();
    this.#io.abandon();
  }
}
