import { describe, expect, it } from "vitest";
import * as S from "../../kernel/cpu/state.js";
import type { Assembler } from "./assemble.js";
import type { BootState } from "./boot-rom.js";
import { ACCESS, CODE, CODE0, CODE1, CODE3, DATA0, dpl, type Outcome, type QemuJudges, Scenario, STACK0, TASK, TSS } from "./scenario.js";

/** Model-specific registers, counters, control registers, SYSENTER and ports: who may, and with what (SDM volumes 2 and 3). */
const ends = (end: Outcome): (number | undefined)[] => [end.vector, end.error];
const DONE = [-1, undefined];
const GP = [13, 0];
const IN_VIRTUAL = { mode: "virtual", cs: 0x700, eip: 0, ss: 0x800, esp: 0x100, ds: 0, es: 0, fs: 0, gs: 0 } as const;
const msr = (a: Assembler, number: number, low: number, high = 0): Assembler => a.mov("ecx", number).mov("eax", low).mov("edx", high).b(0x0f, 0x30);
const RDMSR = [0x0f, 0x32];

const run = (code: readonly number[], start: Partial<BootState> = {}, qemu: QemuJudges = true): Outcome => {
  const s = new Scenario(start);
  s.code((a) => a.b(...code).hlt());
  return s.run({ qemu });
};

describe("model-specific registers", () => {
  it("are for ring 0", () => {
    for (const cs of [CODE1, CODE3]) for (const code of [RDMSR, [0x0f, 0x30]]) expect(ends(run(code, { cs, registers: { ecx: 0x174 } }))).toEqual(GP);
    for (const code of [RDMSR, [0x0f, 0x30]]) {
      const v = new Scenario({ ...IN_VIRTUAL, eflags: 0x3002, registers: { ecx: 0x174 } });
      v.code((a) => a.b(...code));
      expect(ends(v.run())).toEqual(GP);
    }
  });
  it("that do not exist are #GP(0), and nothing is changed", () => {
    const end = run(RDMSR, { registers: { ecx: 0x1234_5678, eax: 1, edx: 2 } }, "unknown MSRs read as zero (SDM volume 2, RDMSR: #GP(0))");
    expect([...ends(end), end.registers.eax, end.registers.edx, end.eip]).toEqual([...GP, 1, 2, CODE]);
    expect(ends(run([0x0f, 0x30], { registers: { ecx: 0x1234_5678 } }, "unknown MSRs are ignored (SDM volume 2, WRMSR: #GP(0))"))).toEqual(GP);
  });
  it("of SYSENTER keep what is written", () => {
    for (const number of [0x174, 0x175, 0x176]) {
      const s = new Scenario();
      s.code((a) =>
        msr(a, number, 0x1230)
          .mov("eax", 0)
          .b(...RDMSR)
          .hlt(),
      );
      expect(s.run().registers.eax).toBe(0x1230);
    }
  });
});

describe("RDTSC and RDPMC", () => {
  const TSD = 4;
  const PCE = 0x100;
  it("RDTSC is for ring 0 with TSD", () => {
    const allowed = (cs: number, cr4: number): (number | undefined)[] => {
      const s = new Scenario({ cs, cr4 });
      s.code((a) => a.b(0x0f, 0x31).mov("eax", 0).mov("edx", 0).int(0x20));
      return ends(s.run());
    };
    expect(allowed(CODE0, TSD)).toEqual([0x20, undefined]);
    expect(allowed(CODE3, 0)).toEqual([13, 0x102]);
    for (const cs of [CODE1, CODE3]) expect(allowed(cs, TSD)).toEqual(GP);
    const v = new Scenario({ ...IN_VIRTUAL, eflags: 2, cr4: TSD });
    v.code((a) => a.b(0x0f, 0x31));
    expect(ends(v.run())).toEqual(GP);
  });
  it("RDPMC is for ring 0 without PCE", () => {
    expect(ends(run([0x0f, 0x33], { cs: CODE3 }))).toEqual(GP);
    expect(ends(run([0x0f, 0x33, 0xcd, 0x20], { cs: CODE3, cr4: PCE }, "RDPMC is not implemented (SDM volume 2, RDPMC)"))).toEqual([13, 0x102]);
    expect(ends(run([0x0f, 0x33], { registers: { ecx: 0x1000 } }, "RDPMC is not implemented (SDM volume 2, RDPMC: #GP(0))"))).toEqual(GP);
  });
});

