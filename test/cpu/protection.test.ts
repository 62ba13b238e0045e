import { describe, expect, it } from "vitest";
import type { Assembler } from "./assemble.js";
import { ACCESS, BIG, CODE, CODE0, CODE1, CODE3, CONFORMING, DATA, DATA0, DATA3, dpl, GDT, GRANULAR, type Outcome, Scenario, TASK } from "./scenario.js";

const NO_QEMU = { qemu: "neither limits nor types of segments are checked (SDM volume 3, 5.3 and 5.5)" };
const SELECTOR = 0x60;

/** Loads DS with a descriptor of the test's and executes code. */
const withSegment = (cs: number, limit: number, access: number, flags: number, code: readonly number[], base = DATA): Outcome => {
  const scenario = new Scenario({ cs });
  scenario.descriptor(SELECTOR, base, limit, access | dpl(cs & 3), flags);
  scenario.code((a) =>
    a
      .seg("fs", SELECTOR | (cs & 3))
      .b(0x64, ...code)
      .int(0x20),
  );
  return scenario.run(NO_QEMU);
};
const ends = (end: Outcome): (number | undefined)[] => [end.vector, end.error];
const FINE = [13, 0x20 * 8 + 2];
/** `int 20h` is allowed to ring 0 only. */
const fine = (cs: number): (number | undefined)[] => ((cs & 3) === 0 ? [0x20, undefined] : FINE);

const loads = (address: number): number[] => [0xa1, address, address >> 8, address >> 16, address >>> 24];
const stores = (address: number): number[] => [0xa3, address, address >> 8, address >> 16, address >>> 24];

