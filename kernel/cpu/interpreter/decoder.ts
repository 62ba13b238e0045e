/** Instruction bytes to predecoded records, driven by the opcode table. */
import { CS, DS, ES, FS, GS, KEY_CODE32, KEY_FLAT, KEY_STACK32, SS, ZERO } from "../state.js";
import { isByModrm, isByPrefix, mandatoryPrefix, OPCODE_MAPS, type OpcodeEntry, type OpcodeFact, type OpcodeMap } from "../tables/table.js";
import {
  FORM_IMMEDIATE,
  FORM_TO_G,
  META_ADDR16,
  META_BYTE,
  META_CHECKED,
  META_FORM_SHIFT,
  META_LENGTH_SHIFT,
  META_OP16,
  META_REGISTER,
  META_REP_SHIFT,
  META_SEGMENT_SHIFT,
  META_XMM,
  OPERAND_IN_REGISTER,
  R_DISP,
  R_IMM,
  R_INDEX,
  R_META,
  R_OP,
  R_REG,
  R_RM,
  R_SCALE,
  SLOW_ADDRESS,
} from "./record.js";

/** Operand shapes that have operations of their own. */
export type Form = "" | "rr" | "rm" | "mr" | "ri" | "mi" | "rc" | "mc" | "r" | "m" | "i";
const FORMS: readonly Form[] = ["", "rr", "rm", "mr", "ri", "mi", "rc", "mc", "r", "m", "i"];
const FORM_INDEX = Object.fromEntries(FORMS.map((form, index) => [form, index])) as Record<Form, number>;

/** Longest instruction the processor accepts. */
export const MAX_LENGTH = 15;
/** Returned by `decode`: more bytes are needed than the page has. */
export const NEEDS_MORE = 0;

/** Operations that use the stack or leave through it: hot only when no segment check is needed. */
const STACK_OPERATIONS = new Set(["PUSH", "PUSHI", "POP", "CALL", "RET", "RETN", "CALLE", "PUSHE", "POPE", "LEAVE", "JMPE"]);
/** Cold operations whose count or bit offset is an immediate or in a register. */
const REGISTER_OPERAND = /^(RO[LR]|RC[LR]|S[HA][LR]D?|BT[SRC]?)$/;
const VECTOR_OPERAND = /^[VWU]/;
const SEGMENT_NAMES: Record<string, number> = { ES, CS, SS, DS, FS, GS };
/** Base and index registers of the eight 16-bit address forms, as state words. */
const BASE16 = [3, 3, 5, 5, 6, 7, 5, 3];
const INDEX16 = [6, 7, 6, 7, ZERO, ZERO, ZERO, ZERO];

const ONE_BYTE = OPCODE_MAPS[""];
const TWO_BYTE = OPCODE_MAPS["0F"];
const THREE_BYTE_38 = OPCODE_MAPS["0F38"];
const THREE_BYTE_3A = OPCODE_MAPS["0F3A"];

/** How operation names become numbers. */
export interface OperationNumbers {
  /** Number of a hot operation such as `ADD32rm`, or -1. */
  hot(name: string): number;
  /** Number of a cold operation; operations that end a block are numbered apart. */
  cold(operation: string, ends: boolean): number;
}

export class Decoder {
  readonly #bytes: Uint8Array;
  readonly #code: Int32Array;
  readonly #numbers: OperationNumbers;
  readonly #ids = new Map<OpcodeFact, Int32Array>();
  readonly #exists: (fact: OpcodeFact) => boolean;
  readonly #ud: number;
  readonly #gp: number;
  /** After `decode`: the instruction ends its block. */
  ends = false;

  /** @param exists whether the processor has an encoding; the others are #UD */
  constructor(bytes: Uint8Array, code: Int32Array, numbers: OperationNumbers, exists: (fact: OpcodeFact) => boolean) {
    this.#bytes = bytes;
    this.#exists = exists;
    this.#code = code;
    this.#numbers = numbers;
    this.#ud = numbers.cold("UD2", true);
    this.#gp = numbers.cold("TOOLONG", true);
  }

