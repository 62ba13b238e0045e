/**
 * The sectors of one disk command on their way between the image and the host: in chunks that fit the buffer, each
 * chunk moved in DRQ blocks (PIO) or in one go (DMA). The drive is busy while the host works.
 *
 * Interrupts follow ATA/ATAPI-5 clause 9: PIO in before each block; PIO out after each block; DMA at the end.
 * A failing chunk reports its first sector: everything before it has been transferred.
 */
import type { AtaHost, Board, DiskImage } from "backplane/sdk";
import { type Addressing, showSector, type Translation } from "./addressing.js";
import type { ImageIo } from "./image-io.js";
import { ABRT, BSY, DRDY, DRQ, DSC, SECTOR_COUNT, UNC } from "./registers.js";
import type { TaskFile } from "./task-file.js";
import { BUFFER_BYTES, DMA_IN, DMA_OUT, PIO_IN, PIO_OUT, type Transfer } from "./transfer.js";

export const SECTOR_BYTES = 512;
const CHUNK_SECTORS = BUFFER_BYTES / SECTOR_BYTES;

export const NONE = 0;
export const READ = 1;
export const WRITE = 2;
export const VERIFY = 3;
export type RunKind = typeof NONE | typeof READ | typeof WRITE | typeof VERIFY;

export interface RunRequest {
  kind: RunKind;
  dma: boolean;
  addressing: Addressing;
  /** First sector, moving on with each chunk. */
  sector: number;
  /** Sectors from `sector` on. */
  remaining: number;
  /** Sectors per DRQ block. */
  block: number;
  /** Data must be on stable storage before the command ends. */
  durable: boolean;
}
export interface RunState extends RunRequest {
  /** Sectors of the chunk under way. */
  chunk: number;
}

export const initialRun = (): RunState => ({ kind: NONE, dma: false, addressing: 0, sector: 0, remaining: 0, block: 1, durable: false, chunk: 0 });

export interface RunParts {
  readonly state: RunState;
  readonly translation: Translation;
  readonly file: TaskFile;
  readonly transfer: Transfer;
  readonly io: ImageIo;
  readonly image: DiskImage;
  readonly host: AtaHost;
  readonly log: Board["log"];
}

export class SectorRun {
  readonly #parts: RunParts;

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  get active(): boolean {
    return this.#parts.state.kind !== NONE;
  }

  /** All sectors exist. */
  start(request: RunRequest): void {
    Object.assign(this.#parts.state, request);
    this.#nextChunk(true);
  }

  /** The host has moved the block that was open. */
  blockMoved(): void {
    const { state, transfer, host } = this.#parts;
    if (transfer.left > 0) {
      transfer.nextBlock(state.block * SECTOR_BYTES);
      host.interrupt();
    } else if (state.kind === WRITE) this.#writeChunk();
    else this.#chunkDone();
  }

  /** Drops the command under way. */
  cancel(): void {
    this.#parts.state.kind = NONE;
    this.#parts.transfer.close();
    this.#parts.io.abandon();
  }

  #nextChunk(first: boolean): void {
    const { state, file, transfer, host } = this.#parts;
    state.chunk = Math.min(state.remaining, CHUNK_SECTORS);
    if (state.kind !== WRITE) {
      this.#readChunk();
      return;
    }
    const bytes = state.chunk * SECTOR_BYTES;
    file.status = DRDY | DSC | DRQ;
    if (state.dma) {
      transfer.open(DMA_OUT, bytes);
      host.dmaReady();
    } else {
      transfer.open(PIO_OUT, bytes, state.block * SECTOR_BYTES);
      if (!first) host.interrupt();
    }
  }

  #readChunk(): void {
    const { state, file, transfer, io, image, host } = this.#parts;
    const bytes = state.chunk * SECTOR_BYTES;
    transfer.close();
    file.status = BSY;
    const done = () => {
      if (state.kind === VERIFY) {
        this.#chunkDone();
        return;
      }
      file.status = DRDY | DSC | DRQ;
      if (state.dma) {
        transfer.open(DMA_IN, bytes);
        host.dmaReady();
      } else {
        transfer.open(PIO_IN, bytes, state.block * SECTOR_BYTES);
        host.interrupt();
      }
    };
    io.read(image, state.sector * SECTOR_BYTES, transfer.buffer.subarray(0, bytes), done, (error) => this.#fail("read", UNC, error));
  }

  #writeChunk(): void {
    const { state, file, transfer, io, image } = this.#parts;
    transfer.close();
    file.status = BSY;
    const data = transfer.buffer.subarray(0, state.chunk * SECTOR_BYTES);
    io.write(
      image,
      state.sector * SECTOR_BYTES,
      data,
      state.durable,
      () => this.#chunkDone(),
      (error) => this.#fail("write", ABRT, error),
    );
  }

  #chunkDone(): void {
    const { state, file, transfer, host, translation } = this.#parts;
    state.sector += state.chunk;
    state.remaining -= state.chunk;
    if (state.remaining > 0) {
      // The bus master is moving data while a DMA read ends its chunk; the next one opens only when the image answers.
      this.#nextChunk(false);
      return;
    }
    const silent = state.kind === READ && !state.dma;
    state.kind = NONE;
    transfer.close();
    showSector(file, state.addressing, translation, state.sector - 1);
    file.set(SECTOR_COUNT, 0);
    file.setPrevious(SECTOR_COUNT, 0);
    file.succeed();
    if (!silent) host.interrupt();
  }

  #fail(what: string, error: number, cause: Error): void {
    const { state, file, transfer, host, translation, log } = this.#parts;
    log.warn(`cannot ${what} sectors ${state.sector} to ${state.sector + state.chunk - 1}: ${cause.message}`);
    state.kind = NONE;
    transfer.close();
    showSector(file, state.addressing, translation, state.sector);
    file.fail(error);
    host.interrupt();
  }
}
