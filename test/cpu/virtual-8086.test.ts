import { describe, expect, it } from "vitest";
import type { Assembler } from "./assemble.js";
import type { BootState } from "./boot-rom.js";
import { ACCESS, CODE0, DATA0, dpl, GATE, type Outcome, Scenario, STACK0, TASK, TSS } from "./scenario.js";

const CS = 0x700;
const SS = 0x800;
const VM = 0x2_0000;
const LIMITS = { qemu: "segment limits are not checked (SDM volume 3, 20.1.1)" };
const ends = (end: Outcome): (number | undefined)[] => [end.vector, end.error];

const virtual = (make: (assembler: Assembler) => void, start: Partial<BootState> = {}, prepare: (s: Scenario) => void = () => {}): Scenario => {
  const scenario = new Scenario({ mode: "virtual", cs: CS, eip: 0, ss: SS, esp: 0x100, ds: 0x900, es: 0xa11, fs: 0xb22, gs: 0xc33, eflags: 2, ...start });
  prepare(scenario);
  scenario.code(make);
  return scenario;
};

describe("virtual-8086 mode", () => {
  it("addresses like real mode, whatever the descriptors say", () => {
    // mov ax, [4]; mov bx, es:[2]; cli
    const end = virtual(
      (a) => a.b(0xa1, 4, 0, 0x26, 0x8b, 0x1e, 2, 0, 0xfa),
      {},
      (s) => s.put16(0x9004, 0x1234).put16(0xa112, 0x5678),
    ).run();
    expect([end.registers.eax, end.registers.ebx]).toEqual([0x1234, 0x5678]);
  });

  it("loads segment registers without looking at tables", () => {
    const end = virtual((a) => a.b(0xb8, 0xff, 0xff, 0x8e, 0xd8, 0x8e, 0xe0, 0xfa)).run();
    expect([end.stack(7), end.stack(8)]).toEqual([0xffff, 0xffff]);
  });

  it("leaves through a gate to ring 0 with its segments on the stack and null in the registers", () => {
    const end = virtual((a) => a.nop().b(0x0f, 0x0b)).run();
    expect([end.vector, end.eip, end.cs, end.eflags & VM, end.esp, end.ss]).toEqual([6, 1, CS, VM, 0x100, SS]);
    expect([5, 6, 7, 8].map((index) => end.stack(index))).toEqual([0xa11, 0x900, 0xb22, 0xc33]);
    expect([...end.words.slice(16, 22)]).toEqual([0, CODE0, DATA0, 0, 0, 0]);
    expect([end.registers.esp, end.words[10] & VM]).toEqual([STACK0 - 36, 0]);
  });

  it("leaves through a 16-bit gate with words", () => {
    const end = virtual(
      (a) => a.b(0xcc),
      { eflags: 0x3002 },
      (s) => s.gate(3, CODE0, 0x4003, GATE.interrupt16 | dpl(3)),
    ).run();
    expect([end.registers.esp, end.read16(end.registers.esp), end.read16(end.registers.esp + 2)]).toEqual([STACK0 - 18, 1, CS]);
  });

  it("comes back with IRET from ring 0", () => {
    // the handler of #GP skips the CLI, then the program is caught by #UD
    const end = virtual(
      (a) => a.b(0xfa, 0x43, 0x0f, 0x0b),
      {},
      // add esp, 4; inc dword [esp]; iret
      (s) => s.put8(0x4200, 0x83, 0xc4, 4, 0xff, 0x04, 0x24, 0xcf).gate(13, CODE0, 0x4200, GATE.interrupt32),
    ).run();
    expect([end.vector, end.eip, end.registers.ebx]).toEqual([6, 2, 1]);
    expect([5, 6, 7, 8].map((index) => end.stack(index))).toEqual([0xa11, 0x900, 0xb22, 0xc33]);
  });

  it("refuses handlers that are not in ring 0", () => {
    const end = virtual(
      (a) => a.b(0x0f, 0x0b),
      {},
      (s) => s.descriptor(0x60, 0, 0xf_ffff, ACCESS.conforming, 12).gate(6, 0x60, 0x4006, GATE.interrupt32),
    ).run({ qemu: "the external bit stays clear (SDM volume 3, 6.13)" });
    expect(ends(end)).toEqual([13, 0x61]);
  });

  it("is left by a task gate and entered again by its IRET", () => {
    const done = virtual(
      (a) => a.b(0xcd, 0x40, 0x43, 0x0f, 0x0b),
      { eflags: 0x3002 },
      (s) => {
        s.descriptor(0x60, 0x3800, 0x67, ACCESS.tss32, 0);
        s.put32(0x3820, 0x4200, 2).put32(0x3838, 0x5000).put32(0x3848, DATA0, CODE0, DATA0, DATA0, DATA0, DATA0);
        s.gate(0x40, 0x60, 0, GATE.task | dpl(3));
        s.put8(0x4200, 0xcf);
      },
    ).run();
    expect([done.vector, done.eip, done.cs, done.registers.ebx, done.eflags & VM]).toEqual([6, 3, CS, 1, VM]);
    expect(done.read16(0x3800)).toBe(TASK);
  });

  const SENSITIVE: Record<string, number[]> = {
    cli: [0xfa],
    sti: [0xfb],
    pushf: [0x9c],
    popf: [0x9d],
    iret: [0xcf],
    int: [0xcd, 0x40],
    "o32 pushf": [0x66, 0x9c],
    "o32 iret": [0x66, 0xcf],
  };
  for (const [name, code] of Object.entries(SENSITIVE)) {
    it(`${name} is #GP(0) below IOPL 3`, () => {
      const end = virtual((a) => a.nop().b(...code), { eflags: 0x2002 }).run();
      expect([...ends(end), end.eip, end.esp]).toEqual([13, 0, 1, 0x100]);
    });
  }
  it("with IOPL 3 they work on the real flags, IOPL excepted", () => {
    // push 0ED7h; popf; sti; cli; pushf; pop ax; ud2
    const end = virtual((a) => a.b(0x68, 0xd7, 0x0e, 0x9d, 0xfb, 0xfa, 0x9c, 0x58, 0x0f, 0x0b), { eflags: 0x3002 }).run();
    expect([end.vector, end.registers.eax]).toEqual([6, 0x3cd7]);
    // push flags, cs, ip; iret; ud2
    const back = virtual(
      (a) => a.b(0x68, 0xd7, 0x0c, 0x68, 0x10, 0x07, 0x68, 0x05, 0, 0xcf),
      { eflags: 0x3002 },
      (s) => s.put8(0x7105, 0x0f, 0x0b),
    ).run();
    expect([back.vector, back.eip, back.cs, back.eflags & 0x7fff]).toEqual([6, 5, 0x710, 0x3cd7]);
  });
  it("INT n with IOPL 3 needs a gate of DPL 3; INT3 and INTO need it with any IOPL", () => {
    expect(ends(virtual((a) => a.b(0xcd, 0x40), { eflags: 0x3002 }).run())).toEqual([13, 0x202]);
    const open = (code: readonly number[], eflags: number, vector: number): Outcome =>
      virtual(
        (a) => a.b(...code),
        { eflags },
        (s) => s.gate(vector, CODE0, 0x4000 + vector, GATE.interrupt32 | dpl(3)),
      ).run();
    expect(open([0xcd, 0x40], 0x3002, 0x40).vector).toBe(0x40);
    expect(open([0xcc], 0x0002, 3).vector).toBe(3);
    expect(open([0xce], 0x0802, 4).vector).toBe(4);
    expect(ends(virtual((a) => a.b(0xcc)).run())).toEqual([13, 26]);
  });
  it("is as privileged as ring 3", () => {
    for (const code of [[0xf4], [0x0f, 0x20, 0xc0], [0x0f, 0x22, 0xc0], [0x0f, 0x06], [0x0f, 0x01, 0xf0]])
      expect(ends(virtual((a) => a.b(...code), { eflags: 0x3002 }).run())).toEqual([13, 0]);
    // sldt, ltr, lar, verr, arpl
    for (const code of [
      [0x0f, 0x00, 0xc0],
      [0x0f, 0x00, 0xd8],
      [0x0f, 0x02, 0xc0],
      [0x0f, 0x00, 0xe0],
      [0x63, 0xc0],
    ])
      expect(ends(virtual((a) => a.b(...code)).run())).toEqual([6, undefined]);
  });
  it("checks ports by the bitmap even with IOPL 3", () => {
    const access = (bits: number): (number | undefined)[] =>
      ends(
        virtual(
          (a) => a.b(0xec, 0x0f, 0x0b),
          { eflags: 0x3002, registers: { edx: 0x70 } },
          (s) => {
            s.descriptor(TASK, TSS, 0x68 + 0x10, ACCESS.tss32, 0);
            s.put8(TSS + 0x68 + 0x0e, bits);
          },
        ).run(),
      );
    expect(access(0)).toEqual([6, undefined]);
    expect(access(1)).toEqual([13, 0]);
  });
  it("has 64 KiB segments", () => {
    expect(ends(virtual((a) => a.b(0xa1, 0xff, 0xff)).run(LIMITS))).toEqual([13, 0]);
    expect(ends(virtual((a) => a.b(0x36, 0xa1, 0xff, 0xff)).run(LIMITS))).toEqual([12, 0]);
    expect(ends(virtual((a) => a.b(0x66, 0xea, 0, 0, 1, 0, 0, 7)).run(LIMITS))).toEqual([13, 0]);
  });
  it("pages as user", () => {
    const end = virtual(
      (a) => a.b(0xa1, 0, 0),
      {},
      (s) => s.paging().page(0x9000, 3),
    ).run();
    expect([...ends(end), end.cr2]).toEqual([14, 5, 0x9000]);
  });
});

