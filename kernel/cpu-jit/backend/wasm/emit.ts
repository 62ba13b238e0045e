/**
 * A region as the body of a WebAssembly function (entry: i32) -> i32.
 *
 * Guest registers and lazy flags are locals, loaded at the start and stored where the region is left. The dispatcher is a
 * `br_table` at the start; blocks follow each other in the region's order, each behind the end of a `block` that forward
 * jumps to it leave; see `layout.ts` for loops.
 */

import { CODE_PAGE, COUNT_BASE, PC, REGION_EXIT, REGION_LIMIT } from "../../../cpu/state.js";
import { PAGE_MASK, PAGE_SHIFT, TLB_EXECUTE_OFFSET, TLB_READ_OFFSET, TLB_WRITE_OFFSET } from "../../../memory/layout.js";
import { Bytes, I32, OP, VOID } from "../../../wasm/encoder.js";
import { type Edge, type Expr, type IrBlock, type IrRegion, L_A, L_B, L_OP, L_RESULT, LOCAL_WORDS, LOCALS, type Site, type Size, type Statement } from "../../ir/ir.js";
import { localsOf } from "../../passes/dead-sets.js";
import { edgesOf } from "../../region/region-former.js";
import { type Layout, layOut } from "../layout.js";

/** Imported functions, in the order of their indices. */
export const IMPORTS = ["fence", "readMiss8", "readMiss16", "readMiss32", "writeMiss8", "writeMiss16", "writeMiss32", "condition"] as const;
const FENCE = 0;
const READ_MISS: Record<Size, number> = { 8: 1, 16: 2, 32: 3 };
const WRITE_MISS: Record<Size, number> = { 8: 4, 16: 5, 32: 6 };
const CONDITION = 7;

/** Function locals: the dispatcher's target, the guest's, and what the region needs itself. */
const TARGET = 0;
const FIRST_LOCAL = 1;
const COUNT = FIRST_LOCAL + LOCALS;
const ADDRESS = COUNT + 1;
const ENTRY = COUNT + 2;
/** Where execution goes on. */
const LINEAR = COUNT + 3;
/** Eighths of instructions to add to the count, and in bit 0 whether the interpreter must execute the next one. */
const EXTRA = COUNT + 4;
const FIRST_TEMP = COUNT + 5;

const BINARY: Partial<Record<string, number>> = {
  add: OP.i32Add,
  sub: OP.i32Sub,
  mul: OP.i32Mul,
  divS: OP.i32DivS,
  remS: OP.i32RemS,
  and: OP.i32And,
  or: OP.i32Or,
  xor: OP.i32Xor,
  shl: OP.i32Shl,
  shrU: OP.i32ShrU,
  shrS: OP.i32ShrS,
  rotl: OP.i32Rotl,
  eq: OP.i32Eq,
  ne: OP.i32Ne,
  ltS: OP.i32LtS,
  ltU: OP.i32LtU,
  leS: OP.i32LeS,
  leU: OP.i32LeU,
};
const LOAD: Record<Size, number> = { 8: OP.i32Load8S, 16: OP.i32Load16S, 32: OP.i32Load };
const STORE: Record<Size, number> = { 8: OP.i32Store8, 16: OP.i32Store16, 32: OP.i32Store };
/** Last page offset at which an access stays inside its page. */
const LAST: Record<Size, number> = { 8: 0xfff, 16: 0xffe, 32: 0xffc };

/** What a label stands for: -1 the dispatcher, -2 the way out, -3 a nameless scope, else a block. */
const DISPATCHER = -1;
const LEAVE = -2;
const SCOPE = -3;

export class WasmEmitter {
  readonly #out = new Bytes();
  readonly #region: IrRegion;
  readonly #layout: Layout;
  readonly #labels: { readonly what: number; readonly loop: boolean }[] = [];
  readonly #used: number;
  readonly #set: number;

  constructor(region: IrRegion) {
    this.#region = region;
    this.#layout = layOut(region);
    const { used, set } = localsOf(region);
    this.#used = used;
    this.#set = set;
  }

