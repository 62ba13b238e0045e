import { describe, expect, it } from "vitest";
import { ACCESS, CODE, CODE0, CODE3, DATA0, dpl, type Outcome, Scenario, STACK0, STACK3, TSS } from "./scenario.js";

/**
 * An instruction that faults leaves no trace. Pages A000h and C000h are not there, B000h is read-only; CR2 names the first
 * byte that could not be reached. The captured vectors have the same instructions at the edges of real pages.
 */
const UNDONE = { qemu: "what a faulting instruction has written is not undone, and reads come before the check of a write (SDM volume 3, 6.5)" };
const LIMITS = { qemu: "segment limits are not checked (SDM volume 3, 5.3)" };
const START = { eax: 0x1111_1111, ecx: 0x2222_2222, edx: 0x3333_3333, ebx: 0x4444_4444, ebp: 0x5555_5555, esi: 0x6666_6666, edi: 0x7777_7777 };
const FLAGS = 0x8d7;

const attempt = (code: readonly number[], esp: number, registers: Partial<typeof START> = {}, eflags = FLAGS): { end: Outcome; s: Scenario } => {
  const s = new Scenario({ cs: CODE3, esp, eflags, registers: { ...START, ...registers } }).paging();
  s.page(0xa000, 0).page(0xb000, 5).page(0xc000, 0);
  for (let at = 0x9f00; at < 0xa000; at++) s.memory[at] = at;
  for (let at = 0xbf00; at < 0xc100; at++) s.memory[at] = at;
  for (let at = 0xd000; at < 0xd100; at++) s.memory[at] = at;
  s.code((a) => a.nop().b(...code));
  return { end: s.run(UNDONE), s };
};
/** Registers, flags and memory are those from before. */
const untouched = ({ end, s }: { end: Outcome; s: Scenario }, registers: Partial<typeof START> = {}, eflags = FLAGS): void => {
  const { esp: _, ...general } = end.registers;
  expect(general).toEqual({ ...START, ...registers });
  expect([end.eip, end.esp, end.eflags & 0xfd7]).toEqual([CODE + 1, s.state.esp, eflags]);
  for (const [from, to] of [
    [0x9000, 0xa000],
    [0xb000, 0xc000],
    [0xd000, 0xe000],
  ])
    expect(Buffer.compare(Buffer.from(s.memory.subarray(from, to)), Buffer.from(Array.from({ length: to - from }, (_, at) => end.read8(from + at))))).toBe(0);
};
const pageFault = (end: Outcome): (number | undefined)[] => [end.vector, end.error, end.cr2];

