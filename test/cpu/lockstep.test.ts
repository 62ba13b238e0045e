import { describe, expect, it } from "vitest";
import * as S from "../../kernel/cpu/state.js";
import { FACTS } from "../../kernel/cpu/tables/table.js";
import type { Assembler } from "./assemble.js";
import { bench, CODE, CODE3, DATA3, Scenario } from "./scenario.js";

/**
 * Random programs of arithmetic, memory, loops, calls and string instructions, run one instruction at a time and in
 * slices of many sizes: registers, flags, memory and count must agree wherever they meet.
 */
const DATA = 0xc000;
const DATA_BYTES = 0x2000;

const random = (seed: number): ((below: number) => number) => {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
};

/** Opcodes without operands of their own that change registers and flags only. */
const PLAIN = [0x27, 0x2f, 0x37, 0x3f, 0x98, 0x99, 0x9e, 0x9f, 0xf5, 0xf8, 0xf9, 0xd6, 0xfc];
const ARITHMETIC = [0x00, 0x08, 0x10, 0x18, 0x20, 0x28, 0x30, 0x38];
const FREE = [0, 2, 3, 5];

/** EAX, EDX, EBX and EBP are free; ESI and EDI point into the data; ECX counts. */
const instruction = (a: Assembler, next: (below: number) => number): void => {
  const free = (): number => FREE[next(FREE.length)];
  const wide = (): void => {
    if (next(5) === 0) a.b(0x66);
  };
  /** [esi + disp] or [edi + disp], sometimes across a page. */
  const memory = (reg: number): void => {
    a.b(0x80 | (reg << 3) | (next(2) === 0 ? 6 : 7)).d(next(8) === 0 ? 0x1000 - 3 + next(6) : next(0x400));
  };
  switch (next(16)) {
    case 0:
      a.b(PLAIN[next(PLAIN.length)]);
      return;
    case 1:
    case 2:
      wide();
      a.b(ARITHMETIC[next(8)] | 1 | (next(2) << 1), 0xc0 | (free() << 3) | free());
      return;
    case 3:
      a.b(ARITHMETIC[next(8)] | (next(2) << 1), 0xc0 | ([0, 2, 3, 4, 6, 7][next(6)] << 3) | [0, 2, 3, 4, 6, 7][next(6)]);
      return;
    case 4:
    case 5:
      wide();
      a.b(ARITHMETIC[next(8)] | 1 | (next(2) << 1));
      memory(free());
      return;
    case 6:
      wide();
      a.b(0x83, 0xc0 | (next(8) << 3) | free(), next(256));
      return;
    case 7:
      wide();
      a.b(0xc1, 0xc0 | (next(8) << 3) | free(), next(32));
      return;
    case 8:
      a.b(0x0f, 0x90 | next(16), 0xc0 | [0, 2, 3, 4, 6, 7][next(6)]);
      return;
    case 9:
      a.b(0x0f, 0x40 | next(16), 0xc0 | (free() << 3) | free());
      return;
    case 10:
      a.b(0x8b + next(2) * 0 - next(2) * 2);
      memory(free());
      return;
    case 11:
      a.b(0x50 | free()).b(0x58 | free());
      return;
    case 12:
      a.b(0x0f, [0xaf, 0xa3, 0xab, 0xbc, 0xbd][next(5)], 0xc0 | (free() << 3) | free());
      return;
    case 13:
      a.b(0xf7, 0xc0 | ([2, 3, 4, 5][next(4)] << 3) | free());
      return;
    case 14:
      // a short jump over the next two bytes
      a.b(0x70 | next(16), 2, 0x40, 0x43);
      return;
    default:
      // one string instruction with a small count
      a.b(0x51, 0x56, 0x57).mov("ecx", next(40));
      if (next(8) === 0) a.b(0xfd);
      a.b([0xf2, 0xf3][next(2)], [0xa4, 0xa5, 0xaa, 0xab, 0xac, 0xad, 0xa6, 0xa7, 0xae, 0xaf][next(10)], 0xfc, 0x5f, 0x5e, 0x59);
  }
};

