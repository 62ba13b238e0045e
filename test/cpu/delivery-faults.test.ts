import { describe, expect, it } from "vitest";
import { handlerTasks, interrupted } from "./handler-tasks.js";
import { ACCESS, BIG, bench, CODE, CODE0, CODE3, DATA0, DATA3, dpl, GATE, GRANULAR, type Outcome, outcome, Scenario, STACK0, STACK3, TASK, TSS } from "./scenario.js";

/** What is wrong on the way to a handler, and the EXT bit (SDM volume 3, 6.13): clear for INT n, set for everything else. */
const EXT = { qemu: "the external bit stays clear (SDM volume 3, 6.13)" };
const LIMITS = { qemu: "segment limits are not checked (SDM volume 3, 5.3)" };
const NP_STACK = "an absent stack is #NP (SDM volume 2, INT n: #SS; volume 3, table 7-1)";
const ABSENT = 0x68;
const TARGET = CODE + 0x80;
const OTHER = 0x60;
const OTHER_TSS = 0x3800;
const ends = (end: Outcome): (number | undefined)[] => [end.vector, end.error];

/** How a handler comes to be called. */
const WAYS = [
  { name: "INT n", vector: 0x40, code: [0xcd, 0x40], external: 0, next: 2 },
  { name: "an exception", vector: 6, code: [0x0f, 0x0b], external: 1, next: 0 },
] as const;

