import { describe, expect, it } from "vitest";
import { EAX, EBP, ECX, EDX, ESP } from "../../cpu/state.js";
import {
  binary,
  constant,
  type Edge,
  type Exit,
  type Expr,
  type IrBlock,
  type IrRegion,
  local,
  type Size,
  type Statement,
  temp,
  type Window,
  type WindowUse,
  word,
} from "../ir/ir.js";
import { openWindows, type WindowPolicy } from "./windows.js";

const SITE = { linear: 0x1000, before: 0 };
const FS_BASE = 40;

const plus = (base: Expr, distance: number): Expr => (distance === 0 ? base : binary("add", base, constant(distance)));
const at = (register: number, distance = 0): Expr => plus(local(register), distance);
const set = (register: number, value: Expr): Statement => ({ kind: "set", local: register, value });
const load = (address: Expr, size: Size = 32, into = 0): Statement => ({ kind: "load", temp: into, size, address, site: SITE });
const store = (address: Expr, size: Size = 32): Statement => ({ kind: "store", size, address, value: constant(0), site: SITE });
const open = (address: Expr, size: Size = 32): Statement => ({ kind: "open", temp: 0, handle: 1, size, address, site: SITE });
const fence: Statement & { kind: "fence" } = { kind: "fence", record: 800, name: "CPUID", site: SITE, next: 0x1002, ends: false };
const x87 = (address: Expr, bytes: number, writes: boolean): Statement => ({
  kind: "x87",
  instruction: { operation: "load", place: 1, form: 0, bytes, writes, records: false },
  code: 0,
  segment: 3,
  address,
  fence,
});
const push = [store(at(ESP, -4)), set(ESP, at(ESP, -4))];

const to = (block: number): Edge => ({ linear: 0x1000 + block, block, page: -1 });
const jump = (block: number): Exit => ({ kind: "jump", to: to(block) });
const fork = (taken: number, otherwise: number): Exit => ({ kind: "branch", test: local(EDX), taken: to(taken), otherwise: to(otherwise) });

/** Blocks lead to the next one unless said. */
const region = (blocks: readonly { readonly does: readonly Statement[]; readonly exit?: Exit }[], entries = [0]): IrRegion => ({
  blocks: blocks.map(({ does, exit }, index): IrBlock => {
    const next = index + 1 < blocks.length ? index + 1 : -1;
    return { linear: 0x1000 + index, end: 0x1001 + index, instructions: 1, statements: [...does], exit: exit ?? jump(next), temps: 8 };
  }),
  entries,
  pages: [{ linear: 0x1000, table: 1, bufferPage: 0 }],
  tlbPart: 0,
  slot: 1,
  handles: 0,
});

const usesOf = ({ blocks }: IrRegion): (WindowUse | undefined)[] =>
  blocks.flatMap(({ statements }) => statements.flatMap((statement) => ("address" in statement && statement.address ? [statement.window] : [])));

/** Each access: `-`, or its window's letter, `!` where it opens it, its offset, and whether the window is for writing. */
const describeUses = (ir: IrRegion): string[] => {
  const windows: Window[] = [];
  return usesOf(ir).map((use) => {
    if (!use) return "-";
    if (!windows.includes(use.window)) windows.push(use.window);
    const { low, writes } = use.window;
    return `${"ABCDEF"[windows.indexOf(use.window)]}${use.opens ? "!" : ""}+${use.distance - low}${writes ? " w" : ""}`;
  });
};
const opened = (ir: IrRegion, policy: WindowPolicy = "any"): string[] => {
  openWindows(ir, policy);
  return describeUses(ir);
};
const inOneBlock = (...does: Statement[]): string[] => opened(region([{ does }]));
const widths = (ir: IrRegion): number[] => usesOf(ir).map((use) => (use ? use.window.high - use.window.low : 0));

