/** How long translations last: INVLPG, loads of CR3, changes of CR0, CR4 and EFER, global pages (Intel SDM volume 3, 4.10). */
import { describe, expect, it } from "vitest";
import type { Assembler } from "./assemble.js";
import { directoryEntry, faults, GLOBAL, LARGE, P, PGE, PSE, U, W, WP } from "./page-tables.js";
import { ACCESS, CODE, CODE0, CODE3, DATA0, DATA3, PAGES, Scenario, STACK3 } from "./scenario.js";

const PAGE = 0x9000;
const ALL = P | W | U;
const FORGETS = "QEMU forgets global pages as well when control registers are loaded, which processors may but do not (4.10.4.1)";

describe("translations", () => {
  it("change with INVLPG, CR3 and CR0.PG", () => {
    for (const flush of [
      [0x0f, 0x01, 0x3d, 0, 0x90, 0, 0],
      [0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8],
    ]) {
      const s = new Scenario().paging();
      s.put32(PAGE, 1).put32(0xc000, 2);
      s.code((a) =>
        a
          .load(PAGE)
          .b(0x89, 0xc3)
          .mov("eax", 0xc007)
          .store(s.pte(PAGE))
          .b(...flush)
          .load(PAGE)
          .hlt(),
      );
      const end = s.run();
      expect([end.registers.ebx, end.registers.eax]).toEqual([1, 2]);
    }
  });
  it("of code change as well", () => {
    const s = new Scenario().paging();
    s.put8(PAGE, 0xb3, 1, 0xc3).put8(0xc000, 0xb7, 2, 0xc3);
    const call = (a: Assembler): Assembler => a.b(0xe8).d(PAGE - (a.here + 4));
    s.code((a) => {
      call(a).mov("eax", 0xc007).store(s.pte(PAGE)).b(0x0f, 0x01, 0x3d).d(PAGE);
      call(a).hlt();
    });
    expect(s.run().registers.ebx).toBe(0x201);
  });
  it("of supervisor and user are kept apart", () => {
    const s = new Scenario({ ds: DATA3 }).paging();
    s.page(PAGE, P | W);
    s.code((a) =>
      a
        .load(PAGE)
        .push(0x23)
        .push(STACK3)
        .push(2)
        .push(CODE3)
        .push(CODE + 0x80)
        .b(0xcf),
    );
    s.code((a) => a.load(PAGE), CODE + 0x80);
    expect(faults(s.run())).toEqual([14, 5, PAGE]);
  });
  it("a write to a page table takes effect after the flush even when it is mapped elsewhere", () => {
    const s = new Scenario().paging();
    // the table itself appears at 13000h
    s.put32(s.pte(0x1_3000), (PAGES + 0x1000) | 7);
    s.put32(PAGE, 1).put32(0xc000, 2);
    s.code((a) =>
      a
        .load(PAGE)
        .mov("eax", 0xc007)
        .store(0x1_3000 + (PAGE >> 12) * 4)
        .b(0x0f, 0x01, 0x3d)
        .d(PAGE)
        .load(PAGE)
        .hlt(),
    );
    expect(s.run().registers.eax).toBe(2);
  });
});