for (const way of WAYS) {
  /** From ring 3, with handlers in tasks for what may go wrong. */
  const attempt = (prepare: (s: Scenario) => void, cs = CODE3, excuse?: string): Outcome => {
    const s = handlerTasks(new Scenario({ cs }), 8, 10, 11, 12, 13, 14);
    s.gate(way.vector, CODE0, TARGET, GATE.interrupt32 | dpl(3));
    s.descriptor(ABSENT, 0, 0xf_ffff, ACCESS.data & ~0x80, BIG | GRANULAR);
    s.put8(TARGET, 0xf4);
    prepare(s);
    s.code((a) => a.b(...way.code));
    return s.run(excuse !== undefined ? { qemu: excuse } : way.external === 0 ? {} : EXT);
  };
  const e = way.external;

  describe(`${way.name}, delivered on a new stack`, () => {
    it("names a bad stack selector in #TS, an absent stack in #SS", () => {
      for (const [selector, expected] of [
        [0, [10, e]],
        [3, [10, e]],
        [DATA3, [10, (DATA3 & ~3) | e]],
        [DATA0 | 1, [10, DATA0 | e]],
        [CODE0, [10, CODE0 | e]],
        [TASK, [10, TASK | e]],
        [0x3f8 - 8, [10, 0x3f0 | e]],
        [0x400, [10, 0x400 | e]],
        [0x104, [10, 0x104 | e]],
        [ABSENT, [12, ABSENT | e]],
      ] as const) {
        const end = attempt((s) => s.put32(TSS + 8, selector), CODE3, selector === ABSENT ? NP_STACK : undefined);
        expect(ends(end), selector.toString(16)).toEqual(expected);
        expect(interrupted(end)).toMatchObject({ eip: CODE, cs: CODE3, ss: DATA3, esp: STACK3 });
      }
    });
    it("checks type and privilege before presence", () => {
      for (const access of [ACCESS.readOnly, ACCESS.code, ACCESS.data | dpl(1)]) {
        const end = attempt((s) => s.put32(TSS + 8, 0x70).descriptor(0x70, 0, 0xf_ffff, access & ~0x80, BIG | GRANULAR));
        expect(ends(end)).toEqual([10, 0x70 | e]);
      }
    });
    it("names the TSS when that has no stack for the level", () => {
      expect(ends(attempt((s) => s.descriptor(TASK, TSS, 10, ACCESS.tss32, 0)))).toEqual([10, TASK | e]);
      const small = attempt((s) => s.descriptor(TASK, TSS, 0x2b, ACCESS.tss16, 0).put16(TSS + 2, 0x5800, DATA0));
      expect([small.stopped, small.registers.esp]).toEqual([TARGET, 0x5800 - 20]);
    });
    it("names the stack when that is too small", () => {
      const s = handlerTasks(new Scenario({ cs: CODE3 }), 8, 10, 12, 13);
      s.gate(way.vector, CODE0, TARGET, GATE.interrupt32 | dpl(3));
      s.descriptor(0x70, 0, 19, ACCESS.data, BIG).put32(TSS + 4, 19, 0x70);
      s.code((a) => a.b(...way.code));
      expect(ends(s.run(LIMITS))).toEqual([12, 0x70 | e]);
    });
    it("reports an absent page of the new stack as supervisor write", () => {
      const s = new Scenario({ cs: CODE3 }).paging();
      handlerTasks(s, 8, 10, 12, 13, 14).put32(TSS + 0x1c, s.state.cr3);
      s.gate(way.vector, CODE0, TARGET, GATE.interrupt32 | dpl(3));
      s.put32(TSS + 4, 0xd008).page(0xc000, 0);
      s.code((a) => a.b(...way.code));
      const end = s.run({ qemu: "pushes before the one that faults are not undone (SDM volume 3, 6.5)" });
      // the first three pushes fit
      expect([...ends(end), end.cr2, interrupted(end).eip]).toEqual([14, 2, 0xcffc, CODE]);
    });
  });

  describe(`${way.name}, through its gate`, () => {
    it("names the vector when the gate is at fault", () => {
      const idt = way.vector * 8 + 2 + e;
      expect(ends(attempt((s) => s.gate(way.vector, CODE0, TARGET, 0)))).toEqual([13, idt]);
      expect(ends(attempt((s) => s.gate(way.vector, CODE0, TARGET, (GATE.interrupt32 | dpl(3)) & ~0x80)))).toEqual([11, idt]);
      // every type that is no gate for an IDT
      for (const type of [0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 0x10, 0x1e]) {
        expect(ends(attempt((s) => s.gate(way.vector, CODE0, TARGET, 0xe0 | type))), `type ${type}`).toEqual([13, idt]);
      }
    });
    it("names the code segment when that is at fault", () => {
      const code = (selector: number, prepare: (s: Scenario) => void = () => {}): (number | undefined)[] =>
        ends(attempt((s) => prepare(s.gate(way.vector, selector, TARGET, GATE.interrupt32 | dpl(3))), CODE0));
      expect(code(0)).toEqual([13, e]);
      expect(code(3)).toEqual([13, e]);
      expect(code(CODE3)).toEqual([13, (CODE3 & ~3) | e]);
      expect(code(DATA0)).toEqual([13, DATA0 | e]);
      expect(code(TASK)).toEqual([13, TASK | e]);
      expect(code(0x404)).toEqual([13, 0x404 | e]);
      expect(code(0x400)).toEqual([13, 0x400 | e]);
      expect(code(0x70, (s) => s.descriptor(0x70, 0, 0xf_ffff, ACCESS.code & ~0x80, BIG | GRANULAR))).toEqual([11, 0x70 | e]);
      // the RPL in the gate does not matter
      const s = new Scenario();
      s.gate(way.vector, CODE0 | 3, TARGET, GATE.interrupt32).put8(TARGET, 0xf4);
      s.code((a) => a.b(...way.code));
      expect([s.run().stopped, s.run().words[17]]).toEqual([TARGET, CODE0]);
    });
    it("checks the handler's offset last: #GP(EXT)", () => {
      const s = handlerTasks(new Scenario(), 8, 12, 13);
      s.descriptor(0x70, 0, 0xfff, ACCESS.code, BIG).gate(way.vector, 0x70, 0x1000, GATE.interrupt32);
      s.code((a) => a.b(...way.code));
      const end = s.run(LIMITS);
      expect([...ends(end), interrupted(end).eip, interrupted(end).esp]).toEqual([13, e, CODE, STACK0]);
    });
  });

  describe(`${way.name}, through a task gate`, () => {
    const task = (prepare: (s: Scenario) => void, excuse?: string): Outcome =>
      attempt(
        (s) => {
          s.gate(way.vector, OTHER, 0, GATE.task | dpl(3));
          s.descriptor(OTHER, OTHER_TSS, 0x67, ACCESS.tss32, 0);
          s.put32(OTHER_TSS + 0x20, TARGET, 2)
            .put32(OTHER_TSS + 0x38, 0x4800)
            .put32(OTHER_TSS + 0x48, DATA0, CODE0, DATA0, DATA0, DATA0, DATA0);
          prepare(s);
        },
        CODE3,
        excuse,
      );
    it("enters the task", () => {
      const end = task(() => {});
      expect([end.stopped, end.registers.esp, interrupted(end).eip, end.read16(OTHER_TSS)]).toEqual([TARGET, 0x4800, CODE + way.next, TASK]);
    });
    it("names the TSS when that cannot be entered", () => {
      expect(ends(task((s) => s.descriptor(OTHER, OTHER_TSS, 0x66, ACCESS.tss32, 0)))).toEqual([10, OTHER | e]);
      expect(ends(task((s) => s.descriptor(OTHER, OTHER_TSS, 0x67, ACCESS.tss32 | 2, 0)))).toEqual([13, OTHER | e]);
      expect(ends(task((s) => s.descriptor(OTHER, OTHER_TSS, 0x67, ACCESS.tss32 & ~0x80, 0)))).toEqual([11, OTHER | e]);
      expect(ends(task((s) => s.descriptor(OTHER, OTHER_TSS, 0x67, ACCESS.data, 0)))).toEqual([13, OTHER | e]);
      expect(ends(task((s) => s.gate(way.vector, 0x400, 0, GATE.task | dpl(3))))).toEqual([13, 0x400 | e]);
    });
    it("names the segments that the new task cannot have", () => {
      const field = (index: number, selector: number): Outcome =>
        task((s) => s.put32(OTHER_TSS + 0x48 + 4 * index, selector), index === 2 && selector === ABSENT ? NP_STACK : undefined);
      for (const [index, selector, expected] of [
        [1, DATA0, [10, DATA0 | e]],
        [1, 0, [10, e]],
        [2, DATA3, [10, (DATA3 & ~3) | e]],
        [2, ABSENT, [12, ABSENT | e]],
        [3, ABSENT, [11, ABSENT | e]],
        [0, TASK, [10, TASK | e]],
        [5, 0x400, [10, 0x400 | e]],
      ] as const) {
        const end = field(index, selector);
        expect([...ends(end), interrupted(end, OTHER_TSS).eip, end.read16(OTHER_TSS)], `${index} ${selector}`).toEqual([...expected, TARGET, TASK]);
      }
    });
  });
}

