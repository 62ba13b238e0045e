/** Integer instructions of the interpreter's hot set, by the shape of their names: `ADD32rm`. */
import { LAZY_ADD, LAZY_DEC, LAZY_INC, LAZY_SHIFT, LAZY_SUB } from "../../cpu/flags.js";
import { R_IMM, R_REG, R_RM } from "../../cpu/interpreter/record.js";
import { DF, EAX, FLAGS } from "../../cpu/state.js";
import { binary, constant, type Expr, L_OP, local, type Size, select, unary, word } from "../ir/ir.js";
import { type BlockBuilder, UNKNOWN_FLAGS } from "./builder.js";
import { carry, condition } from "./conditions.js";
import { always, type Lifter, withMemory } from "./lifter.js";
import { add, address, and, extend, getRegister, hasSimpleAddress, offset, setRegister } from "./operands.js";
import { registerPlace } from "./place.js";
import { rotate } from "./rotates.js";
import { hotShift, SHIFTS } from "./shifts.js";

export type { Lifter } from "./lifter.js";

const ZERO = constant(0);

interface Arithmetic {
  readonly op: "add" | "sub" | "and" | "or" | "xor";
  /** With CF as a third operand. */
  readonly carries: boolean;
  readonly writes: boolean;
  /** Of the lazy flags; logic has no operands to keep. */
  readonly kind: number | undefined;
}

export const ARITHMETIC: Readonly<Record<string, Arithmetic>> = {
  ADD: { op: "add", carries: false, writes: true, kind: LAZY_ADD },
  ADC: { op: "add", carries: true, writes: true, kind: LAZY_ADD },
  SUB: { op: "sub", carries: false, writes: true, kind: LAZY_SUB },
  SBB: { op: "sub", carries: true, writes: true, kind: LAZY_SUB },
  CMP: { op: "sub", carries: false, writes: false, kind: LAZY_SUB },
  AND: { op: "and", carries: false, writes: true, kind: undefined },
  OR: { op: "or", carries: false, writes: true, kind: undefined },
  XOR: { op: "xor", carries: false, writes: true, kind: undefined },
  TEST: { op: "and", carries: false, writes: false, kind: undefined },
};

/** From operands to result and flags; `keep` stores the result and gives it as what can be read again. */
export const arithmetic = (block: BlockBuilder, { op, carries, kind }: Arithmetic, size: Size, x: Expr, y: Expr, keep: (result: Expr) => Expr): void => {
  const c = carries ? block.let(carry(block)) : undefined;
  const a = size === 32 ? x : block.let(x);
  const b = size === 32 ? y : block.let(y);
  const plain = binary(op, a, b);
  const whole = c ? binary(op, plain, c) : plain;
  const value = size === 32 ? whole : block.let(kind === undefined ? whole : extend(size, whole));
  if (kind !== undefined) block.flagOperands(a, b);
  const result = keep(value);
  if (kind === undefined) block.logic(result);
  else if (c) {
    block.flagOutcome(kind, result);
    // the kinds with a carry in of one follow those without
    block.set(L_OP, add(constant(kind), c));
    block.flagKind = UNKNOWN_FLAGS;
  } else block.flagOutcome(kind, result);
};

/** The result goes to a register. */
const intoRegister =
  (block: BlockBuilder, size: Size, index: number) =>
  (value: Expr): Expr => {
    setRegister(block, size, index, value);
    return size === 32 ? local(index) : value;
  };
/** To an opened memory operand. */
const intoMemory =
  (block: BlockBuilder, size: Size, handle: number) =>
  (value: Expr): Expr => {
    const result = block.let(value);
    block.put(handle, size, result);
    return result;
  };

