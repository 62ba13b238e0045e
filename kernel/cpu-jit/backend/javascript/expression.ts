/**
 * Expressions as JavaScript.
 *
 * Each has up to three forms: a value in the range of a signed 32-bit integer; a number that equals it modulo 2^32, for
 * operators that truncate their operands anyway; a condition for `if`. Sums stay far below 2^53, so they are exact, and
 * V8 makes plain 32-bit additions of those that are truncated in the end. `+` makes 1 or 0 of a comparison without a jump.
 */
import { type Expr, LOCAL_NAMES } from "../../ir/ir.js";

const COMPARISONS: Partial<Record<string, readonly [holds: string, fails: string, unsigned: boolean]>> = {
  eq: ["===", "!==", false],
  ne: ["!==", "===", false],
  ltS: ["<", ">=", false],
  leS: ["<=", ">", false],
  ltU: ["<", ">=", true],
  leU: ["<=", ">", true],
};
const BITWISE: Partial<Record<string, string>> = { and: "&", or: "|", xor: "^" };

const isConstant = (expr: Expr, value: number): boolean => expr.kind === "const" && expr.value === value;
/** Evaluated once or twice is the same, in text and in time. */
const isSimple = (expr: Expr): boolean => expr.kind === "const" || expr.kind === "local" || expr.kind === "temp";
/** Cannot have changed since a temporary was computed from it. */
const isFixed = (expr: Expr): boolean => expr.kind === "const" || expr.kind === "temp";
const isSame = (a: Expr, b: Expr): boolean => (a.kind === "temp" && b.kind === "temp" && a.temp === b.temp) || (a.kind === "const" && b.kind === "const" && a.value === b.value);

/** Always 1 or 0. */
const isBit = (expr: Expr): boolean => {
  if (expr.kind === "condition") return true;
  if (expr.kind === "const") return expr.value === 0 || expr.value === 1;
  if (expr.kind === "select") return isBit(expr.a) && isBit(expr.b);
  if (expr.kind !== "binary") return false;
  if (expr.op in COMPARISONS) return true;
  if (expr.op === "and") return isConstant(expr.b, 1) || isConstant(expr.a, 1) || (isBit(expr.a) && isBit(expr.b));
  if (expr.op === "or" || expr.op === "xor") return isBit(expr.a) && isBit(expr.b);
  return expr.op === "shrU" && isConstant(expr.b, 31);
};
/** The value that `expr` tests for being negative. */
const signOf = (expr: Expr): Expr | undefined => (expr.kind === "binary" && expr.op === "ltS" && isConstant(expr.b, 0) ? expr.a : undefined);

export class JavaScriptExpressions {
  /** Products and quotients that temporaries of the block hold. */
  readonly #known = new Map<number, Expr>();
  /** Operators, accesses and calls printed so far. */
  operations = 0;

  /** Temporaries are numbered anew. */
  beginBlock(): void {
    this.#known.clear();
  }
  /** A temporary is set to a value. */
  note(temp: number, value: Expr): void {
    if ((value.kind === "binary" && value.op === "mul") || (value.kind === "wide" && value.op === "quotient")) this.#known.set(temp, value);
  }

  // ── a value ─────────────────────────────────────────────────────────────────────────────────────────────────────

  value(expr: Expr): string {
    switch (expr.kind) {
      case "const":
        return String(expr.value);
      case "local":
        return LOCAL_NAMES[expr.local];
      case "temp":
        return `t${expr.temp}`;
      case "word":
        this.operations++;
        return `i32[${expr.word}]`;
      case "unary":
        this.operations++;
        if (expr.op === "not") return `~${this.#truncated(expr.a)}`;
        if (expr.op === "clz") return `clz32(${this.#truncated(expr.a)})`;
        return expr.op === "extend8" ? `(${this.#truncated(expr.a)} << 24 >> 24)` : `(${this.#truncated(expr.a)} << 16 >> 16)`;
      case "select":
        this.operations++;
        return `(${this.test(expr.test)} ? ${this.value(expr.a)} : ${this.value(expr.b)})`;
      case "wide":
        return this.#wide(expr);
      case "condition":
        return `+(${this.test(expr)})`;
      case "binary":
        return this.#binary(expr);
    }
  }

