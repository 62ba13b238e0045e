/**
 * Bus master function of one IDE channel: BMICX, BMISX, BMIDTPX.
 * Sources: Intel 82371AB (PIIX4), order number 290562-001, section 6.2; Programming Interface for Bus Master IDE
 * Controller, revision 1.0 (1994).
 */
import { type AtaDrive, type BusMaster, readLe32 } from "backplane/sdk";

/** Offsets within a channel's eight ports. */
const BMIC = 0;
const BMIS = 2;
const BMIDTP = 4;

/** Command. */
const START = 0x01;
/** Set: the bus master writes memory (the drive is read). */
const RWCON = 0x08;

/** Status. */
const ACTIVE = 0x01;
const ERROR = 0x02;
const INTERRUPT = 0x04;
/** Scratch bits for the BIOS: drive 0 and 1 are set up for DMA. */
const DRIVE_CAPABLE = 0x60;

/** Physical region descriptor, second dword: end of table, and an even byte count of which 0 means 64 KiB. */
const EOT = 0x8000_0000;
const COUNT = 0xfffe;

export interface BusMasterState {
  command: number;
  status: number;
  /** BMIDTP: physical address of the descriptor table. */
  table: number;
  /** The next descriptor. */
  pointer: number;
  /** What is left of the descriptor under way. */
  address: number;
  remaining: number;
  last: boolean;
}

export const initialBusMaster = (): BusMasterState => ({ command: 0, status: 0, table: 0, pointer: 0, address: 0, remaining: 0, last: false });

export class BusMasterChannel {
  readonly #state: BusMasterState;
  readonly #memory: BusMaster;
  readonly #enabled: () => boolean;
  readonly #descriptor = new Uint8Array(8);
  readonly #drive: () => AtaDrive | undefined;

  /** `drive` is the selected drive of the channel; `enabled` the bus master bit of the PCI command register. */
  constructor(state: BusMasterState, memory: BusMaster, drive: () => AtaDrive | undefined, enabled: () => boolean) {
    this.#state = state;
    this.#memory = memory;
    this.#drive = drive;
    this.#enabled = enabled;
  }

  reset(): void {
    Object.assign(this.#state, initialBusMaster());
  }

  /** INTRQ rose. Data moved before it are in memory by then, as transfers take no time. */
  interrupted(): void {
    this.#state.status |= INTERRUPT;
  }

  read8(offset: number): number {
    if (offset >= BMIDTP) return (this.#state.table >>> (8 * (offset - BMIDTP))) & 0xff;
    return offset === BMIC ? this.#state.command : offset === BMIS ? this.#state.status : 0;
  }

  write8(offset: number, value: number): void {
    const state = this.#state;
    if (offset >= BMIDTP) {
      const shift = 8 * (offset - BMIDTP);
      state.table = ((state.table & ~(0xff << shift)) | ((value & 0xff) << shift)) & ~3;
      state.table >>>= 0;
    } else if (offset === BMIC) this.#command(value);
    else if (offset === BMIS) state.status = (state.status & (ACTIVE | ERROR | INTERRUPT) & ~(value & (ERROR | INTERRUPT))) | (value & DRIVE_CAPABLE);
  }

  /**
   * Moves data for as long as the guest has started the engine and the drive has some. When descriptors and data end
   * together ACTIVE clears before the drive interrupts; when the descriptors are longer it stays set; when they are
   * shorter it clears and the drive goes on waiting without an interrupt.
   */
  run(): void {
    const state = this.#state;
    while (state.status & ACTIVE && this.#enabled()) {
      const drive = this.#drive();
      const direction = drive?.dmaDirection;
      if (!drive || direction !== (state.command & RWCON ? "to-memory" : "from-memory")) return;
      if (state.remaining === 0) this.#fetch();
      const window = drive.dmaWindow(Math.min(state.remaining, 0x1_0000_0000 - state.address));
      if (direction === "to-memory") this.#memory.write(state.address, window);
      else this.#memory.read(state.address, window);
      state.address = (state.address + window.length) % 0x1_0000_0000;
      state.remaining -= window.length;
      if (state.remaining === 0 && state.last) state.status &= ~ACTIVE;
      drive.dmaMoved(window.length);
    }
  }

  #command(value: number): void {
    const state = this.#state;
    const started = value & ~state.command & START;
    state.command = value & (START | RWCON);
    if ((value & START) === 0) state.status &= ~ACTIVE;
    if (!started) return;
    state.status |= ACTIVE;
    state.pointer = state.table;
    state.remaining = 0;
    state.last = false;
    this.run();
  }

  /** The table does not cross a 64 KiB boundary: the pointer wraps within it. */
  #fetch(): void {
    const state = this.#state;
    this.#memory.read(state.pointer, this.#descriptor);
    const control = readLe32(this.#descriptor, 4);
    state.address = (readLe32(this.#descriptor, 0) & ~1) >>> 0;
    state.remaining = control & COUNT || 0x1_0000;
    state.last = control >= EOT;
    state.pointer = ((state.pointer & 0xffff_0000) | ((state.pointer + 8) & 0xffff)) >>> 0;
  }
}
