import { describe, expect, it } from "vitest";
import { COUNT_BASE, REGION_EXIT, REGION_LIMIT, REGION_SLOT } from "../../../cpu/state.js";
import { RAM_OFFSET, TLB_EXECUTE_OFFSET, TLB_READ_OFFSET, TLB_WRITE_OFFSET } from "../../../memory/layout.js";
import { binary, constant, type Exit, type Expr, type IrBlock, type IrRegion, L_A, L_B, L_OP, L_RESULT, local, type Statement, select, temp, unary, word } from "../../ir/ir.js";
import { HELPER_CODES } from "../../lift/unknown-flags.js";
import type { BackEnd, RegionEnvironment } from "../backend.js";
import { createDispatcher } from "../wasm/dispatcher.js";
import { WasmBackEnd } from "../wasm/wasm-backend.js";
import { JavaScriptBackEnd } from "./javascript-backend.js";

/** Values at which signs, carries and shift counts change. */
const EDGES = [0, 1, 2, 7, 15, 31, 32, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_ffff, -0x8000_0000, -0x8000, -0x7f, -2, -1];
const EAX = 0;
const ECX = 1;
const EDX = 2;
const LEAVE: Exit = { kind: "jump", to: { linear: 0x5000, block: -1, page: -1 } };
const EVER = 0x7000_0000;
const LINEAR = 0x3000;
const SITE = { linear: 0x1234, before: 2 };

const block = (statements: Statement[], exit: Exit = LEAVE, instructions = 1): IrBlock => ({ linear: 0x1000, end: 0x1001, instructions, statements, exit, temps: 16 });
const region = (blocks: IrBlock[], entries: readonly number[] = [0]): IrRegion => ({
  blocks,
  entries,
  pages: [{ linear: 0x1000, table: 77, bufferPage: 0 }],
  tlbPart: 0,
  slot: 3,
  handles: 0,
});

/** Both back ends over one memory, which is all the state that a region sees. */
const backEnds = (overrides: Partial<RegionEnvironment> = {}) => {
  const pages = (RAM_OFFSET >>> 16) + 1;
  // the portable kernel declares only the little of WebAssembly that it uses
  const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: new (limits: object) => { readonly buffer: ArrayBuffer } } }).WebAssembly;
  const memory = new Memory({ initial: pages, maximum: pages });
  const i32 = new Int32Array(memory.buffer);
  const tlb = (offset: number, linear: number): number => offset / 4 + (linear >>> 12);
  const refuse = (): number => 1;
  const environment: RegionEnvironment = {
    memory,
    i32,
    x87: [],
    fence: () => 0,
    endingFence: () => 0,
    readMiss8: refuse,
    readMiss16: refuse,
    readMiss32: refuse,
    writeMiss8: refuse,
    writeMiss16: refuse,
    writeMiss32: refuse,
    readWindow: refuse,
    writeWindow: refuse,
    ...overrides,
  };
  const dispatcher = createDispatcher(memory, 4, (entry) => entry);
  const both: readonly BackEnd[] = [new WasmBackEnd(environment, dispatcher.helpers), new JavaScriptBackEnd(environment)];
  const reset = (registers: readonly number[]): void => {
    i32.fill(0, 0, 128);
    i32.set(registers);
    i32[REGION_LIMIT] = EVER;
    for (const offset of [TLB_READ_OFFSET, TLB_WRITE_OFFSET]) i32.fill(0xfff, tlb(offset, 0), tlb(offset, 0x1_0000));
    for (const offset of [TLB_READ_OFFSET, TLB_WRITE_OFFSET]) i32[tlb(offset, LINEAR)] = RAM_OFFSET ^ LINEAR;
    for (let at = 0; at < 16; at++) i32[RAM_OFFSET / 4 + at] = Math.imul(at + 1, 0x9e37_79b9);
  };
  /** What each of them makes of a region, from the same state; first WebAssembly. */
  const outcomes = (ir: IrRegion, starts: readonly (readonly number[])[], entry = 0): string[] => {
    const results: string[] = [];
    for (const backEnd of both) {
      const [{ run }] = backEnd.compile([ir]);
      const seen = starts.map((registers) => {
        reset(registers);
        return [run(entry), ...i32.subarray(0, 16), i32[COUNT_BASE], i32[REGION_EXIT], ...i32.subarray(RAM_OFFSET / 4, RAM_OFFSET / 4 + 16)].join(" ");
      });
      results.push(seen.join("\n"));
    }
    return results;
  };
  return { both, i32, outcomes, reset, tlb };
};

