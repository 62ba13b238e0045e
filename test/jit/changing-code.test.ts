/** Translated code that is written, by the guest and from outside, remapped, or crowded out. */
import { describe, expect, it } from "vitest";
import type { Assembler } from "../cpu/assemble.js";
import { Scenario } from "../cpu/scenario.js";
import { both, CODE, DATA, Processor } from "./machine.js";

const ROUNDS = 20_000;
/** Thresholds double with each change up to 2^12: a loop that always changes is hardly compiled any more. */
const MOST_COMPILED = 80;
const LONG = 4_000_000;

/** Runs both to their end, which must be the same. */
const compare = (make: (a: Assembler) => void, options = {}): Processor => {
  const { plain, jit } = both(make, options);
  for (const { cpu } of [plain, jit]) {
    cpu.run(LONG);
    expect(cpu.halted).toBe(true);
  }
  expect(jit.cpu.registers).toEqual(plain.cpu.registers);
  expect(jit.cpu.instructionCount).toBe(plain.cpu.instructionCount);
  expect(Buffer.compare(jit.memory.ram, plain.memory.ram)).toBe(0);
  return jit;
};

describe("a loop that writes its own code", () => {
  /** ADD EAX with the count as its operand, written just before it. */
  const changing = (a: Assembler): Assembler => {
    a.mov("ecx", ROUNDS).mov("eax", 0).label("top");
    a.b(0x89, 0x0d).address("operand").b(0x05).label("operand").d(0).b(0x49);
    return a.near8("top", 0x75).hlt();
  };
  it("does what it says each time, and is not compiled each time", () => {
    const jit = compare(changing);
    expect(jit.cpu.registers.eax).toBe((ROUNDS * (ROUNDS + 1)) / 2);
    expect(jit.compiled).toBeGreaterThan(3);
    expect(jit.compiled).toBeLessThan(MOST_COMPILED);
    expect(jit.translator.statistics.invalidated).toBeGreaterThan(2);
  });
  it("is compiled when it has stopped changing", () => {
    const jit = compare((a) => {
      a.mov("ecx", 200).mov("eax", 0).label("top");
      a.b(0x89, 0x0d).address("operand").b(0x05).label("operand").d(0).b(0x49).near8("top", 0x75);
      a.mov("ecx", 300_000).label("calm").b(0x40, 0x01, 0xc3, 0x49).near8("calm", 0x75).hlt();
    });
    expect(jit.translator.statistics.executed).toBeGreaterThan(jit.cpu.instructionCount / 2);
  });
  it("beside data of its own page stays translated", () => {
    const jit = compare((a) => {
      a.mov("ecx", ROUNDS)
        .mov("edi", CODE + 0x800)
        .label("top");
      a.b(0x89, 0x0f, 0x03, 0x07, 0x49).near8("top", 0x75).hlt();
    });
    expect(jit.compiled).toBeLessThan(MOST_COMPILED);
    expect(jit.translator.statistics.executed).toBeGreaterThan(ROUNDS);
  });
  it("in the instruction that the region has next", () => {
    // INC EBX and DEC EBX in turn, by the parity of the count
    const jit = compare((a) => {
      a.mov("ecx", 3001).label("top").b(0x89, 0xc8, 0x83, 0xe0, 1, 0xc1, 0xe0, 3, 0x83, 0xc0, 0x43, 0xa2).address("changed");
      a.label("changed").b(0x43, 0x49).near8("top", 0x75).hlt();
    });
    expect(jit.cpu.registers.ebx | 0).toBe(-1);
  });
});

/** Counts EBX up for ever. */
const counting = (a: Assembler): Assembler => a.label("top").b(0x43, 0x90).near8("top", 0xeb);

describe("code changed from outside", () => {
  it("between two runs, by a write to memory", () => {
    const jit = new Processor({});
    jit.program(counting);
    jit.cpu.run(30_000);
    expect(jit.cpu.registers.ebx).toBe(10_000);
    jit.cpu.setRegister("edx", 0);
    expect(jit.translator.statistics.executed).toBeGreaterThan(20_000);
    jit.space.write(CODE, Uint8Array.of(0x42));
    jit.cpu.run(30_000);
    expect([jit.cpu.registers.ebx, jit.cpu.registers.edx]).toEqual([10_000, 10_000]);
    expect(jit.translator.statistics.invalidated).toBeGreaterThan(0);
  });
  it("by a port's handler, while the region that called it runs", () => {
    const jit = new Processor({});
    // after 500 OUTs the INC behind it is of another register
    jit.program((a) => a.label("top").b(0xe6, 0x50, 0x43).near8("top", 0xeb));
    let outs = 0;
    jit.ports.map(0x50, 1, { write8: () => ++outs === 500 && jit.space.write(CODE + 2, Uint8Array.of(0x42)) }, "test", false);
    jit.cpu.setRegister("edx", 0);
    jit.cpu.run(3000);
    expect([jit.cpu.registers.ebx, jit.cpu.registers.edx]).toEqual([499, 501]);
    expect(jit.translator.statistics.fences).toBeGreaterThan(100);
  });
  it("by REP MOVS of the guest, over a routine that is called again and again", () => {
    const ROUTINE = 0x6000;
    // one of two routines is copied there before every 16th call
    const jit = compare((a) => {
      // INC EBX, RET; ADD EDX, 3, RET
      a.mov("eax", 0xc343)
        .store(DATA)
        .mov("eax", 0xc303_c283)
        .store(DATA + 16)
        .mov("edx", 0);
      a.mov("ebp", 2000).label("top").b(0xf7, 0xc5).d(15).near8("call", 0x75);
      a.mov("esi", DATA)
        .b(0xf7, 0xc5)
        .d(16)
        .near8("copy", 0x74)
        .mov("esi", DATA + 16);
      a.label("copy").mov("edi", ROUTINE).mov("ecx", 16).b(0xf3, 0xa4);
      a.label("call")
        .b(0xe8)
        .d(ROUTINE - (a.here + 4))
        .b(0x4d)
        .near8("top", 0x75)
        .hlt();
    });
    expect([jit.cpu.registers.ebx, jit.cpu.registers.edx]).toEqual([62 * 16, 63 * 16 * 3]);
    expect(jit.translator.statistics.invalidated).toBeGreaterThan(3);
    expect(jit.compiled).toBeLessThan(600);
  });
});

