/**
 * One Intel 8259A Programmable Interrupt Controller.
 *
 * Source: Intel 8259A/8259A-2 data sheet (order 231468); 82371AB (PIIX4) data sheet for the ELCR.
 *
 * Not implemented: MCS-80/85 mode (ICW4.uPM = 0 acknowledges as an 8086 would), buffered mode pins,
 * ICW1.LTIM (the PIIX4 ignores it: the ELCR decides per input).
 */

/** ICW1, written to A0 = 0 with D4 set. */
const ICW1_IC4 = 0x01;
const ICW1_SNGL = 0x02;
const ICW1 = 0x10;
/** ICW4. */
const ICW4_AEOI = 0x02;
const ICW4_SFNM = 0x10;
/** OCW2, written to A0 = 0 with D4 = D3 = 0. */
const OCW2_EOI = 0x20;
const OCW2_SL = 0x40;
const OCW2_R = 0x80;
/** OCW3, written to A0 = 0 with D4 = 0, D3 = 1. */
const OCW3 = 0x08;
const OCW3_RIS = 0x01;
const OCW3_RR = 0x02;
const OCW3_P = 0x04;
const OCW3_SMM = 0x20;
const OCW3_ESMM = 0x40;
/** Poll word: an interrupt was waiting. */
const POLL_I = 0x80;

export interface ChipState {
  irr: number;
  isr: number;
  imr: number;
  /** Levels of the IR inputs, for edge detection. */
  pins: number;
  /** Inputs that are level-triggered. */
  elcr: number;
  icw1: number;
  icw2: number;
  icw3: number;
  icw4: number;
  /** The ICW (2-4) that the next write to A0 = 1 carries, 0 when it is OCW1. */
  expectedIcw: number;
  /** An initialisation sequence has been completed; INT stays low before that. */
  ready: boolean;
  /** The input of lowest priority. */
  lowest: number;
  readIsr: boolean;
  poll: boolean;
  specialMask: boolean;
  rotateOnAutoEoi: boolean;
}

export const initialChip = (): ChipState => ({
  irr: 0,
  isr: 0,
  imr: 0,
  pins: 0,
  elcr: 0,
  icw1: 0,
  icw2: 0,
  icw3: 0,
  icw4: 0,
  expectedIcw: 0,
  ready: false,
  lowest: 7,
  readIsr: false,
  poll: false,
  specialMask: false,
  rotateOnAutoEoi: false,
});

export class Chip {
  readonly #state: ChipState;
  /** Inputs that are sensed as levels whatever the ELCR says: the INT output of a slave. */
  readonly #cascadePins: number;

  constructor(state: ChipState, cascadePins: number) {
    this.#state = state;
    this.#cascadePins = cascadePins;
  }

