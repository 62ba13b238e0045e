/**
 * A drive's data phase: a buffer that the host empties or fills through the data port or by bus-master DMA.
 * It is cut into blocks, each announced by DRQ; when the host has moved the last byte of one, the drive is told.
 */

/** Largest piece of a command held at once: 256 disk sectors, 64 CD sectors. */
export const BUFFER_BYTES = 128 * 1024;

export const IDLE = 0;
export const PIO_IN = 1;
export const PIO_OUT = 2;
export const DMA_IN = 3;
export const DMA_OUT = 4;
export type TransferMode = typeof IDLE | typeof PIO_IN | typeof PIO_OUT | typeof DMA_IN | typeof DMA_OUT;

export interface TransferState {
  buffer: Uint8Array;
  mode: TransferMode;
  /** Next byte to move. */
  position: number;
  /** End of the block under way. */
  blockEnd: number;
  /** End of what the buffer holds or waits for. */
  end: number;
}

export const initialTransfer = (): TransferState => ({ buffer: new Uint8Array(BUFFER_BYTES), mode: IDLE, position: 0, blockEnd: 0, end: 0 });

export class Transfer {
  readonly #state: TransferState;
  readonly #blockMoved: () => void;

  /** `blockMoved` runs after the last byte of a block; it opens the next block or closes the transfer. */
  constructor(state: TransferState, blockMoved: () => void) {
    this.#state = state;
    this.#blockMoved = blockMoved;
  }

  get mode(): TransferMode {
    return this.#state.mode;
  }
  get buffer(): Uint8Array {
    return this.#state.buffer;
  }
  /** Bytes of the buffer that have not been moved. */
  get left(): number {
    return Math.max(0, this.#state.end - this.#state.position);
  }

  /** Starts at the head of the buffer with `bytes` in all, `block` of them in the first block. */
  open(mode: TransferMode, bytes: number, block = bytes): void {
    this.#state.mode = mode;
    this.#state.position = 0;
    this.#state.end = bytes;
    this.#state.blockEnd = Math.min(block, bytes);
  }

  nextBlock(bytes: number): void {
    this.#state.blockEnd = Math.min(this.#state.position + bytes, this.#state.end);
  }

  close(): void {
    this.#state.mode = IDLE;
    this.#state.position = 0;
    this.#state.blockEnd = 0;
    this.#state.end = 0;
  }

  read16(): number {
    const state = this.#state;
    if (state.mode !== PIO_IN) return 0xffff;
    const at = state.position;
    const value = state.buffer[at] | (state.buffer[at + 1] << 8);
    state.position = at + 2;
    if (at + 2 >= state.blockEnd) this.#blockMoved();
    return value;
  }

  read32(): number {
    const state = this.#state;
    const at = state.position;
    if (state.mode !== PIO_IN || at + 4 > state.blockEnd) {
      const low = this.read16();
      return (low | (this.read16() << 16)) >>> 0;
    }
    const buffer = state.buffer;
    const value = (buffer[at] | (buffer[at + 1] << 8) | (buffer[at + 2] << 16) | (buffer[at + 3] << 24)) >>> 0;
    state.position = at + 4;
    if (at + 4 >= state.blockEnd) this.#blockMoved();
    return value;
  }

  write16(value: number): void {
    const state = this.#state;
    if (state.mode !== PIO_OUT) return;
    const at = state.position;
    state.buffer[at] = value;
    state.buffer[at + 1] = value >>> 8;
    state.position = at + 2;
    if (at + 2 >= state.blockEnd) this.#blockMoved();
  }

  write32(value: number): void {
    const state = this.#state;
    const at = state.position;
    if (state.mode !== PIO_OUT || at + 4 > state.blockEnd) {
      this.write16(value & 0xffff);
      this.write16(value >>> 16);
      return;
    }
    const buffer = state.buffer;
    buffer[at] = value;
    buffer[at + 1] = value >>> 8;
    buffer[at + 2] = value >>> 16;
    buffer[at + 3] = value >>> 24;
    state.position = at + 4;
    if (at + 4 >= state.blockEnd) this.#blockMoved();
  }

  get dmaDirection(): "to-memory" | "from-memory" | undefined {
    return this.#state.mode === DMA_IN ? "to-memory" : this.#state.mode === DMA_OUT ? "from-memory" : undefined;
  }

  window(max: number): Uint8Array {
    return this.#state.buffer.subarray(this.#state.position, Math.min(this.#state.position + max, this.#state.blockEnd));
  }

  moved(bytes: number): void {
    this.#state.position += bytes;
    if (this.#state.position >= this.#state.blockEnd) this.#blockMoved();
  }
}
