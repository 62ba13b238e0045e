import { describe, expect, it } from "vitest";
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
  GRANULAR,
  IDT,
  type Outcome,
  type QemuJudges,
  Scenario,
  STACK0,
  STACK3,
  TASK,
  TSS,
} from "./scenario.js";

/** SDM volume 3, 6.13: an exception that is being delivered counts as external. */
const NO_EXT = { qemu: "the external bit stays clear (SDM volume 3, 6.13)" };
const SELECTOR = 0x60;
const TARGET = CODE + 0x80;
const ends = (end: Outcome): (number | undefined)[] => [end.vector, end.error];

describe("call gates", () => {
  /** Calls through a gate at 60h after pushing 1 to 5; the target is a HLT. */
  const call = (
    gate: { target?: number; access?: number; parameters?: number },
    cs = CODE0,
    selector = SELECTOR | (cs & 3),
    prepare: (s: Scenario) => void = () => {},
    opcode: 0x9a | 0xea = 0x9a,
    qemu: QemuJudges = true,
  ): Outcome => {
    const scenario = new Scenario({ cs });
    scenario.callGate(SELECTOR, gate.target ?? CODE0, TARGET, gate.access ?? GATE.call32 | dpl(3), gate.parameters);
    scenario.code((a) => {
      for (let value = 1; value <= 5; value++) a.push(value * 0x1111);
      a.far(opcode, selector, 0xdead_beef);
    });
    scenario.put8(TARGET, 0xf4);
    prepare(scenario);
    return scenario.run({ qemu });
  };
  const RETURN = CODE + 25 + 7;

  it("to the same privilege push CS and EIP only", () => {
    const end = call({ parameters: 3 });
    expect([end.stopped, end.words[17], end.registers.esp]).toEqual([TARGET, CODE0, STACK0 - 20 - 8]);
    expect([end.stack(0), end.stack(1), end.stack(2)]).toEqual([RETURN, CODE0, 0x5555]);
  });
  it("to an inner privilege switch stacks and copy parameters", () => {
    const end = call({ parameters: 3 }, CODE3);
    expect([end.stopped, end.words[17], end.words[18], end.registers.esp]).toEqual([TARGET, CODE0, DATA0, STACK0 - 28]);
    expect([0, 1, 2, 3, 4, 5, 6].map((index) => end.stack(index))).toEqual([RETURN, CODE3, 0x5555, 0x4444, 0x3333, STACK3 - 20, DATA3]);
  });
  it("of 16 bits push words", () => {
    const end = call({ parameters: 2, access: GATE.call16 | dpl(3) }, CODE3);
    expect(end.registers.esp).toBe(STACK0 - 12);
    expect([0, 2, 4, 6, 8, 10].map((skip) => end.read16(end.registers.esp + skip))).toEqual([RETURN, CODE3, 0x5555, 0, STACK3 - 20, DATA3]);
  });
  it("lead to a middle privilege with the stack for it", () => {
    const end = call({ target: CODE1, parameters: 1 }, CODE3, SELECTOR | 3, (s) => s.put8(TARGET, 0xcd, 0x20));
    // int 20h in ring 1 is refused; that frame lies on the stack of ring 0
    expect([...ends(end), end.cs, end.ss, end.esp]).toEqual([13, 0x102, CODE1, DATA1, STACK0 - 0x400 - 20]);
  });
  it("to conforming code stay at the caller's privilege", () => {
    const end = call(
      { target: CONFORMING },
      CODE3,
      SELECTOR | 3,
      (s) => s.put8(TARGET, 0xcd, 0x20),
      0x9a,
      "CS gets the RPL of the gate's target (SDM volume 2, CALL: CS(RPL) = CPL)",
    );
    expect([...ends(end), end.cs, end.ss, end.esp]).toEqual([13, 0x102, CONFORMING | 3, DATA3, STACK3 - 28]);
  });
  it("can be jumped through at the same privilege only", () => {
    expect(call({}, CODE0, SELECTOR, undefined, 0xea).stopped).toBe(TARGET);
    expect(ends(call({}, CODE3, SELECTOR | 3, undefined, 0xea))).toEqual([13, CODE0]);
  });
  it("check the gate's own privilege and presence first", () => {
    expect(ends(call({ access: GATE.call32 | dpl(2) }, CODE3))).toEqual([13, SELECTOR]);
    expect(ends(call({ access: GATE.call32 | dpl(2) }, CODE1, SELECTOR | 3))).toEqual([13, SELECTOR]);
    expect(ends(call({ access: GATE.call32 & ~0x80 }))).toEqual([11, SELECTOR]);
    expect(ends(call({ access: GATE.interrupt32 | dpl(3) }))).toEqual([13, SELECTOR]);
  });
  it("check their target", () => {
    expect(ends(call({ target: 0 }))).toEqual([13, 0]);
    expect(ends(call({ target: DATA0 }))).toEqual([13, DATA0]);
    expect(ends(call({ target: CODE3 }))).toEqual([13, CODE3 & ~3]);
    expect(ends(call({ target: 0x68 }, CODE0, SELECTOR, (s) => s.descriptor(0x68, 0, 0xf_ffff, ACCESS.code & ~0x80, BIG | GRANULAR)))).toEqual([11, 0x68]);
    // the RPL of the selector in the gate does not matter
    expect(call({ target: CODE0 | 3 }, CODE3).words[17]).toBe(CODE0);
  });
  it("check the inner stack: #TS for the selector, #SS for presence", () => {
    const stack = (selector: number): Outcome =>
      call({}, CODE3, SELECTOR | 3, (s) =>
        s
          .put32(TSS + 8, selector)
          .descriptor(0x68, 0, 0xf_ffff, ACCESS.data & ~0x80, BIG | GRANULAR)
          .gate(10, 0, 0, 0)
          .callGate(0x70, 0, 0, 0),
      );
    // the handler of #TS is reached through a task: see tasks.test.ts; here it cannot be reached either, so nothing is left but shutdown
    for (const selector of [0, DATA3, CODE0, 0x3f8, 0x68]) expect(stack(selector).shutdown).toBe(true);
  });
  it("leave no trace when the inner stack overflows", () => {
    const scenario = new Scenario({ cs: CODE3 });
    // 40 bytes, of which a call with eight parameters wants 48; the handler's own stack is in ring 1
    scenario.descriptor(0x68, 0x1_0000, 39, ACCESS.data, BIG).put32(TSS + 4, 40, 0x68);
    scenario.callGate(SELECTOR, CODE0, TARGET, GATE.call32 | dpl(3), 8);
    scenario.gate(12, CODE1, 0x4100, GATE.interrupt32);
    scenario.memory.fill(0xaa, 0x1_0000, 0x1_0028);
    scenario.code((a) => a.far(0x9a, SELECTOR | 3, 0));
    scenario.put8(0x4100, 0xcd, 0x20);
    const end = scenario.run({ qemu: "segment limits are not checked (SDM volume 3, 5.3)" });
    // #SS(68h) arrives in ring 1; its int 20h ends on the small stack
    const frame = STACK0 - 0x400 - 24;
    expect([end.read32(frame), end.read32(frame + 4), end.read32(frame + 8)]).toEqual([0x68, CODE, CODE3]);
    expect(end.vector).toBe(13);
    expect([...end.words.slice(16, 19)]).toEqual([DATA3, CODE0, 0x68]);
    expect(end.read8(0x1_0003)).toBe(0xaa);
  });
  it("return with RETF n, which releases parameters on both stacks", () => {
    const scenario = new Scenario({ cs: CODE3 });
    scenario.callGate(SELECTOR, CODE0, TARGET, GATE.call32 | dpl(3), 2);
    scenario.code((a) =>
      a
        .push(1)
        .push(2)
        .far(0x9a, SELECTOR | 3, 0)
        .int(0x20),
    );
    scenario.put8(TARGET, 0x8b, 0x44, 0x24, 8, 0xca, 8, 0);
    const end = scenario.run();
    expect([...ends(end), end.registers.eax, end.esp, end.cs]).toEqual([13, 0x102, 2, STACK3, CODE3]);
  });
});