describe("in one block", () => {
  it("accesses with the same root share a window, wherever the first of them lies in it", () => {
    expect(inOneBlock(load(at(EAX)), load(at(EAX, 8)), load(at(EAX, 4)))).toEqual(["A!+0", "A+8", "A+4"]);
    expect(inOneBlock(load(at(EAX, 8)), load(at(EAX, -4)), load(at(EAX)))).toEqual(["A!+12", "A+0", "A+4"]);
  });
  it("with different roots they do not, and one alone has none", () => {
    expect(inOneBlock(load(at(EAX)), load(at(ECX)))).toEqual(["-", "-"]);
    expect(inOneBlock(load(at(EAX)), load(at(ECX)), load(at(EAX, 4)), load(at(ECX, 4)))).toEqual(["A!+0", "B!+0", "A+4", "B+4"]);
  });
  it("a pointer that has been read is a root", () => {
    expect(inOneBlock(load(at(EAX), 32, 5), load(temp(5)), load(plus(temp(5), 4)))).toEqual(["-", "A!+0", "A+4"]);
    expect(inOneBlock(open(at(EAX)), load(temp(0), 32, 1), set(ECX, temp(0)), load(at(ECX, 4)))).toEqual(["-", "A!+0", "A+4"]);
  });
  it("a register that is loaded is another root", () => {
    expect(inOneBlock(load(at(EAX)), set(EAX, temp(0)), load(at(EAX, 4)))).toEqual(["-", "-"]);
  });
  it("a set that moves a register by a number is followed", () => {
    expect(inOneBlock(...push, ...push, ...push)).toEqual(["A!+8 w", "A+4 w", "A+0 w"]);
    expect(inOneBlock(load(at(ESP)), set(ESP, at(ESP, 4)), load(at(ESP)), set(ESP, at(ESP, -8)), load(at(ESP)))).toEqual(["A!+4", "A+8", "A+0"]);
  });
  it("copies in registers and temporaries are", () => {
    expect(inOneBlock(load(at(EAX)), set(ECX, at(EAX, 8)), set(EAX, constant(7)), load(at(ECX)))).toEqual(["A!+0", "A+8"]);
    expect(inOneBlock({ kind: "let", temp: 3, value: at(EAX, 16) }, load(plus(temp(3), 4)), load(at(EAX, 8)))).toEqual(["A!+12", "A+0"]);
  });
  it("any other change of a register makes it another root", () => {
    expect(inOneBlock(load(at(EAX)), set(EAX, binary("and", local(EAX), constant(-16))), load(at(EAX)))).toEqual(["-", "-"]);
    expect(inOneBlock(load(at(EAX)), set(EAX, binary("add", local(EAX), local(ECX))), load(at(EAX)))).toEqual(["-", "-"]);
  });
  it("sums share one while all their terms are what they were", () => {
    const indexed = (distance: number): Expr => plus(binary("add", local(EAX), binary("shl", local(ECX), constant(2))), distance);
    expect(inOneBlock(load(indexed(0)), load(indexed(4)))).toEqual(["A!+0", "A+4"]);
    expect(inOneBlock(load(indexed(0)), set(ECX, at(ECX, 1)), load(indexed(4)))).toEqual(["-", "-"]);
    for (const other of [binary("shl", local(ECX), constant(1)), binary("shl", local(EDX), constant(2)), binary("mul", local(ECX), constant(2))]) {
      expect(inOneBlock(load(indexed(0)), load(binary("add", local(EAX), other)))).toEqual(["-", "-"]);
    }
  });
  it("words of the state do until one is set", () => {
    const inFs = (distance: number): Expr => plus(binary("add", word(FS_BASE), local(EAX)), distance);
    expect(inOneBlock(load(inFs(0)), load(inFs(4)))).toEqual(["A!+0", "A+4"]);
    expect(inOneBlock(load(inFs(0)), { kind: "word", word: FS_BASE, value: constant(0) }, load(inFs(4)))).toEqual(["-", "-"]);
  });
  it("addresses that are numbers do", () => {
    expect(inOneBlock(load(constant(0x5000)), load(constant(0x5008)))).toEqual(["A!+0", "A+8"]);
  });
  it("a fence closes them, and forgets what registers hold", () => {
    expect(inOneBlock(load(at(EAX)), load(at(EAX, 4)), fence, load(at(EAX, 8)), load(at(EAX, 12)))).toEqual(["A!+0", "A+4", "B!+0", "B+4"]);
    expect(inOneBlock(load(at(EAX)), fence, load(at(EAX, 4)))).toEqual(["-", "-"]);
    expect(inOneBlock(load(constant(0x5000)), fence, load(constant(0x5004)))).toEqual(["-", "-"]);
    expect(inOneBlock({ kind: "let", temp: 3, value: local(EAX) }, fence, load(temp(3)), load(at(EAX, 4)))).toEqual(["-", "-"]);
  });
  it("one for reading serves no store; one for writing serves both", () => {
    expect(inOneBlock(load(at(EAX)), store(at(EAX, 4)))).toEqual(["-", "-"]);
    expect(inOneBlock(store(at(EAX)), load(at(EAX, 4)))).toEqual(["A!+0 w", "A+4 w"]);
    expect(inOneBlock(open(at(EAX)), load(at(EAX, 4)), store(at(EAX, 8)))).toEqual(["A!+0 w", "A+4 w", "A+8 w"]);
    expect(inOneBlock(load(at(EAX)), load(at(EAX, 4)), store(at(EAX, 8)), load(at(EAX, 12)))).toEqual(["A!+0", "A+4", "B!+0 w", "B+4 w"]);
  });
  it("is at most 64 bytes wide", () => {
    expect(inOneBlock(load(at(EAX)), load(at(EAX, 60)))).toEqual(["A!+0", "A+60"]);
    expect(inOneBlock(load(at(EAX)), load(at(EAX, 61)))).toEqual(["-", "-"]);
    expect(inOneBlock(load(at(EAX)), load(at(EAX, 63), 8))).toEqual(["A!+0", "A+63"]);
    expect(inOneBlock(load(at(EAX)), load(at(EAX, -61)))).toEqual(["-", "-"]);
    // behind one that is too far away another begins
    expect(inOneBlock(load(at(EAX)), load(at(EAX, 4)), load(at(EAX, 64)), load(at(EAX, 68)))).toEqual(["A!+0", "A+4", "B!+0", "B+4"]);
  });
  it("has all bytes of its accesses and no other", () => {
    const ir = region([{ does: [load(at(EAX), 8), load(at(EAX), 8), load(at(ECX), 16), load(at(ECX, -2), 8), load(at(EDX), 8), x87(at(EDX, 1), 10, false)] }]);
    expect(opened(ir)).toEqual(["A!+0", "A+0", "B!+2", "B+0", "C!+0", "C+1"]);
    expect(widths(ir)).toEqual([1, 1, 4, 4, 11, 11]);
  });
  it("serves operands of x87 instructions by what they do", () => {
    expect(inOneBlock(x87(at(EAX), 8, true), load(at(EAX, 8)))).toEqual(["A!+0 w", "A+8 w"]);
    expect(inOneBlock(load(at(EAX)), x87(at(EAX, 8), 8, true))).toEqual(["-", "-"]);
  });
});