const NO_VME = { qemu: "virtual-8086 mode extensions are not emulated before 8.0 (SDM volume 3, 20.3 and 20.4)" };
describe("virtual-8086 mode extensions", () => {
  const VIF = 0x8_0000;
  const VIP = 0x10_0000;
  /** Redirection bitmap before the I/O map; a set bit sends the interrupt to the monitor. */
  const vme = (make: (assembler: Assembler) => void, eflags: number, redirect: readonly number[] = [], prepare: (s: Scenario) => void = () => {}): Outcome =>
    virtual(make, { cr4: 1, eflags }, (s) => {
      s.descriptor(TASK, TSS, 0x68 + 0x20 + 0x10, ACCESS.tss32, 0);
      s.put16(TSS + 0x66, 0x88);
      s.memory.fill(0xff, TSS + 0x68, TSS + 0x88);
      for (const vector of redirect) s.memory[TSS + 0x68 + (vector >> 3)] &= ~(1 << (vector & 7));
      prepare(s);
    }).run(NO_VME);

  it("CLI and STI move VIF, PUSHF shows it as IF", () => {
    // sti; pushf; pop ax; cli; pushf; pop bx; ud2
    const end = vme((a) => a.b(0xfb, 0x9c, 0x58, 0xfa, 0x9c, 0x5b, 0x0f, 0x0b), 2);
    expect([end.vector, end.registers.eax, end.registers.ebx, end.eflags & (VIF | 0x3200)]).toEqual([6, 0x3202, 0x3002, 0]);
  });
  it("POPF and IRET load VIF from IF", () => {
    const popf = vme((a) => a.b(0x68, 0xd7, 0x0e, 0x9d, 0x0f, 0x0b), 2);
    expect([popf.vector, popf.eflags & (VIF | 0x3fd7)]).toEqual([6, VIF | 0xcd7]);
    const iret = vme(
      (a) => a.b(0x68, 0xd7, 0x0e, 0x68, 0x10, 0x07, 0x68, 0x05, 0, 0xcf),
      2,
      [],
      (s) => s.put8(0x7105, 0x0f, 0x0b),
    );
    expect([iret.vector, iret.eip, iret.cs, iret.eflags & (VIF | 0x3fd7)]).toEqual([6, 5, 0x710, VIF | 0xcd7]);
  });
  it("a pending virtual interrupt stops what would enable it", () => {
    expect(ends(vme((a) => a.b(0xfb), 2 | VIP))).toEqual([13, 0]);
    expect(ends(vme((a) => a.b(0x68, 0x02, 0x02, 0x9d), 2 | VIP))).toEqual([13, 0]);
    expect(ends(vme((a) => a.b(0x68, 0x02, 0x01, 0x9d), 2))).toEqual([13, 0]);
  });
  it("INT n goes to the program's own vector where the bitmap says so", () => {
    const handler = (s: Scenario): Scenario => s.put16(0x40 * 4, 0x0008, 0x0720).put8(0x7208, 0x0f, 0x0b);
    const own = vme((a) => a.b(0xfb, 0xcd, 0x40), 2, [0x40], handler);
    expect([own.vector, own.eip, own.cs, own.eflags & (VIF | 0x3300)]).toEqual([6, 8, 0x720, 0]);
    // ip, cs, flags with VIF as IF and IOPL 3
    expect([0, 2, 4].map((skip) => own.read16(SS * 16 + 0x100 - 6 + skip))).toEqual([3, CS, 0x3202]);
    expect(ends(vme((a) => a.b(0xcd, 0x40), 2, [], handler))).toEqual([13, 0]);
    const three = vme((a) => a.b(0xcd, 0x40), 0x3202, [0x40], handler);
    expect([three.vector, three.eflags & (VIF | 0x3300)]).toEqual([6, 0x3000]);
  });
  it("protected-mode virtual interrupts: CLI and STI in ring 3 with CR4.PVI", () => {
    const s = new Scenario({ cs: 0x1b, cr4: 2 });
    s.code((a) => a.b(0xfb, 0x9c, 0x58, 0xfa).int(0x20));
    const end = s.run(NO_VME);
    expect([...ends(end), end.registers.eax & 0x200, end.eflags & VIF]).toEqual([13, 0x102, 0, 0]);
  });
});
