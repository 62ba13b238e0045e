/** Who may run MMX and SSE instructions, and what they do to the x87 and to MXCSR. */
import { describe, expect, it } from "vitest";
import { CR4 } from "../../kernel/cpu/state.js";
import { ACCESS, BIG, type Outcome, outcome } from "./scenario.js";
import {
  A,
  at,
  B,
  bytes,
  EM,
  type Emit,
  emms,
  fld1,
  fxsave,
  GP,
  IMAGE,
  ldmxcsr,
  loadMmx,
  loadXmm,
  MF,
  NE,
  NM,
  OSFXSR,
  PF,
  paddbMmx,
  paddbXmm,
  pendingX87,
  RESULT,
  run,
  scenario,
  stmxcsr,
  storeXmm,
  TS,
  UD,
  words,
  XM,
} from "./simd-program.js";

/** These ends were seen on a real processor; QEMU has no #MF before MMX, no alignment in places, no CLFLUSH, no limits. */
const SILICON = "silicon, by capture; the order of checks is that of SDM volume 2, exception classification";

describe("permission", () => {
  // what, how it is encoded, and the vectors under CR0.EM, CR0.TS and without CR4.OSFXSR; -1: it runs
  const CASES: [name: string, code: Emit, em: number, ts: number, unsupported: number][] = [
    ["PADDB xmm", paddbXmm, UD, NM, UD],
    ["PADDB mm", paddbMmx, UD, NM, -1],
    ["MOVAPS store", at(RESULT, 1, 0x0f, 0x29), UD, NM, UD],
    ["ADDPS", bytes(0x0f, 0x58, 0xca), UD, NM, UD],
    ["COMISS", bytes(0x0f, 0x2f, 0xca), UD, NM, UD],
    ["CVTPI2PS mm", bytes(0x0f, 0x2a, 0xca), UD, NM, UD],
    ["CVTPI2PS m64", at(A, 1, 0x0f, 0x2a), UD, NM, UD],
    ["CVTTSS2SI", bytes(0xf3, 0x0f, 0x2c, 0xca), UD, NM, UD],
    ["MOVDQ2Q", bytes(0xf2, 0x0f, 0xd6, 0xca), UD, NM, UD],
    ["MOVD mm", bytes(0x0f, 0x6e, 0xc8), UD, NM, -1],
    ["PSHUFW", bytes(0x0f, 0x70, 0xca, 0x1b), UD, NM, -1],
    ["MOVNTQ", at(RESULT, 1, 0x0f, 0xe7), UD, NM, -1],
    ["EMMS", emms, UD, NM, -1],
    ["STMXCSR", stmxcsr(RESULT), UD, NM, UD],
    ["MOVNTI", at(RESULT, 1, 0x0f, 0xc3), -1, -1, -1],
    ["PREFETCHT0", at(A, 1, 0x0f, 0x18), -1, -1, -1],
    ["SFENCE", bytes(0x0f, 0xae, 0xf8), -1, -1, -1],
    ["MFENCE", bytes(0x0f, 0xae, 0xf0), -1, -1, -1],
    ["CLFLUSH", at(A, 7, 0x0f, 0xae), -1, -1, -1],
  ];
  it.each(CASES)("%s", (_name, code, em, ts, unsupported) => {
    // QEMU's default processor has no CLFLUSH
    const vector = (start: object): number => scenario(start, code).run({ qemu: SILICON }).vector;
    expect([vector({ cr0: 0x11 | EM }), vector({ cr0: 0x11 | TS }), vector({ cr4: 0 }), vector({})]).toEqual([em, ts, unsupported, -1]);
  });

  it("LOCK is #UD", () => {
    expect(run({}, bytes(0xf0, 0x66, 0x0f, 0xfc, 0x0d, 0, 0x90, 0, 0)).vector).toBe(UD);
  });
});