const arithmeticLifter =
  (what: Arithmetic, size: Size, form: string): Lifter =>
  (block) => {
    const register = (): Expr => getRegister(size, block.field(R_REG));
    const dropped = (value: Expr): Expr => value;
    const keep = what.writes ? intoRegister(block, size, block.field(R_REG)) : dropped;
    if (form === "rr") arithmetic(block, what, size, register(), getRegister(size, block.field(R_RM)), keep);
    else if (form === "ri") arithmetic(block, what, size, register(), constant(block.field(R_IMM)), keep);
    else {
      if (!hasSimpleAddress(block)) return false;
      if (form === "rm") {
        const y = block.load(size, address(block, false));
        arithmetic(block, what, size, register(), y, keep);
        return true;
      }
      const source = form === "mr" ? register() : constant(block.field(R_IMM));
      if (what.writes) {
        const { value, handle } = block.open(size, address(block, true));
        arithmetic(block, what, size, value, source, intoMemory(block, size, handle));
      } else arithmetic(block, what, size, block.load(size, address(block, false)), source, dropped);
    }
    return true;
  };

// ── the rest ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** INC and DEC, which keep CF; `keep` as in `arithmetic`. */
export const increment = (block: BlockBuilder, kind: typeof LAZY_INC | typeof LAZY_DEC, size: Size, x: Expr, keep: (result: Expr) => Expr): void => {
  const c = block.let(carry(block));
  const before = size === 32 ? x : block.let(x);
  const plain = add(before, constant(kind === LAZY_INC ? 1 : -1));
  const value = size === 32 ? plain : block.let(extend(size, plain));
  block.flagOperands(before, c);
  block.flagOutcome(kind, keep(value));
};

const incrementLifter =
  (kind: typeof LAZY_INC | typeof LAZY_DEC, size: Size, memory: boolean): Lifter =>
  (block) => {
    if (!memory) {
      increment(block, kind, size, getRegister(size, block.field(R_REG)), intoRegister(block, size, block.field(R_REG)));
      return true;
    }
    if (!hasSimpleAddress(block)) return false;
    const { value, handle } = block.open(size, address(block, true));
    increment(block, kind, size, value, intoMemory(block, size, handle));
    return true;
  };

/** IMUL with a register as destination. */
export const product = (block: BlockBuilder, x: Expr, y: Expr): void => {
  const a = block.let(x);
  const b = block.let(y);
  const low = block.let(binary("mul", a, b));
  const lost = binary("ne", binary("mulHighS", a, b), binary("shrS", low, constant(31)));
  block.flagOperands(undefined, block.let(select(lost, constant(3), ZERO)));
  block.set(block.field(R_REG), low);
  block.flagOutcome(LAZY_SHIFT, low);
};

const register32 = (block: BlockBuilder, field: number): Expr => local(block.field(field));

