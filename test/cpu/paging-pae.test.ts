/** PAE paging: levels, PDPTE registers, execute-disable (Intel SDM volume 3, 4.4, 4.6, 4.7). */
import { describe, expect, it } from "vitest";
import type { Assembler } from "./assemble.js";
import { A, D, DIRECTORY, FINE3, faults, LARGE, NX, P, PAE_MARKS, PDPT, PSE, pae, paeEntry, U, W, WP } from "./page-tables.js";
import { ACCESS, CODE, CODE0, CODE3, DATA0, DATA3, type Outcome, Scenario, STACK3 } from "./scenario.js";

const UNLIKE_QEMU = { qemu: "QEMU has no PDPTE registers: it reads the table at every walk and checks nothing when CR3 is loaded (4.4.1)" };
const MOV_CR3 = [0x0f, 0x22, 0xd8];
const MOV_CR0 = [0x0f, 0x22, 0xc0];
const FROM_CR0 = [0x0f, 0x20, 0xc0];
const MOV_CR4 = [0x0f, 0x22, 0xe0];
const FROM_CR4 = [0x0f, 0x20, 0xe0];
const CR0_WORD = 48;
const CR3_WORD = 50;
const CR4_WORD = 51;
const PDPTE_WORD = 82;
const SECOND = 0x4000_0000;

describe("PAE", () => {
  it("maps 4 KiB and 2 MiB pages through three levels, with or without CR4.PSE", () => {
    for (const cr4 of [0, PSE]) {
      const s = pae(CODE3, P | W | U, cr4);
      s.put32(0x9000, 0x5555);
      s.code((a) => a.load(0x20_9000).store(0xa000).store(0x20_b000).int(0x20));
      const end = s.run({ qemu: PAE_MARKS });
      expect([...faults(end), end.read32(0xa000), end.read32(0xb000)]).toEqual([...FINE3, 0x5555, 0x5555]);
      const low = [DIRECTORY, DIRECTORY + 8, paeEntry(0xa000), paeEntry(0x9000)].map((at) => end.read32(at) & 0xfff);
      expect(low).toEqual([P | W | U | A, P | W | U | LARGE | A | D, P | W | U | A | D, P | W | U]);
    }
  });
  it("uses all four PDPTEs", () => {
    const s = pae(CODE0);
    for (const [index, at] of [0x3_4000, 0x3_5000, 0x3_6000].entries()) s.put32(PDPT + 8 + index * 8, at | P).put32(at + 8, 0x3_7000 | P | W | U);
    s.put32(0x3_7000, 0x9000 | P | W | U).put32(0x9000, 0x77);
    s.code((a) => a.load(0x4020_0000).b(0x89, 0xc3).load(0x8020_0000).b(0x89, 0xc1).load(0xc020_0000).hlt());
    const { registers } = s.run({ qemu: PAE_MARKS });
    expect([registers.ebx, registers.ecx, registers.eax]).toEqual([0x77, 0x77, 0x77]);
  });
  it("faults at each level", () => {
    const at = (prepare: (s: Scenario) => void, address: number, make: "load" | "store" = "load"): (number | undefined)[] => {
      const s = pae(CODE3, P | U);
      prepare(s);
      s.code((a) => a[make](address));
      return faults(s.run({ qemu: { marks: [...PAE_MARKS.marks, paeEntry(0x9000)] } }));
    };
    expect(at(() => {}, SECOND)).toEqual([14, 4, SECOND]);
    expect(at(() => {}, 0x40_0000)).toEqual([14, 4, 0x40_0000]);
    expect(at((s) => s.put32(paeEntry(0x9000), 0), 0x9000)).toEqual([14, 4, 0x9000]);
    expect(at(() => {}, 0x20_9000, "store")).toEqual([14, 7, 0x20_9000]);
    expect(at((s) => s.put32(paeEntry(0x9000), 0x9000 | P | W), 0x9000)).toEqual([14, 5, 0x9000]);
    expect(at((s) => s.put32(paeEntry(0x9000), 0x9000 | P | U), 0x9000, "store")).toEqual([14, 7, 0x9000]);
  });
  it("takes the stricter of directory and table, and heeds CR0.WP", () => {
    const at = (directory: number, entry: number, make: "load" | "store", cs: number, cr0 = 0): (number | undefined)[] => {
      const s = pae(cs);
      s.state.cr0 |= cr0;
      s.put32(DIRECTORY + 16, 0x3_8000 | directory).put32(0x3_8000, 0x9000 | entry);
      s.code((a) => a[make](0x40_0000).int(0x20));
      return faults(s.run({ qemu: { marks: [...PAE_MARKS.marks, DIRECTORY + 16, 0x3_8000] } })).slice(0, 2);
    };
    const all = P | W | U;
    expect(at(all, P | U, "store", CODE3)).toEqual([14, 7]);
    expect(at(P | U, all, "store", CODE3)).toEqual([14, 7]);
    expect(at(P | W, all, "load", CODE3)).toEqual([14, 5]);
    expect(at(P | U, all, "store", CODE0)).toEqual([0x20, undefined]);
    expect(at(P | U, all, "store", CODE0, WP)).toEqual([14, 3]);
    expect(at(all, P, "store", CODE0, WP)).toEqual([14, 3]);
  });
});

