import { describe, expect, it } from "vitest";
import { ACCESS, BIG, CODE, CODE0, CODE3, DATA0, DATA1, DATA3, dpl, GATE, GDT, type Outcome, type QemuJudges, Scenario, STACK0, STACK3, TASK, TSS } from "./scenario.js";

const OTHER = 0x60;
const THIRD = 0x68;
const GATE_SELECTOR = 0x70;
const OTHER_TSS = 0x3800;
const THIRD_TSS = 0x3a00;
const TARGET = CODE + 0x100;
const ends = (end: Outcome): (number | undefined)[] => [end.vector, end.error];

/** Fields of a 32-bit TSS. */
const LINK = 0;
const CR3 = 0x1c;
const EIP = 0x20;
const EFLAGS = 0x24;
const EAX = 0x28;
const ESP = 0x38;
const SEGMENTS = 0x48;
const LDT = 0x60;
const TRAP = 0x64;

interface Task {
  eip?: number;
  eflags?: number;
  esp?: number;
  segments?: readonly number[];
  ldt?: number;
}
/** A task in ring 0 at TARGET, with registers 101h to 108h. */
const task = (
  s: Scenario,
  selector: number,
  at: number,
  { eip = TARGET, eflags = 2, esp = 0x5000, segments = [DATA0, CODE0, DATA0, DATA0, DATA0, DATA0], ldt = 0 }: Task = {},
): Scenario => {
  s.descriptor(selector, at, 0x67, ACCESS.tss32, 0);
  s.put32(at + EIP, eip, eflags).put32(at + EAX, 0x101, 0x102, 0x103, 0x104, esp, 0x106, 0x107, 0x108);
  s.put32(at + SEGMENTS, ...segments).put32(at + LDT, ldt);
  return s.put16(at + 0x66, 0x68);
};
const busy = (end: Outcome, selector: number): boolean => (end.read8(GDT + selector + 5) & 2) !== 0;