describe("control registers", () => {
  const COMBINATIONS = "combinations and reserved bits are not checked (SDM volume 3, 2.5)";
  const write = (number: number, value: number, start: Partial<BootState> = {}): Outcome => {
    const s = new Scenario(start);
    s.code((a) =>
      a
        .mov("eax", value)
        .b(0x0f, 0x22, 0xc0 | (number << 3))
        .hlt(),
    );
    return s.run({ qemu: COMBINATIONS });
  };
  it("CR0: PG needs PE, NW needs CD, ET is fixed", () => {
    for (const [value, expected] of [
      [0x8000_0010, GP],
      [0x2000_0011, GP],
      [0x6000_0011, DONE],
      [0x4000_0011, DONE],
      [0x0000_0001, DONE],
    ] as const) {
      const end = write(0, value);
      expect(ends(end), value.toString(16)).toEqual(expected);
      expect(end.words[S.CR0] & 0x11).toBe(0x11);
    }
  });
  it("CR4: reserved bits", () => {
    for (const bit of [0x800, 0x1000, 0x8000, 0x10_0000, 0x8000_0000]) {
      const end = write(4, bit);
      expect([...ends(end), end.words[S.CR4]], bit.toString(16)).toEqual([...GP, 0]);
    }
    for (const bit of [1, 2, 4, 8, 0x10, 0x80, 0x100, 0x200]) expect(write(4, bit).words[S.CR4], bit.toString(16)).toBe(bit);
  });
  it("CR1, CR5 to CR7 are #UD in any ring", () => {
    for (const number of [1, 5, 6, 7])
      for (const cs of [CODE0, CODE3]) expect(ends(run([0x0f, 0x20, 0xc0 | (number << 3)], { cs }, "#GP in ring 3 (SDM volume 2, MOV control registers)"))).toEqual([6, undefined]);
  });
  it("MOV ignores the mod field and the operand size", () => {
    expect(run([0x66, 0x0f, 0x20, 0x03]).registers.ebx).toBe(0x11);
  });
  it("CR2 keeps all bits", () => {
    expect(write(2, 0x1234_5678).words[S.CR2]).toBe(0x1234_5678);
  });
  it("LMSW in protected mode sets MP, EM and TS, and PE stays", () => {
    const s = new Scenario();
    s.code((a) => a.mov("eax", 0xffff).b(0x0f, 0x01, 0xf0, 0x0f, 0x01, 0xe3).mov("eax", 0).b(0x0f, 0x01, 0xf0, 0x0f, 0x01, 0xe1).hlt());
    const { ebx, ecx } = s.run().registers;
    expect([ebx & 0xf, ecx & 0xf]).toEqual([0xf, 1]);
  });
  it("SMSW is for everyone: 16 bits to memory, all to a register", () => {
    const s = new Scenario({ cs: CODE3, registers: { ebx: -1 } });
    s.put32(0x9000, 0xffff_ffff);
    s.code((a) => a.b(0x0f, 0x01, 0xe3, 0x0f, 0x01, 0x25).d(0x9000).int(0x20));
    const end = s.run();
    expect([end.registers.ebx & 0xffff, end.read32(0x9000)]).toEqual([0x11, 0xffff_0011]);
  });
});

describe("SYSENTER and SYSEXIT", () => {
  const enter = (sysenterCs: number, cs = CODE3, eflags = 0x202): Outcome => {
    const s = new Scenario();
    s.code((a) => {
      msr(a, 0x174, sysenterCs);
      msr(a, 0x175, 0x5800);
      msr(a, 0x176, 0xc000);
      if (cs === CODE0) a.push(eflags).b(0x9d, 0x0f, 0x34);
      else
        a.push(0x23)
          .push(0x9000)
          .push(eflags)
          .push(cs)
          .push(CODE + 0x100)
          .b(0xcf);
    });
    s.put8(CODE + 0x100, 0x0f, 0x34).put8(0xc000, 0xf4);
    return s.run({ qemu: sysenterCs === 3 ? "bits 15 to 2 are not looked at (SDM volume 2, SYSENTER)" : true });
  };
  it("loads flat segments from the MSRs without looking at descriptors", () => {
    const end = enter(0x63, CODE3, 0x3_0ed7 & ~0x2_0000);
    expect([end.stopped, end.registers.esp, end.words[S.SEL + S.CS], end.words[S.SEL + S.SS]]).toEqual([0xc000, 0x5800, 0x60, 0x68]);
    expect([end.words[S.BASE + S.CS], end.words[S.LIMIT + S.CS], end.words[S.LIMIT + S.SS], end.words[S.CPL]]).toEqual([0, -1, -1, 0]);
    expect(end.words[S.FLAGS] & 0x3_0ed7).toBe(0xcd7);
  });
  it("from ring 0 as well", () => {
    expect(enter(0x60, CODE0).stopped).toBe(0xc000);
  });
  it("with a null CS is #GP(0)", () => {
    for (const selector of [0, 3]) expect(ends(enter(selector))).toEqual(GP);
  });
  it("SYSEXIT needs ring 0 and a selector", () => {
    expect(ends(run([0x0f, 0x35], { cs: CODE3 }))).toEqual(GP);
    expect(ends(run([0x0f, 0x35], { cs: CODE1 }))).toEqual(GP);
    expect(ends(run([0x0f, 0x35]))).toEqual(GP);
    const s = new Scenario({ registers: { edx: 0xc000, ecx: 0x9000 } });
    s.code((a) => {
      msr(a, 0x174, 0x60);
      a.mov("edx", 0xc000).mov("ecx", 0x9000).b(0x0f, 0x35);
    });
    s.put8(0xc000, 0xcd, 0x20);
    const end = s.run();
    expect([...ends(end), end.cs, end.ss, end.esp, end.eip]).toEqual([13, 0x102, 0x73, 0x7b, 0x9000, 0xc000]);
    // data segments stay what they were
    expect(end.words[S.SEL + S.DS]).toBe(DATA0);
  });
});

