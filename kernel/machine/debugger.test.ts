/** Stops for the debugger: what becomes of the run, of the machine's state, and of what was due. */
import { describe, expect, it } from "vitest";
import type { DebugStop } from "../cpu/debug.js";
import { HostServices } from "./plugin-host.js";
import { assemble, line, pic, profileOf, Ticker, ticker, Work, Worker, worker } from "./testing/devices.js";
import { turn } from "./testing/fake-host.js";

const board = profileOf(["/pic", pic], ["/timer", ticker], ["/line", line]);
const turns = async (count = 20): Promise<void> => {
  for (let each = 0; each < count; each++) await turn();
};
const assembled = async (profile = board, options = {}) => {
  const made = await assemble(profile, options);
  const stops: DebugStop[] = [];
  const states: string[] = [];
  made.machine.events.on("debug-stop", (stop) => stops.push(stop));
  made.machine.events.on("state", (state) => states.push(state));
  return { ...made, stops, states };
};

describe("a breakpoint", () => {
  it("pauses a machine that runs in the background, where it is and no further", async () => {
    const { machine, cpu, stops, states } = await assembled();
    cpu.debug.setBreakpoints([70_000]);
    await machine.start();
    await turns();
    expect(machine.state).toBe("paused");
    expect(cpu.instructionCount).toBe(70_000);
    expect(stops).toEqual([{ kind: "breakpoint", address: 70_000 }]);
    expect(states).toEqual(["running", "paused"]);
    await machine.pause();
    expect(cpu.instructionCount).toBe(70_000);
    cpu.debug.setBreakpoints([70_001]);
    machine.resume();
    await turns();
    expect([machine.state, cpu.instructionCount, stops.length]).toEqual(["paused", 70_001, 2]);
    await machine.dispose();
  });

  it("may be answered by letting the machine run on at once", async () => {
    const { machine, cpu, stops } = await assembled();
    cpu.debug.setBreakpoints([10, 20, 30]);
    machine.events.on("debug-stop", () => stops.length < 3 && machine.resume());
    await machine.start();
    await turns();
    expect([machine.state, cpu.instructionCount, stops.length]).toEqual(["paused", 30, 3]);
    await machine.dispose();
  });

  it("ends foreground runs early", async () => {
    const { machine, cpu, stops, states } = await assembled();
    cpu.debug.setBreakpoints([100, 200, 300]);
    expect(await machine.runFor(1000)).toBe(false);
    expect(cpu.instructionCount).toBe(100);
    expect(await machine.runUntil(1e9)).toBe(false);
    expect(cpu.instructionCount).toBe(200);
    await machine.step(1000);
    expect(cpu.instructionCount).toBe(300);
    await machine.step();
    expect(cpu.instructionCount).toBe(301);
    expect(await machine.runFor(99)).toBe(true);
    expect(stops.map((stop) => stop.address)).toEqual([100, 200, 300]);
    expect(states).toEqual(["running", "paused", "running", "paused", "running", "paused"]);
    await machine.dispose();
  });

  it("changes nothing of when timers fire", async () => {
    const hashes: string[] = [];
    for (const breakpoints of [[], [99_999, 100_000, 100_001, 150_000]]) {
      const { machine, cpu, stops } = await assembled();
      cpu.program = () => {
        cpu.accumulator = (Math.imul(cpu.accumulator, 31) + machine.get(Ticker).ticks) | 0;
      };
      cpu.debug.setBreakpoints(breakpoints);
      while (cpu.instructionCount < 500_000) await machine.runFor(500_000 - cpu.instructionCount);
      expect(stops).toHaveLength(breakpoints.length);
      hashes.push(machine.stateHash());
      await machine.dispose();
    }
    expect(hashes[0]).toBe(hashes[1]);
  });

  it("pauses with host work outstanding, which is done when the machine runs on", async () => {
    const started: ((result: number) => void)[] = [];
    const services = new HostServices().provide(Work, { begin: () => new Promise<number>((resolve) => started.push(resolve)) });
    const { machine, cpu } = await assembled(profileOf(["/w", worker]), { services });
    machine.ports.write8(0x300, 0);
    cpu.debug.setBreakpoints([100]);
    await machine.start();
    await turns();
    expect([machine.state, cpu.instructionCount, machine.outstandingWork]).toEqual(["paused", 100, 1]);
    started[0](7);
    expect(await machine.runFor(10_000)).toBe(true);
    expect(machine.get(Worker).results).toEqual([7]);
    await machine.dispose();
  });

  it("met on the way to a pause or a save ends there, and is told once", async () => {
    const started: ((result: number) => void)[] = [];
    const services = new HostServices().provide(Work, { begin: () => new Promise<number>((resolve) => started.push(resolve)) });
    for (const action of ["pause", "save"] as const) {
      const { machine, cpu, stops, host } = await assembled(profileOf(["/pic", pic], ["/w", worker]), { services });
      host.drift = 20e6;
      await machine.start();
      await turns(3);
      // Outstanding for longer than the pause waits: the machine has to run on.
      machine.ports.write8(0x300, 0);
      cpu.debug.setBreakpoints([cpu.instructionCount + 1000]);
      const at = cpu.instructionCount + 1000;
      const done = machine[action]();
      await turns();
      for (const each of started.splice(0)) each(1);
      await done;
      await turns();
      expect([machine.state, stops]).toEqual(["paused", [{ kind: "breakpoint", address: at }]]);
      await machine.dispose();
    }
  });

  it("gives way to a power-off asked for by the same instruction", async () => {
    const { machine, cpu, stops } = await assembled();
    cpu.debug.setBreakpoints([50]);
    cpu.program = () => cpu.instructionCount === 50 && machine.powerOff("test");
    await machine.start();
    expect(await machine.exit).toEqual({ kind: "power-off", reason: "test" });
    expect(stops).toEqual([]);
  });
});

describe("a watchpoint", () => {
  it("stops behind the access and says which", async () => {
    const { machine, cpu, stops } = await assembled();
    const watchpoint = { address: 0x1000, length: 4, on: "write" } as const;
    cpu.debug.setWatchpoints([watchpoint]);
    cpu.program = () => cpu.debug.touch(0x1000 + cpu.instructionCount, cpu.instructionCount === 2 ? "write" : "read");
    await machine.start();
    await turns();
    expect(stops).toEqual([{ kind: "watchpoint", address: 0x1002, access: "write", watchpoint }]);
    expect(cpu.instructionCount).toBe(2);
    await machine.dispose();
  });
});

describe("a step", () => {
  it("at HLT waits for an interrupt, or until it is told not to", async () => {
    const { machine, cpu, host } = await assembled(profileOf(["/pic", pic], ["/line", line]));
    cpu.program = () => cpu.halt();
    await machine.step();
    let enough = false;
    const step = machine.step(1, () => enough);
    await turns();
    expect([machine.state, cpu.instructionCount, host.sleeps.length]).toEqual(["paused", 1, 1]);
    enough = true;
    machine.wake();
    await step;
    expect(cpu.instructionCount).toBe(1);
    await machine.dispose();
  });
});
