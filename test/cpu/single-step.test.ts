import { afterEach, describe, expect, it } from "vitest";
import * as S from "../../kernel/cpu/state.js";
import { bench, CODE, CODE0, CODE3, DATA3, dpl, GATE, outcome, Scenario, STACK0 } from "./scenario.js";

/** TF over what changes mode or privilege (SDM volume 3, 17.3.1.4). See also events.test.ts. */
const TF = 0x100;
const TARGET = CODE + 0x80;
afterEach(() => bench().cpu.intr(false));

describe("a single step", () => {
  it("in real mode goes through the vector table", () => {
    const s = new Scenario({ mode: "real", cs: 0x700, eip: 0, ss: 0x800, esp: 0x100, ds: 0, es: 0, fs: 0, gs: 0, eflags: 2 });
    s.put16(4, 0x10, 0x40).put8(0x410, 0xf4);
    // push 102h; popf; inc ax; inc ax
    s.code((a) => a.b(0x68, 2, 1, 0x9d, 0x40, 0x40).hlt());
    const end = s.run();
    expect([end.words[S.SEL + S.CS], end.read16(0x80fa), end.read16(0x80fe) & TF, end.words[S.FLAGS] & TF]).toEqual([0x40, 5, TF, 0]);
  });
  it("in virtual-8086 mode leaves for ring 0", () => {
    const s = new Scenario({ mode: "virtual", cs: 0x700, eip: 0, ss: 0x800, esp: 0x100, ds: 0, es: 0, fs: 0, gs: 0, eflags: 2 | TF });
    s.code((a) => a.b(0x40, 0x40));
    const end = s.run();
    expect([end.vector, end.eip, end.words[S.DR6] & 0xe00f]).toEqual([1, 1, 0x4000]);
  });
  it("IRET that sets TF lets one instruction run", () => {
    const s = new Scenario();
    s.code((a) =>
      a
        .push(DATA3)
        .push(0x9000)
        .push(2 | TF)
        .push(CODE3)
        .push(TARGET)
        .b(0xcf),
    );
    s.put8(TARGET, 0x43, 0x43);
    const end = s.run();
    expect([end.vector, end.eip, end.cs, end.registers.ebx]).toEqual([1, TARGET + 1, CODE3, 1]);
  });
  it("through a call gate goes on in ring 0", () => {
    const s = new Scenario({ cs: CODE3 });
    s.callGate(0x60, CODE0, TARGET, GATE.call32 | dpl(3)).put8(TARGET, 0x43, 0x43, 0xf4);
    s.code((a) =>
      a
        .push(2 | TF)
        .b(0x9d)
        .far(0x9a, 0x63, 0),
    );
    const end = s.run();
    expect([end.vector, end.eip, end.cs, end.registers.ebx]).toEqual([1, TARGET, CODE0, 0]);
  });
  it("through SYSENTER traps at its target: TF is not cleared", () => {
    const s = new Scenario();
    s.code((a) => {
      for (const [number, value] of [
        [0x174, 0x60],
        [0x175, 0x5800],
        [0x176, TARGET],
      ])
        a.mov("ecx", number).mov("eax", value).mov("edx", 0).b(0x0f, 0x30);
      a.push(2 | TF).b(0x9d, 0x0f, 0x34);
    });
    s.put8(TARGET, 0x43, 0xf4);
    const end = s.run();
    expect([end.vector, end.eip, end.cs, end.eflags & TF, end.registers.ebx]).toEqual([1, TARGET, 0x60, TF, 0]);
  });
  it("over a fault: the handler is not stepped, DR6 has no BS", () => {
    const s = new Scenario({ cs: CODE3 });
    s.code((a) => a.push(2 | TF).b(0x9d, 0xf4));
    const end = s.run();
    expect([end.vector, end.eip, end.eflags & TF, end.words[S.DR6] & 0x4000]).toEqual([13, CODE + 6, TF, 0]);
  });
  it("over PUSHF shows TF on the stack", () => {
    const s = new Scenario();
    s.code((a) => a.push(2 | TF).b(0x9d, 0x9c, 0x90));
    const end = s.run();
    expect([end.vector, end.eip, end.read32(STACK0 - 4) & TF]).toEqual([1, CODE + 7, TF]);
  });
  it("over POPF that clears TF still traps", () => {
    const s = new Scenario();
    s.code((a) =>
      a
        .push(2)
        .push(2 | TF)
        .b(0x9d, 0x9d, 0x43),
    );
    const end = s.run();
    expect([end.vector, end.eip, end.eflags & TF, end.registers.ebx]).toEqual([1, CODE + 12, 0, 0]);
  });
  it("over LOOP and a REP of nothing", () => {
    const s = new Scenario();
    s.code((a) => a.push(2 | TF).b(0x9d, 0xf3, 0xaa, 0x43));
    const end = s.run();
    expect([end.vector, end.eip]).toEqual([1, CODE + 8]);
  });
  it("over ICEBP: one trap, without BS", () => {
    const s = new Scenario();
    s.code((a) => a.push(2 | TF).b(0x9d, 0xf1));
    const end = s.run({ qemu: "ICEBP is a fault (SDM volume 2, INT1: a trap)" });
    expect([end.vector, end.eip, end.words[S.DR6] & 0x4000, end.stack(3)]).toEqual([1, CODE + 7, 0, 0]);
  });
  it("accumulates BS in DR6", () => {
    const s = new Scenario();
    s.code((a) =>
      a
        .mov("eax", 0x2001)
        .b(0x0f, 0x23, 0xf0)
        .push(2 | TF)
        .b(0x9d, 0x43),
    );
    expect(s.run({ qemu: "DR6 is cleared of other causes (SDM volume 3, 17.2.3)" }).words[S.DR6] & 0xe00f).toBe(0x6001);
  });
  it("comes before an interrupt request, whose handler is not stepped", () => {
    const s = new Scenario({ eflags: 0x202 });
    s.code((a) => a.push(0x202 | TF).b(0x9d, 0x43, 0x43));
    const { cpu, memory } = s.boot();
    cpu.connect({ acknowledge: () => 0x30 });
    cpu.run(2);
    cpu.intr(true);
    cpu.run(1000);
    const end = outcome(cpu, memory, 0);
    // the request was there before the first stepped instruction: it comes first, its frame has TF
    expect([end.vector, end.eip, end.eflags & TF]).toEqual([0x30, CODE + 6, TF]);
  });
});