describe("remapping", () => {
  const OTHER = 0xc000;
  const PAGE_A = 0xd000;
  const PAGE_B = 0xe000;
  /** Has a page's entry changed before each call: the routine adds 1 or 16. */
  const remapped = (flush: (a: Assembler) => void): Scenario => {
    const s = new Scenario({ registers: { ecx: 600 } }).paging();
    s.put8(PAGE_A, 0x43, 0x43, 0x4b, 0xc3);
    s.put8(PAGE_B, 0x83, 0xc3, 16, 0xc3);
    s.code((a) => {
      a.label("top")
        .b(0xf7, 0xc1)
        .d(4)
        .mov("eax", PAGE_A | 7)
        .near8("map", 0x74)
        .mov("eax", PAGE_B | 7);
      a.label("map").store(s.pte(OTHER));
      flush(a);
      a.b(0xe8)
        .d(OTHER - (a.here + 4))
        .b(0x49)
        .near8("top", 0x75)
        .hlt();
    });
    return s;
  };
  it("with INVLPG: what is called is what is mapped", () => {
    expect(remapped((a) => a.b(0x0f, 0x01, 0x3d).d(OTHER)).run().registers.ebx).toBe(300 + 300 * 16);
  });
  it("with a load of CR3", () => {
    expect(remapped((a) => a.b(0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8)).run().registers.ebx).toBe(300 + 300 * 16);
  });
  it("of the second page of code that runs from one page into the next", () => {
    const s = new Scenario({ registers: { ecx: 600 } }).paging();
    // INC EBX on the page before; then what is mapped
    s.put8(OTHER - 1, 0x43)
      .put8(PAGE_A, 0x42, 0xc3)
      .put8(PAGE_B, 0x46, 0xc3);
    s.code((a) => {
      a.label("top")
        .b(0xf7, 0xc1)
        .d(4)
        .mov("eax", PAGE_A | 7)
        .near8("map", 0x74)
        .mov("eax", PAGE_B | 7);
      a.label("map").store(s.pte(OTHER)).b(0x0f, 0x01, 0x3d).d(OTHER);
      a.b(0xe8)
        .d(OTHER - 1 - (a.here + 4))
        .b(0x49)
        .near8("top", 0x75)
        .hlt();
    });
    const { ebx, edx, esi } = s.run().registers;
    expect([ebx, edx, esi]).toEqual([600, 300, 300]);
  });
});

describe("room for regions", () => {
  /** Calls forty routines in turn, two hundred times. */
  const calls = (a: Assembler): void => {
    a.mov("ebp", 200).label("again").mov("esi", DATA);
    a.label("next")
      .b(0xff, 0xd6, 0x83, 0xc6, 32, 0x81, 0xfe)
      .d(DATA + 40 * 32)
      .near8("next", 0x72)
      .b(0x4d)
      .near8("again", 0x75)
      .hlt();
  };
  const routines = (ram: Uint8Array): void => {
    // MOV ECX, n; ADD EAX, n; ROL EAX, 3; DEC ECX; JNZ; RET
    for (let index = 0; index < 40; index++) ram.set([0xb9, 1 + (index & 3), 0, 0, 0, 0x83, 0xc0, index, 0xc1, 0xc0, 3, 0x49, 0x75, 0xf7, 0xc3], DATA + index * 32);
  };
  const run = (options: object): Processor => {
    const { plain, jit } = both(calls, options);
    for (const { cpu, memory } of [plain, jit]) {
      routines(memory.ram);
      cpu.run(LONG);
      expect(cpu.halted).toBe(true);
    }
    expect(jit.cpu.registers).toEqual(plain.cpu.registers);
    expect(jit.cpu.instructionCount).toBe(plain.cpu.instructionCount);
    return jit;
  };
  it("is made by dropping the oldest, when there are too many", () => {
    const { translator } = run({ regions: 16 });
    expect(translator.statistics.evicted).toBeGreaterThan(20);
    expect(translator.statistics.alive).toBeLessThan(16);
    expect([...translator.regions]).toHaveLength(translator.statistics.alive);
  });
  it("and when their code is too long", () => {
    const { translator } = run({ bytes: 4000 });
    expect(translator.statistics.evicted).toBeGreaterThan(20);
    expect(translator.statistics.bytes).toBeLessThan(8000);
  });
  it("is found with room for three, compiled in batches", () => {
    expect(run({ regions: 4, patience: 1000 }).translator.statistics.alive).toBeLessThan(4);
  });
  it("is needed once only when there is enough", () => {
    const { translator } = run({});
    expect(translator.statistics).toMatchObject({ evicted: 0, invalidated: 0 });
  });
});
