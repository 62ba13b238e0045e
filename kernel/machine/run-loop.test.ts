import { describe, expect, it } from "vitest";
import { HostServices } from "./plugin-host.js";
import { assemble, Line, line, pic, profileOf, Ticker, ticker, Work, Worker, worker } from "./testing/devices.js";
import { FakeHostTime, turn } from "./testing/fake-host.js";

const board = profileOf(["/pic", pic], ["/timer", ticker], ["/line", line]);
const stateOf = (machine: Awaited<ReturnType<typeof assemble>>["machine"], path: string) => machine.devices.find(({ slot }) => slot.path === path)!.state;

/** Host work that finishes when the test says so. */
const manualWork = () => {
  const started: ((result: number) => void)[] = [];
  return { started, services: new HostServices().provide(Work, { begin: () => new Promise<number>((resolve) => started.push(resolve)) }) };
};

describe("deterministic run loop", () => {
  it("fires timers at exactly their time", async () => {
    const { machine } = await assemble(board);
    await machine.runUntil(4_990_000);
    expect(machine.get(Ticker).ticks).toBe(4);
    await machine.runUntil(5_000_000);
    expect(machine.get(Ticker).ticks).toBe(5);
    expect(stateOf(machine, "/timer")["lastNs"]).toBe(5_000_000);
    await machine.dispose();
  });

  it("jumps over HLT without executing and without sleeping", async () => {
    const { machine, cpu, host } = await assemble(board);
    cpu.program = () => cpu.halt();
    await machine.runUntil(100e6);
    expect(machine.clock.nowNs).toBe(100e6);
    expect(machine.get(Ticker).ticks).toBe(100);
    expect(cpu.instructionCount).toBe(100);
    expect(host.sleeps).toEqual([]);
    await machine.dispose();
  });

  it("is the same whatever the host's speed and however it is cut into runs", async () => {
    const run = async (drift: number, cuts: number[]): Promise<string> => {
      const hostTime = new FakeHostTime();
      hostTime.drift = drift;
      const { machine, cpu } = await assemble(board, { hostTime });
      cpu.program = () => {
        cpu.accumulator = (Math.imul(cpu.accumulator, 31) + machine.get(Ticker).ticks) | 0;
      };
      for (const cut of cuts) await machine.runFor(cut);
      const hash = machine.stateHash();
      await machine.dispose();
      return hash;
    };
    const hash = await run(1, [500_000]);
    expect(await run(5e6, [500_000])).toBe(hash);
    expect(await run(1e5, [1, 99_999, 12_345, 387_655])).toBe(hash);
    expect(await run(1, [500_001])).not.toBe(hash);
  });

  it("waits for host work at exactly its due time", async () => {
    const times: number[][] = [];
    for (const late of [false, true]) {
      const { started, services } = manualWork();
      const { machine, cpu } = await assemble(profileOf(["/w", worker]), { services });
      machine.ports.write8(0x300, 0);
      if (!late) started[0](7);
      const run = machine.runFor(20_000);
      for (let turns = 0; turns < 5; turns++) await turn();
      if (late) {
        expect(cpu.instructionCount).toBe(5000);
        expect(machine.clock.nowNs).toBe(50_000);
        started[0](7);
      }
      await run;
      expect(cpu.instructionCount).toBe(20_000);
      expect(machine.get(Worker).results).toEqual([7]);
      times.push([...(stateOf(machine, "/w")["atNs"] as number[])]);
      await machine.dispose();
    }
    expect(times).toEqual([[50_000], [50_000]]);
  });

  it("delivers in order of due time, then of request, and failures too", async () => {
    const delivered: string[] = [];
    const { machine } = await assemble(board);
    const slot = machine.devices[0].board;
    const add = (name: string, latency: number, work = Promise.resolve()): void =>
      slot.complete(
        work,
        latency,
        () => delivered.push(name),
        (error) => delivered.push(`${name}: ${error.message}`),
      );
    add("late", 3000);
    add("first", 1000);
    add("second", 1000, Promise.reject(new Error("disk on fire")));
    add("at once", Number.NaN);
    expect(machine.outstandingWork).toBe(4);
    await machine.runFor(1000);
    expect(delivered).toEqual(["at once", "first", "second: disk on fire", "late"]);
    await machine.dispose();
  });

  it("sleeps without processor time until input arrives when nothing is scheduled", async () => {
    const { machine, cpu, host } = await assemble(profileOf(["/pic", pic], ["/line", line]));
    cpu.program = () => cpu.halt();
    await machine.start();
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(cpu.instructionCount).toBe(1);
    expect(host.sleeps).toEqual([60_000]);
    machine.get(Line).receive(65);
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(cpu.instructionCount).toBe(2);
    expect(host.sleeps).toEqual([60_000, 60_000]);
    await machine.pause();
    expect(await machine.runFor(10)).toBe(false);
    await machine.dispose();
  });

  it("lets the host's event loop run about every 10 ms of its time", async () => {
    const hostTime = new FakeHostTime();
    hostTime.drift = 1e6;
    const { machine, cpu } = await assemble(board, { hostTime });
    await machine.runFor(100 * 65_536);
    expect(hostTime.yields).toBeGreaterThanOrEqual(cpu.budgets.length / 11 - 2);
    expect(hostTime.yields).toBeLessThanOrEqual(cpu.budgets.length / 9);
    await machine.dispose();
  });

  it("ends a disposal although the host never finishes", async () => {
    const { services } = manualWork();
    const { machine } = await assemble(profileOf(["/w", worker]), { services });
    machine.ports.write8(0x300, 0);
    await machine.start();
    for (let turns = 0; turns < 3; turns++) await turn();
    await machine.dispose();
    expect(await machine.exit).toEqual({ kind: "stopped" });
  });

  it("pauses with no host work outstanding", async () => {
    const { started, services } = manualWork();
    const { machine, cpu } = await assemble(profileOf(["/w", worker]), { services });
    let writes = 0;
    cpu.program = () => {
      if (writes++ === 0) machine.ports.write8(0x300, 0);
    };
    await machine.start();
    await turn();
    const pausing = machine.pause();
    expect(machine.outstandingWork).toBe(1);
    started[0](1);
    await pausing;
    expect(machine.outstandingWork).toBe(0);
    expect(machine.get(Worker).results).toEqual([1]);
    expect(machine.state).toBe("paused");
    await machine.dispose();
  });
});

