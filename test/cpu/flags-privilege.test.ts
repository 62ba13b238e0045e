import { describe, expect, it } from "vitest";
import { ACCESS, CODE0, CODE1, CODE3, DATA0, DATA1, DATA3, dpl, GATE, type Outcome, Scenario, TASK, TSS } from "./scenario.js";

/**
 * CLI, STI, PUSHF, POPF and IRET over CPL, IOPL, CR4.VME and CR4.PVI: what the pseudocode of SDM volume 2 says, worked out
 * here once more, against the processor and QEMU.
 */
const EXTENSIONS = "VME and PVI are not emulated (SDM volume 3, 20.3 and 20.4)";
const CS_BY_RING = [CODE0, CODE1, 0, CODE3];
const IF = 0x200;
const IOPL = 0x3000;
const NT = 0x4000;
const VM = 0x2_0000;
const AC = 0x4_0000;
const VIF = 0x8_0000;
const VIP = 0x10_0000;
const ID = 0x20_0000;

/** Flags that count here. RF depends on how the program was left. */
const ALL = 0x3e_7fd7;
const GP = "#GP(0)";

/** Runs code in a ring and gives the flags behind it, or the fault. `int 20h` ends it, with #GP(102h) outside ring 0. */
const inRing = (ring: number, eflags: number, cr4: number, code: readonly number[], esp?: number): { flags: number | string; end: Outcome } => {
  const s = new Scenario({ cs: CS_BY_RING[ring], eflags: 2, cr4, ...(esp === undefined ? {} : { esp }) });
  s.state.eflags = eflags;
  // ring 0 starts with the flags that its IRET loads
  s.code((a) => a.b(...code).int(0x20));
  const end = s.run(cr4 === 0 && (eflags & (VIF | VIP)) === 0 ? {} : { qemu: EXTENSIONS });
  return { flags: end.vector === 13 && end.error === 0 ? GP : end.eflags & ALL, end };
};
const inVirtual = (eflags: number, cr4: number, code: readonly number[]): { flags: number | string; end: Outcome } => {
  const s = new Scenario({ mode: "virtual", cs: 0x700, eip: 0, ss: 0x800, esp: 0x100, ds: 0, es: 0, fs: 0, gs: 0, eflags, cr4 });
  s.code((a) => a.b(...code, 0x0f, 0x0b));
  const end = s.run(cr4 === 0 && (eflags & (VIF | VIP)) === 0 ? {} : { qemu: EXTENSIONS });
  return { flags: end.vector === 13 && end.error === 0 ? GP : end.eflags & ALL, end };
};

const IOPLS = [0, 0x1000, 0x2000, 0x3000];
const VME = 1;
const PVI = 2;
const iopl = (eflags: number): number => (eflags >> 12) & 3;

describe("CLI and STI", () => {
  const cli = (cpl: number, eflags: number, virtualInterrupts: boolean): number | string => (iopl(eflags) >= cpl ? eflags & ~IF : virtualInterrupts ? eflags & ~VIF : GP);
  const sti = (cpl: number, eflags: number, virtualInterrupts: boolean): number | string =>
    iopl(eflags) >= cpl ? eflags | IF : virtualInterrupts && (eflags & VIP) === 0 ? eflags | VIF : GP;
  for (const ring of [0, 1, 3]) {
    it(`in ring ${ring}`, () => {
      for (const level of IOPLS) {
        for (const cr4 of [0, PVI]) {
          for (const more of cr4 === 0 ? [0] : [0, VIP]) {
            const eflags = 2 | level | more;
            const virtual = ring === 3 && cr4 === PVI;
            expect(inRing(ring, eflags | IF | VIF, cr4, [0xfa]).flags, `cli ${ring} ${level} ${cr4}`).toBe(cli(ring, eflags | IF | VIF, virtual));
            expect(inRing(ring, eflags, cr4, [0xfb]).flags, `sti ${ring} ${level} ${cr4}`).toBe(sti(ring, eflags, virtual));
          }
        }
      }
    });
  }
  it("in virtual-8086 mode", () => {
    for (const level of IOPLS) {
      for (const cr4 of [0, VME, PVI]) {
        for (const more of cr4 === VME ? [0, VIP] : [0]) {
          const eflags = 2 | level | more | VM;
          expect(inVirtual(eflags | IF | VIF, cr4, [0xfa]).flags).toBe(cli(3, eflags | IF | VIF, cr4 === VME));
          expect(inVirtual(eflags, cr4, [0xfb]).flags).toBe(sti(3, eflags, cr4 === VME));
        }
      }
    }
  });
});