  #binary(expr: Expr & { kind: "binary" }): string {
    const { op, a, b } = expr;
    if (op in COMPARISONS) return `+(${this.test(expr)})`;
    if (op === "add" || op === "sub") return `(${this.#sum(expr)} | 0)`;
    this.operations++;
    const bitwise = BITWISE[op];
    if (bitwise) {
      const signs = op === "xor" ? this.#signs(a, b) : undefined;
      if (signs) return `+(${signs} < 0)`;
      return `(${this.#truncated(a)} ${bitwise} ${this.#truncated(b)})`;
    }
    switch (op) {
      case "mul":
        return `imul(${this.#truncated(a)}, ${this.#truncated(b)})`;
      case "divS":
        return `(${this.value(a)} / ${this.value(b)} | 0)`;
      case "remS":
        return `(${this.value(a)} % ${this.value(b)} | 0)`;
      case "shl":
        return `(${this.#truncated(a)} << ${this.#truncated(b)})`;
      case "shrS":
        return `(${this.#truncated(a)} >> ${this.#truncated(b)})`;
      case "shrU": {
        const shifted = `${this.#truncated(a)} >>> ${this.#truncated(b)}`;
        // what has lost its top bit is in range
        return b.kind === "const" && (b.value & 31) !== 0 ? `(${shifted})` : `(${shifted} | 0)`;
      }
      case "rotl":
        return this.#rotated(a, b);
      default:
        return `${op === "mulHighS" ? "highSigned" : "highUnsigned"}(${this.value(a)}, ${this.value(b)})`;
    }
  }

  /** V8 makes one rotation of two shifts whose counts add up to 32. */
  #rotated(a: Expr, b: Expr): string {
    const value = this.value(a);
    if (!isSimple(a) || !isSimple(b)) return `rotateLeft(${value}, ${this.value(b)})`;
    const count = b.kind === "const" ? String(b.value & 31) : this.value(b);
    const rest = b.kind === "const" ? String((32 - b.value) & 31) : `32 - ${count}`;
    return `(${value} << ${count} | ${value} >>> ${rest})`;
  }

  #wide({ op, high, low, by }: Expr & { kind: "wide" }): string {
    this.operations++;
    if (op === "remainder" && isFixed(high) && isFixed(low) && isFixed(by)) {
      for (const [temp, known] of this.#known) {
        if (known.kind !== "wide" || !isSame(known.high, high) || !isSame(known.low, low) || !isSame(known.by, by)) continue;
        return `(${this.value(low)} - imul(t${temp}, ${this.value(by)}) | 0)`;
      }
    }
    return `${op}Unsigned(${this.value(high)}, ${this.value(low)}, ${this.value(by)})`;
  }

  // ── other forms ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** An exact sum that nothing has truncated yet. */
  #sum({ op, a, b }: Expr & { kind: "binary" }): string {
    this.operations++;
    if (op === "add" && b.kind === "const" && b.value < 0) return `${this.#term(a)} - ${-b.value}`;
    const right = this.#term(b);
    return op === "add" ? `${this.#term(a)} + ${right}` : `${this.#term(a)} - ${right}`;
  }
  #term(expr: Expr): string {
    if (expr.kind === "binary" && (expr.op === "add" || expr.op === "sub")) return `(${this.#sum(expr)})`;
    return this.value(expr);
  }

  /** For operators that take their operands modulo 2^32. */
  #truncated(expr: Expr): string {
    if (expr.kind === "binary" && expr.op === "shrU") {
      this.operations++;
      return `(${this.#truncated(expr.a)} >>> ${this.#truncated(expr.b)})`;
    }
    return this.#term(expr);
  }

  #unsigned(expr: Expr): string {
    if (expr.kind === "const") return String(expr.value >>> 0);
    const text = this.#truncated(expr);
    const already = expr.kind === "binary" && (expr.op === "shrU" || (expr.op === "and" && expr.b.kind === "const" && expr.b.value >= 0));
    return already ? text : `(${text} >>> 0)`;
  }

  /** What is negative when just one of two signs is set. */
  #signs(a: Expr, b: Expr): string | undefined {
    const left = signOf(a);
    const right = signOf(b);
    return left && right ? `(${this.#truncated(left)} ^ ${this.#truncated(right)})` : undefined;
  }

  // ── conditions ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** True when the value is not 0; with `fails`, when it is. */
  test(expr: Expr, fails = false): string {
    const not = fails ? "!" : "";
    switch (expr.kind) {
      case "const":
        return (expr.value !== 0) !== fails ? "true" : "false";
      case "condition": {
        this.operations++;
        const odd = expr.code < 16 && (expr.code & 1) !== 0;
        return `${odd === fails ? "" : "!"}condition${odd ? expr.code - 1 : expr.code}(flagOp, flagResult, flagA, flagB)`;
      }
      case "select":
        this.operations++;
        return `(${this.test(expr.test)} ? ${this.test(expr.a, fails)} : ${this.test(expr.b, fails)})`;
      case "binary": {
        const { op, a, b } = expr;
        if (op in COMPARISONS) return this.#comparison(expr, fails);
        if (!isBit(a) || !isBit(b)) break;
        this.operations++;
        if (op === "or") return `${not}(${this.test(a)} || ${this.test(b)})`;
        if (op === "and" && !isConstant(b, 1)) return `${not}(${this.test(a)} && ${this.test(b)})`;
        if (op === "xor") {
          if (isConstant(b, 1)) return this.test(a, !fails);
          const signs = this.#signs(a, b);
          if (signs) return `${signs} ${fails ? ">=" : "<"} 0`;
        }
      }
    }
    this.operations++;
    return `${this.value(expr)} ${fails ? "===" : "!=="} 0`;
  }

  #comparison(expr: Expr & { kind: "binary" }, fails: boolean): string {
    const { op, a, b } = expr;
    if ((op === "eq" || op === "ne") && isConstant(b, 0) && isBit(a)) return this.test(a, fails === (op === "ne"));
    if ((op === "eq" || op === "ne") && a.kind === "binary" && a.op === "mulHighS") {
      const product = this.#lostProduct(a, b);
      if (product) return `${product[0]} ${(op === "ne") === fails ? "===" : "!=="} ${product[1]}`;
    }
    this.operations++;
    const [holds, holdsNot, unsigned] = COMPARISONS[op]!;
    const operator = fails ? holdsNot : holds;
    return unsigned ? `${this.#unsigned(a)} ${operator} ${this.#unsigned(b)}` : `${this.value(a)} ${operator} ${this.value(b)}`;
  }

  /**
   * A signed product that 32 bits do not hold: `high !== low >> 31`. The product as a double is rounded, but is the same as
   * its lower half only where it fits.
   */
  #lostProduct({ a, b }: Expr & { kind: "binary" }, sign: Expr): readonly [double: string, low: string] | undefined {
    if (sign.kind !== "binary" || sign.op !== "shrS" || !isConstant(sign.b, 31) || sign.a.kind !== "temp") return undefined;
    const low = this.#known.get(sign.a.temp);
    if (low?.kind !== "binary" || !isSame(low.a, a) || !isSame(low.b, b)) return undefined;
    this.operations += 2;
    return [`${this.value(a)} * ${this.value(b)}`, `t${sign.a.temp}`];
  }
}