describe("a pending x87 exception", () => {
  const vector = (cr0: number, code: Emit): number => {
    const s = scenario({ cr0: 0x11 | cr0 }, pendingX87, code).put16(A, 0x300);
    return s.run({ qemu: SILICON }).vector;
  };
  // QEMU does not look at the x87 before MMX instructions
  it.each<[string, Emit]>([
    ["PADDB mm", paddbMmx],
    ["MOVQ from beyond memory, whose fault comes later", at(-16, 1, 0x0f, 0x6f)],
    ["MOVD r32", bytes(0x0f, 0x7e, 0xc8)],
    ["CVTPI2PD mm", bytes(0x66, 0x0f, 0x2a, 0xca)],
    ["CVTPS2PI", at(A, 1, 0x0f, 0x2d)],
    ["MOVQ2DQ", bytes(0xf3, 0x0f, 0xd6, 0xca)],
    ["MASKMOVQ", bytes(0x0f, 0xf7, 0xca)],
    ["EMMS", emms],
  ])("comes first in %s", (_name, code) => {
    expect([vector(NE, code), vector(0, code)]).toEqual([MF, -1]);
  });
  it.each<[string, Emit]>([
    ["ADDPS", bytes(0x0f, 0x58, 0xca)],
    ["CVTPI2PS m64", at(A, 1, 0x0f, 0x2a)],
    ["CVTPI2PD m64", at(A, 1, 0x66, 0x0f, 0x2a)],
    ["STMXCSR", stmxcsr(RESULT)],
    ["FXSAVE", fxsave],
  ])("does not concern %s", (_name, code) => {
    expect(vector(NE, code)).toBe(-1);
  });
  it("comes before the limit of an x87 operand's segment, too", () => {
    const beyond =
      (...code: number[]): Emit =>
      (a) =>
        a.b(0x64, ...code).d(0x1000);
    const end = (...code: number[]): number => {
      const s = scenario({ cr0: 0x11 | NE }, pendingX87, (a) => a.seg("fs", 0x60), beyond(...code)).put16(A, 0x300);
      return s.descriptor(0x60, 0, 0xfff, ACCESS.data, BIG).run({ qemu: SILICON }).vector;
    };
    expect([end(0xd9, 0x05), end(0xd9, 0x3d)]).toEqual([MF, GP]);
  });
});

describe("MMX registers in the x87", () => {
  const image = (...program: Emit[]): Outcome => {
    const s = scenario({}, bytes(0xdb, 0xe3), fld1, fld1, fld1, fld1, fld1, ...program, fxsave);
    return s.put32(A, 0x1122_3344, 0x5566_7788).run({ qemu: SILICON });
  };
  const topAndTags = (end: Outcome): number[] => [(end.read16(IMAGE + 2) >> 11) & 7, end.read8(IMAGE + 4)];

  it("a write sets exponent and sign, and TOP and tags change for all", () => {
    const end = image(loadMmx(2, A));
    expect(topAndTags(end)).toEqual([0, 0xff]);
    expect(words(end, IMAGE + 32 + 2 * 16, 3)).toEqual([0x1122_3344, 0x5566_7788, 0xffff]);
    // register 3 still holds what the fifth FLD1 left
    expect(words(end, IMAGE + 32 + 3 * 16, 3)).toEqual([0, 0x8000_0000, 0x3fff]);
  });
  it("a read changes TOP and tags alone", () => {
    const end = image(bytes(0x0f, 0x7e, 0xd8));
    expect(topAndTags(end)).toEqual([0, 0xff]);
    expect(words(end, IMAGE + 32 + 3 * 16, 3)).toEqual([0, 0x8000_0000, 0x3fff]);
  });
  it("a fault changes nothing", () => {
    const s = scenario({}, bytes(0xdb, 0xe3), fld1, loadMmx(0, 0x3f_f000)).paging();
    s.page(0x3f_f000, 0).memory.set([0x0f, 0xae, 0x05, IMAGE & 0xff, IMAGE >> 8, 0, 0, 0xf4], 0x4000 + PF);
    const { cpu, memory } = s.boot();
    cpu.run(1000);
    expect(topAndTags(outcome(cpu, memory, 0))).toEqual([7, 0x80]);
  });
  it("EMMS empties all", () => {
    expect(topAndTags(image(loadMmx(2, A), emms))).toEqual([0, 0]);
  });
  it("stay as they are when CVTPI2PS converts from memory, not from a register", () => {
    expect(topAndTags(image(at(A, 1, 0x0f, 0x2a)))).toEqual([3, 0xf8]);
    expect(topAndTags(image(bytes(0x0f, 0x2a, 0xc8)))).toEqual([0, 0xff]);
  });
  it("what x87 instructions find in an MMX register is no number", () => {
    // movq mm0, [A]; fstp qword [RESULT]; QEMU does not set the exponent (SDM volume 1, 9.5.1)
    const end = scenario({}, bytes(0xdb, 0xe3), loadMmx(0, A), at(RESULT, 3, 0xdd)).run({ qemu: SILICON });
    expect(end.read32(RESULT + 4) & 0xfff0_0000).toBe(0xfff0_0000 | 0);
  });
});