describe("between blocks", () => {
  const reads = (register: number, distance = 0) => ({ does: [load(at(register, distance))] });

  it("it reaches into one that is entered from nowhere else", () => {
    expect(opened(region([reads(EAX), reads(EAX, 4)]))).toEqual(["A!+0", "A+4"]);
  });
  it("past a fork into both ways", () => {
    expect(opened(region([{ ...reads(EAX), exit: fork(1, 2) }, { ...reads(EAX, 4), exit: jump(-1) }, reads(EAX, 8)]))).toEqual(["A!+0", "A+4", "A+8"]);
  });

  const diamond = (left: readonly Statement[], right: readonly Statement[], entries = [0]): string[] =>
    opened(region([{ ...reads(EAX), exit: fork(1, 2) }, { does: left, exit: jump(3) }, { does: right }, reads(EAX, 4)], entries));
  it("through both ways to where they meet", () => {
    expect(diamond([set(ECX, constant(1))], [])).toEqual(["A!+0", "A+4"]);
    expect(diamond([set(EAX, at(EAX, 16)), set(EAX, at(EAX, -16))], [])).toEqual(["A!+0", "A+4"]);
  });
  it("not when it is closed, or a register has changed, on either of them", () => {
    for (const way of [[fence], [set(EAX, at(EAX, 4))], [set(EAX, constant(0))]]) {
      expect(diamond(way, [])).toEqual(["-", "-"]);
      expect(diamond([], way)).toEqual(["-", "-"]);
    }
  });
  it("not from one way to where both meet", () => {
    const meeting = (...ways: readonly (readonly Statement[])[]): string[] =>
      opened(region([{ does: [], exit: fork(1, 2) }, { does: ways[0], exit: jump(3) }, { does: ways[1] }, reads(EAX, 4)]));
    expect(meeting([load(at(EAX))], [])).toEqual(["-", "-"]);
    expect(meeting([], [load(at(EAX))])).toEqual(["-", "-"]);
    expect(meeting([load(at(EAX))], [load(at(EAX))])).toEqual(["-", "-", "-"]);
  });
  it("not into the header of a loop, and not around it", () => {
    const loop = (...does: Statement[]): string[] => opened(region([reads(EAX), { does, exit: fork(1, 2) }, reads(EAX, 8)]));
    expect(loop(load(at(EAX, 4)))).toEqual(["-", "A!+0", "A+4"]);
    expect(loop()).toEqual(["-", "-"]);
  });
  it("not into a block at which the region is entered", () => {
    expect(opened(region([reads(EAX), reads(EAX, 4)], [0, 1]))).toEqual(["-", "-"]);
    expect(diamond([], [], [0, 3])).toEqual(["-", "-"]);
    expect(diamond([], [], [0, 2])).toEqual(["-", "-"]);
  });
});

