/**
 * Random programs of up to about forty instructions: integer, x87, MMX and SSE mixed, memory, stack, string instructions,
 * forward branches, counted loops, subroutines. A program is a list of items, so that the shrinker can take some away.
 */
import { ARITHMETIC, Case, EBP, EDI, ESI, ESP, SS } from "./encode.mjs";
import { DATA, segment, startEip, WINDOWS } from "./layout.mjs";
import { integerInstruction, sequenceFacts, undefinedAfter } from "./sequence.mjs";
import { simdFacts, x87Facts } from "./unit-instruction.mjs";
import { hasMemory, parseOpcode } from "./unit-operands.mjs";
import { EXCEPTIONS, FCW, FSW, MXCSR, settleStatus } from "./units.mjs";

/** @typedef {import("./encode.mjs").OpcodeFact} OpcodeFact */
/** @typedef {import("./encode.mjs").Encoder} Encoder */
/** @typedef {import("../../kernel/cpu/tables/flag-effects.js").FlagEffect} FlagEffect */
/**
 * An instruction, or several that belong together.
 * @typedef {object} Item
 * @property {readonly number[]} bytes without the displacement of a jump
 * @property {FlagEffect} effect
 * @property {Item} [target] of a jump
 * @property {"jump" | "branch" | "call" | "return" | "stop"} [flow]
 * @property {number} [wide] bytes of the displacement, 1 unless given
 */

/** What needs particular values in memory or registers, stores pointers that differ, or is right within limits only. */
const LEFT_OUT = /^(FXSAVE|FXRSTOR|LDMXCSR|FLDENV|FNSTENV|FRSTOR|FNSAVE|MASKMOV.*|F2XM1|FYL2X|FYL2XP1|FPTAN|FPATAN|FSIN|FCOS|FSINCOS)$/;
/** Leave C1 as it was, or clear it. */
const COMPARES_TO_FLAGS = /^FU?COMIP?$/;
const READS_STATUS = /^FNSTSW$/;
const C1 = 0x200;
const NOTHING = { reads: 0, writes: 0, undefined: 0, perhaps: false };
const DEFINES = { ...NOTHING, writes: ARITHMETIC };
const INT3 = 0xcc;
const BREAKPOINT = 3;
const CODE_MOST = 250;
const STRINGS = [0xa4, 0xa5, 0xaa, 0xab, 0xac, 0xad, 0xa6, 0xa7, 0xae, 0xaf];

/** @param {Item} item */
const length = (item) => item.bytes.length + (item.target ? (item.wide ?? 1) : 0);

/** Code of the items; undefined when a jump does not reach or it grows too long. @param {readonly Item[]} items @returns {number[] | undefined} */
export const assemble = (items) => {
  /** @type {Map<Item, number>} */
  const places = new Map();
  let at = 0;
  for (const item of items) {
    places.set(item, at);
    at += length(item);
  }
  if (at > CODE_MOST) return undefined;
  /** @type {number[]} */
  const code = [];
  for (const item of items) {
    code.push(...item.bytes);
    if (!item.target) continue;
    const wide = item.wide ?? 1;
    const to = places.get(item.target);
    if (to === undefined) return undefined;
    const distance = to - (code.length + wide);
    if (wide === 1 && (distance < -128 || distance > 127)) return undefined;
    for (let byte = 0; byte < wide; byte++) code.push((distance >> (8 * byte)) & 255);
  }
  return code;
};

/** Flags undefined before each item, and at the end. @param {readonly Item[]} items @returns {number[]} */
const undefinedBefore = (items) => {
  const index = new Map(items.map((item, at) => [item, at]));
  const before = new Array(items.length + 1).fill(0);
  const afterCalls = items.flatMap((item, at) => (item.flow === "call" ? [at + 1] : []));
  for (let changed = true; changed; ) {
    changed = false;
    /** @param {number} at @param {number} flags */
    const flow = (at, flags) => {
      if ((flags & ~before[at]) === 0) return;
      before[at] |= flags;
      changed = true;
    };
    items.forEach((item, at) => {
      const after = undefinedAfter(item.effect, before[at]);
      if (item.target) flow(index.get(item.target) ?? items.length, after);
      if (item.flow === "return") for (const to of afterCalls) flow(to, after);
      else if (item.flow === undefined || item.flow === "branch") flow(at + 1, after);
    });
  }
  return before;
};

