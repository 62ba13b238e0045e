/**
 * One counter of an Intel 8254, computed instead of counted: everything follows from the pulse at which the counting
 * element was last loaded. `tick` arguments are absolute pulse numbers and never go back.
 *
 * Source: Intel 8254 Programmable Interval Timer data sheet (order 231164).
 *
 * Not implemented: counts that the data sheet calls illegal (1 in modes 2 and 3) leave OUT high.
 */
import { fromBcd, toBcd } from "backplane/sdk";

/** Control word: read/write format in bits 5-4, mode in bits 3-1, BCD in bit 0. */
const RW_LSB = 1;
const RW_MSB = 2;
const RW_BOTH = 3;
const BCD = 0x01;
/** Status byte, above the control word's six bits. */
const STATUS_OUT = 0x80;
const STATUS_NULL_COUNT = 0x40;

const NEVER = -1;
const NONE = -1;

export interface CounterState {
  /** The low six bits of the last control word. */
  control: number;
  gate: boolean;
  /** Count register: the last complete count, 1-65536; 0 until one has been written. */
  count: number;
  nullCount: boolean;
  /** Pulse that moves the count register into the counting element, or -1. */
  loadAt: number;
  /** The counting element has been loaded since the last control word (mode 0: since the last count). */
  loaded: boolean;
  /** Pulse at which the counting element held `value`. */
  start: number;
  value: number;
  /** Cycle length in modes 2 and 3. */
  period: number;
  /** Mode 3: the cycle at `start` begins with its low half; `nextLow` is the same for the load at `loadAt`. */
  lowFirst: boolean;
  nextLow: boolean;
  /** Modes 0 and 4: zero was passed before the gate last stopped the count. */
  expired: boolean;
  lowByte: number;
  /** The next byte written, or read, is the second of two. */
  writeSecond: boolean;
  readSecond: boolean;
  latchedCount: number;
  latchedStatus: number;
}

export const initialCounter = (gate: boolean): CounterState => ({
  control: 0,
  gate,
  count: 0,
  nullCount: true,
  loadAt: NEVER,
  loaded: false,
  start: 0,
  value: 0,
  period: 0,
  lowFirst: false,
  nextLow: false,
  expired: false,
  lowByte: 0,
  writeSecond: false,
  readSecond: false,
  latchedCount: NONE,
  latchedStatus: NONE,
});

export class Counter {
  readonly #state: CounterState;

  constructor(state: CounterState) {
    this.#state = state;
  }

  reset(gate: boolean): void {
    Object.assign(this.#state, initialCounter(gate));
  }

  /** Modes 6 and 7 are modes 2 and 3. */
  get #mode(): number {
    const mode = (this.#state.control >> 1) & 7;
    return mode > 5 ? mode - 4 : mode;
  }

  get #format(): number {
    return this.#state.control >> 4;
  }

  /** A control word that is neither a latch nor a read-back command. */
  writeControl(word: number, tick: number): void {
    const state = this.#state;
    this.#settle(tick);
    state.value = this.#element(tick);
    state.control = word & 0x3f;
    state.count = 0;
    state.nullCount = true;
    state.loadAt = NEVER;
    state.loaded = false;
    state.expired = false;
    state.writeSecond = false;
    state.readSecond = false;
    state.latchedCount = NONE;
    state.latchedStatus = NONE;
  }