describe("handles", () => {
  const handles = (...does: Statement[]) => {
    const ir = region([{ does }]);
    const needed = openWindows(ir, "any");
    return { needed, used: usesOf(ir).map((use) => use?.window.handle) };
  };
  it("are shared by windows one after the other", () => {
    expect(handles(load(at(EAX)), load(at(EAX, 4)), load(at(ECX)), load(at(ECX, 4)))).toEqual({ needed: 1, used: [0, 0, 0, 0] });
  });
  it("are not by windows that are needed at the same time", () => {
    expect(handles(load(at(EAX)), load(at(ECX)), load(at(EAX, 4)), load(at(ECX, 4)))).toEqual({ needed: 2, used: [0, 1, 0, 1] });
    expect(handles(load(at(EAX)), load(at(ECX)), load(at(ECX, 4)), load(at(EAX, 4)), load(at(EDX)), load(at(EDX, 4)))).toEqual({ needed: 2, used: [0, 1, 1, 0, 0, 0] });
  });
  it("are not needed for an access alone", () => {
    expect(handles(load(at(EAX)), load(at(ECX)), load(at(ECX, 4)))).toEqual({ needed: 1, used: [undefined, 0, 0] });
    expect(handles(load(at(EAX)))).toEqual({ needed: 0, used: [undefined] });
  });
});

describe("the policy", () => {
  const mixed = (): IrRegion =>
    region([{ does: [load(at(EAX)), load(at(EAX, 4)), ...push, ...push, load(at(EBP, 8)), load(at(EBP, 12)), set(ECX, at(ESP, 16)), load(at(ECX)), load(at(ECX, 4))] }]);
  it("any opens all", () => {
    expect(opened(mixed())).toEqual(["A!+0", "A+4", "B!+4 w", "B+0 w", "C!+0", "C+4", "B+16 w", "B+20 w"]);
  });
  it("stack opens those at a distance from ESP or EBP", () => {
    expect(opened(mixed(), "stack")).toEqual(["-", "-", "A!+4 w", "A+0 w", "B!+0", "B+4", "A+16 w", "A+20 w"]);
  });
  it("none opens none", () => {
    const ir = mixed();
    expect(openWindows(ir, "none")).toBe(0);
    expect(describeUses(ir)).toEqual(Array(8).fill("-"));
  });
});
