/** Memory operands of MMX and SSE instructions, masked stores, FXSAVE and FXRSTOR. */
import { describe, expect, it } from "vitest";
import type { Assembler } from "./assemble.js";
import { ACCESS, BIG, CODE3, type Outcome, outcome, Scenario } from "./scenario.js";
import {
  A,
  at,
  B,
  bytes,
  EDGE,
  type Emit,
  fxrstor,
  fxsave,
  GP,
  IMAGE,
  ldmxcsr,
  loadMmx,
  loadXmm,
  OSFXSR,
  PF,
  RESULT,
  run,
  SS,
  scenario,
  stmxcsr,
  storeXmm,
  words,
} from "./simd-program.js";

/** These ends were seen on a real processor; QEMU has no #MF before MMX, no alignment in places, no CLFLUSH, no limits. */
const SILICON = "silicon, by capture; the order of checks is that of SDM volume 2, exception classification";

describe("memory operands", () => {
  const registers = (s: Scenario): Scenario => s.put32(A, 1, 2, 3, 4).put32(B, 5, 6, 7, 8);

  it.each<[string, number[]]>([
    ["MOVAPS", [0x0f, 0x28]],
    ["MOVAPS store", [0x0f, 0x29]],
    ["MOVDQA", [0x66, 0x0f, 0x6f]],
    ["MOVNTPS", [0x0f, 0x2b]],
    ["MOVNTDQ", [0x66, 0x0f, 0xe7]],
    ["PADDB", [0x66, 0x0f, 0xfc]],
    ["ADDPS", [0x0f, 0x58]],
    ["CVTTPD2PI", [0x66, 0x0f, 0x2c]],
    ["PUNPCKLBW", [0x66, 0x0f, 0x60]],
    ["MOVSLDUP", [0xf3, 0x0f, 0x12]],
  ])("%s wants its 16 bytes aligned", (_name, opcode) => {
    for (const offset of [1, 4, 8, 15]) {
      // QEMU does not check CVTTPD2PI and MOVSLDUP (SDM volume 2, exception classification)
      const end = scenario({}, at(A + offset, 1, ...opcode)).run({ qemu: SILICON });
      expect([offset, end.vector, end.error]).toEqual([offset, GP, 0]);
    }
    expect(run({}, at(A, 1, ...opcode)).vector).toBe(-1);
  });
  it.each<[string, number[]]>([
    ["MOVUPS", [0x0f, 0x10]],
    ["MOVDQU store", [0xf3, 0x0f, 0x7f]],
    ["LDDQU", [0xf2, 0x0f, 0xf0]],
    ["ADDSS", [0xf3, 0x0f, 0x58]],
    ["MOVSD", [0xf2, 0x0f, 0x10]],
    ["CVTPS2PD", [0x0f, 0x5a]],
    ["CVTDQ2PD", [0xf3, 0x0f, 0xe6]],
    ["MOVHPS", [0x0f, 0x16]],
    ["PADDB mm", [0x0f, 0xfc]],
    ["STMXCSR", [0x0f, 0xae]],
  ])("%s does not", (name, opcode) => {
    expect(run({}, at(A + 1, name === "STMXCSR" ? 3 : 1, ...opcode)).vector).toBe(-1);
  });

  it("of a whole register may lie anywhere, across pages as well", () => {
    for (const address of [0x9ff1, 0x9ff4, 0x9ffc, 0x9fff, A + 3]) {
      const s = registers(scenario({}, loadXmm(1, A), storeXmm(1, address), loadXmm(2, address), storeXmm(2, RESULT))).paging();
      expect(words(s.run(), RESULT, 4)).toEqual([1, 2, 3, 4]);
    }
  });
  it("may not go across the end of the address space", () => {
    // QEMU lets it
    const end = (address: number, ...opcode: number[]): (number | undefined)[] => {
      const { vector, error } = scenario({}, at(address, 1, ...opcode)).run({ qemu: SILICON });
      return [vector, error];
    };
    const across = [end(-8, 0x0f, 0x10), end(-8, 0x0f, 0x11), end(-4, 0x0f, 0x6f), end(-2, 0xf3, 0x0f, 0x58)];
    expect(across).toEqual(new Array(4).fill([GP, 0]));
    const last = [end(-16, 0x0f, 0x10), end(-8, 0x0f, 0x6f)];
    expect(last).toEqual(new Array(2).fill([-1, undefined]));
  });
  it("a load that faults in its second page leaves the register alone", () => {
    const s = registers(scenario({}, loadXmm(1, A), loadXmm(1, EDGE - 8))).paging();
    s.page(EDGE, 0).memory.set([0x0f, 0x11, 0x0d, RESULT & 0xff, RESULT >> 8, 0, 0, 0xf4], 0x4000 + PF);
    const { cpu, memory } = s.boot();
    cpu.run(1000);
    const end = outcome(cpu, memory, 0);
    expect([words(end, RESULT, 4), end.cr2]).toEqual([[1, 2, 3, 4], EDGE]);
  });
  it("a store that faults in its second page writes nothing", () => {
    // QEMU leaves the part in the first page written (SDM volume 3, 6.6: a fault can be restarted)
    for (const bits of [0, 5]) {
      const user = bits === 5 ? { cs: CODE3 } : {};
      const end = registers(scenario(user, loadXmm(1, A), storeXmm(1, EDGE - 8)))
        .paging()
        .page(EDGE, bits)
        .run({ qemu: SILICON });
      expect([end.vector, end.error, end.cr2, end.read32(EDGE - 8), end.read32(EDGE)]).toEqual([PF, bits === 5 ? 7 : 2, EDGE, 0, 0]);
    }
  });
  it("the limit comes before alignment, alignment before pages", () => {
    const limited = scenario({}, (a) => a.seg("ss", 0x60), bytes(0x36, 0x0f, 0x28, 0x0d, 0xf8, 0x8f, 0, 0)).descriptor(0x60, 0, 0x8fff, ACCESS.data, BIG);
    expect(limited.run({ qemu: SILICON }).vector).toBe(SS);
    const absent = scenario({}, at(EDGE + 8, 1, 0x0f, 0x28))
      .paging()
      .page(EDGE, 0);
    expect(absent.run({ qemu: SILICON }).vector).toBe(GP);
  });
  it("PUNPCKL of MMX reads four bytes, PUNPCKH eight", () => {
    const vector = (opcode: number): number =>
      scenario({}, at(EDGE - 4, 1, 0x0f, opcode))
        .paging()
        .page(EDGE, 0)
        .run({ qemu: SILICON }).vector;
    expect([vector(0x60), vector(0x61), vector(0x62), vector(0x68)]).toEqual([-1, -1, -1, PF]);
  });
  it("a 16-byte store into the code that follows takes effect", () => {
    // movups [next], xmm1; next: hlt becomes mov eax, 7; hlt
    const s = scenario({}, loadXmm(1, A), (a) => a.b(0x0f, 0x11, 0x0d).address("next").label("next").b(0xf4).nop(15));
    s.put8(A, 0xb8, 7, 0, 0, 0, 0xf4);
    expect(s.run().registers.eax).toBe(7);
  });
  it("PREFETCH never faults, CLFLUSH as a read does", () => {
    const absent = (code: Emit): Outcome => scenario({}, code).paging().page(EDGE, 0).run({ qemu: SILICON });
    expect(absent(at(EDGE, 1, 0x0f, 0x18)).vector).toBe(-1);
    const flush = absent(at(EDGE + 5, 7, 0x0f, 0xae));
    expect([flush.vector, flush.error, flush.cr2]).toEqual([PF, 0, EDGE + 5]);
    // cs: clflush in code that cannot be read
    const s = new Scenario();
    s.descriptor(0x60, 0, 0xf_ffff, ACCESS.executeOnly, BIG | 8);
    s.code((a) => a.far(0xea, 0x60, 0x7100));
    s.code((a) => a.b(0x2e, 0x0f, 0xae, 0x3d).d(A).b(0x2e, 0x0f, 0xb6, 0x05).d(A), 0x7100);
    const end = s.run({ qemu: SILICON });
    expect([end.vector, end.eip]).toEqual([GP, 0x7108]);
  });
});