describe("POPF", () => {
  /** Everything set, everything clear, with reserved bits. */
  const IMAGES = [0xffff_feff | 0, 0x0000_0000];
  /** Reserved bits 1, 3, 5, 15 and above 21. */
  const FIXED = 0xffc0_802a;
  const popf = (kept: number, image: number, changeable: number): number => (kept & ~changeable) | (image & changeable & ~FIXED & ALL) | 2;
  for (const ring of [0, 1, 3]) {
    it(`in ring ${ring}`, () => {
      for (const level of IOPLS) {
        for (const image of IMAGES) {
          for (const start of [2, 2 | IF | NT | 0xcd5]) {
            const eflags = start | level;
            // VM, VIF and VIP are never changed, RF reads as zero afterwards
            let mask = 0xffff | AC | ID;
            if (ring > 0) mask &= ~IOPL;
            if (ring > iopl(eflags)) mask &= ~IF;
            const push = [0x68, image, image >> 8, image >> 16, image >>> 24];
            expect(inRing(ring, eflags, 0, [...push, 0x9d]).flags, `popfd ${ring} ${level} ${image}`).toBe(popf(eflags, image, mask));
            expect(inRing(ring, eflags, 0, [...push, 0x66, 0x9d]).flags, `popf ${ring} ${level} ${image}`).toBe(popf(eflags, image, mask & 0xffff));
          }
        }
      }
    });
  }
  it("in ring 0 leaves VIF and VIP alone", () => {
    // SDM volume 2, POPF: "VIP, VIF, VM and all reserved bits are unaffected"
    expect(inRing(0, 2 | VIF | VIP, 0, [0x6a, 0, 0x9d]).flags).toBe(2 | VIF | VIP);
    expect(inRing(0, 2, 0, [0x68, 0, 0, 0x18, 0, 0x9d]).flags).toBe(2);
  });
  it("in virtual-8086 mode", () => {
    for (const level of IOPLS) {
      for (const cr4 of [0, VME]) {
        for (const image of [0x7cd5, 0x7ed5, 0x0000, 0x0100]) {
          for (const more of cr4 === VME ? [0, VIP] : [0]) {
            const eflags = 2 | level | more | VM;
            const push = [0x68, image, image >> 8];
            const three = level === IOPL;
            let expected: number | string = GP;
            if (three) expected = (image & 0x100) !== 0 ? "trap" : popf(eflags, image, 0xffff & ~IOPL);
            else if (cr4 === VME && (image & 0x100) === 0 && ((image & IF) === 0 || more === 0)) {
              expected = popf(eflags, image, 0xffff & ~(IOPL | IF)) | ((image & IF) !== 0 ? VIF : 0);
            }
            if (expected !== "trap") expect(inVirtual(eflags, cr4, [...push, 0x9d]).flags, `${level} ${cr4} ${image}`).toBe(expected);
            // 32 bits: only with IOPL 3
            const wide = inVirtual(eflags, cr4, [0x66, 0x68, image & ~0x100, (image >> 8) & ~1, 0x24, 0, 0x66, 0x9d]).flags;
            expect(wide).toBe(three ? popf(eflags, (image & ~0x100) | AC | ID, (0xffff & ~IOPL) | AC | ID) : GP);
          }
        }
      }
    }
  });
});

