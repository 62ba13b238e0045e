import { describe, expect, it } from "vitest";
import * as S from "../../kernel/cpu/state.js";
import type { Assembler } from "./assemble.js";
import type { BootState } from "./boot-rom.js";
import { CODE, CODE0, CODE3, DATA0, dpl, GATE, HANDLERS, type Outcome, type QemuJudges, Scenario } from "./scenario.js";

/** Breakpoints and the debug registers themselves (SDM volume 3, 17.2 and 17.3). */
const LOG = 0x1_0000;
const HANDLER = 0xc000;
/** R/W and length fields of DR7. */
const EXECUTE = 0;
const WRITE = 1;
const PORT = 2;
const ACCESS = 3;
const BYTE = 0;
const WORD = 1;
const DWORD = 3;
const GD = 0x2000;
const DE = 8;
const RF = 0x1_0000;
const LOGGED = 8;

/** DR7 with one breakpoint enabled globally. */
const dr7 = (n: number, on: number, length: number): number => (2 << (2 * n)) | (on << (16 + 4 * n)) | (length << (18 + 4 * n));
const setDr = (a: Assembler, n: number, value: number): Assembler => a.mov("eax", value).b(0x0f, 0x23, 0xc0 | (n << 3));

interface Hit {
  readonly eip: number;
  readonly dr6: number;
}
interface Program {
  start?: Partial<BootState>;
  prepare?: (s: Scenario) => void;
  qemu?: QemuJudges;
}
/** Logs EIP (from the code behind the setup) and the causes in DR6, clears DR6, goes on with RF set; ends at HLT. */
const trace = (
  points: readonly (readonly [address: number, control: number])[],
  make: (a: Assembler) => void,
  { start = {}, prepare = () => {}, qemu = true }: Program = {},
): { hits: Hit[]; end: Outcome } => {
  const s = new Scenario(start);
  // push eax, ebx; mov ebx, [LOG]; mov eax, [esp + 8]; mov [LOG + 8 + ebx * 8], eax; mov eax, dr6; mov [LOG + 12 + ebx * 8], eax
  s.code(
    (a) =>
      a
        .b(0x50, 0x53, 0x8b, 0x1d)
        .d(LOG)
        .b(0x8b, 0x44, 0x24, 8, 0x89, 0x04, 0xdd)
        .d(LOG + 8)
        .b(0x0f, 0x21, 0xf0, 0x89, 0x04, 0xdd)
        .d(LOG + 12)
        // inc dword [LOG]; xor eax, eax; mov dr6, eax; or byte [esp + 18], 1; pop ebx, eax; iret
        .b(0xff, 0x05)
        .d(LOG)
        .b(0x31, 0xc0, 0x0f, 0x23, 0xf0, 0x80, 0x4c, 0x24, 18, 1, 0x5b, 0x58, 0xcf),
    HANDLER,
  );
  s.gate(1, CODE0, HANDLER, GATE.interrupt32);
  prepare(s);
  let begin = 0;
  s.code((a) => {
    points.forEach(([address], n) => {
      setDr(a, n, address);
    });
    setDr(
      a,
      7,
      points.reduce((sum, [, control]) => sum | control, 0x400),
    );
    begin = a.here;
    make(a);
  });
  const end = s.run({ qemu });
  const hits = Array.from({ length: Math.min(end.read32(LOG), 32) }, (_, at) => ({
    eip: end.read32(LOG + LOGGED + at * 8) - begin,
    dr6: end.read32(LOG + LOGGED + 4 + at * 8) & 0xe00f,
  }));
  return { hits, end };
};
/** Where the code under test begins with a number of breakpoints. */
const behind = (points: number): number => CODE + (points + 1) * 8;