describe("MXCSR", () => {
  it("is 1F80h after power-on, and LDMXCSR sets it", () => {
    const end = scenario({}, stmxcsr(RESULT), ldmxcsr(A), stmxcsr(RESULT + 4))
      .put32(A, 0xffff)
      .run();
    expect(words(end, RESULT, 2)).toEqual([0x1f80, 0xffff]);
  });
  it("has reserved bits", () => {
    const end = scenario({}, ldmxcsr(A)).put32(A, 0x1_1f80).run({ qemu: SILICON });
    expect([end.vector, end.error]).toEqual([GP, 0]);
  });
  it("outlives INIT, as the registers do", () => {
    const s = scenario({}, loadXmm(5, A), ldmxcsr(A)).put32(A, 0x3f80);
    const { cpu, memory } = s.boot();
    cpu.run(100);
    cpu.init();
    cpu.run(1);
    const saved = cpu.save()["fpu"] as Uint8Array;
    expect([saved[256 + 80 + 1], saved[384 + 1], memory.words[CR4]]).toEqual([0x3f, 0x3f, 0]);
  });
  it("travels in snapshots with the registers", () => {
    const s = scenario({}, loadXmm(7, A), ldmxcsr(A), bytes(0x90, 0x90), stmxcsr(RESULT), storeXmm(7, RESULT + 16)).put32(A, 0x5f80, 1, 2, 3);
    const { cpu, memory } = s.boot();
    cpu.run(3);
    const saved = cpu.save();
    cpu.reset();
    cpu.load(saved);
    cpu.run(100);
    expect(words(outcome(cpu, memory, 0), RESULT, 8)).toEqual([0x5f80, 0, 0, 0, 0x5f80, 1, 2, 3]);
  });
});

describe("an unmasked SIMD exception", () => {
  // all unmasked: 1 / 0 in lane 0, inexact in lane 1
  const divide = (start: object): Outcome => {
    const s = scenario(start, ldmxcsr(RESULT), loadXmm(1, A), loadXmm(2, B), bytes(0x0f, 0x5e, 0xca));
    s.put32(A, 0x3f80_0000, 0x3f80_0000, 0, 0).put32(B, 0, 0x4040_0000, 0x3f80_0000, 0x3f80_0000);
    s.memory.set([0x0f, 0x11, 0x0d, (RESULT + 16) & 0xff, RESULT >> 8, 0, 0, 0x0f, 0xae, 0x1d, RESULT & 0xff, RESULT >> 8, 0, 0, 0xf4], 0x7800);
    for (const vector of [UD, XM]) s.gate(vector, 8, 0x7800, 0x8e);
    return s.put32(RESULT, 0).run({ qemu: SILICON });
  };
  it("is #XM, or #UD without CR4.OSXMMEXCPT, with its flag set and no result", () => {
    const end = divide({});
    expect(words(end, RESULT + 16, 4)).toEqual([0x3f80_0000, 0x3f80_0000, 0, 0]);
    expect(end.read32(RESULT) & 4).toBe(4);
    expect(end.stack(0)).toBe(divide({ cr4: OSFXSR }).stack(0));
    const vector = (start: object): number =>
      scenario(start, ldmxcsr(RESULT), loadXmm(2, B), bytes(0x0f, 0x51, 0xca))
        .put32(B, -1, 0xbf80_0000, 0, 0)
        .put32(RESULT, 0)
        .run({ qemu: SILICON }).vector;
    expect([vector({}), vector({ cr4: OSFXSR })]).toEqual([XM, UD]);
  });
  it("comes after the passage from x87 to MMX", () => {
    // cvtps2pi mm0, [A] of 1.5, everything unmasked
    const s = scenario({}, bytes(0xdb, 0xe3), fld1, ldmxcsr(RESULT), at(A, 0, 0x0f, 0x2d))
      .put32(A, 0x3fc0_0000)
      .put32(RESULT, 0);
    s.memory.set([0x0f, 0xae, 0x05, IMAGE & 0xff, IMAGE >> 8, 0, 0, 0xf4], 0x4000 + XM);
    const { cpu, memory } = s.boot();
    cpu.run(1000);
    const end = outcome(cpu, memory, 0);
    expect([end.read16(IMAGE + 2) & 0x3800, end.read8(IMAGE + 4), end.read32(IMAGE + 40)]).toEqual([0, 0xff, 0]);
  });
});
