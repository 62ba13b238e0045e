import { describe, expect, it } from "vitest";
import type { Assembler } from "./assemble.js";
import { CODE, CODE0, CODE3, DATA3, type Outcome, PAGES, Scenario, STACK0, STACK3 } from "./scenario.js";

const WP = 0x1_0000;
const PSE = 0x10;
const PAE = 0x20;
const PGE = 0x80;
const P = 1;
const W = 2;
const U = 4;
const A = 0x20;
const D = 0x40;
const LARGE = 0x80;
const PAGE = 0x9000;

/**
 * Where QEMU is no judge: it sets A on the way to a protection fault and in PDPT entries (reserved, SDM volume 3, 4.4.1),
 * reports reserved bits without P (4.7), and does not keep global pages.
 */
const NO_QEMU = { qemu: false };

const faults = (end: Outcome): (number | undefined)[] => [end.vector, end.error, end.cr2];
/** Runs code with the page at 9000h marked so. */
const page = (bits: number, make: (a: Assembler) => void, cs = CODE0, cr0 = 0, qemu = true): { end: Outcome; entry: number } => {
  const s = new Scenario({ cs, cr0: 0x11 | cr0 }).paging();
  s.page(PAGE, bits);
  s.code(make);
  const end = s.run({ qemu });
  return { end, entry: end.read32(s.pte(PAGE)) & 0xfff };
};
const read = (a: Assembler): Assembler => a.load(PAGE + 0x10).int(0x20);
const write = (a: Assembler): Assembler => a.store(PAGE + 0x10).int(0x20);
/** `add [page], eax` */
const modify = (a: Assembler): Assembler =>
  a
    .b(0x01, 0x05)
    .d(PAGE + 0x10)
    .int(0x20);
const FINE3 = [13, 0x102, 0];
const FINE0 = [0x20, undefined, 0];

describe("page protection and error codes", () => {
  it("not present", () => {
    expect(faults(page(0, read).end)).toEqual([14, 0, PAGE + 0x10]);
    expect(faults(page(0, write).end)).toEqual([14, 2, PAGE + 0x10]);
    expect(faults(page(0, read, CODE3).end)).toEqual([14, 4, PAGE + 0x10]);
    expect(faults(page(0, write, CODE3).end)).toEqual([14, 6, PAGE + 0x10]);
  });
  it("supervisor pages from ring 3", () => {
    expect(faults(page(P | W, read, CODE3).end)).toEqual([14, 5, PAGE + 0x10]);
    expect(faults(page(P | W, write, CODE3).end)).toEqual([14, 7, PAGE + 0x10]);
    expect(faults(page(P | W, read).end)).toEqual(FINE0);
  });
  it("read-only pages, for ring 0 with WP only", () => {
    expect(faults(page(P | U, read, CODE3).end)).toEqual(FINE3);
    expect(faults(page(P | U, write, CODE3, 0, false).end)).toEqual([14, 7, PAGE + 0x10]);
    expect(faults(page(P | U, modify, CODE3, 0, false).end)).toEqual([14, 7, PAGE + 0x10]);
    expect(faults(page(P | U, write).end)).toEqual(FINE0);
    expect(faults(page(P | U, write, CODE0, WP, false).end)).toEqual([14, 3, PAGE + 0x10]);
    expect(faults(page(P, modify, CODE0, WP, false).end)).toEqual([14, 3, PAGE + 0x10]);
  });
  it("a read before the write does not make the page writable", () => {
    const both = (a: Assembler): Assembler => a.load(PAGE).store(PAGE + 4);
    expect(faults(page(P | U, both, CODE3).end)).toEqual([14, 7, PAGE + 4]);
    // without WP ring 0 may write, ring 3 afterwards may not
    const s = new Scenario({ ds: DATA3 }).paging();
    s.page(PAGE, P | U);
    s.code((a) =>
      a
        .store(PAGE)
        .push(0x23)
        .push(STACK3)
        .push(2)
        .push(CODE3)
        .push(CODE + 0x80)
        .b(0xcf),
    );
    s.code((a) => a.store(PAGE + 8), CODE + 0x80);
    expect(faults(s.run())).toEqual([14, 7, PAGE + 8]);
  });
  it("takes the stricter of directory and table", () => {
    const directory = (bits: number, make: (a: Assembler) => void): (number | undefined)[] => {
      // a second table for linear 400000h, whose pages are the first ones
      const s = new Scenario({ cs: CODE3 }).paging();
      s.put32(PAGES + 4, (PAGES + 0x2000) | bits).put32(PAGES + 0x2000, 0x9000 | P | W | U);
      s.code(make);
      return faults(s.run(NO_QEMU));
    };
    expect(directory(P | W | U, (a) => a.store(0x40_0000).int(0x20))).toEqual(FINE3);
    expect(directory(P | U, (a) => a.store(0x40_0000))).toEqual([14, 7, 0x40_0000]);
    expect(directory(P | U, (a) => a.load(0x40_0000).int(0x20))).toEqual(FINE3);
    expect(directory(P | W, (a) => a.load(0x40_0000))).toEqual([14, 5, 0x40_0000]);
    expect(directory(W | U, (a) => a.load(0x40_0000))).toEqual([14, 4, 0x40_0000]);
  });
  it("instruction fetches, also of the second page of an instruction", () => {
    const fetch = (bits: number): Outcome => {
      const s = new Scenario({ cs: CODE3 }).paging();
      s.page(PAGE, bits);
      s.code((a) => a.b(0xe9).d(PAGE - 2 - (CODE + 5)));
      s.put8(PAGE - 2, 0x40, 0xb8, 1, 0, 0, 0, 0xcd, 0x20);
      return s.run();
    };
    expect(faults(fetch(P | W | U))).toEqual(FINE3);
    const absent = fetch(0);
    expect([...faults(absent), absent.eip, absent.registers.eax]).toEqual([14, 4, PAGE, PAGE - 1, 1]);
    const supervisor = fetch(P | W);
    expect([...faults(supervisor), supervisor.eip]).toEqual([14, 5, PAGE, PAGE - 1]);
  });
  it("an instruction that ends with its page does not need the next", () => {
    const s = new Scenario({ cs: CODE3 }).paging();
    s.page(PAGE, 0);
    s.code((a) => a.b(0xe9).d(PAGE - 6 - (CODE + 5)));
    // inc eax; mov ebx, 5, then nothing
    s.put8(PAGE - 6, 0x40, 0xbb, 5, 0, 0, 0);
    const end = s.run();
    expect([...faults(end), end.eip, end.registers.ebx]).toEqual([14, 4, PAGE, PAGE, 5]);
  });
  it("system structures are read with supervisor rights", () => {
    const s = new Scenario({ cs: CODE3 }).paging();
    for (const where of [0x1000, 0x3000, 0x4000, 0x5000]) s.page(where, P | W);
    s.code((a) => a.seg("es", 0x23).int(0x20));
    expect(faults(s.run())).toEqual(FINE3);
  });
});

