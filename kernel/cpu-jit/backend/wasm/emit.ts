/**
 * A region as the body of a WebAssembly function (entry: i32) -> i32.
 *
 * Guest registers and lazy flags are locals, loaded at the start and stored where the region is left. The dispatcher is a
 * `br_table` at the start; blocks follow each other in the region's order, each behind the end of a `block` that forward
 * jumps to it leave; see `layout.ts` for loops.
 */
import { COUNT_BASE, REGION_EXIT, REGION_LIMIT } from "../../../cpu/state.js";
import { Bytes, I32, OP } from "../../../wasm/encoder.js";
import type { FunctionCode } from "../../../wasm/module.js";
import type { Edge, IrBlock, IrRegion } from "../../ir/ir.js";
import { edgesOf } from "../../region/region-former.js";
import { enteredAt, executedAt, leavesAt } from "../../report/counters.js";
import { type Layout, layOut } from "../layout.js";
import { LEFT, LEFT_BITS } from "../leaves.js";
import { DISPATCHER, LEAVE, SCOPE, WasmControl } from "./control.js";
import { WasmExpressions } from "./expression.js";
import { ADDRESS, COUNT, EXTRA, FIRST_HANDLE, FIRST_LOCAL, type Imports, LINEAR, TARGET } from "./numbering.js";
import { WasmStatements } from "./statements.js";

export class WasmEmitter {
  readonly #out = new Bytes();
  readonly #code: WasmExpressions;
  readonly #control: WasmControl;
  readonly #statements: WasmStatements;
  readonly #region: IrRegion;
  readonly #layout: Layout;
  readonly #counts: boolean;

  /** @param imports of the module that the region is part of; `counts` for a report (`report/counters.ts`) */
  constructor(region: IrRegion, imports: Imports, counts: boolean) {
    this.#region = region;
    this.#counts = counts;
    this.#layout = layOut(region);
    this.#code = new WasmExpressions(this.#out, FIRST_LOCAL, FIRST_HANDLE + region.handles, imports);
    this.#control = new WasmControl(this.#out, this.#code, region, counts);
    this.#statements = new WasmStatements(this.#out, this.#code, this.#control, imports, region);
  }