describe("real-time run loop", () => {
  /** Host time advances with executed instructions, so the host has a speed. */
  const timed = async (profile = board, nsPerInstruction = 20) => {
    const hostTime = new FakeHostTime();
    hostTime.drift = 0;
    const made = await assemble(profile, { hostTime, clock: "real-time" });
    const start = hostTime.now;
    made.cpu.program = () => {
      hostTime.now += nsPerInstruction;
    };
    return { ...made, hostTime, elapsed: () => hostTime.now - start };
  };

  it.each([2, 20, 200])("tracks host time on a host of %d ns an instruction", async (speed) => {
    const { machine, elapsed } = await timed(board, speed);
    await machine.runUntil(200e6);
    expect(Math.abs(elapsed() - 200e6)).toBeLessThan(5e6);
    expect(machine.clock.nsPerInstruction).toBeGreaterThan(speed * 0.7);
    expect(machine.clock.nsPerInstruction).toBeLessThan(speed * 1.4);
    expect(machine.get(Ticker).ticks).toBeGreaterThanOrEqual(199);
    await machine.dispose();
  });

  it("sleeps at HLT until the next timer and loses none", async () => {
    const { machine, cpu, hostTime, elapsed } = await timed();
    cpu.program = () => cpu.halt();
    await machine.runUntil(50e6);
    expect(Math.abs(elapsed() - 50e6)).toBeLessThan(2e6);
    expect(hostTime.sleeps.length).toBeGreaterThanOrEqual(45);
    expect(cpu.instructionCount).toBeLessThan(60);
    expect(machine.get(Ticker).ticks).toBeGreaterThanOrEqual(49);
    await machine.dispose();
  });

  it("never turns time back", async () => {
    const { machine, cpu, hostTime } = await timed();
    let last = 0;
    let steps = 0;
    cpu.program = () => {
      expect(machine.clock.nowNs).toBeGreaterThanOrEqual(last);
      last = machine.clock.nowNs;
      hostTime.now += steps++ % 7 === 0 ? 500 : 1;
    };
    await machine.runFor(50_000);
    await machine.dispose();
  });

  it("jumps after the host was suspended, without a storm of ticks", async () => {
    const { machine, cpu, hostTime } = await timed();
    const { program } = cpu;
    await machine.runUntil(10e6);
    const { ticks } = machine.get(Ticker);
    cpu.program = () => {
      hostTime.now += 3600e9;
      cpu.program = program;
    };
    await machine.runFor(100_000);
    expect(machine.clock.nowNs).toBeGreaterThan(3600e9);
    expect(machine.get(Ticker).ticks - ticks).toBeLessThanOrEqual(5);
    await machine.runUntil(machine.clock.nowNs + 10e6);
    expect(machine.get(Ticker).ticks - ticks).toBeGreaterThanOrEqual(10);
    await machine.dispose();
  });

  it("does not count pauses", async () => {
    const { machine, hostTime } = await timed();
    await machine.runUntil(10e6);
    hostTime.now += 60e9;
    await machine.runUntil(20e6);
    expect(machine.clock.nowNs).toBeLessThan(21e6);
    await machine.dispose();
  });

  it("delivers host work when both the host and the clock are there", async () => {
    const { started, services } = manualWork();
    const hostTime = new FakeHostTime();
    hostTime.drift = 0;
    const { machine, cpu } = await assemble(profileOf(["/w", worker]), { hostTime, clock: "real-time", services });
    cpu.program = () => {
      hostTime.now += 10;
    };
    machine.ports.write8(0x300, 0);
    machine.ports.write8(0x300, 0);
    started[1](2);
    await machine.runFor(20_000);
    expect(machine.get(Worker).results).toEqual([2]);
    expect((stateOf(machine, "/w")["atNs"] as number[])[0]).toBeGreaterThanOrEqual(50_000);
    expect(machine.clock.nowNs).toBeGreaterThan(100_000);
    started[0](1);
    await machine.runFor(200_000);
    expect(machine.get(Worker).results).toEqual([2, 1]);
    await machine.dispose();
  });
});