describe("MASKMOVDQU and MASKMOVQ", () => {
  const masked = (a: Assembler): Assembler => a.b(0x66, 0x0f, 0xf7, 0xca);
  const data = (s: Scenario): Scenario =>
    s.put32(A, 0x0403_0201, 0x0807_0605, 0x0c0b_0a09, 0x100f_0e0d).put32(B, 0x80ff_0080, 0x7f7f_7f7f, 0x8000_0000, 0x80).put32(RESULT, -1, -1, -1, -1);

  it("write the bytes of the mask to DS:EDI", () => {
    const end = data(scenario({}, loadXmm(1, A), loadXmm(2, B), (a) => masked(a.mov("edi", RESULT)))).run();
    expect(words(end, RESULT, 4)).toEqual([0x0403_ff01, 0xffff_ffff, 0x0cff_ffff, 0xffff_ff0d]);
    const short = data(scenario({}, loadMmx(1, A), loadMmx(2, B), (a) => a.mov("edi", RESULT).b(0x0f, 0xf7, 0xca))).run();
    expect(words(short, RESULT, 3)).toEqual([0x0403_ff01, 0xffff_ffff, 0xffff_ffff]);
  });
  it("obey segment and address size prefixes", () => {
    const s = data(
      scenario({}, loadXmm(1, A), loadXmm(2, B), (a) =>
        masked(
          a
            .seg("fs", 0x60)
            .mov("edi", 0x5_0000 + RESULT - 0x40)
            .b(0x64, 0x67),
        ),
      ),
    );
    expect(words(s.descriptor(0x60, 0x40, 0xffff, ACCESS.data, BIG).run(), RESULT, 1)).toEqual([0x0403_ff01]);
  });
  it("need every byte writable, whatever the mask", () => {
    const page = (address: number): Outcome => {
      const s = scenario({ cs: CODE3 }, bytes(0x66, 0x0f, 0xef, 0xd2), (a) => masked(a.mov("edi", address)));
      return s.paging().page(EDGE, 5).run({ qemu: SILICON });
    };
    const whole = page(EDGE + 8);
    expect([whole.vector, whole.error, whole.cr2]).toEqual([PF, 7, EDGE + 8]);
    const part = page(EDGE - 8);
    expect([part.vector, part.error, part.cr2]).toEqual([PF, 7, EDGE]);
    const limit = scenario({}, (a) => masked(a.seg("fs", 0x60).mov("edi", 0xff1).b(0x64))).descriptor(0x60, 0, 0xfff, ACCESS.data, BIG);
    expect(limit.run({ qemu: SILICON }).vector).toBe(GP);
  });
});