  write(byte: number, tick: number): void {
    const state = this.#state;
    if (this.#format === RW_LSB) this.#writeCount(byte, tick);
    else if (this.#format === RW_MSB) this.#writeCount(byte << 8, tick);
    else if (state.writeSecond) {
      state.writeSecond = false;
      this.#writeCount(state.lowByte | (byte << 8), tick);
    } else {
      state.lowByte = byte;
      state.writeSecond = true;
      if (this.#mode === 0) this.#stop(tick);
    }
  }

  read(tick: number): number {
    const state = this.#state;
    if (state.latchedStatus !== NONE) {
      const status = state.latchedStatus;
      state.latchedStatus = NONE;
      return status;
    }
    this.#settle(tick);
    const count = state.latchedCount === NONE ? this.#digits(tick) : state.latchedCount;
    const high = this.#format === RW_MSB || (this.#format === RW_BOTH && state.readSecond);
    if (this.#format === RW_BOTH) state.readSecond = !state.readSecond;
    if (!state.readSecond) state.latchedCount = NONE;
    return high ? count >> 8 : count & 0xff;
  }

  latchCount(tick: number): void {
    this.#settle(tick);
    if (this.#state.latchedCount === NONE) this.#state.latchedCount = this.#digits(tick);
  }

  latchStatus(tick: number): void {
    const state = this.#state;
    if (state.latchedStatus !== NONE) return;
    state.latchedStatus = (this.out(tick) ? STATUS_OUT : 0) | (state.nullCount ? STATUS_NULL_COUNT : 0) | state.control;
  }

  setGate(level: boolean, tick: number): void {
    const state = this.#state;
    if (level === state.gate) return;
    this.#settle(tick);
    const mode = this.#mode;
    const triggered = mode === 1 || mode === 5;
    if (!level) {
      if (!triggered) this.#pause(tick);
      state.gate = false;
      return;
    }
    state.gate = true;
    if (triggered) {
      if (state.count !== 0) state.loadAt = tick + 1;
      return;
    }
    state.start = tick;
    if (mode === 2 || mode === 3) {
      state.lowFirst = false;
      state.nextLow = false;
      if (state.count !== 0) state.loadAt = tick + 1;
    }
  }

  out(tick: number): boolean {
    this.#settle(tick);
    const { loaded, expired, gate, value, period } = this.#state;
    const passed = this.#passed(tick);
    switch (this.#mode) {
      case 0:
        return loaded && (expired || passed >= value);
      case 1:
        return !loaded || passed >= value;
      case 2:
        return !loaded || !gate || period === 1 || passed % period !== period - 1;
      case 3:
        return !loaded || !gate || this.#inHighHalf(passed);
      default:
        return !loaded || expired || passed !== value;
    }
  }

  /** The next pulse after `tick` at which OUT rises with the gate held as it is, or -1. */
  nextRise(tick: number): number {
    this.#settle(tick);
    const { gate, loadAt, loaded, start, value, expired, period, lowFirst, nextLow, count } = this.#state;
    if (!gate) return NEVER;
    const passed = tick - start;
    const afterFirstCycle = count > 1 ? loadAt + count : NEVER;
    const firstRise = loaded ? loadAt : afterFirstCycle;
    switch (this.#mode) {
      case 0:
        if (loadAt !== NEVER) return loadAt + count;
        return loaded && !expired && passed < value ? start + value : NEVER;
      case 2:
        if (loadAt !== NEVER) return firstRise;
        return loaded && period > 1 ? start + period * (Math.floor(passed / period) + 1) : NEVER;
      case 3: {
        if (loadAt !== NEVER && nextLow) return count > 1 ? loadAt + (count >> 1) : NEVER;
        if (loadAt !== NEVER) return firstRise;
        if (!loaded || period === 1) return NEVER;
        const first = start + (lowFirst ? period >> 1 : period);
        return first > tick ? first : first + period * (Math.floor((tick - first) / period) + 1);
      }
      case 4:
        if (loadAt !== NEVER) return loadAt + count + 1;
        return loaded && !expired && passed <= value ? start + value + 1 : NEVER;
      default:
        return NEVER;
    }
  }

  #writeCount(digits: number, tick: number): void {
    const state = this.#state;
    this.#settle(tick);
    const bcd = (state.control & BCD) !== 0;
    const count = bcd ? fromBcd(digits >> 8) * 100 + fromBcd(digits & 0xff) : digits;
    state.count = count === 0 ? this.#wrap : Math.min(count, this.#wrap);
    state.nullCount = true;
    const mode = this.#mode;
    if (mode === 1 || mode === 5) return;
    if (mode === 0) this.#stop(tick);
    if (mode === 0 || mode === 4 || !state.loaded) {
      state.nextLow = false;
      state.loadAt = tick + 1;
    } else if (!state.gate) state.loadAt = NEVER;
    else this.#loadAfterCycle(tick);
  }

  /** Modes 2 and 3 take a new count over at the end of the running cycle or half cycle. */
  #loadAfterCycle(tick: number): void {
    const state = this.#state;
    const passed = tick - state.start;
    const begun = Math.floor(passed / state.period) * state.period;
    if (this.#mode === 2) {
      state.loadAt = state.start + begun + state.period;
      return;
    }
    const firstHalf = (state.period + (state.lowFirst ? 0 : 1)) >> 1;
    const inFirst = passed - begun < firstHalf;
    state.loadAt = state.start + begun + (inFirst ? firstHalf : state.period);
    state.nextLow = inFirst !== state.lowFirst;
  }

  /** Mode 0: a new count ends the old one at once and takes OUT low. */
  #stop(tick: number): void {
    const state = this.#state;
    this.#settle(tick);
    state.value = this.#element(tick);
    state.loaded = false;
    state.expired = false;
    state.loadAt = NEVER;
  }

  #pause(tick: number): void {
    const state = this.#state;
    if (!state.loaded) return;
    const passed = this.#passed(tick);
    const element = this.#element(tick);
    if (this.#mode === 0) state.expired ||= passed >= state.value;
    else if (this.#mode === 4) state.expired ||= passed > state.value;
    else state.loadAt = NEVER;
    state.value = element;
  }

  /** Carries out a load that has become due. */
  #settle(tick: number): void {
    const state = this.#state;
    if (state.loadAt === NEVER || tick < state.loadAt) return;
    state.start = state.loadAt;
    state.value = state.count;
    state.period = state.count;
    state.lowFirst = state.nextLow;
    state.loaded = true;
    state.expired = false;
    state.nullCount = false;
    state.loadAt = NEVER;
  }

  get #wrap(): number {
    return this.#state.control & BCD ? 10_000 : 65_536;
  }

  get #counting(): boolean {
    return this.#state.gate || this.#mode === 1 || this.#mode === 5;
  }

  #passed(tick: number): number {
    return this.#counting ? tick - this.#state.start : 0;
  }

  #inHighHalf(passed: number): boolean {
    const { period, lowFirst } = this.#state;
    const position = passed % period;
    return lowFirst ? position >= period >> 1 : position < (period + 1) >> 1;
  }

  /** The counting element, 0 to 65536 (or 10000). */
  #element(tick: number): number {
    const { loaded, value, period, lowFirst } = this.#state;
    if (!loaded || !this.#counting) return value;
    const passed = this.#passed(tick);
    const mode = this.#mode;
    if (mode === 2) return period - (passed % period);
    if (mode === 3) {
      const position = passed % period;
      const firstHalf = (period + (lowFirst ? 0 : 1)) >> 1;
      return (period & ~1) - 2 * (position < firstHalf ? position : position - firstHalf);
    }
    const left = (value - passed) % this.#wrap;
    return left < 0 ? left + this.#wrap : left;
  }

  /** The counting element as the guest reads it: four digits, binary or BCD. */
  #digits(tick: number): number {
    const count = this.#element(tick) % this.#wrap;
    return this.#state.control & BCD ? (toBcd(Math.floor(count / 100)) << 8) | toBcd(count % 100) : count;
  }
}
