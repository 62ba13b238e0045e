/** Breakpoints, watchpoints and trace as a debugger uses them. */
import { afterEach, describe, expect, it } from "vitest";
import type { Cpu } from "../../kernel/cpu/index.js";
import { bench, CODE, Scenario } from "./scenario.js";

const WATCHED = 0x9000;
const START = { registers: { ecx: 3 } } as const;

/** Counts EBX up three times; EDX counts what comes before the loop's top. */
const counter = (): { cpu: Cpu; top: number; end: number } => {
  const s = new Scenario(START);
  const top = CODE + 1;
  // inc edx; top: inc ebx; mov [WATCHED], ebx; loop top; hlt
  s.code((a) => a.b(0x42).label("top").b(0x43, 0x89, 0x1d).d(WATCHED).near8("top", 0xe2).hlt());
  return { cpu: s.boot().cpu, top, end: CODE + 10 };
};

afterEach(() => {
  const { debug } = bench().cpu;
  debug.setBreakpoints([]);
  debug.setWatchpoints([]);
  debug.trace(undefined);
  debug.holdInterrupts = false;
});

describe("a breakpoint", () => {
  it("stops before its instruction, each time, and lets it run when asked to go on", () => {
    const { cpu, top } = counter();
    cpu.debug.setBreakpoints([top]);
    for (let round = 0; round < 3; round++) {
      cpu.run(1000);
      expect(cpu.debug.stopped).toEqual({ kind: "breakpoint", address: top });
      expect([cpu.registers.eip, cpu.registers.ebx]).toEqual([top, round]);
    }
    cpu.run(1000);
    expect(cpu.debug.stopped).toBeUndefined();
    expect([cpu.halted, cpu.registers.ebx]).toEqual([true, 3]);
  });
  it("does not change what is executed, nor how much", () => {
    const { cpu, top } = counter();
    const start = cpu.instructionCount;
    cpu.run(1000);
    const plain = cpu.instructionCount - start;
    const again = counter().cpu;
    const from = again.instructionCount;
    again.debug.setBreakpoints([top]);
    while (!again.halted) again.run(1000);
    expect(again.instructionCount - from).toBe(plain);
  });
  it("is gone when it is taken away, also from code that has run meanwhile", () => {
    const { cpu, top } = counter();
    cpu.debug.setBreakpoints([top]);
    cpu.run(1000);
    cpu.debug.setBreakpoints([]);
    cpu.run(1000);
    expect([cpu.debug.stopped, cpu.halted]).toEqual([undefined, true]);
  });
  it("is met by code that is already translated", () => {
    const { cpu, top } = counter();
    cpu.run(2);
    cpu.debug.setBreakpoints([top]);
    cpu.run(1000);
    expect(cpu.debug.stopped).toEqual({ kind: "breakpoint", address: top });
    expect(cpu.registers.ebx).toBe(1);
  });
  it("of the guest's own debug registers is the guest's: the debugger sees nothing of it", () => {
    const s = new Scenario({ ...START });
    s.code((a) =>
      a
        .mov("eax", CODE + 0x40)
        .b(0x0f, 0x23, 0xc0)
        .mov("eax", 2)
        .b(0x0f, 0x23, 0xf8)
        .nop(0x40)
        .hlt(),
    );
    const { cpu } = s.boot();
    cpu.run(1000);
    expect([cpu.debug.stopped, cpu.registers.eip]).toEqual([undefined, 0x4002]);
  });
});