describe("instructions that fault half-way", () => {
  const cases: [string, readonly number[], number, Partial<typeof START>, number, number][] = [
    ["pusha into an absent page", [0x60], 0xd010, {}, 6, 0xcffc],
    ["pushaw", [0x66, 0x60], 0xd006, {}, 6, 0xcffe],
    ["popa out of one", [0x61], 0x9ff0, {}, 4, 0xa000],
    ["popaw", [0x66, 0x61], 0x9ff4, {}, 4, 0xa000],
    ["push into a read-only page", [0x50], 0xc000, {}, 7, 0xbffc],
    ["push across into an absent page", [0x50], 0xd002, {}, 6, 0xcffe],
    ["pop memory that cannot be written", [0x8f, 0x05, 0, 0xb0, 0, 0], 0xd010, {}, 7, 0xb000],
    ["pop from nowhere to memory", [0x8f, 0x05, 0, 0xd0, 0, 0], 0x9ffe, {}, 4, 0xa000],
    ["call", [0xe8, 0, 0, 0, 0], 0xd000, {}, 6, 0xcffc],
    ["call memory", [0xff, 0x15, 0, 0xd0, 0, 0], 0xd000, {}, 6, 0xcffc],
    ["ret", [0xc3], 0x9ffd, {}, 4, 0xa000],
    ["ret n", [0xc2, 8, 0], 0x9ffd, {}, 4, 0xa000],
    ["leave", [0xc9], 0xd010, { ebp: 0x9ffe }, 4, 0xa000],
    ["enter with nesting, reading", [0xc8, 0, 0, 4], 0xd040, { ebp: 0xd008 }, 4, 0xcffc],
    ["enter with nesting, writing", [0xc8, 0, 0, 4], 0xd00c, { ebp: 0xd080 }, 6, 0xcffc],
    ["enter, the new top", [0xc8, 0x20, 0, 0], 0xd010, { ebp: 0xd080 }, 6, 0xcfec],
    ["xchg with memory", [0x87, 0x05, 0xfe, 0xbf, 0, 0], 0xd010, {}, 7, 0xbffe],
    ["adc to a read-only page", [0x11, 0x05, 0x80, 0xbf, 0, 0], 0xd010, {}, 7, 0xbf80],
    ["add across into an absent page", [0x01, 0x05, 0xfe, 0x9f, 0, 0], 0xd010, {}, 6, 0xa000],
    ["inc", [0xff, 0x05, 0x80, 0xbf, 0, 0], 0xd010, {}, 7, 0xbf80],
    ["neg", [0xf7, 0x1d, 0x80, 0xbf, 0, 0], 0xd010, {}, 7, 0xbf80],
    ["not", [0xf7, 0x15, 0x80, 0xbf, 0, 0], 0xd010, {}, 7, 0xbf80],
    ["shl by a count of zero", [0xc1, 0x25, 0x80, 0xbf, 0, 0, 0], 0xd010, {}, 7, 0xbf80],
    ["rcl", [0xd1, 0x15, 0xff, 0x9f, 0, 0], 0xd010, {}, 6, 0xa000],
    ["shld", [0x0f, 0xa4, 0x05, 0x80, 0xbf, 0, 0, 3], 0xd010, {}, 7, 0xbf80],
    ["bts far beyond its operand", [0x0f, 0xab, 0x05, 0, 0xd0, 0, 0], 0xd010, { eax: -0x800 }, 6, 0xcf00],
    ["xadd", [0x0f, 0xc1, 0x05, 0xfe, 0xbf, 0, 0], 0xd010, {}, 7, 0xbffe],
    ["cmpxchg that would fail to compare", [0x0f, 0xb1, 0x0d, 0x80, 0xbf, 0, 0], 0xd010, {}, 7, 0xbf80],
    ["cmpxchg8b", [0x0f, 0xc7, 0x0d, 0xfc, 0x9f, 0, 0], 0xd010, {}, 6, 0xa000],
    ["setcc", [0x0f, 0x94, 0x05, 0, 0xa0, 0, 0], 0xd010, {}, 6, 0xa000],
    ["cmov whose condition is false", [0x0f, 0x45, 0x05, 0, 0xa0, 0, 0], 0xd010, {}, 4, 0xa000],
    ["imul", [0x0f, 0xaf, 0x05, 0xfe, 0x9f, 0, 0], 0xd010, {}, 4, 0xa000],
    ["div", [0xf7, 0x35, 0xfe, 0x9f, 0, 0], 0xd010, {}, 4, 0xa000],
    ["les", [0xc4, 0x05, 0xfc, 0x9f, 0, 0], 0xd010, {}, 4, 0xa000],
    ["bound", [0x62, 0x05, 0xfc, 0x9f, 0, 0], 0xd010, {}, 4, 0xa000],
    ["push memory", [0xff, 0x35, 0, 0xa0, 0, 0], 0xd010, {}, 4, 0xa000],
    ["lods", [0xad], 0xd010, { esi: 0x9ffe }, 4, 0xa000],
    ["movs, the target", [0xa5], 0xd010, { esi: 0xd000, edi: 0xbffe }, 7, 0xbffe],
    ["fld", [0xdb, 0x2d, 0xf8, 0x9f, 0, 0], 0xd010, {}, 4, 0xa000],
  ];
  for (const [name, code, esp, registers, error, cr2] of cases) {
    it(name, () => {
      const run = attempt(code, esp, registers as typeof START);
      expect(pageFault(run.end)).toEqual([14, error, cr2]);
      untouched(run, Object.fromEntries(Object.entries(registers).map(([register, value]) => [register, (value as number) >>> 0])));
    });
  }

  it("a write across two bad pages names the first", () => {
    expect(pageFault(attempt([0xa3, 0xfe, 0xbf, 0, 0], 0xd010).end)).toEqual([14, 7, 0xbffe]);
    expect(pageFault(attempt([0x66, 0xa3, 0xff, 0xbf, 0, 0], 0xd010).end)).toEqual([14, 7, 0xbfff]);
  });

  it("divisions that overflow", () => {
    for (const code of [
      [0xf7, 0xf1],
      [0xf7, 0xf9],
      [0xf6, 0xf1],
      [0x66, 0xf7, 0xf1],
      [0xd4, 0],
    ]) {
      const run = attempt(code, 0xd010, { ecx: 0x2200 } as typeof START);
      if (code[0] === 0xf7 || code[0] === 0xf6 || code[0] === 0x66) expect(run.end.vector).toBe(0);
      untouched(run, { ecx: 0x2200 });
    }
  });
  it("bound and into", () => {
    const bound = attempt([0x62, 0x05, 0x10, 0xd0, 0, 0], 0xd010);
    expect(bound.end.vector).toBe(5);
    untouched(bound);
  });
});