describe("instruction breakpoints", () => {
  it("fault before the instruction, which then executes with RF", () => {
    const at = behind(1) + 1;
    const { hits, end } = trace([[at, dr7(0, EXECUTE, BYTE)]], (a) => a.b(0x43, 0x41, 0x43).hlt());
    expect(hits).toEqual([{ eip: 1, dr6: 1 }]);
    expect([end.registers.ebx, end.registers.ecx]).toEqual([2, 1]);
  });
  it("are met again in the next round of a loop: RF lasts for one instruction", () => {
    const at = behind(1);
    const { hits } = trace([[at, dr7(0, EXECUTE, BYTE)]], (a) => a.label("top").b(0x43).near8("top", 0xe2).hlt(), { start: { registers: { ecx: 3 } } });
    expect(hits).toEqual([
      { eip: 0, dr6: 1 },
      { eip: 0, dr6: 1 },
      { eip: 0, dr6: 1 },
    ]);
  });
  it("count at the first byte only, prefixes included", () => {
    // mov ecx, imm32 behind a prefix
    const code = (a: Assembler): Assembler => a.b(0x3e, 0xb9, 1, 2, 3, 4).hlt();
    expect(trace([[behind(1), dr7(0, EXECUTE, BYTE)]], code).hits).toEqual([{ eip: 0, dr6: 1 }]);
    for (const inside of [1, 2, 5]) expect(trace([[behind(1) + inside, dr7(0, EXECUTE, BYTE)]], code).hits).toEqual([]);
  });
  it("report all that match", () => {
    const at = behind(2);
    expect(
      trace(
        [
          [at, dr7(0, EXECUTE, BYTE)],
          [at, dr7(1, EXECUTE, BYTE)],
        ],
        (a) => a.nop().hlt(),
      ).hits,
    ).toEqual([{ eip: 0, dr6: 3 }]);
  });
  it("come before the instruction's own faults", () => {
    const s = behind(1);
    const { hits, end } = trace([[s, dr7(0, EXECUTE, BYTE)]], (a) => a.b(0x0f, 0x0b));
    expect([hits, end.vector]).toEqual([[{ eip: 0, dr6: 1 }], 6]);
  });
  it("are not met behind MOV SS and POP SS", () => {
    // SDM volume 3, 6.8.3
    for (const [length, make] of [
      [2, (a: Assembler) => a.b(0x8e, 0xd1, 0x43, 0x43).hlt()],
      [2, (a: Assembler) => a.b(0x51, 0x17, 0x43, 0x43).hlt()],
    ] as const) {
      const at = behind(1) + length;
      const start = { registers: { ecx: DATA0 } };
      expect(trace([[at, dr7(0, EXECUTE, BYTE)]], make, { start, qemu: "breakpoints are met in the shadow (SDM volume 3, 6.8.3)" }).hits).toEqual([]);
      expect(trace([[at + 1, dr7(0, EXECUTE, BYTE)]], make, { start }).hits).toEqual([{ eip: length + 1, dr6: 1 }]);
    }
  });
  it("need an enable bit, local or global", () => {
    for (const [enable, hits] of [
      [0, 0],
      [1, 1],
      [2, 1],
      [3, 1],
    ])
      expect(trace([[behind(1), enable]], (a) => a.nop().hlt()).hits.length, String(enable)).toBe(hits);
  });
  it("work in ring 3 and by linear address", () => {
    const s = new Scenario({ cs: CODE0 });
    s.descriptor(0x60, 0x1000, 0xf_ffff, 0x9b | dpl(3), 12);
    s.code((a) => {
      setDr(a, 0, CODE + 0x101);
      setDr(a, 7, dr7(0, EXECUTE, BYTE));
      a.push(0x23)
        .push(0x9000)
        .push(2)
        .push(0x63)
        .push(CODE + 0x100 - 0x1000)
        .b(0xcf);
    });
    s.put8(CODE + 0x100, 0x43, 0x43, 0xcd, 0x20);
    const end = s.run({ qemu: "hangs on a breakpoint in a segment with a base" });
    expect([end.vector, end.eip, end.cs, end.eflags & RF, end.registers.ebx]).toEqual([1, CODE + 0x101 - 0x1000, 0x63, 0, 1]);
  });
});