const x = local(EAX);
const y = local(ECX);
const pairs = EDGES.flatMap((a) => EDGES.map((b) => [a, b, 12345]));
const setEdx = (value: Expr): IrRegion => region([block([{ kind: "set", local: EDX, value }])]);

const OPERATORS = ["add", "sub", "mul", "mulHighS", "mulHighU", "and", "or", "xor", "shl", "shrU", "shrS", "rotl", "eq", "ne", "ltS", "ltU", "leS", "leU"] as const;
const BITS = OPERATORS.slice(-6);

describe("JavaScript gives what WebAssembly gives", () => {
  const { outcomes } = backEnds();
  const same = (value: Expr, starts = pairs): void => {
    const [wasm, js] = outcomes(setEdx(value), starts);
    expect(js).toBe(wasm);
  };

  it.each(OPERATORS)("for %s of registers, constants and sums", (op) => {
    same(binary(op, x, y));
    for (const value of [-0x8000_0000, -1, 0, 1, 31, 0x7fff_ffff]) {
      same(binary(op, x, constant(value)), pairs.slice(0, 100));
      same(binary(op, constant(value), y), pairs.slice(0, 100));
    }
    same(binary(op, binary("add", x, binary("sub", y, constant(-7))), binary("shrU", y, constant(3))));
    same(binary("add", binary(op, x, y), binary(op, binary("shrU", x, y), y)));
  });

  it("for quotients that exist", () => {
    const starts = pairs.filter(([a, b]) => b !== 0 && !(a === -0x8000_0000 && b === -1));
    same(binary("divS", x, y), starts);
    same(binary("remS", x, y), starts);
    const wide = EDGES.flatMap((high) => EDGES.flatMap((low) => EDGES.filter((by) => by >>> 0 > high >>> 0).map((by) => [high, low, by])));
    const operands = { high: temp(0), low: temp(1), by: temp(2) };
    const lets = [x, y, local(EDX)].map((value, index): Statement => ({ kind: "let", temp: index, value }));
    // the remainder alone, and made from the quotient that is there already
    for (const quotient of [
      [],
      [{ kind: "let", temp: 3, value: { kind: "wide", op: "quotient", ...operands } } satisfies Statement, { kind: "set", local: EAX, value: temp(3) } satisfies Statement],
    ]) {
      const [wasm, js] = outcomes(region([block([...lets, ...quotient, { kind: "set", local: EDX, value: { kind: "wide", op: "remainder", ...operands } }])]), wide);
      expect(js).toBe(wasm);
    }
  });

  it("for unary operators, words and selections", () => {
    for (const op of ["extend8", "extend16", "clz", "not"] as const) same(unary(op, binary("sub", x, y)));
    same(binary("add", word(0), word(1)));
    same(select(binary("and", x, y), binary("sub", x, y), binary("add", x, y)));
  });

  it("for conditions made of conditions", () => {
    const negative = binary("ltS", binary("xor", x, y), constant(0));
    for (const one of BITS) {
      const a = binary(one, x, y);
      const b = binary("ltS", y, constant(0));
      for (const op of ["and", "or", "xor"] as const) {
        for (const test of [
          binary(op, a, b),
          binary(op, negative, b),
          binary("eq", binary(op, a, b), constant(0)),
          binary("ne", binary(op, a, b), constant(0)),
          binary("xor", binary(op, a, b), constant(1)),
        ]) {
          same(test);
          same(select(test, x, y));
        }
      }
      same(select(binary("and", x, constant(1)), binary("and", a, constant(1)), b));
    }
  });

  it("for a product that 32 bits do not hold", () => {
    const lost = (test: "eq" | "ne"): IrRegion =>
      region([
        block([
          { kind: "let", temp: 0, value: x },
          { kind: "let", temp: 1, value: y },
          { kind: "let", temp: 2, value: binary("mul", temp(0), temp(1)) },
          { kind: "set", local: EDX, value: select(binary(test, binary("mulHighS", temp(0), temp(1)), binary("shrS", temp(2), constant(31))), constant(3), temp(2)) },
        ]),
      ]);
    for (const test of ["eq", "ne"] as const) {
      const [wasm, js] = outcomes(lost(test), pairs);
      expect(js).toBe(wasm);
    }
  });

  it("for conditions of flags of every kind", () => {
    const starts = Array.from({ length: 10 }, (_, kind) => kind).flatMap((kind) => pairs.map(([a, b]) => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x8d5 & a, kind, (a - b) | 0, a, b]));
    for (const code of [...HELPER_CODES, ...HELPER_CODES.filter((each) => each < 16).map((each) => each + 1)]) {
      const flags = [L_OP, L_RESULT, L_A, L_B].map((each): Statement => ({ kind: "set", local: each, value: local(each) }));
      const [wasm, js] = outcomes(region([block([...flags, { kind: "set", local: EDX, value: { kind: "condition", code } }])]), starts);
      expect(js, `condition ${code}`).toBe(wasm);
    }
  });

  it("for memory accesses of every size, at every place in a page", () => {
    const addresses = [0, 1, 2, 3, 13, 0xffc, 0xffd, 0xffe, 0xfff, 0x1000, -LINEAR].map((offset) => [LINEAR + offset, 0x8182_8384 | 0]);
    for (const size of [8, 16, 32] as const) {
      for (const statements of [
        [
          { kind: "load", temp: 0, size, address: x, site: SITE },
          { kind: "set", local: EDX, value: temp(0) },
        ],
        [{ kind: "store", size, address: x, value: y, site: SITE }],
        [
          { kind: "open", temp: 0, handle: 1, size, address: x, site: SITE },
          { kind: "put", handle: 1, size, value: binary("add", temp(0), y) },
        ],
      ] as Statement[][]) {
        const [wasm, js] = outcomes(region([block(statements)]), addresses);
        expect(js).toBe(wasm);
      }
    }
  });

  it("for requirements and pages", () => {
    const [wasm, js] = outcomes(region([block([{ kind: "require", test: binary("ltS", x, y), site: SITE }]), block([{ kind: "mapped", page: 0, site: SITE }])]), pairs);
    expect(js).toBe(wasm);
  });

  it("for loops, from every entry, until the time is up", () => {
    const to = (target: number) => ({ linear: 0x1000 + target, block: target, page: -1 });
    const dec = (register: number): Statement => ({ kind: "set", local: register, value: binary("add", local(register), constant(-1)) });
    const inc: Statement = { kind: "set", local: EDX, value: binary("add", local(EDX), constant(1)) };
    // an inner loop at 1, an outer one from 3 to 0, a second entry at 2
    const ir = region(
      [
        block([inc], { kind: "jump", to: to(1) }),
        block([dec(EAX)], { kind: "branch", test: binary("ltS", constant(0), x), taken: to(1), otherwise: to(2) }),
        block([inc, dec(ECX)], { kind: "branch", test: binary("leS", y, constant(0)), taken: to(4), otherwise: to(3) }),
        block([{ kind: "set", local: EAX, value: y }], { kind: "jump", to: to(0) }),
        block([], { kind: "indirect", target: binary("add", local(EDX), constant(0x1000)), known: [to(0), to(3)] }),
      ],
      [0, 2],
    );
    for (const entry of [0, 1]) {
      const [wasm, js] = outcomes(
        ir,
        [
          [3, 4, 0],
          [1, 1, 5],
          [9, 9, -4],
          [0, 0, -1],
        ],
        entry,
      );
      expect(js).toBe(wasm);
    }
  });
});

