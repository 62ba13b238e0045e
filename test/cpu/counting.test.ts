import { describe, expect, it } from "vitest";
import * as S from "../../kernel/cpu/state.js";
import type { Assembler } from "./assemble.js";
import { CODE, CODE0, CODE3, DATA0, GATE, Scenario } from "./scenario.js";

/** State after each instruction, found by single steps; then `run(n)` from the start must end in the n-th. */
const exact = (s: Scenario, most = 500, step = 1): void => {
  const { cpu, memory } = s.boot();
  const begin = cpu.save();
  const ram = memory.ram.slice(0, 0x2_0000);
  const start = cpu.instructionCount;
  const states: string[] = [];
  const look = (): string => {
    const { eip, eax, ecx, edx, ebx, esp, esi, edi, eflags } = cpu.registers;
    return [eip, eax, ecx, edx, ebx, esp, esi, edi, eflags, memory.words[S.SEL + S.CS]].map((value) => value.toString(16)).join(" ");
  };
  for (let done = 0; done < most; done++) {
    cpu.run(1);
    expect(cpu.instructionCount - start).toBe(done + 1);
    states.push(look());
  }
  for (let n = 1; n <= most; n += step) {
    memory.ram.set(ram);
    cpu.load(begin);
    cpu.run(n);
    expect(cpu.instructionCount - start, `run(${n})`).toBe(n);
    expect(look(), `run(${n})`).toBe(states[n - 1]);
  }
  // the same without a fresh start: pieces of all sizes, code already decoded
  memory.ram.set(ram);
  cpu.load(begin);
  for (let n = 1, total = 0; total + n <= most; total += n, n++) {
    cpu.run(n);
    expect(look(), `piece of ${n} after ${total}`).toBe(states[total + n - 1]);
  }
};

const program = (make: (a: Assembler) => void, start: ConstructorParameters<typeof Scenario>[0] = {}): Scenario => {
  const s = new Scenario(start);
  s.code(make);
  return s;
};

describe("run(n) executes exactly n instructions", () => {
  it("in a straight line", () => {
    exact(
      program((a) => {
        for (let count = 0; count < 200; count++) a.b(0x40, 0x01, 0xc3, 0x31, 0xd1);
        a.label("end").near8("end", 0xeb);
      }),
    );
  });
  it("in a straight line across pages", () => {
    const s = new Scenario();
    s.memory.fill(0x40, CODE, CODE + 0x1000);
    s.state.eip = CODE + 0xe80;
    s.memory.fill(0x43, CODE + 0x1000, CODE + 0x1200);
    exact(s);
  });
  it("in loops of one to seven instructions", () => {
    for (let size = 1; size <= 7; size++) {
      exact(
        program((a) => {
          a.label("top");
          for (let count = 1; count < size; count++) a.b(0x40);
          a.near8("top", 0xeb);
        }),
        300,
        7,
      );
    }
  });
  it("with LOOP, JECXZ and conditional jumps taken and not", () => {
    exact(program((a) => a.label("outer").mov("ecx", 9).label("inner").b(0x40, 0xa8, 3).near8("skip", 0x75).b(0x43).label("skip").near8("inner", 0xe2).near8("outer", 0xe3)));
  });
  it("with calls to other pages and back", () => {
    const s = program(
      (a) =>
        a
          .label("top")
          .b(0xe8)
          .d(0xc000 - (CODE + 5))
          .b(0x40)
          .b(0xff, 0xd2)
          .near8("top", 0xeb),
      { registers: { edx: 0xdffe } },
    );
    s.put8(0xc000, 0x43, 0x53, 0x58, 0xc3);
    // a routine across a page boundary
    s.put8(0xdffe, 0x81, 0xc6, 4, 3, 2, 1, 0xc2, 0, 0);
    exact(s);
  });
  it("with REP, which counts once for each page at most", () => {
    const s = program(
      (a) =>
        a
          .label("top")
          .mov("ecx", 0x300)
          .mov("edi", 0xcf00)
          .b(0xf3, 0xab)
          .mov("ecx", 0x900)
          .mov("esi", 0xcff0)
          .mov("edi", 0xe0f0)
          .b(0xf3, 0xa4)
          .mov("ecx", 1500)
          .mov("edi", 0xc000)
          .b(0xf2, 0xae)
          .near8("top", 0xeb),
      { registers: { eax: 0x1234_5678 } },
    );
    exact(s, 120);
  });
  it("with interrupts and returns", () => {
    const s = program((a) => a.label("top").b(0x40).int(0x40).b(0x43).near8("top", 0xeb));
    s.gate(0x40, CODE0, 0xc000, GATE.trap32).put8(0xc000, 0x42, 0x42, 0xcf);
    exact(s);
  });
  it("with faults, whose delivery counts as one", () => {
    const s = program((a) => a.label("top").b(0x40, 0x0f, 0x0b, 0x43).near8("top", 0xeb));
    s.gate(6, CODE0, 0xc000, GATE.interrupt32).put8(0xc000, 0x83, 0x04, 0x24, 2, 0xcf);
    exact(s);
  });
  it("in ring 3 with far calls through a gate", () => {
    const s = program((a) => a.label("top").b(0x40).far(0x9a, 0x63, 0).b(0x43).near8("top", 0xeb), { cs: CODE3 });
    s.callGate(0x60, CODE0, 0xc000, GATE.call32 | 0x60).put8(0xc000, 0x42, 0xcb);
    exact(s, 300);
  });
  it("when code is written over as it runs", () => {
    // inc dword [operand]: each round adds one more
    const s = program((a) => a.label("top").b(0xff, 0x05).address("operand").b(0x05).label("operand").d(0).b(0x40).near8("top", 0xeb));
    exact(s, 300);
  });
  it("with STI, MOV SS and POPF, which look around", () => {
    exact(
      program((a) => a.label("top").b(0xfb, 0x40, 0xfa).b(0x8e, 0xd2, 0x43, 0x9c, 0x9d, 0x41).near8("top", 0xeb), { registers: { edx: DATA0 } }),
      300,
    );
  });
  it("in 16-bit code", () => {
    const s = new Scenario({ mode: "real", cs: 0x700, eip: 0, ss: 0x800, esp: 0x100, ds: 0x900, es: 0xa00, fs: 0, gs: 0 });
    s.code((a) => a.label("top").b(0x40, 0x01, 0x07, 0xe8, 3, 0, 0xe2, 0xf8).near8("top", 0xeb).b(0x43, 0x50, 0x5a, 0xc3));
    s.put8(0x7000, 0x40, 0x01, 0x07, 0xe8, 4, 0, 0xe2, 0xf8, 0xeb, 0xf6, 0x43, 0x50, 0x5a, 0xc3);
    exact(s, 400);
  });
});

