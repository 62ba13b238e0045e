/** Cases of one instruction: any opcode of user mode, any operand form, any environment; some single-stepped (TF). */
import { ARITHMETIC, Case, CS, DS, EAX, EBP, EBX, ECX, EDI, EDX, ES, ESI, ESP, PREFIX, SS } from "./encode.mjs";
import { segment } from "./layout.mjs";

/** @typedef {import("./encode.mjs").OpcodeFact} OpcodeFact */
/** @typedef {import("./encode.mjs").Encoder} Encoder */

/** What depends on the host's operating system or time; ICEBP, after which a hypervisor may push the wrong EIP. */
const SKIPPED = new Set("ICEBP CPUID RDTSC RDPMC SYSENTER SYSEXIT SGDT SIDT SMSW SLDT STR NOPE".split(" "));
/** Transfers whose target is chosen rather than random. */
const NEAR_RELATIVE = new Set(["JCC", "JMP", "CALL", "LOOP", "LOOPE", "LOOPNE", "JCXZ"]);
const BIT = new Set(["BT", "BTS", "BTR", "BTC"]);
const SELECTOR_OPERAND = new Set(["MOVTOSEG", "LAR", "LSL", "VERR", "VERW", "ARPL", "LLDT", "LTR"]);
const FAR_LOADS = new Set(["LES", "LDS", "LSS", "LFS", "LGS"]);
const FLAG_BITS = 0x8d5;

/** @param {readonly OpcodeFact[]} facts */
export const singleFacts = (facts) => facts.filter((fact) => fact.unit === "integer" && !SKIPPED.has(fact.operation));

/**
 * @param {Encoder} encoder @param {OpcodeFact} fact @param {number} environment @param {number} seed
 * @returns {Case | undefined}
 */
