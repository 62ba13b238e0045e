import { describe, expect, it } from "vitest";
import { ACCESS, BIG, CODE, CODE0, CODE3, DATA0, DATA3, dpl, GRANULAR, LDT, type Outcome, type QemuJudges, Scenario, STACK0, STACK3, TASK } from "./scenario.js";

/** Which of several things that are wrong is reported (SDM volume 3, table 6-2), and what has been done by then. */
const LIMITS = "segment limits and types are not checked (SDM volume 3, 5.3 and 5.5)";
const UNDONE = "what a faulting instruction has written is not undone, and reads come before the check of a write (SDM volume 3, 6.5)";
const LOCKED = "LOCK is refused after #NM and the access (SDM volume 3, table 6-2: faults from decoding come first)";
const SELECTOR = 0x60;
const ABSENT_PAGE = 0xa000;
const READ_ONLY = 0xb000;
const faults = (end: Outcome): (number | undefined)[] => [end.vector, end.error];

interface Start {
  esp?: number;
  eflags?: number;
  cr0?: number;
  registers?: Record<string, number>;
  fs?: [base: number, limit: number, access: number, flags: number];
}
/** Ring 3 with pages A000h absent and B000h read-only; FS as the test has it. */
const attempt = (code: readonly number[], { esp = 0xd080, eflags = 2, cr0 = 0, registers = {}, fs }: Start = {}, qemu: QemuJudges = LIMITS): Outcome => {
  const s = new Scenario({ cs: CODE3, esp, eflags, registers }).paging();
  s.state.cr0 |= cr0;
  s.page(ABSENT_PAGE, 0).page(READ_ONLY, 5);
  if (fs) {
    s.descriptor(SELECTOR, ...fs);
    s.state.fs = SELECTOR | 3;
  }
  s.code((a) => a.b(...code).int(0x20));
  return s.run({ qemu });
};
const DONE = [13, 0x102];

describe("segments before pages", () => {
  it("a limit before the page behind it", () => {
    const fs: Start = { fs: [ABSENT_PAGE, 0xf, ACCESS.data | dpl(3), BIG] };
    expect(faults(attempt([0x64, 0xa1, 0x10, 0, 0, 0], fs))).toEqual([13, 0]);
    expect(faults(attempt([0x64, 0xa1, 0x0d, 0, 0, 0], fs))).toEqual([13, 0]);
    expect(faults(attempt([0x64, 0xa1, 0x0c, 0, 0, 0], fs))).toEqual([14, 4]);
  });
  it("a type before the page", () => {
    const fs: Start = { fs: [ABSENT_PAGE, 0xfff, ACCESS.readOnly | dpl(3), BIG] };
    expect(faults(attempt([0x64, 0xa3, 0, 0, 0, 0], fs))).toEqual([13, 0]);
    expect(faults(attempt([0x64, 0xa1, 0, 0, 0, 0], fs))).toEqual([14, 4]);
  });
  it("for pushes and pops: #SS(0), nothing moved", () => {
    const stack = (code: readonly number[], limit: number, esp: number): Outcome => {
      const s = new Scenario({ cs: CODE3, ss: SELECTOR | 3, esp }).paging();
      s.descriptor(SELECTOR, ABSENT_PAGE, limit, ACCESS.data | dpl(3), BIG).page(ABSENT_PAGE, 0);
      s.code((a) => a.b(...code));
      return s.run({ qemu: LIMITS });
    };
    for (const code of [[0x50], [0x60], [0x9c], [0x6a, 1], [0xe8, 0, 0, 0, 0], [0xc8, 0, 0, 0], [0x1e]]) {
      const end = stack(code, 0x7f, 0x80 + 1);
      expect([...faults(end), end.eip, end.esp], code.join()).toEqual([12, 0, CODE, 0x81]);
      expect(faults(stack(code, 0x7f, 0x80))).toEqual([14, 6]);
    }
    for (const code of [[0x58], [0x61], [0x9d], [0xc3], [0xcb], [0xcf], [0x1f], [0x8f, 0xc0]]) {
      const end = stack(code, 0x7f, 0x7d);
      expect([...faults(end), end.eip, end.esp], code.join()).toEqual([12, 0, CODE, 0x7d]);
    }
    expect(faults(stack([0xc9], 0x7f, 0))).toEqual([14, 4]);
  });
});

