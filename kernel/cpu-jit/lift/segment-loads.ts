/**
 * MOV and POP to DS, ES, FS and GS in the kernel of a guest: at CPL 0, from the global descriptor table, of data segments
 * that have been accessed before. DS and ES must stay flat, FS and GS may become null. The interpreter does the rest.
 */
import { FLAT_DATA, FLAT_LOW, RAW_ATTRIBUTES, RAW_SHIFT, raw } from "../../cpu/flat-descriptors.js";
import { R_REG } from "../../cpu/interpreter/record.js";
import { ATTR, ATTR_ACCESSED, ATTR_CODE, ATTR_GRANULAR, ATTR_PRESENT, ATTR_SEGMENT, BASE, CPL, DS, ES, ESP, FS, GDTR_BASE, GDTR_LIMIT, GS, LIMIT, SEL } from "../../cpu/state.js";
import { binary, constant, type Expr, local, select, word } from "../ir/ir.js";
import type { BlockBuilder } from "./builder.js";
import { getE, isSimple, wordSize } from "./cold-operands.js";
import type { Lifter } from "./lifter.js";
import { add, and } from "./operands.js";

/** Of a selector: the table, and what names the descriptor in it. */
const LOCAL_TABLE = 4;
const INDEX = 0xfff8;
const RPL = 3;
/** What a usable descriptor has of these: an accessed data segment. */
const CHECKED = raw(ATTR_PRESENT | ATTR_SEGMENT | ATTR_CODE | ATTR_ACCESSED);
const USABLE = raw(ATTR_PRESENT | ATTR_SEGMENT | ATTR_ACCESSED);
const or = (a: Expr, b: Expr): Expr => binary("or", a, b);
/** Of truth values. */
const both = (a: Expr, b: Expr): Expr => binary("and", a, b);
const equal = (a: Expr, b: Expr): Expr => binary("eq", a, b);
const shiftRight = (value: Expr, by: number): Expr => binary("shrU", value, constant(by));
const setWord = (block: BlockBuilder, index: number, value: Expr): void => block.emit({ kind: "word", word: index, value });

/** @param selector evaluated, 16 bits */
const load = (block: BlockBuilder, segment: number, selector: Expr): void => {
  const mayBeNull = segment === FS || segment === GS;
  const isNull = mayBeNull ? block.let(equal(and(selector, INDEX | LOCAL_TABLE), constant(0))) : constant(0);
  // also for the null selector, whose descriptor is there to be read
  block.require(equal(or(and(selector, LOCAL_TABLE), word(CPL)), constant(0)));
  block.require(binary("leU", or(selector, constant(7)), word(GDTR_LIMIT)));
  const at = block.let(add(word(GDTR_BASE), and(selector, INDEX)));
  const low = block.load(32, at);
  const high = block.load(32, add(at, constant(4)));
  const mayBeUsed = binary("leU", and(selector, RPL), and(shiftRight(high, 13), 3));
  const attributes = or(and(shiftRight(high, RAW_SHIFT), RAW_ATTRIBUTES), constant(ATTR_ACCESSED));
  if (!mayBeNull) {
    const flat = both(equal(low, constant(FLAT_LOW)), equal(and(high, FLAT_DATA.checked), constant(FLAT_DATA.usable)));
    block.require(both(both(flat, mayBeUsed), binary("ne", and(selector, INDEX), constant(0))));
    setWord(block, SEL + segment, selector);
    setWord(block, ATTR + segment, attributes);
    return;
  }
  block.require(or(both(equal(and(high, CHECKED), constant(USABLE)), mayBeUsed), isNull));
  const unlessNull = (value: Expr): Expr => select(isNull, constant(0), value);
  const size = or(and(low, 0xffff), and(high, 0xf_0000));
  const wide = or(binary("shl", size, constant(12)), constant(0xfff));
  setWord(block, SEL + segment, selector);
  setWord(block, BASE + segment, unlessNull(or(or(shiftRight(low, 16), binary("shl", and(high, 0xff), constant(16))), and(high, 0xff00_0000))));
  setWord(block, LIMIT + segment, unlessNull(select(and(high, raw(ATTR_GRANULAR)), wide, size)));
  setWord(block, ATTR + segment, unlessNull(attributes));
  block.openSegments &= ~(1 << segment);
};

const isLoadable = (block: BlockBuilder, segment: number): boolean => block.isSupervisor && [DS, ES, FS, GS].includes(segment);

const move: Lifter = (block) => {
  const segment = block.field(R_REG);
  if (!isLoadable(block, segment) || !isSimple(block)) return false;
  load(block, segment, block.let(and(getE(block, 16), 0xffff)));
  return true;
};
const pop: Lifter = (block) => {
  const segment = block.field(R_REG);
  if (!isLoadable(block, segment) || wordSize(block) !== 32) return false;
  load(block, segment, block.let(and(block.load(32, local(ESP)), 0xffff)));
  block.set(ESP, add(local(ESP), constant(4)));
  return true;
};

export const segmentLoadLifters = (): Map<string, Lifter> =>
  new Map([
    ["MOVTOSEG", move],
    ["POPSEG", pop],
  ]);