export const integerLifters = (): Map<string, Lifter> => {
  const all = new Map<string, Lifter>();
  for (const size of [8, 16, 32] as const) {
    for (const [name, what] of Object.entries(ARITHMETIC)) for (const form of ["rr", "ri", "rm", "mr", "mi"]) all.set(`${name}${size}${form}`, arithmeticLifter(what, size, form));
    for (const name of SHIFTS) for (const form of ["ri", "rc", "mi"]) all.set(`${name}${size}${form}`, hotShift(name, size, form));
    for (const memory of [false, true]) {
      all.set(`INC${size}${memory ? "m" : "r"}`, incrementLifter(LAZY_INC, size, memory));
      all.set(`DEC${size}${memory ? "m" : "r"}`, incrementLifter(LAZY_DEC, size, memory));
    }
    const into = (block: BlockBuilder, value: Expr): void => setRegister(block, size, block.field(R_REG), value);
    all.set(
      `MOV${size}rr`,
      always((block) => into(block, getRegister(size, block.field(R_RM)))),
    );
    all.set(
      `MOV${size}ri`,
      always((block) => into(block, constant(block.field(R_IMM)))),
    );
    all.set(
      `MOV${size}rm`,
      withMemory((block) => into(block, block.load(size, address(block, false)))),
    );
    all.set(
      `MOV${size}mr`,
      withMemory((block) => block.store(size, address(block, true), getRegister(size, block.field(R_REG)))),
    );
    all.set(
      `MOV${size}mi`,
      withMemory((block) => block.store(size, address(block, true), constant(block.field(R_IMM)))),
    );
  }
  for (const name of ["ROL", "ROR"] as const)
    all.set(
      `${name}32ri`,
      always((block) => rotate(block, name, 32, registerPlace(block, 32, block.field(R_REG)), block.field(R_IMM))),
    );
  all.set(
    "NOT32r",
    always((block) => block.set(block.field(R_REG), unary("not", register32(block, R_REG)))),
  );
  all.set(
    "NEG32r",
    always((block) => {
      const register = block.field(R_REG);
      block.flagOperands(ZERO, local(register));
      block.set(register, binary("sub", ZERO, local(register)));
      block.flagOutcome(LAZY_SUB, local(register));
    }),
  );
  for (const [letter, from] of [
    ["B", 8],
    ["W", 16],
  ] as const) {
    const mask = from === 8 ? 0xff : 0xffff;
    for (const size of [16, 32] as const) {
      const into = (block: BlockBuilder, value: Expr): void => setRegister(block, size, block.field(R_REG), value);
      all.set(
        `MOVZX${letter}${size}rr`,
        always((block) => into(block, and(getRegister(from, block.field(R_RM)), mask))),
      );
      all.set(
        `MOVZX${letter}${size}rm`,
        withMemory((block) => into(block, and(block.load(from, address(block, false)), mask))),
      );
      all.set(
        `MOVSX${letter}${size}rr`,
        always((block) => into(block, getRegister(from, block.field(R_RM)))),
      );
      all.set(
        `MOVSX${letter}${size}rm`,
        withMemory((block) => into(block, block.load(from, address(block, false)))),
      );
    }
  }
  all.set(
    "LEA32rm",
    withMemory((block) => block.set(block.field(R_REG), offset(block))),
  );
  const exchange = (block: BlockBuilder, one: number, other: number): void => {
    const value = block.let(local(one));
    block.set(one, local(other));
    block.set(other, value);
  };
  all.set(
    "XCHGA32r",
    always((block) => exchange(block, EAX, block.field(R_REG))),
  );
  all.set(
    "XCHG32rr",
    always((block) => exchange(block, block.field(R_REG), block.field(R_RM))),
  );
  all.set(
    "XCHG32mr",
    withMemory((block) => {
      const { value, handle } = block.open(32, address(block, true));
      block.put(handle, 32, register32(block, R_REG));
      block.set(block.field(R_REG), value);
    }),
  );
  all.set(
    "NOP",
    always(() => {}),
  );
  all.set(
    "IMUL232rr",
    always((block) => product(block, register32(block, R_REG), register32(block, R_RM))),
  );
  all.set(
    "IMUL232rm",
    withMemory((block) => product(block, block.load(32, address(block, false)), register32(block, R_REG))),
  );
  all.set(
    "IMUL332rr",
    always((block) => product(block, register32(block, R_RM), constant(block.field(R_IMM)))),
  );
  all.set(
    "CMOV32rr",
    always((block) => block.set(block.field(R_REG), select(condition(block, block.field(R_IMM)), register32(block, R_RM), register32(block, R_REG)))),
  );
  all.set(
    "CMOV32rm",
    withMemory((block) => {
      const value = block.load(32, address(block, false));
      block.set(block.field(R_REG), select(condition(block, block.field(R_IMM)), value, register32(block, R_REG)));
    }),
  );
  all.set(
    "SETCC8r",
    always((block) => setRegister(block, 8, block.field(R_REG), block.let(condition(block, block.field(R_IMM))))),
  );
  all.set(
    "CLD",
    always((block) => block.emit({ kind: "word", word: FLAGS, value: and(word(FLAGS), ~DF) })),
  );
  return all;
};