describe("segment limits and types", () => {
  for (const cs of [CODE0, CODE3]) {
    it(`of data, ring ${cs & 3}`, () => {
      expect(ends(withSegment(cs, 0xfff, ACCESS.data, BIG, loads(0xffc)))).toEqual(fine(cs));
      expect(ends(withSegment(cs, 0xfff, ACCESS.data, BIG, loads(0xffd)))).toEqual([13, 0]);
      expect(ends(withSegment(cs, 0xfff, ACCESS.data, BIG, stores(0x1000)))).toEqual([13, 0]);
      expect(ends(withSegment(cs, 0, ACCESS.data, BIG, [0xa0, 0, 0, 0, 0]))).toEqual(fine(cs));
      expect(ends(withSegment(cs, 0, ACCESS.data, BIG, [0xa0, 1, 0, 0, 0]))).toEqual([13, 0]);
      // granular: the low twelve bits are not checked
      expect(ends(withSegment(cs, 0, ACCESS.data, BIG | GRANULAR, loads(0xffc)))).toEqual(fine(cs));
      expect(ends(withSegment(cs, 0, ACCESS.data, BIG | GRANULAR, loads(0xffd)))).toEqual([13, 0]);
    });

    it(`of read-only and code segments, ring ${cs & 3}`, () => {
      expect(ends(withSegment(cs, 0xfff, ACCESS.readOnly, BIG, loads(0)))).toEqual(fine(cs));
      expect(ends(withSegment(cs, 0xfff, ACCESS.readOnly, BIG, stores(0)))).toEqual([13, 0]);
      // add [0], eax
      expect(ends(withSegment(cs, 0xfff, ACCESS.readOnly, BIG, [0x01, 0x05, 0, 0, 0, 0]))).toEqual([13, 0]);
      expect(ends(withSegment(cs, 0xfff, ACCESS.code, BIG, loads(0)))).toEqual(fine(cs));
      expect(ends(withSegment(cs, 0xfff, ACCESS.code, BIG, stores(0)))).toEqual([13, 0]);
    });

    it(`of expand-down segments, ring ${cs & 3}`, () => {
      expect(ends(withSegment(cs, 0xfff, ACCESS.expandDown, 0, loads(0x1000)))).toEqual(fine(cs));
      expect(ends(withSegment(cs, 0xfff, ACCESS.expandDown, 0, loads(0xfff)))).toEqual([13, 0]);
      expect(ends(withSegment(cs, 0xfff, ACCESS.expandDown, 0, loads(0xfffc)))).toEqual(fine(cs));
      expect(ends(withSegment(cs, 0xfff, ACCESS.expandDown, 0, loads(0xfffd)))).toEqual([13, 0]);
      expect(ends(withSegment(cs, 0xfff, ACCESS.expandDown, BIG, loads(0x1_0000)))).toEqual(fine(cs));
      expect(ends(withSegment(cs, 0, ACCESS.expandDown, BIG | GRANULAR, loads(0xfff)))).toEqual([13, 0]);
      expect(ends(withSegment(cs, 0, ACCESS.expandDown, BIG | GRANULAR, loads(0x1000)))).toEqual(fine(cs));
      // the whole segment is empty
      expect(ends(withSegment(cs, 0xf_ffff, ACCESS.expandDown, BIG | GRANULAR, loads(0x5000)))).toEqual([13, 0]);
    });
  }

  it("of the code segment: falling off its end, and jumping beyond it", () => {
    const off = new Scenario({ cs: SELECTOR });
    off.descriptor(SELECTOR, 0, CODE + 3, ACCESS.code, BIG);
    off.code((a) => a.nop(8));
    const fell = off.run(NO_QEMU);
    expect([fell.vector, fell.error, fell.eip]).toEqual([13, 0, CODE + 4]);

    const jump = new Scenario({ cs: SELECTOR });
    jump.descriptor(SELECTOR, 0, CODE + 0x20, ACCESS.code, BIG);
    jump.code((a) => a.nop(2).b(0xeb, 0x1d));
    const jumped = jump.run(NO_QEMU);
    expect([jumped.vector, jumped.error, jumped.eip]).toEqual([13, 0, CODE + 2]);

    // the last instruction reaches over the limit
    const half = new Scenario({ cs: SELECTOR });
    half.descriptor(SELECTOR, 0, CODE + 3, ACCESS.code, BIG);
    half.code((a) => a.b(0x40, 0xb8, 1, 2, 3, 4));
    const split = half.run(NO_QEMU);
    expect([split.vector, split.error, split.eip, split.registers.eax]).toEqual([13, 0, CODE + 1, 1]);
  });

  it("of code that has run before under a longer segment", () => {
    // the routine at CODE + 1000h is warm; then a shorter segment falls into its page, or into the middle of it
    for (const limit of [0xfff, 0x1000]) {
      const scenario = new Scenario({ cs: SELECTOR });
      scenario.descriptor(SELECTOR, 0, CODE + 0x1fff, ACCESS.code, BIG);
      scenario.descriptor(SELECTOR + 8, 0, CODE + limit, ACCESS.code, BIG);
      scenario.code((a) =>
        a
          .b(0xe8)
          .d(0x1000 - 5)
          .far(0xea, SELECTOR + 8, CODE + 0xffe),
      );
      scenario.put8(CODE + 0xffe, 0x90, 0x90, 0x40, 0x40, 0xc3);
      const end = scenario.run(NO_QEMU);
      expect([end.vector, end.error, end.eip, end.registers.eax]).toEqual([13, 0, CODE + limit + 1, 2 + limit - 0xfff]);
    }
  });
});