  /** `pins` are the input levels at reset; those already high need a new edge. */
  reset(pins: number): void {
    Object.assign(this.#state, initialChip(), { pins });
  }

  /**
   * A request lasts while its input is high: one that is withdrawn before it is acknowledged is forgotten.
   * The modes differ in what an acknowledge leaves behind (`accept`).
   */
  setPin(pin: number, level: boolean): void {
    const state = this.#state;
    const bit = 1 << pin;
    if (!level) {
      state.pins &= ~bit;
      state.irr &= ~bit;
    } else if ((state.pins & bit) === 0) {
      state.pins |= bit;
      state.irr |= bit;
    }
  }

  get elcr(): number {
    return this.#state.elcr;
  }

  set elcr(value: number) {
    this.#state.elcr = value;
    this.#state.irr |= this.#state.pins & value;
  }

  /** The input that INT is raised for, or -1 while INT is low. */
  get request(): number {
    const { irr, isr, imr, icw3, icw4, lowest, specialMask, ready } = this.#state;
    const pending = ready ? irr & ~imr : 0;
    if (pending === 0) return -1;
    const blocking = specialMask ? isr & ~imr : isr;
    const renewable = (icw4 & ICW4_SFNM) !== 0 && this.#cascadePins !== 0 ? icw3 : 0;
    for (let rank = 1; rank <= 8; rank++) {
      const level = (lowest + rank) & 7;
      const bit = 1 << level;
      const blocked = (blocking & bit) !== 0;
      if ((pending & bit) !== 0 && (!blocked || (renewable & bit) !== 0)) return level;
      if (blocked) return -1;
    }
    return -1;
  }

  /** Acknowledges the highest request and returns its input, or -1 when none is left (the chip then answers as input 7). */
  accept(): number {
    const state = this.#state;
    const level = this.request;
    if (level < 0) return -1;
    const bit = 1 << level;
    if (((state.elcr | this.#cascadePins) & bit) === 0) state.irr &= ~bit;
    if ((state.icw4 & ICW4_AEOI) === 0) state.isr |= bit;
    else if (state.rotateOnAutoEoi) state.lowest = level;
    return level;
  }

  vector(level: number): number {
    return (this.#state.icw2 & 0xf8) | (level < 0 ? 7 : level);
  }

  /** Whether the guest says that a slave hangs on this input. */
  hasSlave(level: number): boolean {
    return (this.#state.icw1 & ICW1_SNGL) === 0 && ((this.#state.icw3 >> level) & 1) === 1;
  }

  /** A slave's identity on the cascade wires. */
  get slaveId(): number {
    return this.#state.icw3 & 7;
  }

  read(a0: number): number {
    const state = this.#state;
    if (state.poll) {
      state.poll = false;
      const level = this.accept();
      return level < 0 ? 0 : POLL_I | level;
    }
    if (a0 === 1) return state.imr;
    return state.readIsr ? state.isr : state.irr;
  }

  write(a0: number, value: number): void {
    if (a0 === 1) this.#writeData(value);
    else if (value & ICW1) this.#initialise(value);
    else if (value & OCW3) this.#ocw3(value);
    else this.#ocw2(value);
  }

  #initialise(value: number): void {
    const state = this.#state;
    state.icw1 = value;
    if ((value & ICW1_IC4) === 0) state.icw4 = 0;
    state.imr = 0;
    state.isr = 0;
    state.irr = state.pins & (state.elcr | this.#cascadePins);
    state.lowest = 7;
    state.readIsr = false;
    state.poll = false;
    state.specialMask = false;
    state.rotateOnAutoEoi = false;
    state.ready = false;
    state.expectedIcw = 2;
  }

  #writeData(value: number): void {
    const state = this.#state;
    const wanted = state.expectedIcw;
    if (wanted === 0) {
      state.imr = value;
      return;
    }
    if (wanted === 2) state.icw2 = value;
    else if (wanted === 3) state.icw3 = value;
    else state.icw4 = value;
    if (wanted === 2 && (state.icw1 & ICW1_SNGL) === 0) state.expectedIcw = 3;
    else if (wanted < 4 && (state.icw1 & ICW1_IC4) !== 0) state.expectedIcw = 4;
    else {
      state.expectedIcw = 0;
      state.ready = true;
    }
  }

  #ocw2(value: number): void {
    const state = this.#state;
    const rotate = (value & OCW2_R) !== 0;
    const specific = (value & OCW2_SL) !== 0;
    if ((value & OCW2_EOI) === 0) {
      if (!specific) state.rotateOnAutoEoi = rotate;
      else if (rotate) state.lowest = value & 7;
      return;
    }
    const level = specific ? value & 7 : this.#highestInService();
    if (level < 0) return;
    state.isr &= ~(1 << level);
    if (rotate) state.lowest = level;
  }

  /** What a non-specific EOI ends: in special mask mode, masked inputs are out of its reach. */
  #highestInService(): number {
    const { isr, imr, lowest, specialMask } = this.#state;
    const candidates = specialMask ? isr & ~imr : isr;
    for (let rank = 1; rank <= 8; rank++) {
      const level = (lowest + rank) & 7;
      if ((candidates >> level) & 1) return level;
    }
    return -1;
  }

  #ocw3(value: number): void {
    const state = this.#state;
    if (value & OCW3_ESMM) state.specialMask = (value & OCW3_SMM) !== 0;
    if (value & OCW3_P) state.poll = true;
    else if (value & OCW3_RR) state.readIsr = (value & OCW3_RIS) !== 0;
  }
}