describe("interrupt and trap gates", () => {
  /** `int 40h` through the gate of the test. */
  const int = (gate: { selector?: number; access?: number }, start: { cs?: number; eflags?: number } = {}, prepare: (s: Scenario) => void = () => {}): Outcome => {
    const scenario = new Scenario({ cs: CODE3, ...start });
    scenario.gate(0x40, gate.selector ?? CODE0, TARGET, gate.access ?? GATE.interrupt32 | dpl(3));
    scenario.code((a) => a.int(0x40));
    scenario.put8(TARGET, 0xf4);
    prepare(scenario);
    return scenario.run();
  };
  const flags = (end: Outcome): number => end.words[10] & 0x4300;

  it("clear IF or leave it, and always clear TF and NT", () => {
    const interrupt = int({}, { eflags: 0x4202 });
    expect([interrupt.stopped, flags(interrupt)]).toEqual([TARGET, 0]);
    expect([0, 1, 2, 3, 4].map((index) => interrupt.stack(index))).toEqual([CODE + 2, CODE3, 0x4202, STACK3, DATA3]);
    expect(flags(int({ access: GATE.trap32 | dpl(3) }, { eflags: 0x4202 }))).toBe(0x200);
  });
  it("of 16 bits push words", () => {
    const end = int({ access: GATE.interrupt16 | dpl(3) }, { eflags: 0x202 });
    expect([0, 2, 4, 6, 8].map((skip) => end.read16(end.registers.esp + skip))).toEqual([CODE + 2, CODE3, 0x202, STACK3, DATA3]);
  });
  it("at the same privilege push three dwords", () => {
    const end = int({}, { cs: CODE0 });
    expect([end.registers.esp, end.stack(0), end.stack(1)]).toEqual([STACK0 - 12, CODE + 2, CODE0]);
  });
  it("with conforming handlers stay where they are", () => {
    const end = int({ selector: CONFORMING }, {}, (s) => s.put8(TARGET, 0xcd, 0x20));
    expect([...ends(end), end.cs, end.esp]).toEqual([13, 0x102, CONFORMING | 3, STACK3 - 12]);
  });
  it("refuse software interrupts without privilege, not exceptions", () => {
    expect(ends(int({ access: GATE.interrupt32 | dpl(2) }))).toEqual([13, 0x40 * 8 + 2]);
    const scenario = new Scenario({ cs: CODE3 });
    scenario.code((a) => a.b(0x0f, 0x0b));
    expect(scenario.run().vector).toBe(6);
    // int3 and into are software interrupts
    for (const [code, vector] of [
      [0xcc, 3],
      [0xce, 4],
    ]) {
      const software = new Scenario({ cs: CODE3, eflags: 0x802 });
      software.code((a) => a.b(code));
      expect(ends(software.run())).toEqual([13, vector * 8 + 2]);
    }
  });
  it("ICEBP is not", () => {
    const scenario = new Scenario({ cs: CODE3 });
    scenario.code((a) => a.b(0xf1));
    // the captured vectors have it
    const end = scenario.run({ qemu: "ICEBP is a fault (SDM volume 2, INT1: a trap)" });
    expect([end.vector, end.eip]).toEqual([1, CODE + 1]);
  });
  it("name the vector in the error code of what is wrong with the gate", () => {
    expect(ends(int({ access: GATE.interrupt32 & ~0x80 }, { cs: CODE0 }))).toEqual([11, 0x40 * 8 + 2]);
    expect(ends(int({ access: GATE.call32 | dpl(3) }))).toEqual([13, 0x40 * 8 + 2]);
    expect(ends(int({ access: 0 }))).toEqual([13, 0x40 * 8 + 2]);
    const beyond = new Scenario({ idt: [IDT, 0x40 * 8 + 6] });
    beyond.code((a) => a.int(0x40));
    expect(ends(beyond.run())).toEqual([13, 0x40 * 8 + 2]);
  });
  it("name the selector when the target is wrong", () => {
    expect(ends(int({ selector: 0 }))).toEqual([13, 0]);
    expect(ends(int({ selector: DATA0 }))).toEqual([13, DATA0]);
    expect(ends(int({ selector: CODE3 }, { cs: CODE0 }))).toEqual([13, CODE3 & ~3]);
    expect(ends(int({ selector: 0x68 }, {}, (s) => s.descriptor(0x68, 0, 0xf_ffff, ACCESS.code & ~0x80, BIG | GRANULAR)))).toEqual([11, 0x68]);
  });
  it("set EXT in the error code when an exception could not be delivered", () => {
    // #UD has no handler: #GP with the IDT and external bits
    const end = new Scenario({ cs: CODE3 });
    end.gate(6, CODE0, 0, 0);
    end.code((a) => a.b(0x0f, 0x0b));
    expect(ends(end.run(NO_EXT))).toEqual([13, 6 * 8 + 3]);
    const selector = new Scenario({ cs: CODE3 });
    selector.gate(6, DATA0, 0, GATE.interrupt32);
    selector.code((a) => a.b(0x0f, 0x0b));
    expect(ends(selector.run(NO_EXT))).toEqual([13, DATA0 + 1]);
  });
});

