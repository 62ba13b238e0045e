/** Accessed and dirty bits (Intel SDM volume 3, 4.8), and accesses that straddle two pages. */
import { describe, expect, it } from "vitest";
import type { Assembler } from "./assemble.js";
import { A, D, directoryEntry, FINE0, FINE3, faults, LARGE, P, PSE, U, W, WP } from "./page-tables.js";
import { ACCESS, BIG, CODE, CODE0, CODE3, DATA0, GDT, GRANULAR, IDT, type Outcome, PAGES, Scenario, STACK0, STACK3, TSS } from "./scenario.js";

const PAGE = 0x9000;
const NEXT = 0xa000;
const AT = PAGE + 0x10;
const CLEAN = P | W | U;

interface Marked {
  end: Outcome;
  /** Low bits of the entry of the page at 9000h, and of the next one. */
  first: number;
  second: number;
  directory: number;
}
/** Runs code with chosen bits for two pages; QEMU is not asked about the marks of entries that may make it fault. */
const run = (bits: readonly [number, number], make: (a: Assembler) => void, start: { cs?: number; cr0?: number } = {}): Marked => {
  const s = new Scenario({ cs: start.cs ?? CODE0, cr0: 0x11 | (start.cr0 ?? 0), registers: { ebx: 0x1234, edx: 1 } }).paging();
  s.page(PAGE, bits[0]).page(NEXT, bits[1]);
  s.code(make);
  const marks = [PAGE, NEXT].filter((_, index) => bits[index] !== CLEAN).map((page) => s.pte(page));
  const end = s.run({ qemu: { marks } });
  const entry = (at: number): number => end.read32(at) & 0xfff;
  return { end, first: entry(s.pte(PAGE)), second: entry(s.pte(NEXT)), directory: entry(PAGES) };
};
const one = (make: (a: Assembler) => void, bits = CLEAN, start = {}): number => run([bits, CLEAN], (a) => make(a), start).first;
/** An instruction with a 32-bit address as its only operand bytes, then the end. */
const operand =
  (address: number, ...opcode: number[]) =>
  (a: Assembler): Assembler =>
    a
      .b(...opcode)
      .d(address)
      .int(0x20);

