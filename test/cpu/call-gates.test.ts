import { describe, expect, it } from "vitest";
import { handlerTasks, interrupted } from "./handler-tasks.js";
import {
  ACCESS,
  BIG,
  CODE,
  CODE0,
  CODE1,
  CODE3,
  CODE16,
  CONFORMING,
  DATA0,
  DATA1,
  DATA3,
  DATA16,
  dpl,
  GATE,
  GRANULAR,
  LDT,
  type Outcome,
  type QemuJudges,
  Scenario,
  STACK0,
  STACK3,
  TASK,
  TSS,
} from "./scenario.js";

/** Call gates between sizes and levels, and the way back (SDM volume 2, CALL and RET; volume 3, 5.8). */
const SELECTOR = 0x60;
const ABSENT = 0x68;
const TARGET = CODE + 0x80;
const ends = (end: Outcome): (number | undefined)[] => [end.vector, end.error];
const UNDONE = "pushes before the one that faults are not undone (SDM volume 3, 6.5)";

describe("a call through a gate to an inner level", () => {
  const call = (prepare: (s: Scenario) => void, qemu: QemuJudges = true, access: number = GATE.call32, parameters = 0): Outcome => {
    const s = handlerTasks(new Scenario({ cs: CODE3 }), 8, 10, 11, 12, 13);
    s.callGate(SELECTOR, CODE0, TARGET, access | dpl(3), parameters);
    s.descriptor(ABSENT, 0, 0xf_ffff, ACCESS.data & ~0x80, BIG | GRANULAR);
    s.code((a) =>
      a
        .push(0x1111)
        .push(0x2222)
        .far(0x9a, SELECTOR | 3, 0),
    );
    s.put8(TARGET, 0xf4);
    prepare(s);
    return s.run({ qemu });
  };
  it("names a bad stack in #TS, an absent one in #SS, in the caller", () => {
    for (const [selector, expected] of [
      [0, [10, 0]],
      [DATA3, [10, DATA3 & ~3]],
      [DATA0 | 3, [10, DATA0]],
      [CODE0, [10, CODE0]],
      [TASK, [10, TASK]],
      [0x3f0, [10, 0x3f0]],
      [0x400, [10, 0x400]],
      [ABSENT, [12, ABSENT]],
    ] as const) {
      const end = call((s) => s.put32(TSS + 8, selector), selector === ABSENT ? "an absent stack is #TS (SDM volume 2, CALL: #SS)" : true);
      expect(ends(end), selector.toString(16)).toEqual(expected);
      expect(interrupted(end)).toMatchObject({ eip: CODE + 10, cs: CODE3, ss: DATA3, esp: STACK3 - 8 });
    }
  });
  it("names the TSS without room for a stack", () => {
    expect(ends(call((s) => s.descriptor(TASK, TSS, 10, ACCESS.tss32, 0)))).toEqual([10, TASK]);
    expect(ends(call((s) => s.descriptor(TASK, TSS, 4, ACCESS.tss16, 0)))).toEqual([10, TASK]);
  });
  it("takes SP and SS of a 16-bit TSS", () => {
    const end = call((s) => s.descriptor(TASK, TSS, 0x2b, ACCESS.tss16, 0).put16(TSS + 2, 0x5800, DATA0));
    expect([end.stopped, end.registers.esp, end.stack(2), end.stack(3)]).toEqual([TARGET, 0x5800 - 16, STACK3 - 8, DATA3]);
  });
  it("onto a 16-bit stack moves SP alone", () => {
    const end = call((s) => s.put32(TSS + 4, 0x1234_6000, DATA16), true, GATE.call32, 2);
    expect([end.registers.esp & 0xffff, end.read32(0x5ffc), end.read32(0x5ff8), end.read32(0x5ff4), end.read32(0x5ff0)]).toEqual([0x6000 - 24, DATA3, STACK3 - 8, 0x1111, 0x2222]);
  });
  it("wraps a 16-bit stack of 64 KiB", () => {
    const end = call((s) => s.put32(TSS + 4, 0, 0x70).descriptor(0x70, 0x1_0000, 0xffff, ACCESS.data, 0));
    expect([end.registers.esp & 0xffff, end.read32(0x1_fffc), end.read32(0x1_fff8)]).toEqual([0xfff0, DATA3, STACK3 - 8]);
  });
  it("copies up to 31 parameters, dwords or words", () => {
    for (const [access, bytes] of [
      [GATE.call32, 4],
      [GATE.call16, 2],
    ] as const) {
      const end = call(
        (s) => {
          for (let at = 0; at < 124; at++) s.memory[STACK3 + at] = at + 1;
        },
        true,
        access,
        31,
      );
      const frame = STACK0 - 35 * bytes;
      expect(end.registers.esp).toBe(frame);
      const copied = Array.from({ length: 31 * bytes - 8 }, (_, at) => end.read8(frame + 2 * bytes + 8 + at));
      expect(copied).toEqual(Array.from({ length: 31 * bytes - 8 }, (_, at) => at + 1));
    }
  });
  it("takes parameters from a 16-bit stack with wrap", () => {
    const s = new Scenario({ cs: CODE3, ss: 0x73, esp: 0x1234_fffc });
    s.descriptor(0x70, 0x1_0000, 0xffff, ACCESS.data | dpl(3), 0);
    s.put32(0x1_fffc, 0xaaaa_0001).put32(0x1_0000, 0xaaaa_0002);
    s.callGate(SELECTOR, CODE0, TARGET, GATE.call32 | dpl(3), 2).put8(TARGET, 0xf4);
    s.code((a) => a.far(0x9a, SELECTOR | 3, 0));
    const end = s.run();
    expect([2, 3, 4, 5].map((index) => end.stack(index))).toEqual([0xaaaa_0001, 0xaaaa_0002, 0xfffc, 0x73]);
  });
  it("leaves nothing behind when a parameter's page is absent", () => {
    const s = new Scenario({ cs: CODE3, esp: 0x9ffc }).paging();
    s.page(0xa000, 0).callGate(SELECTOR, CODE0, TARGET, GATE.call32 | dpl(3), 2);
    s.code((a) => a.far(0x9a, SELECTOR | 3, 0));
    s.memory.fill(0x55, STACK0 - 0x40, STACK0);
    const end = s.run({ qemu: UNDONE });
    expect([...ends(end), end.cr2, end.eip, end.esp]).toEqual([14, 4, 0xa000, CODE, 0x9ffc]);
  });
  it("through a gate in the LDT", () => {
    const s = new Scenario({ cs: CODE3 });
    s.gateAt(LDT + 8, CODE0, TARGET, GATE.call32 | dpl(3)).put8(TARGET, 0xf4);
    s.code((a) => a.far(0x9a, 0x0f, 0));
    expect(s.run().stopped).toBe(TARGET);
  });
  it("sets the accessed bits of code and stack", () => {
    const s = new Scenario({ cs: CODE3 });
    s.descriptor(0x70, 0, 0xf_ffff, ACCESS.code & ~1, BIG | GRANULAR).descriptor(0x78, 0, 0xf_ffff, ACCESS.data & ~1, BIG | GRANULAR);
    s.put32(TSS + 8, 0x78)
      .callGate(SELECTOR, 0x70, TARGET, GATE.call32 | dpl(3))
      .put8(TARGET, 0xf4);
    s.code((a) => a.far(0x9a, SELECTOR | 3, 0));
    const end = s.run({ qemu: "a call through a gate does not set them (SDM volume 3, 3.4.5.1)" });
    expect([end.read8(0x1075), end.read8(0x107d)]).toEqual([ACCESS.code, ACCESS.data]);
  });
});