describe("fetching", () => {
  const fetch = (limit: number, prepare: (s: Scenario) => void, target: number, qemu: QemuJudges = LIMITS): Outcome => {
    const s = new Scenario({ cs: SELECTOR | 3 }).paging();
    s.descriptor(SELECTOR, 0, limit, ACCESS.code | dpl(3), BIG);
    prepare(s);
    s.code((a) => a.b(0xe9).d(target - (CODE + 5)));
    return s.run({ qemu });
  };
  it("the code segment's limit comes before the page behind it", () => {
    const s = (scenario: Scenario) => scenario.page(ABSENT_PAGE, 0).put8(ABSENT_PAGE - 1, 0xb8);
    // mov eax, imm32 whose second byte is both beyond the limit and absent
    const end = fetch(ABSENT_PAGE - 1, s, ABSENT_PAGE - 1);
    expect([...faults(end), end.eip]).toEqual([13, 0, ABSENT_PAGE - 1]);
    const page = fetch(0xf_ffff, s, ABSENT_PAGE - 1, true);
    expect([...faults(page), page.cr2, page.eip]).toEqual([14, 4, ABSENT_PAGE, ABSENT_PAGE - 1]);
    // the limit cuts the instruction before the page ends
    const cut = fetch(ABSENT_PAGE - 3, (scenario) => scenario.page(ABSENT_PAGE, 0).put8(ABSENT_PAGE - 4, 0xb8), ABSENT_PAGE - 4);
    expect([...faults(cut), cut.eip]).toEqual([13, 0, ABSENT_PAGE - 4]);
  });
  it("a jump beyond the limit faults at the jump", () => {
    const end = fetch(CODE + 0x100, () => {}, CODE + 0x101);
    expect([...faults(end), end.eip]).toEqual([13, 0, CODE]);
  });
  it("a jump to an absent page faults at the target", () => {
    const end = fetch(0xf_ffff, (s) => s.page(ABSENT_PAGE, 0), ABSENT_PAGE + 5, true);
    expect([...faults(end), end.cr2, end.eip]).toEqual([14, 4, ABSENT_PAGE + 5, ABSENT_PAGE + 5]);
  });
  it("fifteen bytes before an undefined opcode, and before LOCK", () => {
    const long = (prefixes: number, ...code: number[]): (number | undefined)[] => faults(attempt([...new Array<number>(prefixes).fill(0x3e), ...code], {}, true));
    expect(long(13, 0x0f, 0x0b)).toEqual([6, undefined]);
    expect(long(14, 0x0f, 0x0b)).toEqual([13, 0]);
    expect(long(13, 0xf0, 0x90)).toEqual([6, undefined]);
    expect(long(14, 0xf0, 0x90)).toEqual([13, 0]);
  });
  it("an undefined opcode whose operand is not there is #UD once its opcode is known", () => {
    const s = new Scenario({ cs: CODE3 }).paging();
    s.page(ABSENT_PAGE, 0).put8(ABSENT_PAGE - 2, 0x0f, 0x0b);
    s.code((a) => a.b(0xe9).d(ABSENT_PAGE - 2 - (CODE + 5)));
    expect(faults(s.run())).toEqual([6, undefined]);
  });
});

