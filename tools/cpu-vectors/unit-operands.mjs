/** Operands of x87, MMX and SSE instructions: their encoding, size and interesting contents. */
import {
  FCW,
  FLAVOUR_ANY,
  FLAVOUR_DOUBLE,
  FLAVOUR_INTEGER,
  FLAVOUR_SINGLE,
  FSW,
  FTW,
  MXCSR,
  randomDouble,
  randomExtended,
  randomIntegers,
  randomSingle,
  ST,
  seedUnits,
  word,
  XMM,
} from "./units.mjs";

/** @typedef {import("./encode.mjs").OpcodeFact} OpcodeFact */
/** @typedef {import("./encode.mjs").Encoder} Encoder */
/** @typedef {import("./encode.mjs").Case} Case */

const CODE = /^(?:(np|66|f3|f2)\.)?([0-9A-F]+)(?:\/([0-7]))?([mr])?(?::([0-9A-F]{2}))?(\+)?$/;
/** @type {Readonly<Record<string, number>>} */
const PREFIXES = { 66: 0x66, f3: 0xf3, f2: 0xf2 };

/** The parts of a fact's opcode; -1 for what it does not have. @param {OpcodeFact} fact */
export const parseOpcode = (fact) => {
  const found = CODE.exec(fact.opcode);
  if (!found) throw new Error(`opcode ${fact.opcode} cannot be read`);
  const [, prefix, hex, group, mode, modrm, plus] = found;
  return {
    prefix: prefix === undefined ? undefined : PREFIXES[prefix],
    bytes: (hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)),
    group: group === undefined ? -1 : Number(group),
    mode,
    modrm: modrm === undefined ? -1 : Number.parseInt(modrm, 16),
    plus: plus !== undefined,
  };
};

/** Bytes of a memory operand by the letters behind E, M, Q and W. @type {Readonly<Record<string, number>>} */
const SIZES = { b: 1, w: 2, dw: 2, d: 4, ss: 4, q: 8, sd: 8, t: 10, dq: 16, ps: 16, pd: 16, e: 28, s: 108, "": 512 };

/** Bytes of a memory operand that the instruction is given, 0 for the register form. @param {Encoder} encoder @param {OpcodeFact} fact @param {number} oneIn register forms are so rare among instructions with both */
export const hasMemory = (encoder, fact, oneIn = 2) => {
  const { mode } = parseOpcode(fact);
  if (mode === "r" || !fact.modrm) return 0;
  const operand = fact.operands.find((letters) => /^[EMQW]/.test(letters) && letters !== "ST");
  if (operand === undefined) return 0;
  if (mode !== "m" && !operand.startsWith("M") && encoder.chance(oneIn)) return 0;
  const size = SIZES[operand.slice(1)];
  if (size === undefined) throw new Error(`how large is the operand ${operand} of ${fact.mnemonic}?`);
  return size;
};

/** What the vector registers had better hold for an instruction. @param {Encoder} encoder @param {OpcodeFact} fact */
export const vectorFlavour = (encoder, fact) => {
  if (encoder.chance(8)) return FLAVOUR_ANY;
  const { mnemonic } = fact;
  if (fact.unit === "mmx") return FLAVOUR_INTEGER;
  if (/^CVTT?(PS|SS)|[PS]S$/.test(mnemonic)) return FLAVOUR_SINGLE;
  if (/^CVTT?(PD|SD)|[PS]D$/.test(mnemonic)) return FLAVOUR_DOUBLE;
  return FLAVOUR_INTEGER;
};

/** Puts something worth computing with where the operand lies. @param {Encoder} encoder @param {Case} c @param {OpcodeFact} fact @param {number} location @param {number} size @param {boolean} op16 */
export const pokeOperand = (encoder, c, fact, location, size, op16) => {
  const { next } = encoder;
  const { mnemonic, operands } = fact;
  // in half of all cases the window's random bytes will do
  const plain = encoder.chance(4);
  const value = new Uint8Array(512);
  /** @param {number} length */
  const poke = (length) => c.pokeBytes(location, value.subarray(0, length));
  if (mnemonic === "LDMXCSR") {
    const mxcsr = next() & (encoder.chance(6) ? 0xfffd_ffff : 0xffff);
    c.poke(location, encoder.chance(2) ? mxcsr | 0x1f80 : mxcsr, 4);
  } else if (mnemonic === "FXRSTOR") {
    value.set(seedUnits(next, next() & 3));
    // the status word and the registers are in no particular order; a reserved MXCSR bit now and then (not 17, which AMD has)
    if (encoder.chance(6)) value[MXCSR + 2] = (1 << (next() % 8)) & ~2;
    poke(288);
  } else if (mnemonic === "FLDCW") c.poke(location, encoder.chance(2) ? next() & 0x1fff : (next() & 0xc00) | 0x37f, 2);
  else if (mnemonic === "FLDENV" || mnemonic === "FRSTOR") {
    const units = seedUnits(next, 0);
    const step = op16 ? 2 : 4;
    c.poke(location, word(units, FCW), 2);
    c.poke(location + step, encoder.chance(4) ? next() & 0xffff : word(units, FSW), 2);
    c.poke(location + 2 * step, encoder.chance(2) ? next() & 0xffff : units[FTW] * 0x101, 2);
    // of the rest, the window's own bytes are as good as any
    if (mnemonic === "FRSTOR") for (let n = 0; n < 8; n += 2) c.pokeBytes(location + 7 * step + n * 10, units.subarray(ST + n * 16, ST + n * 16 + 10));
  } else if (plain) return;
  else if (mnemonic === "FBLD") {
    for (let byte = 0; byte < 9; byte++) value[byte] = encoder.chance(3) ? 0 : (next() % 10) | ((next() % 10) << 4);
    value[9] = next() & 0x80;
    poke(10);
  } else if (operands.includes("Mt")) {
    randomExtended(next, value, 0);
    poke(10);
  } else if (/^FI/.test(mnemonic)) {
    randomIntegers(next, value, 0, size);
    poke(size);
  } else if (fact.unit === "x87" || fact.unit === "sse") {
    const flavour = fact.unit === "x87" ? (size === 4 ? FLAVOUR_SINGLE : FLAVOUR_DOUBLE) : c.seed & 3 || FLAVOUR_INTEGER;
    // sums that cancel and equal operands: a register of the case with other signs
    if (fact.unit === "sse" && c.units && encoder.chance(4)) value.set(c.units.subarray(XMM + (next() % 8) * 16).subarray(0, 16));
    else if (flavour === FLAVOUR_SINGLE) for (let at = 0; at < size; at += 4) randomSingle(next, value, at);
    else if (flavour === FLAVOUR_DOUBLE && size >= 8) for (let at = 0; at < size; at += 8) randomDouble(next, value, at);
    else randomIntegers(next, value, 0, size);
    poke(size);
  } else {
    randomIntegers(next, value, 0, size);
    poke(size);
  }
};