  emit(): FunctionCode {
    const out = this.#out;
    const { blocks } = this.#region;
    const temps = blocks.reduce((most, block) => Math.max(most, block.temps), 0);
    out.unsigned(1);
    /** The count at the entry, behind all other locals. */
    const start = FIRST_HANDLE + this.#region.handles + temps;
    out.unsigned(start - 1 + (this.#counts ? 1 : 0));
    out.byte(I32);
    this.#statements.loadLocals();
    this.#code.loadWord(COUNT_BASE);
    this.#code.op(OP.localSet, COUNT);
    if (this.#counts) this.#countEntry(start);
    this.#control.open(OP.block, LEAVE);
    this.#control.open(OP.loop, DISPATCHER);
    const { dispatched } = this.#layout;
    this.#range(0, blocks.length - 1, () => {
      // the dispatcher itself
      out.byte(OP.localGet);
      out.unsigned(TARGET);
      out.byte(OP.brTable);
      out.unsigned(dispatched.length - 1);
      for (const block of dispatched) out.unsigned(this.#control.depth(block, false));
    });
    out.byte(OP.unreachable);
    this.#control.close();
    out.byte(OP.unreachable);
    this.#control.close();
    this.#statements.storeLocals();
    if (this.#counts) this.#countLeave(start);
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
    this.#code.op(OP.localGet, LINEAR);
    out.byte(OP.end);
    return { body: out, unlikely: this.#control.unlikely };
  }

  // ── counters ────────────────────────────────────────────────────────────────────────────────────────────────────

  #countEntry(start: number): void {
    this.#code.op(OP.localGet, COUNT);
    this.#code.op(OP.localSet, start);
    this.#code.constant(0);
    this.#code.loadWord(enteredAt(this.#region.slot) >>> 2);
    this.#code.constant(1);
    this.#out.byte(OP.i32Add);
    this.#code.memory(OP.i32Store, enteredAt(this.#region.slot), 2);
  }
  #countLeave(start: number): void {
    const code = this.#code;
    const out = this.#out;
    const { slot } = this.#region;
    code.constant(0);
    code.loadWord(executedAt(slot) >>> 2);
    code.op(OP.localGet, COUNT);
    code.op(OP.localGet, EXTRA);
    out.byte(OP.i32Add);
    code.op(OP.localGet, start);
    out.byte(OP.i32Sub);
    code.constant(3);
    out.byte(OP.i32ShrU);
    out.byte(OP.i32Add);
    code.memory(OP.i32Store, executedAt(slot), 2);
    // the word of the cause
    code.op(OP.localGet, EXTRA);
    code.constant(LEFT_BITS);
    out.byte(OP.i32And);
    code.constant(2);
    out.byte(OP.i32Shl);
    code.op(OP.localTee, ADDRESS);
    code.op(OP.localGet, ADDRESS);
    code.memory(OP.i32Load, leavesAt(slot), 2);
    code.constant(1);
    out.byte(OP.i32Add);
    code.memory(OP.i32Store, leavesAt(slot), 2);
  }

  // ── structure ───────────────────────────────────────────────────────────────────────────────────────────────────

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
    for (let at = scoped.length - 1; at >= 0; at--) this.#control.open(OP.block, scoped[at]);
    begin?.();
    for (const unit of units) {
      if ((begin || unit !== first) && targets.has(unit)) this.#control.close();
      if (loopEnd[unit] >= 0 && (begin || unit !== first)) {
        this.#control.open(OP.loop, unit);
        this.#range(unit, loopEnd[unit]);
        this.#control.close();
      } else this.#block(unit);
    }
  }

  #block(at: number): void {
    const block = this.#region.blocks[at];
    for (const statement of block.statements) this.#statements.emit(statement, block);
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
            out.unsigned(this.#control.depth(known.block, false));
          } else {
            this.#control.open(OP.if, SCOPE);
            this.#edge(known, -1, at);
            this.#control.close();
          }
        }
        this.#control.leave();
        return;
      case "resume":
        this.#control.because(LEFT.moved);
        this.#control.leaveForEip();
        return;
      case "interpret":
        this.#code.constant(exit.linear);
        this.#code.op(OP.localSet, LINEAR);
        this.#code.constant(LEFT.interpret);
        this.#code.op(OP.localSet, EXTRA);
        this.#control.leave();
    }
  }

  /** On the condition that lies on the stack. */
  #branch(taken: Edge, otherwise: Edge, at: number): void {
    if (this.#isDirect(taken, at)) {
      this.#out.byte(OP.brIf);
      this.#out.unsigned(this.#control.depth(taken.block, false));
    } else {
      this.#control.open(OP.if, SCOPE);
      this.#edge(taken, -1, at);
      this.#control.close();
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
      this.#control.leaveFor(edge.linear);
      return;
    }
    if (edge.page >= 0) {
      this.#control.testPage(edge.page);
      this.#control.rarely();
      this.#control.because(LEFT.unmapped);
      this.#control.leaveFor(edge.linear);
      this.#control.close();
    }
    if (edge.block > origin) {
      if (edge.block === origin + 1 && from >= 0) return;
      out.byte(OP.br);
      out.unsigned(this.#control.depth(edge.block, false));
      return;
    }
    this.#code.op(OP.localGet, COUNT);
    this.#code.loadWord(REGION_LIMIT);
    out.byte(OP.i32GeS);
    this.#control.rarely();
    this.#control.because(LEFT.limit);
    this.#control.leaveFor(edge.linear);
    this.#control.close();
    if (this.#layout.loopEnd[edge.block] >= origin) {
      out.byte(OP.br);
      out.unsigned(this.#control.depth(edge.block, true));
      return;
    }
    this.#code.constant(this.#layout.dispatched.indexOf(edge.block));
    this.#code.op(OP.localSet, TARGET);
    out.byte(OP.br);
    out.unsigned(this.#control.depth(DISPATCHER, true));
  }
}
