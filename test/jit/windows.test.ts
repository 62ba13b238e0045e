/**
 * Windows at run time: across pages that are neighbours in the host's memory and across pages that are not, with faults on
 * their second page, and onto code. What an interpreter does is compared in registers, counts and memory, page tables included.
 */
import { describe, expect, it } from "vitest";
import { type JitReport, printRegion } from "../../kernel/cpu-jit/index.js";
import type { Assembler } from "../cpu/assemble.js";
import { Processor } from "./machine.js";

const PAGES = 0x2_0000;
const TABLE = PAGES + 0x1000;
const GDT = 0x800;
const IDT = 0x1000;
const POINTERS = 0x8e0;
const HANDLER = 0x7000;
const LOG = 0x1_0000;
/** Two pages of data, one behind the other. */
const FIRST = 0xb000;
const SECOND = FIRST + 0x1000;
const PAGE_FAULT = 14;
const ROUNDS = 2000;
const PRESENT = 7;
/** Windows across page boundaries after which a region is compiled with fewer. */
const STRADDLES = 64;

const pte = (linear: number): number => TABLE + (linear >>> 12) * 4;

/** Flat segments, pages as `frames` say and else where they are, and a handler of page faults. */
const prepare = (processor: Processor, frames: Readonly<Record<number, number>>, program: (a: Assembler) => void, handler: (a: Assembler) => void): Processor => {
  const { ram } = processor.memory;
  const view = new DataView(ram.buffer, ram.byteOffset, ram.length);
  const put = (address: number, ...values: number[]): void => values.forEach((value, index) => void view.setUint32(address + index * 4, value, true));
  put(GDT + 8, 0xffff, 0xcf_9b00, 0xffff, 0xcf_9300);
  put(IDT + PAGE_FAULT * 8, (8 << 16) | (HANDLER & 0xffff), 0x8e00);
  put(POINTERS, 0x17 | (GDT << 16), GDT >>> 16, (0x7ff | (IDT << 16)) >>> 0, IDT >>> 16);
  put(PAGES, TABLE | PRESENT);
  for (let page = 0; page < 1024; page++) put(TABLE + page * 4, (page << 12) | PRESENT);
  for (const [linear, frame] of Object.entries(frames)) put(pte(Number(linear)), frame);
  processor.program(handler, HANDLER);
  processor.program((a) => {
    a.b(0x0f, 0x01, 0x15)
      .d(POINTERS)
      .b(0x0f, 0x01, 0x1d)
      .d(POINTERS + 8);
    // CR3, and CR0.PG
    a.mov("eax", PAGES).b(0x0f, 0x22, 0xd8, 0x0f, 0x20, 0xc0, 0x0d).d(0x8000_0000).b(0x0f, 0x22, 0xc0);
    program(a);
    a.hlt();
  });
  return processor;
};

interface Setting {
  readonly mode?: "wasm" | "js";
  readonly frames?: Readonly<Record<number, number>>;
  readonly handler?: (a: Assembler) => void;
}
const clock = { nowNs: () => 0 };
const none = (a: Assembler): void => void a.hlt();

/** Runs the program both ways to its end, which must be the same. */
const compare = (program: (a: Assembler) => void, { mode = "wasm", frames = {}, handler = none }: Setting = {}): { jit: Processor; report: JitReport } => {
  const plain = prepare(new Processor(), frames, program, handler);
  const jit = prepare(new Processor({ mode, report: clock }), frames, program, handler);
  for (const { cpu } of [plain, jit]) {
    cpu.run(4_000_000);
    expect(cpu.halted).toBe(true);
  }
  expect(jit.cpu.registers).toEqual(plain.cpu.registers);
  expect(jit.cpu.instructionCount).toBe(plain.cpu.instructionCount);
  expect(Buffer.compare(jit.memory.ram, plain.memory.ram)).toBe(0);
  return { jit, report: jit.translator.report(jit.cpu.instructionCount)! };
};

const decEcxJnz = (a: Assembler, label: string): Assembler => a.b(0x49).near(label, 0x0f, 0x85);

