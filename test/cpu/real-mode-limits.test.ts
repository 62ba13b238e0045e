import { describe, expect, it } from "vitest";
import * as S from "../../kernel/cpu/state.js";
import type { Assembler } from "./assemble.js";
import type { BootState } from "./boot-rom.js";
import { CODE0, DATA0, GDT, type Outcome, type QemuJudges, Scenario } from "./scenario.js";

/** 64 KiB segments, mode switches and what outlives them (SDM volume 3, chapters 9 and 20). */
const HANDLER_SEGMENT = 0x40;
const CS = 0x700;
const DS = 0x900;
const SS = 0x800;
const LIMITS = "limits are not checked in real mode (SDM volume 3, 20.1.1)";

const real = (make: (assembler: Assembler) => void, start: Partial<BootState> = {}, prepare: (scenario: Scenario) => void = () => {}): Scenario => {
  const scenario = new Scenario({ mode: "real", cs: CS, eip: 0, ss: SS, esp: 0x100, ds: DS, es: 0xa00, fs: 0, gs: 0, ...start });
  for (let vector = 0; vector < 256; vector++) scenario.put16(vector * 4, vector, HANDLER_SEGMENT);
  scenario.memory.fill(0xf4, HANDLER_SEGMENT * 16, HANDLER_SEGMENT * 16 + 256);
  scenario.code(make);
  prepare(scenario);
  return scenario;
};
const reached = (end: Outcome): number => (end.words[17] === HANDLER_SEGMENT ? end.stopped : -1);
const ip = (end: Outcome, ss = SS): number => end.read16(ss * 16 + (end.registers.esp & 0xffff));
/** mov r16, imm16 */
const mov16 = (register: number, value: number): number[] => [0xb8 + register, value & 255, value >> 8];

describe("64 KiB limits", () => {
  const faulting = (code: readonly number[], registers: BootState["registers"] = {}, start: Partial<BootState> = {}): number[] => {
    const end = real(
      (a) =>
        a
          .nop()
          .b(...code)
          .hlt(),
      { registers, ...start },
    ).run({ qemu: LIMITS });
    return [reached(end), reached(end) < 0 ? 0 : ip(end)];
  };
  it("a word, dword or ten bytes over FFFFh are #GP, #SS in the stack segment", () => {
    expect(faulting([0xa1, 0xff, 0xff])).toEqual([13, 1]);
    expect(faulting([0x66, 0xa1, 0xfd, 0xff])).toEqual([13, 1]);
    expect(faulting([0x66, 0xa1, 0xfc, 0xff])).toEqual([-1, 0]);
    expect(faulting([0xa0, 0xff, 0xff])).toEqual([-1, 0]);
    expect(faulting([0xdb, 0x2e, 0xf7, 0xff])).toEqual([13, 1]);
    expect(faulting([0xff, 0x2e, 0xfd, 0xff])).toEqual([13, 1]);
    expect(faulting([0x8b, 0x46, 0], { ebp: 0xffff })).toEqual([12, 1]);
    expect(faulting([0x36, 0xa1, 0xff, 0xff])).toEqual([12, 1]);
    expect(faulting([0xa5], { esi: 0xffff })).toEqual([13, 1]);
    expect(faulting([0xa5], { edi: 0xffff })).toEqual([13, 1]);
    expect(faulting([0xc4, 0x1e, 0xfe, 0xff])).toEqual([-1, 0]);
  });
  it("32-bit addresses beyond 64 KiB", () => {
    expect(faulting([0x67, 0x8a, 0x03], { ebx: 0x1_0000 })).toEqual([13, 1]);
    expect(faulting([0x67, 0x8a, 0x45, 0], { ebp: 0x1_0000 })).toEqual([12, 1]);
    expect(faulting([0x67, 0x8a, 0x03], { ebx: 0xffff })).toEqual([-1, 0]);
    expect(faulting([0x67, 0xac], { esi: -1 })).toEqual([13, 1]);
  });
  it("pushes and pops at an odd stack pointer", () => {
    // the frame of #SS itself does not fit below 1: shutdown
    const push = real((a) => a.b(0xbc, 1, 0, 0x50)).run({ qemu: LIMITS });
    expect(push.shutdown).toBe(true);
    expect(faulting([0x58], {}, { esp: 0xffff })).toEqual([12, 1]);
    expect(faulting([0x66, 0x58], {}, { esp: 0xfffd })).toEqual([12, 1]);
    expect(faulting([0x61], {}, { esp: 0xfff3 })).toEqual([12, 1]);
    // eight words up to the end, then around
    expect(faulting([0x61], {}, { esp: 0xfff8 })).toEqual([-1, 0]);
  });
  it("jumps with 32-bit operands beyond 64 KiB", () => {
    expect(faulting([0x66, 0xe9, 0, 0, 1, 0])).toEqual([13, 1]);
    expect(faulting([0x66, 0xff, 0xe0], { eax: 0x1_0000 })).toEqual([13, 1]);
    expect(faulting([0x66, 0xe8, 0, 0, 1, 0])).toEqual([13, 1]);
  });
  it("execution falls off the end of the segment", () => {
    const end = real(
      (a) => a.b(0xe9).w(0xfffe - 3),
      {},
      (s) => s.put8(CS * 16 + 0xfffe, 0x40, 0x40),
    ).run({ qemu: LIMITS });
    // IP on the stack has 16 bits
    expect([reached(end), ip(end), end.registers.eax]).toEqual([13, 0, 2]);
    const cut = real(
      (a) => a.b(0xe9).w(0xffff - 3),
      {},
      (s) => s.put8(CS * 16 + 0xffff, 0xb8),
    ).run({ qemu: LIMITS });
    expect([reached(cut), ip(cut)]).toEqual([13, 0xffff]);
  });
  it("a jump of 16 bits wraps", () => {
    const end = real(
      (a) => a.b(0xe9).w(0xfff0 - 3),
      {},
      (s) => s.put8(CS * 16 + 0xfff0, 0xeb, 0x2e).put8(CS * 16 + 0x20, 0xf4),
    ).run();
    expect(end.stopped).toBe(0x20);
  });
});