describe("an interrupt request", () => {
  /** Ring 3 with interrupts on; what is wrong is the test's. */
  const request = (prepare: (s: Scenario) => void): Outcome => {
    const s = handlerTasks(new Scenario({ cs: CODE3, eflags: 0x202 }), 8, 10, 11, 12, 13);
    prepare(s);
    s.code((a) => a.label("top").near8("top", 0xeb));
    const { cpu, memory } = s.boot();
    cpu.connect({ acknowledge: () => 0x30 });
    cpu.intr(true);
    cpu.run(100);
    cpu.intr(false);
    return outcome(cpu, memory, 0);
  };
  it("that cannot be delivered has EXT set", () => {
    expect(ends(request((s) => s.put32(TSS + 8, 0)))).toEqual([10, 1]);
    expect(ends(request((s) => s.put32(TSS + 8, DATA3)))).toEqual([10, (DATA3 & ~3) | 1]);
    expect(ends(request((s) => s.descriptor(TASK, TSS, 10, ACCESS.tss32, 0)))).toEqual([10, TASK | 1]);
    expect(ends(request((s) => s.gate(0x30, CODE0, 0, 0)))).toEqual([13, 0x30 * 8 + 3]);
    expect(ends(request((s) => s.gate(0x30, DATA0, 0, GATE.interrupt32)))).toEqual([13, DATA0 | 1]);
    expect(ends(request((s) => s.gate(0x30, OTHER, 0, GATE.task).descriptor(OTHER, OTHER_TSS, 0x66, ACCESS.tss32, 0)))).toEqual([10, OTHER | 1]);
    expect(ends(request((s) => s.gate(0x30, 0x0c, 0, GATE.task)))).toEqual([13, 0x0c | 1]);
    expect(bench().cpu.shutdown).toBe(false);
  });
});