describe("data breakpoints", () => {
  const UNALIGNED = "addresses are not aligned to their length, and neighbours of a watched byte trap (SDM volume 3, 17.2.5)";
  const write = (on: number, length: number, address: number, code: readonly number[], registers: BootState["registers"] = {}): Hit[] =>
    trace(
      [[address, dr7(0, on, length)]],
      (a) =>
        a
          .b(...code)
          .nop()
          .hlt(),
      { start: { registers }, qemu: UNALIGNED },
    ).hits;
  /** mov [address], al, ax, eax; mov al, ax, eax, [address] */
  const store = (bytes: number, address: number): number[] => [...(bytes === 2 ? [0x66] : []), bytes === 1 ? 0xa2 : 0xa3, address, address >> 8, 0, 0];
  const load = (bytes: number, address: number): number[] => [...(bytes === 2 ? [0x66] : []), bytes === 1 ? 0xa0 : 0xa1, address, address >> 8, 0, 0];
  it("trap behind the instruction that touches any of their bytes", () => {
    for (const [length, size] of [
      [BYTE, 1],
      [WORD, 2],
      [DWORD, 4],
    ]) {
      for (const bytes of [1, 2, 4]) {
        for (let at = 0x9004 - bytes; at <= 0x9004 + size; at++) {
          const code = store(bytes, at);
          const expected = at + bytes > 0x9004 && at < 0x9004 + size ? [{ eip: code.length, dr6: 1 }] : [];
          expect(write(WRITE, length, 0x9004, code), `${size} ${bytes} ${at.toString(16)}`).toEqual(expected);
        }
      }
    }
  });
  it("for writes are not for reads; for accesses they are for both, never for fetches", () => {
    expect(write(WRITE, DWORD, 0x9000, load(4, 0x9000))).toEqual([]);
    expect(write(ACCESS, DWORD, 0x9000, load(4, 0x9000))).toEqual([{ eip: 5, dr6: 1 }]);
    expect(write(ACCESS, DWORD, 0x9000, store(4, 0x9000))).toEqual([{ eip: 5, dr6: 1 }]);
    expect(write(ACCESS, DWORD, behind(1), [0x90])).toEqual([]);
  });
  it("ignore the low bits of their address as their length has it", () => {
    expect(write(WRITE, DWORD, 0x9003, store(1, 0x9000))).toEqual([{ eip: 5, dr6: 1 }]);
    expect(write(WRITE, WORD, 0x9003, store(1, 0x9002))).toEqual([{ eip: 5, dr6: 1 }]);
    expect(write(WRITE, WORD, 0x9003, store(1, 0x9004))).toEqual([]);
  });
  it("see pushes, read-modify-write and string instructions", () => {
    expect(write(WRITE, DWORD, 0x5ffc, [0x50])).toEqual([{ eip: 1, dr6: 1 }]);
    expect(write(WRITE, DWORD, 0x9000, [0xff, 0x05, 0, 0x90, 0, 0])).toEqual([{ eip: 6, dr6: 1 }]);
    expect(write(WRITE, DWORD, 0x9000, [0xa5], { esi: 0x8000, edi: 0x9000 })).toEqual([{ eip: 1, dr6: 1 }]);
    expect(write(ACCESS, DWORD, 0x8000, [0xa5], { esi: 0x8000, edi: 0x9000 })).toEqual([{ eip: 1, dr6: 1 }]);
    // a comparison that writes nothing new is a write all the same
    expect(write(WRITE, DWORD, 0x9000, [0x87, 0x05, 0, 0x90, 0, 0])).toEqual([{ eip: 6, dr6: 1 }]);
  });
  it("trap inside REP behind the element that touches them", () => {
    const { hits, end } = trace([[0x9008, dr7(0, WRITE, DWORD)]], (a) => a.b(0xf3, 0xab).hlt(), { start: { registers: { ecx: 4, edi: 0x9000 } } });
    expect(hits).toEqual([{ eip: 0, dr6: 1 }]);
    expect([end.registers.ecx, end.registers.edi]).toEqual([0, 0x9010]);
    // the last element traps behind the instruction
    const last = trace([[0x900c, dr7(0, WRITE, DWORD)]], (a) => a.b(0xf3, 0xab).hlt(), {
      start: { registers: { ecx: 4, edi: 0x9000 } },
      qemu: "QEMU looks at ECX once more before it goes on (SDM volume 2, REP: the count is tested after each element)",
    });
    expect(last.hits).toEqual([{ eip: 2, dr6: 1 }]);
  });
  it("are held off by MOV SS for one instruction", () => {
    // mov ss, [9000h]; inc ebx; inc ebx
    const { hits } = trace([[0x9000, dr7(0, ACCESS, WORD)]], (a) => a.b(0x8e, 0x15).d(0x9000).b(0x43, 0x43).hlt(), {
      prepare: (s) => s.put32(0x9000, DATA0),
      qemu: "the trap comes at once (SDM volume 3, 6.8.3)",
    });
    expect(hits).toEqual([{ eip: 7, dr6: 1 }]);
  });
  it("are lost when the instruction faults", () => {
    // pop [A000h] reads the stack, then cannot write
    const s = new Scenario().paging();
    s.page(0xa000, 0);
    s.code((a) => {
      setDr(a, 0, 0x6000);
      setDr(a, 7, dr7(0, ACCESS, DWORD));
      a.b(0x8f, 0x05).d(0xa000);
    });
    s.state.cr0 |= 0;
    const end = s.run({ qemu: "a trap of a faulting instruction is delivered (SDM volume 3, 6.9)" });
    expect([end.vector, end.words[S.DR6] & 0xf]).toEqual([14, 0]);
  });
  it("join a single step in one trap", () => {
    const s = new Scenario();
    s.code((a) => {
      setDr(a, 1, 0x9000);
      setDr(a, 7, dr7(1, WRITE, DWORD));
      a.push(0x102).b(0x9d, 0xa3).d(0x9000).hlt();
    });
    const end = s.run({ qemu: "there are two traps (SDM volume 3, 17.2.3: all causes are in DR6)" });
    expect([end.vector, end.eip, end.words[S.DR6] & 0xe00f]).toEqual([1, CODE + 16 + 6 + 5, 0x4002]);
  });
});

