/** Folds constants: operations on known values, identities, and locals that hold a constant since they were set in the block. */
import { type BinaryOperator, binary, constant, type Exit, type Expr, type IrBlock, type IrRegion, LOCALS, type Statement, select, unary } from "../ir/ir.js";

import { negated } from "../ir/negate.js";

const compute = (op: BinaryOperator, a: number, b: number): number | undefined => {
  switch (op) {
    case "add":
      return (a + b) | 0;
    case "sub":
      return (a - b) | 0;
    case "mul":
      return Math.imul(a, b);
    case "and":
      return a & b;
    case "or":
      return a | b;
    case "xor":
      return a ^ b;
    case "shl":
      return a << b;
    case "shrU":
      return (a >>> b) | 0;
    case "shrS":
      return a >> b;
    case "rotl":
      return (a << b) | (a >>> ((32 - b) & 31));
    case "eq":
      return a === b ? 1 : 0;
    case "ne":
      return a !== b ? 1 : 0;
    case "ltS":
      return a < b ? 1 : 0;
    case "ltU":
      return a >>> 0 < b >>> 0 ? 1 : 0;
    case "leS":
      return a <= b ? 1 : 0;
    case "leU":
      return a >>> 0 <= b >>> 0 ? 1 : 0;
    default:
      return undefined;
  }
};

const COMMUTES: ReadonlySet<BinaryOperator> = new Set(["add", "mul", "and", "or", "xor", "eq", "ne"]);
const isBoolean = (expr: Expr): boolean => expr.kind === "condition" || (expr.kind === "binary" && /^(eq|ne|lt.|le.)$/.test(expr.op));

/** The operation on two expressions, simpler where one of them is known. */
export const foldBinary = (op: BinaryOperator, a: Expr, b: Expr): Expr => {
  if (a.kind === "const" && b.kind === "const") {
    const value = compute(op, a.value, b.value);
    if (value !== undefined) return constant(value);
  }
  // constants stand on the right
  if (a.kind === "const" && COMMUTES.has(op)) return foldBinary(op, b, a);
  if (a.kind === "local" && b.kind === "local" && a.local === b.local) {
    if (op === "xor" || op === "sub") return constant(0);
    if (op === "and" || op === "or") return a;
    if (op === "eq" || op === "leS" || op === "leU") return constant(1);
    if (op === "ne" || op === "ltS" || op === "ltU") return constant(0);
  }
  if (b.kind !== "const") return binary(op, a, b);
  const { value } = b;
  if (value === 0 && (op === "add" || op === "sub" || op === "or" || op === "xor" || op === "shl" || op === "shrU" || op === "shrS" || op === "rotl")) return a;
  if (op === "sub") return foldBinary("add", a, constant(-value));
  if (op === "and" && value === -1) return a;
  if (op === "and" && value === 0) return constant(0);
  if (op === "add" && a.kind === "binary" && a.op === "add" && a.b.kind === "const") return foldBinary("add", a.a, constant(a.b.value + value));
  if (op === "and" && a.kind === "binary" && a.op === "and" && a.b.kind === "const") return foldBinary("and", a.a, constant(a.b.value & value));
  // the bits that an extension changes are masked away
  if (op === "and" && a.kind === "unary" && ((a.op === "extend8" && (value & ~0xff) === 0) || (a.op === "extend16" && (value & ~0xffff) === 0))) return foldBinary("and", a.a, b);
  if (op === "eq" && value === 0 && isBoolean(a)) return negated(a) ?? binary(op, a, b);
  if (op === "xor" && value === 1 && isBoolean(a)) return negated(a) ?? binary(op, a, b);
  if (op === "ne" && value === 0 && isBoolean(a)) return a;
  return binary(op, a, b);
};

class Folder {
  readonly #locals: (number | undefined)[] = new Array(LOCALS).fill(undefined);
  readonly #temps = new Map<number, number>();

  expr(expr: Expr): Expr {
    switch (expr.kind) {
      case "local": {
        const value = this.#locals[expr.local];
        return value === undefined ? expr : constant(value);
      }
      case "temp": {
        const value = this.#temps.get(expr.temp);
        return value === undefined ? expr : constant(value);
      }
      case "unary": {
        const a = this.expr(expr.a);
        if (a.kind === "const") {
          if (expr.op === "extend8") return constant((a.value << 24) >> 24);
          if (expr.op === "extend16") return constant((a.value << 16) >> 16);
          return constant(expr.op === "not" ? ~a.value : Math.clz32(a.value));
        }
        return unary(expr.op, a);
      }
      case "binary":
        return foldBinary(expr.op, this.expr(expr.a), this.expr(expr.b));
      case "select": {
        const test = this.expr(expr.test);
        const a = this.expr(expr.a);
        const b = this.expr(expr.b);
        return test.kind === "const" ? (test.value !== 0 ? a : b) : select(test, a, b);
      }
      case "wide":
        return { ...expr, high: this.expr(expr.high), low: this.expr(expr.low), by: this.expr(expr.by) };
      default:
        return expr;
    }
  }

  statement(statement: Statement): Statement {
    switch (statement.kind) {
      case "set": {
        const value = this.expr(statement.value);
        this.#locals[statement.local] = value.kind === "const" ? value.value : undefined;
        return { ...statement, value };
      }
      case "let": {
        const value = this.expr(statement.value);
        if (value.kind === "const") this.#temps.set(statement.temp, value.value);
        return { ...statement, value };
      }
      case "load":
      case "open":
        return { ...statement, address: this.expr(statement.address) };
      case "store":
        return { ...statement, address: this.expr(statement.address), value: this.expr(statement.value) };
      case "put":
      case "word":
        return { ...statement, value: this.expr(statement.value) };
      case "require":
        return { ...statement, test: this.expr(statement.test) };
      case "x87":
        return statement.address ? { ...statement, address: this.expr(statement.address) } : statement;
      case "mapped":
        return statement;
      case "bulk":
      case "fence":
        this.#locals.fill(undefined);
        return statement;
    }
  }

  exit(exit: Exit): Exit {
    if (exit.kind === "indirect") return { ...exit, target: this.expr(exit.target) };
    if (exit.kind !== "branch") return exit;
    const test = this.expr(exit.test);
    if (test.kind === "const") return { kind: "jump", to: test.value !== 0 ? exit.taken : exit.otherwise };
    return { ...exit, test };
  }
}

const foldBlock = (block: IrBlock): void => {
  const folder = new Folder();
  const { statements } = block;
  let kept = 0;
  for (let at = 0; at < statements.length; at++) {
    const folded = folder.statement(statements[at]);
    if (folded.kind === "require" && folded.test.kind === "const" && folded.test.value !== 0) continue;
    statements[kept++] = folded;
  }
  statements.length = kept;
  block.exit = folder.exit(block.exit);
};

export const foldConstants = (region: IrRegion): void => {
  for (const block of region.blocks) foldBlock(block);
};
