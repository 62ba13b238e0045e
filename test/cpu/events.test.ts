import { afterEach, describe, expect, it } from "vitest";
import * as S from "../../kernel/cpu/state.js";
import type { Assembler } from "./assemble.js";
import { bench, CODE, CODE0, CODE3, DATA0, GATE, HANDLERS, type Outcome, outcome, Scenario, STACK0 } from "./scenario.js";

const INTR = 0x30;

/** Runs with a request waiting on INTR from the start. */
const requested = (make: (a: Assembler) => void, eflags: number, instructions = 1000, prepare: (s: Scenario) => void = () => {}): Outcome => {
  const ends: Outcome[] = [];
  for (const way of ["block", "stepped"]) {
    const s = new Scenario({ eflags });
    prepare(s);
    s.code(make);
    const { cpu, memory } = s.boot();
    const start = cpu.instructionCount;
    cpu.connect({
      acknowledge: () => {
        cpu.intr(false);
        return INTR;
      },
    });
    cpu.intr(true);
    if (way === "block") cpu.run(instructions);
    else for (let done = 0; done < instructions && !cpu.halted; done++) cpu.run(1);
    cpu.intr(false);
    ends.push(outcome(cpu, memory, cpu.instructionCount - start));
  }
  expect([ends[0].vector, ends[0].eip, ends[0].eflags, ends[0].registers]).toEqual([ends[1].vector, ends[1].eip, ends[1].eflags, ends[1].registers]);
  return ends[0];
};

afterEach(() => bench().cpu.intr(false));

