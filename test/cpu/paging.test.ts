import { describe, expect, it } from "vitest";
import type { Assembler } from "./assemble.js";
import { FINE0, FINE3, faults, LARGE, P, PSE, U, W, WP } from "./page-tables.js";
import { CODE, CODE0, CODE3, DATA3, type Outcome, PAGES, Scenario, STACK0, STACK3 } from "./scenario.js";

const PAGE = 0x9000;

/** Runs code with the page at 9000h marked so. */
const page = (bits: number, make: (a: Assembler) => void, cs = CODE0, cr0 = 0): Outcome => {
  const s = new Scenario({ cs, cr0: 0x11 | cr0 }).paging();
  s.page(PAGE, bits);
  s.code(make);
  return s.run({ qemu: { marks: [s.pte(PAGE)] } });
};
const read = (a: Assembler): Assembler => a.load(PAGE + 0x10).int(0x20);
const write = (a: Assembler): Assembler => a.store(PAGE + 0x10).int(0x20);
/** `add [page], eax` */
const modify = (a: Assembler): Assembler =>
  a
    .b(0x01, 0x05)
    .d(PAGE + 0x10)
    .int(0x20);

describe("page protection and error codes", () => {
  it("not present", () => {
    expect(faults(page(0, read))).toEqual([14, 0, PAGE + 0x10]);
    expect(faults(page(0, write))).toEqual([14, 2, PAGE + 0x10]);
    expect(faults(page(0, read, CODE3))).toEqual([14, 4, PAGE + 0x10]);
    expect(faults(page(0, write, CODE3))).toEqual([14, 6, PAGE + 0x10]);
  });
  it("supervisor pages from ring 3", () => {
    expect(faults(page(P | W, read, CODE3))).toEqual([14, 5, PAGE + 0x10]);
    expect(faults(page(P | W, write, CODE3))).toEqual([14, 7, PAGE + 0x10]);
    expect(faults(page(P | W, read))).toEqual(FINE0);
  });
  it("read-only pages, for ring 0 with WP only", () => {
    expect(faults(page(P | U, read, CODE3))).toEqual(FINE3);
    expect(faults(page(P | U, write, CODE3))).toEqual([14, 7, PAGE + 0x10]);
    expect(faults(page(P | U, modify, CODE3))).toEqual([14, 7, PAGE + 0x10]);
    expect(faults(page(P | U, write))).toEqual(FINE0);
    expect(faults(page(P | U, write, CODE0, WP))).toEqual([14, 3, PAGE + 0x10]);
    expect(faults(page(P, modify, CODE0, WP))).toEqual([14, 3, PAGE + 0x10]);
  });
  it("a read before the write does not make the page writable", () => {
    const both = (a: Assembler): Assembler => a.load(PAGE).store(PAGE + 4);
    expect(faults(page(P | U, both, CODE3))).toEqual([14, 7, PAGE + 4]);
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
      return faults(s.run({ qemu: { marks: [PAGES + 4, PAGES + 0x2000] } }));
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
