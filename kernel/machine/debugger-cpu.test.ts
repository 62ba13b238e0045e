/** The debugger's stops with the kernel's own processor: exact, wherever slices and steps end. */
import { describe, expect, it } from "vitest";
import { Cpu } from "../cpu/index.js";
import { assemble, pic, profileOf, ticker } from "./testing/devices.js";

const CODE = 0x1000;
const DATA = 0x8000;
/** `inc eax` seven times, `mov [8000h], eax`, `inc ecx`, back to the start: addresses of the instructions. */
const PROGRAM = [...Array<number>(7).fill(0x40), 0xa3, 0x00, 0x80, 0x00, 0x00, 0x41, 0xeb, 0xf1];
const STORE = CODE + 7;
const COUNT = CODE + 12;
const ROUND = 10;

const running = async () => {
  const { machine } = await assemble(profileOf(["/pic", pic], ["/timer", ticker, { period: 1000 }]), { createCpu: (space, ports) => new Cpu(space, ports) });
  machine.memory.write(CODE, Uint8Array.from(PROGRAM));
  machine.cpu.startFlat32({ eip: CODE, gdt: { base: 0, limit: 0 }, codeSelector: 8, dataSelector: 16 });
  return machine;
};

describe("a breakpoint of the processor's", () => {
  it("is met each time round, however the run is cut", async () => {
    for (const cut of [1, 3, 8, 97]) {
      const machine = await running();
      const { cpu } = machine;
      cpu.debug.setBreakpoints([COUNT]);
      const met: number[] = [];
      machine.events.on("debug-stop", () => met.push(cpu.instructionCount));
      while (cpu.instructionCount < 35) await machine.runFor(Math.min(cut, 35 - cpu.instructionCount));
      expect([cut, met]).toEqual([cut, [8, 18, 28]]);
      await machine.dispose();
    }
  });

  it("is met by a run in the background whose slices end at timers", async () => {
    const machine = await running();
    machine.cpu.debug.setBreakpoints([COUNT]);
    // The timer is due every 100 instructions; the first breakpoints are as well.
    expect(await machine.runFor(8)).toBe(false);
    for (let round = 1; round <= 50; round++) {
      expect(await machine.runFor(1000)).toBe(false);
      expect(machine.cpu.instructionCount).toBe(8 + round * ROUND);
    }
    await machine.dispose();
  });

  it("does not hold up a single step", async () => {
    const machine = await running();
    const { cpu } = machine;
    cpu.debug.setBreakpoints(PROGRAM.map((_, offset) => CODE + offset));
    for (let count = 1; count <= 25; count++) {
      await machine.step();
      expect(cpu.instructionCount).toBe(count);
    }
    expect(cpu.registers.eax).toBe(19);
    await machine.dispose();
  });
});

describe("a watchpoint of the processor's", () => {
  it("stops behind the access, and a step that makes it tells at once", async () => {
    const machine = await running();
    const { cpu } = machine;
    cpu.debug.setWatchpoints([{ address: DATA + 2, length: 2, on: "write" }]);
    expect(await machine.runFor(100)).toBe(false);
    expect([cpu.instructionCount, cpu.registers.eip]).toEqual([8, COUNT]);
    expect(cpu.debug.stopped).toMatchObject({ kind: "watchpoint", address: DATA + 2, access: "write" });
    cpu.setRegister("eip", STORE);
    await machine.step();
    expect(cpu.instructionCount).toBe(9);
    expect(cpu.debug.stopped).toMatchObject({ kind: "watchpoint" });
    await machine.step();
    expect([cpu.instructionCount, cpu.debug.stopped]).toEqual([10, undefined]);
    await machine.dispose();
  });
});

describe("the instruction pointer", () => {
  it("is exact for a device that is being accessed", async () => {
    const machine = await running();
    // `inc eax; out 80h, al; inc eax; mov [C0000000h], al`
    machine.memory.write(CODE, Uint8Array.of(0x40, 0xe6, 0x80, 0x40, 0xa2, 0, 0, 0, 0xc0, 0xeb, 0xf5));
    const seen: number[] = [];
    const trace = { ranges: [{ first: 0, last: 0xffff_ffff }], listener: () => void seen.push(machine.cpu.registers.eip) };
    machine.ports.trace(trace);
    machine.memory.mmio.trace(trace);
    await machine.runFor(100);
    expect(new Set(seen)).toEqual(new Set([CODE + 1, CODE + 4]));
    await machine.dispose();
  });
});
