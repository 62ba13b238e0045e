/**
 * The calendar side of the MC146818: time registers in the format the guest chose, and when the alarm matches.
 *
 * While the clock runs, time is `baseSeconds` plus the elapsed seconds and the register bytes are filled in when somebody
 * looks. While it is stopped (SET, or the divider in reset) the bytes are what the guest wrote and time follows from them.
 *
 * Source: Motorola MC146818 data sheet (1984). Leap years are Gregorian, a refinement over the chip.
 */
import { fromBcd, toBcd } from "backplane/sdk";
import { type CalendarDate, dateFromDays, daysFromDate, SECONDS_PER_DAY, weekdayOfDays } from "./calendar.js";
import {
  ALARM_ANY,
  B_24_12,
  B_DM,
  CENTURY,
  DATE_OF_MONTH,
  DAY_OF_WEEK,
  HOURS,
  HOURS_ALARM,
  HOURS_PM,
  MINUTES,
  MINUTES_ALARM,
  MONTH,
  REGISTER_B,
  SECONDS,
  SECONDS_ALARM,
  YEAR,
} from "./registers.js";

export interface TimeState {
  readonly cmos: Uint8Array;
  /** The guest's day of the week minus the calendar's, 0-6. */
  weekdayShift: number;
}

export const isTimeRegister = (index: number): boolean => index === SECONDS || index === MINUTES || index === HOURS || (index >= DAY_OF_WEEK && index <= YEAR) || index === CENTURY;

export class TimeRegisters {
  readonly #state: TimeState;
  readonly #date: CalendarDate = { year: 0, month: 1, day: 1 };

  constructor(state: TimeState) {
    this.#state = state;
  }

  /** Shows a time (seconds since 1970) in the registers. */
  show(time: number): void {
    const { cmos, weekdayShift } = this.#state;
    const days = Math.floor(time / SECONDS_PER_DAY);
    const second = time - days * SECONDS_PER_DAY;
    const date = this.#date;
    dateFromDays(days, date);
    cmos[SECONDS] = this.#encode(second % 60);
    cmos[MINUTES] = this.#encode(Math.floor(second / 60) % 60);
    cmos[HOURS] = this.#encodeHours(Math.floor(second / 3600));
    cmos[DAY_OF_WEEK] = this.#encode(((weekdayOfDays(days) + weekdayShift) % 7) + 1);
    cmos[DATE_OF_MONTH] = this.#encode(date.day);
    cmos[MONTH] = this.#encode(date.month);
    cmos[YEAR] = this.#encode(((date.year % 100) + 100) % 100);
    cmos[CENTURY] = this.#encode(((Math.floor(date.year / 100) % 100) + 100) % 100);
  }

  /** The time the registers show, whatever the guest has put there. Takes over its day of the week. */
  take(): number {
    const { cmos } = this.#state;
    const days = daysFromDate({
      year: this.#decode(cmos[CENTURY]) * 100 + this.#decode(cmos[YEAR]),
      month: this.#decode(cmos[MONTH]),
      day: this.#decode(cmos[DATE_OF_MONTH]),
    });
    const wanted = this.#decode(cmos[DAY_OF_WEEK]) - 1;
    this.#state.weekdayShift = (((wanted - weekdayOfDays(days)) % 7) + 7) % 7;
    return days * SECONDS_PER_DAY + this.#decodeHours(cmos[HOURS]) * 3600 + this.#decode(cmos[MINUTES]) * 60 + this.#decode(cmos[SECONDS]);
  }

  /** The first time from `time` on that matches the alarm, or `undefined` when the alarm bytes match none. */
  nextAlarm(time: number): number | undefined {
    const { cmos } = this.#state;
    const seconds = this.#alarm(cmos[SECONDS_ALARM], 60);
    const minutes = this.#alarm(cmos[MINUTES_ALARM], 60);
    const hours = this.#alarm(cmos[HOURS_ALARM], 24);
    if (seconds === undefined || minutes === undefined || hours === undefined) return undefined;
    let at = time;
    // At worst: hours, minutes, seconds, a carry into the minute, one into the hour, minutes, seconds, and the answer.
    for (let pass = 0; pass < 8; pass++) {
      const second = ((at % SECONDS_PER_DAY) + SECONDS_PER_DAY) % SECONDS_PER_DAY;
      const hour = Math.floor(second / 3600);
      const minute = Math.floor(second / 60) % 60;
      if (hours >= 0 && hour !== hours) at += ((hours - hour + 24) % 24) * 3600 - (second % 3600);
      else if (minutes >= 0 && minute !== minutes) at += ((minutes - minute + 60) % 60) * 60 - (second % 60);
      else if (seconds >= 0 && second % 60 !== seconds) at += (seconds - (second % 60) + 60) % 60;
      else return at;
    }
    return undefined;
  }

  /** A field's alarm value, -1 for any, `undefined` for a value that never comes. */
  #alarm(raw: number, limit: 24 | 60): number | undefined {
    if ((raw & ALARM_ANY) === ALARM_ANY) return -1;
    const value = limit === 24 ? this.#decodeHours(raw) : this.#decode(raw);
    return value < limit ? value : undefined;
  }

  get #binary(): boolean {
    return (this.#state.cmos[REGISTER_B] & B_DM) !== 0;
  }

  #encode(value: number): number {
    return this.#binary ? value : toBcd(value);
  }

  #decode(raw: number): number {
    return this.#binary ? raw : fromBcd(raw);
  }

  #encodeHours(hour: number): number {
    if (this.#state.cmos[REGISTER_B] & B_24_12) return this.#encode(hour);
    return this.#encode(hour % 12 || 12) | (hour >= 12 ? HOURS_PM : 0);
  }

  #decodeHours(raw: number): number {
    if (this.#state.cmos[REGISTER_B] & B_24_12) return this.#decode(raw);
    return (this.#decode(raw & ~HOURS_PM) % 12) + (raw & HOURS_PM ? 12 : 0);
  }
}