describe("repeated string instructions", () => {
  const progress = ({ end }: { end: Outcome }): number[] => [end.registers.ecx, end.registers.esi, end.registers.edi];
  it("stop at the element that faults with the ones before done", () => {
    const movs = attempt([0xf3, 0xa4], 0xd010, { ecx: 0x100, esi: 0xd000, edi: 0x9f80 } as typeof START);
    expect([...pageFault(movs.end), movs.end.eip]).toEqual([14, 6, 0xa000, CODE + 1]);
    expect(progress(movs)).toEqual([0x80, 0xd080, 0xa000]);
    expect(movs.end.read8(0x9fff)).toBe(0x7f);
    const source = attempt([0xf3, 0xa5], 0xd010, { ecx: 0x40, esi: 0x9fc6, edi: 0xd080 } as typeof START);
    expect(pageFault(source.end)).toEqual([14, 4, 0xa000]);
    expect(progress(source)).toEqual([0x40 - 14, 0x9ffe, 0xd080 + 56]);
    const stos = attempt([0xf3, 0xab], 0xd010, { ecx: 0x40, edi: 0x9fc1 } as typeof START);
    expect(pageFault(stos.end)).toEqual([14, 6, 0xa000]);
    expect(progress(stos)).toEqual([0x40 - 15, START.esi, 0x9ffd]);
    const lods = attempt([0xf3, 0xac], 0xd010, { ecx: 0x40, esi: 0x9ff0 } as typeof START);
    expect(progress(lods)).toEqual([0x30, 0xa000, START.edi]);
    expect(lods.end.registers.eax).toBe(0x1111_11ff);
  });
  it("backward as well", () => {
    const stos = attempt([0xf3, 0xab], 0xd010, { ecx: 0x40, edi: 0xd03c } as typeof START, FLAGS | 0x400);
    expect(pageFault(stos.end)).toEqual([14, 6, 0xcffc]);
    expect(progress(stos)).toEqual([0x30, START.esi, 0xcffc]);
  });
  it("compare up to it, with the flags of the last comparison", () => {
    const cmps = attempt([0xf3, 0xa6], 0xd010, { ecx: 0x100, esi: 0x9f80, edi: 0xbf80 } as typeof START, 2);
    expect(pageFault(cmps.end)).toEqual([14, 4, 0xa000]);
    expect([...progress(cmps), cmps.end.eflags & 0x8d5]).toEqual([0x80, 0xa000, 0xc000, 0x44]);
    const scas = attempt([0xf2, 0xae], 0xd010, { eax: 0x1234_5678, ecx: 0x100, edi: 0x9ff0 } as typeof START, 2);
    expect(pageFault(scas.end)).toEqual([14, 4, 0xa000]);
    expect([...progress(scas), scas.end.eflags & 0x8d5]).toEqual([0xf0, START.esi, 0xa000, 0x11]);
  });
  it("stop at a segment's limit likewise", () => {
    const s = new Scenario({ registers: { ecx: 0x100, esi: 0xd000, edi: 0, eax: 0x5a5a_5a5a } });
    s.descriptor(0x60, 0x9000, 0x3e, ACCESS.data, 0);
    s.code((a) => a.b(0x66, 0xb8, 0x60, 0, 0x8e, 0xc0, 0xf3, 0xab));
    const end = s.run(LIMITS);
    expect([end.vector, end.error, end.registers.ecx, end.registers.edi, end.read8(0x903b), end.read8(0x903c)]).toEqual([13, 0, 0x100 - 15, 60, 0x5a, 0]);
    const m = new Scenario({ registers: { ecx: 0x100, esi: 0xd000, edi: 0 } });
    m.descriptor(0x60, 0x9000, 0x3e, ACCESS.data, 0);
    m.memory.fill(0x77, 0xd000, 0xd100);
    m.code((a) => a.seg("es", 0x60).b(0xf3, 0xa4));
    const moved = m.run(LIMITS);
    expect([moved.vector, moved.registers.ecx, moved.registers.esi, moved.registers.edi, moved.read8(0x903e), moved.read8(0x903f)]).toEqual([13, 0x100 - 63, 0xd03f, 63, 0x77, 0]);
  });
  it("with a count of zero do nothing at all", () => {
    for (const code of [0xa4, 0xab, 0xac, 0xa6, 0xae]) {
      const s = new Scenario({ cs: CODE3, registers: { esi: 0xa000, edi: 0xa000 } }).paging();
      s.page(0xa000, 0);
      s.code((a) => a.b(0xf3, code).int(0x20));
      expect([s.run().vector, s.run().registers.edi]).toEqual([13, 0xa000]);
    }
  });
  it("with 16-bit addresses wrap and keep the upper halves", () => {
    const s = new Scenario({ registers: { ecx: 0xabcd_0008, esi: 0x1234_fffc, edi: 0x5678_9000 } });
    s.descriptor(0x60, 0x1_0000, 0xffff, ACCESS.data, 0);
    s.put32(0x1_fffc, 0x4433_2211).put32(0x1_0000, 0x8877_6655);
    s.code((a) => a.seg("fs", 0x60).b(0x67, 0xf3, 0x64, 0xa4).hlt());
    const end = s.run();
    expect([end.read32(0x9000), end.read32(0x9004)]).toEqual([0x4433_2211, 0x8877_6655]);
    expect(progress({ end })).toEqual([0xabcd_0000, 0x1234_0004, 0x5678_9008]);
  });
  it("copy overlapping ranges element by element", () => {
    for (const size of [1, 2, 4]) {
      for (const distance of [-5, -4, -3, -2, -1, 1, 2, 3, 4, 5]) {
        for (const backward of [false, true]) {
          const registers = { ecx: 6, esi: 0x9020, edi: 0x9020 + distance };
          const s = new Scenario({ eflags: backward ? 0x402 : 2, registers });
          for (let at = 0; at < 64; at++) s.memory[0x9000 + at] = at;
          s.code((a) => a.b(...(size === 2 ? [0x66] : []), 0xf3, size === 1 ? 0xa4 : 0xa5).hlt());
          const expected = s.memory.slice(0x9000, 0x9040);
          for (let element = 0; element < 6; element++) {
            const from = 0x20 + (backward ? -1 : 1) * element * size;
            expected.set(expected.slice(from, from + size), from + distance);
          }
          const end = s.run();
          expect(Array.from({ length: 64 }, (_, at) => end.read8(0x9000 + at))).toEqual([...expected]);
        }
      }
    }
  });
});