  /** The function's body with its locals. */
  emit(): Bytes {
    const out = this.#out;
    const { blocks } = this.#region;
    const temps = blocks.reduce((most, block) => Math.max(most, block.temps), 0);
    out.unsigned(1);
    out.unsigned(FIRST_TEMP - 1 + temps);
    out.byte(I32);
    this.#loadLocals();
    this.#loadWord(COUNT_BASE);
    this.#op(OP.localSet, COUNT);
    this.#open(OP.block, LEAVE);
    this.#open(OP.loop, DISPATCHER);
    const { dispatched } = this.#layout;
    this.#range(0, blocks.length - 1, () => {
      // the dispatcher itself
      out.byte(OP.localGet);
      out.unsigned(TARGET);
      out.byte(OP.brTable);
      out.unsigned(dispatched.length - 1);
      for (const block of dispatched) out.unsigned(this.#depth(block, false));
    });
    out.byte(OP.unreachable);
    this.#close();
    out.byte(OP.unreachable);
    this.#close();
    this.#storeLocals();
    // the count
    out.byte(OP.i32Const);
    out.signed(0);
    this.#op(OP.localGet, COUNT);
    this.#op(OP.localGet, EXTRA);
    this.#constant(-8);
    out.byte(OP.i32And);
    out.byte(OP.i32Add);
    this.#memory(OP.i32Store, COUNT_BASE * 4, 2);
    out.byte(OP.i32Const);
    out.signed(0);
    this.#op(OP.localGet, EXTRA);
    this.#constant(1);
    out.byte(OP.i32And);
    this.#memory(OP.i32Store, REGION_EXIT * 4, 2);
    this.#op(OP.localGet, LINEAR);
    out.byte(OP.end);
    return out;
  }

  // ── structure ───────────────────────────────────────────────────────────────────────────────────────────────────

  #open(opcode: number, what: number): void {
    this.#out.byte(opcode);
    this.#out.byte(VOID);
    this.#labels.push({ what, loop: opcode === OP.loop });
  }
  #close(): void {
    this.#out.byte(OP.end);
    this.#labels.pop();
  }
  #depth(what: number, loop: boolean): number {
    for (let at = this.#labels.length - 1; at >= 0; at--) if (this.#labels[at].what === what && this.#labels[at].loop === loop) return this.#labels.length - 1 - at;
    throw new Error(`no label for block ${what} of a region`);
  }

  /** Blocks first to last, in scopes that jumps to them leave. `begin` is emitted inside all scopes. */
  #range(first: number, last: number, begin?: () => void): void {
    const { loopEnd, dispatched } = this.#layout;
    const { blocks } = this.#region;
    const units: number[] = [];
    for (let at = first; at <= last; at++) {
      units.push(at);
      if (loopEnd[at] >= 0 && (begin || at !== first)) at = loopEnd[at];
    }
    const targets = new Set<number>(begin ? dispatched : []);
    for (let from = first; from <= last; from++) for (const { block: to } of edgesOf(blocks[from].exit)) if (to > from) targets.add(to);
    const scoped = units.filter((unit) => (begin || unit !== first) && targets.has(unit));
    for (let at = scoped.length - 1; at >= 0; at--) this.#open(OP.block, scoped[at]);
    begin?.();
    for (const unit of units) {
      if ((begin || unit !== first) && targets.has(unit)) this.#close();
      if (loopEnd[unit] >= 0 && (begin || unit !== first)) {
        this.#open(OP.loop, unit);
        this.#range(unit, loopEnd[unit]);
        this.#close();
      } else this.#block(unit);
    }
  }

  #block(at: number): void {
    const block = this.#region.blocks[at];
    for (const statement of block.statements) this.#statement(statement, block);
    if (block.instructions > 0) {
      this.#op(OP.localGet, COUNT);
      this.#constant(block.instructions * 8);
      this.#out.byte(OP.i32Add);
      this.#op(OP.localSet, COUNT);
    }
    this.#exit(block, at);
  }

  #exit(block: IrBlock, at: number): void {
    const out = this.#out;
    const { exit } = block;
    switch (exit.kind) {
      case "jump":
        this.#edge(exit.to, at);
        return;
      case "branch":
        this.#expr(exit.test);
        if (exit.taken.block === at + 1 && exit.taken.page < 0) {
          // the taken target's code follows: jump to the other one instead
          out.byte(OP.i32Eqz);
          this.#branch(exit.otherwise, exit.taken, at);
        } else this.#branch(exit.taken, exit.otherwise, at);
        return;
      case "indirect":
        this.#expr(exit.target);
        this.#op(OP.localSet, LINEAR);
        for (const known of exit.known) {
          this.#op(OP.localGet, LINEAR);
          this.#constant(known.linear);
          out.byte(OP.i32Eq);
          if (this.#isDirect(known, at)) {
            out.byte(OP.brIf);
            out.unsigned(this.#depth(known.block, false));
          } else {
            this.#open(OP.if, SCOPE);
            this.#edge(known, -1, at);
            this.#close();
          }
        }
        this.#leave();
        return;
      case "interpret":
        this.#constant(exit.linear);
        this.#op(OP.localSet, LINEAR);
        this.#constant(1);
        this.#op(OP.localSet, EXTRA);
        this.#leave();
    }
  }

  /** On the condition that lies on the stack. */
  #branch(taken: Edge, otherwise: Edge, at: number): void {
    if (this.#isDirect(taken, at)) {
      this.#out.byte(OP.brIf);
      this.#out.unsigned(this.#depth(taken.block, false));
    } else {
      this.#open(OP.if, SCOPE);
      this.#edge(taken, -1, at);
      this.#close();
    }
    this.#edge(otherwise, at);
  }

  /** A forward jump with nothing to test. */
  #isDirect(edge: Edge, from: number): boolean {
    return edge.block > from && edge.page < 0;
  }

  /** Goes to a block; falls through to it where its code follows. `from` is -1 where nothing can fall through. */
  #edge(edge: Edge, from: number, origin = from): void {
    const out = this.#out;
    if (edge.block < 0) {
      this.#leaveFor(edge.linear);
      return;
    }
    if (edge.page >= 0) {
      const { table } = this.#region.pages[edge.page];
      this.#constant(0);
      this.#memory(OP.i32Load, TLB_EXECUTE_OFFSET + ((edge.linear >>> PAGE_SHIFT) + this.#region.tlbPart) * 4, 2);
      this.#constant(table);
      out.byte(OP.i32Ne);
      this.#open(OP.if, SCOPE);
      this.#leaveFor(edge.linear);
      this.#close();
    }
    if (edge.block > origin) {
      if (edge.block === origin + 1 && from >= 0) return;
      out.byte(OP.br);
      out.unsigned(this.#depth(edge.block, false));
      return;
    }
    this.#op(OP.localGet, COUNT);
    this.#loadWord(REGION_LIMIT);
    out.byte(OP.i32GeS);
    this.#open(OP.if, SCOPE);
    this.#leaveFor(edge.linear);
    this.#close();
    if (this.#layout.loopEnd[edge.block] >= origin) {
      out.byte(OP.br);
      out.unsigned(this.#depth(edge.block, true));
      return;
    }
    this.#constant(this.#layout.dispatched.indexOf(edge.block));
    this.#op(OP.localSet, TARGET);
    out.byte(OP.br);
    out.unsigned(this.#depth(DISPATCHER, true));
  }

  #leaveFor(linear: number): void {
    this.#constant(linear);
    this.#op(OP.localSet, LINEAR);
    this.#leave();
  }
  #leave(): void {
    this.#out.byte(OP.br);
    this.#out.unsigned(this.#depth(LEAVE, false));
  }
  /** Leaves at an instruction that the interpreter has to execute. */
  #leaveAt(site: Site): void {
    this.#constant(site.linear);
    this.#op(OP.localSet, LINEAR);
    this.#constant(site.before * 8 + 1);
    this.#op(OP.localSet, EXTRA);
    this.#leave();
  }

  // ── statements ──────────────────────────────────────────────────────────────────────────────────────────────────

  #statement(statement: Statement, block: IrBlock): void {
    const out = this.#out;
    switch (statement.kind) {
      case "set":
        this.#expr(statement.value);
        this.#op(OP.localSet, FIRST_LOCAL + statement.local);
        return;
      case "let":
        this.#expr(statement.value);
        this.#op(OP.localSet, FIRST_TEMP + statement.temp);
        return;
      case "word":
        this.#constant(0);
        this.#expr(statement.value);
        this.#memory(OP.i32Store, statement.word * 4, 2);
        return;
      case "require":
        this.#expr(statement.test);
        out.byte(OP.i32Eqz);
        this.#open(OP.if, SCOPE);
        this.#leaveAt(statement.site);
        this.#close();
        return;
      case "load":
        this.#translate(statement.size, statement.address, TLB_READ_OFFSET, READ_MISS, statement.site);
        this.#hostAddress();
        this.#memory(LOAD[statement.size], 0, 0);
        this.#op(OP.localSet, FIRST_TEMP + statement.temp);
        return;
      case "store":
        this.#translate(statement.size, statement.address, TLB_WRITE_OFFSET, WRITE_MISS, statement.site);
        this.#hostAddress();
        this.#expr(statement.value);
        this.#memory(STORE[statement.size], 0, 0);
        return;
      case "open":
        this.#translate(statement.size, statement.address, TLB_WRITE_OFFSET, WRITE_MISS, statement.site);
        this.#hostAddress();
        this.#op(OP.localTee, FIRST_TEMP + statement.handle);
        this.#memory(LOAD[statement.size], 0, 0);
        this.#op(OP.localSet, FIRST_TEMP + statement.temp);
        return;
      case "put":
        this.#op(OP.localGet, FIRST_TEMP + statement.handle);
        this.#expr(statement.value);
        this.#memory(STORE[statement.size], 0, 0);
        return;
      case "fence":
        this.#fence(statement.record, statement.site, statement.next, block);
    }
  }

  /** The address into ADDRESS and its TLB entry into ENTRY; leaves where the access is not plain memory. */
  #translate(size: Size, address: Expr, tlb: number, miss: Record<Size, number>, site: Site): void {
    const out = this.#out;
    this.#expr(address);
    this.#op(OP.localTee, ADDRESS);
    this.#constant(PAGE_SHIFT - 2);
    out.byte(OP.i32ShrU);
    this.#constant(0x3ffffc);
    out.byte(OP.i32And);
    this.#memory(OP.i32Load, tlb + this.#region.tlbPart * 4, 2);
    this.#op(OP.localTee, ENTRY);
    if (size === 8) {
      this.#constant(1);
      out.byte(OP.i32And);
    } else {
      this.#op(OP.localGet, ADDRESS);
      out.byte(OP.i32Or);
      this.#constant(PAGE_MASK);
      out.byte(OP.i32And);
      this.#constant(LAST[size]);
      out.byte(OP.i32GtU);
    }
    this.#open(OP.if, SCOPE);
    this.#op(OP.localGet, ADDRESS);
    out.byte(OP.call);
    out.unsigned(miss[size]);
    this.#op(OP.localTee, ENTRY);
    this.#constant(1);
    out.byte(OP.i32And);
    this.#open(OP.if, SCOPE);
    this.#leaveAt(site);
    this.#close();
    this.#close();
  }
  #hostAddress(): void {
    this.#op(OP.localGet, ENTRY);
    this.#op(OP.localGet, ADDRESS);
    this.#out.byte(OP.i32Xor);
  }

  #fence(record: number, site: Site, next: number, block: IrBlock): void {
    const out = this.#out;
    this.#storeLocals();
    this.#constant(0);
    this.#constant(record);
    this.#memory(OP.i32Store, PC * 4, 2);
    this.#constant(0);
    this.#op(OP.localGet, COUNT);
    this.#constant(site.before * 8 - record);
    out.byte(OP.i32Add);
    this.#memory(OP.i32Store, COUNT_BASE * 4, 2);
    this.#constant(0);
    this.#constant(block.linear & ~PAGE_MASK);
    this.#memory(OP.i32Store, CODE_PAGE * 4, 2);
    this.#constant(record);
    out.byte(OP.call);
    out.unsigned(FENCE);
    this.#op(OP.localSet, ENTRY);
    this.#loadLocals();
    this.#loadWord(COUNT_BASE);
    this.#constant(site.before * 8);
    out.byte(OP.i32Sub);
    this.#op(OP.localSet, COUNT);
    this.#op(OP.localGet, ENTRY);
    this.#open(OP.if, SCOPE);
    this.#op(OP.localGet, ENTRY);
    this.#constant(2);
    out.byte(OP.i32Eq);
    this.#open(OP.if, SCOPE);
    this.#leaveAt(site);
    this.#close();
    this.#constant(site.before * 8 + 8);
    this.#op(OP.localSet, EXTRA);
    this.#leaveFor(next);
    this.#close();
  }

  #loadLocals(): void {
    for (let local = 0; local < LOCALS; local++) {
      if ((this.#used & (1 << local)) === 0) continue;
      this.#loadWord(LOCAL_WORDS[local]);
      this.#op(OP.localSet, FIRST_LOCAL + local);
    }
  }
  #storeLocals(): void {
    for (let local = 0; local < LOCALS; local++) {
      if ((this.#set & (1 << local)) === 0) continue;
      this.#constant(0);
      this.#op(OP.localGet, FIRST_LOCAL + local);
      this.#memory(OP.i32Store, LOCAL_WORDS[local] * 4, 2);
    }
  }

  // ── expressions ─────────────────────────────────────────────────────────────────────────────────────────────────

  #expr(expr: Expr): void {
    const out = this.#out;
    switch (expr.kind) {
      case "const":
        this.#constant(expr.value);
        return;
      case "local":
        this.#op(OP.localGet, FIRST_LOCAL + expr.local);
        return;
      case "temp":
        this.#op(OP.localGet, FIRST_TEMP + expr.temp);
        return;
      case "word":
        this.#loadWord(expr.word);
        return;
      case "unary":
        this.#expr(expr.a);
        if (expr.op === "not") {
          this.#constant(-1);
          out.byte(OP.i32Xor);
        } else out.byte(expr.op === "clz" ? OP.i32Clz : expr.op === "extend8" ? OP.i32Extend8S : OP.i32Extend16S);
        return;
      case "binary": {
        if (expr.op === "eq" && expr.b.kind === "const" && expr.b.value === 0) {
          this.#expr(expr.a);
          out.byte(OP.i32Eqz);
          return;
        }
        const simple = BINARY[expr.op];
        if (simple !== undefined) {
          this.#expr(expr.a);
          this.#expr(expr.b);
          out.byte(simple);
          return;
        }
        const extend = expr.op === "mulHighS" ? OP.i64ExtendI32S : OP.i64ExtendI32U;
        this.#expr(expr.a);
        out.byte(extend);
        this.#expr(expr.b);
        out.byte(extend);
        out.byte(OP.i64Mul);
        this.#long(32);
        out.byte(OP.i64ShrU);
        out.byte(OP.i32WrapI64);
        return;
      }
      case "select":
        this.#expr(expr.a);
        this.#expr(expr.b);
        this.#expr(expr.test);
        out.byte(OP.select);
        return;
      case "wide":
        this.#expr(expr.high);
        out.byte(OP.i64ExtendI32U);
        this.#long(32);
        out.byte(OP.i64Shl);
        this.#expr(expr.low);
        out.byte(OP.i64ExtendI32U);
        out.byte(OP.i64Or);
        this.#expr(expr.by);
        out.byte(OP.i64ExtendI32U);
        out.byte(expr.op === "quotient" ? OP.i64DivU : OP.i64RemU);
        out.byte(OP.i32WrapI64);
        return;
      case "condition":
        this.#constant(expr.code);
        for (const local of [L_OP, L_RESULT, L_A, L_B]) this.#op(OP.localGet, FIRST_LOCAL + local);
        out.byte(OP.call);
        out.unsigned(CONDITION);
    }
  }

  #op(opcode: number, index: number): void {
    this.#out.byte(opcode);
    this.#out.unsigned(index);
  }
  #constant(value: number): void {
    this.#out.byte(OP.i32Const);
    this.#out.signed(value);
  }
  #long(value: number): void {
    this.#out.byte(OP.i64Const);
    this.#out.signed(value);
  }
  #memory(opcode: number, offset: number, align: number): void {
    this.#out.byte(opcode);
    this.#out.unsigned(align);
    this.#out.unsigned(offset);
  }
  #loadWord(word: number): void {
    this.#constant(0);
    this.#memory(OP.i32Load, word * 4, 2);
  }
}