describe("prefixes 66h and 67h", () => {
  it("turn 16-bit code into 32-bit instructions", () => {
    const end = real((a) => a.b(0x66, 0xb8).d(0x1234_5678).b(0x66, 0x50, 0x66, 0x5b, 0x67, 0x66, 0x8d, 0x0c, 0x03).hlt()).run();
    expect([end.registers.eax, end.registers.ebx, end.registers.ecx, end.registers.esp]).toEqual([0x1234_5678, 0x1234_5678, 0x2468_acf0, 0x100]);
  });
  it("choose CX or ECX for LOOP, JCXZ and REP", () => {
    const end = real((a) => a.b(0x67, 0xe3, 1, 0x40, 0xe3, 1, 0x43).hlt(), { registers: { ecx: 0x1_0000 } }).run();
    expect([end.registers.eax, end.registers.ebx]).toEqual([1, 0]);
    const rep = real((a) => a.b(0xf3, 0xaa).hlt(), { registers: { ecx: 0x1_0002, edi: 0x10 } }).run();
    expect([rep.registers.edi, rep.registers.ecx]).toEqual([0x12, 0x1_0000]);
  });
});

describe("system instructions", () => {
  it("SMSW, SGDT, SIDT and CLTS work", () => {
    const end = real((a) => a.b(0x0f, 0x01, 0xe3, 0x0f, 0x01, 0x06, 0, 1, 0x0f, 0x01, 0x0e, 0x10, 1, 0x0f, 0x06).hlt()).run();
    expect([end.registers.ebx & 0xffff, end.read16(DS * 16 + 0x110)]).toEqual([0x10, 0x3ff | (end.read16(DS * 16 + 0x110) & 0xfc00)]);
  });
  it("LGDT of 16 bits takes 24 bits of base, of 32 bits all", () => {
    const load = (prefix: number[]): number => {
      const end = real(
        (a) => a.b(...prefix, 0x0f, 0x01, 0x16, 0, 0).hlt(),
        {},
        (s) => s.put16(DS * 16, 0x1234, 0x5678, 0x9abc),
      ).run();
      return end.words[S.GDTR_BASE] >>> 0;
    };
    expect(load([])).toBe(0x00bc_5678);
    expect(load([0x66])).toBe(0x9abc_5678);
  });
  it("LMSW enters protected mode and cannot leave it", () => {
    const end = real((a) => a.b(...mov16(0, 1), 0x0f, 0x01, 0xf0, ...mov16(0, 0), 0x0f, 0x01, 0xf0, 0x0f, 0x20, 0xc3).hlt()).run({
      qemu: "attributes of real-mode segments are others",
    });
    expect([end.registers.ebx & 1, end.words[S.CR0] & 1]).toEqual([1, 1]);
  });
  it("CPL is 0: everything privileged is allowed", () => {
    const end = real((a) => a.b(0x0f, 0x20, 0xc0, 0x0f, 0x20, 0xd8, 0x0f, 0x08, 0x0f, 0x01, 0x3f, 0xfa, 0xfb, 0xfa).hlt()).run();
    expect(reached(end)).toBe(-1);
  });
});

