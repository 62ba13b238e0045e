import { describe, expect, it } from "vitest";
import * as S from "../../kernel/cpu/state.js";
import {
  ACCESS,
  BIG,
  CODE,
  CODE0,
  CODE1,
  CODE3,
  CODE16,
  CONFORMING,
  DATA,
  DATA0,
  DATA3,
  dpl,
  GDT,
  GRANULAR,
  LDT,
  type Outcome,
  type QemuJudges,
  Scenario,
  TASK,
} from "./scenario.js";

/** Descriptors of every type as the instructions that inspect and load them see them (SDM volume 3, 3.4.5 and 3.5). */
const SELECTOR = 0x60;
const LIMITS = "segment limits and types are not checked (SDM volume 3, 5.3 and 5.5)";
const ends = (end: Outcome): (number | undefined)[] => [end.vector, end.error];
const ALL_TYPES = Array.from({ length: 32 }, (_, type) => type);
/** LAR and LSL (SDM volume 2): system types that are valid. */
const LAR_SYSTEM = [1, 2, 3, 4, 5, 9, 11, 12];
const LSL_SYSTEM = [1, 2, 3, 9, 11];

/** lar eax; lsl edx; verr, setz bl; verw, setz bh, all of a selector in CX. */
const INSPECT = [0x0f, 2, 0xc1, 0x0f, 0x94, 0xc7, 0x0f, 3, 0xd1, 0x0f, 0x94, 0xc3, 0xc1, 0xe3, 16, 0x0f, 0, 0xe1, 0x0f, 0x94, 0xc3, 0x0f, 0, 0xe9, 0x0f, 0x94, 0xc7];
const inspect = (cs: number, selector: number, access: number): { lar: number | undefined; lsl: number | undefined; verr: boolean; verw: boolean } => {
  const s = new Scenario({ cs, registers: { eax: 0xaaaa_aaaa, edx: 0xdddd_dddd, ecx: selector } });
  s.descriptor(SELECTOR, 0, 0x2345, access, GRANULAR | BIG);
  s.code((a) => a.b(...INSPECT).int(0x20));
  const { eax, edx, ebx } = s.run().registers;
  const found = { lar: (ebx & 0x100_0000) !== 0, lsl: (ebx & 0x1_0000) !== 0 };
  // what is not found is not written
  expect([found.lar, found.lsl]).toEqual([eax !== 0xaaaa_aaaa, edx !== 0xdddd_dddd]);
  return { lar: found.lar ? eax & 0xf0_ff00 : undefined, lsl: found.lsl ? edx : undefined, verr: (ebx & 1) !== 0, verw: (ebx & 0x100) !== 0 };
};