describe("accessed and dirty bits", () => {
  it("are set by what happens", () => {
    expect(page(P | W | U, (a) => a.int(0x20)).entry).toBe(P | W | U);
    expect(page(P | W | U, read).entry).toBe(P | W | U | A);
    expect(page(P | W | U, write).entry).toBe(P | W | U | A | D);
    expect(page(P | W | U, modify).entry).toBe(P | W | U | A | D);
    // first read, then written
    expect(page(P | W | U, (a) => a.load(PAGE).store(PAGE).int(0x20)).entry).toBe(P | W | U | A | D);
  });
  it("are not set by an access that faults", () => {
    expect(page(P | W, read, CODE3, 0, false).entry).toBe(P | W);
    expect(page(P | U, write, CODE3, 0, false).entry).toBe(P | U);
  });
  it("of the directory: accessed only, and dirty with a large page", () => {
    const s = new Scenario({ cr4: PSE }).paging();
    s.put32(PAGES + 4, P | W | U | LARGE);
    s.code((a) => a.load(0x40_8000).hlt());
    const readOnly = s.run();
    expect([readOnly.read32(PAGES) & 0xfff, readOnly.read32(PAGES + 4)]).toEqual([P | W | U | A, P | W | U | LARGE | A]);
    const t = new Scenario({ cr4: PSE }).paging();
    t.put32(PAGES + 4, P | W | U | LARGE);
    t.code((a) => a.load(0x40_8000).store(0x40_9000).hlt());
    expect(t.run().read32(PAGES + 4)).toBe(P | W | U | LARGE | A | D);
  });
});