describe("delivery that faults", () => {
  it("leaves the inner stack as it was", () => {
    // ring 0's stack begins in a page that is there and reaches into one that is not
    const s = new Scenario({ cs: CODE3 }).paging();
    s.put32(TSS + 4, 0xd008).page(0xc000, 0);
    s.memory.fill(0xaa, 0xd000, 0xd010);
    s.put32(TSS + 12, STACK0 - 0x400);
    s.code((a) => a.int(0x20));
    // #PF in the delivery of #GP needs the same stack: shutdown, with nothing written
    const end = s.run();
    expect([end.shutdown, end.read32(0xd000), end.read32(0xd004)]).toEqual([true, 0xaaaa_aaaa, 0xaaaa_aaaa]);
  });
  it("of a far call pushes nothing", () => {
    const s = new Scenario({ cs: CODE3, esp: 0xd004 }).paging();
    s.page(0xc000, 0);
    s.memory.fill(0xaa, 0xd000, 0xd010);
    s.code((a) => a.far(0x9a, CODE3, CODE + 0x40));
    const end = s.run(UNDONE);
    expect([...pageFault(end), end.eip, end.esp, end.read32(0xd000)]).toEqual([14, 6, 0xcffc, CODE, 0xd004, 0xaaaa_aaaa]);
  });
  it("IRET whose frame is half there moves nothing", () => {
    const s = new Scenario({ esp: 0x9ff8 }).paging();
    s.page(0xa000, 0);
    s.put32(0x9ff8, CODE, CODE0);
    s.code((a) => a.b(0xcf));
    s.state.esp = 0x5800;
    s.code((a) => a.mov("esp", 0x9ff8).b(0xcf));
    const end = s.run();
    expect([...pageFault(end), end.eip, end.registers.esp]).toEqual([14, 0, 0xa000, CODE + 5, 0x9ff8 - 16]);
  });
  it("keeps DPL 0 data out of a return to ring 3 that fails", () => {
    const s = new Scenario();
    s.code((a) => a.push(DATA0).push(STACK3).push(2).push(CODE3).push(CODE).b(0xcf));
    const end = s.run();
    expect([end.vector, end.error, end.words[19]]).toEqual([13, DATA0, DATA0]);
    expect(dpl(3)).toBe(0x60);
  });
});