describe("PDPTE registers", () => {
  /** A second directory, which maps 40000000h to 9000h. */
  const OTHER = 0x3_4000;
  const withOther = (): Scenario =>
    pae(CODE0)
      .put32(OTHER, 0x3_5000 | P | W | U)
      .put32(0x3_5000, 0x9000 | P | W | U)
      .put32(0x9000, 0x77);
  /** mov [pdpt + 8], directory: in memory alone. */
  const change = (a: Assembler, low = OTHER | P): Assembler => a.mov("eax", low).store(PDPT + 8);
  const INVLPG = [0x0f, 0x01, 0x3d, 0, 0, 0, 0x40];

  it("are what walks use, until a control register loads them", () => {
    const run = (load: number[], qemu = false): (number | undefined)[] => {
      const s = withOther();
      s.code((a) =>
        change(a)
          .b(...load, ...INVLPG)
          .load(SECOND)
          .int(0x20),
      );
      const end = s.run(qemu ? { qemu: PAE_MARKS } : UNLIKE_QEMU);
      return [end.vector, end.registers.eax];
    };
    const toggleCr0 = (bits: number): number[] => [...FROM_CR0, 0x35, bits & 255, (bits >> 8) & 255, (bits >> 16) & 255, bits >>> 24, ...MOV_CR0];
    const toggleCr4 = (bits: number): number[] => [...FROM_CR4, 0x34, bits, ...MOV_CR4];
    // mov cr3, the same value
    expect(run([0x0f, 0x20, 0xd8, ...MOV_CR3], true)).toEqual([0x20, 0x77]);
    // CD alone, then PGE, PSE
    expect(run(toggleCr0(0x4000_0000), true)).toEqual([0x20, 0x77]);
    expect(run(toggleCr4(0x80), true)).toEqual([0x20, 0x77]);
    expect(run(toggleCr4(0x10), true)).toEqual([0x20, 0x77]);
    // nothing; TS, WP, AM; DE, TSD
    const missing = [14, OTHER | P];
    expect(run([])).toEqual(missing);
    expect(run(toggleCr0(8))[0]).toBe(14);
    expect(run(toggleCr0(0x5_0000))[0]).toBe(14);
    expect(run(toggleCr4(4))[0]).toBe(14);
  });
  it("are loaded when paging is switched off and on, or PAE is", () => {
    const s = withOther();
    s.code((a) =>
      change(a)
        .b(...FROM_CR0, 0x0f, 0xba, 0xf0, 31, ...MOV_CR0, 0x0f, 0xba, 0xe8, 31, ...MOV_CR0)
        .load(SECOND)
        .int(0x20),
    );
    expect(s.run({ qemu: PAE_MARKS }).registers.eax).toBe(0x77);
    // from 32-bit paging: the table is read from the same CR3, which maps the low memory in either format
    const t = new Scenario({ cr0: 0x8000_0011, cr3: PDPT });
    t.put32(PDPT, 0x3_1000 | P | W | U).put32(0x3_8000, 0x3_9000 | P | W | U);
    for (let page = 0; page < 1024; page++) t.put32(0x3_1000 + page * 4, (page << 12) | P | W | U);
    t.code((a) =>
      a
        .mov("eax", 0x3_8000 | P)
        .store(PDPT)
        .b(...FROM_CR4, 0x0c, 0x20, ...MOV_CR4)
        .hlt(),
    );
    for (let page = 0; page < 512; page++) t.put32(0x3_9000 + page * 8, (page << 12) | P | W | U);
    const end = t.run({ qemu: { marks: [PDPT] } });
    expect([end.stopped, end.words[CR4_WORD], end.words[PDPTE_WORD]]).toEqual([CODE + 5 + 5 + 8, 0x20, 0x3_8000 | P]);
  });
  it("with reserved bits are #GP(0) at MOV to CR3, which changes nothing", () => {
    const bits: [number, number][] = [...[1, 2, 5, 6, 7, 8].map((bit): [number, number] => [1 << bit, 0]), ...[4, 20, 31].map((bit): [number, number] => [0, 1 << bit])];
    for (const [low, high] of bits) {
      const s = withOther();
      s.put32(0x3_a000, DIRECTORY | P, 0, OTHER | P | low, high);
      s.code((a) => a.mov("eax", 0x3_a000).b(...MOV_CR3));
      const end = s.run(UNLIKE_QEMU);
      expect([end.vector, end.error, end.eip, end.words[CR3_WORD]]).toEqual([13, 0, CODE + 5, PDPT]);
      expect([...end.words.slice(PDPTE_WORD, PDPTE_WORD + 8)]).toEqual([DIRECTORY | P, 0, 0, 0, 0, 0, 0, 0]);
    }
    // not in an entry that is not present; the lower bits of CR3 are no part of the address
    const s = withOther();
    s.put32(0x3_a000, DIRECTORY | P, 0, 0xffff_fffe, 0xffff_ffff, OTHER | P | 0xe18, 0xf);
    s.code((a) =>
      a
        .mov("eax", 0x3_a018)
        .b(...MOV_CR3)
        .hlt(),
    );
    const end = s.run(UNLIKE_QEMU);
    expect([end.stopped, end.words[CR3_WORD], end.words[PDPTE_WORD + 4], end.words[PDPTE_WORD + 5]]).toEqual([CODE + 8, 0x3_a018, OTHER | P | 0xe18, 0xf]);
  });
  it("with reserved bits are #GP(0) at MOV to CR0 and CR4, which change nothing", () => {
    const bad = (make: (a: Assembler) => void): Outcome => {
      const s = withOther();
      s.code((a) => {
        change(a, OTHER | P | 2);
        make(a);
      });
      return s.run(UNLIKE_QEMU);
    };
    const cd = bad((a) => a.b(...FROM_CR0, 0x0f, 0xba, 0xe8, 30, ...MOV_CR0));
    expect([cd.vector, cd.error, cd.words[CR0_WORD] >>> 0, cd.registers.eax]).toEqual([13, 0, 0x8000_0011, 0xc000_0011]);
    const pge = bad((a) => a.b(...FROM_CR4, 0x0c, 0x80, ...MOV_CR4));
    expect([pge.vector, pge.error, pge.words[CR4_WORD], pge.registers.eax]).toEqual([13, 0, 0x20, 0xa0]);
    // off is no matter; on again is
    const pg = bad((a) => a.b(...FROM_CR0, 0x0f, 0xba, 0xf0, 31, ...MOV_CR0, 0x0f, 0xba, 0xe8, 31, ...MOV_CR0));
    expect([pg.vector, pg.error, pg.words[CR0_WORD]]).toEqual([13, 0, 0x11]);
  });
  it("are not looked at by MOV to CR3 without PAE paging", () => {
    const s = new Scenario({ cr4: 0x20 });
    s.put32(PDPT, 0x1e7);
    s.code((a) =>
      a
        .mov("eax", PDPT)
        .b(...MOV_CR3)
        .hlt(),
    );
    expect(s.run().stopped).toBe(CODE + 8);
  });

  const TASK = 0x60;
  const TASK_AT = 0x3800;
  const switching = (cr3: number, prepare: (s: Scenario) => void): Outcome => {
    const s = withOther();
    s.descriptor(TASK, TASK_AT, 0x67, ACCESS.tss32, 0);
    s.put32(TASK_AT + 0x1c, cr3, CODE + 0x100, 2).put32(TASK_AT + 0x38, 0x5000);
    s.put32(TASK_AT + 0x48, DATA0, CODE0, DATA0, DATA0, DATA0, DATA0);
    prepare(s);
    s.code((a) => change(a).far(0xea, TASK, 0));
    s.code((a) => a.load(SECOND).int(0x20), CODE + 0x100);
    return s.run(UNLIKE_QEMU);
  };
  it("are loaded by a task switch that changes CR3", () => {
    const end = switching(0x3_a000, (s) => s.put32(0x3_a000, DIRECTORY | P, 0, OTHER | P, 0));
    expect([end.vector, end.registers.eax, end.words[CR3_WORD]]).toEqual([0x20, 0x77, 0x3_a000]);
    expect(faults(switching(PDPT, () => {}))).toEqual([14, 0, SECOND]);
  });
  it("with reserved bits fault in the new task, with the old CR3", () => {
    const end = switching(0x3_a000, (s) => s.put32(0x3_a000, DIRECTORY | P, 0, OTHER | P | 2, 0));
    expect([end.vector, end.error, end.eip, end.words[CR3_WORD]]).toEqual([13, 0, CODE + 0x100, PDPT]);
  });
});

