/** String instructions in flat segments and with 32-bit addresses; with REP, those that move and store. */
import { LAZY_SUB } from "../../cpu/flags.js";
import { META_REP_SHIFT, META_SEGMENT_SHIFT, R_META } from "../../cpu/interpreter/record.js";
import { DF, EAX, EDI, ESI, FLAGS, FS, GS } from "../../cpu/state.js";
import { binary, constant, type Expr, local, type Size, word } from "../ir/ir.js";
import type { BlockBuilder } from "./builder.js";
import { getNumbered, hasAddress16, setNumbered, sizeOf } from "./cold-operands.js";
import type { Lifter } from "./lifter.js";
import { add, and, extend } from "./operands.js";

/** Moves an index register behind its element, in the direction that DF says. */
const advance = (block: BlockBuilder, size: Size, ...registers: readonly number[]): void => {
  const log = size === 8 ? 0 : size === 16 ? 1 : 2;
  // DF is bit 10: shifted down to twice the number of bytes
  const by = block.let(binary("sub", constant(1 << log), binary("shrU", and(word(FLAGS), DF), constant(9 - log))));
  for (const register of registers) block.set(register, add(local(register), by));
};

const compare = (block: BlockBuilder, size: Size, a: Expr, b: Expr): void => {
  const result = block.let(extend(size, binary("sub", a, b)));
  block.flagOperands(a, b);
  block.flagOutcome(LAZY_SUB, result);
};

/** Elements are read and written before any register changes. */
const string =
  (lift: (block: BlockBuilder, size: Size) => void, bulk?: { readonly operation: "move" | "store"; readonly name: string }): Lifter =>
  (block) => {
    const meta = block.field(R_META);
    const segment = (meta >> META_SEGMENT_SHIFT) & 7;
    const isRepeated = ((meta >> META_REP_SHIFT) & 3) !== 0;
    if ((isRepeated && !bulk) || hasAddress16(block) || segment === FS || segment === GS) return false;
    if (isRepeated && bulk) block.bulk(bulk.operation, sizeOf(block), bulk.name);
    else lift(block, sizeOf(block));
    return true;
  };

const load = string((block, size) => {
  setNumbered(block, size, EAX, block.load(size, local(ESI)));
  advance(block, size, ESI);
});
const store = string(
  (block, size) => {
    block.store(size, local(EDI), getNumbered(block, size, EAX));
    advance(block, size, EDI);
  },
  { operation: "store", name: "STOS" },
);
const move = string(
  (block, size) => {
    block.store(size, local(EDI), block.load(size, local(ESI)));
    advance(block, size, ESI, EDI);
  },
  { operation: "move", name: "MOVS" },
);
const scan = string((block, size) => {
  const value = block.load(size, local(EDI));
  compare(block, size, getNumbered(block, size, EAX), value);
  advance(block, size, EDI);
});
const compareStrings = string((block, size) => {
  const a = block.load(size, local(ESI));
  compare(block, size, a, block.load(size, local(EDI)));
  advance(block, size, ESI, EDI);
});

export const stringLifters = (): Map<string, Lifter> => {
  const all = new Map<string, Lifter>();
  for (const [name, lifter] of [
    ["LODS", load],
    ["STOS", store],
    ["MOVS", move],
    ["SCAS", scan],
    ["CMPS", compareStrings],
  ] as const) {
    all.set(`${name}B`, lifter);
    all.set(`${name}V`, lifter);
  }
  return all;
};
