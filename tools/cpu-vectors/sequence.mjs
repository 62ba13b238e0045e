/**
 * Cases of several instructions, so that flags and registers pass from one to the next: straight lines, skipped
 * instructions and counted loops. ESI, EBP and ESP point into the window and stay; ECX counts loops.
 */
import { ARITHMETIC, Case, EBP, ECX, ESI, ESP, SS } from "./encode.mjs";
import { DATA, segment, WINDOWS } from "./layout.mjs";

/** @typedef {import("./encode.mjs").OpcodeFact} OpcodeFact */
/** @typedef {import("./encode.mjs").Encoder} Encoder */
/** @typedef {import("../../kernel/cpu/tables/flag-effects.js").FlagEffect} FlagEffect */

const USED =
  /^(ADD|ADC|SUB|SBB|AND|OR|XOR|CMP|TEST|INC|DEC|NEG|NOT|MOV|MOVZX[BW]|MOVSX[BW]|LEA|XCHGA?|IMUL[23]?|MUL|SH[LR]D?|SAR|RO[LR]|RC[LR]|BT[SRC]?|BS[FR]|BSWAP|XADD|CMPXCHG|SETCC|CMOV|CLC|STC|CMC|LAHF|SAHF|SALC|CBW|CWD|PUSH|PUSHI|POP|PUSHE|PUSHF|DAA|DAS|AAA|AAS|AAD|LODS[BV]|CLD|NOP)$/;
const DESTINATIONS = [0, 2, 3, 7];

const JCC = { operation: "JCC", reads: 0, writes: 0, undefined: 0 };

/** Undefined flags after an instruction, given those before it. @param {FlagEffect} of @param {number} before */
export const undefinedAfter = (of, before) => (of.perhaps ? before | of.undefined : (before & ~of.writes) | of.undefined);

/** @param {readonly OpcodeFact[]} facts */
export const sequenceFacts = (facts) => facts.filter((fact) => USED.test(fact.operation) && !(fact.operation === "XCHGA" && !/^9[237]$/.test(fact.opcode)));

/**
 * One instruction that keeps the pointers, and ECX where it counts a loop; what it does to the flags.
 * @param {Encoder} encoder @param {OpcodeFact} fact @param {Case} c @param {boolean} looping
 * @returns {{ code: number[]; effect: FlagEffect } | undefined}
 */
export const integerInstruction = (encoder, fact, c, looping) => {
  const { next } = encoder;
  const { operation, operands } = fact;
  const op16 = encoder.chance(5) === c.code32;
  const address16 = !c.code32;
  const byte = operands.some((operand) => /b$/.test(operand) && /^[EGZ]/.test(operand)) || operands[0] === "AL" || operands[1] === "AL" || /SB$/.test(operation);
  const size = byte ? 8 : op16 ? 16 : 32;
  const word = op16 ? 2 : 4;
  const group = fact.opcode.includes("/") ? Number(fact.opcode.split("/")[1]) : -1;
  /** @type {number[]} */
  const opcode = (fact.opcode.replace(/[/+].*/, "").match(/../g) ?? []).map((hex) => Number.parseInt(hex, 16));
  /** A register that may change. @param {boolean} isByte */
  const free = (isByte) => (isByte ? encoder.pick(looping ? [0, 2, 3, 4, 6, 7] : [0, 1, 2, 3, 4, 5, 6, 7]) : encoder.pick(looping ? DESTINATIONS : [...DESTINATIONS, ECX]));
  if (fact.opcode.endsWith("+")) {
    if (operation === "SETCC" || operation === "CMOV") opcode[opcode.length - 1] += next() % 8;
    else opcode[opcode.length - 1] += free(byte);
  }
  if (/^LODS/.test(operation) || (operation === "POP" && looping)) return undefined;
  /** @type {number[]} */
  const code = op16 === c.code32 ? [0x66] : [];
  code.push(...opcode);
  let shift;
  if (fact.modrm) {
    const only = operands.some((operand) => operand.startsWith("M"));
    const memory = only || encoder.chance(3);
    // both fields may be written; a group has only one
    const narrow = (/** @type {string | undefined} */ operand) => operand?.[1] === "b";
    const gOperand = operands.find((operand) => operand[0] === "G");
    const eOperand = operands.find((operand) => operand[0] === "E");
    const reg = group >= 0 ? group : operation === "SETCC" ? 0 : free(narrow(gOperand));
    if (memory && BIT_REGISTER.has(`${operation}${group < 0 ? "G" : ""}`)) return undefined;
    if (memory) {
      const displacement = encoder.around(operation === "LEA" ? 127 : 60);
      // [ESI] or [EBP] and a byte
      const rm = address16 ? encoder.pick([4, 6]) : encoder.pick([ESI, EBP]);
      code.push(0x40 | (reg << 3) | rm, displacement & 255);
    } else code.push(0xc0 | (reg << 3) | free(narrow(eOperand)));
  }
  for (const kind of operands) {
    if (kind === "Ib" || kind === "Is") {
      let value = next() & 255;
      // beyond 16 the double shifts are undefined
      if (/^SH[LR]D$/.test(operation)) value &= 15;
      else if (/^(SH|SA|RO|RC)/.test(operation) && encoder.chance(2)) value &= 7;
      shift = value;
      code.push(value);
    } else if (kind === "Iz") for (let at = 0; at < word; at++) code.push(next() & 255);
    else if (kind === "Ob" || kind === "Ov") {
      const offset = DATA + WINDOWS[0][0] + 0x40 + (next() % 0x180) - segment(c.segments[3]).base;
      for (let at = 0; at < (address16 ? 2 : 4); at++) code.push((offset >>> (8 * at)) & 255);
    }
  }
  if (operands.includes("1")) shift = 1;
  if (operands.includes("CL") && /^SH[LR]D$/.test(operation)) return undefined;
  return { code, effect: encoder.tables.flagEffect(fact, size, shift, opcode[opcode.length - 1] & 15) };
};
const BIT_REGISTER = new Set(["BTG", "BTSG", "BTRG", "BTCG"]);

