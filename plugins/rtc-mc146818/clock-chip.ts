/**
 * Motorola MC146818 real-time clock: divider chain, update cycle, interrupts and battery-backed memory.
 *
 * Sources: Motorola MC146818 data sheet (1984); Intel 82371AB (PIIX4) data sheet, "RTC Registers", for the second bank.
 *
 * The update cycle lasts as long as the data sheet says for a 32.768 kHz crystal, but the registers stay readable: they
 * change when it ends, together with UF.
 *
 * Not implemented: daylight saving (DSE is only kept), the square wave output, divider settings for other crystals
 * (they run like 32.768 kHz), the NMI mask in port 70h as a gate (the bit is kept; nothing here raises NMI).
 */
import type { Board, WallClock } from "backplane/sdk";
import {
  A_DIVIDER_RESET,
  A_RATE,
  A_UIP,
  B_AIE,
  B_PIE,
  B_SET,
  B_SQWE,
  B_UIE,
  C_AF,
  C_IRQF,
  C_PF,
  C_UF,
  D_VRT,
  HOURS_ALARM,
  MINUTES_ALARM,
  REGISTER_A,
  REGISTER_B,
  REGISTER_C,
  REGISTER_D,
  SECONDS_ALARM,
} from "./registers.js";
import { isTimeRegister, TimeRegisters, type TimeState } from "./time-registers.js";

const IRQ = 8;
const SECOND_NS = 1e9;
/** UIP rises 244 us before an update cycle of 1984 us. */
const UIP_NS = 2_228_000;
/** From the release of the divider chain to the first update. */
const FIRST_UPDATE_NS = 5e8;

export interface ClockChipState extends TimeState {
  /** 256 bytes; registers 0-0Dh live in the first ones. */
  readonly cmos: Uint8Array;
  /** Time at the second boundary `phaseNs`, in seconds since 1970. */
  baseSeconds: number;
  /** A virtual time, in whole nanoseconds, at which a second began; the divider chain counts from here. */
  phaseNs: number;
  /** Register C's flags are up to date with events until here. */
  flagsNs: number;
}

export const initialClockChip = (): ClockChipState => {
  const cmos = new Uint8Array(256);
  cmos[REGISTER_A] = 0x26;
  cmos[REGISTER_B] = 0x02;
  cmos[REGISTER_D] = D_VRT;
  return { cmos, baseSeconds: 0, phaseNs: 0, flagsNs: 0, weekdayShift: 0 };
};

export class ClockChip {
  readonly #board: Board;
  readonly #state: ClockChipState;
  readonly #advances: boolean;
  readonly #time: TimeRegisters;
  readonly #irq;
  readonly #event;

  /** `advances`: whether seconds pass; if not, the divider runs and updates happen, but the time stays. */
  constructor(board: Board, state: ClockChipState, wall: WallClock, advances: boolean) {
    this.#board = board;
    this.#state = state;
    this.#advances = advances;
    this.#time = new TimeRegisters(state);
    this.#irq = board.irq(IRQ);
    this.#event = board.clock.timer("event", () => this.#refresh());
    state.baseSeconds = Math.floor(wall.epochMs / 1000);
    state.phaseNs = -Math.floor(wall.epochMs - state.baseSeconds * 1000) * 1e6;
  }

  /** The RESET pin: interrupts off; time and memory are the battery's. */
  reset(): void {
    const { cmos } = this.#state;
    cmos[REGISTER_B] &= ~(B_PIE | B_AIE | B_UIE | B_SQWE);
    cmos[REGISTER_C] = 0;
    this.#state.flagsNs = this.#board.clock.nowNs;
    this.#irq.set(false);
    this.#event.cancel();
  }