describe("gates and targets", () => {
  const far = (opcode: 0x9a | 0xea, cs: number, selector: number, gate: { target: number; access: number }, prepare: (s: Scenario) => void = () => {}): (number | undefined)[] => {
    const s = new Scenario({ cs });
    s.callGate(SELECTOR, gate.target, TARGET, gate.access).put8(TARGET, 0x0f, 0x0b);
    prepare(s);
    s.code((a) => a.far(opcode, selector, 0));
    const end = s.run({ qemu: "CS gets the RPL of the gate's target (SDM volume 2, CALL and JMP: CS(RPL) = CPL)" });
    return end.vector === 6 ? [end.cs] : ends(end);
  };
  const open = GATE.call32 | dpl(3);
  it("conforming code is entered at the caller's level, by JMP as well", () => {
    for (const opcode of [0x9a, 0xea] as const) {
      expect(far(opcode, CODE3, SELECTOR, { target: CONFORMING, access: open })).toEqual([CONFORMING | 3]);
      expect(far(opcode, CODE1, SELECTOR, { target: CONFORMING, access: open })).toEqual([CONFORMING | 1]);
      expect(far(opcode, CODE0, SELECTOR, { target: CONFORMING | 3, access: open })).toEqual([CONFORMING]);
    }
  });
  it("nonconforming code of an inner level is for CALL only", () => {
    expect(far(0x9a, CODE3, SELECTOR, { target: CODE1, access: open })).toEqual([CODE1]);
    expect(far(0xea, CODE3, SELECTOR, { target: CODE1, access: open })).toEqual([13, CODE1 & ~3]);
    expect(far(0xea, CODE3, SELECTOR, { target: CODE3, access: open })).toEqual([CODE3]);
    expect(far(0x9a, CODE0, SELECTOR, { target: CODE1, access: open })).toEqual([13, CODE1 & ~3]);
  });
  it("targets that are none", () => {
    for (const opcode of [0x9a, 0xea] as const) {
      expect(far(opcode, CODE0, SELECTOR, { target: 2, access: open })).toEqual([13, 0]);
      expect(far(opcode, CODE0, SELECTOR, { target: TASK, access: open })).toEqual([13, TASK]);
      expect(far(opcode, CODE0, SELECTOR, { target: SELECTOR, access: open })).toEqual([13, SELECTOR]);
      expect(far(opcode, CODE0, SELECTOR, { target: 0x400, access: open })).toEqual([13, 0x400]);
      expect(far(opcode, CODE0, SELECTOR, { target: ABSENT, access: open }, (s) => s.descriptor(ABSENT, 0, 0xfff, ACCESS.code & ~0x80, BIG))).toEqual([11, ABSENT]);
    }
  });
  it("system descriptors that cannot be called", () => {
    for (const type of [0, 2, 6, 7, 8, 10, 13, 14, 15]) {
      for (const opcode of [0x9a, 0xea] as const) expect(far(opcode, CODE0, SELECTOR, { target: CODE0, access: 0x80 | type }), `type ${type}`).toEqual([13, SELECTOR]);
    }
  });
  it("beyond the target's limit: #GP(0) with both stacks as they were", () => {
    const s = new Scenario({ cs: CODE3 });
    s.descriptor(ABSENT, 0, 0xfff, ACCESS.code, BIG).callGate(SELECTOR, ABSENT, 0x1000, open);
    s.code((a) => a.far(0x9a, SELECTOR | 3, 0));
    const end = s.run({ qemu: "segment limits are not checked (SDM volume 3, 5.3)" });
    expect([...ends(end), end.eip, end.cs, end.esp]).toEqual([13, 0, CODE, CODE3, STACK3]);
  });
});