/** @param {Encoder} encoder @param {readonly OpcodeFact[]} facts @param {number} environment @param {number} seed */
export const sequence = (encoder, facts, environment, seed) => {
  const { next } = encoder;
  const c = new Case(seed, environment, 0);
  const middle = DATA + WINDOWS[0][0] + 0x100;
  const base = (/** @type {number} */ index) => segment(c.segments[index]).base;
  const upper = c.code32 ? 0 : next() & 0xffff_0000;
  c.set(ESI, (middle + encoder.around(100) - base(3) + upper) >>> 0);
  c.set(EBP, (middle + encoder.around(100) - base(SS) + upper) >>> 0);
  c.set(ESP, (middle + encoder.around(60) - base(SS) + upper) >>> 0);
  c.flags = 0x202 | (next() & 0x8d5);
  let lost = 0;
  const looping = encoder.chance(3);
  if (looping) c.set(ECX, 1 + (next() % 20));
  const length = 2 + (next() % 7);
  let skip = -1;
  let lostBefore = 0;
  for (let done = 0; done < length; ) {
    const made = integerInstruction(encoder, encoder.pick(facts), c, looping);
    if (!made || (made.effect.reads & lost) !== 0) continue;
    done++;
    if (c.code.length + made.code.length > 44) break;
    c.code.push(...made.code);
    lost = undefinedAfter(made.effect, lost);
    if (skip >= 0) {
      // the conditional jump just before goes over this instruction
      c.code[skip] = made.code.length;
      lost |= lostBefore;
      skip = -1;
    } else if (encoder.chance(5)) {
      const condition = next() & 15;
      if ((encoder.tables.flagEffect(JCC, 32, undefined, condition).reads & lost) !== 0) continue;
      c.code.push(0x70 | condition, 0);
      skip = c.code.length - 1;
      lostBefore = lost;
    }
  }
  if (skip >= 0) c.code[skip] = 0;
  if (looping) {
    // what is undefined at the end of the body must not be read in the next round
    if (lost !== 0) {
      c.code.push(0x39, 0xc0);
      lost = 0;
    }
    c.code.push(0xe2, (-c.code.length - 2) & 255);
  }
  c.undefined = lost & ARITHMETIC;
  c.codeOffset = encoder.chance(6) ? 0x1000 - 1 - (next() % c.code.length) : 0x100 + (next() % 0x40);
  return c;
};