describe("PUSHF", () => {
  it("shows neither VM nor RF", () => {
    for (const ring of [0, 3]) {
      const eflags = 0x24_0ed7 | 0x3000;
      expect(inRing(ring, eflags & ~IF, 0, [0x9c, 0x58]).end.registers.eax).toBe(eflags & ~IF);
      expect(inRing(ring, eflags & ~IF, 0, [0x66, 0x9c, 0x66, 0x58]).end.registers.eax).toBe(eflags & ~IF & 0xffff);
    }
  });
  it("in virtual-8086 mode", () => {
    for (const level of IOPLS) {
      for (const cr4 of [0, VME]) {
        for (const more of [0, VIF]) {
          if (more !== 0 && cr4 === 0) continue;
          const eflags = 0xcd7 | level | more | VM;
          const { flags, end } = inVirtual(eflags, cr4, [0x9c, 0x58]);
          if (level === IOPL) expect(end.registers.eax).toBe(eflags & 0xffff);
          else if (cr4 === VME) expect(end.registers.eax).toBe((eflags & 0xffff & ~IF) | IOPL | (more !== 0 ? IF : 0));
          else expect(flags).toBe(GP);
          const wide = inVirtual(eflags, cr4, [0x66, 0x9c, 0x66, 0x58]);
          if (level === IOPL) expect(wide.end.registers.eax).toBe(eflags & ~VM);
          else expect(wide.flags).toBe(GP);
        }
      }
    }
  });
});

describe("IRET", () => {
  const IMAGE = 0x24_7ed5;
  for (const ring of [0, 1, 3]) {
    it(`within ring ${ring}`, () => {
      for (const level of IOPLS) {
        for (const size of [16, 32]) {
          const eflags = 2 | level;
          let mask = size === 16 ? 0xffff : 0xffff | AC | ID;
          if (ring > 0) mask &= ~IOPL;
          if (ring > iopl(eflags)) mask &= ~IF;
          const push = (value: number): number[] => (size === 16 ? [0x66, 0x68, value, value >> 8] : [0x68, value, value >> 8, value >> 16, value >>> 24]);
          const code = [...push(IMAGE), ...push(CS_BY_RING[ring]), ...push(0x7000 + 0x20), ...(size === 16 ? [0x66] : []), 0xcf];
          while (code.length < 0x20) code.push(0x90);
          expect(inRing(ring, eflags, 0, code).flags).toBe((eflags & ~mask) | (IMAGE & mask) | 2);
        }
      }
    });
  }
  it("from ring 0 loads VIF and VIP", () => {
    const s = new Scenario();
    s.code((a) =>
      a
        .push(DATA3)
        .push(0x9000)
        .push(2 | VIF | VIP)
        .push(CODE3)
        .push(0x7080)
        .b(0xcf),
    );
    s.put8(0x7080, 0xcd, 0x20);
    expect(s.run({ qemu: "VIF and VIP are not loaded (SDM volume 2, IRET)" }).eflags & (VIF | VIP)).toBe(VIF | VIP);
  });
  it("in ring 3 with VM in the image stays in protected mode", () => {
    const s = new Scenario({ cs: CODE3 });
    s.code((a) =>
      a
        .push(VM | 2)
        .push(CODE3)
        .push(0x7080)
        .b(0xcf),
    );
    s.put8(0x7080, 0xcd, 0x20);
    expect(s.run({ qemu: "VM is loaded at any CPL (SDM volume 2, IRET: at CPL 0)" }).eflags & VM).toBe(0);
  });
  it("of 16 bits does not enter virtual-8086 mode", () => {
    const s = new Scenario();
    s.code((a) => a.b(0x66, 0x6a, 2, 0x66, 0x68).w(CODE0).b(0x66, 0x68).w(0x7080).b(0x66, 0xcf));
    s.put8(0x7080, 0xf4);
    expect(s.run().stopped).toBe(0x7080);
  });
  it("in virtual-8086 mode", () => {
    for (const level of IOPLS) {
      for (const cr4 of [0, VME]) {
        for (const image of [0x7cd5, 0x7ed5]) {
          for (const more of cr4 === VME ? [0, VIP] : [0]) {
            const eflags = 2 | level | more | VM;
            const code = [0x68, image, image >> 8, 0x68, 0x00, 0x07, 0x68, 0x10, 0, 0xcf];
            while (code.length < 0x10) code.push(0x90);
            const { flags } = inVirtual(eflags, cr4, code);
            let expected: number | string = GP;
            if (level === IOPL) expected = (eflags & ~0xffff) | (image & 0xcfd5) | IOPL | 2;
            else if (cr4 === VME && ((image & IF) === 0 || more === 0)) {
              expected = (eflags & ~0xcdd5 & ~VIF) | (image & 0xcdd5 & 0x7fff) | 2 | ((image & IF) !== 0 ? VIF : 0);
            }
            expect(flags, `${level} ${cr4} ${image} ${more}`).toBe(expected);
          }
        }
      }
    }
  });
});

