import { describe, expect, it } from "vitest";
import * as S from "../../kernel/cpu/state.js";
import { handlerTasks, interrupted } from "./handler-tasks.js";
import {
  ACCESS,
  BIG,
  CODE,
  CODE0,
  CODE1,
  CODE3,
  CONFORMING,
  DATA0,
  DATA1,
  DATA3,
  dpl,
  GATE,
  GDT,
  GRANULAR,
  type Outcome,
  type QemuJudges,
  Scenario,
  TASK,
  TSS,
} from "./scenario.js";

/** Both TSS formats, links and busy bits, and what a new task may be missing (SDM volume 3, chapter 7). */
const OTHER = 0x60;
const THIRD = 0x68;
const OTHER_TSS = 0x3800;
const THIRD_TSS = 0x3a00;
const TARGET = CODE + 0x100;
const NT = 0x4000;
const ends = (end: Outcome): (number | undefined)[] => [end.vector, end.error];
const FLAT = [DATA0, CODE0, DATA0, DATA0, DATA0, DATA0];

interface Task {
  eip?: number;
  eflags?: number;
  segments?: readonly number[];
  ldt?: number;
}
const task32 = (s: Scenario, selector: number, at: number, { eip = TARGET, eflags = 2, segments = FLAT, ldt = 0 }: Task = {}): Scenario => {
  s.descriptor(selector, at, 0x67, ACCESS.tss32, 0);
  s.put32(at + 0x1c, s.state.cr3, eip, eflags).put32(at + 0x28, 0x101, 0x102, 0x103, 0x104, 0x5000, 0x106, 0x107, 0x108);
  return s
    .put32(at + 0x48, ...segments)
    .put32(at + 0x60, ldt)
    .put16(at + 0x66, 0x68);
};
const task16 = (s: Scenario, selector: number, at: number, { eip = TARGET, eflags = 2, segments = FLAT.slice(0, 4), ldt = 0 }: Task = {}): Scenario => {
  s.descriptor(selector, at, 0x2b, ACCESS.tss16, 0);
  return s.put16(at + 0x0e, eip, eflags, 0x101, 0x102, 0x103, 0x104, 0x5000, 0x106, 0x107, 0x108).put16(at + 0x22, ...segments, ldt);
};
const type = (end: Outcome, selector: number): number => end.read8(GDT + selector + 5) & 0x1f;