describe("global pages", () => {
  const INVLPG = [0x0f, 0x01, 0x3d, 0, 0x90, 0, 0];
  const LOAD_CR3 = [0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8];
  const twice = (control: number, toggle: number[]): number[] => [0x0f, 0x20, control, ...toggle, 0x0f, 0x22, control, ...toggle, 0x0f, 0x22, control];
  const CR0 = 0xc0;
  const CR4 = 0xe0;
  /** Reads the page, maps it elsewhere without telling, does something, reads again: 1 when the old translation was kept. */
  const seen = (bits: number, action: number[], cr4 = PGE, qemu: true | string = FORGETS): number => {
    const s = new Scenario({ cr4 }).paging();
    s.page(PAGE, bits);
    s.put32(PAGE, 1).put32(0xc000, 2);
    s.code((a) =>
      a
        .load(PAGE)
        .mov("eax", 0xc000 | bits)
        .store(s.pte(PAGE))
        .b(...action)
        .load(PAGE)
        .hlt(),
    );
    return s.run({ qemu }).registers.eax;
  };
  it("survive loads of CR3, others do not", () => {
    expect(seen(ALL | GLOBAL, LOAD_CR3)).toBe(1);
    expect(seen(ALL, LOAD_CR3, PGE, true)).toBe(2);
    expect(seen(ALL | GLOBAL, LOAD_CR3, 0, true)).toBe(2);
  });
  it("do not survive INVLPG", () => {
    expect(seen(ALL | GLOBAL, INVLPG, PGE, true)).toBe(2);
  });
  it("do not survive changes of CR4.PGE and PSE, nor of CR0.PG", () => {
    // xor al, bit
    expect(seen(ALL | GLOBAL, twice(CR4, [0x34, PGE]), PGE, true)).toBe(2);
    expect(seen(ALL | GLOBAL, twice(CR4, [0x34, PSE]), PGE, true)).toBe(2);
    // xor eax, 80000000h
    expect(seen(ALL | GLOBAL, twice(CR0, [0x35, 0, 0, 0, 0x80]), PGE, true)).toBe(2);
  });
  it("survive control register writes that change nothing of paging", () => {
    // TS; TSD
    expect(seen(ALL | GLOBAL, twice(CR0, [0x34, 8]))).toBe(1);
    expect(seen(ALL | GLOBAL, twice(CR4, [0x34, 4]))).toBe(1);
  });
  it("are marked in the last entry of the walk: G of a directory entry is ignored", () => {
    const run = (entry: number): number => {
      const s = new Scenario({ cr4: PGE | PSE }).paging();
      s.put32(directoryEntry(0x40_0000), entry);
      s.put32(PAGES + 0x2000 + 9 * 4, PAGE | ALL).put32(PAGE, 1);
      s.put32(PAGES + 0x3000 + 9 * 4, 0xc000 | ALL).put32(0xc000, 2);
      s.code((a) =>
        a
          .load(0x40_9000)
          .mov("eax", (PAGES + 0x3000) | ALL)
          .store(directoryEntry(0x40_0000))
          .b(...LOAD_CR3)
          .load(0x40_9000)
          .hlt(),
      );
      return s.run({ qemu: FORGETS }).registers.eax;
    };
    expect(run((PAGES + 0x2000) | ALL | GLOBAL)).toBe(2);
    expect(run(ALL | LARGE)).toBe(2);
    expect(run(ALL | LARGE | GLOBAL)).toBe(1);
  });
});

describe("changes that take effect at once", () => {
  it("of CR0.WP on a page already written", () => {
    const s = new Scenario().paging();
    s.page(PAGE, P | U);
    s.code((a) =>
      a
        .store(PAGE)
        .b(0x0f, 0x20, 0xc0, 0x0d)
        .d(WP)
        .b(0x0f, 0x22, 0xc0)
        .store(PAGE + 4),
    );
    expect(faults(s.run())).toEqual([14, 3, PAGE + 4]);
  });
  it("of CR4.PSE on a directory entry", () => {
    const s = new Scenario({ cr4: PSE }).paging();
    // as a large page it maps 0; as a table, whose address is 0, it maps what is written there
    s.put32(directoryEntry(0x40_0000), ALL | LARGE)
      .put32(9 * 4, 0xc000 | ALL)
      .put32(PAGE, 1)
      .put32(0xc000, 2);
    s.code((a) => a.load(0x40_9000).b(0x89, 0xc3, 0x0f, 0x20, 0xe0, 0x24, 0xef, 0x0f, 0x22, 0xe0).load(0x40_9000).hlt());
    const { registers } = s.run();
    expect([registers.ebx, registers.eax]).toEqual([1, 2]);
  });
  it("of CR3 by a task switch, where global pages stay", () => {
    const TASK = 0x60;
    const TASK_AT = 0x3800;
    const DIRECTORY = 0x2_8000;
    const run = (bits: number): number => {
      const s = new Scenario({ cr4: PGE }).paging();
      s.page(PAGE, bits);
      s.put32(DIRECTORY, 0x2_9007).put32(PAGE, 1).put32(0xc000, 2);
      for (let page = 0; page < 1024; page++) s.put32(0x2_9000 + page * 4, (page === PAGE >> 12 ? 0xc000 : page << 12) | 7);
      s.descriptor(TASK, TASK_AT, 0x67, ACCESS.tss32, 0);
      s.put32(TASK_AT + 0x1c, DIRECTORY, CODE + 0x100, 2).put32(TASK_AT + 0x38, 0x5000);
      s.put32(TASK_AT + 0x48, DATA0, CODE0, DATA0, DATA0, DATA0, DATA0);
      s.code((a) => a.load(PAGE).far(0xea, TASK, 0));
      s.code((a) => a.load(PAGE).hlt(), CODE + 0x100);
      return s.run({ qemu: (bits & GLOBAL) === 0 || FORGETS }).registers.eax;
    };
    expect(run(ALL)).toBe(2);
    expect(run(ALL | GLOBAL)).toBe(1);
  });
});