describe("#UD and #NM", () => {
  const TS = 8;
  const EM = 4;
  const MP = 2;
  it("#NM comes before the operand of a floating-point instruction", () => {
    for (const cr0 of [TS, EM, TS | EM]) {
      for (const code of [
        [0xd9, 0x05, 0, 0xa0, 0, 0],
        [0xdd, 0x1d, 0, 0xb0, 0, 0],
        [0x9b, 0xd9, 0x3d, 0, 0xb0, 0, 0],
        [0xdb, 0xe3],
      ])
        expect(faults(attempt(code, { cr0 }, true)), `${cr0} ${code}`).toEqual([7, undefined]);
    }
    expect(faults(attempt([0xd9, 0x05, 0, 0xa0, 0, 0], {}, true))).toEqual([14, 4]);
  });
  it("WAIT is #NM with MP and TS only", () => {
    for (const [cr0, expected] of [
      [0, DONE],
      [TS, DONE],
      [MP, DONE],
      [EM, DONE],
      [MP | EM, DONE],
      [TS | EM, DONE],
      [TS | MP, [7, undefined]],
    ] as const)
      expect(faults(attempt([0x9b], { cr0 }, true)), String(cr0)).toEqual(expected);
  });
  it("LOCK on floating point is #UD in spite of TS", () => {
    expect(faults(attempt([0xf0, 0xd9, 0xe8], { cr0: TS }, LOCKED))).toEqual([6, undefined]);
  });
  it("LOCK is #UD before the operand is looked at, and with a register", () => {
    expect(faults(attempt([0xf0, 0x8b, 0x05, 0, 0xa0, 0, 0], {}, LOCKED))).toEqual([6, undefined]);
    expect(faults(attempt([0xf0, 0x01, 0xc0], {}, true))).toEqual([6, undefined]);
    expect(faults(attempt([0xf0, 0x01, 0x05, 0, 0xa0, 0, 0], {}, UNDONE))).toEqual([14, 6]);
  });
  it("privilege comes after #UD and before operands", () => {
    // lgdt from a register; lgdt, lldt and invlpg with operands that are not there
    expect(faults(attempt([0x0f, 0x01, 0xd0], {}, true))).toEqual([6, undefined]);
    expect(faults(attempt([0x0f, 0x01, 0x15, 0, 0xa0, 0, 0], {}, true))).toEqual([13, 0]);
    expect(faults(attempt([0x0f, 0x00, 0x15, 0, 0xa0, 0, 0], {}, true))).toEqual([13, 0]);
    expect(faults(attempt([0x0f, 0x01, 0x3d, 0, 0xa0, 0, 0], {}, true))).toEqual([13, 0]);
    expect(faults(attempt([0x0f, 0x01, 0x35, 0, 0xa0, 0, 0], {}, true))).toEqual([13, 0]);
  });
  it("port permission before the memory of INS and OUTS", () => {
    expect(faults(attempt([0x6c], { registers: { edi: ABSENT_PAGE } }, true))).toEqual([13, 0]);
    expect(faults(attempt([0x6e], { registers: { esi: ABSENT_PAGE } }, true))).toEqual([13, 0]);
    expect(faults(attempt([0xf3, 0x6c], { registers: { edi: ABSENT_PAGE, ecx: 1 } }, true))).toEqual([13, 0]);
    // with a count of zero nothing is checked but privilege is: the instruction does nothing
    expect(faults(attempt([0x6c], { eflags: 0x3002, registers: { edi: ABSENT_PAGE, edx: 0x80 } }, true))).toEqual([14, 6]);
  });
});

describe("accesses that always write", () => {
  const at = (address: number): number[] => [0x05, address, address >> 8, 0, 0];
  it("CMPXCHG that does not match faults on a read-only page", () => {
    for (const code of [
      [0x0f, 0xb1, ...at(READ_ONLY)],
      [0xf0, 0x0f, 0xb1, ...at(READ_ONLY)],
      [0x0f, 0xb0, ...at(READ_ONLY)],
      [0x0f, 0xc7, 0x0d, 0, 0xb0, 0, 0],
    ]) {
      const end = attempt(code, { registers: { eax: 0x1234, ecx: 5 } }, UNDONE);
      expect([...faults(end), end.cr2, end.registers.eax]).toEqual([14, 7, READ_ONLY, 0x1234]);
    }
  });
  it("XCHG, XADD, shifts by nothing and BTS of a set bit as well", () => {
    for (const code of [
      [0x87, ...at(READ_ONLY)],
      [0x0f, 0xc1, ...at(READ_ONLY)],
      [0xd3, 0x25, 0, 0xb0, 0, 0],
      [0x0f, 0xab, ...at(READ_ONLY)],
      [0x0f, 0xba, 0x2d, 0, 0xb0, 0, 0, 0],
    ])
      expect(faults(attempt(code, {}, UNDONE)), code.join()).toEqual([14, 7]);
  });
  it("CMP, TEST, BT and ARPL that changes nothing do not", () => {
    for (const code of [
      [0x39, ...at(READ_ONLY)],
      [0x85, ...at(READ_ONLY)],
      [0x0f, 0xa3, ...at(READ_ONLY)],
      [0x63, ...at(READ_ONLY)],
    ])
      expect(faults(attempt(code, {}, code[0] === 0x63 ? "ARPL always writes (SDM volume 2, ARPL)" : true)), code.join()).toEqual(DONE);
  });
});