describe("accessed and dirty bits", () => {
  it("follow reads, writes and fetches", () => {
    expect(one((a) => a.int(0x20))).toBe(CLEAN);
    expect(one((a) => a.load(AT).int(0x20))).toBe(CLEAN | A);
    expect(one((a) => a.store(AT).int(0x20))).toBe(CLEAN | A | D);
    expect(one((a) => a.load(AT).store(AT).int(0x20))).toBe(CLEAN | A | D);
    const s = new Scenario().paging();
    s.put8(PAGE, 0xf4);
    s.code((a) => a.b(0xe9).d(PAGE - (CODE + 5)));
    expect(s.run().read32(s.pte(PAGE)) & 0xfff).toBe(CLEAN | A);
  });
  it("dirty is set by what only tests memory and would write", () => {
    // cmpxchg that fails, xadd of zero, or with zero, bts of a set bit, xchg of the same, not twice
    expect(one(operand(AT, 0x0f, 0xb1, 0x1d))).toBe(CLEAN | A | D);
    expect(one(operand(AT, 0x0f, 0xb1, 0x0d))).toBe(CLEAN | A | D);
    expect(one((a) => a.b(0x0f, 0xc1, 0x0d).d(AT).int(0x20))).toBe(CLEAN | A | D);
    expect(one((a) => a.b(0x83, 0x0d).d(AT).b(0).int(0x20))).toBe(CLEAN | A | D);
    expect(one((a) => a.b(0x0f, 0xba, 0x2d).d(AT).b(0).int(0x20))).toBe(CLEAN | A | D);
    expect(one(operand(AT, 0x87, 0x0d))).toBe(CLEAN | A | D);
    // cmpxchg8b that fails
    expect(one(operand(AT, 0x0f, 0xc7, 0x0d))).toBe(CLEAN | A | D);
  });
  it("dirty is not set by comparisons", () => {
    expect(one(operand(AT, 0x3b, 0x0d))).toBe(CLEAN | A);
    expect(one(operand(AT, 0x85, 0x0d))).toBe(CLEAN | A);
    expect(one((a) => a.b(0x0f, 0xba, 0x25).d(AT).b(0).int(0x20))).toBe(CLEAN | A);
  });
  it("dirty comes with a permitted write alone", () => {
    expect(one((a) => a.store(AT), P | U, { cs: CODE3 })).toBe(P | U);
    expect(one((a) => a.store(AT), P | W, { cs: CODE3 })).toBe(P | W);
    expect(one((a) => a.store(AT), P | U, { cr0: WP })).toBe(P | U);
    // a supervisor write to a read-only page without WP is one
    expect(one((a) => a.store(AT).int(0x20), P | U)).toBe(P | U | A | D);
    // a read, then a refused write: the read's mark stays
    expect(one((a) => a.load(AT).store(AT), P | U, { cs: CODE3 })).toBe(P | U | A);
  });
  it("no level is marked on the way to a fault", () => {
    const walk = (directory: number, entry: number, make: (a: Assembler) => void): number[] => {
      const s = new Scenario({ cs: CODE3 }).paging();
      s.put32(directoryEntry(0x40_0000), (PAGES + 0x2000) | directory).put32(PAGES + 0x2000, PAGE | entry);
      s.code(make);
      const end = s.run({ qemu: { marks: [directoryEntry(0x40_0000), PAGES + 0x2000] } });
      return [end.error ?? -1, end.read32(directoryEntry(0x40_0000)) & 0xff, end.read32(PAGES + 0x2000) & 0xff];
    };
    expect(walk(CLEAN, 0, (a) => a.load(0x40_0000))).toEqual([4, CLEAN, 0]);
    expect(walk(CLEAN, P | W, (a) => a.load(0x40_0000))).toEqual([5, CLEAN, P | W]);
    expect(walk(P | W, CLEAN, (a) => a.load(0x40_0000))).toEqual([5, P | W, CLEAN]);
    expect(walk(CLEAN, P | U, (a) => a.store(0x40_0000))).toEqual([7, CLEAN, P | U]);
    expect(walk(CLEAN, CLEAN, (a) => a.load(0x40_0000).int(0x20))).toEqual([0x102, CLEAN | A, CLEAN | A]);
  });
  it("of the directory: accessed only, and dirty with a large page", () => {
    const large = (make: (a: Assembler) => void): number[] => {
      const s = new Scenario({ cr4: PSE }).paging();
      s.put32(PAGES + 4, CLEAN | LARGE);
      s.code(make);
      const end = s.run();
      return [end.read32(PAGES) & 0xfff, end.read32(PAGES + 4)];
    };
    expect(large((a) => a.load(0x40_8000).hlt())).toEqual([CLEAN | A, CLEAN | LARGE | A]);
    expect(large((a) => a.load(0x40_8000).store(0x40_9000).hlt())).toEqual([CLEAN | A, CLEAN | LARGE | A | D]);
  });
  it("are set again once software has cleared them and forgotten the translation", () => {
    const s = new Scenario().paging();
    s.code((a) =>
      a
        .store(PAGE)
        .mov("eax", PAGE | CLEAN)
        .store(s.pte(PAGE))
        .b(0x0f, 0x01, 0x3d)
        .d(PAGE)
        .load(PAGE)
        .load(s.pte(PAGE))
        .b(0x89, 0xc3)
        .store(PAGE)
        .hlt(),
    );
    const end = s.run();
    expect([end.registers.ebx & 0xfff, end.read32(s.pte(PAGE)) & 0xfff]).toEqual([CLEAN | A, CLEAN | A | D]);
  });
  it("of pages with system tables: descriptors are read, their accessed and busy bits written", () => {
    // tables on pages of their own, for supervisors only
    const s = new Scenario({ cs: CODE3 }).paging();
    const pages = [GDT, TSS, STACK0 - 0x1000];
    for (const each of pages) s.page(each, P | W);
    s.descriptor(0x63, 0, 0xf_ffff, 0xf3, 0xc).descriptor(0x6b, 0, 0xf_ffff, 0xf2, 0xc);
    const marks = (make: (a: Assembler) => void): number[] => {
      s.code(make);
      const { read32 } = s.run();
      return pages.map((each) => read32(s.pte(each)) & (A | D));
    };
    // the boot ROM has used GDT and TSS already: the busy bit of the task, the descriptors' accessed bits
    const before = marks((a) => a.int(0x20));
    expect(before).toEqual([A | D, A, A | D]);
    expect(GDT >> 12).toBe(IDT >> 12);
    const clean = (make: (a: Assembler) => void, level: number): number => {
      const t = new Scenario({ cs: CODE0, ldt: 0, tr: 0 }).paging();
      // a second table, on a page that only the program uses
      const table = 0xc000;
      for (let at = 0; at < 0x80; at += 4) t.put32(table + at, t.get32(GDT + at));
      t.put32(table + level, 0xffff, 0x00cf_9200 | (level === 0x60 ? 0x100 : 0));
      t.put16(0xd000, 0x7f).put32(0xd002, table);
      t.code((a) => {
        a.b(0x0f, 0x01, 0x15).d(0xd000);
        make(a);
      });
      return t.run().read32(t.pte(table)) & (A | D);
    };
    expect(clean((a) => a.seg("es", 0x60).hlt(), 0x60)).toBe(A);
    expect(clean((a) => a.seg("es", 0x68).hlt(), 0x68)).toBe(A | D);
    expect(clean((a) => a.mov("eax", DATA0).hlt(), 0x68)).toBe(0);
  });
});