describe("switching tasks", () => {
  it("by JMP saves the old task and loads the new one", () => {
    const s = task(new Scenario({ eflags: 0xcd7, registers: { eax: 1, ecx: 2, edx: 3, ebx: 4, ebp: 6, esi: 7, edi: 8 } }), OTHER, OTHER_TSS, { eflags: 0x0893 });
    s.code((a) => a.far(0xea, OTHER, 0xdead));
    s.put8(TARGET, 0xf4);
    const end = s.run();
    expect(end.stopped).toBe(TARGET);
    expect(end.registers).toEqual({ eax: 0x101, ecx: 0x102, edx: 0x103, ebx: 0x104, esp: 0x5000, ebp: 0x106, esi: 0x107, edi: 0x108 });
    expect(end.words[10]).toBe(0x893);
    expect([end.read32(TSS + EIP), end.read32(TSS + EFLAGS), end.read32(TSS + ESP)]).toEqual([CODE + 7, 0xcd7, STACK0]);
    expect([0, 1, 2, 3, 5, 6, 7].map((n) => end.read32(TSS + EAX + 4 * n))).toEqual([1, 2, 3, 4, 6, 7, 8]);
    expect([0, 1, 2, 3, 4, 5].map((n) => end.read16(TSS + SEGMENTS + 4 * n))).toEqual([DATA0, CODE0, DATA0, DATA0, DATA0, DATA0]);
    expect([busy(end, TASK), busy(end, OTHER)]).toEqual([false, true]);
    expect([end.words[16 + 7], end.words[48] & 8, end.read16(OTHER_TSS + LINK)]).toEqual([OTHER, 8, 0]);
  });

  it("by CALL links the tasks, and IRET goes back", () => {
    const s = task(new Scenario({ registers: { ebx: 0x44 } }), OTHER, OTHER_TSS);
    s.code((a) => a.far(0x9a, OTHER, 0).b(0x43).hlt());
    // the callee: mov [9000h], eflags with NT; iret; when it is called again it goes on after the iret
    s.put8(TARGET, 0x9c, 0x8f, 0x05, 0x00, 0x90, 0, 0, 0xcf);
    const end = s.run();
    expect([end.stopped, end.registers.ebx, end.read32(0x9000)]).toEqual([CODE + 8, 0x45, 0x4002]);
    expect([busy(end, TASK), busy(end, OTHER)]).toEqual([true, false]);
    expect([end.read16(OTHER_TSS + LINK), end.read32(OTHER_TSS + EIP), end.read32(OTHER_TSS + EFLAGS)]).toEqual([TASK, TARGET + 8, 2]);
    expect([end.words[16 + 7], end.words[10] & 0x4000]).toEqual([TASK, 0]);
  });

  it("nested three deep", () => {
    const s = task(task(new Scenario(), OTHER, OTHER_TSS), THIRD, THIRD_TSS, { eip: TARGET + 0x40, esp: 0x4f00 });
    s.code((a) => a.far(0x9a, OTHER, 0).far(0x9a, OTHER, 0).hlt());
    // lea ebx, [ebx + 1]; iret
    s.code((a) => a.label("top").far(0x9a, THIRD, 0).b(0x8d, 0x5b, 1, 0xcf).near8("top", 0xeb), TARGET);
    s.code((a) => a.label("top").b(0x8d, 0x5b, 1, 0xcf).near8("top", 0xeb), TARGET + 0x40);
    const end = s.run();
    expect([end.stopped, end.read32(OTHER_TSS + EAX + 12), end.read32(THIRD_TSS + EAX + 12)]).toEqual([CODE + 14, 0x106, 0x106]);
    expect([busy(end, TASK), busy(end, OTHER), busy(end, THIRD)]).toEqual([true, false, false]);
  });

  it("through a task gate in the GDT, from ring 3", () => {
    const s = task(new Scenario({ cs: CODE3 }), OTHER, OTHER_TSS);
    s.callGate(GATE_SELECTOR, OTHER, 0, GATE.task | dpl(3));
    s.code((a) => a.far(0x9a, GATE_SELECTOR | 3, 0).int(0x20));
    s.put8(TARGET, 0x8c, 0xc8, 0xa3, 0, 0x90, 0, 0, 0xcf);
    const end = s.run();
    expect([...ends(end), end.cs, end.esp, end.read32(0x9000)]).toEqual([13, 0x102, CODE3, STACK3, CODE0]);
  });

  it("into ring 3 and into virtual-8086 mode", () => {
    const three = task(new Scenario(), OTHER, OTHER_TSS, { esp: 0x9f00, segments: [DATA3, CODE3, DATA3, DATA3, 0, 0] });
    three.put32(OTHER_TSS + 4, 0x5800, DATA0);
    three.code((a) => a.far(0xea, OTHER, 0));
    three.put8(TARGET, 0xcd, 0x20);
    const end = three.run();
    expect([...ends(end), end.cs, end.ss, end.esp]).toEqual([13, 0x102, CODE3, DATA3, 0x9f00]);

    const virtual = task(new Scenario(), OTHER, OTHER_TSS, { eip: 0x10, eflags: 0x2_0002, esp: 0x80, segments: [1, 0x710, 0x800, 2, 3, 4] });
    virtual.put32(OTHER_TSS + 4, 0x5800, DATA0);
    virtual.code((a) => a.far(0xea, OTHER, 0));
    virtual.put8(0x7110, 0x8c, 0xd8, 0xfa);
    const v86 = virtual.run();
    expect([...ends(v86), v86.cs, v86.eip, v86.ss, v86.esp, v86.registers.eax]).toEqual([13, 0, 0x710, 0x12, 0x800, 0x80, 2]);
    // an error code, five dwords and the four data segments
    expect([6, 7, 8, 9].map((index) => v86.stack(index))).toEqual([1, 2, 3, 4]);
  });

  it("between 32-bit and 16-bit tasks", () => {
    const s = new Scenario({ registers: { eax: 0x1234_5678 } });
    s.descriptor(OTHER, OTHER_TSS, 0x2b, ACCESS.tss16, 0);
    s.put16(OTHER_TSS + 0x0e, TARGET, 0x0012)
      .put16(OTHER_TSS + 0x12, 1, 2, 3, 4, 0x5000, 6, 7, 8)
      .put16(OTHER_TSS + 0x22, DATA0, CODE0, DATA0, DATA0, 0);
    s.code((a) => a.far(0x9a, OTHER, 0).hlt());
    s.put8(TARGET, 0xa1, 0, 0x90, 0, 0, 0xcf);
    s.put32(0x9000, 0x9999_7777);
    const end = s.run();
    expect([end.stopped, end.registers.eax]).toEqual([CODE + 7, 0x1234_5678]);
    expect([end.read16(OTHER_TSS), end.read16(OTHER_TSS + 0x0e), end.read16(OTHER_TSS + 0x12)]).toEqual([TASK, TARGET + 6, 0x7777]);
    expect(end.words[20]).toBe(DATA0);
  });

  it("loads CR3 with paging on", () => {
    const s = task(new Scenario().paging(), OTHER, OTHER_TSS);
    // the other task's page tables show page 11h at 9000h
    const directory = 0x3_0000;
    s.put32(directory, (directory + 0x1000) | 7);
    for (let page = 0; page < 1024; page++) s.put32(directory + 0x1000 + page * 4, ((page === 9 ? 0x11 : page) << 12) | 7);
    s.put32(OTHER_TSS + CR3, directory).put32(TSS + CR3, s.state.cr3);
    s.put32(0x9000, 1).put32(0x1_1000, 2);
    s.code((a) => a.load(0x9000).b(0x89, 0xc3).far(0x9a, OTHER, 0).load(0x9000).hlt());
    s.put8(TARGET, 0xa1, 0, 0x90, 0, 0, 0xa3, 0, 0x80, 0, 0, 0xcf);
    const end = s.run();
    expect([end.registers.ebx, end.registers.eax, end.read32(0x8000)]).toEqual([1, 1, 2]);
  });

  it("loads the LDT, or none", () => {
    const s = task(new Scenario(), OTHER, OTHER_TSS, { ldt: 0x78, segments: [0x0f & ~3, CODE0, DATA0, DATA0, DATA0, DATA0] });
    s.descriptor(0x78, 0x9000, 0xff, ACCESS.ldt, 0);
    s.put32(0x900c - 4, 0x8000_0fff, 0x0040_9300);
    s.code((a) => a.far(0xea, OTHER, 0));
    // mov eax, es:[0]
    s.put8(TARGET, 0x26, 0xa1, 0, 0, 0, 0, 0xf4).put32(0x8000, 0x77);
    expect(s.run().registers.eax).toBe(0x77);
    const none = task(new Scenario(), OTHER, OTHER_TSS);
    none.code((a) => a.far(0xea, OTHER, 0));
    none.put8(TARGET, 0x0f, 0x00, 0xc0, 0xf4);
    expect(none.run().registers.eax & 0xffff).toBe(0);
  });

  it("traps after the switch when the T bit says so", () => {
    const s = task(new Scenario(), OTHER, OTHER_TSS);
    s.put16(OTHER_TSS + TRAP, 1);
    s.code((a) => a.far(0xea, OTHER, 0));
    s.put8(TARGET, 0x40, 0xf4);
    const end = s.run({ qemu: "the T bit is ignored (SDM volume 3, 17.3.1.5)" });
    expect([end.vector, end.eip, end.registers.eax, end.words[58] & 0xf00f]).toEqual([1, TARGET, 0x101, 0x8000]);
  });

  it("lets interrupts in at once when the new task allows them", () => {
    const s = task(new Scenario(), OTHER, OTHER_TSS, { eflags: 0x202 });
    s.code((a) => a.far(0xea, OTHER, 0));
    s.code((a) => a.label("top").b(0x40).near8("top", 0xeb), TARGET);
    const { cpu } = s.boot();
    cpu.connect({ acknowledge: () => 0x30 });
    cpu.intr(true);
    cpu.run(5000);
    expect([cpu.halted, cpu.registers.eip, cpu.registers.eax]).toEqual([true, 0x4031, 0x101]);
    cpu.intr(false);
  });

  it("goes on precisely after a switch: a fault in the new task is its own", () => {
    const s = task(new Scenario(), OTHER, OTHER_TSS);
    s.code((a) => a.far(0xea, OTHER, 0));
    // inc eax; nop; xor ecx, ecx; div ecx
    s.put8(TARGET, 0x40, 0x90, 0x31, 0xc9, 0xf7, 0xf1);
    const end = s.run();
    expect([end.vector, end.eip]).toEqual([0, TARGET + 4]);
  });
});