describe("IRET", () => {
  it("to an outer level restores stack and flags that its privilege allows", () => {
    const scenario = new Scenario();
    scenario.code((a) => a.push(DATA3).push(0x9000).push(0x24_7ed7).push(CODE3).push(TARGET).b(0xcf));
    scenario.put8(TARGET, 0xcd, 0x20);
    // NT is taken from the image but does not matter before the next IRET
    const end = scenario.run();
    expect([...ends(end), end.cs, end.ss, end.esp, end.eflags & 0x24_7ed7]).toEqual([13, 0x102, CODE3, DATA3, 0x9000, 0x24_7ed7]);
  });
  it("in ring 3 changes neither IOPL nor IF", () => {
    const scenario = new Scenario({ cs: CODE3 });
    scenario.code((a) => a.push(0x3ed7).push(CODE3).push(TARGET).b(0xcf));
    scenario.put8(TARGET, 0xcd, 0x20);
    expect(scenario.run().eflags & 0x3fd7).toBe(0x0cd7);
  });
  const iret = (cs: number, eip: number, prepare: (s: Scenario) => void = () => {}, ss = DATA3, qemu: QemuJudges = true): Outcome => {
    const scenario = new Scenario();
    scenario.code((a) => a.push(ss).push(0x9000).push(2).push(cs).push(eip).b(0xcf));
    prepare(scenario);
    return scenario.run({ qemu });
  };
  it("checks the code segment, then the stack segment", () => {
    expect(ends(iret(0, TARGET))).toEqual([13, 0]);
    expect(ends(iret(DATA0, TARGET))).toEqual([13, DATA0]);
    expect(ends(iret(CODE0 | 3, TARGET))).toEqual([13, CODE0]);
    expect(ends(iret(CODE3, TARGET, undefined, 3))).toEqual([13, 0]);
    expect(ends(iret(CODE3, TARGET, undefined, DATA0))).toEqual([13, DATA0]);
    expect(ends(iret(CODE3, TARGET, undefined, DATA1))).toEqual([13, DATA1 & ~3]);
    expect(ends(iret(0x6b, TARGET, (s) => s.descriptor(0x68, 0, 0xf_ffff, (ACCESS.code & ~0x80) | dpl(3), BIG | GRANULAR)))).toEqual([11, 0x68]);
    expect(
      ends(
        iret(
          CODE3,
          TARGET,
          (s) => s.descriptor(0x68, 0, 0xf_ffff, (ACCESS.data & ~0x80) | dpl(3), BIG | GRANULAR),
          0x6b,
          "an absent stack is #NP (SDM volume 2, IRET: #SS(selector))",
        ),
      ),
    ).toEqual([12, 0x68]);
  });
  it("leaves everything as it was when it faults", () => {
    const end = iret(CODE0 | 3, TARGET);
    expect([end.eip, end.cs, end.registers.esp]).toEqual([CODE + 25, CODE0, STACK0 - 20 - 16]);
  });
});