describe("run", () => {
  it("adds up over long stretches", () => {
    const s = program((a) => a.label("top").b(0x40).near8("top", 0xeb));
    const { cpu } = s.boot();
    const start = cpu.instructionCount;
    for (const n of [1, 65, 66, 67, 1000, 99_999, 500_000]) cpu.run(n);
    const total = 1 + 65 + 66 + 67 + 1000 + 99_999 + 500_000;
    expect([cpu.instructionCount - start, cpu.registers.eax]).toEqual([total, Math.ceil(total / 2)]);
  });
  it("returns early when asked to, at the end of a block", () => {
    const s = program((a) => a.label("top").b(0x40, 0xe6, 0x50).near8("top", 0xeb));
    const { cpu, ports } = s.boot();
    const start = cpu.instructionCount;
    const mapping = ports.map(0x50, 1, { write8: () => cpu.requestExit() }, "test", false);
    cpu.run(10_000);
    mapping.unmap();
    expect(cpu.instructionCount - start).toBe(2);
  });
  it("shows handlers the exact count", () => {
    const s = program((a) => a.label("top").nop(3).b(0xe6, 0x50).near8("top", 0xeb));
    const { cpu, ports } = s.boot();
    const start = cpu.instructionCount;
    const seen: number[] = [];
    const mapping = ports.map(0x50, 1, { write8: () => seen.push(cpu.instructionCount - start) }, "test", false);
    cpu.run(200);
    mapping.unmap();
    expect(seen).toEqual(Array.from({ length: 40 }, (_, round) => round * 5 + 3));
  });
  it("goes on from a saved state as if nothing had been", () => {
    const s = program((a) => a.label("top").mov("ecx", 700).mov("edi", 0xc123).b(0xf3, 0xab, 0x40, 0x01, 0xc3, 0xf7, 0xe3).near8("top", 0xeb));
    const { cpu, memory } = s.boot();
    cpu.run(333);
    const state = cpu.save();
    const ram = memory.ram.slice();
    cpu.run(5000);
    const first = [cpu.registers, cpu.instructionCount];
    cpu.reset();
    memory.ram.set(ram);
    cpu.load(state);
    cpu.run(5000);
    expect([cpu.registers, cpu.instructionCount]).toEqual(first);
  });
});