/** ADD [ESI], ECX; MOV EAX, [ESI+4]; ADD EAX, [ESI]; MOV [ESI+8], EAX, and PUSH ECX, PUSH EAX, POP EAX, POP EDX. */
const AROUND = [0x01, 0x0e, 0x8b, 0x46, 4, 0x03, 0x06, 0x89, 0x46, 8];
const PUSHES = [0x51, 0x50, 0x58, 0x5a];
/** PUSH ECX; PUSH EAX; MOV EBX, [ESP+4]; INC EAX; ADD [ESP], EAX; POP EAX; POP EDX. */
const ON_STACK = [0x51, 0x50, 0x8b, 0x5c, 0x24, 4, 0x40, 0x01, 0x04, 0x24, 0x58, 0x5a];

/** Code in a loop, with ESI and ESP. */
const looping =
  (code: readonly number[], { esi = 0xa000, esp = 0x9000, rounds = ROUNDS }) =>
  (a: Assembler): void => {
    a.mov("esi", esi)
      .mov("esp", esp)
      .mov("eax", 5)
      .mov("ecx", rounds)
      .label("top")
      .b(...code);
    decEcxJnz(a, "top");
  };
const SWAPPED = { [FIRST]: SECOND | PRESENT, [SECOND]: FIRST | PRESENT };
/** How many bytes of the window, of 12, are on the first page; some accesses cross the boundary themselves. */
const SPLITS = [1, 6, 11];

describe.each(["wasm", "js"] as const)("accesses across a page boundary, compiled to %s,", (mode) => {
  it.each(SPLITS)("do what the interpreter does, %i bytes before it", (bytes) => {
    // on the stack 4 bytes beside
    for (const frames of [{}, SWAPPED]) compare(looping([...AROUND, ...ON_STACK], { esi: SECOND - bytes, esp: SECOND + 12 - bytes }), { mode, frames });
  });
});

/** Printed regions that begin where the last one does. */
const generations = ({ regions }: Processor): string[] => {
  const { linear } = regions[regions.length - 1].blocks[0];
  return regions.filter(({ blocks }) => blocks[0].linear === linear).map(printRegion);
};

it.each([
  ["reading", [0x8b, 0x06, 0x03, 0x46, 4]],
  ["writing", [0x89, 0x06, 0x89, 0x4e, 4]],
] as const)("a window for %s is filled without a way through the interpreter", (_, accesses) => {
  // INVLPG [ESI] before
  const { report } = compare(looping([0x0f, 0x01, 0x3e, ...accesses], {}));
  expect(report.windows.filled).toBeGreaterThan(ROUNDS - 50);
  expect(report.leaves.refused).toBeLessThan(50);
});

describe("a window across a page boundary", () => {
  it.each([1, 4, 8, 11])("is open where its pages are neighbours in the host's memory, %i bytes before the boundary", (bytes) => {
    const { report, jit } = compare(looping(AROUND, { esi: SECOND - bytes }));
    expect(report.windows.across).toBeGreaterThan(ROUNDS - 100);
    // until both pages have been accessed
    expect(report.windows.straddled).toBeLessThan(5);
    expect(report.leaves.refused).toBeLessThan(20);
    expect(generations(jit).join()).toMatch(/opens w\d+ of 12/);
  });

  /** The last region at the loop, where windows have straddled until none has any more. */
  const settled = (code: readonly number[], places: { esi?: number; esp?: number }): readonly [first: string, last: string] => {
    const { report, jit } = compare(looping(code, places), { frames: SWAPPED });
    expect(report.windows.across).toBe(0);
    expect(report.windows.straddled).toBeGreaterThanOrEqual(STRADDLES);
    expect(report.leaves.refused).toBeLessThan(ROUNDS / 4);
    // it is over: twice as many rounds have no more of them
    const longer = compare(looping(code, { ...places, rounds: 2 * ROUNDS }), { frames: SWAPPED });
    expect(longer.report.windows.straddled).toBe(report.windows.straddled);
    const texts = generations(jit);
    return [texts[0], texts[texts.length - 1]];
  };
  it("leaves the region elsewhere, until that is compiled without it", () => {
    const [first, last] = settled(AROUND, { esi: SECOND - 8 });
    expect(first).toMatch(/opens w\d+ of 12/);
    expect(last).not.toContain("opens");
  });
  it("on the stack stays when others have straddled", () => {
    const [first, last] = settled([...AROUND, ...PUSHES], { esi: SECOND - 8 });
    expect(first).toMatch(/opens w\d+ of 12/);
    expect(last).not.toMatch(/opens w\d+ of 12/);
    expect(last).toMatch(/opens w\d+ of 8/);
  });
  it("on the stack goes, too, when it straddles", () => {
    const [first, last] = settled(ON_STACK, { esp: SECOND + 4 });
    expect(first).toMatch(/opens w\d+ of 8/);
    expect(last).not.toContain("opens");
  });
});

