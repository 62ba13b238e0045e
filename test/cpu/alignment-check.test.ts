/**
 * Alignment checking: #AC(0) for user accesses while CR0.AM and EFLAGS.AC are set (Intel SDM volume 3, 6.15, interrupt 17).
 *
 * What counts as aligned for each kind of operand, and that #AC comes before #PF, was also measured on a processor, by user
 * code that sets AC.
 */
import { describe, expect, it } from "vitest";
import type { Assembler, Register } from "./assemble.js";
import { FINE0, FINE3, faults, P, U, W } from "./page-tables.js";
import { ACCESS, CODE, CODE0, CODE3, CONFORMING, DATA0, DATA3, dpl, GATE, GDT, HANDLERS, type Outcome, Scenario, STACK3, TSS } from "./scenario.js";

const AM = 0x4_0000;
const AC = 0x4_0000;
const AT = 0x9000;
const UNCHECKED = "QEMU does not check alignment (6.15, interrupt 17)";
const RAISED = [17, 0, 0];

interface Start {
  cs?: number;
  am?: boolean;
  ac?: boolean;
  esp?: number;
  registers?: Partial<Record<Register, number>>;
}
const prepared = ({ cs = CODE3, am = true, ac = true, ...rest }: Start = {}): Scenario => new Scenario({ cs, cr0: 0x11 | (am ? AM : 0), eflags: 2 | (ac ? AC : 0), ...rest });
const run = (make: (a: Assembler) => void, start: Start = {}): Outcome => {
  const s = prepared(start);
  s.code((a) => {
    make(a);
    a.int(0x20);
  });
  return s.run({ qemu: UNCHECKED });
};
/** An instruction with an address as its only operand: whether it is #AC at offsets 0 to 15 from an aligned address. */
const misaligned = (opcode: number[], offsets: number[], before: number[] = []): boolean[] =>
  offsets.map((offset) => {
    const end = run((a) => a.b(...before, ...opcode).d(AT + offset));
    if (end.vector === 17) expect([end.error, end.eip, end.cr2]).toEqual([0, CODE + before.length, 0]);
    else expect(faults(end)).toEqual(FINE3);
    return end.vector === 17;
  });
const no = false;
const yes = true;