describe("a watchpoint", () => {
  it("stops after the instruction that has written", () => {
    const { cpu, top } = counter();
    const watchpoint = { address: WATCHED + 1, length: 1, on: "write" } as const;
    cpu.debug.setWatchpoints([watchpoint]);
    for (let round = 1; round <= 3; round++) {
      cpu.run(1000);
      expect(cpu.debug.stopped).toEqual({ kind: "watchpoint", address: WATCHED + 1, access: "write", watchpoint });
      expect([cpu.registers.eip, cpu.registers.ebx]).toEqual([top + 7, round]);
    }
    cpu.run(1000);
    expect([cpu.debug.stopped, cpu.halted]).toEqual([undefined, true]);
  });
  it("for writes lets reads pass; for accesses it does not", () => {
    for (const on of ["write", "access"] as const) {
      const s = new Scenario();
      s.code((a) => a.load(WATCHED).nop(4).hlt());
      const { cpu } = s.boot();
      cpu.debug.setWatchpoints([{ address: WATCHED, length: 4, on }]);
      cpu.run(1000);
      expect(cpu.debug.stopped?.kind).toBe(on === "write" ? undefined : "watchpoint");
      if (on === "access") expect(cpu.registers.eip).toBe(CODE + 5);
    }
  });
  it("stops inside REP MOVS after the element that has touched it", () => {
    const s = new Scenario({ registers: { esi: 0xa000, edi: 0x9000, ecx: 64 } });
    s.code((a) => a.b(0xf3, 0xa5).hlt());
    const { cpu } = s.boot();
    cpu.debug.setWatchpoints([{ address: 0x9010, length: 4, on: "write" }]);
    cpu.run(1000);
    expect(cpu.debug.stopped?.kind).toBe("watchpoint");
    expect([cpu.registers.edi, cpu.registers.ecx, cpu.registers.eip]).toEqual([0x9014, 59, CODE]);
    cpu.run(1000);
    expect([cpu.registers.ecx, cpu.halted]).toEqual([0, true]);
  });
  it("refuses lengths that make no sense", () => {
    const { cpu } = counter();
    for (const length of [0, -1, 1.5, 5000]) expect(() => cpu.debug.setWatchpoints([{ address: 0, length, on: "write" }])).toThrow(RangeError);
  });
});

describe("a trap that is due when a run ends", () => {
  const program = (): Cpu => {
    const s = new Scenario();
    // dr0 = WATCHED, dr7: a write of a byte; mov [WATCHED], eax; then nothing
    s.code((a) => a.mov("eax", WATCHED).b(0x0f, 0x23, 0xc0).mov("eax", 0x1_0002).b(0x0f, 0x23, 0xf8).store(WATCHED).nop(4).hlt());
    const { cpu } = s.boot();
    cpu.run(5);
    expect(cpu.registers.eip).toBe(CODE + 21);
    return cpu;
  };
  it("goes into a snapshot and comes out of it", () => {
    const cpu = program();
    const saved = cpu.save();
    cpu.reset();
    cpu.load(saved);
    cpu.run(100);
    // the HLT of vector 1
    expect(cpu.registers.eip).toBe(0x4002);
  });
  it("is gone with a reset", () => {
    const cpu = program();
    cpu.reset();
    const quiet = new Scenario();
    quiet.code((a) => a.nop(4).hlt());
    const again = quiet.boot().cpu;
    again.run(100);
    expect(again.registers.eip).toBe(CODE + 5);
  });
});

describe("a trace", () => {
  it("tells every instruction before it executes, with its count", () => {
    const { cpu, top, end } = counter();
    const seen: string[] = [];
    const from = cpu.instructionCount;
    cpu.debug.trace(({ address, count }) => seen.push(`${count - from} ${address.toString(16)}`));
    cpu.run(1000);
    const loop = [top, top + 1, top + 7];
    expect(seen).toEqual([CODE, ...loop, ...loop, ...loop, end].map((address, index) => `${index} ${address.toString(16)}`));
  });
});

describe("interrupts held", () => {
  it("wait until they are let in again", () => {
    const s = new Scenario({ eflags: 0x202 });
    s.code((a) => a.nop(10).hlt());
    const { cpu } = s.boot();
    cpu.connect({ acknowledge: () => 0x21 });
    cpu.intr(true);
    cpu.debug.holdInterrupts = true;
    cpu.run(1);
    expect(cpu.registers.eip).toBe(CODE + 1);
    cpu.debug.holdInterrupts = false;
    cpu.run(1);
    expect(cpu.registers.eip).toBe(0x4022);
    cpu.intr(false);
  });
});