describe("a fault on the second page of a window", () => {
  /** Notes CR2, the instruction and the error, maps the page and returns. EDI: where to note. */
  const mapping = (frame: number) => (a: Assembler) => {
    // PUSH EAX; MOV EAX, CR2; STOSD; MOV EAX, [ESP+8]; STOSD; MOV EAX, [ESP+4]; STOSD
    a.b(0x50, 0x0f, 0x20, 0xd0, 0xab, 0x8b, 0x44, 0x24, 8, 0xab, 0x8b, 0x44, 0x24, 4, 0xab);
    // the entry; POP EAX; ADD ESP, 4; IRET
    a.b(0xc7, 0x05).d(pte(SECOND)).d(frame).b(0x58, 0x83, 0xc4, 4, 0xcf);
  };
  const FAULTS = 300;

  /** In each round the second page gets `entry`; then INC [ESI], the access at [ESI+8], INC [ESI+4]. */
  const faulting = (entry: number, access: readonly number[]) => {
    let faultsAt = 0;
    const program = (a: Assembler): void => {
      a.mov("esi", SECOND - 8)
        .mov("edi", LOG)
        .mov("ecx", FAULTS)
        .mov("ebx", 0)
        .label("top");
      a.b(0xc7, 0x05).d(pte(SECOND)).d(entry).b(0x0f, 0x01, 0x3d).d(SECOND);
      a.b(0xff, 0x06);
      faultsAt = a.here;
      a.b(...access, 0xff, 0x46, 4);
      decEcxJnz(a, "top");
    };
    return { program, faultsAt: () => faultsAt };
  };
  const READ = [0x03, 0x5e, 8];
  const WRITE = [0x01, 0x4e, 8];
  const PUSHED_BY = { read: 0, write: 2 };

  it.each([
    ["a page that is not present, read", READ, 0, PUSHED_BY.read, SECOND],
    ["a page that is not present, written", WRITE, 0, PUSHED_BY.write, SECOND],
    ["the same where the pages are no neighbours, read", READ, 0, PUSHED_BY.read, 0xd000],
    ["the same where the pages are no neighbours, written", WRITE, 0, PUSHED_BY.write, 0xd000],
  ] as const)("%s", (_, access, entry, error, frame) => {
    const { program, faultsAt } = faulting(entry, access);
    const { jit, report } = compare(program, { handler: mapping(frame | PRESENT) });
    const log = Array.from({ length: FAULTS * 3 + 1 }, (__, index) => jit.read32(LOG + index * 4));
    expect(log.slice(0, -1)).toEqual(Array.from({ length: FAULTS }, () => [SECOND, faultsAt(), error]).flat());
    expect(log[FAULTS * 3]).toBe(0);
    // nothing was executed twice
    expect([jit.read32(SECOND - 8), jit.read32(SECOND - 4)]).toEqual([FAULTS, FAULTS]);
    expect(report.instructions.wasm).toBeGreaterThan(FAULTS * 3);
    expect(report.windows.refused).toBeGreaterThan(20);
    expect(printRegion(jit.regions[0]) + generations(jit).join()).toMatch(/opens w\d+ of 12/);
  });

  it.each([0, SECOND | PRESENT])("does not come from an access that is never made, whose page is not marked: entry %i", (entry) => {
    // MOV EAX, [ESI]; ADD EAX, [ESI+4]; TEST ECX, ECX; JNZ past ADD EAX, [ESI+8]
    const { jit, report } = compare(
      (a) => {
        a.mov("esi", SECOND - 8)
          .mov("ecx", ROUNDS)
          .label("top");
        a.b(0x8b, 0x06, 0x03, 0x46, 4, 0x85, 0xc9).near8("past", 0x75).b(0x03, 0x46, 8).label("past");
        decEcxJnz(a, "top");
      },
      { frames: { [SECOND]: entry } },
    );
    expect(report.instructions.wasm).toBeGreaterThan(ROUNDS * 3);
    expect(jit.read32(pte(SECOND))).toBe(entry);
  });
  it("marks the first page dirty only when something is written there", () => {
    const { jit } = compare(
      (a) => {
        a.mov("esi", SECOND - 8)
          .mov("ecx", ROUNDS)
          .label("top");
        a.b(0x8b, 0x06, 0x03, 0x46, 4, 0x89, 0x46, 8, 0x89, 0x46, 12);
        decEcxJnz(a, "top");
      },
      { frames: { [FIRST]: FIRST | PRESENT, [SECOND]: SECOND | PRESENT } },
    );
    expect([jit.read32(pte(FIRST)) & 0x60, jit.read32(pte(SECOND)) & 0x60]).toEqual([0x20, 0x60]);
  });
});