describe("interrupt requests", () => {
  it("are taken before the first instruction when allowed, never otherwise", () => {
    const taken = requested((a) => a.b(0x40).hlt(), 0x202);
    expect([taken.vector, taken.eip, taken.registers.eax, taken.eflags & 0x200]).toEqual([INTR, CODE, 0, 0x200]);
    expect(requested((a) => a.b(0x40).hlt(), 2).vector).toBe(-1);
  });
  it("wait for the instruction after STI", () => {
    const end = requested((a) => a.b(0xfb, 0x40, 0x43).hlt(), 2);
    expect([end.vector, end.eip, end.registers.eax, end.registers.ebx]).toEqual([INTR, CODE + 2, 1, 0]);
  });
  it("are not seen by STI, CLI", () => {
    const end = requested((a) => a.b(0xfb, 0xfa, 0x40).hlt(), 2);
    expect([end.vector, end.registers.eax]).toEqual([-1, 1]);
  });
  it("are seen after STI when IF was set already", () => {
    // the shadow belongs to the change of IF; the request comes from the port
    const s = new Scenario({ eflags: 0x202 });
    s.code((a) => a.b(0xe6, 0x50, 0xfb, 0x40).hlt());
    const { cpu, memory, ports } = s.boot();
    cpu.connect({ acknowledge: () => INTR });
    const mapping = ports.map(0x50, 1, { write8: () => cpu.intr(true) }, "test", false);
    cpu.run(1000);
    mapping.unmap();
    const end = outcome(cpu, memory, 0);
    expect([end.vector, end.eip]).toEqual([INTR, CODE + 2]);
  });
  it("wait for the instruction after MOV SS and POP SS, not after LSS", () => {
    const mov = requested((a) => a.mov("eax", DATA0).push(0x202).b(0x9d, 0x8e, 0xd0, 0x43, 0x43).hlt(), 2);
    // the request is taken after POPF at once
    expect([mov.vector, mov.eip]).toEqual([INTR, CODE + 11]);
    const shadow = (...code: number[]): number[] => {
      // out 50h raises the request while IF is set; then the instruction under test
      const s = new Scenario({ eflags: 0x202, registers: { eax: DATA0 } });
      s.put32(0x9000, STACK0 - 4, DATA0);
      s.code((a) =>
        a
          .push(DATA0)
          .b(...code, 0x43, 0x43)
          .hlt(),
      );
      const { cpu, memory } = s.boot();
      cpu.connect({ acknowledge: () => INTR });
      cpu.run(2);
      cpu.intr(true);
      cpu.run(1000);
      const end = outcome(cpu, memory, 0);
      cpu.intr(false);
      return [end.vector, end.eip - (CODE + 5 + code.length)];
    };
    expect(shadow(0x8e, 0xd0)).toEqual([INTR, 1]);
    expect(shadow(0x17)).toEqual([INTR, 1]);
    expect(shadow(0x0f, 0xb2, 0x25, 0x00, 0x90, 0, 0)).toEqual([INTR, 0]);
  });
  it("are seen at once after POPF and IRET set IF", () => {
    const popf = requested((a) => a.push(0x202).b(0x9d, 0x40).hlt(), 2);
    expect([popf.vector, popf.eip, popf.registers.eax]).toEqual([INTR, CODE + 6, 0]);
    const iret = requested(
      (a) =>
        a
          .push(0x202)
          .push(CODE0)
          .push(CODE + 0x40)
          .b(0xcf),
      2,
      1000,
      (s) => s.put8(CODE + 0x40, 0x40, 0xf4),
    );
    expect([iret.vector, iret.eip, iret.registers.eax]).toEqual([INTR, CODE + 0x40, 0]);
  });
  it("interrupt REP between elements and let it go on", () => {
    const s = new Scenario({ eflags: 0x202, registers: { ecx: 0x4000, edi: 0x1_0000, eax: 0x5a } });
    s.gate(INTR, CODE0, CODE + 0x40, GATE.interrupt32);
    // the handler counts and returns
    s.code((a) => a.b(0xff, 0x05).d(0x9000).b(0xcf), CODE + 0x40);
    s.code((a) => a.b(0xf3, 0xaa).hlt());
    const { cpu, memory } = s.boot();
    cpu.connect({
      acknowledge: () => {
        cpu.intr(false);
        return INTR;
      },
    });
    let requests = 0;
    for (let round = 0; round < 200 && !cpu.halted; round++) {
      if (round % 3 === 1) {
        cpu.intr(true);
        requests++;
      }
      cpu.run(2);
    }
    const end = outcome(cpu, memory, 0);
    expect([end.vector, end.registers.ecx, end.registers.edi]).toEqual([-1, 0, 0x1_4000]);
    expect(end.read32(0x9000)).toBeGreaterThanOrEqual(requests - 1);
    expect(memory.ram.subarray(0x1_0000, 0x1_4000).every((byte) => byte === 0x5a)).toBe(true);
    expect([end.read8(0xffff), end.read8(0x1_4000)]).toEqual([0, 0]);
  });
});

describe("HLT", () => {
  it("stops until an interrupt that is allowed, which returns behind it", () => {
    const s = new Scenario({ eflags: 0x202 });
    s.gate(INTR, CODE0, CODE + 0x40, GATE.interrupt32);
    s.code((a) => a.hlt().b(0x40, 0xfa).hlt());
    s.put8(CODE + 0x40, 0x43, 0xcf);
    const { cpu } = s.boot();
    cpu.connect({
      acknowledge: () => {
        cpu.intr(false);
        return INTR;
      },
    });
    cpu.run(1000);
    expect(cpu.halted).toBe(true);
    const count = cpu.instructionCount;
    cpu.run(1000);
    expect(cpu.instructionCount).toBe(count);
    cpu.intr(true);
    expect(cpu.halted).toBe(false);
    cpu.run(1000);
    expect([cpu.halted, cpu.registers.eax, cpu.registers.ebx, cpu.registers.eip]).toEqual([true, 1, 1, CODE + 4]);
    cpu.intr(true);
    expect(cpu.halted).toBe(true);
  });
  it("after STI is not missed by a request that came before", () => {
    const end = requested((a) => a.b(0xfb).hlt().b(0x40).hlt(), 2);
    expect([end.vector, end.eip, end.registers.eax]).toEqual([INTR, CODE + 2, 0]);
  });
});