describe("I/O breakpoints", () => {
  const out = (cr4: number, code: readonly number[], registers: BootState["registers"] = {}, address = 0x80, length = BYTE): Hit[] =>
    trace(
      [[address, dr7(0, PORT, length)]],
      (a) =>
        a
          .b(...code)
          .nop()
          .hlt(),
      { start: { cr4, registers }, qemu: "CR4.DE does not matter (SDM volume 3, 17.2.4)" },
    ).hits;
  it("trap behind IN and OUT with CR4.DE", () => {
    expect(out(DE, [0xe6, 0x80])).toEqual([{ eip: 2, dr6: 1 }]);
    expect(out(DE, [0xee], { edx: 0x80 })).toEqual([{ eip: 1, dr6: 1 }]);
    expect(out(DE, [0xe6, 0x81])).toEqual([]);
    expect(out(DE, [0x6e], { edx: 0x80, esi: 0x9000 })).toEqual([{ eip: 1, dr6: 1 }]);
    expect(out(DE, [0xf3, 0x6e], { edx: 0x80, esi: 0x9000, ecx: 2 })).toEqual([
      { eip: 0, dr6: 1 },
      { eip: 2, dr6: 1 },
    ]);
  });
  it("are nothing at all without", () => {
    expect(out(0, [0xe6, 0x80])).toEqual([]);
  });
});

describe("debug registers", () => {
  const read = (n: number): number[] => [0x0f, 0x21, 0xc3 | (n << 3)];
  it("have fixed bits", () => {
    const s = new Scenario();
    s.code((a) => {
      setDr(a, 6, -1);
      a.b(...read(6), 0x89, 0xd9);
      setDr(a, 6, 0);
      a.b(...read(6), 0x89, 0xda);
      setDr(a, 7, 0xffff_dc00 | 0);
      a.b(...read(7), 0x89, 0xde).hlt();
    });
    const { ecx, edx, esi } = s.run({ qemu: "reserved bits are stored (SDM volume 3, figure 17-1)" }).registers;
    expect([ecx, edx, esi].map((value) => value.toString(16))).toEqual(["ffffefff", "ffff0ff0", "ffff0400"]);
  });
  it("4 and 5 are 6 and 7 without CR4.DE, #UD with it", () => {
    const s = new Scenario();
    s.code((a) => {
      setDr(a, 4, 0x4003);
      setDr(a, 5, 0x8000_0000 | 0);
      a.b(...read(6), 0x89, 0xd9, ...read(7)).hlt();
    });
    const { ecx, ebx } = s.run().registers;
    expect([ecx >>> 0, ebx >>> 0]).toEqual([0xffff_4ff3, 0x8000_0400]);
    for (const n of [4, 5]) {
      for (const opcode of [0x21, 0x23]) {
        const u = new Scenario({ cr4: DE });
        u.code((a) => a.b(0x0f, opcode, 0xc3 | (n << 3)));
        expect(u.run().vector).toBe(6);
      }
    }
  });
  it("are for ring 0", () => {
    for (const code of [read(0), read(6), [0x0f, 0x23, 0xc0], [0x0f, 0x23, 0xf8]]) {
      const s = new Scenario({ cs: CODE3 });
      s.code((a) => a.b(...code));
      const end = s.run();
      expect([end.vector, end.error]).toEqual([13, 0]);
      const v = new Scenario({ mode: "virtual", cs: 0x700, eip: 0, ss: 0x800, esp: 0x100, ds: 0, es: 0, fs: 0, gs: 0, eflags: 0x2_3002 });
      v.code((a) => a.b(...code));
      expect(v.run().vector).toBe(13);
    }
  });
  it("ignore the mod field and the operand size", () => {
    const s = new Scenario();
    s.code((a) => setDr(a, 0, 0x1234_5678).b(0x66, 0x0f, 0x21, 0x03).hlt());
    expect(s.run().registers.ebx).toBe(0x1234_5678);
  });
});