describe("bit strings", () => {
  it("reach below and above their operand", () => {
    // bts [9000h], eax with offsets of either sign
    const s = new Scenario({ cs: CODE3 });
    s.code((a) => {
      for (const offset of [-1, -32, -33, 0x1000, 31, 32]) a.mov("eax", offset).b(0x0f, 0xab, 0x05).d(0x9000);
      a.mov("eax", 0x1234_fff0).b(0x66, 0x0f, 0xbb, 0x05).d(0x9000);
      a.int(0x20);
    });
    const end = s.run();
    expect([end.read32(0x8ffc), end.read32(0x8ff8), end.read32(0x9200), end.read32(0x9000), end.read32(0x9004)]).toEqual(
      [0x8001_0001 | 0, 0x8000_0000, 1, 0x8000_0000, 1].map((v) => v >>> 0),
    );
  });
  it("name the address that they reach", () => {
    const end = attempt([0x0f, 0xab, 0x05, 0, 0xb0, 0, 0], { registers: { eax: -0x8000 } }, UNDONE);
    expect([...faults(end), end.cr2]).toEqual([14, 6, 0xa000]);
  });
  it("are checked against the limit where they reach", () => {
    const fs: Start = { fs: [0x9000, 0xfff, ACCESS.data | dpl(3), BIG], registers: { eax: 0x8000 } };
    expect(faults(attempt([0x64, 0x0f, 0xa3, 0x05, 0, 0, 0, 0], fs))).toEqual([13, 0]);
    expect(faults(attempt([0x64, 0x0f, 0xa3, 0x05, 0xff, 0x0f, 0, 0], { ...fs, registers: { eax: -32 } }))).toEqual(DONE);
  });
});

describe("pops that use ESP", () => {
  it("POP to memory computes its address with ESP moved", () => {
    const s = new Scenario({ cs: CODE3, esp: 0x9000 });
    s.put32(0x9000, 0x1111, 0x2222, 0x3333);
    // pop [esp + 4]
    s.code((a) => a.b(0x8f, 0x44, 0x24, 4).int(0x20));
    const end = s.run();
    expect([end.read32(0x9008), end.esp]).toEqual([0x1111, 0x9004]);
  });
  it("POP ESP and POP SP take what they pop", () => {
    const s = new Scenario({ cs: CODE3, esp: 0x9000 });
    s.put32(0x9000, 0x1234_5678);
    s.code((a) => a.b(0x5c).int(0x20));
    expect(s.run().esp).toBe(0x1234_5678);
    const t = new Scenario({ cs: CODE3, esp: 0x9000 });
    t.put32(0x9000, 0x1234_5678);
    t.code((a) => a.b(0x66, 0x5c).int(0x20));
    expect(t.run().esp).toBe(0x5678);
  });
  it("PUSH ESP pushes what it was", () => {
    const s = new Scenario({ cs: CODE3, esp: 0x9000 });
    // push esp; push [esp]
    s.code((a) => a.b(0x54, 0xff, 0x34, 0x24).int(0x20));
    const end = s.run();
    expect([end.read32(0x8ffc), end.read32(0x8ff8)]).toEqual([0x9000, 0x9000]);
  });
  it("POP to memory that faults leaves ESP", () => {
    const end = attempt([0x8f, 0x44, 0x24, 0x20], { esp: 0x9fe0 }, UNDONE);
    expect([...faults(end), end.cr2, end.esp]).toEqual([14, 6, 0xa004, 0x9fe0]);
  });
});

