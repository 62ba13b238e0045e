import { describe, expect, it } from "vitest";
import type { Assembler } from "./assemble.js";
import type { BootState } from "./boot-rom.js";
import { bench, type Outcome, Scenario } from "./scenario.js";

/** IVT entries lead to 0040:vector, a HLT each. */
const HANDLER_SEGMENT = 0x40;
const CS = 0x700;
const DS = 0x900;
const LIMITS = { qemu: "limits are not checked in real mode (SDM volume 3, 20.1.1)" };
const SS = 0x800;

const real = (make: (assembler: Assembler) => void, start: Partial<BootState> = {}, prepare: (scenario: Scenario) => void = () => {}): Scenario => {
  const scenario = new Scenario({ mode: "real", cs: CS, eip: 0, ss: SS, esp: 0x100, ds: DS, es: 0xa00, fs: 0, gs: 0, ...start });
  for (let vector = 0; vector < 256; vector++) scenario.put16(vector * 4, vector, HANDLER_SEGMENT);
  scenario.memory.fill(0xf4, HANDLER_SEGMENT * 16, HANDLER_SEGMENT * 16 + 256);
  prepare(scenario);
  scenario.code(make);
  return scenario;
};
/** Vector whose handler was reached, or -1. */
const reached = (end: Outcome): number => (end.words[17] === HANDLER_SEGMENT ? end.stopped : -1);
/** IP, CS and FLAGS as pushed. */
const frame = (end: Outcome): number[] => [0, 2, 4].map((skip) => end.read16(SS * 16 + ((end.registers.esp + skip) & 0xffff)));