describe("NMI", () => {
  it("wakes a halted processor with interrupts off and is not stacked until IRET", () => {
    const s = new Scenario();
    s.gate(2, CODE0, CODE + 0x40, GATE.interrupt32);
    s.code((a) => a.hlt().b(0x40).hlt());
    // out 50h, al; inc ebx; iret
    s.put8(CODE + 0x40, 0xe6, 0x50, 0x43, 0xcf);
    const { cpu, ports } = s.boot();
    const depth: number[] = [];
    const mapping = ports.map(
      0x50,
      1,
      {
        write8: () => {
          depth.push(cpu.registers.esp);
          if (depth.length < 3) cpu.nmi();
        },
      },
      "test",
      false,
    );
    cpu.run(1000);
    expect(cpu.halted).toBe(true);
    cpu.nmi();
    expect(cpu.halted).toBe(false);
    cpu.run(1000);
    mapping.unmap();
    // each handler has run after the one before returned
    expect(depth).toEqual([STACK0 - 12, STACK0 - 12, STACK0 - 12]);
    expect([cpu.halted, cpu.registers.ebx, cpu.registers.eax]).toEqual([true, 3, 1]);
  });
  it("waits for the end of a shadow", () => {
    const s = new Scenario();
    s.code((a) => a.seg("ss", DATA0).b(0x43, 0x43).hlt());
    const { cpu, memory } = s.boot();
    cpu.run(2);
    cpu.nmi();
    cpu.run(1000);
    const end = outcome(cpu, memory, 0);
    expect([end.vector, end.eip, end.registers.ebx]).toEqual([2, CODE + 8, 1]);
  });
});

describe("INIT", () => {
  it("restarts at the reset vector and keeps memory", () => {
    const s = new Scenario();
    s.put32(0x9000, 77);
    s.code((a) => a.label("top").near8("top", 0xeb));
    const { cpu, memory } = s.boot();
    cpu.run(100);
    cpu.init();
    cpu.run(1);
    expect([memory.words[S.SEL + S.CS], memory.words[S.CR0] & 1]).toEqual([0xf000, 0]);
    expect(outcome(cpu, memory, 0).read32(0x9000)).toBe(77);
  });
});

