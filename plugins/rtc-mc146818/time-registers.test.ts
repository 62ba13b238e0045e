import { describe, expect, it } from "vitest";
import { TimeRegisters } from "./time-registers.js";

const DAY = 86_400;

describe("alarm", () => {
  it("is found at the first matching second", () => {
    const cmos = new Uint8Array(256);
    cmos[0x0b] = 0x06;
    const registers = new TimeRegisters({ cmos, weekdayShift: 0 });
    const bruteForce = (from: number) => {
      for (let at = from; at <= from + DAY; at++) {
        const second = at % DAY;
        const fields = [second % 60, Math.floor(second / 60) % 60, Math.floor(second / 3600)];
        if ([1, 3, 5].every((index, field) => cmos[index] >= 0xc0 || cmos[index] === fields[field])) return at;
      }
      return undefined;
    };
    const starts = [0, 1, 59, 60, 3599, 3600, 45_296, 45_297, DAY - 1].map((second) => DAY * 20_000 + second);
    for (const hour of [0xff, 0, 12, 23])
      for (const minute of [0xc0, 0, 34, 59])
        for (const second of [0xff, 0, 56, 59]) {
          cmos.set([second], 1);
          cmos.set([minute], 3);
          cmos.set([hour], 5);
          for (const from of starts) expect(registers.nextAlarm(from)).toBe(bruteForce(from));
        }
  });

  it("is never found for values that no time has", () => {
    const cmos = new Uint8Array(256);
    cmos[0x0b] = 0x06;
    const registers = new TimeRegisters({ cmos, weekdayShift: 0 });
    for (const [index, value] of [
      [1, 60],
      [3, 99],
      [5, 24],
    ] as const) {
      cmos[index] = value;
      expect(registers.nextAlarm(0)).toBeUndefined();
      cmos[index] = 0;
    }
    expect(registers.nextAlarm(1)).toBe(DAY);
  });
});
