/** Expressions as WebAssembly stack code. */
import { type Bytes, OP } from "../../../wasm/encoder.js";
import type { Expr } from "../../ir/ir.js";
import { L_A, L_B, L_OP, L_RESULT } from "../../ir/ir.js";
import { conditionName, type Imports } from "./numbering.js";

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

export class WasmExpressions {
  readonly #out: Bytes;
  readonly #firstLocal: number;
  readonly #firstTemp: number;
  readonly #imports: Imports;

  /** @param firstLocal function local of the guest's local 0 */
  constructor(out: Bytes, firstLocal: number, firstTemp: number, imports: Imports) {
    this.#out = out;
    this.#firstLocal = firstLocal;
    this.#firstTemp = firstTemp;
    this.#imports = imports;
  }

  emit(expr: Expr): void {
    const out = this.#out;
    switch (expr.kind) {
      case "const":
        this.constant(expr.value);
        return;
      case "local":
        this.op(OP.localGet, this.#firstLocal + expr.local);
        return;
      case "temp":
        this.op(OP.localGet, this.#firstTemp + expr.temp);
        return;
      case "word":
        this.loadWord(expr.word);
        return;
      case "unary":
        this.emit(expr.a);
        if (expr.op === "not") {
          this.constant(-1);
          out.byte(OP.i32Xor);
        } else out.byte(expr.op === "clz" ? OP.i32Clz : expr.op === "extend8" ? OP.i32Extend8S : OP.i32Extend16S);
        return;
      case "binary": {
        if (expr.op === "eq" && expr.b.kind === "const" && expr.b.value === 0) {
          this.emit(expr.a);
          out.byte(OP.i32Eqz);
          return;
        }
        const simple = BINARY[expr.op];
        if (simple !== undefined) {
          this.emit(expr.a);
          this.emit(expr.b);
          out.byte(simple);
        } else this.#highProduct(expr.a, expr.b, expr.op === "mulHighS" ? OP.i64ExtendI32S : OP.i64ExtendI32U);
        return;
      }
      case "select":
        this.emit(expr.a);
        this.emit(expr.b);
        this.emit(expr.test);
        out.byte(OP.select);
        return;
      case "wide":
        this.emit(expr.high);
        out.byte(OP.i64ExtendI32U);
        this.#long(32);
        out.byte(OP.i64Shl);
        this.emit(expr.low);
        out.byte(OP.i64ExtendI32U);
        out.byte(OP.i64Or);
        this.emit(expr.by);
        out.byte(OP.i64ExtendI32U);
        out.byte(expr.op === "quotient" ? OP.i64DivU : OP.i64RemU);
        out.byte(OP.i32WrapI64);
        return;
      case "condition": {
        const odd = expr.code < 16 && (expr.code & 1) !== 0;
        for (const local of [L_OP, L_RESULT, L_A, L_B]) this.op(OP.localGet, this.#firstLocal + local);
        this.op(OP.call, this.#imports.indexOf(conditionName(odd ? expr.code - 1 : expr.code)));
        if (odd) out.byte(OP.i32Eqz);
      }
    }
  }

  #highProduct(a: Expr, b: Expr, extend: number): void {
    const out = this.#out;
    this.emit(a);
    out.byte(extend);
    this.emit(b);
    out.byte(extend);
    out.byte(OP.i64Mul);
    this.#long(32);
    out.byte(OP.i64ShrU);
    out.byte(OP.i32WrapI64);
  }

  op(opcode: number, index: number): void {
    this.#out.byte(opcode);
    this.#out.unsigned(index);
  }
  constant(value: number): void {
    this.#out.byte(OP.i32Const);
    this.#out.signed(value);
  }
  #long(value: number): void {
    this.#out.byte(OP.i64Const);
    this.#out.signed(value);
  }
  memory(opcode: number, offset: number, align: number): void {
    this.#out.byte(opcode);
    this.#out.unsigned(align);
    this.#out.unsigned(offset);
  }
  /** @param value emits what is stored */
  storeWord(word: number, value: () => void): void {
    this.constant(0);
    value();
    this.memory(OP.i32Store, word * 4, 2);
  }
  loadWord(word: number): void {
    this.constant(0);
    this.memory(OP.i32Load, word * 4, 2);
  }
}
