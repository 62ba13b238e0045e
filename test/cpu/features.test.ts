import { describe, expect, it } from "vitest";
import { cpuModel, DEFAULT_CPU_MODEL, leaf1Ecx, leaf1Edx } from "../../kernel/cpu/models.js";
import { CODE, CODE0, CODE3, DATA0, type Outcome, Scenario, STACK3 } from "./scenario.js";

const FEATURES = leaf1Edx(cpuModel(DEFAULT_CPU_MODEL));

const ends = (end: Outcome): (number | undefined)[] => [end.vector, end.error];

/** One program for each feature bit that proves that it works; a claim without proof fails the test below. */
const PROOFS: Record<number, [name: string, proof: () => void]> = {
  0: [
    "FPU",
    () => {
      // fild dword [9000h]; fld1; faddp; fistp dword [9004h]
      const s = new Scenario();
      s.put32(0x9000, 41);
      s.code((a) => a.b(0xdb, 0x05).d(0x9000).b(0xd9, 0xe8, 0xde, 0xc1, 0xdb, 0x1d).d(0x9004).hlt());
      expect(s.run().read32(0x9004)).toBe(42);
    },
  ],
  1: [
    "VME",
    () => {
      const s = new Scenario({ mode: "virtual", cs: 0x700, eip: 0, ss: 0x800, esp: 0x100, ds: 0, es: 0, fs: 0, gs: 0, cr4: 1 });
      s.code((a) => a.b(0xfb, 0x0f, 0x0b));
      const end = s.run({ qemu: "virtual-8086 mode extensions are not emulated before 8.0 (SDM volume 3, 20.3)" });
      expect([end.vector, end.eflags & 0x8_0200]).toEqual([6, 0x8_0000]);
    },
  ],
  2: [
    "DE",
    () => {
      // dr0 = 80h, any access of a byte; out 80h, al traps behind itself
      const s = new Scenario({ cr4: 8 });
      s.code((a) => a.mov("eax", 0x80).b(0x0f, 0x23, 0xc0).mov("eax", 0x2_0002).b(0x0f, 0x23, 0xf8, 0xe6, 0x80).hlt());
      const end = s.run({ qemu: "I/O breakpoints are met without CR4.DE, or CR4.DE is not there (SDM volume 3, 17.2.4)" });
      expect([end.vector, end.eip, end.words[58] & 0xf]).toEqual([1, CODE + 18, 1]);
    },
  ],
  3: [
    "PSE",
    () => {
      const s = new Scenario({ cr4: 0x10 }).paging();
      s.put32(0x2_0004, 0x87).put32(0x9000, 5);
      s.code((a) => a.load(0x40_9000).hlt());
      expect(s.run().registers.eax).toBe(5);
    },
  ],
  4: [
    "TSC",
    () => {
      // rdtsc; mov ebx, eax; nop...; rdtsc; sub eax, ebx
      const s = new Scenario();
      s.code((a) => a.b(0x0f, 0x31, 0x89, 0xc3).nop(20).b(0x0f, 0x31, 0x29, 0xd8).hlt());
      const { cpu } = s.boot();
      cpu.run(1000);
      expect(cpu.registers.eax).toBeGreaterThan(0);
      const user = new Scenario({ cs: CODE3, cr4: 4 });
      user.code((a) => a.b(0x0f, 0x31));
      expect(ends(user.run())).toEqual([13, 0]);
    },
  ],
  5: [
    "MSR",
    () => {
      const s = new Scenario();
      s.code((a) => a.mov("ecx", 0x174).mov("eax", 0x1234).mov("edx", 0).b(0x0f, 0x30).mov("eax", 0).b(0x0f, 0x32).hlt());
      expect(s.run().registers.eax).toBe(0x1234);
      const unknown = new Scenario();
      unknown.code((a) => a.mov("ecx", 0xdead_beef).b(0x0f, 0x32));
      expect(ends(unknown.run({ qemu: "unknown MSRs read as zero (SDM volume 2, RDMSR: #GP(0))" }))).toEqual([13, 0]);
    },
  ],
  6: [
    "PAE",
    () => {
      const s = new Scenario({ cr0: 0x8000_0011, cr3: 0x3_0000, cr4: 0x20 });
      s.put32(0x3_0000, 0x3_1001).put32(0x3_1000, 0x87).put32(0x3_1008, 0x87).put32(0x9000, 6);
      s.code((a) => a.load(0x20_9000).hlt());
      expect(s.run({ qemu: "accessed bits are set in PDPT entries (reserved, SDM volume 3, 4.4.1)" }).registers.eax).toBe(6);
    },
  ],
  8: [
    "CX8",
    () => {
      const s = new Scenario({ registers: { eax: 1, edx: 2, ebx: 3, ecx: 4 } });
      s.put32(0x9000, 1, 2);
      s.code((a) => a.b(0xf0, 0x0f, 0xc7, 0x0d).d(0x9000).b(0x0f, 0xc7, 0x0d).d(0x9000).hlt());
      const end = s.run();
      expect([end.read32(0x9000), end.read32(0x9004), end.registers.eax, end.registers.edx]).toEqual([3, 4, 3, 4]);
    },
  ],
  11: [
    "SEP",
    () => {
      // ring 3 enters, ring 0 leaves again with eax set
      const s = new Scenario({ eflags: 0x202 });
      const msr = (number: number, value: number) => (a: { mov(r: "eax" | "ecx" | "edx", v: number): typeof a; b(...bytes: number[]): typeof a }) =>
        a.mov("ecx", number).mov("eax", value).mov("edx", 0).b(0x0f, 0x30);
      // SYSENTER wants code, stack, user code and user stack in a row from 60h
      s.descriptor(0x60, 0, 0xf_ffff, 0x9b, 12).descriptor(0x68, 0, 0xf_ffff, 0x93, 12).descriptor(0x70, 0, 0xf_ffff, 0xfb, 12).descriptor(0x78, 0, 0xf_ffff, 0xf3, 12);
      s.code((a) => {
        msr(0x174, 0x60)(a);
        msr(0x175, 0x5800)(a);
        msr(0x176, 0xc000)(a);
        a.mov("edx", 0xd000).mov("ecx", STACK3).b(0x0f, 0x35);
      });
      // user: sysenter with the way back in edx and ecx
      s.code(
        (a) =>
          a
            .mov("edx", 0xd100)
            .mov("ecx", STACK3 - 16)
            .b(0x0f, 0x34),
        0xd000,
      );
      s.code((a) => a.b(0x8c, 0xc8, 0x89, 0xe3, 0x9c, 0x5e, 0x0f, 0x35), 0xc000);
      s.code((a) => a.b(0x8c, 0xcf).int(0x20), 0xd100);
      const end = s.run();
      expect([...ends(end), end.cs, end.ss, end.esp, end.eip]).toEqual([13, 0x102, 0x73, 0x7b, STACK3 - 16, 0xd102]);
      expect([end.registers.eax, end.registers.ebx, end.registers.esi & 0x200, end.registers.edi]).toEqual([0x60, 0x5800, 0, 0x73]);
      const none = new Scenario({ cs: CODE3 });
      none.code((a) => a.b(0x0f, 0x34));
      expect(ends(none.run())).toEqual([13, 0]);
    },
  ],
  13: [
    "PGE",
    () => {
      const s = new Scenario({ cr4: 0x80 }).paging();
      s.page(0x9000, 0x107);
      s.put32(0x9000, 1).put32(0xc000, 2);
      s.code((a) => a.load(0x9000).mov("eax", 0xc107).store(s.pte(0x9000)).b(0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8).load(0x9000).hlt());
      expect(s.run({ qemu: "global pages are not kept (SDM volume 3, 4.10.2.4)" }).registers.eax).toBe(1);
    },
  ],
  15: [
    "CMOV",
    () => {
      // stc; cmovc eax, ebx; cmovnc ecx, ebx; fld1; fldz; fcmovb st, st1; fistp
      const s = new Scenario({ registers: { ebx: 7 } });
      s.code((a) => a.b(0xf9, 0x0f, 0x42, 0xc3, 0x0f, 0x43, 0xcb, 0xd9, 0xe8, 0xd9, 0xee, 0xda, 0xc1, 0xdb, 0x1d).d(0x9000).hlt());
      const end = s.run();
      expect([end.registers.eax, end.registers.ecx, end.read32(0x9000)]).toEqual([7, 0, 1]);
    },
  ],
  16: [
    "PAT",
    () => {
      const write = (low: number): Outcome => {
        const s = new Scenario();
        s.code((a) => a.mov("ecx", 0x277).mov("eax", low).mov("edx", 0x0007_0406).b(0x0f, 0x30).mov("eax", 0).b(0x0f, 0x32).hlt());
        return s.run({ qemu: "reserved types in the PAT are taken (SDM volume 3, 11.12.2)" });
      };
      expect(write(0x0105_0406).registers.eax).toBe(0x0105_0406);
      expect(ends(write(2))).toEqual([13, 0]);
    },
  ],
  19: [
    "CLFSH",
    () => {
      // clflush of a page that is there, then of one that is not
      const s = new Scenario().paging();
      s.page(0xc000, 6);
      s.code((a) => a.b(0x0f, 0xae, 0x3d).d(0x9000).b(0x0f, 0xae, 0x3d).d(0xc010));
      const end = s.run({ qemu: "its default model has no CLFLUSH, or a fault there has other bits (SDM volume 2, CLFLUSH)" });
      expect([...ends(end), end.cr2, end.eip]).toEqual([14, 0, 0xc010, CODE + 7]);
    },
  ],
  23: [
    "MMX",
    () => {
      // movd mm0, eax; paddd mm0, mm0; movd ebx, mm0; emms
      const s = new Scenario({ registers: { eax: 21 } });
      s.code((a) => a.b(0x0f, 0x6e, 0xc0, 0x0f, 0xfe, 0xc0, 0x0f, 0x7e, 0xc3, 0x0f, 0x77).hlt());
      expect(s.run().registers.ebx).toBe(42);
    },
  ],
  25: [
    "SSE",
    () => {
      // cvtsi2ss xmm0, eax; addss xmm0, xmm0; cvttss2si ebx, xmm0
      const s = new Scenario({ cr4: 0x600, registers: { eax: 21 } });
      s.code((a) => a.b(0xf3, 0x0f, 0x2a, 0xc0, 0xf3, 0x0f, 0x58, 0xc0, 0xf3, 0x0f, 0x2c, 0xd8).hlt());
      expect(s.run().registers.ebx).toBe(42);
    },
  ],
  26: [
    "SSE2",
    () => {
      // the same in doubles, and paddq
      const s = new Scenario({ cr4: 0x600, registers: { eax: 21 } });
      s.code((a) => a.b(0xf2, 0x0f, 0x2a, 0xc0, 0xf2, 0x0f, 0x58, 0xc0, 0xf2, 0x0f, 0x2c, 0xd8, 0x66, 0x0f, 0x6e, 0xc8, 0x66, 0x0f, 0xd4, 0xc9, 0x66, 0x0f, 0x7e, 0xca).hlt());
      const end = s.run();
      expect([end.registers.ebx, end.registers.edx]).toEqual([42, 42]);
    },
  ],
  24: [
    "FXSR",
    () => {
      // fld1; fxsave; fninit; fxrstor; fistp
      const s = new Scenario({ cr4: 0x200 });
      s.code((a) => a.b(0xd9, 0xe8, 0x0f, 0xae, 0x05).d(0x9200).b(0xdb, 0xe3, 0x0f, 0xae, 0x0d).d(0x9200).b(0xdb, 0x1d).d(0x9000).hlt());
      expect(s.run({ qemu: "reserved parts of the image of FXSAVE differ (SDM volume 2, FXSAVE)" }).read32(0x9000)).toBe(1);
    },
  ],
};

