import { describe, expect, it } from "vitest";
import { FACTS } from "../../kernel/cpu/tables/table.js";
import { CODE, CODE0, CODE3, type Outcome, type QemuJudges, Scenario } from "./scenario.js";

const run = (code: readonly number[], cs = CODE0, qemu: QemuJudges = true): Outcome => {
  const s = new Scenario({ cs, registers: { ebx: 0x9000, esi: 0x9000, edi: 0x9000, ebp: 0x9000, ecx: 1 } });
  s.code((a) => a.b(...code).int(0x20));
  return s.run({ qemu });
};
const ends = (end: Outcome): (number | undefined)[] => [end.vector, end.error];

describe("LOCK", () => {
  it("is allowed before read-modify-write to memory", () => {
    for (const code of [
      [0x01, 0x03],
      [0x11, 0x03],
      [0x80, 0x03, 1],
      [0x83, 0x2b, 1],
      [0x87, 0x03],
      [0xfe, 0x03],
      [0xff, 0x0b],
      [0xf6, 0x13],
      [0xf7, 0x1b],
      [0x0f, 0xab, 0x03],
      [0x0f, 0xba, 0x3b, 1],
      [0x0f, 0xb1, 0x03],
      [0x0f, 0xc1, 0x03],
      [0x0f, 0xc7, 0x0b],
    ])
      expect(ends(run([0xf0, ...code]))).toEqual([0x20, undefined]);
  });
  it("is #UD before everything else", () => {
    for (const code of [
      [0x01, 0xc3],
      [0x03, 0x03],
      [0x39, 0x03],
      [0x84, 0x03],
      [0x89, 0x03],
      [0x8b, 0x03],
      [0x90],
      [0x87, 0xc3],
      [0xff, 0x33],
      [0xf7, 0x23],
      [0xf6, 0x03, 1],
      [0xd1, 0x23],
      [0x0f, 0xa3, 0x03],
      [0x0f, 0xba, 0x23, 1],
      [0x0f, 0xaf, 0x03],
      [0xa4],
      [0xeb, 0],
      [0xcd, 0x20],
      [0xf4],
    ]) {
      const end = run([0xf0, ...code], CODE0, "CMP and TEST pass with LOCK (SDM volume 2, LOCK: the list of what may be locked)");
      expect([...ends(end), end.eip]).toEqual([6, undefined, CODE]);
    }
  });
});

describe("instruction length", () => {
  it("of fifteen bytes is fine, of sixteen #GP(0)", () => {
    for (const [prefixes, bytes] of [
      [14, [0x90]],
      [13, [0x8b, 0x03]],
      [9, [0x8b, 0x83, 0, 0, 0, 0]],
      [5, [0x81, 0x83, 0, 0, 0, 0, 1, 2, 3, 4]],
    ] as const) {
      const prefix = new Array<number>(prefixes).fill(0x3e);
      expect(ends(run([...prefix, ...bytes]))).toEqual([0x20, undefined]);
      const end = run([...prefix, 0x3e, ...bytes]);
      expect([...ends(end), end.eip]).toEqual([13, 0, CODE]);
    }
  });
  it("is looked at before the page behind the fifteenth byte is", () => {
    const s = new Scenario({ cs: CODE3 }).paging();
    s.page(0x9000, 0);
    s.memory.fill(0x3e, 0x9000 - 15, 0x9000);
    s.code((a) => a.b(0xe9).d(0x9000 - 15 - (CODE + 5)));
    expect(ends(s.run({ qemu: "the sixteenth byte is fetched first (SDM volume 3, 6.9)" }))).toEqual([13, 0]);
    const t = new Scenario({ cs: CODE3 }).paging();
    t.page(0x9000, 0);
    t.memory.fill(0x3e, 0x9000 - 14, 0x9000);
    t.code((a) => a.b(0xe9).d(0x9000 - 14 - (CODE + 5)));
    const end = t.run();
    expect([...ends(end), end.cr2, end.eip]).toEqual([14, 4, 0x9000, 0x9000 - 14]);
  });
});

describe("undefined opcodes", () => {
  it("are #UD at their own address", () => {
    for (const code of [
      [0x0f, 0x0b],
      [0x0f, 0xff, 0xc0],
      [0x0f, 0xb9, 0xc0],
      [0x0f, 0x04],
      [0x0f, 0x0a],
      [0x0f, 0x24, 0xc0],
      [0xfe, 0xd0],
      [0xff, 0xf8],
      [0x8f, 0xc8],
      [0xc6, 0xc8, 0],
      [0x0f, 0xba, 0xc0, 1],
      [0x0f, 0x00, 0xf0],
      [0x0f, 0x01, 0xe8],
      // memory forms only
      [0x8d, 0xc0],
      [0x62, 0xc0],
      [0xc4, 0xc0, 0, 0],
      [0xc5, 0xc0, 0, 0],
      [0x0f, 0xb2, 0xc0],
      [0x0f, 0x01, 0xf8 - 8 * 6 - 0x20],
      [0xff, 0xd8],
      [0xff, 0xe8],
      // control and debug registers that do not exist
      [0x0f, 0x20, 0xc8],
      [0x0f, 0x22, 0xe8],
    ]) {
      const end = run(code, CODE0, "some reserved encodings are executed (SDM volume 2, appendix A)");
      expect([...ends(end), end.eip]).toEqual([6, undefined, CODE]);
    }
  });
  it("are the same in ring 3, before any privilege", () => {
    expect(ends(run([0x0f, 0x20, 0xc8], CODE3, "#GP for a control register that does not exist (SDM volume 2, MOV control registers: #UD)"))).toEqual([6, undefined]);
    expect(ends(run([0x0f, 0x0b], CODE3))).toEqual([6, undefined]);
  });
});

describe("aliases and undocumented forms", () => {
  it("82h is 80h, C1 /6 is /4, F7 /1 is /0", () => {
    expect(run([0x82, 0xc3, 5]).registers.ebx).toBe(0x9005);
    expect(run([0xc1, 0xf3, 4]).registers.ebx).toBe(0x9_0000);
    // the captured vectors have these
    expect(ends(run([0xf7, 0xcb, 1, 2, 3, 4], CODE0, "F7 /1 is #UD (TEST on processors)"))).toEqual([0x20, undefined]);
  });
  it("SALC", () => {
    expect(run([0xf9, 0xd6]).registers.eax).toBe(0xff);
  });
  it("the long NOP touches nothing", () => {
    expect(ends(run([0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0x7f]))).toEqual([0x20, undefined]);
  });
  it("BSWAP, XADD and CMPXCHG8B as documented", () => {
    expect(run([0x0f, 0xcb]).registers.ebx).toBe(0x0090_0000);
    expect(run([0x0f, 0xc1, 0xcb]).registers).toMatchObject({ ebx: 0x9001, ecx: 0x9000 });
  });
});

describe("the opcode table", () => {
  it("has every one-byte opcode once", () => {
    const seen = new Map<string, string>();
    for (const fact of FACTS) {
      const key = fact.opcode;
      expect(seen.get(key), key).toBeUndefined();
      seen.set(key, fact.mnemonic);
    }
    expect(FACTS.length).toBeGreaterThan(300);
  });
});