  /** What a register holds, without the side effect that reading register C has. */
  peek(index: number): number {
    const { cmos } = this.#state;
    if (isTimeRegister(index)) {
      if (!this.#stopped) this.#time.show(this.#now);
    } else if (index === REGISTER_A) return cmos[REGISTER_A] | (this.#updating ? A_UIP : 0);
    else if (index === REGISTER_C) {
      this.#collect();
      return cmos[REGISTER_C] | (this.#requesting ? C_IRQF : 0);
    }
    return cmos[index];
  }

  read(index: number): number {
    const value = this.peek(index);
    if (index === REGISTER_C) {
      this.#state.cmos[REGISTER_C] = 0;
      this.#refresh();
    }
    return value;
  }

  write(index: number, value: number): void {
    const { cmos } = this.#state;
    switch (index) {
      case REGISTER_A:
        this.#control(value & ~A_UIP, cmos[REGISTER_B]);
        return;
      case REGISTER_B:
        this.#control(cmos[REGISTER_A], value & B_SET ? value & ~B_UIE : value);
        return;
      case REGISTER_C:
      case REGISTER_D:
        return;
      case SECONDS_ALARM:
      case MINUTES_ALARM:
      case HOURS_ALARM:
        this.#collect();
        cmos[index] = value;
        this.#refresh();
        return;
    }
    if (!isTimeRegister(index) || this.#stopped) {
      cmos[index] = value;
      return;
    }
    this.#collect();
    this.#time.show(this.#now);
    cmos[index] = value;
    this.#start();
    this.#refresh();
  }

  /** Registers A and B together: they decide whether the divider and the time run. */
  #control(a: number, b: number): void {
    const state = this.#state;
    const { cmos } = state;
    this.#collect();
    const wasStopped = this.#stopped;
    const wasReset = this.#dividerReset;
    if (!wasStopped) this.#time.show(this.#now);
    cmos[REGISTER_A] = a;
    cmos[REGISTER_B] = b;
    if (wasReset && !this.#dividerReset) state.phaseNs = Math.floor(this.#board.clock.nowNs) - (SECOND_NS - FIRST_UPDATE_NS);
    if (wasStopped && !this.#stopped) this.#start();
    this.#refresh();
  }

  /** Lets time run on from what the registers show. */
  #start(): void {
    this.#state.baseSeconds = this.#time.take() - this.#elapsedSeconds(this.#board.clock.nowNs);
  }

  get #dividerReset(): boolean {
    return (this.#state.cmos[REGISTER_A] & A_DIVIDER_RESET) === A_DIVIDER_RESET;
  }

  get #stopped(): boolean {
    return this.#dividerReset || (this.#state.cmos[REGISTER_B] & B_SET) !== 0;
  }

  get #updating(): boolean {
    if (this.#stopped) return false;
    const sinceUpdate = this.#board.clock.nowNs - this.#boundary(this.#board.clock.nowNs);
    return sinceUpdate >= SECOND_NS - UIP_NS;
  }

  /** The last second boundary at or before `ns`. */
  #boundary(ns: number): number {
    const { phaseNs } = this.#state;
    return phaseNs + Math.floor((ns - phaseNs) / SECOND_NS) * SECOND_NS;
  }

  #elapsedSeconds(ns: number): number {
    return this.#advances ? Math.floor((ns - this.#state.phaseNs) / SECOND_NS) : 0;
  }

  get #now(): number {
    return this.#timeAt(this.#board.clock.nowNs);
  }

  #timeAt(ns: number): number {
    return this.#state.baseSeconds + this.#elapsedSeconds(ns);
  }

  /** Nanoseconds between periodic events (a dyadic fraction, so multiples are exact), 0 for none. */
  get #periodNs(): number {
    const rate = this.#state.cmos[REGISTER_A] & A_RATE;
    if (rate === 0) return 0;
    const tap = rate < 3 ? rate + 7 : rate;
    return (SECOND_NS / 32_768) * 2 ** (tap - 1);
  }

  get #requesting(): boolean {
    const { cmos } = this.#state;
    return (cmos[REGISTER_C] & cmos[REGISTER_B] & (C_PF | C_AF | C_UF)) !== 0;
  }

  /** Sets the flags of everything that happened since the last time, whether or not it interrupts. */
  #collect(): void {
    const state = this.#state;
    const { cmos, phaseNs, flagsNs } = state;
    const nowNs = this.#board.clock.nowNs;
    state.flagsNs = nowNs;
    if (this.#dividerReset) return;
    const period = this.#periodNs;
    if (period > 0 && Math.floor((nowNs - phaseNs) / period) > Math.floor((flagsNs - phaseNs) / period)) cmos[REGISTER_C] |= C_PF;
    if (this.#stopped || this.#boundary(nowNs) === this.#boundary(flagsNs)) return;
    cmos[REGISTER_C] |= C_UF;
    if (!this.#advances || cmos[REGISTER_C] & C_AF) return;
    const alarm = this.#time.nextAlarm(this.#timeAt(flagsNs) + 1);
    if (alarm !== undefined && alarm <= this.#timeAt(nowNs)) cmos[REGISTER_C] |= C_AF;
  }

  /** Drives IRQ8 and sets the alarm clock to the next event that would raise it. */
  #refresh(): void {
    this.#collect();
    this.#irq.set(this.#requesting);
    const at = this.#nextEventNs();
    if (at === Number.POSITIVE_INFINITY) this.#event.cancel();
    else this.#event.arm(Math.ceil(at));
  }

  /** An event whose flag is still set raises nothing new before register C is read. */
  #nextEventNs(): number {
    const { cmos, phaseNs, baseSeconds } = this.#state;
    const nowNs = this.#board.clock.nowNs;
    const waiting = cmos[REGISTER_B] & ~cmos[REGISTER_C];
    let at = Number.POSITIVE_INFINITY;
    if (this.#dividerReset) return at;
    const period = this.#periodNs;
    if (waiting & B_PIE && period > 0) at = phaseNs + (Math.floor((nowNs - phaseNs) / period) + 1) * period;
    if (this.#stopped) return at;
    if (waiting & B_UIE) at = Math.min(at, this.#boundary(nowNs) + SECOND_NS);
    if (waiting & B_AIE && this.#advances) {
      const alarm = this.#time.nextAlarm(this.#now + 1);
      if (alarm !== undefined) at = Math.min(at, phaseNs + (alarm - baseSeconds) * SECOND_NS);
    }
    return at;
  }
}
