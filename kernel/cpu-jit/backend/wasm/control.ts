/** Scopes of a region's function, and the ways out of it. */
import { BASE, CS, EIP } from "../../../cpu/state.js";
import { PAGE_SHIFT, TLB_EXECUTE_OFFSET } from "../../../memory/layout.js";
import { type Bytes, OP, VOID } from "../../../wasm/encoder.js";
import type { IrRegion, Site } from "../../ir/ir.js";
import type { WasmExpressions } from "./expression.js";
import { EXTRA, LINEAR } from "./numbering.js";

/** What a label stands for: -1 the dispatcher, -2 the way out, -3 a nameless scope, else a block. */
export const DISPATCHER = -1;
export const LEAVE = -2;
export const SCOPE = -3;

export class WasmControl {
  readonly #out: Bytes;
  readonly #code: WasmExpressions;
  readonly #region: IrRegion;
  readonly #counts: boolean;
  readonly #labels: { readonly what: number; readonly loop: boolean }[] = [];
  /** Where in the body conditional branches stand whose condition is rarely true. */
  readonly unlikely: number[] = [];

  /** @param counts the region counts why it is left */
  constructor(out: Bytes, code: WasmExpressions, region: IrRegion, counts: boolean) {
    this.#out = out;
    this.#code = code;
    this.#region = region;
    this.#counts = counts;
  }

  open(opcode: number, what: number): void {
    this.#out.byte(opcode);
    this.#out.byte(VOID);
    this.#labels.push({ what, loop: opcode === OP.loop });
  }
  /** Opens a scope for what is rarely done, on the condition that lies on the stack. */
  rarely(): void {
    this.unlikely.push(this.#out.length);
    this.open(OP.if, SCOPE);
  }
  /** Leaves a number of scopes, on a condition that is rarely true. */
  rarelyBranch(depth: number): void {
    this.unlikely.push(this.#out.length);
    this.#code.op(OP.brIf, depth);
  }
  close(): void {
    this.#out.byte(OP.end);
    this.#labels.pop();
  }
  depth(what: number, loop: boolean): number {
    for (let at = this.#labels.length - 1; at >= 0; at--) if (this.#labels[at].what === what && this.#labels[at].loop === loop) return this.#labels.length - 1 - at;
    throw new Error(`no label for block ${what} of a region`);
  }

  /** 1 on the stack when a page of the region is not mapped any more. */
  testPage(index: number): void {
    const { linear, table } = this.#region.pages[index];
    this.#code.constant(0);
    this.#code.memory(OP.i32Load, TLB_EXECUTE_OFFSET + ((linear >>> PAGE_SHIFT) + this.#region.tlbPart) * 4, 2);
    this.#code.constant(table);
    this.#out.byte(OP.i32Ne);
  }

  /** Says why the region is about to be left between two instructions; along an edge unless said. `cause`: an even one of `LEFT`. */
  because(cause: number): void {
    if (!this.#counts) return;
    this.#code.constant(cause);
    this.#code.op(OP.localSet, EXTRA);
  }
  leaveFor(linear: number): void {
    this.#code.constant(linear);
    this.#code.op(OP.localSet, LINEAR);
    this.leave();
  }
  leave(): void {
    this.#out.byte(OP.br);
    this.#out.unsigned(this.depth(LEAVE, false));
  }
  /** Leaves at an instruction that the interpreter has to execute. `cause`: an odd one of `LEFT`. */
  leaveAt(site: Site, cause: number): void {
    this.#code.constant(site.linear);
    this.#code.op(OP.localSet, LINEAR);
    this.#code.constant(site.before * 8 + cause);
    this.#code.op(OP.localSet, EXTRA);
    this.leave();
  }

  /** Goes on where the cold operation has put EIP. */
  leaveForEip(): void {
    this.#code.loadWord(EIP);
    this.#code.loadWord(BASE + CS);
    this.#out.byte(OP.i32Add);
    this.#code.op(OP.localSet, LINEAR);
    this.leave();
  }
}