describe("faults in the delivery of faults", () => {
  it("two contributory ones make a double fault with error code 0", () => {
    // #GP has no present handler
    const scenario = new Scenario();
    scenario.gate(13, CODE0, 0x400d, GATE.interrupt32 & ~0x80);
    scenario.code((a) => a.seg("ds", TASK));
    const end = scenario.run();
    expect([...ends(end), end.eip]).toEqual([8, 0, CODE + 5]);
  });
  it("a benign one followed by a contributory one does not", () => {
    const scenario = new Scenario();
    scenario.gate(6, CODE0, 0x4006, GATE.interrupt32 & ~0x80);
    scenario.code((a) => a.b(0x0f, 0x0b));
    expect(ends(scenario.run(NO_EXT))).toEqual([11, 6 * 8 + 3]);
  });
  it("a page fault followed by another makes one, a #GP followed by a page fault does not", () => {
    const twice = new Scenario().paging();
    // the handler of #PF lies behind an IDT page that is not there
    twice.state.idt = [0x1_0000, 0x7ff];
    twice.memory.copyWithin(0x1_0000, IDT, IDT + 0x800);
    twice.put32(0x1_0000 + 14 * 8, 0x000a_0000, 0);
    twice.gateAt(0x1_0000 + 14 * 8, CODE0, 0x400e, GATE.interrupt32 & ~0x80);
    twice.page(0x9000, 0);
    twice.code((a) => a.load(0x9000));
    expect(ends(twice.run())).toEqual([8, 0]);

    const once = new Scenario({ cs: CODE3 }).paging();
    // ring 0's stack is not there for #GP; the handler of #PF runs in a task of its own, so nothing else is needed
    once.page(0x5000, 0);
    once.callGate(0x70, 0, 0, 0);
    once.descriptor(0x68, 0x3800, 0x67, ACCESS.tss32, 0);
    once.put32(0x3800 + 0x1c, 0x2_0000).put32(0x3800 + 0x20, 0x400e, 2);
    once.put32(0x3800 + 0x38, 0x1_1000).put32(0x3800 + 0x48, DATA0, CODE0, DATA0, DATA0, DATA0, DATA0);
    once.gate(14, 0x68, 0, GATE.task);
    once.code((a) => a.hlt());
    const end = once.run();
    expect([end.vector, end.cr2, end.error]).toEqual([14, STACK0 - 4, 2]);
  });
  it("three shut the processor down", () => {
    const scenario = new Scenario({ idt: [IDT, 0] });
    scenario.code((a) => a.b(0x0f, 0x0b));
    const end = scenario.run();
    expect(end.shutdown).toBe(true);
    expect(end.words[9]).toBe(CODE);
  });
  it("a shutdown ends a run, and reset revives", () => {
    const scenario = new Scenario({ idt: [IDT, 0] });
    scenario.code((a) => a.b(0x0f, 0x0b));
    const { cpu } = scenario.boot();
    cpu.run(1000);
    const count = cpu.instructionCount;
    cpu.run(1000);
    expect([cpu.shutdown, cpu.instructionCount]).toEqual([true, count]);
    cpu.reset();
    expect([cpu.shutdown, cpu.registers.eip]).toEqual([false, 0xfff0]);
  });
});
