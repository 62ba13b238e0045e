/**
 * A region as the body of a WebAssembly function (entry: i32) -> i32.
 *
 * Guest registers and lazy flags are locals, loaded at the start and stored where the region is left. The dispatcher is a
 * `br_table` at the start; blocks follow each other in the region's order, each behind the end of a `block` that forward
 * jumps to it leave; see `layout.ts` for loops.
 */

import { BASE, CODE_PAGE, COUNT_BASE, CS, EIP, PC, REGION_EXIT, REGION_LIMIT, REGION_SLOT } from "../../../cpu/state.js";
import { PAGE_MASK, PAGE_SHIFT, TLB_EXECUTE_OFFSET, TLB_READ_OFFSET, TLB_WRITE_OFFSET } from "../../../memory/layout.js";
import { Bytes, I32, OP, VOID } from "../../../wasm/encoder.js";
import { LEAVE_AT } from "../../environment.js";
import { type Edge, type Expr, type IrBlock, type IrRegion, LOCAL_WORDS, LOCALS, type Site, type Size, type Statement } from "../../ir/ir.js";
import { HELPER_CODES } from "../../lift/unknown-flags.js";
import { localsOf } from "../../passes/dead-sets.js";
import { edgesOf } from "../../region/region-former.js";
import { type Layout, layOut } from "../layout.js";
import { WasmExpressions } from "./expression.js";

