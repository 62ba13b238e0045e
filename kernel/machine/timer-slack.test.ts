import { describe, expect, it } from "vitest";
import type { MachineOptions } from "./options.js";
import { HostServices } from "./plugin-host.js";
import { assemble, failure, Line, line, pic, profileOf, Ticker, ticker, Work, Worker, worker } from "./testing/devices.js";
import { FakeHostTime, turn } from "./testing/fake-host.js";
import { DEFAULT_TIMER_SLACK_MS, MAX_TIMER_SLACK_MS, TimerSlack } from "./timer-slack.js";

const TICK_NS = 1e6;

/** Sleeps pass by themselves until it is told to hold: then only a ring ends one. */
class HeldHostTime extends FakeHostTime {
  override drift = 0;
  held = false;
  override async sleep(ms: number, wake: Promise<void>): Promise<void> {
    if (!this.held) return super.sleep(ms, wake);
    this.sleeps.push(ms);
    await wake;
  }
}

const board = profileOf(["/pic", pic], ["/timer", ticker, { period: TICK_NS }], ["/line", line]);

interface Arrival {
  readonly vector: number;
  readonly virtualNs: number;
  readonly hostNs: number;
}

/** A machine whose guest executes `instructions` after each interrupt and halts. */
const idling = async (options: Partial<MachineOptions> = {}, instructions = 1, profile = board) => {
  const hostTime = new HeldHostTime();
  const made = await assemble(profile, { hostTime, clock: "real-time", ...options });
  const { machine, cpu } = made;
  const start = hostTime.now;
  const arrivals: Arrival[] = [];
  cpu.onInterrupt = (vector) => arrivals.push({ vector, virtualNs: machine.clock.nowNs, hostNs: hostTime.now - start });
  let left = instructions;
  cpu.program = () => {
    hostTime.now += 5;
    if (--left > 0) return;
    left = instructions;
    cpu.halt();
  };
  return { machine, cpu, hostTime, arrivals, ticks: () => arrivals.filter(({ vector }) => vector === 0) };
};

/** Sleeps, not counting the rests of some nanoseconds that are left over by rounding. */
const wakings = ({ sleeps }: FakeHostTime): number => sleeps.filter((ms) => ms > 0.001).length;

/** Runs it in the background until it sleeps for longer than `ms`, and holds it there. */
const dozing = async (ms: number) => {
  const made = await idling();
  const { machine, hostTime } = made;
  await machine.start();
  while (hostTime.sleeps.length === 0 || hostTime.sleeps[hostTime.sleeps.length - 1] <= ms) await turn();
  hostTime.held = true;
  for (let turns = 0; turns < 3; turns++) await turn();
  hostTime.sleeps.length = 0;
  made.arrivals.length = 0;
  return made;
};

describe("timer slack", () => {
  it("grows by an eighth of the time since the last work beyond 100 ms, up to its limit", () => {
    const slack = new TimerSlack(20);
    slack.busy(1e9);
    expect([0, 50e6, 100e6, 180e6, 260e6, 10e9].map((idle) => slack.at(1e9 + idle))).toEqual([0, 0, 0, 10e6, 20e6, 20e6]);
    slack.executed(50_000);
    slack.halted(2e9);
    expect(slack.at(2e9)).toBe(20e6);
    slack.executed(50_000);
    slack.executed(1);
    slack.halted(2e9);
    expect(slack.at(2e9)).toBe(0);
    expect(new TimerSlack().at(1e12)).toBe(DEFAULT_TIMER_SLACK_MS * 1e6);
  });

  it.each([-1, MAX_TIMER_SLACK_MS + 1, Number.NaN, Infinity])("refuses a limit of %d ms", async (timerSlackMs) => {
    const { code, message } = await failure(() => assemble(board, { clock: "real-time", timerSlackMs }));
    expect(code).toBe("TIMER_SLACK");
    expect(message).toContain(`it must be from 0 to ${MAX_TIMER_SLACK_MS}`);
  });
});