describe("operands that must be aligned", () => {
  it("words and doublewords: reads, writes and both", () => {
    for (const opcode of [[0xa1], [0xa3], [0x3b, 0x0d], [0x01, 0x0d], [0x87, 0x0d], [0x0f, 0xc1, 0x0d], [0x0f, 0xb1, 0x0d], [0xff, 0x05], [0xff, 0x35], [0x0f, 0x44, 0x0d]])
      expect([opcode, misaligned(opcode, [0, 1, 2, 3, 4])]).toEqual([opcode, [no, yes, yes, yes, no]]);
    for (const opcode of [
      [0x66, 0xa1],
      [0x66, 0xa3],
      [0x66, 0x01, 0x0d],
      [0x66, 0xff, 0x05],
      [0x0f, 0xb7, 0x0d],
      [0x0f, 0xbf, 0x0d],
      [0x8c, 0x1d],
    ])
      expect([opcode, misaligned(opcode, [0, 1, 2, 3])]).toEqual([opcode, [no, yes, no, yes]]);
    for (const opcode of [[0xa0], [0xa2], [0x00, 0x0d], [0x86, 0x0d], [0x0f, 0xb6, 0x0d], [0x0f, 0x94, 0x05]])
      expect([opcode, misaligned(opcode, [0, 1, 2, 3])]).toEqual([opcode, [no, no, no, no]]);
  });
  it("quadwords to 8 bytes", () => {
    expect(misaligned([0x0f, 0xc7, 0x0d], [0, 1, 2, 4, 8])).toEqual([no, yes, yes, yes, no]);
  });
  it("far pointers by their parts", () => {
    // les eax, m16:32 and ax, m16:16, with a null selector
    expect(misaligned([0xc4, 0x05], [0, 1, 2, 4])).toEqual([no, yes, yes, no]);
    expect(misaligned([0x66, 0xc4, 0x05], [0, 1, 2, 4])).toEqual([no, yes, no, no]);
    // bound eax: zero lies in a memory of zeros
    expect(misaligned([0x62, 0x05], [0, 1, 2, 4])).toEqual([no, yes, yes, no]);
    expect(misaligned([0x66, 0x62, 0x05], [0, 1, 2, 4])).toEqual([no, yes, no, no]);
  });
  it("table registers at an odd word, so that their base is at a doubleword", () => {
    expect(misaligned([0x0f, 0x01, 0x05], [0, 1, 2, 4, 6])).toEqual([yes, yes, no, yes, no]);
    expect(misaligned([0x0f, 0x01, 0x0d], [0, 2])).toEqual([yes, no]);
  });
  it("x87: reals and integers as their size, 80 bits as 64", () => {
    const init = [0xdb, 0xe3];
    const zero = [0xdb, 0xe3, 0xd9, 0xee];
    expect(misaligned([0xd9, 0x05], [0, 2, 4], init)).toEqual([no, yes, no]);
    expect(misaligned([0xdf, 0x05], [0, 1, 2], init)).toEqual([no, yes, no]);
    for (const opcode of [
      [0xdd, 0x05],
      [0xdb, 0x2d],
      [0xdf, 0x25],
      [0xdf, 0x2d],
    ])
      expect([opcode, misaligned(opcode, [0, 1, 2, 4, 8], init)]).toEqual([opcode, [no, yes, yes, yes, no]]);
    for (const opcode of [
      [0xdd, 0x1d],
      [0xdb, 0x3d],
      [0xdf, 0x35],
      [0xdf, 0x3d],
    ])
      expect([opcode, misaligned(opcode, [0, 1, 2, 4, 8], zero)]).toEqual([opcode, [no, yes, yes, yes, no]]);
    expect(misaligned([0xd9, 0x3d], [0, 1, 2], init)).toEqual([no, yes, no]);
    expect(misaligned([0xd9, 0x2d], [0, 1, 2], init)).toEqual([no, yes, no]);
  });
  it("x87 environments and states by their operand size, whatever lies where inside", () => {
    const init = [0xdb, 0xe3];
    // fnstenv, fnsave, frstor
    for (const opcode of [
      [0xd9, 0x35],
      [0xdd, 0x35],
      [0xdd, 0x25],
    ]) {
      expect([opcode, misaligned(opcode, [0, 1, 2, 4, 8], init)]).toEqual([opcode, [no, yes, yes, no, no]]);
      expect([opcode, misaligned([0x66, ...opcode], [0, 1, 2, 4], init)]).toEqual([opcode, [no, yes, no, no]]);
    }
  });
  it("the stack", () => {
    const push = (opcode: number[], offset: number): number => run((a) => a.mov("esp", AT + 0x100 + offset).b(...opcode)).vector;
    // push eax, push imm8, pop eax, pushf, pusha, popa, enter, push ds, pop es, call, ret into nothing
    for (const opcode of [[0x50], [0x6a, 1], [0x58], [0x9c], [0x60], [0x61], [0xc8, 0, 0, 0], [0x1e], [0x07], [0xe8, 0, 0, 0, 0]])
      expect([opcode, [0, 1, 2].map((offset) => push(opcode, offset))]).toEqual([opcode, [13, 17, 17]]);
    for (const opcode of [
      [0x66, 0x50],
      [0x66, 0x58],
      [0x66, 0x9c],
      [0x66, 0x1e],
      [0x66, 0x07],
    ])
      expect([opcode, [0, 1, 2].map((offset) => push(opcode, offset))]).toEqual([opcode, [13, 17, 13]]);
  });
  it("strings, at the element that is not", () => {
    const strings = (opcode: number[], from: number, to: number): Outcome =>
      run((a) =>
        a
          .mov("esi", from)
          .mov("edi", to)
          .mov("ecx", 4)
          .b(...opcode),
      );
    const MOVSD = [0xf3, 0xa5];
    expect(strings(MOVSD, AT, AT + 0x100).vector).toBe(13);
    expect(strings(MOVSD, AT + 2, AT + 0x100).vector).toBe(17);
    const target = strings(MOVSD, AT, AT + 0x101);
    expect([target.vector, target.registers.ecx, target.registers.esi]).toEqual([17, 4, AT]);
    expect(strings([0xf3, 0xab], AT, AT + 2).vector).toBe(17);
    expect(strings([0xf3, 0xaf], AT, AT + 1).vector).toBe(17);
    expect(strings([0xf3, 0xa7], AT, AT + 1).vector).toBe(17);
    expect(strings([0x66, 0xf3, 0xa5], AT + 2, AT + 0x102).vector).toBe(13);
    expect(strings([0xf3, 0xa4], AT + 1, AT + 0x103).vector).toBe(13);
  });
  it("not instructions, nor addresses that are only computed", () => {
    const end = run((a) => a.b(0xeb, 1, 0x90).b(0x8d, 0x1d).d(0x9001).b(0xe9).d(1).b(0x90));
    expect([...faults(end), end.registers.ebx]).toEqual([...FINE3, 0x9001]);
  });
});

