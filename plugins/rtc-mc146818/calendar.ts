/**
 * Seconds since 1970 and the Gregorian calendar, without `Date`: years 0-9999, and any field out of range carries over.
 */

export const SECONDS_PER_DAY = 86_400;

const DAYS_PER_400_YEARS = 146_097;
const DAYS_PER_100_YEARS = 36_524;
const DAYS_PER_4_YEARS = 1461;
/** Days from 1 March of year 0 to 1 January 1970. */
const EPOCH = 719_468;
/** Days before each month of a year that begins in March. */
const DAYS_BEFORE = [0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337] as const;

export interface CalendarDate {
  year: number;
  /** 1-12. */
  month: number;
  /** 1-31. */
  day: number;
}

/** Days from 1970-01-01. Years are counted from March, so that the leap day is a year's last. */
export const daysFromDate = ({ year, month, day }: CalendarDate): number => {
  const months = year * 12 + (month - 3);
  const marchYear = Math.floor(months / 12);
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  return marchYear * 365 + leapDays + DAYS_BEFORE[months - marchYear * 12] + (day - 1) - EPOCH;
};

/** Fills `into` with the date `days` days from 1970-01-01. */
export const dateFromDays = (days: number, into: CalendarDate): void => {
  const fromMarch0 = days + EPOCH;
  const era = Math.floor(fromMarch0 / DAYS_PER_400_YEARS);
  let rest = fromMarch0 - era * DAYS_PER_400_YEARS;
  const centuries = Math.min(3, Math.floor(rest / DAYS_PER_100_YEARS));
  rest -= centuries * DAYS_PER_100_YEARS;
  const olympiads = Math.floor(rest / DAYS_PER_4_YEARS);
  rest -= olympiads * DAYS_PER_4_YEARS;
  const years = Math.min(3, Math.floor(rest / 365));
  rest -= years * 365;
  let month = 11;
  while (DAYS_BEFORE[month] > rest) month--;
  into.day = rest - DAYS_BEFORE[month] + 1;
  into.month = month < 10 ? month + 3 : month - 9;
  into.year = era * 400 + centuries * 100 + olympiads * 4 + years + (month < 10 ? 0 : 1);
};

/** 0 is Sunday. */
export const weekdayOfDays = (days: number): number => (((days + 4) % 7) + 7) % 7;
