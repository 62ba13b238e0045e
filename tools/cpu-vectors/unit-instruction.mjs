/** Cases of one x87, MMX or SSE instruction: units in any state, any operand form. */
import { Case, CS, DS, EDI, PREFIX, SS } from "./encode.mjs";
import { DATA, segment, WINDOWS } from "./layout.mjs";
import { hasMemory, parseOpcode, pokeOperand, vectorFlavour } from "./unit-operands.mjs";
import { adjustX87, x87Judgement } from "./x87.mjs";

/** @typedef {import("./encode.mjs").OpcodeFact} OpcodeFact */
/** @typedef {import("./encode.mjs").Encoder} Encoder */

/** Approximations that every processor makes its own way: left out. */
const APPROXIMATE_SIMD = /^R(CP|SQRT)[PS]S$/;
const FXSAVE_BYTES = 512;
/** Of the FXSAVE image: last instruction and operand, MXCSR_MASK, what is reserved behind each x87 register and behind XMM7. */
const FXSAVE_MASKS = [[6, 18], [28, 4], ...Array.from({ length: 8 }, (_, n) => [32 + 16 * n + 10, 6]), [288, 224]];
const ALIGNMENT = 16;
const IMAGE = /^(MASKMOVQ|FNSAVE|FRSTOR|FNSTENV|FLDENV|FXSAVE|FXRSTOR)$/;

/** @param {readonly OpcodeFact[]} facts */
export const x87Facts = (facts) => facts.filter((fact) => fact.unit === "x87");
/** @param {readonly OpcodeFact[]} facts */
export const simdFacts = (facts) => facts.filter((fact) => (fact.unit === "mmx" || fact.unit === "sse") && !APPROXIMATE_SIMD.test(fact.mnemonic));

/** @param {Case} c @param {Encoder} encoder @param {number} length */
const place = (c, encoder, length) => {
  const { limit } = segment(c.segments[CS]);
  c.codeOffset = 0x100 + (encoder.next() % 0x40);
  if (limit === 0x107) c.codeOffset = 0x100 - length + (encoder.next() % 10);
  else if (encoder.chance(20) && length > 1) c.codeOffset = 0x1000 - 1 - (encoder.next() % (length - 1));
};

/** @param {Encoder} encoder @param {OpcodeFact} fact @param {number} environment @param {number} seed @returns {Case | undefined} */
export const unitInstruction = (encoder, fact, environment, seed) => {
  const { next } = encoder;
  const { mnemonic, operands } = fact;
  const whole = mnemonic === "FXSAVE" || mnemonic === "FXRSTOR";
  const flavour = fact.unit === "x87" ? seed & 2 : vectorFlavour(encoder, fact);
  const c = new Case(((seed & ~3) | flavour) >>> 0, environment, whole || environment > 0 ? 0 : encoder.pick([0, 0, 0, 0, 1, 2]), true);
  c.flags = 0x202 | (next() & 0x8d5) | (encoder.chance(30) ? 0x100 : 0);
  const { prefix, bytes, group, modrm, plus } = parseOpcode(fact);
  const override = encoder.chance(10) ? next() % 5 : -1;
  const address16 = encoder.chance(environment === 0 ? 40 : 4) === c.code32;
  const op16 = prefix === undefined && fact.unit === "x87" && encoder.chance(4) ? c.code32 : !c.code32;
  const memory = hasMemory(encoder, fact);
  if (fact.unit === "x87") adjustX87(encoder, c, fact);

  /** @type {number[]} */
  const prefixes = [];
  if (fact.unit === "x87" && op16 === c.code32) prefixes.push(0x66);
  if (address16 === c.code32) prefixes.push(0x67);
  if (override >= 0) prefixes.push(PREFIX[override]);
  if (prefix !== undefined) prefixes.push(prefix);
  prefixes.sort(() => (encoder.chance(2) ? -1 : 1));
  if (encoder.chance(100)) prefixes.push(0xf0);

  const body = [...bytes];
  const reg = group >= 0 ? group : next() % 8;
  let location = -1;
  let used = -1;
  if (mnemonic.startsWith("MASKMOV")) {
    used = override >= 0 ? override : DS;
    const offset = (DATA + WINDOWS[c.window][0] + 16 + (next() % 0xd0) - segment(c.segments[used]).base) >>> 0;
    c.set(EDI, address16 ? offset & 0xffff : offset);
    if (!segment(c.segments[used]).usable || segment(c.segments[used]).limit !== 0xffff_ffff) return undefined;
  }
  if (modrm >= 0) body.push(plus ? modrm + (next() % 8) : modrm);
  else if (fact.modrm && memory > 0) {
    const aligned = (memory === 16 && fact.aligned) || memory === FXSAVE_BYTES ? !encoder.chance(12) : memory === 16 && encoder.chance(2);
    const operand = encoder.memory(
      c,
      reg,
      address16,
      (index) => {
        const { base } = segment(c.segments[index]);
        const target = whole ? DATA + WINDOWS[0][0] + (aligned ? 0 : next() % 16) : encoder.target(c, index);
        return ((aligned ? target & ~(ALIGNMENT - 1) : target) - base) >>> 0;
      },
      override,
    );
    if (!operand) return undefined;
    body.push(...operand.bytes);
    used = operand.segment;
    location = (segment(c.segments[operand.segment]).base + operand.offset) >>> 0;
    pokeOperand(encoder, c, fact, location, memory, op16);
  } else if (fact.modrm) {
    const rm = next() % 8;
    body.push(0xc0 | (reg << 3) | rm);
  }
  if (operands.includes("Ib")) body.push(encoder.chance(3) ? next() % 16 : next() & 255);
  c.code.push(...prefixes, ...body);
  if (c.code.length > 15) return undefined;
  if (fact.unit === "x87") x87Judgement(c, fact, location, op16);
  // which byte of an image is reported, or #GP for alignment before #SS, is each processor's own matter
  c.unclearFaults = IMAGE.test(mnemonic) || (memory === ALIGNMENT && fact.aligned && location % ALIGNMENT !== 0 && used === SS);
  if (mnemonic === "FXSAVE") for (const [offset, length] of FXSAVE_MASKS) c.mask(location + offset, length);
  place(c, encoder, c.code.length);
  return c;
};