describe("when alignment is checked", () => {
  const load = (a: Assembler): Assembler => a.load(AT + 1);
  it("with CR0.AM and EFLAGS.AC in ring 3", () => {
    expect(faults(run(load))).toEqual(RAISED);
    expect(faults(run(load, { am: false }))).toEqual(FINE3);
    expect(faults(run(load, { ac: false }))).toEqual(FINE3);
    expect(faults(run(load, { cs: CODE0 }))).toEqual(FINE0);
    expect(run(load, { cs: CONFORMING | 3 }).vector).toBe(17);
  });
  it("from the instruction after POPF on, and no longer after the next", () => {
    const on = run((a) => load(a.push(AC | 2).b(0x9d)), { ac: false });
    expect([...faults(on), on.eip]).toEqual([...RAISED, CODE + 6]);
    expect(faults(run((a) => load(a.push(2).b(0x9d))))).toEqual(FINE3);
    // 16 bits of POPF do not reach it
    expect(faults(run((a) => load(a.push(2).b(0x66, 0x9d))))).toEqual(RAISED);
    expect(on.eflags & AC).toBe(AC);
  });
  it("in a loop that runs for long", () => {
    // the address becomes odd at the last turn
    const end = run((a) => {
      a.mov("ecx", 2000).mov("ebx", AT).label("turn").b(0x8b, 0x03, 0x83, 0xf9, 2).near8("even", 0x75).b(0x43).label("even").near8("turn", 0xe2);
    });
    expect([...faults(end), end.registers.ecx]).toEqual([...RAISED, 1]);
  });
  it("after IRET to ring 3, with the flags that it loads", () => {
    const enter = (eflags: number): (number | undefined)[] => {
      const s = prepared({ cs: CODE0, ac: false });
      s.state.ds = DATA3;
      s.code((a) =>
        a
          .push(DATA3)
          .push(STACK3)
          .push(eflags)
          .push(CODE3)
          .push(CODE + 0x80)
          .b(0xcf),
      );
      s.code((a) => load(a).int(0x20), CODE + 0x80);
      return faults(s.run({ qemu: (eflags & AC) === 0 || UNCHECKED }));
    };
    expect(enter(2 | AC)).toEqual(RAISED);
    expect(enter(2)).toEqual(FINE3);
  });
  it("not in the handler of an interrupt, and again after it", () => {
    const s = prepared();
    s.gate(0x21, CODE0, HANDLERS + 0x200, GATE.interrupt32 | dpl(3));
    s.put8(HANDLERS + 0x200, 0xa1, 0x01, 0x90, 0, 0, 0xcf);
    s.put32(AT + 1, 0x1234_5678);
    s.code((a) =>
      a
        .int(0x21)
        .b(0x89, 0xc3)
        .load(AT + 1),
    );
    const end = s.run({ qemu: UNCHECKED });
    expect([...faults(end), end.eip, end.registers.ebx]).toEqual([...RAISED, CODE + 4, 0x1234_5678]);
  });
  it("after MOV to CR0 has set AM", () => {
    const s = prepared({ cs: CODE0, am: false, ac: true });
    s.state.ds = DATA3;
    s.code((a) =>
      a
        .b(0x0f, 0x20, 0xc0, 0x0d)
        .d(AM)
        .b(0x0f, 0x22, 0xc0)
        .load(AT + 1)
        .push(DATA3)
        .push(STACK3)
        .push(2 | AC)
        .push(CODE3)
        .push(CODE + 0x80)
        .b(0xcf),
    );
    s.code((a) => load(a), CODE + 0x80);
    const end = s.run({ qemu: UNCHECKED });
    expect([...faults(end), end.eip]).toEqual([...RAISED, CODE + 0x80]);
  });
  it("after a task switch to ring 3", () => {
    const s = prepared({ cs: CODE0, ac: false });
    s.descriptor(0x60, 0x3800, 0x67, ACCESS.tss32, 0);
    s.put32(0x3820, CODE + 0x80, 2 | AC).put32(0x3838, STACK3);
    s.put32(0x3848, DATA3, CODE3, DATA3, DATA3, DATA3, DATA3);
    // the handlers' stack: that of the new task
    s.put32(0x3804, 0x5800, DATA0);
    s.code((a) => a.far(0xea, 0x60, 0));
    s.code((a) => load(a), CODE + 0x80);
    expect(faults(s.run({ qemu: UNCHECKED }))).toEqual(RAISED);
  });
  it("in virtual-8086 mode", () => {
    const virtual = (eflags: number): Outcome => {
      const s = new Scenario({ mode: "virtual", cs: 0x700, eip: 0, ss: 0x900, esp: 0x800, ds: 0x900, es: 0, fs: 0, gs: 0, eflags: 2 | eflags, cr0: 0x11 | AM });
      // mov ax, [1]; hlt, which is #GP here
      s.put8(0x7000, 0xa1, 1, 0, 0xf4);
      return s.run({ qemu: eflags === 0 || UNCHECKED });
    };
    expect(virtual(AC).vector).toBe(17);
    expect(virtual(0).vector).toBe(13);
  });
});