describe("CPUID claims only what works", () => {
  for (let bit = 0; bit < 32; bit++) {
    if (((FEATURES >>> bit) & 1) === 0) continue;
    it(PROOFS[bit]?.[0] ?? `bit ${bit}`, () => {
      expect(PROOFS[bit], `bit ${bit} is claimed without a proof here`).toBeDefined();
      PROOFS[bit][1]();
    });
  }

  const cpuid = (leaf: number): Outcome["registers"] => {
    const s = new Scenario({ cs: CODE3, registers: { eax: leaf, ebx: -1, ecx: -1, edx: -1 } });
    s.code((a) => a.b(0x0f, 0xa2).int(0x20));
    return s.run({ qemu: "another processor model" }).registers;
  };
  const text = (...values: number[]): string =>
    String.fromCharCode(...values.flatMap((value) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24])).replace(/\0+$/, "");
  it("reports the features to any program", () => {
    const basic = cpuid(0);
    expect(text(basic.ebx, basic.edx, basic.ecx)).toHaveLength(12);
    expect(cpuid(1).edx).toBe(FEATURES >>> 0);
    expect(cpuid(1).ecx).toBe(leaf1Ecx(cpuModel(DEFAULT_CPU_MODEL)));
    const brand = [2, 3, 4].flatMap((leaf) => {
      const { eax, ebx, ecx, edx } = cpuid(0x8000_0000 + leaf);
      return [eax, ebx, ecx, edx];
    });
    expect(text(...brand).length).toBeGreaterThan(5);
  });
  it("reserved bits of CR4 are not there", () => {
    const s = new Scenario();
    s.code((a) => a.mov("eax", 0x8000).b(0x0f, 0x22, 0xe0));
    expect(ends(s.run({ qemu: "reserved bits of CR4 are not checked (SDM volume 3, 2.5)" }))).toEqual([13, 0]);
  });
  it("the ID flag can be changed, AC as well, by a 32-bit POPF only", () => {
    const s = new Scenario();
    s.code((a) => a.push(0x24_0002).b(0x9d, 0x9c, 0x58).push(2).b(0x66, 0x9d, 0x9c, 0x5b).hlt());
    const end = s.run();
    expect([end.registers.eax & 0x24_0000, end.registers.ebx & 0x24_0000]).toEqual([0x24_0000, 0x24_0000]);
  });
});