describe("a window for writing onto code", () => {
  const ROUTINE = 0x6000;

  it("is refused each time, and what it wrote runs", () => {
    // two dwords make ADD EBX, 1 or ADD EBX, 16, NOPs and RET, by the parity of ECX
    const { jit, report } = compare((a) => {
      a.mov("esi", ROUTINE).mov("ebx", 0).mov("ecx", ROUNDS).label("top");
      a.b(0x89, 0xc8, 0x83, 0xe0, 1, 0x6b, 0xc0, 15, 0x40, 0xc1, 0xe0, 16, 0x0d).d(0x9000_c383);
      a.b(0x89, 0x06, 0xc7, 0x46, 4).d(0x90c3_9090);
      a.b(0xff, 0xd6);
      decEcxJnz(a, "top");
    });
    expect(jit.cpu.registers.ebx).toBe((ROUNDS / 2) * 17);
    expect(report.statistics.invalidated).toBeGreaterThan(3);
    expect(report.windows.refused).toBeGreaterThan(ROUNDS / 2);
    expect(jit.regions.map(printRegion).join()).toMatch(/store32 \[esi\].* opens w\d+ of 8/);
  });

  it("is refused when the code is on its second page only", () => {
    // the last dword of one page, and the first of the next, where MOV EAX, imm8 becomes what was written
    const { jit, report } = compare((a) => {
      a.mov("esi", ROUTINE - 4)
        .mov("ebx", 0)
        .mov("ecx", ROUNDS)
        .label("top");
      // EAX: 83 C3 nn C3
      a.b(0x89, 0xc8, 0x83, 0xe0, 1, 0x40, 0xc1, 0xe0, 16, 0x0d).d(0xc300_c383);
      a.b(0x89, 0x0e, 0x89, 0x46, 4);
      a.b(0x8d, 0x56, 4, 0xff, 0xd2);
      decEcxJnz(a, "top");
    });
    expect(jit.cpu.registers.ebx).toBe((ROUNDS / 2) * 3);
    expect(jit.read32(ROUTINE - 4)).toBe(1);
    expect(report.statistics.invalidated).toBeGreaterThan(3);
  });

  it("is refused where it would change the region that opened it", () => {
    // MOV [ESI], ECX; MOV [ESI+4], EDX over the operands of two ADDs that follow
    const { jit, report } = compare((a) => {
      a.b(0xbe).address("changed").mov("ebx", 0).mov("edx", 0x9090_9090).mov("ecx", ROUNDS).label("top");
      a.b(0x89, 0x0e, 0x89, 0x56, 4).b(0x81, 0xc3).label("changed").d(0).b(0x90, 0x90, 0x90, 0x90);
      decEcxJnz(a, "top");
    });
    expect(jit.cpu.registers.ebx).toBe((ROUNDS * (ROUNDS + 1)) / 2);
    expect(report.statistics.invalidated).toBeGreaterThan(2);
  });
});
