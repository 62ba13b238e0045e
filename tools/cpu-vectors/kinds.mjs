/** The kinds of case, each a source of random ones. */
import { ENVIRONMENTS } from "./layout.mjs";
import { endsInside, randomProgram, undefinedAtEnd } from "./program.mjs";
import { sequence, sequenceFacts } from "./sequence.mjs";
import { single, singleFacts } from "./single.mjs";
import { simdFacts, unitInstruction, x87Facts } from "./unit-instruction.mjs";

/** @typedef {import("./encode.mjs").OpcodeFact} OpcodeFact */
/** @typedef {import("./encode.mjs").Encoder} Encoder */
/** @typedef {import("./encode.mjs").Case} Case */
/** @typedef {"integer" | "x87" | "simd" | "sequence" | "program"} Kind */

const CODE_END = 0x2040;
const ALIGNMENT_CHECK = 0x4_0000;
/** So many cases have EFLAGS.AC set: misaligned operands are #AC. */
const ALIGNMENT_ONE_IN = 12;

/**
 * Makers by kind. Every opcode of a kind comes in turn. Half of the integer instructions are in the flat environment, most
 * of the others are; the rest go over the other environments.
 * @param {Encoder} encoder
 * @param {RegExp} [only] single instructions of these operations or mnemonics
 * @returns {Record<Kind, () => Case> & { has: (kind: Kind) => boolean }}
 */
export const kinds = (encoder, only) => {
  const { next, tables } = encoder;
  const chosen = (/** @type {readonly OpcodeFact[]} */ facts) => (only ? facts.filter((fact) => only.test(fact.operation) || only.test(fact.mnemonic)) : facts);
  const other = () => 1 + (next() % (ENVIRONMENTS.length - 1));
  /** @param {() => Case | undefined} make @param {boolean} [aligned] never #AC, which would end a sequence where its undefined flags are not known */
  const until =
    (make, aligned = false) =>
    () => {
      for (let tries = 0; tries < 10_000; tries++) {
        const c = make();
        if (!c || c.codeOffset + c.code.length > CODE_END) continue;
        if (!aligned && encoder.chance(ALIGNMENT_ONE_IN)) c.flags |= ALIGNMENT_CHECK;
        return c;
      }
      throw new Error("no case can be made of the chosen instructions");
    };
  /** @param {readonly OpcodeFact[]} facts @param {(fact: OpcodeFact) => Case | undefined} make */
  const inTurn = (facts, make) => {
    let turn = 0;
    return until(() => (facts.length === 0 ? undefined : make(facts[turn++ % facts.length])));
  };
  const lines = chosen(sequenceFacts(tables.FACTS));
  const facts = { integer: chosen(singleFacts(tables.FACTS)), x87: chosen(x87Facts(tables.FACTS)), simd: chosen(simdFacts(tables.FACTS)) };
  return {
    has: (kind) => (kind === "program" ? lines.length + facts.x87.length + facts.simd.length > 0 : kind === "sequence" ? lines.length > 0 : facts[kind].length > 0),
    integer: inTurn(facts.integer, (fact) => single(encoder, fact, encoder.chance(2) ? 0 : other(), next())),
    x87: inTurn(facts.x87, (fact) => unitInstruction(encoder, fact, encoder.chance(5) ? other() : 0, next())),
    simd: inTurn(facts.simd, (fact) => unitInstruction(encoder, fact, encoder.chance(6) ? other() : 0, next())),
    sequence: until(() => sequence(encoder, lines, encoder.chance(3) ? 1 : 0, next()), true),
    program: until(() => randomProgram(encoder, next(), only)),
  };
};

/** Sets what only the end decides about how a case is judged. @param {Case & { items?: import("./program.mjs").Item[] }} c @param {import("./case.mjs").End} end */
export const settle = (c, end) => {
  if (c.items) c.undefined = undefinedAtEnd(c, c.items, end);
};

const STACK_FAULT = 12;
const PAGE_FAULT = 14;
const ALIGNMENT_FAULT = 17;

/**
 * Whether an end can be held against another processor: not one that the process around the case decides, nor a choice that
 * each processor makes its own way, as which of its two operands a string instruction of a program reports.
 * @param {Case & { items?: import("./program.mjs").Item[] }} c @param {import("./native.mjs").Captured} end
 */
export const keeps = (c, end) => {
  if (end.stray || end.endless) return false;
  const fault = (end.vector >= STACK_FAULT && end.vector <= PAGE_FAULT) || end.vector === ALIGNMENT_FAULT;
  return !(fault && (c.unclearFaults || (c.items && endsInside(c, c.items, end))));
};