describe("LAR, LSL, VERR and VERW", () => {
  for (const cs of [CODE0, CODE3]) {
    it(`over all types from ring ${cs & 3}`, () => {
      for (const type of ALL_TYPES) {
        const access = 0x80 | type | dpl(cs & 3);
        const segment = type >= 16;
        const code = segment && (type & 8) !== 0;
        expect(inspect(cs, SELECTOR | (cs & 3), access), `type ${type}`).toEqual({
          lar: segment || LAR_SYSTEM.includes(type) ? 0xc0_0000 | (access << 8) : undefined,
          lsl: segment || LSL_SYSTEM.includes(type) ? 0x234_5fff : undefined,
          verr: segment && (!code || (type & 2) !== 0),
          verw: segment && !code && (type & 2) !== 0,
        });
      }
    });
  }
  it("need privilege, conforming code excepted; presence does not matter to LAR and LSL", () => {
    const none = { lar: undefined, lsl: undefined, verr: false, verw: false };
    expect(inspect(CODE3, SELECTOR, ACCESS.data)).toEqual(none);
    expect(inspect(CODE0, SELECTOR | 3, ACCESS.data)).toEqual(none);
    expect(inspect(CODE1, SELECTOR, ACCESS.data | dpl(1))).toMatchObject({ verr: true, verw: true });
    expect(inspect(CODE3, SELECTOR, ACCESS.conforming)).toMatchObject({ verr: true, verw: false, lsl: 0x234_5fff });
    expect(inspect(CODE0, SELECTOR, ACCESS.data & ~0x80)).toMatchObject({ lar: 0xc0_1300, lsl: 0x234_5fff });
  });
  it("find nothing behind null and beyond the table", () => {
    for (const selector of [0, 3, 0x400, 0x104]) expect(inspect(CODE0, selector, ACCESS.data)).toEqual({ lar: undefined, lsl: undefined, verr: false, verw: false });
  });
  it("of 16 bits give the low half", () => {
    const s = new Scenario({ registers: { eax: 0x5555_5555, edx: 0x6666_6666, ecx: SELECTOR } });
    s.descriptor(SELECTOR, 0, 0x2345, ACCESS.data, GRANULAR | BIG);
    s.code((a) => a.b(0x66, 0x0f, 2, 0xc1, 0x66, 0x0f, 3, 0xd1).hlt());
    const { eax, edx } = s.run().registers;
    expect([eax, edx]).toEqual([0x5555_9300, 0x6666_5fff]);
  });
  it("take their selector from memory, where 16 bits are read", () => {
    const s = new Scenario({ cs: CODE3 }).paging();
    s.descriptor(SELECTOR, 0, 0x2345, ACCESS.data | dpl(3), GRANULAR | BIG)
      .put16(0x9ffe, SELECTOR | 3)
      .page(0xa000, 0);
    s.code((a) => a.b(0x0f, 2, 0x05).d(0x9ffe).int(0x20));
    const end = s.run();
    expect([...ends(end), end.registers.eax & 0xff00]).toEqual([13, 0x102, 0xf300]);
  });
});

describe("accessed bits", () => {
  const UNMARKED = "far transfers do not set them (SDM volume 3, 3.4.5.1)";
  const load = (code: (selector: number) => number[], access: number, qemu: QemuJudges = true): { access: number; end: Outcome } => {
    const s = new Scenario();
    s.descriptor(SELECTOR, 0, 0xf_ffff, access, GRANULAR | BIG);
    s.code((a) => a.b(...code(SELECTOR)).hlt());
    const end = s.run({ qemu });
    return { access: end.read8(GDT + SELECTOR + 5), end };
  };
  const mov =
    (segment: number) =>
    (selector: number): number[] => [0xb8, selector, 0, 0, 0, 0x8e, 0xc0 | (segment << 3)];
  it("are set by loads of any segment register", () => {
    for (const segment of [0, 2, 3, 4, 5]) expect(load(mov(segment), ACCESS.data & ~1).access).toBe(ACCESS.data);
    expect(load(mov(0), ACCESS.code & ~1).access).toBe(ACCESS.code);
    // pop es
    expect(load((selector) => [0x6a, selector, 0x07], ACCESS.data & ~1).access).toBe(ACCESS.data);
  });
  it("are set by far jumps, calls and returns", () => {
    const far =
      (opcode: number) =>
      (selector: number): number[] => [opcode, 0x07, 0x70, 0, 0, selector, 0];
    expect(load(far(0xea), ACCESS.code & ~1, UNMARKED).access).toBe(ACCESS.code);
    expect(load(far(0x9a), ACCESS.code & ~1, UNMARKED).access).toBe(ACCESS.code);
    expect(load((selector) => [0x6a, selector, 0x68, 0x08, 0x70, 0, 0, 0xcb], ACCESS.code & ~1, UNMARKED).access).toBe(ACCESS.code);
    expect(load((selector) => [0x6a, 2, 0x6a, selector, 0x68, 0x0a, 0x70, 0, 0, 0xcf], ACCESS.code & ~1, UNMARKED).access).toBe(ACCESS.code);
  });
  it("are not set by loads that fault", () => {
    const failed = (segment: number, access: number): number[] => {
      const { access: after, end } = load(mov(segment), access);
      return [after, end.vector];
    };
    expect(failed(2, ACCESS.readOnly & ~1)).toEqual([ACCESS.readOnly & ~1, 13]);
    expect(failed(2, (ACCESS.data & ~1) | dpl(3))).toEqual([(ACCESS.data & ~1) | dpl(3), 13]);
    expect(failed(3, ACCESS.data & ~0x81)).toEqual([ACCESS.data & ~0x81, 11]);
    expect(failed(2, ACCESS.data & ~0x81)).toEqual([ACCESS.data & ~0x81, 12]);
    expect(failed(3, ACCESS.executeOnly & ~1)).toEqual([ACCESS.executeOnly & ~1, 13]);
  });
  it("is not written when set already: the table may be read-only", () => {
    const s = new Scenario({ cr0: 0x1_0011 }).paging();
    s.page(LDT, 5).descriptor(0x0c, 0, 0xfff, ACCESS.data, BIG);
    s.code((a) => a.seg("es", 0x0c).hlt());
    expect(s.run().vector).toBe(-1);
  });
});

