/**
 * One IDE channel: two command block register files behind one set of ports, selection, and INTRQ.
 * Source: ATA/ATAPI-5 (T13/1321D) clauses 7 and 9.
 *
 * Empty positions answer as the cable does: with no drive to answer, only the host's pull-down on D7 shows (7Fh);
 * a slave that is missing beside a master reads as zeros. Both end the detection of SeaBIOS and Linux at once.
 * (A disk as master may answer for the slave with its own registers; zeros are what packet devices do, and spare
 * SeaBIOS the wait for a ready slave.)
 */
import { type AtaDrive, type AtaHost, BackplaneError, type BusHandler, type IrqLine } from "backplane/sdk";
import { BSY, DATA, DEV, DEVICE, EXECUTE_DEVICE_DIAGNOSTIC, HOB, N_IEN, SRST, STATUS } from "./registers.js";

export interface ChannelState {
  /** Device control as last written. */
  control: number;
  selected: number;
  /** Interrupt requests of both drives; only the selected one's reaches the wire. */
  pending: Uint8Array;
}

export const initialChannel = (): ChannelState => ({ control: 0, selected: 0, pending: new Uint8Array(2) });

const FLOATING = 0x7f;

/** What the channel tells the bus master. */
export interface ChannelWatcher {
  /** INTRQ rose. */
  interrupted(): void;
  /** The selected drive has data to move. */
  dmaReady(): void;
}

export class IdeChannel {
  readonly #state: ChannelState;
  readonly #irq: IrqLine;
  readonly #watcher: ChannelWatcher;
  readonly #drives: [AtaDrive | undefined, AtaDrive | undefined] = [undefined, undefined];

  constructor(state: ChannelState, irq: IrqLine, watcher: ChannelWatcher) {
    this.#state = state;
    this.#irq = irq;
    this.#watcher = watcher;
  }

  /** 1F0h-1F7h or 170h-177h. */
  readonly commandBlock: BusHandler = {
    read8: (offset) => this.#read(offset),
    read16: (offset) => {
      if (offset === DATA) return this.selected?.readData16() ?? this.#absent | 0xff00;
      return this.#read(offset) | (this.#read(offset + 1) << 8);
    },
    read32: (offset) => {
      if (offset === DATA) return this.selected?.readData32() ?? (this.#absent | 0xffff_ff00) >>> 0;
      return (this.#read(offset) | (this.#read(offset + 1) << 8) | (this.#read(offset + 2) << 16) | (this.#read(offset + 3) << 24)) >>> 0;
    },
    write8: (offset, value) => this.#write(offset, value),
    write16: (offset, value) => {
      if (offset === DATA) this.selected?.writeData16(value);
      else {
        this.#write(offset, value & 0xff);
        this.#write(offset + 1, value >>> 8);
      }
    },
    write32: (offset, value) => {
      if (offset === DATA) this.selected?.writeData32(value);
      else for (let at = 0; at < 4; at++) this.#write(offset + at, (value >>> (8 * at)) & 0xff);
    },
  };

  /** 3F6h or 376h: alternate status, device control. */
  readonly controlBlock: BusHandler = {
    read8: () => this.#status,
    write8: (_, value) => this.#deviceControl(value),
  };

  get selected(): AtaDrive | undefined {
    return this.#drives[this.#state.selected];
  }

  /** @throws BackplaneError `IDE_UNIT_TAKEN`. */
  attach(unit: number, position: string, connect: (host: AtaHost) => AtaDrive): void {
    if (this.#drives[unit]) throw new BackplaneError("IDE_UNIT_TAKEN", `${position}: there is already a drive at this position of the cable`, { position });
    this.#drives[unit] = connect({
      interrupt: () => {
        this.#state.pending[unit] = 1;
        this.#drive();
      },
      dmaReady: () => {
        if (this.#state.selected === unit) this.#watcher.dmaReady();
      },
    });
  }

  reset(): void {
    this.#state.control = 0;
    this.#state.selected = 0;
    this.#state.pending.fill(0);
    this.#irq.set(false);
  }

  /** What the port reads when the selected position is empty. */
  get #absent(): number {
    return this.#state.selected === 1 && this.#drives[0] ? 0 : FLOATING;
  }

  get #status(): number {
    const drive = this.selected;
    if (!drive) return this.#absent;
    return this.#state.control & SRST ? BSY : drive.readRegister(STATUS, false);
  }

  #read(offset: number): number {
    if (offset > STATUS) return 0xff;
    const drive = this.selected;
    if (offset === STATUS) {
      const status = this.#status;
      if (drive) this.#acknowledge();
      return status;
    }
    if (!drive) return this.#absent;
    return offset === DATA ? drive.readData16() & 0xff : drive.readRegister(offset, (this.#state.control & HOB) !== 0);
  }

  #write(offset: number, value: number): void {
    if (offset > STATUS || this.#state.control & SRST) return;
    if (offset === DATA) this.selected?.writeData16(value);
    else if (offset === STATUS) this.#command(value);
    else {
      this.#state.control &= ~HOB;
      this.#drives[0]?.writeRegister(offset, value);
      this.#drives[1]?.writeRegister(offset, value);
      if (offset === DEVICE) {
        this.#state.selected = value & DEV ? 1 : 0;
        this.#drive();
      }
    }
  }

  #command(code: number): void {
    this.#state.control &= ~HOB;
    if (code !== EXECUTE_DEVICE_DIAGNOSTIC) {
      if (!this.selected) return;
      this.#acknowledge();
      this.selected.command(code);
      return;
    }
    this.#drives[0]?.diagnose();
    this.#drives[1]?.diagnose();
    this.#state.selected = 0;
    this.#state.pending[0] = this.#drives[0] ? 1 : 0;
    this.#state.pending[1] = 0;
    this.#drive();
  }

  #deviceControl(value: number): void {
    const rising = value & ~this.#state.control & SRST;
    this.#state.control = value;
    if (rising) {
      this.#state.selected = 0;
      this.#state.pending.fill(0);
      this.#drives[0]?.softReset();
      this.#drives[1]?.softReset();
    }
    this.#drive();
  }

  #acknowledge(): void {
    this.#state.pending[this.#state.selected] = 0;
    this.#drive();
  }

  #drive(): void {
    const level = (this.#state.control & N_IEN) === 0 && this.#state.pending[this.#state.selected] !== 0;
    if (level === this.#irq.level) return;
    if (level) this.#watcher.interrupted();
    this.#irq.set(level);
  }
}