/** Whether no item reads a flag that an earlier one may have left undefined, and a routine is kept apart from the rest. @param {readonly Item[]} items */
export const isDefined = (items) => {
  const having = (/** @type {Item["flow"]} */ flow) => items.filter((item) => item.flow === flow).length;
  if (having("return") !== having("stop")) return false;
  const before = undefinedBefore(items);
  return items.every((item, at) => (item.effect.reads & before[at]) === 0);
};

/** Makes all flags defined in front of readers of undefined ones. @param {Item[]} items */
const defineFlags = (items) => {
  for (;;) {
    const before = undefinedBefore(items);
    const at = items.findIndex((item, index) => (item.effect.reads & before[index]) !== 0);
    if (at < 0) return;
    // CMP EAX, EAX
    const define = { bytes: [0x39, 0xc0], effect: DEFINES };
    for (const item of items) if (item.target === items[at]) item.target = define;
    items.splice(at, 0, define);
  }
};

/** Whether the program ended inside of an item of several instructions. @param {Case} c @param {readonly Item[]} items @param {import("./case.mjs").End} end */
export const endsInside = (c, items, end) => {
  const reached = (end.eip - startEip(c)) >>> 0;
  let at = 0;
  return items.some((item) => {
    const inside = item.flow !== "stop" && reached > at && reached < at + length(item);
    at += length(item);
    return inside;
  });
};

/** Flags that the program leaves undefined where it ended. @param {Case} c @param {readonly Item[]} items @param {import("./case.mjs").End} end */
export const undefinedAtEnd = (c, items, end) => {
  const before = undefinedBefore(items);
  const reached = (end.eip - startEip(c)) >>> 0;
  let at = 0;
  for (let index = 0; index < items.length; at += length(items[index++])) {
    // behind the INT3 that ends the main part, or before a faulting item
    const stopped = items[index].flow === "stop" && end.vector === BREAKPOINT;
    if (stopped ? reached === at + 1 : reached === at) return before[index] & ARITHMETIC;
  }
  // at the INT3 behind it, or somewhere else
  return reached === at || reached === at + 1 ? before[items.length] & ARITHMETIC : ARITHMETIC;
};

/** @param {Encoder} encoder @param {Case} c @param {readonly OpcodeFact[]} facts @param {boolean} looping @returns {Item | undefined} */
const unitItem = (encoder, c, facts, looping) => {
  const { next } = encoder;
  const fact = encoder.pick(facts);
  const { prefix, bytes, group, modrm, plus } = parseOpcode(fact);
  const memory = hasMemory(encoder, fact, 3);
  /** @type {number[]} */
  const code = prefix === undefined ? [] : [prefix];
  code.push(...bytes);
  // general registers as destination: not the pointers, nor a loop's counter
  const general = (/** @type {string} */ field) => fact.operands.some((operand) => operand.startsWith(field));
  const free = () => encoder.pick(looping ? [0, 2, 3, EDI] : [0, 1, 2, 3, EDI]);
  const reg = group >= 0 ? group : general("G") ? free() : next() % 8;
  if (modrm >= 0) code.push(plus ? modrm + (next() % 8) : modrm);
  else if (fact.modrm && memory > 0) {
    const aligned = memory === 16 && fact.aligned;
    // ESI is aligned, EBP need not be
    const displacement = aligned ? (((next() % 12) - 6) * 16) & 255 : encoder.around(90) & 255;
    const pointer = aligned || encoder.chance(2) ? ESI : EBP;
    code.push(0x40 | (reg << 3) | (c.code32 ? pointer : pointer === ESI ? 4 : 6), displacement);
  } else if (fact.modrm) code.push(0xc0 | (reg << 3) | (general("E") ? free() : next() % 8));
  if (fact.operands.includes("Ib")) code.push(next() & 255);
  return { bytes: code, effect: { reads: fact.reads, writes: fact.writes, undefined: fact.undefined, perhaps: false } };
};