describe("LLDT and LTR", () => {
  const load = (opcode: "lldt" | "ltr", selector: number, access: number): Outcome => {
    const s = new Scenario();
    s.descriptor(SELECTOR, 0x9000, 0x67, access, 0);
    s.code((a) =>
      a
        .mov("eax", selector)
        .b(0x0f, 0x00, opcode === "lldt" ? 0xd0 : 0xd8)
        .hlt(),
    );
    return s.run(opcode === "ltr" && selector < 4 ? { qemu: "LTR takes null (SDM volume 2, LTR: #GP(0))" } : {});
  };
  it("accept one type each", () => {
    for (const type of ALL_TYPES) {
      expect(ends(load("lldt", SELECTOR, 0x80 | type)), `lldt ${type}`).toEqual(type === 2 ? [-1, undefined] : [13, SELECTOR]);
      const end = load("ltr", SELECTOR, 0x80 | type);
      expect(ends(end), `ltr ${type}`).toEqual(type === 1 || type === 9 ? [-1, undefined] : [13, SELECTOR]);
      expect(end.read8(GDT + SELECTOR + 5)).toBe(0x80 | type | (type === 1 || type === 9 ? 2 : 0));
    }
  });
  it("refuse null for LTR, the LDT as a source, absence", () => {
    expect(ends(load("ltr", 0, ACCESS.tss32))).toEqual([13, 0]);
    expect(ends(load("ltr", 3, ACCESS.tss32))).toEqual([13, 0]);
    expect(ends(load("ltr", 0x0c, ACCESS.tss32))).toEqual([13, 0x0c]);
    expect(ends(load("lldt", 0x0c, ACCESS.ldt))).toEqual([13, 0x0c]);
    expect(ends(load("ltr", SELECTOR, ACCESS.tss32 & ~0x80))).toEqual([11, SELECTOR]);
    expect(ends(load("lldt", SELECTOR, ACCESS.ldt & ~0x80))).toEqual([11, SELECTOR]);
    expect(ends(load("lldt", SELECTOR, (ACCESS.data | dpl(3)) & ~0x80))).toEqual([13, SELECTOR]);
    expect(ends(load("ltr", TASK, 0))).toEqual([13, TASK]);
  });
  it("a null LDT makes its selectors #GP and lets everything else be", () => {
    const end = load("lldt", 3, 0);
    expect([end.vector, end.words[S.SEL + S.LDTR] & ~3]).toEqual([-1, 0]);
  });
});

describe("null selectors", () => {
  it("load into data segments with any RPL and fault when used", () => {
    for (const selector of [0, 1, 2, 3]) {
      for (const cs of [CODE0, CODE3]) {
        const s = new Scenario({ cs });
        s.code((a) => a.seg("fs", selector).b(0x64, 0xa0, 0, 0, 0, 0));
        const end = s.run({ qemu: "null segments can be used (SDM volume 3, 3.4.2)" });
        expect([...ends(end), end.eip, end.words[S.SEL + S.FS]]).toEqual([13, 0, CODE + 7, selector]);
      }
    }
  });
  it("do not matter to LEA, to NOPs with operands and to INVLPG", () => {
    const s = new Scenario();
    s.code((a) => a.seg("ds", 0).b(0x8d, 0x05, 1, 2, 3, 4, 0x0f, 0x1f, 0x00, 0x0f, 0x01, 0x38).hlt());
    const end = s.run();
    expect([end.vector, end.registers.eax]).toEqual([-1, 0x403_0201]);
  });
  it("in ES stop string instructions, not before their count runs out", () => {
    const s = new Scenario({ registers: { ecx: 0, edi: 0x9000 } });
    s.code((a) => a.seg("es", 0).b(0xf3, 0xaa, 0x41, 0xf3, 0xaa));
    const end = s.run({ qemu: "null segments can be used (SDM volume 3, 3.4.2)" });
    expect([...ends(end), end.eip, end.registers.ecx]).toEqual([13, 0, CODE + 10, 1]);
  });
});