describe("a 16-bit TSS", () => {
  const UPPER = { qemu: "the upper halves of registers after a 16-bit switch are not defined" };
  it("is loaded by JMP: words, no FS and GS", () => {
    const s = task16(new Scenario({ registers: { eax: 0xaaaa_0000, edi: 0xbbbb_0000 } }), OTHER, OTHER_TSS, { eflags: 0x0cd7 });
    s.code((a) => a.far(0xea, OTHER, 0));
    s.put8(TARGET, 0xf4);
    const end = s.run(UPPER);
    const { eax, ecx, edx, ebx, esp, ebp, esi, edi } = end.registers;
    expect([eax, ecx, edx, ebx, esp, ebp, esi, edi].map((value) => value & 0xffff)).toEqual([0x101, 0x102, 0x103, 0x104, 0x5000, 0x106, 0x107, 0x108]);
    expect([...end.words.slice(S.SEL, S.SEL + 6)]).toEqual([DATA0, CODE0, DATA0, DATA0, 0, 0]);
    expect([end.words[S.FLAGS], type(end, OTHER), type(end, TASK)]).toEqual([0xcd7, 3, 9]);
  });
  it("is saved in words and left alone otherwise", () => {
    // the first task is the 16-bit one
    const s = task32(new Scenario({ registers: { eax: 0x1234_5678, ebx: 0x8765_4321 } }), OTHER, OTHER_TSS);
    s.descriptor(TASK, TSS, 0x2b, ACCESS.tss16, 0);
    s.memory.fill(0xee, TSS, TSS + 0x40);
    s.code((a) => a.far(0xea, OTHER, 0));
    s.put8(TARGET, 0xf4);
    const end = s.run();
    expect([end.read16(TSS + 0x0e), end.read16(TSS + 0x12), end.read16(TSS + 0x18)]).toEqual([CODE + 7, 0x5678, 0x4321]);
    expect([0, 2, 4, 6].map((skip) => end.read16(TSS + 0x22 + skip))).toEqual([DATA0, CODE0, DATA0, DATA0]);
    expect([end.read16(TSS), end.read16(TSS + 0x0c), end.read16(TSS + 0x2a), type(end, TASK)]).toEqual([0xeeee, 0xeeee, 0xeeee, 1]);
  });
  it("does not load CR3", () => {
    const s = task16(new Scenario().paging(), OTHER, OTHER_TSS);
    s.code((a) => a.far(0xea, OTHER, 0));
    s.put8(TARGET, 0xf4);
    expect(s.run(UPPER).words[S.CR3]).toBe(s.state.cr3);
  });
  it("nests with a 32-bit one, both ways", () => {
    const s = task16(task32(new Scenario(), THIRD, THIRD_TSS, { eip: TARGET + 0x40 }), OTHER, OTHER_TSS);
    s.code((a) => a.far(0x9a, OTHER, 0).hlt());
    s.code((a) => a.far(0x9a, THIRD, 0).b(0xcf), TARGET);
    s.put8(TARGET + 0x40, 0xcf);
    const end = s.run();
    expect([end.stopped, type(end, TASK), type(end, OTHER), type(end, THIRD)]).toEqual([CODE + 7, 11, 1, 9]);
    expect([end.read16(OTHER_TSS), end.read16(THIRD_TSS), end.read16(OTHER_TSS + 0x10), end.read32(THIRD_TSS + 0x24)]).toEqual([TASK, OTHER, 2, 2]);
  });
  it("must have 2Ch bytes", () => {
    const s = task16(new Scenario(), OTHER, OTHER_TSS);
    s.put16(GDT + OTHER, 0x2a);
    s.code((a) => a.far(0xea, OTHER, 0));
    expect(ends(s.run())).toEqual([10, OTHER]);
  });
});