describe("general detect", () => {
  it("faults before a MOV of any debug register, sets BD and clears GD", () => {
    for (const code of [
      [0x0f, 0x21, 0xc3],
      [0x0f, 0x23, 0xc3],
      [0x0f, 0x21, 0xf3],
    ]) {
      const s = new Scenario();
      s.code((a) => setDr(a, 7, GD | 0x400).b(...code));
      const end = s.run({ qemu: "GD is ignored (SDM volume 3, 17.2.4)" });
      expect([end.vector, end.eip, end.words[S.DR6] & 0xe00f, end.words[S.DR7] & GD]).toEqual([1, CODE + 8, 0x2000, 0]);
    }
  });
  it("comes after privilege", () => {
    const s = new Scenario();
    s.code((a) =>
      setDr(a, 7, GD | 0x400)
        .push(0x23)
        .push(0x9000)
        .push(2)
        .push(CODE3)
        .push(CODE + 0x80)
        .b(0xcf),
    );
    s.put8(CODE + 0x80, 0x0f, 0x21, 0xc3);
    const end = s.run();
    expect([end.vector, end.error, end.words[S.DR7] & GD]).toEqual([13, 0, GD]);
  });
});

describe("DR6", () => {
  it("is only added to", () => {
    // B0 from an instruction breakpoint, then a write that is B1: the first handler leaves DR6 as it is
    const s = new Scenario();
    s.code((a) => a.b(0x80, 0x4c, 0x24, 10, 1, 0xcf), HANDLER);
    s.gate(1, CODE0, HANDLER, GATE.interrupt32);
    s.code((a) => {
      setDr(a, 0, CODE + 24);
      setDr(a, 1, 0x9000);
      setDr(a, 7, dr7(0, EXECUTE, BYTE) | dr7(1, WRITE, BYTE));
      a.nop().b(0xa2).d(0x9000).nop().hlt();
    });
    expect(s.run({ qemu: "DR6 is cleared of other causes (SDM volume 3, 17.2.3)" }).words[S.DR6] & 0xe00f).toBe(3);
  });
  it("is not changed by ICEBP and INT 1", () => {
    for (const code of [[0xf1], [0xcd, 1]]) {
      const s = new Scenario();
      s.code((a) => setDr(a, 6, 0x8).b(...code));
      const end = s.run({ qemu: "ICEBP is a fault (SDM volume 2, INT1: a trap)" });
      expect([end.vector, end.eip, end.words[S.DR6] & 0xe00f, end.eflags & RF]).toEqual([1, CODE + 8 + code.length, 8, 0]);
    }
  });
});

describe("RF", () => {
  it("loaded by IRET passes over one breakpoint", () => {
    const run = (flags: number): number => {
      const s = new Scenario();
      s.code((a) => {
        setDr(a, 0, CODE + 0x80);
        setDr(a, 7, dr7(0, EXECUTE, BYTE));
        a.push(flags)
          .push(CODE0)
          .push(CODE + 0x80)
          .b(0xcf);
      });
      s.put8(CODE + 0x80, 0x43, 0xf4);
      return s.run().vector;
    };
    expect(run(2)).toBe(1);
    expect(run(RF | 2)).toBe(-1);
  });
  it("loaded by POPF does not", () => {
    const s = new Scenario();
    s.code((a) => {
      setDr(a, 0, CODE + 22);
      setDr(a, 7, dr7(0, EXECUTE, BYTE));
      a.push(RF | 2)
        .b(0x9d, 0x43)
        .hlt();
    });
    const end = s.run();
    expect([end.vector, end.eip]).toEqual([1, CODE + 22]);
    expect(HANDLERS).toBe(0x4000);
  });
});