describe("loading segment registers", () => {
  /** Loads a selector into a segment register; the descriptor at 60h is the test's. */
  const load = (segment: "ds" | "ss", selector: number, access: number, cs = CODE0): (number | undefined)[] => {
    const scenario = new Scenario({ cs });
    scenario.descriptor(SELECTOR, 0, 0xfff, access, BIG);
    scenario.code((a) => a.seg(segment, selector).int(0x20));
    const end = scenario.run();
    if (end.vector === 13 && end.error === 0x102) return FINE;
    // nothing has been loaded
    if (end.vector !== 0x20) expect(end.words[16 + 3]).toBe((cs & 3) === 3 ? DATA3 : DATA0);
    return ends(end);
  };

  it("takes data and readable code with enough privilege", () => {
    expect(load("ds", SELECTOR, ACCESS.data)).toEqual(fine(CODE0));
    expect(load("ds", SELECTOR, ACCESS.readOnly)).toEqual(fine(CODE0));
    expect(load("ds", SELECTOR, ACCESS.code)).toEqual(fine(CODE0));
    expect(load("ds", SELECTOR | 3, ACCESS.data | dpl(3), CODE3)).toEqual(FINE);
    expect(load("ds", SELECTOR | 3, ACCESS.conforming, CODE3)).toEqual(FINE);
    expect(load("ds", SELECTOR | 3, ACCESS.data | dpl(3))).toEqual(fine(CODE0));
  });
  it("refuses execute-only code, system descriptors and missing privilege", () => {
    expect(load("ds", SELECTOR, ACCESS.executeOnly)).toEqual([13, SELECTOR]);
    expect(load("ds", TASK, ACCESS.data)).toEqual([13, TASK]);
    expect(load("ds", SELECTOR | 3, ACCESS.data)).toEqual([13, SELECTOR]);
    expect(load("ds", SELECTOR, ACCESS.data | dpl(2), CODE3)).toEqual([13, SELECTOR]);
    expect(load("ds", 0x400, ACCESS.data)).toEqual([13, 0x400]);
    expect(load("ds", 0x3fc, ACCESS.data)).toEqual([13, 0x3fc]);
  });
  it("reports what is not present, but only after type and privilege", () => {
    expect(load("ds", SELECTOR, ACCESS.data & ~0x80)).toEqual([11, SELECTOR]);
    expect(load("ds", SELECTOR, ACCESS.executeOnly & ~0x80)).toEqual([13, SELECTOR]);
    expect(load("ss", SELECTOR, ACCESS.data & ~0x80)).toEqual([12, SELECTOR]);
    expect(load("ss", SELECTOR, ACCESS.readOnly & ~0x80)).toEqual([13, SELECTOR]);
  });
  it("wants a writable segment of exactly this privilege for SS", () => {
    expect(load("ss", SELECTOR, ACCESS.readOnly)).toEqual([13, SELECTOR]);
    expect(load("ss", SELECTOR, ACCESS.code)).toEqual([13, SELECTOR]);
    expect(load("ss", SELECTOR | 3, ACCESS.data)).toEqual([13, SELECTOR]);
    expect(load("ss", SELECTOR, ACCESS.data | dpl(3))).toEqual([13, SELECTOR]);
    expect(load("ss", 0, ACCESS.data)).toEqual([13, 0]);
    expect(load("ss", 3, ACCESS.data, CODE3)).toEqual([13, 0]);
  });
  it("sets the accessed bit", () => {
    const scenario = new Scenario();
    scenario.descriptor(SELECTOR, 0, 0xfff, ACCESS.data & ~1, BIG);
    scenario.code((a) => a.seg("es", SELECTOR).hlt());
    expect(scenario.run().read8(GDT + SELECTOR + 5)).toBe(ACCESS.data);
  });
  it("does not set it for LAR, LSL, VERR and VERW", () => {
    const scenario = new Scenario({ registers: { ecx: SELECTOR } });
    scenario.descriptor(SELECTOR, 0, 0x2345, (ACCESS.data & ~1) | dpl(3), BIG | GRANULAR);
    // lar eax, ecx; lsl edx, ecx; verr cx; setz bl; verw cx; setz bh
    scenario.code((a) => a.b(0x0f, 2, 0xc1, 0x0f, 3, 0xd1, 0x0f, 0, 0xe1, 0x0f, 0x94, 0xc3, 0x0f, 0, 0xe9, 0x0f, 0x94, 0xc7).hlt());
    const end = scenario.run();
    expect(end.read8(GDT + SELECTOR + 5)).toBe((ACCESS.data & ~1) | dpl(3));
    expect([end.registers.eax & 0xf0_ff00, end.registers.edx, end.registers.ebx]).toEqual([0xc0_f200, 0x234_5fff, 0x101]);
  });
  it("lets a null selector in and faults on its use", () => {
    const scenario = new Scenario();
    scenario.code((a) => a.seg("ds", 3).load(0x8000).hlt());
    const end = scenario.run(NO_QEMU);
    expect([end.vector, end.error, end.eip]).toEqual([13, 0, CODE + 7]);
  });
  it("cannot load CS or what does not exist", () => {
    for (const register of [1, 6, 7]) {
      const scenario = new Scenario();
      scenario.code((a) => a.b(0x8e, 0xc0 | (register << 3)));
      expect(ends(scenario.run())).toEqual([6, undefined]);
    }
  });
  it("takes selectors from the LDT, and from none when there is none", () => {
    const local = new Scenario();
    local.descriptor(0x0c, DATA, 0xff, ACCESS.data, BIG).put32(DATA + 4, 0x1234_5678);
    local.code((a) =>
      a
        .seg("fs", 0x0c)
        .b(0x64, ...loads(4))
        .hlt(),
    );
    expect(local.run().registers.eax).toBe(0x1234_5678);
    const none = new Scenario({ ldt: 0 });
    none.code((a) => a.b(0x31, 0xc0, 0x0f, 0, 0xd0).seg("fs", 0x0c));
    expect(ends(none.run())).toEqual([13, 0x0c]);
  });
  it("LDS leaves register and segment alone when it faults", () => {
    const scenario = new Scenario({ registers: { ebx: 0x1111 } });
    scenario.put32(DATA, 0x2222, TASK);
    scenario.code((a) => a.b(0xc5, 0x1d).d(DATA));
    const end = scenario.run();
    expect([...ends(end), end.registers.ebx, end.words[19]]).toEqual([13, TASK, 0x1111, DATA0]);
  });
});