describe("real mode", () => {
  it("wraps 16-bit addresses in the segment", () => {
    // mov al, [bx+si]
    const end = real(
      (a) => a.b(0x8a, 0x00).hlt(),
      { registers: { ebx: 0x1234_ffff, esi: 0x8765_0011 } },
      (s) => s.put8(DS * 16 + 0x10, 0x5a),
    ).run();
    expect(end.registers.eax).toBe(0x5a);
  });

  it("raises #GP for a word at FFFFh and for 32-bit offsets beyond the limit", () => {
    // mov ax, [FFFFh]; mov [FFFFh], ax; mov al, [12345h]; lodsd at FFFDh
    for (const code of [
      [0xa1, 0xff, 0xff],
      [0xa3, 0xff, 0xff],
      [0x67, 0xa0, 0x45, 0x23, 1, 0],
      [0x66, 0xad],
    ]) {
      const end = real((a) => a.nop().b(...code), { registers: { esi: 0xfffd } }).run(LIMITS);
      expect(reached(end)).toBe(13);
      expect(frame(end).slice(0, 2)).toEqual([1, CS]);
    }
  });

  it("raises #SS for a word at FFFFh of the stack and wraps the pointer otherwise", () => {
    expect(reached(real((a) => a.b(0x36, 0xa1, 0xff, 0xff)).run(LIMITS))).toBe(12);
    const end = real((a) => a.b(0x50, 0x5b).hlt(), { esp: 0x1234_0000, registers: { eax: 0x4321 } }).run();
    expect(end.registers.ebx).toBe(0x4321);
    expect(end.registers.esp).toBe(0x1234_0000);
    expect(end.read16(SS * 16 + 0xfffe)).toBe(0x4321);
  });

  it("cannot deliver #SS on a stack of one byte: shutdown", () => {
    expect(real((a) => a.b(0xbc, 1, 0, 0x50)).run(LIMITS).shutdown).toBe(true);
  });

  it("delivers interrupts through the vector table", () => {
    // sti; stc; int 42h
    const end = real((a) => a.b(0xfb, 0xf9).int(0x42)).run();
    expect(reached(end)).toBe(0x42);
    expect(frame(end)).toEqual([4, CS, 0x203]);
    expect(end.words[10] & 0x300).toBe(0);
  });

  it("returns with IRET, keeping the upper half of EFLAGS for a 16-bit one", () => {
    // push flags, cs, ip; iret to a HLT
    const end = real((a) => a.b(0x68, 0xd7, 0x0c, 0x0e, 0x68).address("there", 2).b(0xcf).nop(3).label("there").hlt(), { registers: { eax: 7 } }).run();
    expect(end.words[10] & 0xfd7).toBe(0xcd7);
    expect(end.registers.esp).toBe(0x100);
  });

  it("raises #GP for a vector beyond the IDT limit and shuts down when that has none either", () => {
    // lidt [..]; int 20h
    const limited = (limit: number) =>
      real(
        (a) => a.b(0x0f, 0x01, 0x1e, 0x00, 0x00).int(0x20),
        {},
        (s) => s.put16(DS * 16, limit, 0, 0),
      ).run(LIMITS);
    expect(reached(limited(0x3f))).toBe(13);
    expect(limited(0x1f).shutdown).toBe(true);
    // #GP is beyond the limit, #DF is not
    const double = limited(0x33);
    expect([reached(double), double.shutdown]).toEqual([8, false]);
  });

  it("reaches all memory in unreal mode", () => {
    const end = real(
      (a) =>
        a
          // lgdt [0]; mov eax, cr0; or al, 1; mov cr0, eax; mov bx, 8; mov ds, bx; and al, FEh; mov cr0, eax
          .b(0x0f, 0x01, 0x16, 0, 0, 0x0f, 0x20, 0xc0, 0x0c, 1, 0x0f, 0x22, 0xc0, 0xbb, 8, 0, 0x8e, 0xdb, 0x24, 0xfe, 0x0f, 0x22, 0xc0)
          .far(0xea, CS, 0x40)
          .nop(0x40 - 31)
          // xor bx, bx; mov ds, bx; mov dword [123456h], 89ABCDEFh; hlt
          .b(0x31, 0xdb, 0x8e, 0xdb, 0x66, 0x67, 0xc7, 0x05)
          .d(0x12_3456)
          .d(0x89ab_cdef)
          .hlt(),
      {},
      (s) => s.put16(DS * 16, 0x0f, DS * 16, 0).put32(DS * 16 + 8, 0xffff, 0x00cf_9300),
    ).run();
    expect(end.read32(0x12_3456)).toBe(0x89ab_cdef);
  });

  it("calls and returns far, in 16 and 32 bits", () => {
    const end = real((a) =>
      a
        .b(0x9a, 0x20, 0, 0, 0x07, 0x66, 0x9a, 0x30, 0, 0, 0, 0, 0x07)
        .hlt()
        .nop(0x20 - 14)
        .b(0x40, 0xcb)
        .nop(14)
        .b(0x43, 0x66, 0xcb),
    ).run();
    expect([end.registers.eax, end.registers.ebx, end.registers.esp]).toEqual([1, 1, 0x100]);
  });

  it("refuses far targets beyond the limit with the state untouched", () => {
    const end = real((a) => a.b(0x66, 0xea, 0, 0, 1, 0, 0, 0x07)).run(LIMITS);
    expect([reached(end), ...frame(end).slice(0, 2)]).toEqual([13, 0, CS]);
  });

  it("does not know the instructions of protected mode", () => {
    // sldt ax; ltr ax; lar; verr; arpl
    for (const code of [
      [0x0f, 0x00, 0xc0],
      [0x0f, 0x00, 0xd8],
      [0x0f, 0x02, 0xc0],
      [0x0f, 0x00, 0xe0],
      [0x63, 0xc0],
    ])
      expect(reached(real((a) => a.b(...code)).run())).toBe(6);
  });

  it("divides by zero with the address of the division", () => {
    const end = real((a) => a.nop(5).b(0xf7, 0xf1)).run();
    expect([reached(end), frame(end)[0]]).toEqual([0, 5]);
  });
});

describe("A20", () => {
  it("folds the second megabyte onto the first while masked", () => {
    // mov al, [FFFF:0510h], which is 100500h
    const scenario = real(
      (a) => a.b(0xa0, 0x10, 0x05).hlt(),
      { ds: 0xffff },
      (s) => s.put8(0x10_0500, 0x11).put8(0x500, 0x22),
    );
    expect(scenario.run().registers.eax).toBe(0x11);
    const { cpu } = scenario.boot();
    cpu.a20(false);
    cpu.run(100);
    expect(cpu.registers.eax & 0xff).toBe(0x22);
    expect(cpu.a20Enabled).toBe(false);
    cpu.a20(true);
    expect(bench().cpu.a20Enabled).toBe(true);
  });

  it("folds code fetches as well, and forgets code of the other setting", () => {
    // jmp FFFF:0510h; there: mov al, 1 or mov al, 2; hlt
    const scenario = real(
      (a) => a.b(0xea, 0x10, 0x05, 0xff, 0xff),
      {},
      (s) => s.put8(0x10_0500, 0xb0, 1, 0xf4).put8(0x500, 0xb0, 2, 0xf4),
    );
    const { cpu } = scenario.boot();
    cpu.run(100);
    expect(cpu.registers.eax & 0xff).toBe(1);
    scenario.boot();
    cpu.a20(false);
    cpu.run(100);
    expect(cpu.registers.eax & 0xff).toBe(2);
    cpu.a20(true);
  });
});