describe("FXSAVE and FXRSTOR", () => {
  it("carry XMM registers and MXCSR under CR4.OSFXSR", () => {
    const clear: Emit = (a) => a.b(0x0f, 0x57, 0xc0, 0x0f, 0x57, 0xff);
    const s = scenario({}, loadXmm(0, A), loadXmm(7, B), ldmxcsr(B), fxsave, clear, ldmxcsr(A), fxrstor, stmxcsr(RESULT), storeXmm(0, RESULT + 16), storeXmm(7, RESULT + 32));
    const end = s.put32(A, 0x1f80, 2, 3, 4).put32(B, 0x3f80, 6, 7, 8).run({ qemu: SILICON });
    expect(words(end, IMAGE + 24, 2)).toEqual([0x3f80, 0xffff]);
    expect(words(end, IMAGE + 160, 4)).toEqual([0x1f80, 2, 3, 4]);
    expect(words(end, IMAGE + 160 + 7 * 16, 4)).toEqual([0x3f80, 6, 7, 8]);
    expect(words(end, RESULT, 1)).toEqual([0x3f80]);
    expect(words(end, RESULT + 16, 8)).toEqual([0x1f80, 2, 3, 4, 0x3f80, 6, 7, 8]);
  });
  it("refuse reserved bits of MXCSR and change nothing", () => {
    const s = scenario(
      {},
      fxsave,
      (a) =>
        a
          .b(0x80, 0x0d)
          .d(IMAGE + 26)
          .b(1),
      loadXmm(0, A),
      fxrstor,
    ).put32(A, 9);
    const { cpu, memory } = s.boot();
    cpu.run(1000);
    const end = outcome(cpu, memory, 0);
    expect([end.vector, end.error, (cpu.save()["fpu"] as Uint8Array)[256]]).toEqual([GP, 0, 9]);
  });
  it("without it leave both alone", () => {
    const s = scenario(
      {},
      loadXmm(0, A),
      (a) => a.mov("eax", 0).b(0x0f, 0x22, 0xe0),
      fxsave,
      fxrstor,
      (a) => a.mov("eax", OSFXSR).b(0x0f, 0x22, 0xe0),
      storeXmm(0, RESULT),
    );
    const end = s.put32(A, 1, 2, 3, 4).run({ qemu: SILICON });
    expect([words(end, IMAGE + 24, 2), words(end, IMAGE + 160, 4), words(end, RESULT, 4)]).toEqual([
      [0, 0],
      [0, 0, 0, 0],
      [1, 2, 3, 4],
    ]);
  });
});
