/**
 * One Intel 8237A DMA controller with the page registers a PC adds.
 *
 * Source: Intel 8237A High Performance Programmable DMA Controller data sheet (order 231466); 82371AB (PIIX4) data sheet.
 *
 * Transfers happen when a device offers or asks for data, as many units at a time as it likes: single, demand and block
 * mode differ only in who may use the bus in between, which is not modelled. A device whose direction contradicts the
 * mode register gets a verify transfer: the counters move, memory is left alone.
 *
 * Not implemented: memory-to-memory transfers, software-requested transfers (the request bits are kept and shown in the
 * status register), priorities, DREQ/DACK polarity, and the gating of channels 0-3 by the mask of cascade channel 4.
 */
import type { BusMaster } from "backplane/sdk";

/** Command register. */
const COMMAND_DISABLE = 0x04;
/** Mode register. */
const MODE_CASCADE = 0xc0;
const MODE_MASK = 0xc0;
const MODE_DECREMENT = 0x20;
const MODE_AUTO_INITIALIZE = 0x10;
const MODE_TYPE = 0x0c;
const MODE_WRITE_MEMORY = 0x04;
const MODE_READ_MEMORY = 0x08;
/** Request and single mask registers: the channel, and whether its bit is set. */
const CHANNEL = 0x03;
const SET_BIT = 0x04;

/** Registers above the eight address and count registers. */
const STATUS_COMMAND = 0x8;
const REQUEST = 0x9;
const SINGLE_MASK = 0xa;
const MODE = 0xb;
const CLEAR_FLIP_FLOP = 0xc;
const TEMPORARY_MASTER_CLEAR = 0xd;
const CLEAR_MASK = 0xe;
const ALL_MASKS = 0xf;

export interface ControllerState {
  readonly baseAddress: Uint16Array;
  readonly baseCount: Uint16Array;
  readonly currentAddress: Uint16Array;
  readonly currentCount: Uint16Array;
  readonly mode: Uint8Array;
  readonly page: Uint8Array;
  command: number;
  /** Bits 0-3: terminal count reached. */
  status: number;
  request: number;
  mask: number;
  flipFlop: boolean;
}

export const initialController = (): ControllerState => ({
  baseAddress: new Uint16Array(4),
  baseCount: new Uint16Array(4),
  currentAddress: new Uint16Array(4),
  currentCount: new Uint16Array(4),
  mode: new Uint8Array(4),
  page: new Uint8Array(4),
  command: 0,
  status: 0,
  request: 0,
  mask: 0x0f,
  flipFlop: false,
});

export class Controller {
  readonly #state: ControllerState;
  readonly #memory: BusMaster;
  /** Bytes a unit: 1 for channels 0-3, 2 for channels 4-7. */
  readonly #unit: 1 | 2;
  readonly #listeners: (() => void)[][] = [[], [], [], []];

  constructor(state: ControllerState, memory: BusMaster, unit: 1 | 2) {
    this.#state = state;
    this.#memory = memory;
    this.#unit = unit;
  }

  /** The RESET pin acts like a master clear. */
  reset(): void {
    const state = this.#state;
    for (const registers of [state.baseAddress, state.baseCount, state.currentAddress, state.currentCount, state.mode, state.page]) registers.fill(0);
    this.#masterClear();
  }