describe("16-bit and 32-bit code", () => {
  it("call each other through gates of the callee's size", () => {
    // 16-bit code calls a 32-bit gate, which returns with a 32-bit RETF
    const s = new Scenario({ cs: CODE16, ss: DATA16 });
    s.callGate(SELECTOR, CODE0, TARGET, GATE.call32);
    s.code((a) => a.b(0x9a).w(0).w(SELECTOR).hlt(), CODE, 16);
    s.put8(TARGET, 0x43, 0xcb);
    const end = s.run();
    expect([end.stopped, end.registers.ebx, end.words[17], end.registers.esp]).toEqual([CODE + 5, 1, CODE16, STACK0]);
    const t = new Scenario();
    t.callGate(SELECTOR, CODE16, TARGET, GATE.call16);
    t.code((a) => a.far(0x9a, SELECTOR, 0).hlt());
    t.put8(TARGET, 0x43, 0xcb);
    const back = t.run();
    expect([back.stopped, back.registers.ebx, back.words[17], back.registers.esp]).toEqual([CODE + 7, 1, CODE0, STACK0]);
  });
  it("far calls push as their operand size has it", () => {
    const s = new Scenario();
    s.code((a) => a.b(0x66, 0x9a).w(TARGET).w(CODE16));
    s.put8(TARGET, 0xf4);
    const end = s.run();
    expect([end.registers.esp, end.read16(STACK0 - 2), end.read16(STACK0 - 4)]).toEqual([STACK0 - 4, CODE0, CODE + 6]);
  });
});

