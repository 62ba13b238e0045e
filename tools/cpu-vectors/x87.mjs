/**
 * What is particular to x87 instructions: arguments that they are defined for, and what of their end is not compared.
 *
 * Not compared (Intel SDM volume 2, "FPU Flags Affected", and volume 1, 8.1.8):
 * - FIP, FCS, FDP, FDS and the opcode in stored images: processors differ in when they keep them;
 * - C1 after FCOMI, FCOMIP, FUCOMI and FUCOMIP: Intel clears it, AMD leaves it alone;
 * - the last bit of transcendental results, and C1 with it: within one unit in the last place is right.
 */
import { FSW, REGISTER_STRIDE, ST, word } from "./units.mjs";

/** @typedef {import("./encode.mjs").OpcodeFact} OpcodeFact */
/** @typedef {import("./encode.mjs").Encoder} Encoder */
/** @typedef {import("./encode.mjs").Case} Case */

const C1 = 0x200;
const TRANSCENDENTAL = /^(F2XM1|FYL2X|FYL2XP1|FPTAN|FPATAN|FSIN|FCOS|FSINCOS)$/;

/** Units offset of ST(i). @param {Uint8Array} units @param {number} i */
const stack = (units, i) => ST + ((((word(units, FSW) >> 11) & 7) + i) & 7) * REGISTER_STRIDE;

/** Brings the arguments into the range for which the instruction is defined, and says how its result is judged. @param {Encoder} encoder @param {Case} c @param {OpcodeFact} fact */
export const adjustX87 = (encoder, c, fact) => {
  const { mnemonic } = fact;
  const { units } = c;
  if (!units) return;
  c.approximate = TRANSCENDENTAL.test(mnemonic);
  const at = stack(units, 0);
  const exponent = units[at + 8] | ((units[at + 9] & 0x7f) << 8);
  // beyond -1 to 1, and beyond -(1 - sqrt(1/2)) to sqrt(2) - 1: undefined
  const most = mnemonic === "F2XM1" ? 0x3ffe : mnemonic === "FYL2XP1" ? 0x3ffc : 0x7fff;
  if (exponent > most && (exponent < 0x7fff || mnemonic !== "FYL2XP1" || (units[at + 7] & 0x80) === 0)) {
    const smaller = most - (encoder.next() % (encoder.chance(4) ? 70 : 8));
    units[at + 8] = smaller & 255;
    units[at + 9] = (units[at + 9] & 0x80) | (smaller >> 8);
    units[at + 7] |= 0x80;
  }
};

/** @param {Case} c @param {OpcodeFact} fact @param {number} location of the memory operand @param {boolean} op16 */
export const x87Judgement = (c, fact, location, op16) => {
  if (/^FU?COMIP?$/.test(fact.mnemonic)) c.statusUndefined = C1;
  if (fact.mnemonic === "FNSTENV" || fact.mnemonic === "FNSAVE") c.mask(location + (op16 ? 6 : 12), op16 ? 8 : 16);
};