const program = (seed: number): Scenario => {
  const next = random(seed);
  const s = new Scenario({
    cs: seed % 3 === 0 ? CODE3 : 0x08,
    registers: { eax: next(2 ** 31), ebx: next(2 ** 31), edx: next(2 ** 31), ebp: next(2 ** 31), esi: DATA + 0x100, edi: DATA + 0x800 },
  });
  if (seed % 2 === 0) s.paging();
  // a third runs on segments that are not flat
  if (seed % 3 === 2) {
    s.descriptor(0x60, 0, 0xfffff, 0x93, 4);
    s.state.ds = 0x60;
    s.state.es = 0x60;
  }
  if (seed % 3 === 0) s.state.ds = s.state.es = DATA3;
  for (let at = 0; at < DATA_BYTES; at++) s.memory[DATA + at] = next(256);
  // four routines on pages of their own, the second across a boundary
  const routines = [0x1_2000, 0x1_3ff0, 0x1_5000, 0x1_6f80];
  for (const at of routines)
    s.code((a) => {
      for (let count = 2 + next(20); count > 0; count--) instruction(a, next);
      a.b(0xc3);
    }, at);
  s.code((a) => {
    a.label("again");
    for (let block = 0; block < 6; block++) {
      const loop = `loop${block}`;
      if (block % 2 === 0) a.mov("ecx", 1 + next(30)).label(loop);
      for (let count = 1 + next(5); count > 0; count--) instruction(a, next);
      if (next(2) === 0) a.b(0xe8).d(routines[next(4)] - (a.here + 4));
      else if (next(3) === 0) a.mov("ebx", routines[next(4)]).b(0xff, 0xd3);
      if (block % 2 === 0) a.b(0x49).near(loop, 0x0f, 0x85);
    }
    a.near("again", 0xe9);
  });
  return s;
};

interface Point {
  registers: string;
  data: Uint8Array;
}
const STOPS = [1, 2, 3, 64, 65, 66, 67, 130, 500, 501, 1000, 2500];
const LENGTH = 2500;

const points = (s: Scenario, advance: (to: number, executed: () => number) => void): Point[] => {
  const { cpu, memory } = s.boot();
  const start = cpu.instructionCount;
  const executed = (): number => cpu.instructionCount - start;
  return STOPS.map((stop) => {
    advance(stop, executed);
    expect(executed()).toBe(stop);
    expect(cpu.shutdown).toBe(false);
    return { registers: JSON.stringify([cpu.registers, memory.words[S.CPL]]), data: memory.ram.slice(0, 0x2_0000) };
  });
};

describe("one by one and in slices", () => {
  it("agree on 60 random programs", { timeout: 60_000 }, () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { cpu } = bench();
      const single = points(program(seed), (to, executed) => {
        while (executed() < to) cpu.run(1);
      });
      const next = random(seed + 1000);
      for (const sliced of [
        points(program(seed), (to, executed) => cpu.run(to - executed())),
        points(program(seed), (to, executed) => {
          while (executed() < to) cpu.run(Math.min(to - executed(), 1 + next(150)));
        }),
      ]) {
        STOPS.forEach((stop, index) => {
          expect(sliced[index].registers, `program ${seed} after ${stop}`).toBe(single[index].registers);
          expect(Buffer.compare(sliced[index].data, single[index].data), `memory of program ${seed} after ${stop}`).toBe(0);
        });
      }
    }
    expect(LENGTH).toBe(STOPS.at(-1));
  });

  it("are programs that do something: most opcodes of the kind occur", () => {
    const used = new Set<number>();
    for (let seed = 1; seed <= 60; seed++) for (const byte of program(seed).memory.subarray(CODE, CODE + 0x200)) used.add(byte);
    expect(used.size).toBeGreaterThan(200);
    expect(FACTS.length).toBeGreaterThan(0);
  });
});