/** A GDT at 1000h: 8 code 16-bit, 10h data of 4 GiB, 18h data of 64 KiB, 20h code 32-bit, 28h data of 1000h bytes. */
const tables = (s: Scenario): Scenario =>
  s.put32(GDT, 0, 0, 0xffff, 0x0000_9b00, 0xffff, 0x00cf_9300, 0xffff, 0x0000_9300, 0xffff, 0x00cf_9b00, 0x0fff, 0x0000_9300).put16(DS * 16, 0x2f, GDT, 0);
const LGDT = [0x0f, 0x01, 0x16, 0, 0];
const PE_ON = [0x0f, 0x20, 0xc0, 0x0c, 1, 0x0f, 0x22, 0xc0];
const PE_OFF = [0x0f, 0x20, 0xc0, 0x24, 0xfe, 0x0f, 0x22, 0xc0];

describe("into protected mode and back", () => {
  it("runs on in the old code segment until CS is loaded", () => {
    const end = real(
      // cs, ss and ds still have their bases and limits
      (a) => a.b(...LGDT, ...PE_ON, 0xa1, 0x10, 0, 0x50, 0x5b).hlt(),
      {},
      (s) => tables(s).put16(DS * 16 + 0x10, 0x7777),
    ).run({ qemu: "attributes of real-mode segments are others" });
    expect([end.registers.ebx & 0xffff, end.words[S.SEL + S.CS], end.words[S.CR0] & 1, end.registers.esp]).toEqual([0x7777, CS, 1, 0x100]);
  });
  it("keeps limits: 4 GiB in DS (unreal mode), 4 KiB in ES", () => {
    const end = real(
      (a) =>
        a
          .b(...LGDT, ...PE_ON, ...mov16(3, 0x10), 0x8e, 0xdb, ...mov16(3, 0x28), 0x8e, 0xc3, ...PE_OFF)
          .b(0xea)
          .w(0x40)
          .w(CS)
          .nop(0x40 - a.here)
          // DS: base 0 after a load; ES: base 0A000h, limit 0FFFh
          .b(...mov16(3, 0), 0x8e, 0xdb, ...mov16(3, 0xa00), 0x8e, 0xc3, 0x67, 0x66, 0xa1)
          .d(0x11_0000)
          .b(0x26, 0xa2, 0xff, 0x0f, 0x26, 0xa2, 0x00, 0x10)
          .hlt(),
      {},
      (s) => tables(s).put32(0x11_0000, 0x1234_5678),
    ).run({ qemu: LIMITS });
    expect([reached(end), end.registers.eax, end.read8(0xafff), end.words[S.LIMIT + S.DS], end.words[S.LIMIT + S.ES]]).toEqual([13, 0x1234_5678, 0x78, -1, 0xfff]);
  });
  it("bases stay until a segment is loaded", () => {
    const end = real(
      (a) =>
        a
          .b(...LGDT, ...PE_ON, ...mov16(3, 0x10), 0x8e, 0xdb, ...PE_OFF)
          .b(0xea)
          .w(0x40)
          .w(CS)
          .nop(0x40 - a.here)
          .b(0xa0, 0x34, 0x12)
          .hlt(),
      {},
      (s) =>
        tables(s)
          .put8(0x1234, 0x5a)
          .put8(0x10 * 16 + 0x1234, 0xa5),
    ).run();
    expect(end.registers.eax & 0xff).toBe(0x5a);
  });
  it("32-bit code can be left behind for real mode: the far jump makes it 16-bit", () => {
    const s = new Scenario();
    s.code((a) => a.far(0xea, 0x38, 0xc000));
    s.code(
      (a) =>
        a
          .b(0x66, 0xb8, 0x40, 0, 0, 0, 0x8e, 0xd8, 0x8e, 0xd0, ...PE_OFF, 0xea)
          .w(0x10)
          .w(0xd00),
      0xc000,
      16,
    );
    // mov ax, 1; inc ax; hlt in 16-bit code
    s.put8(0xd010, 0xb8, 1, 0, 0x40, 0xf4);
    const end = s.run();
    expect([end.registers.eax & 0xffff, end.words[S.SEL + S.CS], end.stopped]).toEqual([2, 0xd00, 0x14]);
  });
  it("interrupts in real mode use the vector table at the IDT's base with its limit", () => {
    const run = (limit: number, qemu: QemuJudges = true): number => {
      const end = real(
        (a) => a.b(0x0f, 0x01, 0x1e, 0, 0).int(0x20),
        {},
        (s) => {
          s.put16(DS * 16, limit, 0x3000, 0);
          for (let vector = 0; vector < 256; vector++) s.put16(0x3000 + vector * 4, vector, HANDLER_SEGMENT);
        },
      ).run({ qemu });
      return end.shutdown ? -2 : reached(end);
    };
    expect(run(0x83)).toBe(0x20);
    expect(run(0x82, LIMITS)).toBe(13);
    expect(run(0x33, LIMITS)).toBe(8);
    expect(run(0x22, LIMITS)).toBe(-2);
  });
  it("a handler's IP is checked against the code segment's limit", () => {
    // CS with a limit of FFFh by way of protected mode: SDM volume 2, INT: #GP
    const end = real(
      (a) =>
        a
          .b(...LGDT, ...PE_ON)
          .b(0xea)
          .w(0x40 + CS * 16)
          .w(0x30)
          .nop(0x40 - a.here)
          .b(...PE_OFF)
          .int(0x21),
      {},
      (s) => {
        tables(s)
          .put32(GDT + 0x30, 0x7fff, 0x0000_9b00)
          .put16(DS * 16, 0x37);
        s.put16(0x21 * 4, 0x8000, HANDLER_SEGMENT);
      },
    ).run({ qemu: LIMITS });
    expect(reached(end)).toBe(13);
  });
  it("null DS in protected mode is unusable in real mode until it is loaded", () => {
    const s = new Scenario();
    s.code((a) => a.far(0xea, 0x38, 0xc000));
    s.code(
      (a) =>
        a
          .b(0x66, 0xb8, 0x40, 0, 0, 0, 0x8e, 0xd0, 0x31, 0xc0, 0x8e, 0xd8, ...PE_OFF, 0xea)
          .w(0x10)
          .w(0xd00),
      0xc000,
      16,
    );
    s.put8(0xd010, 0xb8, 0, 9, 0x8e, 0xd8, 0xa1, 4, 0, 0xf4).put16(0x9004, 0x4242);
    const end = s.run({ qemu: "the limit stays zero, and is not checked" });
    expect([end.registers.eax & 0xffff, end.stopped]).toEqual([0x4242, 0x18]);
    expect([CODE0, DATA0]).toEqual([8, 16]);
  });
});