describe("far jumps and calls to code segments", () => {
  const jump = (selector: number, access: number, cs = CODE0): Outcome => {
    const scenario = new Scenario({ cs });
    scenario.descriptor(SELECTOR, 0, 0xf_ffff, access, BIG | GRANULAR);
    scenario.code((a) => a.far(0xea, selector, CODE + 0x40));
    // mov eax, cs; int 20h
    scenario.put8(CODE + 0x40, 0x8c, 0xc8, 0xcd, 0x20);
    return scenario.run();
  };
  it("need the exact privilege for nonconforming code", () => {
    expect(jump(SELECTOR, ACCESS.code).registers.eax).toBe(SELECTOR);
    expect(jump(SELECTOR | 3, ACCESS.code | dpl(3), CODE3).registers.eax).toBe(SELECTOR | 3);
    // RPL below CPL: the new CS has the CPL
    expect(jump(SELECTOR, ACCESS.code | dpl(3), CODE3).registers.eax).toBe(SELECTOR | 3);
    expect(ends(jump(SELECTOR | 3, ACCESS.code))).toEqual([13, SELECTOR]);
    expect(ends(jump(SELECTOR, ACCESS.code | dpl(3)))).toEqual([13, SELECTOR]);
    expect(ends(jump(SELECTOR | 3, ACCESS.code, CODE3))).toEqual([13, SELECTOR]);
  });
  it("stay at their privilege in conforming code", () => {
    expect(jump(SELECTOR, ACCESS.conforming, CODE3).registers.eax).toBe(SELECTOR | 3);
    expect(jump(CONFORMING, ACCESS.code, CODE1).registers.eax).toBe(CONFORMING | 1);
    expect(ends(jump(SELECTOR | 3, ACCESS.conforming | dpl(3), CODE1))).toEqual([13, SELECTOR]);
  });
  it("refuse data, null, absent and out of range", () => {
    expect(ends(jump(SELECTOR, ACCESS.data))).toEqual([13, SELECTOR]);
    expect(ends(jump(3, ACCESS.code))).toEqual([13, 0]);
    expect(ends(jump(SELECTOR, ACCESS.code & ~0x80))).toEqual([11, SELECTOR]);
    expect(ends(jump(0x500, ACCESS.code))).toEqual([13, 0x500]);
  });
  it("leave the stack as it was when the target is beyond its limit", () => {
    const scenario = new Scenario();
    scenario.descriptor(SELECTOR, 0, 0xff, ACCESS.code, BIG);
    scenario.code((a) => a.far(0x9a, SELECTOR, 0x100));
    const end = scenario.run(NO_QEMU);
    expect([...ends(end), end.eip, end.registers.esp]).toEqual([13, 0, CODE, 0x6000 - 16]);
  });
  it("return to an outer level, dropping segments it may not use", () => {
    const scenario = new Scenario();
    // es conforming code, fs inner data, gs data of ring 3
    scenario.code((a) =>
      a
        .seg("es", CONFORMING)
        .seg("fs", DATA0)
        .seg("gs", DATA3)
        .push(DATA3)
        .push(0x9000)
        .push(0x11)
        .push(0x22)
        .push(CODE3)
        .push(CODE + 0x60)
        .b(0xca, 8, 0),
    );
    scenario.put8(CODE + 0x60, 0xcd, 0x20);
    const end = scenario.run();
    expect([...ends(end), end.cs, end.ss, end.esp]).toEqual([...FINE, CODE3, DATA3, 0x9008]);
    expect([...end.words.slice(16, 22)]).toEqual([CONFORMING, CODE0, DATA0, 0, 0, DATA3]);
  });
  it("RETF to an inner level is refused", () => {
    const scenario = new Scenario({ cs: CODE3 });
    scenario.code((a) => a.push(CODE0).push(CODE).b(0xcb));
    expect(ends(scenario.run())).toEqual([13, CODE0]);
  });
});