describe("interrupts through task gates", () => {
  it("switch like a call, for software interrupts and faults", () => {
    const s = task(new Scenario({ cs: CODE3 }), OTHER, OTHER_TSS);
    s.gate(0x40, OTHER, 0, GATE.task | dpl(3));
    s.code((a) => a.int(0x40).int(0x20));
    s.put8(TARGET, 0x40, 0xcf);
    const end = s.run();
    expect([...ends(end), end.eip, end.read32(OTHER_TSS + EAX)]).toEqual([13, 0x102, CODE + 2, 0x102]);
  });

  it("push the error code on the new task's stack, 16 or 32 bits as its TSS has it", () => {
    const s = task(new Scenario({ cs: CODE3 }), OTHER, OTHER_TSS);
    s.gate(13, OTHER, 0, GATE.task);
    s.code((a) => a.seg("ds", TASK));
    s.put8(TARGET, 0xf4);
    const end = s.run();
    expect([end.stopped, end.registers.esp, end.stack(0), end.read32(TSS + EIP)]).toEqual([TARGET, 0x5000 - 4, TASK, CODE + 5]);

    const small = new Scenario({ cs: CODE3 });
    small.descriptor(OTHER, OTHER_TSS, 0x2b, ACCESS.tss16, 0);
    small
      .put16(OTHER_TSS + 0x0e, TARGET, 2)
      .put16(OTHER_TSS + 0x1a, 0x5000)
      .put16(OTHER_TSS + 0x22, DATA0, CODE0, DATA0, DATA0, 0);
    small.gate(13, OTHER, 0, GATE.task);
    small.code((a) => a.seg("ds", TASK));
    small.put8(TARGET, 0xf4);
    const words = small.run({ qemu: "the upper half of ESP is not defined after a 16-bit switch" });
    expect([words.stopped, words.registers.esp & 0xffff, words.read16(0x5000 - 2)]).toEqual([TARGET, 0x5000 - 2, TASK]);
  });

  it("serve a double fault when the stack is gone", () => {
    const s = task(new Scenario(), OTHER, OTHER_TSS).paging();
    s.put32(OTHER_TSS + CR3, s.state.cr3);
    s.gate(8, OTHER, 0, GATE.task);
    s.page(0xb000, 0);
    s.code((a) => a.mov("esp", 0xc000).b(0x50));
    s.put8(TARGET, 0xf4);
    const end = s.run();
    expect([end.stopped, end.stack(0), end.read32(TSS + EIP), end.read32(TSS + ESP), end.cr2]).toEqual([TARGET, 0, CODE + 5, 0xc000, 0xbffc]);
  });
});