describe("ports from V86 and ring 3", () => {
  const access = (code: readonly number[], map: readonly number[], limit: number, virtual: boolean, port = 0x80, mapAt = 0x68): (number | undefined)[] => {
    const s = virtual ? new Scenario({ ...IN_VIRTUAL, eflags: 0x3002, registers: { edx: port } }) : new Scenario({ cs: CODE3, registers: { edx: port } });
    s.descriptor(TASK, TSS, limit, ACCESS.tss32, 0);
    s.put16(TSS + 0x66, mapAt).put8(TSS + mapAt + (port >> 3), ...map);
    s.code((a) => a.b(...code, 0x0f, 0x0b));
    return ends(s.run());
  };
  const ALLOWED = [6, undefined];
  for (const virtual of [false, true]) {
    const dword = virtual ? [0x66, 0xef] : [0xef];
    const word = virtual ? [0xef] : [0x66, 0xef];
    it(virtual ? "in virtual-8086 mode whatever IOPL" : "in ring 3 below IOPL", () => {
      // ports 80h to 83h are bits 0 to 3 of byte 78h
      expect(access([0xee], [0xfe, 0xff], 0x7a, virtual)).toEqual(ALLOWED);
      expect(access([0xee], [0x01, 0xff], 0x7a, virtual)).toEqual(GP);
      expect(access(word, [0xfc, 0xff], 0x7a, virtual)).toEqual(ALLOWED);
      expect(access(word, [0xfd, 0xff], 0x7a, virtual)).toEqual(GP);
      expect(access(dword, [0xf0, 0xff], 0x7a, virtual)).toEqual(ALLOWED);
      expect(access(dword, [0xf8, 0xff], 0x7a, virtual)).toEqual(GP);
    });
    it(`the byte behind the last must lie within the limit${virtual ? ", virtual" : ""}`, () => {
      expect(access([0xee], [0, 0xff], 0x68 + 0x10, virtual)).toEqual(GP);
      expect(access([0xee], [0, 0xff], 0x68 + 0x11, virtual)).toEqual(ALLOWED);
      // two bits in the next byte
      expect(access(word, [0x7f, 0xfe], 0x7a, virtual, 0x87)).toEqual(ALLOWED);
      expect(access(word, [0x7f, 0xff], 0x7a, virtual, 0x87)).toEqual(GP);
    });
    it(`without a map there are no ports${virtual ? ", virtual" : ""}`, () => {
      expect(access([0xee], [0, 0], 0x67, virtual)).toEqual(GP);
      expect(access([0xee], [0, 0], 0x7f, virtual, 0x80, 0x80)).toEqual(GP);
    });
  }
  it("a 16-bit TSS has none", () => {
    const s = new Scenario({ cs: CODE3 });
    s.descriptor(TASK, TSS, 0xff, ACCESS.tss16, 0).put16(TSS + 2, STACK0, DATA0);
    s.code((a) => a.b(0xe6, 0x80));
    expect(ends(s.run())).toEqual(GP);
  });
});

describe("privilege", () => {
  it("INVLPG, INVD, WBINVD, CLTS and HLT in rings 1 to 3 and V86", () => {
    const CODES = [[0x0f, 0x01, 0x3d, 0, 0, 0, 0], [0x0f, 0x08], [0x0f, 0x09], [0x0f, 0x06], [0xf4]];
    for (const code of CODES) {
      for (const cs of [CODE1, CODE3]) expect(ends(run(code, { cs, eflags: 0x3002 }))).toEqual(GP);
      const v = new Scenario({ ...IN_VIRTUAL, eflags: 0x3002 });
      v.code((a) => a.b(...code));
      expect(ends(v.run())).toEqual(GP);
    }
  });
  it("INVLPG with a register is #UD", () => {
    expect(ends(run([0x0f, 0x01, 0xf8]))).toEqual([6, undefined]);
  });
  it("SGDT, SIDT, SLDT, STR and CPUID are for everyone", () => {
    const s = new Scenario({ cs: CODE3 });
    s.code((a) => a.b(0x0f, 0x01, 0x05).d(0x9000).b(0x0f, 0x01, 0x0d).d(0x9010).b(0x0f, 0x00, 0xc3, 0x0f, 0x00, 0xc9).int(0x20));
    const end = s.run();
    expect([...ends(end), end.registers.ebx & 0xffff, end.registers.ecx & 0xffff]).toEqual([13, 0x102, 0x30, TASK]);
    expect(dpl(3)).toBe(0x60);
  });
});