describe("single step", () => {
  /** Traps into a handler that logs EIP and goes on; ends at HLT. */
  const trace = (make: (a: Assembler) => void, registers: Record<string, number> = {}, prepare: (s: Scenario) => void = () => {}): { eips: number[]; end: Outcome } => {
    const s = new Scenario({ registers });
    const log = 0x1_0000;
    // push eax, ebx; mov eax, [esp + 8]; mov ebx, [log]; mov [log + ebx * 4 + 4], eax; inc dword [log]; pop ebx, eax; iret
    s.put8(0xc000, 0x50, 0x53, 0x8b, 0x44, 0x24, 8, 0x8b, 0x1d, 0, 0, 1, 0, 0x89, 0x04, 0x9d, 4, 0, 1, 0, 0xff, 0x05, 0, 0, 1, 0, 0x5b, 0x58, 0xcf);
    s.gate(1, CODE0, 0xc000, GATE.interrupt32);
    prepare(s);
    // push 102h; popf
    s.code((a) => {
      a.push(0x102).b(0x9d);
      make(a);
    });
    // HLT under TF ends with a trap behind it: the last entry
    s.put8(0xc000 + 0x20, 0xf4);
    const end = s.run();
    return { eips: Array.from({ length: end.read32(log) }, (_, at) => end.read32(log + 4 + at * 4) - (CODE + 6)), end };
  };
  /** Switches TF off: pushf; and byte [esp + 1], FEh; popf; hlt. */
  const off = (a: Assembler): Assembler => a.b(0x9c, 0x80, 0x64, 0x24, 1, 0xfe, 0x9d).hlt();
  const OFF = [1, 6, 7];
  const from = (at: number): number[] => OFF.map((more) => at + more);

  it("traps after each instruction, the one that clears TF included, not the one that sets it", () => {
    expect(trace((a) => off(a.b(0x40, 0x43))).eips).toEqual([1, 2, ...from(2)]);
  });
  it("sets BS in DR6", () => {
    const s = new Scenario({ eflags: 2 });
    s.code((a) => a.push(0x102).b(0x9d, 0x40, 0x43).hlt());
    const end = s.run();
    expect([end.vector, end.eip, end.eflags & 0x100, end.words[S.DR6] >>> 0, end.words[S.FLAGS] & 0x100]).toEqual([1, CODE + 7, 0x100, 0xffff_4ff0, 0]);
  });
  it("follows jumps and calls", () => {
    expect(trace((a) => off(a.b(0xeb, 1, 0x90, 0xe8, 0, 0, 0, 0, 0x58))).eips).toEqual([3, 8, 9, ...from(9)]);
  });
  it("traps after each element of REP", () => {
    const { eips, end } = trace((a) => off(a.b(0xf3, 0xaa)), { ecx: 3, edi: 0x9000, eax: 0x11 });
    expect(eips).toEqual([0, 0, 2, ...from(2)]);
    expect([end.read32(0x9000) & 0xffffff, end.registers.ecx]).toEqual([0x111111, 0]);
  });
  it("is held off by MOV SS for one instruction", () => {
    expect(trace((a) => off(a.b(0x8e, 0xd0, 0x40, 0x43)), { eax: DATA0 }).eips).toEqual([3, 4, ...from(4)]);
    expect(trace((a) => off(a.push(DATA0).b(0x17, 0x40))).eips).toEqual([5, 7, ...from(7)]);
  });
  it("does not trace a software interrupt's handler, and goes on behind it", () => {
    const { eips, end } = trace(
      (a) => off(a.int(0x40).b(0x40)),
      {},
      (s) => s.gate(0x40, CODE0, 0xd000, GATE.interrupt32).put8(0xd000, 0x43, 0x43, 0xcf),
    );
    // the IRET that brings TF back does not trap, the instruction behind it does
    expect(eips).toEqual([3, ...from(3)]);
    expect(end.registers.ebx).toBe(2);
  });
  it("does not trap after an instruction that faults", () => {
    const s = new Scenario();
    s.code((a) => a.push(0x102).b(0x9d, 0x0f, 0x0b));
    const end = s.run();
    expect([end.vector, end.eip, end.eflags & 0x100, end.words[S.FLAGS] & 0x100]).toEqual([6, CODE + 6, 0x100, 0]);
  });
  it("wakes from HLT", () => {
    const s = new Scenario();
    s.code((a) => a.push(0x102).b(0x9d).hlt().b(0x40));
    const end = s.run({ qemu: "sleeps on (SDM volume 2, HLT: a debug exception resumes execution)" });
    expect([end.vector, end.eip]).toEqual([1, CODE + 7]);
  });
});

describe("flags pushed by exceptions", () => {
  it("have RF for faults, not for traps and software interrupts", () => {
    const pushed = (...code: number[]): number => {
      const s = new Scenario({ cs: CODE3 });
      s.gate(3, CODE0, HANDLERS + 3, GATE.interrupt32 | 0x60);
      s.code((a) => a.b(...code));
      return s.run().eflags & 0x1_0000;
    };
    expect([pushed(0x0f, 0x0b), pushed(0xf4), pushed(0xf7, 0xf1)]).toEqual([0x1_0000, 0x1_0000, 0x1_0000]);
    expect(pushed(0xcc)).toBe(0);
  });
  it("RF goes with the next instruction: a handler that returns to an INT does not find it again", () => {
    // #UD: the handler steps over and returns with RF in the image; then INT3
    const s = new Scenario({ cs: CODE3 });
    s.gate(3, CODE0, HANDLERS + 3, GATE.interrupt32 | 0x60);
    s.gate(6, CODE0, 0xc000, GATE.interrupt32);
    s.put8(0xc000, 0x83, 0x04, 0x24, 2, 0xcf);
    s.code((a) => a.b(0x0f, 0x0b, 0x90, 0xcc));
    expect(s.run().eflags & 0x1_0000).toBe(0);
  });
});