describe("INT n in virtual-8086 mode", () => {
  // SDM volume 3, table 20-2: methods 1 to 6 by VME, IOPL and the bit in the redirection bitmap
  const redirected = (vme: boolean, level: number, bit: 0 | 1): string => {
    const s = new Scenario({ mode: "virtual", cs: 0x700, eip: 0, ss: 0x800, esp: 0x100, ds: 0, es: 0, fs: 0, gs: 0, eflags: 2 | VM | IF | level, cr4: vme ? 1 : 0 });
    s.descriptor(TASK, TSS, 0x68 + 0x20 + 0x10, ACCESS.tss32, 0);
    s.put16(TSS + 0x66, 0x88);
    s.memory.fill(0, TSS + 0x68, TSS + 0x88);
    s.memory[TSS + 0x68 + 8] = bit;
    s.gate(0x40, CODE0, 0x4040, GATE.interrupt32 | dpl(3));
    s.put16(0x40 * 4, 0x0008, 0x0720).put8(0x7208, 0x0f, 0x0b);
    s.code((a) => a.int(0x40));
    const end = s.run(vme ? { qemu: EXTENSIONS } : {});
    if (end.vector === 13) return `#GP(${end.error})`;
    if (end.vector === 0x40) return `monitor, IF ${(end.eflags & IF) >> 9}`;
    const pushed = end.read16(0x8100 - 2);
    return `program, IF ${(end.eflags & IF) >> 9} VIF ${(end.eflags & VIF) >> 19}, pushed IF ${(pushed & IF) >> 9} IOPL ${iopl(pushed)}`;
  };
  it("goes where table 20-2 says", () => {
    expect(redirected(false, IOPL, 0)).toBe("monitor, IF 1");
    expect(redirected(false, 0x2000, 0)).toBe("#GP(0)");
    expect(redirected(true, IOPL, 1)).toBe("monitor, IF 1");
    expect(redirected(true, 0x2000, 1)).toBe("#GP(0)");
    expect(redirected(true, IOPL, 0)).toBe("program, IF 0 VIF 0, pushed IF 1 IOPL 3");
    expect(redirected(true, 0x1000, 0)).toBe("program, IF 1 VIF 0, pushed IF 0 IOPL 3");
  });
  it("with the redirection bitmap beyond the TSS is #GP(0)", () => {
    const s = new Scenario({ mode: "virtual", cs: 0x700, eip: 0, ss: 0x800, esp: 0x100, ds: 0, es: 0, fs: 0, gs: 0, eflags: 2 | VM | 0x3000, cr4: 1 });
    s.descriptor(TASK, TSS, 0x68 + 7, ACCESS.tss32, 0);
    s.put16(TSS + 0x66, 0x88);
    s.gate(0x40, CODE0, 0x4040, GATE.interrupt32 | dpl(3));
    s.code((a) => a.int(0x40));
    const end = s.run({ qemu: EXTENSIONS });
    expect([end.vector, end.error]).toEqual([13, 0]);
  });
});

describe("DPL 1 code", () => {
  it("has its own data segment rights", () => {
    const s = new Scenario({ cs: CODE1 });
    s.code((a) => a.seg("ds", DATA1).seg("es", DATA3).seg("fs", DATA0));
    const end = s.run();
    expect([end.vector, end.error]).toEqual([13, DATA0]);
  });
});