describe("links, NT and busy bits", () => {
  it("CALL sets NT and the link, JMP neither", () => {
    for (const [opcode, nt, link] of [
      [0x9a, NT, TASK],
      [0xea, 0, 0x7777],
    ] as const) {
      const s = task32(new Scenario(), OTHER, OTHER_TSS);
      s.put16(OTHER_TSS, 0x7777);
      s.code((a) => a.far(opcode, OTHER, 0));
      s.put8(TARGET, 0xf4);
      const end = s.run();
      expect([end.words[S.FLAGS] & NT, end.read16(OTHER_TSS)]).toEqual([nt, link]);
      expect([type(end, TASK), type(end, OTHER), end.words[S.TR + S.SEL]]).toEqual([opcode === 0x9a ? 11 : 9, 11, OTHER]);
    }
  });
  it("JMP with NT in the new task's flags keeps it", () => {
    const s = task32(new Scenario(), OTHER, OTHER_TSS, { eflags: NT | 2 });
    s.code((a) => a.far(0xea, OTHER, 0));
    s.put8(TARGET, 0xf4);
    expect(s.run().words[S.FLAGS] & NT).toBe(NT);
  });
  it("a task cannot enter itself", () => {
    for (const opcode of [0xea, 0x9a] as const) {
      const s = new Scenario();
      s.code((a) => a.far(opcode, TASK, 0));
      expect(ends(s.run())).toEqual([13, TASK]);
    }
  });
  it("nor the one that called it", () => {
    const s = task32(new Scenario(), OTHER, OTHER_TSS);
    s.code((a) => a.far(0x9a, OTHER, 0));
    s.code((a) => a.far(0x9a, TASK, 0), TARGET);
    const end = s.run();
    expect([...ends(end), end.eip]).toEqual([13, TASK, TARGET]);
  });
  it("IRET saves its own flags with NT clear and frees its TSS", () => {
    const s = task32(new Scenario(), OTHER, OTHER_TSS);
    s.code((a) => a.far(0x9a, OTHER, 0).hlt());
    s.put8(TARGET, 0xf9, 0xcf);
    const end = s.run();
    expect([end.read32(OTHER_TSS + 0x24), type(end, OTHER), end.words[S.CR0] & 8]).toEqual([3, 9, 8]);
  });
  it("IRET in ring 3 with NT switches as well", () => {
    const s = task32(new Scenario(), OTHER, OTHER_TSS, { segments: [DATA3, CODE3, DATA3, DATA3, DATA3, DATA3] });
    s.code((a) => a.far(0x9a, OTHER, 0).hlt());
    s.put8(TARGET, 0xcf);
    expect(s.run().stopped).toBe(CODE + 7);
  });
  it("clears the local enables in DR7 and sets TS", () => {
    const s = task32(new Scenario(), OTHER, OTHER_TSS);
    // enables for breakpoints that nothing reaches
    s.code((a) => a.mov("eax", 0x3ff).b(0x0f, 0x23, 0xf8).mov("eax", 0x10_0000).b(0x0f, 0x23, 0xc0, 0x0f, 0x23, 0xc8, 0x0f, 0x23, 0xd0, 0x0f, 0x23, 0xd8).far(0xea, OTHER, 0));
    s.put8(TARGET, 0xd9, 0xe8);
    const end = s.run({ qemu: "LE and GE of DR7 are dealt with differently (SDM volume 3, 17.2.4)" });
    expect([end.vector, end.eip, end.words[S.DR7] & 0x3ff]).toEqual([7, TARGET, 0x2aa]);
  });
});

describe("the T bit", () => {
  const IGNORED = { qemu: "the T bit is ignored (SDM volume 3, 17.3.1.5)" };
  it("traps before the first instruction of the new task, in its context, with BT", () => {
    for (const opcode of [0xea, 0x9a] as const) {
      const s = task32(new Scenario(), OTHER, OTHER_TSS);
      s.put16(OTHER_TSS + 0x64, 1);
      s.code((a) => a.far(opcode, OTHER, 0));
      s.put8(TARGET, 0x40, 0xf4);
      const end = s.run(IGNORED);
      expect([end.vector, end.eip, end.words[S.DR6] & 0xe00f, end.registers.eax, end.eflags & 0x1_0000]).toEqual([1, TARGET, 0x8000, 0x101, 0]);
    }
  });
  it("traps on return by IRET and on entry by a task gate", () => {
    const s = task32(new Scenario(), OTHER, OTHER_TSS);
    s.put16(TSS + 0x64, 1);
    s.code((a) => a.far(0x9a, OTHER, 0).nop());
    s.put8(TARGET, 0xcf);
    const back = s.run(IGNORED);
    expect([back.vector, back.eip, back.words[S.DR6] & 0xe00f]).toEqual([1, CODE + 7, 0x8000]);
    const t = task32(new Scenario(), OTHER, OTHER_TSS);
    t.put16(OTHER_TSS + 0x64, 1).gate(0x40, OTHER, 0, GATE.task);
    t.code((a) => a.int(0x40));
    const gate = t.run(IGNORED);
    expect([gate.vector, gate.eip, gate.words[S.DR6] & 0xe00f]).toEqual([1, TARGET, 0x8000]);
  });
});