describe("privileged instructions in ring 3", () => {
  const CODES: Record<string, number[]> = {
    hlt: [0xf4],
    lgdt: [0x0f, 0x01, 0x15, 0, 0, 0, 0],
    lidt: [0x0f, 0x01, 0x1d, 0, 0, 0, 0],
    lmsw: [0x0f, 0x01, 0xf0],
    invlpg: [0x0f, 0x01, 0x3d, 0, 0, 0, 0],
    clts: [0x0f, 0x06],
    invd: [0x0f, 0x08],
    wbinvd: [0x0f, 0x09],
    "mov cr0": [0x0f, 0x22, 0xc0],
    "mov from cr3": [0x0f, 0x20, 0xd8],
    "mov dr7": [0x0f, 0x23, 0xf8],
    rdmsr: [0x0f, 0x32],
    wrmsr: [0x0f, 0x30],
    lldt: [0x0f, 0x00, 0xd0],
    ltr: [0x0f, 0x00, 0xd8],
    cli: [0xfa],
    sti: [0xfb],
    in: [0xe4, 0x60],
    out: [0xee],
    insb: [0x6c],
    outsd: [0x6f],
  };
  for (const [name, code] of Object.entries(CODES)) {
    it(`${name} is #GP(0)`, () => {
      const scenario = new Scenario({ cs: CODE3 });
      scenario.code((a) => a.nop().b(...code));
      const end = scenario.run();
      expect([...ends(end), end.eip]).toEqual([13, 0, CODE + 1]);
    });
  }
  it("a program that may touch its flags keeps IOPL, and IF without IOPL", () => {
    // push 3202h | CF; popf; pushf; pop eax; int 20h
    const flags = (eflags: number): number => {
      const scenario = new Scenario({ cs: CODE3, eflags });
      scenario.code((a: Assembler) => a.push(0x3301).b(0x80, 0x64, 0x24, 1, 0xfe, 0x9d, 0x9c, 0x58).int(0x20));
      return scenario.run().registers.eax & 0x3201;
    };
    expect(flags(0x2)).toBe(0x0001);
    expect(flags(0x3002)).toBe(0x3201);
  });
});

describe("the I/O permission bitmap", () => {
  /** `in` with a size prefix and port 3F8h; the bitmap is the test's. */
  const access = (code: readonly number[], map: readonly number[], mapAt = 0x68, limit = 0x68 + 0x80): (number | undefined)[] => {
    const scenario = new Scenario({ cs: CODE3, registers: { edx: 0x3f8 } });
    scenario.descriptor(TASK, 0x3000, limit, ACCESS.tss32, 0);
    scenario.put16(0x3066, mapAt).put8(0x3000 + mapAt + 0x7f, ...map);
    scenario.code((a) => a.b(...code).int(0x20));
    return ends(scenario.run());
  };
  it("allows what its bits clear and nothing beyond the segment", () => {
    expect(access([0xec], [0x00, 0xff])).toEqual(FINE);
    expect(access([0xec], [0x01, 0xff])).toEqual([13, 0]);
    expect(access([0x66, 0xed], [0xfc, 0xff])).toEqual(FINE);
    expect(access([0x66, 0xed], [0xfe, 0xff])).toEqual([13, 0]);
    expect(access([0xed], [0xf0, 0xff])).toEqual(FINE);
    expect(access([0xed], [0xf8, 0xff])).toEqual([13, 0]);
    expect(access([0xec], [0x00], 0x68, 0x68 + 0x7f)).toEqual([13, 0]);
    expect(access([0xec], [0x00], 0x1000)).toEqual([13, 0]);
  });
  it("is not looked at with enough IOPL", () => {
    const scenario = new Scenario({ cs: CODE3, eflags: 0x3002, registers: { edx: 0x3f8 } });
    scenario.code((a) => a.b(0xec, 0xfa, 0xfb).int(0x20));
    expect(ends(scenario.run())).toEqual(FINE);
  });
});