  /**
   * Decodes one instruction.
   * @param record where the record goes in the arena
   * @param start offset of the first byte in the buffer
   * @param available bytes that may be read from `start`
   * @param pageOffset offset of the instruction in its linear page
   * @param key decoding mode, KEY_ bits
   * @returns its length, or NEEDS_MORE
   */
  decode(record: number, start: number, available: number, pageOffset: number, key: number): number {
    const bytes = this.#bytes;
    const code = this.#code;
    const end = start + available;
    let at = start;
    let op16 = (key & KEY_CODE32) === 0;
    let addr16 = op16;
    let segment = -1;
    let rep: 0 | 1 | 2 = 0;
    let operandSize = false;
    let lock = false;
    let byte = 0;
    // prefixes
    for (;;) {
      if (at - start >= MAX_LENGTH) return this.#bad(record, pageOffset, at - start, this.#gp);
      if (at >= end) return NEEDS_MORE;
      byte = bytes[at++];
      if (byte === 0x66) {
        op16 = (key & KEY_CODE32) !== 0;
        operandSize = true;
      } else if (byte === 0x67) addr16 = (key & KEY_CODE32) !== 0;
      else if (byte === 0xf0) lock = true;
      else if (byte === 0xf2) rep = 1;
      else if (byte === 0xf3) rep = 2;
      else if (byte === 0x26) segment = ES;
      else if (byte === 0x2e) segment = CS;
      else if (byte === 0x36) segment = SS;
      else if (byte === 0x3e) segment = DS;
      else if (byte === 0x64) segment = FS;
      else if (byte === 0x65) segment = GS;
      else break;
    }
    let table: OpcodeMap = ONE_BYTE;
    const opcode = byte;
    let opcodeByte = byte;
    if (opcode === 0x0f) {
      if (at >= end) return NEEDS_MORE;
      opcodeByte = bytes[at++];
      table = TWO_BYTE;
      if (opcodeByte === 0x38 || opcodeByte === 0x3a) {
        table = opcodeByte === 0x38 ? THREE_BYTE_38 : THREE_BYTE_3A;
        if (at >= end) return NEEDS_MORE;
        opcodeByte = bytes[at++];
      }
    }
    let entry: OpcodeEntry = table[opcodeByte];
    if (isByPrefix(entry)) entry = entry.prefixes[mandatoryPrefix(operandSize, rep)];
    if (entry === undefined) return this.#bad(record, pageOffset, at - start, this.#ud);
    let fact: OpcodeFact | undefined;
    let modrm = -1;
    if (isByModrm(entry)) {
      if (at >= end) return NEEDS_MORE;
      modrm = bytes[at++];
      fact = entry[modrm];
    } else {
      fact = entry as OpcodeFact;
      if (fact.modrm) {
        if (at >= end) return NEEDS_MORE;
        modrm = bytes[at++];
      }
    }
    if (!fact || !this.#exists(fact)) return this.#bad(record, pageOffset, at - start, this.#ud);

    const operands = fact.operands;
    const first = operands[0] ?? "";
    const second = operands[1] ?? "";
    const width =
      (fact.repeats && fact.operation.endsWith("B")) || first === "AL" || (first.endsWith("b") && "EGZO".includes(first[0])) || second === "AL"
        ? 8
        : first === "Ew" || first === "Gw"
          ? 16
          : op16
            ? 16
            : 32;
    const controlMove = first === "Rd" || first === "Cd" || first === "Dd";
    const isRegister = modrm >= 0xc0 || controlMove;

    code[record + R_REG] = 0;
    code[record + R_RM] = ZERO;
    code[record + R_INDEX] = ZERO;
    code[record + R_SCALE] = 0;
    code[record + R_DISP] = 0;
    code[record + R_IMM] = 0;

    // memory operand
    let effective = segment < 0 ? DS : segment;
    if (modrm >= 0 && !isRegister) {
      const mod = modrm >> 6;
      const rm = modrm & 7;
      let dispSize = mod === 1 ? 1 : mod === 2 ? (addr16 ? 2 : 4) : 0;
      let stackBased = false;
      if (addr16) {
        if (mod === 0 && rm === 6) dispSize = 2;
        else {
          code[record + R_RM] = BASE16[rm];
          code[record + R_INDEX] = INDEX16[rm];
          stackBased = BASE16[rm] === 5;
        }
      } else if (rm === 4) {
        if (at >= end) return NEEDS_MORE;
        const sib = bytes[at++];
        const base = sib & 7;
        const index = (sib >> 3) & 7;
        if (index !== 4) {
          code[record + R_INDEX] = index;
          code[record + R_SCALE] = sib >> 6;
        }
        if (base === 5 && mod === 0) dispSize = 4;
        else {
          code[record + R_RM] = base;
          stackBased = base === 4 || base === 5;
        }
      } else if (rm === 5 && mod === 0) dispSize = 4;
      else {
        code[record + R_RM] = rm;
        stackBased = rm === 5;
      }
      if (at + dispSize > end) return NEEDS_MORE;
      if (dispSize === 1) code[record + R_DISP] = (bytes[at] << 24) >> 24;
      else if (dispSize === 2) code[record + R_DISP] = ((bytes[at] | (bytes[at + 1] << 8)) << 16) >> 16;
      else if (dispSize === 4) code[record + R_DISP] = this.#long(at);
      at += dispSize;
      if (segment < 0 && stackBased) effective = SS;
    }

    // operands
    let form: Form = "";
    let hasImmediate = false;
    let relative = false;
    const memory = modrm >= 0 && !isRegister;
    const rmNumber = modrm & 7;
    const regNumber = (modrm >> 3) & 7;
    for (let index = 0; index < operands.length; index++) {
      const operand = operands[index];
      let size = 0;
      switch (operand) {
        case "Ib":
          size = 1;
          if (at + 1 > end) return NEEDS_MORE;
          if (hasImmediate) code[record + R_DISP] = bytes[at];
          else code[record + R_IMM] = width === 8 ? (bytes[at] << 24) >> 24 : bytes[at];
          hasImmediate = true;
          break;
        case "Is":
          size = 1;
          if (at + 1 > end) return NEEDS_MORE;
          code[record + R_IMM] = (bytes[at] << 24) >> 24;
          hasImmediate = true;
          break;
        case "Iw":
          size = 2;
          if (at + 2 > end) return NEEDS_MORE;
          code[record + R_IMM] = bytes[at] | (bytes[at + 1] << 8);
          hasImmediate = true;
          break;
        case "Iz":
          size = op16 ? 2 : 4;
          if (at + size > end) return NEEDS_MORE;
          code[record + R_IMM] = op16 ? ((bytes[at] | (bytes[at + 1] << 8)) << 16) >> 16 : this.#long(at);
          hasImmediate = true;
          break;
        case "Jb":
          size = 1;
          if (at + 1 > end) return NEEDS_MORE;
          code[record + R_DISP] = (bytes[at] << 24) >> 24;
          relative = true;
          break;
        case "Jz":
          size = op16 ? 2 : 4;
          if (at + size > end) return NEEDS_MORE;
          code[record + R_DISP] = op16 ? ((bytes[at] | (bytes[at + 1] << 8)) << 16) >> 16 : this.#long(at);
          relative = true;
          break;
        case "Ap":
          size = op16 ? 4 : 6;
          if (at + size > end) return NEEDS_MORE;
          code[record + R_IMM] = op16 ? bytes[at] | (bytes[at + 1] << 8) : this.#long(at);
          code[record + R_DISP] = bytes[at + size - 2] | (bytes[at + size - 1] << 8);
          break;
        case "Ob":
        case "Ov":
          size = addr16 ? 2 : 4;
          if (at + size > end) return NEEDS_MORE;
          code[record + R_DISP] = addr16 ? bytes[at] | (bytes[at + 1] << 8) : this.#long(at);
          break;
        case "1":
          code[record + R_IMM] = 1;
          hasImmediate = true;
          break;
      }
      at += size;
    }
    const length = at - start;
    if (length > MAX_LENGTH) return this.#bad(record, pageOffset, at - start, this.#gp);

    const offsetForm = second.startsWith("O") || first.startsWith("O");
    const needsMemory = first[0] === "M" || second[0] === "M";
    if (needsMemory && isRegister) return this.#bad(record, pageOffset, at - start, this.#ud);
    if (lock && !(fact.lockable && memory)) return this.#bad(record, pageOffset, at - start, this.#ud);

    // the two operand fields, as plain numbers first
    let reg = 0;
    let rm = 0;
    let regLetter = "v";
    let rmLetter = "v";
    if (operands.length > 0) {
      if (isG(first) && (isE(second) || second[0] === "M")) {
        form = memory ? "rm" : "rr";
        reg = regNumber;
        rm = rmNumber;
        regLetter = first[1];
        rmLetter = second[1] ?? "v";
      } else if (isE(first) && isG(second)) {
        if (memory) {
          form = "mr";
          reg = regNumber;
          regLetter = second[1];
        } else {
          form = "rr";
          reg = rmNumber;
          rm = regNumber;
          regLetter = first[1];
          rmLetter = second[1];
        }
      } else if (isE(first)) {
        form = memory ? (hasImmediate ? "mi" : second === "CL" ? "mc" : "m") : hasImmediate ? "ri" : second === "CL" ? "rc" : "r";
        reg = memory ? regNumber : rmNumber;
        regLetter = first[1] ?? "v";
      } else if (first === "AL" || first === "eAX") {
        form = offsetForm ? "rm" : hasImmediate ? "ri" : "";
        regLetter = first === "AL" ? "b" : "v";
      } else if (offsetForm) {
        form = "mr";
        regLetter = second === "AL" ? "b" : "v";
      } else if (first[0] === "Z") {
        reg = opcodeByte & 7;
        form = hasImmediate ? "ri" : "r";
        regLetter = first[1];
      } else if (first[0] === "I") form = "i";
      else if (first[0] === "M") form = "m";
      else if (controlMove || first === "Sw") {
        reg = regNumber;
        rm = rmNumber;
      } else if (first in SEGMENT_NAMES) reg = SEGMENT_NAMES[first];
    }
    const vector = fact.unit === "mmx" || fact.unit === "sse";
    if (vector) form = "";

    const flatStack = (key & (KEY_FLAT | KEY_STACK32)) === (KEY_FLAT | KEY_STACK32) && !op16;
    const hotAllowed = !STACK_OPERATIONS.has(fact.operation) || flatStack;
    const slot = (width === 8 ? 0 : width === 16 ? 1 : 2) * FORMS.length + FORM_INDEX[form];
    let ids = this.#ids.get(fact);
    if (!ids) this.#ids.set(fact, (ids = new Int32Array(3 * FORMS.length).fill(-2)));
    let number = ids[slot];
    if (number === -2) number = ids[slot] = this.#numbers.hot(`${fact.operation}${form === "" ? "" : width}${form}`);
    if (fact.operation === "JCC") number = this.#numbers.hot(`JCC${(opcodeByte & 15).toString(16)}`);
    const hot = hotAllowed && number >= 0 && !vector;

    let meta = pageOffset | (length << META_LENGTH_SHIFT) | (rep << META_REP_SHIFT) | (effective << META_SEGMENT_SHIFT);
    if (op16) meta |= META_OP16;
    if (addr16) meta |= META_ADDR16;
    if (isRegister) meta |= META_REGISTER;
    if (width === 8) meta |= META_BYTE;
    if (vector && operands.some((operand) => VECTOR_OPERAND.test(operand))) meta |= META_XMM;

    if (memory || offsetForm) {
      const flatSegment = (key & KEY_FLAT) !== 0 && effective !== FS && effective !== GS && effective !== CS;
      if (!flatSegment || addr16) code[record + R_SCALE] |= SLOW_ADDRESS;
    }
    if (relative) {
      code[record + R_DISP] = (code[record + R_DISP] + pageOffset + length) | 0;
      if ((key & KEY_FLAT) === 0 || op16 || (key & KEY_CODE32) === 0) meta |= META_CHECKED;
    }
    if (vector) {
      code[record + R_OP] = this.#numbers.cold(fact.operation, fact.ends);
      code[record + R_REG] = regNumber;
      if (isRegister) code[record + R_RM] = rmNumber;
    } else if (hot) {
      code[record + R_OP] = number;
      code[record + R_REG] = scaled(reg, regLetter, op16);
      if (isRegister && form === "rr") code[record + R_RM] = scaled(rm, rmLetter, op16);
    } else {
      code[record + R_OP] = this.#numbers.cold(fact.operation, fact.ends);
      code[record + R_REG] = reg;
      if (isRegister || first === "AL" || first === "eAX" || first[0] === "Z") code[record + R_RM] = form === "rr" || first === "Sw" || controlMove ? rm : reg;
      if (!memory && !isRegister && (first === "AL" || first === "eAX" || first[0] === "Z")) meta |= META_REGISTER;
      if (form === "ri" || form === "mi") meta |= FORM_IMMEDIATE << META_FORM_SHIFT;
      else if (isG(first)) meta |= FORM_TO_G << META_FORM_SHIFT;
      if (isRegister && second === "Sw") {
        code[record + R_REG] = regNumber;
        code[record + R_RM] = rmNumber;
      } else if (second === "Sw") code[record + R_REG] = regNumber;
      if (REGISTER_OPERAND.test(fact.operation) && !hasImmediate) code[record + R_IMM] = OPERAND_IN_REGISTER;
      if (fact.operation === "FPU") code[record + R_IMM] = (opcodeByte << 8) | modrm;
      if (isE(first) && isG(second) && isRegister) {
        // cold operations see the E operand in R_RM and the G operand in R_REG, whichever is the destination
        code[record + R_REG] = regNumber;
        code[record + R_RM] = rmNumber;
      }
    }
    if (fact.operation === "CMOV" || fact.operation === "SETCC") code[record + R_IMM] = opcodeByte & 15;
    code[record + R_META] = meta;
    this.ends = fact.ends;
    return length;
  }

  #long(at: number): number {
    const bytes = this.#bytes;
    return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  }

  /** An instruction that only faults; its length says which bytes must change for it to be looked at again. */
  #bad(record: number, pageOffset: number, length: number, operation: number): number {
    const code = this.#code;
    code.fill(0, record, record + 8);
    code[record + R_OP] = operation;
    code[record + R_META] = pageOffset | (Math.min(length, MAX_LENGTH) << META_LENGTH_SHIFT);
    this.ends = true;
    return length;
  }
}

/** ModR/M operands; the segment registers ES and GS only look like them. */
const isE = (operand: string): boolean => operand[0] === "E" && operand !== "ES";
const isG = (operand: string): boolean => operand[0] === "G" && operand !== "GS";

/** Register number to the index by which hot operations reach it: word, half-word or byte of the state. */
const scaled = (register: number, letter: string, op16: boolean): number => {
  if (letter === "b") return ((register & 3) << 2) | (register >> 2);
  if (letter === "w" || op16) return register << 1;
  return register;
};