describe("execute-disable", () => {
  const PAGE = 0x9000;
  const QEMU_NX = { ...PAE_MARKS, cpu: "qemu32,+nx", marks: [...PAE_MARKS.marks, DIRECTORY + 16, paeEntry(PAGE)] };
  /** EFER.NXE on, then a jump: to the page from ring 0, or through IRET from ring 3. */
  const jump = (prepare: (s: Scenario) => void, ring: 0 | 3, to = PAGE, nxe = true): (number | undefined)[] => {
    const s = pae(CODE0);
    s.put8(PAGE, 0xcd, 0x20);
    prepare(s);
    s.code((a) => {
      if (nxe) a.mov("ecx", 0xc000_0080).mov("eax", 0x800).mov("edx", 0).b(0x0f, 0x30);
      if (ring === 3) a.push(DATA3).push(STACK3).push(2).push(CODE3).push(to).b(0xcf);
      else a.mov("eax", to).b(0xff, 0xe0);
    });
    return faults(s.run({ qemu: QEMU_NX }));
  };
  const disable = (s: Scenario): Scenario => s.put32(paeEntry(PAGE) + 4, NX);
  const FINE = [0x20, undefined, 0];
  const FETCH = 0x10;

  it("of a 4 KiB page", () => {
    expect(jump(disable, 0)).toEqual([14, P | FETCH, PAGE]);
    expect(jump(disable, 3)).toEqual([14, P | U | FETCH, PAGE]);
    expect(jump(() => {}, 0)).toEqual(FINE);
    expect(jump(() => {}, 3)).toEqual(FINE3);
  });
  it("of a directory entry, for all pages below it and for a large page", () => {
    expect(jump((s) => s.put32(DIRECTORY + 8, P | W | U | LARGE, NX), 0, 0x20_9000)).toEqual([14, P | FETCH, 0x20_9000]);
    expect(jump((s) => s.put32(DIRECTORY + 16, 0x3_2000 | P | W | U, NX), 3, 0x40_9000)).toEqual([14, P | U | FETCH, 0x40_9000]);
    expect(jump((s) => s.put32(DIRECTORY + 16, 0x3_2000 | P | W | U), 0, 0x40_9000)).toEqual(FINE);
  });
  it("leaves data alone", () => {
    const s = disable(pae(CODE0));
    s.code((a) => a.mov("ecx", 0xc000_0080).mov("eax", 0x800).mov("edx", 0).b(0x0f, 0x30).store(PAGE).load(PAGE).int(0x20));
    expect(faults(s.run({ qemu: QEMU_NX }))).toEqual(FINE);
  });
  it("shows fetches in every page fault while NXE is set, and not without", () => {
    const absent = (s: Scenario): Scenario => s.put32(paeEntry(PAGE), 0);
    const supervisor = (s: Scenario): Scenario => s.put32(paeEntry(PAGE), PAGE | P | W);
    expect(jump(absent, 0)).toEqual([14, FETCH, PAGE]);
    expect(jump(absent, 3)).toEqual([14, U | FETCH, PAGE]);
    expect(jump(supervisor, 3)).toEqual([14, P | U | FETCH, PAGE]);
    expect(jump(absent, 0, PAGE, false)).toEqual([14, 0, PAGE]);
    expect(jump(supervisor, 3, PAGE, false)).toEqual([14, P | U, PAGE]);
  });
  it("is a reserved bit again once NXE is cleared", () => {
    const s = disable(pae(CODE0));
    s.code((a) => a.mov("ecx", 0xc000_0080).mov("eax", 0x800).mov("edx", 0).b(0x0f, 0x30).load(PAGE).mov("eax", 0).b(0x0f, 0x30).load(PAGE));
    expect(faults(s.run({ qemu: "QEMU reports reserved bits without P (4.7)" }))).toEqual([14, P | 8, PAGE]);
  });
});