describe("control registers", () => {
  it("refuse combinations that do not exist", () => {
    for (const value of [0x8000_0010, 0x2000_0011]) {
      const s = new Scenario();
      s.code((a) => a.mov("eax", value).b(0x0f, 0x22, 0xc0));
      const end = s.run({ qemu: "combinations are not checked (SDM volume 3, 2.5)" });
      expect([...ends(end), end.words[48]]).toEqual([13, 0, 0x11]);
    }
  });
  it("LMSW sets PE and cannot clear it, SMSW shows CR0", () => {
    const s = new Scenario();
    // mov ax, 0Eh; lmsw ax; smsw ebx
    s.code((a) => a.mov("eax", 0x0e).b(0x0f, 0x01, 0xf0, 0x0f, 0x01, 0xe3).hlt());
    expect(s.run().registers.ebx & 0xffff).toBe(0x1f);
  });
  it("leave and enter protected mode", () => {
    const s = new Scenario();
    s.put32(0x4_0000, 0);
    // through 16-bit segments to real mode, where CS:IP is loaded, and back
    s.code((a) => a.far(0xea, 0x38, 0xc000));
    s.code((a) => a.b(0x66, 0xb8, 0x40, 0, 0, 0, 0x8e, 0xd8, 0x8e, 0xd0, 0x0f, 0x20, 0xc0, 0x24, 0xfe, 0x0f, 0x22, 0xc0, 0xea, 0x00, 0x00, 0x00, 0x0d), 0xc000, 16);
    s.code((a) => a.b(0xb8, 0x00, 0x09, 0x8e, 0xd8, 0xa1, 0x04, 0, 0x89, 0xc3, 0x0f, 0x20, 0xc0, 0x0c, 1, 0x0f, 0x22, 0xc0, 0x66, 0xea).d(0xe000).w(CODE0), 0xd000, 16);
    s.code((a) => a.seg("ds", DATA0).hlt(), 0xe000);
    s.put16(0x9004, 0x7777);
    const end = s.run();
    expect([end.stopped, end.registers.ebx & 0xffff, end.words[16 + 3]]).toEqual([0xe007, 0x7777, DATA0]);
  });
  it("SGDT and SIDT give what LGDT and LIDT took", () => {
    const s = new Scenario({ cs: CODE3 });
    s.code((a) => a.b(0x0f, 0x01, 0x05).d(0x9000).b(0x0f, 0x01, 0x0d).d(0x9010).int(0x20));
    const end = s.run();
    expect([end.read16(0x9000), end.read32(0x9002), end.read16(0x9010), end.read32(0x9012)]).toEqual([0x3ff, 0x1000, 0x7ff, 0x1800]);
  });
});