describe("large pages", () => {
  it("of 4 MiB map and protect", () => {
    const s = new Scenario({ cs: CODE3, cr4: PSE }).paging();
    s.put32(PAGES + 4, P | W | U | LARGE).put32(PAGES + 8, P | U | LARGE);
    s.put32(0x9000, 0x1234_5678);
    s.code((a) => a.load(0x40_9000).store(0x40_9004).store(0x80_9000));
    const end = s.run();
    expect([...faults(end), end.registers.eax, end.read32(0x9004)]).toEqual([14, 7, 0x80_9000, 0x1234_5678, 0x1234_5678]);
  });
  it("are ordinary tables without CR4.PSE", () => {
    const s = new Scenario().paging();
    s.put32(PAGES + 4, (PAGES + 0x1000) | P | W | U | LARGE).put32(0x9000, 7);
    s.code((a) => a.load(0x40_9000).hlt());
    expect(s.run().registers.eax).toBe(7);
  });
  it("are forgotten whole by INVLPG", () => {
    const s = new Scenario({ cr4: PSE }).paging();
    s.put32(PAGES + 4, P | W | U | LARGE)
      .put32(0x9000, 1)
      .put32(0xa000, 2)
      .put32(0x10_9000, 3)
      .put32(0x10_a000, 4);
    // a table for the same region that shows the second megabyte
    for (let at = 0; at < 1024; at++) s.put32(PAGES + 0x2000 + at * 4, (((at + 0x100) & 0x1ff) << 12) | 7);
    s.code((a) =>
      a
        .load(0x40_9000)
        .b(0x89, 0xc3)
        .load(0x40_a000)
        .b(0x89, 0xc1)
        .mov("eax", (PAGES + 0x2000) | 7)
        .store(PAGES + 4)
        // invlpg [400000h]
        .b(0x0f, 0x01, 0x3d)
        .d(0x40_0000)
        .load(0x40_9000)
        .b(0x89, 0xc2)
        .load(0x40_a000)
        .hlt(),
    );
    const end = s.run();
    expect([end.registers.ebx, end.registers.ecx, end.registers.edx, end.registers.eax]).toEqual([1, 2, 3, 4]);
  });
});

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
  it("survive a CR3 load when global, not a change of CR4.PGE", () => {
    const s = new Scenario({ cr4: PGE }).paging();
    s.page(PAGE, P | W | U | 0x100);
    s.put32(PAGE, 1).put32(0xc000, 2);
    s.code((a) =>
      a
        .load(PAGE)
        .mov("eax", 0xc107)
        .store(s.pte(PAGE))
        .b(0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8)
        .load(PAGE)
        .b(0x89, 0xc3)
        // cr4 without and with PGE
        .b(0x0f, 0x20, 0xe0, 0x34, 0x80, 0x0f, 0x22, 0xe0, 0x34, 0x80, 0x0f, 0x22, 0xe0)
        .load(PAGE)
        .hlt(),
    );
    const end = s.run(NO_QEMU);
    expect([end.registers.ebx, end.registers.eax]).toEqual([1, 2]);
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

describe("PAE", () => {
  const PDPT = 0x3_0000;
  const DIRECTORY = 0x3_1000;
  const TABLE = 0x3_2000;
  /** Identity map of the first 2 MiB; linear 200000h to 3FFFFFh a large page on the same memory. */
  const pae = (cs: number, large: number): Scenario => {
    const s = new Scenario({ cs, cr0: 0x8000_0011, cr3: PDPT, cr4: PAE });
    s.put32(PDPT, DIRECTORY | P)
      .put32(DIRECTORY, TABLE | 7)
      .put32(DIRECTORY + 8, large | LARGE);
    for (let at = 0; at < 512; at++) s.put32(TABLE + at * 8, (at << 12) | 7);
    return s;
  };
  it("maps 4 KiB and 2 MiB pages through three levels", () => {
    const s = pae(CODE3, P | W | U);
    s.put32(0x9000, 0x5555);
    s.code((a) => a.load(0x20_9000).store(0xa000).store(0x20_b000).int(0x20));
    const end = s.run(NO_QEMU);
    expect([...faults(end), end.read32(0xa000), end.read32(0xb000)]).toEqual([...FINE3, 0x5555, 0x5555]);
    expect([end.read32(DIRECTORY) & 0xfff, end.read32(DIRECTORY + 8) & 0xfff, end.read32(TABLE + 0xa * 8) & 0xfff, end.read32(TABLE + 9 * 8) & 0xfff]).toEqual([
      P | W | U | A,
      P | W | U | LARGE | A | D,
      P | W | U | A | D,
      P | W | U,
    ]);
  });
  it("faults at each level", () => {
    const at = (prepare: (s: Scenario) => void, address: number, make: "load" | "store" = "load"): (number | undefined)[] => {
      const s = pae(CODE3, P | U);
      prepare(s);
      s.code((a) => a[make](address));
      return faults(s.run(NO_QEMU));
    };
    expect(at(() => {}, 0x4000_0000)).toEqual([14, 4, 0x4000_0000]);
    expect(at(() => {}, 0x40_0000)).toEqual([14, 4, 0x40_0000]);
    expect(at((s) => s.put32(TABLE + 9 * 8, 0), 0x9000)).toEqual([14, 4, 0x9000]);
    expect(at(() => {}, 0x20_9000, "store")).toEqual([14, 7, 0x20_9000]);
    expect(at((s) => s.put32(TABLE + 9 * 8, 0x9000 | P | W), 0x9000)).toEqual([14, 5, 0x9000]);
  });
  it("takes reserved upper bits for a fault", () => {
    const s = pae(CODE0, P | W);
    s.put32(TABLE + 9 * 8 + 4, 0x0010_0000);
    s.code((a) => a.load(0x9000));
    expect(faults(s.run(NO_QEMU))).toEqual([14, 9, 0x9000]);
  });
});

describe("a stack in a page that is not there", () => {
  it("faults with the stack pointer as it was", () => {
    const s = new Scenario({ cs: CODE3, esp: PAGE + 4, registers: { eax: 1 } }).paging();
    s.page(PAGE - 0x1000, 0);
    s.code((a) => a.b(0x50, 0x50));
    const end = s.run();
    expect([...faults(end), end.eip, end.esp]).toEqual([14, 6, PAGE - 4, CODE + 1, PAGE]);
  });
  it("of the handler makes a double fault, then shutdown", () => {
    const s = new Scenario().paging();
    s.page(STACK0 - 0x1000, 0);
    s.state.esp = 0xe000;
    s.code((a) => a.mov("esp", STACK0).b(0x50));
    expect(s.run().shutdown).toBe(true);
  });
});