describe("double and triple faults", () => {
  it("a double fault on a bad stack reaches a task", () => {
    // the stack segment of ring 0 is gone: #TS, then #TS again for that
    const s = handlerTasks(new Scenario({ cs: CODE3 }), 8);
    s.put32(TSS + 8, 0);
    s.code((a) => a.int(0x20));
    const end = s.run();
    expect([...ends(end), interrupted(end).eip]).toEqual([8, 0, CODE]);
  });
  it("a contributory fault in a page fault's delivery, and a page fault in a contributory one's", () => {
    const s = handlerTasks(new Scenario({ cs: CODE3 }).paging(), 8);
    s.put32(TSS + 0x1c, s.state.cr3)
      .gate(14, 0, 0, GATE.interrupt32)
      .page(0x9000, 0);
    s.code((a) => a.load(0x9000));
    const first = s.run();
    expect([...ends(first), first.cr2]).toEqual([8, 0, 0x9000]);

    const t = handlerTasks(new Scenario({ cs: CODE3 }).paging(), 8, 14);
    t.put32(TSS + 0x1c, t.state.cr3)
      .put32(TSS + 4, 0xd000)
      .page(0xc000, 0);
    t.code((a) => a.int(0x20));
    const second = t.run();
    expect([...ends(second), second.cr2]).toEqual([14, 2, 0xcffc]);
  });
  it("#DE is contributory, #UD, #NM, #BP and #OF are not", () => {
    const chain = (code: readonly number[], vector: number, cr0 = 0x11): Outcome => {
      const s = handlerTasks(new Scenario({ cr0, eflags: 0x802 }), 8, 11);
      s.gate(vector, CODE0, 0, GATE.interrupt32 & ~0x80);
      s.code((a) => a.b(...code));
      return s.run(vector === 0 || vector === 3 || vector === 4 ? {} : EXT);
    };
    expect(ends(chain([0x31, 0xc9, 0xf7, 0xf1], 0))).toEqual([8, 0]);
    expect(ends(chain([0x0f, 0x0b], 6))).toEqual([11, 6 * 8 + 3]);
    expect(ends(chain([0xd9, 0xe8], 7, 0x19))).toEqual([11, 7 * 8 + 3]);
    expect(ends(chain([0xcc], 3))).toEqual([11, 3 * 8 + 2]);
    expect(ends(chain([0xce], 4))).toEqual([11, 4 * 8 + 2]);
  });
  it("a double fault that cannot be delivered shuts down", () => {
    for (const prepare of [
      (s: Scenario) => s.gate(8, CODE0, 0, GATE.interrupt32 & ~0x80),
      (s: Scenario) => s.gate(8, 0, 0, GATE.interrupt32),
      (s: Scenario) => s.gate(8, OTHER, 0, GATE.task),
    ]) {
      const s = new Scenario();
      s.gate(13, CODE0, 0, 0);
      prepare(s);
      s.code((a) => a.seg("ds", TASK));
      expect(s.run().shutdown).toBe(true);
    }
  });
});
