/** Reserved bits of paging structures and their place among the other faults (Intel SDM volume 3, 4.3, 4.4.2 and 4.7). */
import { describe, expect, it } from "vitest";
import type { Assembler } from "./assemble.js";
import { DIRECTORY, directoryEntry, FINE0, faults, LARGE, NX, P, PAE_MARKS, PSE, pae, paeEntry, U, W } from "./page-tables.js";
import { CODE0, CODE3, PAGES, Scenario } from "./scenario.js";

const UNLIKE_QEMU = { qemu: "QEMU has PSE-36, reports reserved bits without P in the error code (4.7), and sets A in PDPTEs (4.4.1)" };
const RSVD = 8;
const AT = 0x40_9000;
const load = (a: Assembler): Assembler => a.load(AT).int(0x20);
const store = (a: Assembler): Assembler => a.store(AT).int(0x20);

describe("reserved bits with 32-bit paging", () => {
  const large = (bits: number, make: (a: Assembler) => void, cs = CODE0, cr4 = PSE): (number | undefined)[] => {
    const s = new Scenario({ cs, cr4 }).paging();
    s.put32(directoryEntry(AT), bits | LARGE);
    s.code(make);
    return faults(s.run(UNLIKE_QEMU));
  };
  it("13 to 21 of a 4 MiB page, without PSE-36", () => {
    for (let bit = 13; bit <= 21; bit++) expect(large(P | W | U | (1 << bit), load)).toEqual([14, P | RSVD, AT]);
    expect(large(P | W | U, load)).toEqual(FINE0);
    expect(large(P | W | U | 0xe18, load)).toEqual(FINE0);
  });
  it("come before rights: the error code has P and the kind of access", () => {
    expect(large(P | (1 << 21), load, CODE3)).toEqual([14, P | U | RSVD, AT]);
    expect(large(P | (1 << 21), store, CODE3)).toEqual([14, P | W | U | RSVD, AT]);
    expect(large(P | W | (1 << 21), store)).toEqual([14, P | W | RSVD, AT]);
  });
  it("do not matter in an entry that is not present", () => {
    expect(large(W | U | (1 << 21), load)).toEqual([14, 0, AT]);
  });
  it("there are none without CR4.PSE", () => {
    const s = new Scenario().paging();
    // a table at 25000h: bits 13 and up are its address
    s.put32(directoryEntry(AT), (PAGES + 0x5000) | P | W | U | LARGE).put32(PAGES + 0x5000 + 9 * 4, 0x9000 | P | W | U);
    s.code(load);
    expect(faults(s.run())).toEqual(FINE0);
  });
});

describe("reserved bits with PAE", () => {
  const LINEAR = 0x9000;
  const IN_LARGE = 0x20_9000;
  const at = (prepare: (s: Scenario) => void, address: number, make: "load" | "store" = "load", cs = CODE0): (number | undefined)[] => {
    const s = pae(cs);
    prepare(s);
    s.code((a) => a[make](address).int(0x20));
    return faults(s.run(UNLIKE_QEMU));
  };
  it("36 to 62 of every entry", () => {
    for (const bit of [4, 12, 20, 30]) {
      const high = 1 << bit;
      expect(at((s) => s.put32(paeEntry(LINEAR) + 4, high), LINEAR)).toEqual([14, P | RSVD, LINEAR]);
      expect(at((s) => s.put32(DIRECTORY + 12, high), IN_LARGE)).toEqual([14, P | RSVD, IN_LARGE]);
      // the directory entry of a table: a page that the program does not need
      expect(at((s) => s.put32(DIRECTORY + 16, 0x3_2000 | P | W | U, high), 0x40_9000)).toEqual([14, P | RSVD, 0x40_9000]);
    }
  });
  it("63 while EFER.NXE is clear", () => {
    expect(at((s) => s.put32(paeEntry(LINEAR) + 4, NX), LINEAR)).toEqual([14, P | RSVD, LINEAR]);
    expect(at((s) => s.put32(DIRECTORY + 12, NX), IN_LARGE, "store")).toEqual([14, P | W | RSVD, IN_LARGE]);
  });
  it("13 to 20 of a 2 MiB page", () => {
    for (let bit = 13; bit <= 20; bit++) expect(at((s) => s.put32(DIRECTORY + 8, P | W | U | LARGE | (1 << bit)), IN_LARGE)).toEqual([14, P | RSVD, IN_LARGE]);
  });
  it("not address bits 32 to 35", () => {
    expect(at((s) => s.put32(paeEntry(LINEAR) + 4, 0xf), LINEAR)).toEqual(FINE0);
  });
  it("come before rights and before the next level, not before presence", () => {
    expect(at((s) => s.put32(paeEntry(LINEAR), LINEAR | P, 0x10), LINEAR, "store", CODE3)).toEqual([14, P | W | U | RSVD, LINEAR]);
    // the table that this entry names is empty
    expect(at((s) => s.put32(DIRECTORY + 16, 0x3_8000 | P | W | U, 0x10), 0x40_9000)).toEqual([14, P | RSVD, 0x40_9000]);
    expect(at((s) => s.put32(DIRECTORY + 16, 0x3_8000 | P | W | U), 0x40_9000)).toEqual([14, 0, 0x40_9000]);
    expect(at((s) => s.put32(paeEntry(LINEAR), LINEAR | W | U, 0x10), LINEAR)).toEqual([14, 0, LINEAR]);
  });
  it("the same programs without reserved bits do not fault", () => {
    const s = pae(CODE0);
    s.code((a) => a.load(LINEAR).store(IN_LARGE).int(0x20));
    expect(faults(s.run({ qemu: PAE_MARKS }))).toEqual(FINE0);
  });
});