describe("a task switch that cannot be", () => {
  const jump = (prepare: (s: Scenario) => void, opcode: 0xea | 0x9a = 0xea, selector = OTHER, qemu: QemuJudges = true): Outcome => {
    const s = task(new Scenario(), OTHER, OTHER_TSS);
    s.code((a) => a.far(opcode, selector, 0));
    s.put8(TARGET, 0xf4);
    prepare(s);
    return s.run({ qemu });
  };
  it("is refused in the old task: busy, absent, short, not a TSS", () => {
    expect(ends(jump((s) => s.put8(GDT + OTHER + 5, 0x8b)))).toEqual([13, OTHER]);
    expect(ends(jump((s) => s.put8(GDT + OTHER + 5, 0x09)))).toEqual([11, OTHER]);
    expect(ends(jump((s) => s.put16(GDT + OTHER, 0x66)))).toEqual([10, OTHER]);
    expect(ends(jump((s) => s.put8(GDT + OTHER + 5, 0x8a)))).toEqual([13, OTHER]);
    expect(ends(jump((s) => s.callGate(GATE_SELECTOR, 0x0c, 0, GATE.task), 0xea, GATE_SELECTOR, "#TS (SDM volume 2, JMP, TASK-GATE: #GP(TSS selector))"))).toEqual([13, 0x0c]);
    expect(ends(jump((s) => s.callGate(GATE_SELECTOR, OTHER, 0, GATE.task & ~0x80), 0xea, GATE_SELECTOR))).toEqual([11, GATE_SELECTOR]);
    const end = jump((s) => s.put16(GDT + OTHER, 0x66));
    expect([end.eip, end.cs, busy(end, OTHER), end.words[16 + 7], end.read32(TSS + EIP)]).toEqual([CODE, CODE0, false, TASK, 0]);
  });
  it("is refused to those without privilege", () => {
    const s = task(new Scenario({ cs: CODE3 }), OTHER, OTHER_TSS);
    s.code((a) => a.far(0xea, OTHER, 0));
    expect(ends(s.run())).toEqual([13, OTHER]);
  });
  it("is refused by IRET when the link is wrong", () => {
    const back = (link: number): Outcome => {
      const s = task(new Scenario({ eflags: 0x4002 }), OTHER, OTHER_TSS);
      // NT is cleared by the boot ROM's IRET coming from NT=0: set it here
      s.put16(TSS, link);
      s.code((a) => a.push(0x4002).b(0x9d, 0xcf));
      return s.run({ qemu: link === 0x0c ? "#GP for a link into the LDT (SDM volume 2, IRET: #TS)" : true });
    };
    expect(ends(back(OTHER))).toEqual([10, OTHER]);
    expect(ends(back(0x0c))).toEqual([10, 0x0c]);
    expect(ends(back(0))).toEqual([10, 0]);
    expect(ends(back(DATA0))).toEqual([10, DATA0]);
  });
  it("faults in the new task once its state is loaded", () => {
    const bad = (task: Task, prepare: (s: Scenario) => void = () => {}): Outcome =>
      jump(
        (s) => {
          for (const [index, selector] of (task.segments ?? []).entries()) s.put32(OTHER_TSS + SEGMENTS + 4 * index, selector);
          s.put32(OTHER_TSS + LDT, task.ldt ?? 0);
          prepare(s);
          // the handler needs a stack that works: a task of its own
          for (const vector of [10, 11, 12, 13]) s.gate(vector, THIRD, 0, GATE.task);
          s.descriptor(THIRD, THIRD_TSS, 0x67, ACCESS.tss32, 0);
          s.put32(THIRD_TSS + EIP, 0x4080, 2)
            .put32(THIRD_TSS + ESP, 0x4f00)
            .put32(THIRD_TSS + SEGMENTS, DATA0, CODE0, DATA0, DATA0, DATA0, DATA0);
        },
        0xea,
        OTHER,
        "faults of the new task come before its state is complete (SDM volume 3, 7.3)",
      );
    const where = (end: Outcome): number[] => [end.stopped, end.stack(0), end.read32(OTHER_TSS + EIP)];
    const ok = [DATA0, CODE0, DATA0, DATA0, DATA0, DATA0];
    const put = (index: number, selector: number): number[] => ok.map((old, at) => (at === index ? selector : old));
    const absent = (s: Scenario): Scenario => s.descriptor(0x80, 0, 0xfff, ACCESS.data & ~0x80, BIG).descriptor(0x88, 0, 0xf_ffff, ACCESS.code & ~0x80, 12);
    expect(where(bad({ segments: put(1, DATA0) }))).toEqual([0x4080, DATA0, TARGET]);
    expect(where(bad({ segments: put(1, 0) }))).toEqual([0x4080, 0, TARGET]);
    expect(where(bad({ segments: put(1, 0x88) }, absent))).toEqual([0x4080, 0x88, TARGET]);
    expect(where(bad({ segments: put(2, 0) }))).toEqual([0x4080, 0, TARGET]);
    expect(where(bad({ segments: put(2, DATA1) }))).toEqual([0x4080, DATA1 & ~3, TARGET]);
    expect(where(bad({ segments: put(2, 0x80) }, absent))).toEqual([0x4080, 0x80, TARGET]);
    expect(where(bad({ segments: put(3, 0x80) }, absent))).toEqual([0x4080, 0x80, TARGET]);
    expect(where(bad({ segments: put(0, TASK) }))).toEqual([0x4080, TASK, TARGET]);
    expect(where(bad({ segments: ok, ldt: DATA0 }))).toEqual([0x4080, DATA0, TARGET]);
  });
});
