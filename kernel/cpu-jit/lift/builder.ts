/**
 * Builds one block: statements, temporaries, and what is known of the lazy flags at the current instruction.
 *
 * The value of a flag operand is known as an expression for as long as the locals it reads are not set again; after that it
 * is read from its own local, which has been set at the same time.
 */
import { LAZY_LOGIC } from "../../cpu/flags.js";
import { META_LENGTH_SHIFT, META_OFFSET_MASK, R_META } from "../../cpu/interpreter/record.js";
import { SHADOW } from "../../cpu/state.js";
import { constant, type Exit, type Expr, type IrBlock, L_A, L_B, L_OP, L_RESULT, local, reads, type Site, type Size, type Statement, temp } from "../ir/ir.js";

/** The kind of the lazy flags is not known here. */
export const UNKNOWN_FLAGS = -1;

export class BlockBuilder {
  readonly code: Int32Array;
  /** Linear address of the page of the block's code. */
  readonly page: number;
  readonly #linear: number;
  readonly #statements: Statement[] = [];
  #temps = 0;
  #instructions = 0;
  #site: Site = { linear: 0, before: 0 };
  #record = 0;
  /** Kind of the lazy flags, LAZY_, or UNKNOWN_FLAGS. */
  flagKind: number;
  #a: Expr = local(L_A);
  #b: Expr = local(L_B);
  #result: Expr = local(L_RESULT);
  /** Segments that have been found to need no limit check, as bits. */
  openSegments = 0;
  exit: Exit | undefined;
  /** The privilege level is not 3. */
  readonly isSupervisor: boolean;
  /** The region goes on with the next instruction, and does not leave it to the interpreter. */
  continues = false;
  #shadowed = false;

  constructor(code: Int32Array, linear: number, flagKind: number, isSupervisor: boolean) {
    this.isSupervisor = isSupervisor;
    this.code = code;
    this.#linear = linear;
    this.page = linear & ~0xfff;
    this.flagKind = flagKind;
  }

  /** Begins the next instruction. */
  begin(record: number): void {
    this.#record = record;
    this.endShadow();
    this.#site = { linear: (this.page + (this.code[record + R_META] & META_OFFSET_MASK)) | 0, before: this.#instructions };
  }
  /** The instruction is lifted. */
  end(): void {
    this.#instructions++;
  }

  /** Record of the current instruction. */
  get record(): number {
    return this.#record;
  }
  get site(): Site {
    return this.#site;
  }
  /** Linear address behind the current instruction. */
  get next(): number {
    return (this.#site.linear + ((this.code[this.#record + R_META] >> META_LENGTH_SHIFT) & 15)) | 0;
  }
  field(index: number): number {
    return this.code[this.#record + index];
  }

  finish(): IrBlock {
    return {
      linear: this.#linear,
      end: this.#record === 0 ? this.#linear : this.next,
      instructions: this.#instructions,
      statements: this.#statements,
      exit: this.exit ?? { kind: "interpret", linear: this.#site.linear },
      temps: this.#temps,
    };
  }

  emit(statement: Statement): void {
    this.#statements.push(statement);
  }

  // ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Evaluates now. */
  let(value: Expr): Expr {
    if (value.kind === "const" || value.kind === "temp") return value;
    const index = this.#temps++;
    this.emit({ kind: "let", temp: index, value });
    return temp(index);
  }
  set(index: number, value: Expr): void {
    this.emit({ kind: "set", local: index, value });
    if (index >= L_OP) return;
    if (reads(this.#a, index)) this.#a = local(L_A);
    if (reads(this.#b, index)) this.#b = local(L_B);
    if (reads(this.#result, index)) this.#result = local(L_RESULT);
  }

  // ── memory ──────────────────────────────────────────────────────────────────────────────────────────────────────

  load(size: Size, address: Expr): Expr {
    const index = this.#temps++;
    this.emit({ kind: "load", temp: index, size, address, site: this.#site });
    return temp(index);
  }
  store(size: Size, address: Expr, value: Expr): void {
    this.emit({ kind: "store", size, address, value, site: this.#site });
  }
  open(size: Size, address: Expr): { readonly value: Expr; readonly handle: number } {
    const index = this.#temps;
    this.#temps += 2;
    this.emit({ kind: "open", temp: index, handle: index + 1, size, address, site: this.#site });
    return { value: temp(index), handle: index + 1 };
  }
  put(handle: number, size: Size, value: Expr): void {
    this.emit({ kind: "put", handle, size, value });
  }
  require(test: Expr): void {
    this.emit({ kind: "require", test, site: this.#site });
  }
  /** REP MOVS or REP STOS. */
  bulk(operation: "move" | "store", size: Size, name: string): void {
    const length = this.#temps;
    this.#temps += 2;
    this.emit({ kind: "bulk", operation, size, length, target: length + 1, fence: { kind: "fence", record: this.#record, name, site: this.#site, next: this.next, ends: false } });
    // they are in their locals, which the fence keeps
    this.#a = local(L_A);
    this.#b = local(L_B);
    this.#result = local(L_RESULT);
  }
  /** The current instruction is left to its cold operation; `keepsFlags`: it touches no arithmetic flag; `ends`: it may move EIP. */
  fence(name: string, keepsFlags: boolean, ends: boolean): void {
    this.emit({ kind: "fence", record: this.#record, name, site: this.#site, next: this.next, ends });
    // it may load a segment register
    if (ends) this.openSegments = 0;
    const { flagKind } = this;
    this.flagsUnknown();
    if (keepsFlags) this.flagKind = flagKind;
  }

  /** Sets the interrupt shadow, until the next instruction begins. */
  shadow(value: Expr): void {
    this.emit({ kind: "word", word: SHADOW, value });
    this.#shadowed = true;
  }

  /** The instruction behind the one that set the interrupt shadow begins. */
  endShadow(): void {
    if (this.#shadowed) this.emit({ kind: "word", word: SHADOW, value: constant(0) });
    this.#shadowed = false;
  }

  // ── flags ───────────────────────────────────────────────────────────────────────────────────────────────────────

  get flagA(): Expr {
    return this.#a;
  }
  get flagB(): Expr {
    return this.#b;
  }
  get flagResult(): Expr {
    return this.#result;
  }

  /** Operands of an operation that is about to set a register: before the register is set. */
  flagOperands(a: Expr | undefined, b: Expr | undefined): void {
    if (a) {
      this.set(L_A, a);
      this.#a = a;
    }
    if (b) {
      this.set(L_B, b);
      this.#b = b;
    }
  }
  /** Its kind and result. */
  flagOutcome(kind: number, result: Expr): void {
    this.set(L_OP, constant(kind));
    this.set(L_RESULT, result);
    this.flagKind = kind;
    this.#result = result.kind === "local" || result.kind === "temp" || result.kind === "const" ? result : local(L_RESULT);
  }
  /** From here on the flags are what their locals say. */
  flagsUnknown(): void {
    this.#a = local(L_A);
    this.#b = local(L_B);
    this.#result = local(L_RESULT);
    this.flagKind = UNKNOWN_FLAGS;
  }
  logic(result: Expr): void {
    this.flagOutcome(LAZY_LOGIC, result);
  }
}