describe("code segments as data", () => {
  it("can be read through CS when readable, never written, and not read when execute-only", () => {
    const through = (access: number, code: readonly number[]): (number | undefined)[] => {
      const s = new Scenario({ cs: SELECTOR });
      s.descriptor(SELECTOR, 0, 0xf_ffff, access, GRANULAR | BIG);
      s.code((a) => a.b(0x2e, ...code).int(0x20));
      return ends(s.run({ qemu: LIMITS }));
    };
    const read = [0xa1, 0, 0x90, 0, 0];
    const write = [0xa3, 0, 0x90, 0, 0];
    expect(through(ACCESS.code, read)).toEqual([0x20, undefined]);
    expect(through(ACCESS.code, write)).toEqual([13, 0]);
    expect(through(ACCESS.executeOnly, read)).toEqual([13, 0]);
    expect(through(ACCESS.executeOnly, [0x8b, 0x05, 0, 0x90, 0, 0])).toEqual([13, 0]);
    expect(through(ACCESS.executeOnly, [0x90])).toEqual([0x20, undefined]);
    expect(through(ACCESS.conforming, read)).toEqual([0x20, undefined]);
  });
  it("conforming and readable is data for everyone", () => {
    const s = new Scenario({ cs: CODE3 });
    s.put32(0x9000, 0x1234_5678);
    s.code((a) => a.seg("es", CONFORMING).b(0x26, 0xa1, 0, 0x90, 0, 0).int(0x20));
    expect(s.run().registers.eax).toBe(0x1234_5678);
  });
});