describe("accesses that straddle two pages", () => {
  const EDGE = NEXT - 2;
  const storeHere = (a: Assembler): Assembler => a.mov("eax", 0x4433_2211).store(EDGE).int(0x20);
  it("read, write and modify both", () => {
    const s = new Scenario({ registers: { ecx: 0x0101_0101 } }).paging();
    // the two pages swapped
    s.put32(s.pte(PAGE), NEXT | CLEAN)
      .put32(s.pte(NEXT), PAGE | CLEAN)
      .put16(0xaffe, 0x2211)
      .put16(0x9000, 0x4433);
    s.code((a) =>
      a
        .b(0x01, 0x0d)
        .d(EDGE)
        .load(EDGE)
        .b(0x66, 0xa3)
        .d(PAGE + 0xfff)
        .hlt(),
    );
    const end = s.run();
    expect([end.registers.eax, end.read16(0xaffe), end.read16(0x9000)]).toEqual([0x4534_2312, 0x1212, 0x4523]);
    expect([end.read32(s.pte(PAGE)) & 0xfff, end.read32(s.pte(NEXT)) & 0xfff]).toEqual([CLEAN | A | D, CLEAN | A | D]);
  });
  it("report the first byte that faults", () => {
    expect(faults(run([0, 0], (a) => a.load(EDGE)).end)).toEqual([14, 0, EDGE]);
    expect(faults(run([CLEAN, 0], (a) => a.load(EDGE)).end)).toEqual([14, 0, NEXT]);
    expect(faults(run([0, CLEAN], (a) => a.load(EDGE)).end)).toEqual([14, 0, EDGE]);
    expect(faults(run([CLEAN, 0], storeHere).end)).toEqual([14, 2, NEXT]);
    expect(faults(run([CLEAN, P | U], storeHere, { cs: CODE3 }).end)).toEqual([14, 7, NEXT]);
    expect(faults(run([CLEAN, P | W], storeHere, { cs: CODE3 }).end)).toEqual([14, 7, NEXT]);
    expect(faults(run([P | U, 0], storeHere, { cr0: WP }).end)).toEqual([14, 3, EDGE]);
    expect(faults(run([CLEAN, CLEAN], storeHere, { cs: CODE3 }).end)).toEqual(FINE3);
    expect(faults(run([CLEAN, CLEAN], storeHere).end)).toEqual(FINE0);
  });
  it("change neither page when the second one faults; the first stays marked, as on a processor that was looked at", () => {
    for (const make of [storeHere, operand(EDGE, 0x01, 0x0d), operand(EDGE, 0x87, 0x0d), operand(EDGE, 0x0f, 0xc7, 0x0d), operand(EDGE, 0xdb, 0xe3, 0xdf, 0x3d)]) {
      const { end, first, second } = run([CLEAN, P | U], make, { cr0: WP });
      expect([...faults(end), first, second, end.read16(EDGE)]).toEqual([14, 3, NEXT, CLEAN | A | D, P | U, 0]);
    }
    for (const make of [(a: Assembler) => a.load(EDGE), operand(EDGE, 0x3b, 0x0d)]) {
      const { end, first, second } = run([CLEAN, 0], make);
      expect([...faults(end), first, second]).toEqual([14, 0, NEXT, CLEAN | A, 0]);
    }
  });
  it("of 16 bits", () => {
    expect(faults(run([CLEAN, 0], operand(NEXT - 1, 0x66, 0x3b, 0x0d)).end)).toEqual([14, 0, NEXT]);
    expect(faults(run([CLEAN, 0], operand(NEXT - 1, 0x66, 0x89, 0x0d)).end)).toEqual([14, 2, NEXT]);
    expect(faults(run([CLEAN, 0], operand(NEXT - 1, 0xa2)).end)).toEqual(FINE0);
  });
  it("of 64 and 80 bits of the x87", () => {
    expect(faults(run([CLEAN, 0], operand(NEXT - 4, 0xdd, 0x05)).end)).toEqual([14, 0, NEXT]);
    expect(faults(run([CLEAN, 0], operand(NEXT - 8, 0xdb, 0x2d)).end)).toEqual([14, 0, NEXT]);
    // fldz; fstp
    const store = run([CLEAN, 0], (a) => operand(NEXT - 8, 0xd9, 0xee, 0xdb, 0x3d)(a));
    expect([...faults(store.end), store.end.read32(NEXT - 8)]).toEqual([14, 2, NEXT, 0]);
  });
  it("through the stack", () => {
    const s = new Scenario({ cs: CODE3, esp: NEXT + 2, registers: { eax: 0x4433_2211 } }).paging();
    s.page(PAGE, P | U);
    s.code((a) => a.b(0x50));
    const end = s.run({ qemu: { marks: [s.pte(PAGE), s.pte(NEXT)] } });
    expect([...faults(end), end.esp, end.read32(NEXT)]).toEqual([14, 7, NEXT - 2, NEXT + 2, 0]);
    expect(STACK3).toBe(NEXT);
  });
  it("wrap at the top of the address space", () => {
    const s = new Scenario().paging();
    s.put32(directoryEntry(0xffff_f000), (PAGES + 0x2000) | CLEAN).put32(PAGES + 0x2ffc, PAGE | CLEAN);
    s.put32(0, 0x4433).put16(0x9ffe, 0x2211);
    // by way of a segment that begins in the last page: a flat one ends with the address space
    s.descriptor(0x60, 0xffff_f000, 0xf_ffff, ACCESS.data, BIG | GRANULAR);
    s.code((a) => a.seg("ds", 0x60).load(0xffe).hlt());
    expect(s.run().registers.eax).toBe(0x4433_2211);
  });
});