/** A string instruction with its pointers and count, everything saved around it. @param {Encoder} encoder @param {Case} c @returns {Item} */
const stringItem = (encoder, c) => {
  const { next } = encoder;
  const opcode = encoder.pick(STRINGS);
  const compares = opcode === 0xa6 || opcode === 0xa7 || opcode === 0xae || opcode === 0xaf;
  const count = 1 + (next() % 12);
  const down = encoder.chance(4);
  const lea = c.code32 ? [0x8d, 0x7e] : [0x8d, 0x7c];
  const wide = encoder.chance(4) ? [0x66] : [];
  const repeat = encoder.chance(4) ? [] : [encoder.pick([0xf2, 0xf3])];
  return {
    bytes: [
      ...[0x51, 0x56, 0x57, ...lea, encoder.around(60) & 255],
      ...[0xb9, count, 0, ...(c.code32 ? [0, 0] : [])],
      ...(down ? [0xfd] : []),
      ...wide,
      ...repeat,
      opcode,
      ...(down ? [0xfc] : []),
      ...[0x5f, 0x5e, 0x59],
    ],
    effect: compares ? DEFINES : NOTHING,
  };
};

/** Most programs have nothing unmasked or pending. @param {Case} c @param {boolean} tame */
const prepareUnits = (c, tame) => {
  const { units } = c;
  if (!units || !tame) return;
  units[FCW] |= EXCEPTIONS;
  units[FSW] &= ~EXCEPTIONS;
  settleStatus(units);
  units[MXCSR] |= 0x80;
  units[MXCSR + 1] |= 0x1f;
};

