/**
 * The intermediate representation of a region: what lifting produces, the passes change and the back ends print.
 *
 * A region is a list of blocks; a block is a list of statements and an exit. All values are 32-bit integers. Locals are the
 * guest's registers and lazy flags while the region runs; temporaries are assigned once, in the block that uses them.
 * Expressions are trees without effects, except that they read locals and state words: a tree is evaluated where its
 * statement stands. `print.ts` documents the printed form.
 */

import { LAZY_A, LAZY_B, LAZY_OP, LAZY_RESULT } from "../../cpu/state.js";
import type { FastInstruction } from "../../cpu/x87/index.js";

export type Size = 8 | 16 | 32;

/** Locals: the eight general registers by number, then the lazy flags. */
export const L_OP = 8;
export const L_RESULT = 9;
export const L_A = 10;
export const L_B = 11;
export const LOCALS = 12;
export const LOCAL_NAMES = ["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "flagOp", "flagResult", "flagA", "flagB"] as const;
/** State word of each local. */
export const LOCAL_WORDS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, LAZY_OP, LAZY_RESULT, LAZY_A, LAZY_B];

/** `*High`: upper half of the 64-bit product. Comparisons give 1 or 0; shifts take their count modulo 32. */
export type BinaryOperator =
  | "add"
  | "sub"
  | "mul"
  | "mulHighS"
  | "mulHighU"
  | "divS"
  | "remS"
  | "and"
  | "or"
  | "xor"
  | "shl"
  | "shrU"
  | "shrS"
  | "rotl"
  | "eq"
  | "ne"
  | "ltS"
  | "ltU"
  | "leS"
  | "leU";

export type UnaryOperator = "extend8" | "extend16" | "clz" | "not";

/** Of a 64-bit dividend by an unsigned 32-bit divisor that is above the dividend's upper half. */
export type WideOperator = "quotient" | "remainder";

export type Expr =
  | { readonly kind: "const"; readonly value: number }
  | { readonly kind: "local"; readonly local: number }
  | { readonly kind: "temp"; readonly temp: number }
  /** A word of the architectural state. */
  | { readonly kind: "word"; readonly word: number }
  | { readonly kind: "unary"; readonly op: UnaryOperator; readonly a: Expr }
  | { readonly kind: "binary"; readonly op: BinaryOperator; readonly a: Expr; readonly b: Expr }
  | { readonly kind: "select"; readonly test: Expr; readonly a: Expr; readonly b: Expr }
  | { readonly kind: "wide"; readonly op: WideOperator; readonly high: Expr; readonly low: Expr; readonly by: Expr }
  /** Condition code 0-15, or 16 for AF, of lazy flags whose kind is not known: 1 or 0. */
  | { readonly kind: "condition"; readonly code: number };

/** Where an instruction stands: needed wherever the region may be left in the middle of a block. */
export interface Site {
  /** Linear address of the instruction. */
  readonly linear: number;
  /** Instructions of this block executed before it. */
  readonly before: number;
}

/** Bytes near each other that are found to be plain memory together. */
export interface Window {
  /** From and to where, as distances from what their addresses have in common. */
  low: number;
  high: number;
  readonly writes: boolean;
  /** Which of the function's handles keeps where its lowest byte is. */
  handle: number;
  accesses: number;
  /** Of the region's accesses, by number. */
  readonly first: number;
  last: number;
}
/** An access through a window, at a distance like those of the window; `opens`: it is the one that looks it up. */
export interface WindowUse {
  readonly window: Window;
  readonly distance: number;
  readonly opens: boolean;
}
interface Windowed {
  readonly window?: WindowUse | undefined;
}