describe("far pointers", () => {
  it("LES and LSS that fault on their selector leave register and segment", () => {
    for (const [code, segment] of [
      [[0xc4, 0x1d], 16],
      [[0x0f, 0xb2, 0x1d], 18],
      [[0x0f, 0xb4, 0x1d], 20],
    ] as const) {
      const s = new Scenario({ registers: { ebx: 0x1111 } });
      s.put32(0x9000, 0x2222, TASK);
      s.code((a) => a.b(...code).d(0x9000));
      const end = s.run();
      expect([...faults(end), end.eip, end.registers.ebx, end.words[segment]]).toEqual([13, TASK, CODE, 0x1111, DATA0]);
    }
  });
  it("LSS loads both, or neither when the stack is absent", () => {
    const s = new Scenario({ registers: { ebx: 0x1111 } });
    s.descriptor(SELECTOR, 0, 0xf_ffff, ACCESS.data & ~0x80, BIG | GRANULAR).put32(0x9000, 0x2222, SELECTOR);
    s.code((a) => a.b(0x0f, 0xb2, 0x1d).d(0x9000));
    const end = s.run();
    expect([...faults(end), end.registers.ebx, end.words[18]]).toEqual([12, SELECTOR, 0x1111, DATA0]);
  });
  it("the descriptor's page faults in supervisor mode", () => {
    const s = new Scenario({ cs: CODE3 }).paging();
    s.state.ldt = 0x30;
    s.descriptor(0x30, ABSENT_PAGE, 0xff, ACCESS.ldt, 0).page(ABSENT_PAGE, 0);
    s.code((a) => a.seg("es", 0x0f));
    const end = s.run();
    expect([...faults(end), end.cr2]).toEqual([14, 0, ABSENT_PAGE + 8]);
    expect(LDT).toBe(0x2000);
  });
  it("the accessed bit of a descriptor on a read-only page is a supervisor write", () => {
    const s = new Scenario({ cs: CODE3, cr0: 0x1_0011 }).paging();
    s.descriptor(0x30, READ_ONLY, 0xff, ACCESS.ldt, 0).page(READ_ONLY, 5);
    s.put32(READ_ONLY + 8, 0xffff, 0x00cf_f200);
    s.code((a) => a.seg("es", 0x0f));
    const end = s.run({ qemu: "CR2 is that of the dword around the byte, which no manual tells" });
    expect([...faults(end), end.words[16]]).toEqual([14, 3, DATA3]);
  });
});

describe("frames of exceptions", () => {
  const frame = (code: readonly number[], eflags: number): number[] => {
    const s = new Scenario({ cs: CODE3, eflags, registers: { eax: 7, ecx: 0 } });
    for (const vector of [3, 4]) s.gate(vector, CODE0, 0x4000 + vector, 0xee);
    s.put32(0x9000, 0, 5);
    s.code((a) => a.nop().b(...code));
    const end = s.run();
    return [end.vector, end.eip - CODE, end.eflags & 0x1_0000];
  };
  it("are at the instruction for faults, behind it for traps", () => {
    expect(frame([0xf7, 0xf1], 2)).toEqual([0, 1, 0x1_0000]);
    expect(frame([0xcc], 2)).toEqual([3, 2, 0]);
    expect(frame([0xcd, 3], 2)).toEqual([3, 3, 0]);
    expect(frame([0xce], 0x802)).toEqual([4, 2, 0]);
    expect(frame([0x62, 0x05, 0, 0x90, 0, 0], 2)).toEqual([5, 1, 0x1_0000]);
    expect(frame([0x0f, 0x0b], 2)).toEqual([6, 1, 0x1_0000]);
  });
  it("of prefixed instructions begin at the first prefix", () => {
    expect(frame([0x3e, 0x66, 0xf7, 0xf1], 2)).toEqual([0, 1, 0x1_0000]);
    expect(frame([0xf3, 0x26, 0x0f, 0x0b], 2)).toEqual([6, 1, 0x1_0000]);
  });
  it("of REP have the count of what is left and RF", () => {
    const end = attempt([0xf3, 0xaa], { registers: { ecx: 0x10, edi: ABSENT_PAGE - 4 } }, true);
    expect([...faults(end), end.eip, end.registers.ecx, end.registers.edi, end.eflags & 0x1_0000]).toEqual([14, 6, CODE, 0xc, ABSENT_PAGE, 0x1_0000]);
    expect([STACK0, STACK3]).toEqual([0x6000, 0xa000]);
  });
});