describe("what a new task may be missing", () => {
  const CONTEXT: QemuJudges = "the order of the checks is another (SDM volume 3, table 7-1)";
  const enter = (task: Task, prepare: (s: Scenario) => void = () => {}): Outcome => {
    const s = handlerTasks(new Scenario(), 8, 10, 11, 12, 13);
    task32(s, OTHER, OTHER_TSS, task);
    s.descriptor(0x70, 0, 0xf_ffff, ACCESS.code & ~0x80, BIG | GRANULAR);
    s.descriptor(0x78, 0, 0xf_ffff, ACCESS.data & ~0x80, BIG | GRANULAR);
    s.descriptor(0x80, 0x9000, 0xff, ACCESS.ldt & ~0x80, 0);
    s.code((a) => a.far(0xea, OTHER, 0));
    s.put8(TARGET, 0xf4);
    prepare(s);
    return s.run({ qemu: CONTEXT });
  };
  const put = (index: number, selector: number): number[] => FLAT.map((old, at) => (at === index ? selector : old));
  const CASES: [name: string, task: Task, vector: number, error: number][] = [
    ["an LDT that is none", { ldt: DATA0 }, 10, DATA0],
    ["an LDT in the LDT", { ldt: 0x0c }, 10, 0x0c],
    ["an LDT beyond the GDT", { ldt: 0x400 }, 10, 0x400],
    ["an absent LDT", { ldt: 0x80 }, 10, 0x80],
    ["null CS", { segments: put(1, 0) }, 10, 0],
    ["data in CS", { segments: put(1, DATA0) }, 10, DATA0],
    ["CS with another RPL than its DPL", { segments: put(1, CODE1 & ~3) }, 10, CODE1 & ~3],
    ["absent code", { segments: put(1, 0x70) }, 11, 0x70],
    ["null SS", { segments: put(2, 0) }, 10, 0],
    ["SS of another privilege", { segments: put(2, DATA1 & ~3) }, 10, DATA1 & ~3],
    ["SS with another RPL", { segments: put(2, DATA0 | 1) }, 10, DATA0],
    ["code in SS", { segments: put(2, CODE0) }, 10, CODE0],
    ["an absent stack", { segments: put(2, 0x78) }, 12, 0x78],
    ["absent DS", { segments: put(3, 0x78) }, 11, 0x78],
    ["a TSS in ES", { segments: put(0, TASK) }, 10, TASK],
    ["GS beyond the GDT", { segments: put(5, 0x800) }, 10, 0x800],
  ];
  for (const [name, task, vector, error] of CASES) {
    it(name, () => {
      const end = enter(task);
      expect([...ends(end), interrupted(end, OTHER_TSS).eip, interrupted(end).eip]).toEqual([vector, error, TARGET, CODE + 7]);
      // the selectors are those of the new task, loaded or not
      expect([0, 1, 2, 3, 4, 5].map((index) => end.read16(OTHER_TSS + 0x48 + 4 * index))).toEqual(task.segments ?? FLAT);
      expect([type(end, TASK), type(end, OTHER)]).toEqual([9, 11]);
    });
  }
  it("privilege for data: DPL against the new CPL and RPL", () => {
    const three = [DATA3, CODE3, DATA3, DATA3, DATA3, DATA3];
    expect(ends(enter({ segments: three.map((old, at) => (at === 3 ? DATA0 : old)) }))).toEqual([10, DATA0]);
    expect(ends(enter({ segments: put(3, DATA0 | 3) }))).toEqual([10, DATA0]);
    // conforming code may be anyone's
    const fine = enter({ segments: three.map((old, at) => (at === 3 ? CONFORMING : old)) }, (s) => s.put8(TARGET, 0x0f, 0x0b).put32(OTHER_TSS + 4, 0x5800, DATA0));
    expect([fine.vector, fine.words[S.SEL + S.DS]]).toEqual([6, CONFORMING]);
  });
  it("code at its EIP: #GP(0) there", () => {
    const s = handlerTasks(new Scenario(), 13);
    task32(s, OTHER, OTHER_TSS, { segments: put(1, 0x70) }).descriptor(0x70, 0, 0xff, ACCESS.code, BIG);
    s.code((a) => a.far(0xea, OTHER, 0));
    const end = s.run({ qemu: "segment limits are not checked (SDM volume 3, 5.3)" });
    expect([...ends(end), interrupted(end, OTHER_TSS).eip]).toEqual([13, 0, TARGET]);
  });
});