describe("an idle guest", () => {
  it("wakes the host seldom and gets every tick at its own virtual time", async () => {
    const { machine, hostTime, arrivals, ticks } = await idling();
    await machine.runUntil(10e9);
    expect(machine.get(Ticker).ticks).toBe(10_000);
    expect(arrivals.map(({ virtualNs }) => virtualNs)).toEqual(Array.from({ length: ticks().length }, (_, nth) => (nth + 1) * TICK_NS));
    expect(ticks().length).toBeGreaterThanOrEqual(9_999);
    // a run begins with 100 ms of ticks on time; the sleeps behind them grow by an eighth up to 200 ms
    expect(wakings(hostTime)).toBeLessThan(110 + Math.log(200) / Math.log(9 / 8) + 8500 / 200 + 5);
    await machine.dispose();
  });

  it("has timers that are late by an eighth of its idle time at most, and never early", async () => {
    const { machine, arrivals } = await idling({ timerSlackMs: 150 });
    await machine.runUntil(5e9);
    for (const { virtualNs, hostNs } of arrivals) {
      expect(hostNs - virtualNs).toBeGreaterThanOrEqual(-1000);
      expect(hostNs - virtualNs).toBeLessThanOrEqual(Math.min(150e6, Math.max(0, virtualNs - 100e6) / 8) + 0.1e6);
    }
    expect(Math.max(...arrivals.map(({ virtualNs, hostNs }) => hostNs - virtualNs))).toBeGreaterThan(140e6);
    await machine.dispose();
  });

  it("is served to the tick with no slack, by one sleep a tick", async () => {
    const { machine, hostTime, arrivals } = await idling({ timerSlackMs: 0 });
    await machine.runUntil(1e9);
    expect(Math.max(...arrivals.map(({ virtualNs, hostNs }) => hostNs - virtualNs))).toBeLessThan(0.1e6);
    expect(wakings(hostTime)).toBeLessThanOrEqual(1001);
    await machine.dispose();
  });

  it("does not sleep past the goal of a run", async () => {
    const { machine, hostTime } = await idling();
    const start = hostTime.now;
    await machine.runUntil(5e9);
    const past = 123_456;
    await machine.runUntil(5e9 + 300e6 + past);
    expect(Math.abs(hostTime.now - start - 5.3e9 - past)).toBeLessThan(0.1e6);
    await machine.dispose();
  });

  it("takes a far timer on time", async () => {
    const { machine, arrivals } = await idling({}, 1, profileOf(["/pic", pic], ["/timer", ticker, { period: 1e9 }]));
    await machine.runUntil(8e9);
    expect(Math.max(...arrivals.map(({ virtualNs, hostNs }) => hostNs - virtualNs))).toBeLessThan(0.1e6);
    await machine.dispose();
  });

  it("hears an interrupt at once, and has exact timers from then on", async () => {
    const { machine, hostTime, arrivals } = await dozing(150);
    const [at, virtual] = [hostTime.now, machine.clock.nowNs];
    hostTime.now += 40e6;
    machine.get(Line).receive(65);
    for (let turns = 0; turns < 3; turns++) await turn();
    expect(arrivals.some(({ vector }) => vector === 4)).toBe(true);
    // it has caught up, tick by tick, while no host time passed
    expect(arrivals.filter(({ vector }) => vector === 0)).toHaveLength(40);
    expect(hostTime.now - at).toBeLessThan(40.1e6);
    expect(machine.clock.nowNs - virtual).toBeGreaterThan(39e6);
    expect(hostTime.sleeps).toHaveLength(1);
    expect(hostTime.sleeps[0]).toBeLessThanOrEqual(1);
    await machine.dispose();
  });

  it("hears of a timer that input arms behind the next tick", async () => {
    const { machine, hostTime } = await dozing(150);
    const { clock } = machine;
    const at: number[] = [];
    const timer = clock.timer("input", () => at.push(clock.nowNs));
    const due = clock.nowNs + 20.5e6;
    hostTime.now += 40e6;
    timer.arm(due);
    for (let turns = 0; turns < 3; turns++) await turn();
    expect(at).toEqual([due]);
    await machine.dispose();
  });

  it("pauses at once", async () => {
    const { machine } = await dozing(150);
    await machine.pause();
    expect(machine.state).toBe("paused");
    await machine.dispose();
  });
});

describe("a guest that works", () => {
  it.each([
    [60_000, 10],
    [40_000, 200],
  ])("has timers on time or not by what it executes: %d instructions a tick, sleeps of up to %d ms", async (instructions, longest) => {
    const { machine, hostTime } = await idling({}, instructions, profileOf(["/pic", pic], ["/timer", ticker, { period: 10e6 }]));
    await machine.runUntil(3e9);
    expect(Math.max(...hostTime.sleeps)).toBeLessThanOrEqual(longest);
    expect(Math.max(...hostTime.sleeps)).toBeGreaterThan(longest * 0.9);
    await machine.dispose();
  });

  it("has timers on time while the host works for it", async () => {
    const started: ((result: number) => void)[] = [];
    const services = new HostServices().provide(Work, { begin: () => new Promise<number>((resolve) => started.push(resolve)) });
    const { machine, hostTime } = await idling({ services }, 1, profileOf(["/pic", pic], ["/timer", ticker, { period: TICK_NS }], ["/w", worker]));
    await machine.runUntil(3e9);
    expect(Math.max(...hostTime.sleeps)).toBeGreaterThan(100);
    machine.ports.write8(0x300, 0);
    hostTime.sleeps.length = 0;
    await machine.runUntil(5e9);
    expect(Math.max(...hostTime.sleeps)).toBeLessThanOrEqual(1);
    started[0](7);
    await machine.runUntil(8e9);
    expect(machine.get(Worker).results).toEqual([7]);
    expect(Math.max(...hostTime.sleeps)).toBeGreaterThan(100);
    await machine.dispose();
  });
});