export type Statement =
  | { readonly kind: "set"; readonly local: number; readonly value: Expr }
  | { readonly kind: "let"; readonly temp: number; readonly value: Expr }
  /** Reads guest memory, sign-extended. */
  | ({ readonly kind: "load"; readonly temp: number; readonly size: Size; readonly address: Expr; readonly site: Site } & Windowed)
  | ({ readonly kind: "store"; readonly size: Size; readonly address: Expr; readonly value: Expr; readonly site: Site } & Windowed)
  /** Reads guest memory that `put` will write: `handle` keeps where. */
  | ({ readonly kind: "open"; readonly temp: number; readonly handle: number; readonly size: Size; readonly address: Expr; readonly site: Site } & Windowed)
  | { readonly kind: "put"; readonly handle: number; readonly size: Size; readonly value: Expr }
  /** Writes a word of the architectural state. */
  | { readonly kind: "word"; readonly word: number; readonly value: Expr }
  /** Leaves the region for the interpreter at this instruction, unless the test holds. */
  | { readonly kind: "require"; readonly test: Expr; readonly site: Site }
  /** Leaves the region at this instruction, whose end is on another page, unless that page is still the one that was compiled. */
  | { readonly kind: "mapped"; readonly page: number; readonly site: Site }
  /**
   * An x87 instruction that touches nothing but the unit's state and its operand: by a fast function, or, where that refuses or
   * the operand is not plain memory, as a fence.
   */
  | ({
      readonly kind: "x87";
      readonly instruction: FastInstruction;
      readonly code: number;
      readonly segment: number;
      readonly address: Expr | undefined;
      readonly fence: Statement & { kind: "fence" };
    } & Windowed)
  /**
   * REP MOVS or REP STOS of all ECX elements at once, where they are plain memory on one page each and do not overlap; elsewhere
   * a fence. Needs two temporaries.
   */
  | {
      readonly kind: "bulk";
      readonly operation: "move" | "store";
      readonly size: Size;
      readonly length: number;
      readonly target: number;
      readonly fence: Statement & { kind: "fence" };
    }
  /** A cold operation of the interpreter: all locals are in the state meanwhile. `ends`: it may move EIP. */
  | { readonly kind: "fence"; readonly record: number; readonly name: string; readonly site: Site; readonly next: number; readonly ends: boolean };

/** A way out of a block: to a block of the region, or out of it. */
export interface Edge {
  readonly linear: number;
  /** -1: the region is left. */
  readonly block: number;
  /** The target is on another page, which must still be the one that was compiled: index in the region's pages. */
  readonly page: number;
}

export type Exit =
  | { readonly kind: "jump"; readonly to: Edge }
  | { readonly kind: "branch"; readonly test: Expr; readonly taken: Edge; readonly otherwise: Edge }
  /** To a computed linear address: `known` are the targets inside the region. */
  | { readonly kind: "indirect"; readonly target: Expr; readonly known: readonly Edge[] }
  /** To where the fence before it has put EIP. */
  | { readonly kind: "resume" }
  /** The interpreter executes what follows. */
  | { readonly kind: "interpret"; readonly linear: number };

export interface IrBlock {
  readonly linear: number;
  /** Behind its last byte, of an instruction left to the interpreter as well. */
  readonly end: number;
  /** Guest instructions, all executed when the block's exit is reached. */
  readonly instructions: number;
  readonly statements: Statement[];
  exit: Exit;
  readonly temps: number;
}

/** A linear page that code of the region comes from. */
export interface RegionPage {
  readonly linear: number;
  /** Code table that the execute TLB holds for it. */
  readonly table: number;
  readonly bufferPage: number;
}

export interface IrRegion {
  readonly blocks: IrBlock[];
  /** Blocks at which it can be entered; the first is the one that was hot. */
  readonly entries: readonly number[];
  readonly pages: readonly RegionPage[];
  /** Part of the TLBs in use, as in the state word TLB_HALF. */
  readonly tlbPart: number;
  /** Its slot in the function table. */
  readonly slot: number;
  /** Handles that its windows need. */
  readonly handles: number;
}

// ── builders ──────────────────────────────────────────────────────────────────────────────────────────────────────

const CONSTANTS: Expr[] = [];
for (let value = -256; value < 256; value++) CONSTANTS.push({ kind: "const", value });
export const constant = (value: number): Expr => {
  const whole = value | 0;
  return whole >= -256 && whole < 256 ? CONSTANTS[whole + 256] : { kind: "const", value: whole };
};
const LOCAL_EXPRESSIONS: readonly Expr[] = LOCAL_NAMES.map((_, local) => ({ kind: "local", local }));
export const local = (index: number): Expr => LOCAL_EXPRESSIONS[index];
export const temp = (index: number): Expr => ({ kind: "temp", temp: index });
export const word = (index: number): Expr => ({ kind: "word", word: index });
export const unary = (op: UnaryOperator, a: Expr): Expr => ({ kind: "unary", op, a });
export const binary = (op: BinaryOperator, a: Expr, b: Expr): Expr => ({ kind: "binary", op, a, b });
export const select = (test: Expr, a: Expr, b: Expr): Expr => ({ kind: "select", test, a, b });

/** Whether evaluating an expression reads a local. */
export const reads = (expr: Expr, index: number): boolean => {
  switch (expr.kind) {
    case "local":
      return expr.local === index;
    case "unary":
      return reads(expr.a, index);
    case "binary":
      return reads(expr.a, index) || reads(expr.b, index);
    case "select":
      return reads(expr.test, index) || reads(expr.a, index) || reads(expr.b, index);
    case "wide":
      return reads(expr.high, index) || reads(expr.low, index) || reads(expr.by, index);
    case "condition":
      return index >= L_OP;
    default:
      return false;
  }
};