describe("pages of a TSS", () => {
  const enter = (prepare: (s: Scenario) => void, opcode: 0xea | 0x9a = 0xea): Outcome => {
    const s = task32(new Scenario({ cr0: 0x1_0011 }).paging(), OTHER, 0xcfe0);
    prepare(s);
    s.code((a) => a.far(opcode, OTHER, 0));
    s.put8(TARGET, 0xf4);
    return s.run({ qemu: "the pages are not checked before the switch (SDM volume 3, 7.3)" });
  };
  it("fault in the old task", () => {
    const second = enter((s) => s.page(0xd000, 0));
    expect([second.vector, second.error, second.cr2 & ~0xfff, second.eip, second.words[S.SEL + S.TR], type(second, OTHER)]).toEqual([14, 0, 0xd000, CODE, TASK, 9]);
    const first = enter((s) => s.page(0xc000, 0));
    expect([first.vector, first.error, first.eip, first.words[S.SEL + S.TR]]).toEqual([14, 0, CODE, TASK]);
    // the link is written by CALL only
    const link = enter((s) => s.page(0xc000, 5), 0x9a);
    expect([link.vector, link.error, link.cr2, link.eip]).toEqual([14, 3, 0xcfe0, CODE]);
    expect(enter((s) => s.page(0xc000, 5)).stopped).toBe(TARGET);
    // the old TSS is saved to
    const old = enter((s) => s.page(TSS, 5));
    expect([old.vector, old.error, old.eip]).toEqual([14, 3, CODE]);
  });
});

describe("task gates", () => {
  it("in the GDT and the LDT, by CALL and JMP, offset ignored", () => {
    for (const selector of [0x70, 0x0c]) {
      for (const opcode of [0xea, 0x9a] as const) {
        const s = task32(new Scenario(), OTHER, OTHER_TSS);
        s.gateAt(selector === 0x70 ? GDT + 0x70 : 0x2008, OTHER, 0x1234_5678, GATE.task);
        s.code((a) => a.far(opcode, selector, 0x8765_4321));
        s.put8(TARGET, 0xf4);
        const end = s.run();
        expect([end.stopped, end.words[S.SEL + S.TR]]).toEqual([TARGET, OTHER]);
      }
    }
  });
  it("have the gate's privilege, not the TSS's", () => {
    const enter = (gate: number, cs: number, rpl: number): Outcome => {
      const s = task32(new Scenario({ cs }), OTHER, OTHER_TSS);
      s.callGate(0x70, OTHER, 0, GATE.task | dpl(gate));
      s.code((a) => a.far(0xea, 0x70 | rpl, 0));
      s.put8(TARGET, 0xf4);
      return s.run();
    };
    expect(enter(3, CODE3, 3).stopped).toBe(TARGET);
    expect(enter(0, CODE0, 0).stopped).toBe(TARGET);
    expect(ends(enter(2, CODE3, 3))).toEqual([13, 0x70]);
    expect(ends(enter(2, CODE0, 3))).toEqual([13, 0x70]);
  });
  it("to a busy or absent TSS", () => {
    const enter = (access: number): Outcome => {
      const s = task32(new Scenario(), OTHER, OTHER_TSS);
      s.callGate(0x70, OTHER, 0, GATE.task).put8(GDT + OTHER + 5, access);
      s.code((a) => a.far(0x9a, 0x70, 0));
      return s.run({ qemu: "a busy TSS behind a gate is #TS (SDM volume 2, CALL: #GP)" });
    };
    expect(ends(enter(0x8b))).toEqual([13, OTHER]);
    expect(ends(enter(0x09))).toEqual([11, OTHER]);
  });
});