describe("alignment and other faults", () => {
  it("comes before page faults, of either page, and changes nothing", () => {
    const paged = (bits: number, make: (a: Assembler) => void): Outcome => {
      const s = prepared({ registers: { eax: 0x55, ecx: 0x66 } }).paging();
      s.page(AT, bits);
      s.code((a) => {
        make(a);
        a.int(0x20);
      });
      return s.run({ qemu: UNCHECKED });
    };
    for (const make of [
      (a: Assembler) => a.load(AT + 1),
      (a: Assembler) => a.store(AT + 1),
      (a: Assembler) => a.load(AT - 2),
      (a: Assembler) => a.b(0x01, 0x0d).d(AT + 1),
      (a: Assembler) => a.b(0x0f, 0xc7, 0x0d).d(AT + 4),
      (a: Assembler) => a.b(0xdd, 0x05).d(AT + 4),
    ]) {
      const end = paged(0, make);
      expect([...faults(end), end.registers.eax, end.registers.ecx]).toEqual([...RAISED, 0x55, 0x66]);
    }
    expect(faults(paged(0, (a) => a.load(AT + 4)))).toEqual([14, U, AT + 4]);
    const intact = paged(P | W | U, (a) => a.b(0x01, 0x0d).d(AT + 1));
    expect([...faults(intact), intact.read32(AT)]).toEqual([...RAISED, 0]);
  });
  it("comes after the segment's limit", () => {
    const s = prepared();
    s.descriptor(0x63, 0, 0x9000, ACCESS.data | dpl(3), 4);
    s.state.ds = 0x63;
    s.code((a) => a.load(AT + 1));
    expect(faults(s.run({ qemu: "QEMU does not check limits of data segments (5.3)" }))).toEqual([13, 0, 0]);
  });
  it("is judged by the linear address", () => {
    const based = (base: number, offset: number): number => {
      const s = prepared();
      s.descriptor(0x63, base, 0xf_ffff, ACCESS.data | dpl(3), 0xc);
      s.state.ds = 0x63;
      s.code((a) => a.load(offset).int(0x20));
      return s.run({ qemu: UNCHECKED }).vector;
    };
    expect([based(1, 0x8fff), based(1, 0x9000), based(2, 0x9002)]).toEqual([13, 17, 13]);
  });
  it("does not concern descriptor tables, TSS and handlers' stacks", () => {
    const s = prepared({ cs: CODE0, ac: false });
    s.state.ds = DATA3;
    // GDT and TSS at odd addresses, ring 0 stack at an odd pointer
    const table = 0xc001;
    const tss = 0xd003;
    for (let at = 0; at < 0x60; at += 4) s.put32(table + at, s.get32(GDT + at));
    for (let at = 0; at < 0x68; at += 4) s.put32(tss + at, s.get32(TSS + at));
    s.put32(tss + 4, 0x5ffd).put32(table + 0x60, (tss << 16) | 0x67, ACCESS.tss32 << 8);
    s.put16(0xe000, 0x67).put32(0xe002, table);
    s.code((a) =>
      a
        .b(0x0f, 0x01, 0x15)
        .d(0xe000)
        .mov("eax", 0x60)
        .b(0x0f, 0x00, 0xd8)
        .push(DATA3)
        .push(STACK3)
        .push(2 | AC)
        .push(CODE3)
        .push(CODE + 0x80)
        .b(0xcf),
    );
    s.gate(0x20, CODE0, HANDLERS + 0x20, GATE.interrupt32 | dpl(3));
    s.code((a) => a.seg("es", DATA3).int(0x20), CODE + 0x80);
    expect(faults(s.run())).toEqual(FINE0);
  });
});