describe("x87 in the processor", () => {
  const fpu = (code: readonly number[], cr0: number): Outcome => {
    const s = new Scenario({ cr0: 0x11 | cr0 });
    s.code((a) => a.b(...code).hlt());
    return s.run();
  };
  it("is #NM with TS or EM, before its operand is looked at", () => {
    expect(ends(fpu([0xd9, 0xe8], 8))).toEqual([7, undefined]);
    expect(ends(fpu([0xd9, 0xe8], 4))).toEqual([7, undefined]);
    expect(ends(fpu([0x9b], 8))).toEqual([-1, undefined]);
    expect(ends(fpu([0x9b], 8 | 2))).toEqual([7, undefined]);
    const s = new Scenario({ cr0: 0x19 });
    s.code((a) => a.seg("ds", 0).b(0xd9, 0x05, 0, 0, 0, 0));
    expect(ends(s.run())).toEqual([7, undefined]);
  });
  it("raises #MF at the next instruction that waits, with CR0.NE", () => {
    // unmask division by zero: fldcw [9000h]; fld1; fldz; fdivp; nop; fwait
    const s = new Scenario({ cr0: 0x31 });
    s.put16(0x9000, 0x037b);
    s.code((a) => a.b(0xdb, 0xe3, 0xd9, 0x2d).d(0x9000).b(0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9, 0x90, 0x9b).hlt());
    const end = s.run();
    expect([end.vector, end.eip]).toEqual([16, CODE + 15]);
  });
  it("tells the board instead without NE", () => {
    const s = new Scenario({ cr0: 0x11 });
    s.put16(0x9000, 0x037b);
    s.code((a) => a.b(0xdb, 0xe3, 0xd9, 0x2d).d(0x9000).b(0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9, 0x90, 0x9b, 0x90).hlt());
    const { cpu } = s.boot();
    const levels: boolean[] = [];
    cpu.onFerr((level) => levels.push(level));
    cpu.run(1000);
    cpu.onFerr(() => {});
    expect(levels).toContain(true);
    expect(cpu.halted).toBe(true);
  });
});