describe("an operand across the end of a flat segment", () => {
  const run = (registers: Record<string, number>, ...code: number[]): number[] => {
    const s = new Scenario({ registers });
    s.code((a) => a.b(...code));
    const { vector, error } = s.run({ qemu: "QEMU has no segment limits (SDM volume 3, 5.3)" });
    return [vector, error ?? -1];
  };
  it("is #GP(0), in the stack segment #SS(0), loaded and stored alike", () => {
    // mov eax, [ebx]; mov [ebx], eax; add [ebx], eax; mov ax, [ebx]
    for (const code of [
      [0x8b, 0x03],
      [0x89, 0x03],
      [0x01, 0x03],
      [0x66, 0x8b, 0x03],
    ])
      expect(run({ ebx: -1 }, ...code)).toEqual([13, 0]);
    // mov eax, [ebp]; mov eax, ss:[ebx]
    for (const code of [
      [0x8b, 0x45, 0],
      [0x36, 0x8b, 0x03],
    ])
      expect(run({ ebp: -2, ebx: -2 }, ...code)).toEqual([12, 0]);
  });
  it("is fine where it ends with the segment", () => {
    // mov eax, [ebx]; hlt: the last four bytes are open bus or ROM
    expect(run({ ebx: -4 }, 0x8b, 0x03, 0xf4)).toEqual([-1, -1]);
  });
});