export const single = (encoder, fact, environment, seed) => {
  const { next } = encoder;
  const flatData = environment === 0;
  const c = new Case(seed, environment, flatData ? encoder.pick([0, 0, 0, 1, 2]) : environment === 1 ? encoder.pick([0, 0, 2]) : 0);
  const { operation, operands } = fact;
  c.unclearFaults = /^(MOVS[BV]|CMPS[BV]|POPA|PUSHA|IRET|RETFN?|CALLFE?|ENTER)$/.test(operation);
  const op16 = encoder.chance(4) === c.code32;
  const address16 = encoder.chance(flatData ? 40 : 4) === c.code32;
  const size =
    operands.some((operand) => /b$/.test(operand) && /^[EGZ]/.test(operand)) || operands[0] === "AL" || operands[1] === "AL" || /SB$/.test(operation) ? 8 : op16 ? 16 : 32;
  const bytes = size >> 3;
  const word = op16 ? 2 : 4;
  const group = fact.opcode.includes("/") ? Number(fact.opcode.split("/")[1]) : -1;
  /** @type {number[]} */
  const opcode = (fact.opcode.replace(/[/+].*/, "").match(/../g) ?? []).map((hex) => Number.parseInt(hex, 16));
  const plus = fact.opcode.endsWith("+") ? next() % 8 : 0;
  opcode[opcode.length - 1] += plus;
  const override = encoder.chance(8) ? next() % 5 : -1;
  c.flags = 0x202 | (next() & FLAG_BITS) | (fact.repeats && encoder.chance(3) ? 0x400 : 0) | (encoder.chance(12) ? 0x100 : 0);

  // the stack lies in the window
  const stackOffset = encoder.offset(c, SS);
  c.set(ESP, c.stack32 ? stackOffset : ((stackOffset & 0xffff) | (next() & 0xffff_0000)) >>> 0);
  const stackLinear = (skip = 0) => (segment(c.segments[SS]).base + (c.stack32 ? c.registers[ESP] + skip : (c.registers[ESP] + skip) & 0xffff)) >>> 0;
  /** @param {number} register @param {number} index @param {boolean} narrow */
  const pointer = (register, index, narrow) => {
    const offset = encoder.offset(c, index);
    c.set(register, narrow ? ((offset & 0xffff) | (next() & 0xffff_0000)) >>> 0 : offset);
  };

  let repeat = -1;
  if (fact.repeats) {
    if (encoder.chance(2)) repeat = encoder.pick([0xf2, 0xf3]);
    pointer(ESI, override >= 0 ? override : DS, address16);
    pointer(EDI, ES, address16);
    const times = encoder.chance(6) ? 0 : next() % (encoder.chance(3) ? 40 : 12);
    c.set(ECX, address16 ? (times | (next() & 0xffff_0000)) >>> 0 : times);
    if (/^(CMPS|SCAS)/.test(operation) && encoder.chance(2)) c.set(EAX, encoder.pick([0, 0xffff_ffff]));
  }
  if (operation === "XLAT") {
    const offset = encoder.offset(c, override >= 0 ? override : DS) - (c.registers[EAX] & 255);
    c.set(EAX, c.registers[EAX]);
    c.set(EBX, offset);
  }
  if (operation === "LEAVE" || operation === "ENTER") pointer(EBP, SS, !c.stack32);
  if (/^(LOOP|JCXZ)/.test(operation)) c.set(ECX, encoder.chance(2) ? next() % 3 : next());
  if (/^I?DIV$/.test(operation) && !encoder.chance(3)) {
    if (size === 8) c.set(EAX, ((c.registers[EAX] & 0xffff_0000) | (next() % 0x180)) >>> 0);
    else c.set(EDX, encoder.pick([0, 0, 1, 0xffff_ffff]));
  }

  // prefixes in any order, some twice
  /** @type {number[]} */
  const prefixes = [];
  if (op16 === c.code32) prefixes.push(0x66);
  if (address16 === c.code32) prefixes.push(0x67);
  if (override >= 0) prefixes.push(PREFIX[override]);
  if (repeat >= 0) prefixes.push(repeat);
  prefixes.sort(() => (encoder.chance(2) ? -1 : 1));
  if (encoder.chance(60)) prefixes.push(...new Array(9 + (next() % 6)).fill(PREFIX[override >= 0 ? override : DS]));
  c.pinned |= 1 << ESP;

  /** @type {number[]} */
  const body = [...opcode];
  let memory = false;
  let register = -1;
  const regField = group >= 0 ? group : next() % 8;
  let location = 0;
  if (fact.modrm) {
    const control = /^[RCD]d$/.test(operands[0] ?? "");
    const only = operands.some((operand) => operand.startsWith("M"));
    memory = !control && (only || !encoder.chance(3));
    if (memory) {
      if (BIT.has(operation) && group < 0 && !c.isPinned(regField)) c.set(regField, encoder.around(300));
      const choose = (/** @type {number} */ index) => (operation === "LEA" ? next() : encoder.offset(c, index));
      const operand = encoder.memory(c, regField, address16, choose, override);
      if (!operand) return undefined;
      if (operation === "POPE") {
        // the stack pointer moves first
        if (operand.bytes.length > 1 && (operand.bytes[0] & 7) === 4 && (operand.bytes[1] & 7) === 4) return undefined;
      }
      body.push(...operand.bytes);
      location = (segment(c.segments[operand.segment]).base + operand.offset) >>> 0;
    } else {
      register = next() % 8;
      body.push(0xc0 | (regField << 3) | register);
    }
  } else if (operands.some((operand) => operand.startsWith("O"))) {
    const offset = encoder.offset(c, override >= 0 ? override : DS);
    for (let byte = 0; byte < (address16 ? 2 : 4); byte++) body.push((offset >>> (8 * byte)) & 255);
  }

  // operands with a meaning
  /** @param {number} value @param {number} width */
  const operand = (value, width) => {
    if (memory) c.poke(location, value, width);
    else if (register >= 0 && !c.isPinned(register)) c.set(register, width === 2 ? ((c.registers[register] & 0xffff_0000) | value) >>> 0 : value);
  };
  if (SELECTOR_OPERAND.has(operation)) operand(encoder.selector(), 2);
  if (operation === "ARPL" && !c.isPinned(regField)) c.set(regField, encoder.selector());
  if (FAR_LOADS.has(operation)) c.poke(location + word, encoder.selector(), 2);
  if (operation === "POPSEG") c.poke(stackLinear(), encoder.selector(), 2);
  if (operation === "BOUND" && encoder.chance(2)) {
    c.poke(location, 0x8000, word);
    c.poke(location + word, 0x7fff_ffff, word);
  }
  if (/^CMPXCHG$/.test(operation) && encoder.chance(2)) {
    if (memory) c.poke(location, c.registers[EAX], bytes);
    else if (register > 0 && !c.isPinned(register)) c.set(register, c.registers[EAX]);
  }
  if (operation === "CMPXCHG8B" && encoder.chance(2)) {
    c.poke(location, c.registers[EAX], 4);
    c.poke(location + 4, c.registers[EDX], 4);
  }
  if (operation === "CALLE" || operation === "JMPE") {
    // a target that nobody chose could be anywhere in the process
    if (register >= 0 && c.isPinned(register)) return undefined;
    operand(encoder.destination(c), word);
  }
  const farTarget = () => (encoder.chance(2) ? encoder.selector() : encoder.pick([1, 3, 14]) * 8 + 7);
  const farOffset = () => (encoder.chance(3) ? encoder.destination(c) : 0x400 + (next() % 0x800));
  if (operation === "CALLFE" || operation === "JMPFE") {
    c.poke(location, farOffset(), word);
    c.poke(location + word, farTarget(), 2);
  }
  if (operation === "RET" || operation === "RETN") c.poke(stackLinear(), encoder.destination(c), word);
  if (/^(RETF|RETFN|IRET)$/.test(operation)) {
    c.poke(stackLinear(), farOffset(), word);
    // a privilege below the current one is #GP, but when is each processor's own matter
    c.poke(stackLinear(word), farTarget() | 3, 2);
  }
  if (operation === "IRET" || operation === "POPF") c.poke(stackLinear(operation === "IRET" ? 2 * word : 0), (next() & 0x20_3ed5) | 2, word);
  // the upper half of a pushed selector is zero, or left as it was
  if (operation === "PUSHSEG" && !op16) c.mask(stackLinear(-2), 2);
  if (operation === "PUSHF" && !op16) c.flags &= ~0x1_0000;

  // immediates
  let count = -1;
  for (const kind of operands) {
    if (kind === "Ib" || kind === "Is") {
      let value = next() & 255;
      if (operation === "ENTER") value = encoder.chance(4) ? value : value & 3;
      if (operation === "INT" && (value === 0x80 || value === 1)) value = 0x42;
      if (/^(SH|SA|RO|RC)/.test(operation) && encoder.chance(2)) value &= 15;
      count = value;
      body.push(value);
    } else if (kind === "Iw") body.push(next() % 64, 0);
    else if (kind === "Iz") for (let byte = 0; byte < word; byte++) body.push(next() & 255);
    else if (kind === "Ap") {
      const offset = farOffset();
      const target = farTarget();
      for (let byte = 0; byte < word; byte++) body.push((offset >>> (8 * byte)) & 255);
      body.push(target & 255, target >> 8);
    }
  }
  if (operands.includes("1")) count = 1;
  const byCl = operands.includes("CL");
  if (byCl) count = c.registers[ECX] & 255;
  const relativeBytes = NEAR_RELATIVE.has(operation) ? (operands.includes("Jb") ? 1 : word) : 0;

  // LOCK: mostly where it is allowed; the processor of the capture ignores it before VERR and VERW and means CR8 before MOV CR0
  if (fact.lockable && memory ? encoder.chance(6) : !/^(VER[RW]|MOV(TO|FROM)CR)$/.test(operation) && encoder.chance(40)) prefixes.push(0xf0);
  c.code.push(...prefixes, ...body);
  const length = c.code.length + relativeBytes;
  if (length > 40) return undefined;
  place(encoder, c, length);
  if (relativeBytes > 0) {
    const end = (c.eip + length) >>> 0;
    let distance = relativeBytes === 1 ? ((next() & 255) << 24) >> 24 : encoder.destination(c) - end;
    // not into the case itself
    if (relativeBytes === 1 && distance < 0 && distance >= -length) distance = 40;
    for (let byte = 0; byte < relativeBytes; byte++) c.code.push(Math.floor(Number(BigInt.asUintN(32, BigInt(distance))) / 2 ** (8 * byte)) & 255);
  }
  const condition = (opcode[opcode.length - 1] ?? 0) & 15;
  const of = encoder.tables.flagEffect(fact, size, count < 0 ? undefined : count, condition);
  c.undefined = of.undefined;
  // what depends on an undefined result is left out
  if (/^SH[LR]D$/.test(operation) && of.undefined === ARITHMETIC) return undefined;
  return c;
};

/** Where the code lies: mostly in the middle of a page, sometimes across its end or across the end of the segment. @param {Encoder} encoder @param {Case} c @param {number} length */
const place = (encoder, c, length) => {
  const { next } = encoder;
  const limit = segment(c.segments[CS]).limit;
  c.codeOffset = 0x100 + (next() % 0x40);
  if (limit === 0x107) c.codeOffset = 0x100 - length + (next() % 10);
  else if (encoder.chance(12) && length > 1) c.codeOffset = 0x1000 - 1 - (next() % (length - 1));
  else if (encoder.chance(30) && length > 1) c.codeOffset = 0x2000 - 1 - (next() % (length - 1));
};