describe("RETF to an outer level", () => {
  const back = (cs: number, ss: number, prepare: (s: Scenario) => void = () => {}, qemu: QemuJudges = true, release = 0, esp = 0x9000): Outcome => {
    const s = new Scenario();
    s.descriptor(ABSENT, 0, 0xf_ffff, (ACCESS.data & ~0x80) | dpl(3), BIG | GRANULAR);
    s.descriptor(0x70, 0, 0xf_ffff, (ACCESS.code & ~0x80) | dpl(3), BIG | GRANULAR);
    s.code((a) => {
      a.push(ss).push(esp);
      for (let at = 0; at < release; at += 4) a.push(at);
      a.push(cs).push(TARGET).b(0xca, release, 0);
    });
    s.put8(TARGET, 0xcd, 0x20);
    prepare(s);
    return s.run({ qemu });
  };
  it("checks code, then stack", () => {
    expect(ends(back(3, DATA3))).toEqual([13, 0]);
    expect(ends(back(DATA3, DATA3))).toEqual([13, DATA3 & ~3]);
    expect(ends(back(CODE0 | 3, DATA3))).toEqual([13, CODE0]);
    expect(ends(back(0x73, DATA3))).toEqual([11, 0x70]);
    expect(ends(back(0x404, DATA3))).toEqual([13, 0x404]);
    expect(ends(back(CODE3, 0))).toEqual([13, 0]);
    expect(ends(back(CODE3, DATA0))).toEqual([13, DATA0]);
    expect(ends(back(CODE3, DATA0 | 3))).toEqual([13, DATA0]);
    expect(ends(back(CODE3, CODE3))).toEqual([13, CODE3 & ~3]);
    expect(ends(back(CODE3, TASK | 3))).toEqual([13, TASK]);
    expect(ends(back(CODE3, ABSENT | 3, undefined, "an absent stack is #NP (SDM volume 2, RET: #SS)"))).toEqual([12, ABSENT]);
  });
  it("to conforming code of an inner DPL is possible", () => {
    const end = back(CONFORMING | 3, DATA3);
    expect([...ends(end), end.cs, end.ss]).toEqual([13, 0x102, CONFORMING | 3, DATA3]);
  });
  it("releases parameters on both stacks", () => {
    const end = back(CODE3, DATA3, undefined, true, 12);
    expect([end.cs, end.esp]).toEqual([CODE3, 0x900c]);
  });
  it("drops data segments of inner levels, null ones included", () => {
    const s = new Scenario();
    s.descriptor(0x70, 0, 0xf_ffff, ACCESS.code, BIG | GRANULAR);
    // ds null, es DPL 1 data, fs nonconforming code of DPL 0, gs conforming code of DPL 0
    s.code((a) => a.seg("es", DATA1).seg("fs", 0x70).seg("gs", CONFORMING).seg("ds", 2).push(DATA3).push(0x9000).push(CODE3).push(TARGET).b(0xcb));
    s.put8(TARGET, 0xcd, 0x20);
    const end = s.run({ qemu: "a null selector keeps its RPL (SDM volume 3, 5.8.6)" });
    expect([16, 19, 20, 21].map((index) => end.words[index] & ~3)).toEqual([0, 0, 0, CONFORMING]);
  });
  it("onto a 16-bit stack changes SP alone", () => {
    const end = back(CODE3, 0x7b, (s) => s.descriptor(0x78, 0, 0xffff, ACCESS.data | dpl(3), 0), true, 0, 0x5678_9000);
    expect([end.cs, end.ss, end.esp & 0xffff]).toEqual([CODE3, 0x7b, 0x9000]);
  });
  it("of 16 bits pops words", () => {
    const s = new Scenario();
    s.code((a) => a.b(0x66, 0x68).w(DATA3).b(0x66, 0x68).w(0x9000).b(0x66, 0x68).w(CODE3).b(0x66, 0x68).w(TARGET).b(0x66, 0xcb));
    s.put8(TARGET, 0xcd, 0x20);
    const end = s.run();
    expect([end.cs, end.ss, end.esp, end.eip]).toEqual([CODE3, DATA3, 0x9000, TARGET]);
  });
  it("beyond the limit of the outer code: #GP(0), nothing moved", () => {
    const end = back(0x73, DATA3, (s) => s.descriptor(0x70, 0, 0xff, ACCESS.code | dpl(3), BIG), "segment limits are not checked (SDM volume 3, 5.3)");
    expect([...ends(end), end.cs, end.registers.esp]).toEqual([13, 0, CODE0, STACK0 - 16 - 16]);
  });
});