/** @param {Encoder} encoder @param {number} seed @param {RegExp} [only] what its single instructions are @returns {Case & { items: Item[] } | undefined} */
export const randomProgram = (encoder, seed, only) => {
  const { next, tables } = encoder;
  const withUnits = !encoder.chance(4);
  const c = new Case(seed, encoder.chance(4) ? 1 : 0, 0, withUnits);
  prepareUnits(c, !encoder.chance(5));
  const middle = DATA + WINDOWS[0][0] + 0x100;
  const base = (/** @type {number} */ index) => segment(c.segments[index]).base;
  const upper = c.code32 ? 0 : next() & 0xffff_0000;
  c.set(ESI, (middle + (next() % 8) * 16 - 0x40 - base(3) + upper) >>> 0);
  c.set(EBP, (middle + encoder.around(60) - base(SS) + upper) >>> 0);
  // above everything that the program addresses, so that no store hits a return address
  c.set(ESP, (middle + 0xe0 + (next() % 16) - base(SS) + upper) >>> 0);
  c.flags = 0x202 | (next() & 0x8d5);

  const chosen = (/** @type {readonly OpcodeFact[]} */ facts) => (only ? facts.filter((fact) => only.test(fact.operation) || only.test(fact.mnemonic)) : facts);
  const statusRead = encoder.chance(2);
  const plain = (/** @type {OpcodeFact} */ fact) => !LEFT_OUT.test(fact.mnemonic) && !(statusRead ? COMPARES_TO_FLAGS : READS_STATUS).test(fact.mnemonic);
  const pools = poolsOf(tables.FACTS, only, statusRead, chosen, plain);
  const { integer } = pools;
  const units = withUnits ? [pools.x87, pools.simd].filter((pool) => pool.length > 0) : [];
  if (integer.length === 0 && units.length === 0) return undefined;
  // most programs have one unit, some mix them
  const favourite = units.length > 0 ? encoder.pick(units) : [];
  const mixed = encoder.chance(3);

  /** @param {boolean} looping @returns {Item} */
  const instruction = (looping) => {
    for (;;) {
      if (units.length > 0 && (integer.length === 0 || encoder.chance(2))) {
        const item = unitItem(encoder, c, mixed ? encoder.pick(units) : favourite, looping);
        if (item) return item;
      } else if (integer.length > 0) {
        if (!only && !looping && encoder.chance(20)) return stringItem(encoder, c);
        const fact = encoder.pick(integer);
        // the stack stays balanced: a push goes with a pop
        const made = integerInstruction(encoder, fact, c, true);
        if (!made) continue;
        if (fact.operation === "PUSH" || fact.operation === "PUSHI" || fact.operation === "PUSHE" || fact.operation === "PUSHF")
          return { bytes: [...made.code, ...(made.code[0] === 0x66 ? [0x66] : []), 0x58 | encoder.pick([0, 2, 3])], effect: made.effect };
        if (/^POP/.test(fact.operation)) continue;
        return { bytes: made.code, effect: made.effect };
      }
    }
  };
  /** @param {number} count @param {boolean} looping @returns {Item[]} */
  const straight = (count, looping) => {
    /** @type {Item[]} */
    const items = [];
    while (items.length < count) {
      items.push(instruction(looping));
      if (!encoder.chance(6)) continue;
      const condition = next() & 15;
      const skipped = Array.from({ length: 1 + (next() % 3) }, () => instruction(looping));
      const after = instruction(looping);
      const effect = tables.flagEffect({ operation: "JCC", reads: 0, writes: 0, undefined: 0 }, 32, undefined, condition);
      items.push({ bytes: [0x70 | condition], effect, target: after, flow: "branch" }, ...skipped, after);
    }
    return items;
  };

  /** @type {Item[]} */
  const items = [];
  /** @type {Item[]} */
  const routine = encoder.chance(4) ? [...straight(1 + (next() % 4), true), { bytes: [0xc3], effect: NOTHING, flow: "return" }] : [];
  for (let parts = 1 + (next() % 4); parts > 0; parts--) {
    if (routine.length > 0 && encoder.chance(2)) items.push({ bytes: [0xe8], effect: NOTHING, target: routine[0], flow: "call", wide: c.code32 ? 4 : 2 });
    if (encoder.chance(2)) items.push(...straight(1 + (next() % 8), false));
    else {
      items.push({ bytes: [0xb9, 1 + (next() % 20), 0, ...(c.code32 ? [0, 0] : [])], effect: NOTHING });
      const body = straight(1 + (next() % 6), true);
      items.push(...body);
      if (encoder.chance(2)) items.push({ bytes: [0xe2], effect: NOTHING, target: body[0], flow: "branch" });
      else items.push({ bytes: [0x49, 0x75], effect: { ...NOTHING, writes: ARITHMETIC & ~1 }, target: body[0], flow: "branch" });
    }
  }
  if (routine.length > 0) items.push({ bytes: [INT3], effect: NOTHING, flow: "stop" }, ...routine);
  defineFlags(items);
  const code = assemble(items);
  if (!code) return undefined;
  c.code = code;
  c.codeOffset = encoder.chance(6) ? 0x1000 - 1 - (next() % code.length) : 0x100 + (next() % 0x40);
  c.statusUndefined = withUnits && !statusRead ? C1 : 0;
  return Object.assign(c, { items });
};

/** @type {Map<string, { integer: readonly OpcodeFact[]; x87: readonly OpcodeFact[]; simd: readonly OpcodeFact[] }>} */
const pools = new Map();
/**
 * The facts to choose from, found once.
 * @param {readonly OpcodeFact[]} facts @param {RegExp | undefined} only @param {boolean} statusRead
 * @param {(facts: readonly OpcodeFact[]) => readonly OpcodeFact[]} chosen @param {(fact: OpcodeFact) => boolean} plain
 */
const poolsOf = (facts, only, statusRead, chosen, plain) => {
  const key = `${only?.source} ${statusRead}`;
  let found = pools.get(key);
  if (!found) {
    found = { integer: chosen(sequenceFacts(facts)), x87: chosen(x87Facts(facts).filter(plain)), simd: chosen(simdFacts(facts).filter(plain)) };
    pools.set(key, found);
  }
  return found;
};