  read(register: number): number {
    const state = this.#state;
    if (register < 8) {
      const registers = register & 1 ? state.currentCount : state.currentAddress;
      return (registers[register >> 1] >> this.#byteShift()) & 0xff;
    }
    if (register === STATUS_COMMAND) {
      const value = state.status | (state.request << 4);
      state.status = 0;
      return value;
    }
    if (register === ALL_MASKS) return 0xf0 | state.mask;
    return register === TEMPORARY_MASTER_CLEAR ? 0 : 0xff;
  }

  write(register: number, value: number): void {
    const state = this.#state;
    if (register < 8) {
      this.#writeCounter(register, value);
      return;
    }
    const bit = 1 << (value & CHANNEL);
    switch (register) {
      case STATUS_COMMAND:
        this.#gate(() => (state.command = value));
        break;
      case REQUEST:
        state.request = value & SET_BIT ? state.request | bit : state.request & ~bit;
        break;
      case SINGLE_MASK:
        this.#gate(() => (state.mask = value & SET_BIT ? state.mask | bit : state.mask & ~bit));
        break;
      case MODE:
        this.#gate(() => (state.mode[value & CHANNEL] = value & ~CHANNEL));
        break;
      case CLEAR_FLIP_FLOP:
        state.flipFlop = false;
        break;
      case TEMPORARY_MASTER_CLEAR:
        this.#masterClear();
        break;
      case CLEAR_MASK:
        this.#gate(() => (state.mask = 0));
        break;
      case ALL_MASKS:
        this.#gate(() => (state.mask = value & 0x0f));
        break;
    }
  }

  page(channel: number): number {
    return this.#state.page[channel];
  }

  setPage(channel: number, value: number): void {
    this.#state.page[channel] = value;
  }

  ready(channel: number): boolean {
    const { command, mask, mode } = this.#state;
    return (command & COMMAND_DISABLE) === 0 && ((mask >> channel) & 1) === 0 && (mode[channel] & MODE_MASK) !== MODE_CASCADE;
  }

  onReady(channel: number, fn: () => void): void {
    this.#listeners[channel].push(fn);
  }

  transfer(channel: number, data: Uint8Array, toMemory: boolean): { moved: number; terminalCount: boolean } {
    const state = this.#state;
    if (!this.ready(channel)) return { moved: 0, terminalCount: false };
    const left = state.currentCount[channel] + 1;
    const units = Math.min(left, Math.floor(data.length / this.#unit));
    const programmed = state.mode[channel] & MODE_TYPE;
    if (programmed === (toMemory ? MODE_WRITE_MEMORY : MODE_READ_MEMORY)) this.#move(channel, data, units, toMemory);
    const step = state.mode[channel] & MODE_DECREMENT ? -units : units;
    state.currentAddress[channel] += step;
    state.currentCount[channel] -= units;
    const terminalCount = units === left;
    if (terminalCount) this.#terminate(channel);
    return { moved: units * this.#unit, terminalCount };
  }

  #terminate(channel: number): void {
    const state = this.#state;
    state.status |= 1 << channel;
    state.request &= ~(1 << channel);
    if (state.mode[channel] & MODE_AUTO_INITIALIZE) {
      state.currentAddress[channel] = state.baseAddress[channel];
      state.currentCount[channel] = state.baseCount[channel];
    } else state.mask |= 1 << channel;
  }

  /** The 16-bit address wraps within its page: 64 KiB, or 128 KiB for word channels. */
  #move(channel: number, data: Uint8Array, units: number, toMemory: boolean): void {
    const state = this.#state;
    const unit = this.#unit;
    const page = unit === 1 ? state.page[channel] << 16 : (state.page[channel] & 0xfe) << 16;
    const down = (state.mode[channel] & MODE_DECREMENT) !== 0;
    let address = state.currentAddress[channel];
    let done = 0;
    while (done < units) {
      const run = down ? 1 : Math.min(units - done, 0x1_0000 - address);
      const bytes = data.subarray(done * unit, (done + run) * unit);
      if (toMemory) this.#memory.write(page + address * unit, bytes);
      else this.#memory.read(page + address * unit, bytes);
      address = (address + (down ? -1 : run)) & 0xffff;
      done += run;
    }
  }

  #masterClear(): void {
    const state = this.#state;
    state.command = 0;
    state.status = 0;
    state.request = 0;
    state.mask = 0x0f;
    state.flipFlop = false;
  }

  /** Writing sets base and current registers, one byte at a time. */
  #writeCounter(register: number, value: number): void {
    const state = this.#state;
    const channel = register >> 1;
    const base = register & 1 ? state.baseCount : state.baseAddress;
    const current = register & 1 ? state.currentCount : state.currentAddress;
    const shift = this.#byteShift();
    base[channel] = (base[channel] & ~(0xff << shift)) | (value << shift);
    current[channel] = base[channel];
  }

  #byteShift(): 0 | 8 {
    const state = this.#state;
    state.flipFlop = !state.flipFlop;
    return state.flipFlop ? 0 : 8;
  }

  /** Changes what decides about readiness and tells devices whose channel became ready. */
  #gate(change: () => void): void {
    let before = 0;
    for (let channel = 0; channel < 4; channel++) if (this.ready(channel)) before |= 1 << channel;
    change();
    for (let channel = 0; channel < 4; channel++) {
      if (((before >> channel) & 1) === 0 && this.ready(channel)) for (const fn of this.#listeners[channel]) fn();
    }
  }
}