describe("a fence in JavaScript", () => {
  const fenced = (ends: boolean): IrRegion =>
    region([
      block(
        [
          { kind: "set", local: EAX, value: constant(5) },
          { kind: "fence", record: 800, name: "X", site: { linear: 0x1004, before: 1 }, next: 0x1006, ends },
          { kind: "set", local: EDX, value: local(EAX) },
        ],
        LEAVE,
        2,
      ),
    ]);
  it.each([0, 1, 2, 3])("leaves as WebAssembly does when it answers %i", (answer) => {
    const ends = answer === 3;
    const seen: number[] = [];
    const fence = (): number => {
      seen.push(machine.i32[EAX]);
      machine.i32[EAX] = 6;
      machine.i32[COUNT_BASE] += machine.i32[96];
      return answer;
    };
    const machine = backEnds({ fence, endingFence: fence });
    const [wasm, js] = machine.outcomes(fenced(ends), [[1, 2, 3]]);
    expect(js).toBe(wasm);
    expect(seen).toEqual([5, 5]);
  });
});

describe("the JavaScript back end", () => {
  const loop = region([block([{ kind: "set", local: EAX, value: binary("add", x, constant(1)) }], { kind: "jump", to: { linear: 0x1000, block: 0, page: -1 } })]);

  it("never compiles the same text twice, and describes the same region in the same words", () => {
    const { both } = backEnds();
    const js = both[1];
    const [one, two] = js.compile([loop, loop]);
    expect(String(one.run)).not.toBe(String(two.run));
    expect(js.describe(loop)).toBe(js.describe(loop));
    expect(js.describe(loop)).toContain("function region_1000(target)");
  });

  it("runs young regions in short stretches, and never over a call for attention", () => {
    const { both, i32, reset } = backEnds();
    const js = both[1] as JavaScriptBackEnd;
    const { regions } = js;
    regions.add(3, js.compile([loop])[0].run);
    reset([0]);
    i32[REGION_LIMIT] = 8000;
    i32[REGION_SLOT] = 3;
    expect(regions.call(0)).toBe(0x1000);
    expect([i32[EAX], i32[COUNT_BASE], i32[REGION_LIMIT]]).toEqual([1, 8, 8000]);
    for (let again = 0; again < 100; again++) regions.call(0);
    expect([i32[COUNT_BASE], i32[REGION_LIMIT]]).toEqual([8000 + 60 * 8, 8000]);
    regions.add(3, () => {
      i32[REGION_LIMIT] = -0x8000_0000;
      return 0;
    });
    regions.call(0);
    expect(i32[REGION_LIMIT]).toBe(-0x8000_0000);
  });

  it("asks for entries while a region is young, and takes the answer", () => {
    let asked = 0;
    const machine = backEnds({
      readMiss32: () => {
        asked++;
        return RAM_OFFSET ^ LINEAR;
      },
    });
    const js = machine.both[1] as JavaScriptBackEnd;
    js.regions.add(
      3,
      js.compile([
        region([
          block([
            { kind: "load", temp: 0, size: 32, address: x, site: SITE },
            { kind: "set", local: EDX, value: temp(0) },
          ]),
        ]),
      ])[0].run,
    );
    machine.reset([LINEAR]);
    machine.i32[machine.tlb(TLB_READ_OFFSET, LINEAR)] = 0xfff;
    machine.i32[REGION_SLOT] = 3;
    js.regions.call(0);
    expect([asked, machine.i32[EDX]]).toEqual([1, 0x9e37_79b9 | 0]);
    machine.i32[machine.tlb(TLB_READ_OFFSET, LINEAR)] = RAM_OFFSET ^ LINEAR;
    for (let again = 0; again < 50; again++) js.regions.call(0);
    expect([asked, machine.i32[EDX]]).toEqual([1, 0x9e37_79b9 | 0]);
  });

  it("looks at the execute TLB before it goes to another page", () => {
    const ir = region([block([], { kind: "jump", to: { linear: 0x1000, block: 1, page: 0 } }), block([{ kind: "set", local: EDX, value: constant(9) }])]);
    const { both, i32, reset, tlb } = backEnds();
    for (const table of [77, 78]) {
      reset([0]);
      i32[tlb(TLB_EXECUTE_OFFSET, 0x1000)] = table;
      for (const backEnd of both) {
        i32[EDX] = 0;
        backEnd.compile([ir])[0].run(0);
        expect(i32[EDX]).toBe(table === 77 ? 9 : 0);
      }
    }
  });
});
