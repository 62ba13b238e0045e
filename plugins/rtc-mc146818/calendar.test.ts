import { describe, expect, it } from "vitest";
import { dateFromDays, daysFromDate, weekdayOfDays } from "./calendar.js";

const dateOf = (days: number) => {
  const date = { year: 0, month: 0, day: 0 };
  dateFromDays(days, date);
  return date;
};

describe("calendar", () => {
  it("agrees with Date on every day of 1600-2400", () => {
    const from = Date.UTC(1600, 0, 1) / 86_400_000;
    const to = Date.UTC(2400, 11, 31) / 86_400_000;
    for (let days = from; days <= to; days++) {
      const truth = new Date(days * 86_400_000);
      const date = dateOf(days);
      if (date.year !== truth.getUTCFullYear() || date.month !== truth.getUTCMonth() + 1 || date.day !== truth.getUTCDate() || daysFromDate(date) !== days) {
        expect([date, daysFromDate(date)]).toEqual([truth.toISOString(), days]);
      }
      if (weekdayOfDays(days) !== truth.getUTCDay()) expect(weekdayOfDays(days)).toBe(truth.getUTCDay());
    }
    expect(dateOf(from)).toEqual({ year: 1600, month: 1, day: 1 });
  });

  it("carries fields that are out of range over", () => {
    expect(dateOf(daysFromDate({ year: 2023, month: 2, day: 30 }))).toEqual({ year: 2023, month: 3, day: 2 });
    expect(dateOf(daysFromDate({ year: 2023, month: 0, day: 0 }))).toEqual({ year: 2022, month: 11, day: 30 });
    expect(dateOf(daysFromDate({ year: 0, month: 1, day: 1 }))).toEqual({ year: 0, month: 1, day: 1 });
    expect(dateOf(daysFromDate({ year: 9999, month: 12, day: 31 }))).toEqual({ year: 9999, month: 12, day: 31 });
  });
});