/** Imported functions, in the order of their indices. */
export const IMPORTS = [
  "fence",
  "readMiss8",
  "readMiss16",
  "readMiss32",
  "writeMiss8",
  "writeMiss16",
  "writeMiss32",
  "endingFence",
  ...HELPER_CODES.map((code) => `condition${code}`),
];
const FENCE = 0;
const READ_MISS: Record<Size, number> = { 8: 1, 16: 2, 32: 3 };
const WRITE_MISS: Record<Size, number> = { 8: 4, 16: 5, 32: 6 };
const ENDING_FENCE = 7;
export const FIRST_HELPER = 8;

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
  readonly #code = new WasmExpressions(this.#out, FIRST_LOCAL, FIRST_TEMP, FIRST_HELPER);
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
    this.#code.loadWord(COUNT_BASE);
    this.#code.op(OP.localSet, COUNT);
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
    this.#code.op(OP.localGet, COUNT);
    this.#code.op(OP.localGet, EXTRA);
    this.#code.constant(-8);
    out.byte(OP.i32And);
    out.byte(OP.i32Add);
    this.#code.memory(OP.i32Store, COUNT_BASE * 4, 2);
    out.byte(OP.i32Const);
    out.signed(0);
    this.#code.op(OP.localGet, EXTRA);
    this.#code.constant(1);
    out.byte(OP.i32And);
    this.#code.memory(OP.i32Store, REGION_EXIT * 4, 2);
    this.#code.constant(0);
    this.#code.constant(this.#region.slot);
    this.#code.memory(OP.i32Store, REGION_SLOT * 4, 2);
    this.#code.op(OP.localGet, LINEAR);
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
      this.#code.op(OP.localGet, COUNT);
      this.#code.constant(block.instructions * 8);
      this.#out.byte(OP.i32Add);
      this.#code.op(OP.localSet, COUNT);
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
        this.#code.emit(exit.test);
        if (exit.taken.block === at + 1 && exit.taken.page < 0) {
          // the taken target's code follows: jump to the other one instead
          out.byte(OP.i32Eqz);
          this.#branch(exit.otherwise, exit.taken, at);
        } else this.#branch(exit.taken, exit.otherwise, at);
        return;
      case "indirect":
        this.#code.emit(exit.target);
        this.#code.op(OP.localSet, LINEAR);
        for (const known of exit.known) {
          this.#code.op(OP.localGet, LINEAR);
          this.#code.constant(known.linear);
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
      case "resume":
        this.#leaveForEip();
        return;
      case "interpret":
        this.#code.constant(exit.linear);
        this.#code.op(OP.localSet, LINEAR);
        this.#code.constant(1);
        this.#code.op(OP.localSet, EXTRA);
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
      this.#code.constant(0);
      this.#code.memory(OP.i32Load, TLB_EXECUTE_OFFSET + ((edge.linear >>> PAGE_SHIFT) + this.#region.tlbPart) * 4, 2);
      this.#code.constant(table);
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
    this.#code.op(OP.localGet, COUNT);
    this.#code.loadWord(REGION_LIMIT);
    out.byte(OP.i32GeS);
    this.#open(OP.if, SCOPE);
    this.#leaveFor(edge.linear);
    this.#close();
    if (this.#layout.loopEnd[edge.block] >= origin) {
      out.byte(OP.br);
      out.unsigned(this.#depth(edge.block, true));
      return;
    }
    this.#code.constant(this.#layout.dispatched.indexOf(edge.block));
    this.#code.op(OP.localSet, TARGET);
    out.byte(OP.br);
    out.unsigned(this.#depth(DISPATCHER, true));
  }

  #leaveFor(linear: number): void {
    this.#code.constant(linear);
    this.#code.op(OP.localSet, LINEAR);
    this.#leave();
  }
  #leave(): void {
    this.#out.byte(OP.br);
    this.#out.unsigned(this.#depth(LEAVE, false));
  }
  /** Leaves at an instruction that the interpreter has to execute. */
  #leaveAt(site: Site): void {
    this.#code.constant(site.linear);
    this.#code.op(OP.localSet, LINEAR);
    this.#code.constant(site.before * 8 + 1);
    this.#code.op(OP.localSet, EXTRA);
    this.#leave();
  }

  // ── statements ──────────────────────────────────────────────────────────────────────────────────────────────────

  #statement(statement: Statement, block: IrBlock): void {
    const out = this.#out;
    switch (statement.kind) {
      case "set":
        this.#code.emit(statement.value);
        this.#code.op(OP.localSet, FIRST_LOCAL + statement.local);
        return;
      case "let":
        this.#code.emit(statement.value);
        this.#code.op(OP.localSet, FIRST_TEMP + statement.temp);
        return;
      case "word":
        this.#code.constant(0);
        this.#code.emit(statement.value);
        this.#code.memory(OP.i32Store, statement.word * 4, 2);
        return;
      case "require":
        this.#code.emit(statement.test);
        out.byte(OP.i32Eqz);
        this.#open(OP.if, SCOPE);
        this.#leaveAt(statement.site);
        this.#close();
        return;
      case "load":
        this.#translate(statement.size, statement.address, TLB_READ_OFFSET, READ_MISS, statement.site);
        this.#hostAddress();
        this.#code.memory(LOAD[statement.size], 0, 0);
        this.#code.op(OP.localSet, FIRST_TEMP + statement.temp);
        return;
      case "store":
        this.#translate(statement.size, statement.address, TLB_WRITE_OFFSET, WRITE_MISS, statement.site);
        this.#hostAddress();
        this.#code.emit(statement.value);
        this.#code.memory(STORE[statement.size], 0, 0);
        return;
      case "open":
        this.#translate(statement.size, statement.address, TLB_WRITE_OFFSET, WRITE_MISS, statement.site);
        this.#hostAddress();
        this.#code.op(OP.localTee, FIRST_TEMP + statement.handle);
        this.#code.memory(LOAD[statement.size], 0, 0);
        this.#code.op(OP.localSet, FIRST_TEMP + statement.temp);
        return;
      case "put":
        this.#code.op(OP.localGet, FIRST_TEMP + statement.handle);
        this.#code.emit(statement.value);
        this.#code.memory(STORE[statement.size], 0, 0);
        return;
      case "fence":
        this.#fence(statement, block);
    }
  }

  /** The address into ADDRESS and its TLB entry into ENTRY; leaves where the access is not plain memory. */
  #translate(size: Size, address: Expr, tlb: number, miss: Record<Size, number>, site: Site): void {
    const out = this.#out;
    this.#code.emit(address);
    this.#code.op(OP.localTee, ADDRESS);
    this.#code.constant(PAGE_SHIFT - 2);
    out.byte(OP.i32ShrU);
    this.#code.constant(0x3ffffc);
    out.byte(OP.i32And);
    this.#code.memory(OP.i32Load, tlb + this.#region.tlbPart * 4, 2);
    this.#code.op(OP.localTee, ENTRY);
    if (size === 8) {
      this.#code.constant(1);
      out.byte(OP.i32And);
    } else {
      this.#code.op(OP.localGet, ADDRESS);
      out.byte(OP.i32Or);
      this.#code.constant(PAGE_MASK);
      out.byte(OP.i32And);
      this.#code.constant(LAST[size]);
      out.byte(OP.i32GtU);
    }
    this.#open(OP.if, SCOPE);
    this.#code.op(OP.localGet, ADDRESS);
    out.byte(OP.call);
    out.unsigned(miss[size]);
    this.#code.op(OP.localTee, ENTRY);
    this.#code.constant(1);
    out.byte(OP.i32And);
    this.#open(OP.if, SCOPE);
    this.#leaveAt(site);
    this.#close();
    this.#close();
  }
  #hostAddress(): void {
    this.#code.op(OP.localGet, ENTRY);
    this.#code.op(OP.localGet, ADDRESS);
    this.#out.byte(OP.i32Xor);
  }

  #fence({ record, site, next, ends }: Statement & { kind: "fence" }, block: IrBlock): void {
    const code = this.#code;
    const store = (word: number, value: () => void): void => {
      code.constant(0);
      value();
      code.memory(OP.i32Store, word * 4, 2);
    };
    this.#storeLocals();
    store(PC, () => code.constant(record));
    store(COUNT_BASE, () => {
      code.op(OP.localGet, COUNT);
      code.constant(site.before * 8 - record);
      this.#out.byte(OP.i32Add);
    });
    store(CODE_PAGE, () => code.constant(block.linear & ~PAGE_MASK));
    // code segments are flat here: offset and linear address are the same
    if (ends) store(EIP, () => code.constant(next));
    code.constant(record);
    code.op(OP.call, ends ? ENDING_FENCE : FENCE);
    code.op(OP.localSet, ENTRY);
    this.#loadLocals();
    code.loadWord(COUNT_BASE);
    code.constant(site.before * 8);
    this.#out.byte(OP.i32Sub);
    code.op(OP.localSet, COUNT);
    if (block.exit.kind === "resume" && site.before + 1 === block.instructions) return;
    code.op(OP.localGet, ENTRY);
    this.#open(OP.if, SCOPE);
    if (!ends) {
      code.op(OP.localGet, ENTRY);
      code.constant(LEAVE_AT);
      this.#out.byte(OP.i32Eq);
      this.#open(OP.if, SCOPE);
      this.#leaveAt(site);
      this.#close();
    }
    code.constant(site.before * 8 + 8);
    code.op(OP.localSet, EXTRA);
    if (ends) this.#leaveForEip();
    else this.#leaveFor(next);
    this.#close();
  }

  /** Goes on where the cold operation has put EIP. */
  #leaveForEip(): void {
    this.#code.loadWord(EIP);
    this.#code.loadWord(BASE + CS);
    this.#out.byte(OP.i32Add);
    this.#code.op(OP.localSet, LINEAR);
    this.#leave();
  }

  #loadLocals(): void {
    for (let local = 0; local < LOCALS; local++) {
      if ((this.#used & (1 << local)) === 0) continue;
      this.#code.loadWord(LOCAL_WORDS[local]);
      this.#code.op(OP.localSet, FIRST_LOCAL + local);
    }
  }
  #storeLocals(): void {
    for (let local = 0; local < LOCALS; local++) {
      if ((this.#set & (1 << local)) === 0) continue;
      this.#code.constant(0);
      this.#code.op(OP.localGet, FIRST_LOCAL + local);
      this.#code.memory(OP.i32Store, LOCAL_WORDS[local] * 4, 2);
    }
  }
}