describe("ends of segments", () => {
  const read = (limit: number, access: number, flags: number, code: readonly number[], base = DATA, registers: Record<string, number> = {}): (number | undefined)[] => {
    const s = new Scenario({ registers });
    s.descriptor(SELECTOR, base, limit, access, flags);
    s.code((a) =>
      a
        .seg("fs", SELECTOR)
        .b(0x64, ...code)
        .int(0x20),
    );
    return ends(s.run({ qemu: LIMITS }));
  };
  const FINE = [0x20, undefined];
  it("a dword at limit minus 2, minus 3; a word; ten bytes; a far pointer", () => {
    const dword = (at: number): number[] => [0x8b, 0x0d, at, at >> 8, 0, 0];
    expect(read(0xfff, ACCESS.data, BIG, dword(0xffd))).toEqual([13, 0]);
    expect(read(0xfff, ACCESS.data, BIG, dword(0xffc))).toEqual(FINE);
    expect(read(0xfff, ACCESS.data, BIG, [0x66, ...dword(0xfff)])).toEqual([13, 0]);
    expect(read(0xfff, ACCESS.data, BIG, [0x66, ...dword(0xffe)])).toEqual(FINE);
    expect(read(0xfff, ACCESS.data, BIG, [0xdb, 0x2d, 0xf7, 0x0f, 0, 0])).toEqual([13, 0]);
    expect(read(0xfff, ACCESS.data, BIG, [0xdb, 0x2d, 0xf6, 0x0f, 0, 0])).toEqual(FINE);
    expect(read(0xfff, ACCESS.data, BIG, [0xff, 0x2d, 0xfb, 0x0f, 0, 0])).toEqual([13, 0]);
  });
  it("offsets wrap at 4 GiB, accesses do not", () => {
    const at = [0x8b, 0x0b];
    expect(read(0xf_ffff, ACCESS.data, BIG | GRANULAR, at, 0x9000, { ebx: -4 })).toEqual(FINE);
    expect(read(0xf_ffff, ACCESS.data, BIG | GRANULAR, at, 0x9000, { ebx: -3 })).toEqual([13, 0]);
    // the sum of base, index and displacement wraps
    expect(read(0xfff, ACCESS.data, BIG, [0x8b, 0x8b, 0x10, 0, 0, 0], 0x9000, { ebx: -8 })).toEqual(FINE);
  });
  it("linear addresses wrap at 4 GiB", () => {
    const s = new Scenario({ registers: { ebx: 0x1_0000 } });
    s.descriptor(SELECTOR, 0xffff_8000, 0xf_ffff, ACCESS.data, BIG | GRANULAR).put32(0x8000, 0x1234_5678);
    s.code((a) => a.seg("fs", SELECTOR).b(0x64, 0x8b, 0x0b).hlt());
    expect(s.run().registers.ecx).toBe(0x1234_5678);
  });
  it("expand-down: above the limit, up to 64 KiB or 4 GiB", () => {
    const at = [0x8b, 0x0b];
    const down = ACCESS.expandDown;
    expect(read(0x7fff, down, 0, at, 0, { ebx: 0x8000 })).toEqual(FINE);
    expect(read(0x7fff, down, 0, at, 0, { ebx: 0x7fff })).toEqual([13, 0]);
    expect(read(0x7fff, down, 0, at, 0, { ebx: 0xfffc })).toEqual(FINE);
    expect(read(0x7fff, down, 0, at, 0, { ebx: 0xfffd })).toEqual([13, 0]);
    expect(read(0x7fff, down, 0, at, 0, { ebx: 0x1_0000 })).toEqual([13, 0]);
    expect(read(0x7fff, down, BIG, at, 0, { ebx: 0x1_0000 })).toEqual(FINE);
    expect(read(0x7fff, down, BIG, at, 0x1_0000, { ebx: -4 })).toEqual(FINE);
    expect(read(0x7fff, down, BIG, at, 0x1_0000, { ebx: -3 })).toEqual([13, 0]);
    expect(read(7, down, BIG | GRANULAR, at, 0, { ebx: 0x7fff })).toEqual([13, 0]);
    expect(read(7, down, BIG | GRANULAR, at, 0, { ebx: 0x8000 })).toEqual(FINE);
  });
  it("16-bit code wraps IP at 64 KiB only for jumps", () => {
    const s = new Scenario({ cs: CODE16, eip: 0xfff0 });
    // jmp $+0x20 goes round to 0010h
    s.code((a) => a.b(0xeb, 0x1e), 0xfff0, 16);
    s.put8(0x10, 0xf4);
    expect(s.run().stopped).toBe(0x10);
    // falling off the end does not
    const t = new Scenario({ cs: CODE16, eip: 0xfffe });
    t.put8(0xfffe, 0x40, 0x40).put8(0, 0xf4);
    const end = t.run({ qemu: LIMITS });
    expect([end.vector, end.error, end.eip]).toEqual([13, 0, 0x1_0000]);
  });
});

describe("SS", () => {
  it("has a shadow of one instruction behind MOV and POP for traps, LSS none", () => {
    const s = new Scenario({ registers: { ebx: DATA0 } });
    // push 102h; popf; mov ss, ebx; inc eax; inc eax
    s.code((a) => a.push(0x102).b(0x9d, 0x8e, 0xd3, 0x40, 0x40).hlt());
    const end = s.run();
    expect([end.vector, end.eip, end.registers.eax]).toEqual([1, CODE + 9, 1]);
    const t = new Scenario();
    t.put32(0x9000, 0x5000, DATA0);
    t.code((a) => a.push(0x102).b(0x9d, 0x0f, 0xb2, 0x25).d(0x9000).b(0x40));
    const lss = t.run({ qemu: "LSS has a shadow too (SDM volume 3, 6.8.3)" });
    expect([lss.vector, lss.eip, lss.registers.eax]).toEqual([1, CODE + 13, 0]);
  });
  it("that faults has none", () => {
    const s = new Scenario({ registers: { ebx: DATA3 } });
    s.code((a) => a.push(0x102).b(0x9d, 0x8e, 0xd3));
    const end = s.run();
    expect([...ends(end), end.eip]).toEqual([13, DATA3 & ~3, CODE + 6]);
  });
});
