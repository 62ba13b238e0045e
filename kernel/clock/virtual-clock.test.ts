import { expect, it } from "vitest";
import { VirtualClock } from "./virtual-clock.js";

/** A clock, and what it has told of timers that were armed. */
const clockWith = (...deadlines: number[]) => {
  const told: boolean[] = [];
  const clock = new VirtualClock(
    10,
    () => 0,
    (earlier) => void told.push(earlier),
  );
  const timers = deadlines.map((deadline, index) => {
    const timer = clock.timer(`t${index}`, () => {});
    timer.arm(deadline);
    return timer;
  });
  told.length = 0;
  return { clock, timers, told };
};

it("tells of a timer that is armed before the others", () => {
  const { clock, timers, told } = clockWith(100, 200);
  timers[1].arm(50);
  expect([told, clock.nextDeadlineNs]).toEqual([[true], 50]);
});

it("tells of it too when the first of them has just been put off or taken back", () => {
  for (const change of [(first: { arm(at: number): void; cancel(): void }) => first.arm(500), (first: { cancel(): void }) => first.cancel()]) {
    const { clock, timers, told } = clockWith(100, 200);
    change(timers[0]);
    told.length = 0;
    timers[1].arm(60);
    expect([told, clock.nextDeadlineNs]).toEqual([[true], 60]);
  }
});

it("tells that a timer behind another is no reason to stop", () => {
  const { clock, timers, told } = clockWith(100, 200);
  timers[1].arm(150);
  expect([told, clock.nextDeadlineNs]).toEqual([[false], 100]);
});
