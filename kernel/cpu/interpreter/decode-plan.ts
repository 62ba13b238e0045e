/**
 * What the decoder has to do for one encoding, worked out once from the opcode table: which bytes follow, and what the
 * record holds. Decoding itself then looks at numbers only.
 */
import { CS, DS, ES, FS, GS, SS } from "../state.js";
import type { OpcodeFact } from "../tables/table.js";
import { FORM_IMMEDIATE, FORM_TO_G, META_BYTE, META_FORM_SHIFT, META_OP16, META_REGISTER, META_XMM, OPERAND_IN_REGISTER } from "./record.js";

/** How operation names become numbers. */
export interface OperationNumbers {
  /** Number of a hot operation such as `ADD32rm`, or -1. */
  hot(name: string): number;
  /** Number of a cold operation; operations that end a block are numbered apart. */
  cold(operation: string, ends: boolean): number;
}

/** What a plan depends on beside the entry of the table. */
export interface EncodingContext {
  /** Last byte of the opcode. */
  readonly opcode: number;
  /** It has a ModR/M byte that names a register. */
  readonly register: boolean;
  /** It has a ModR/M byte. */
  readonly modrm: boolean;
  readonly op16: boolean;
  /** The stack is flat and 32 bits wide, and so is the operand: hot operations may use it. */
  readonly flatStack: boolean;
}

/** Bytes behind ModR/M, SIB and displacement, and the field that takes them. */
export const TAKES_NOTHING = 0;
export const TAKES_IMM8 = 1;
export const TAKES_IMM8_SIGNED = 2;
export const TAKES_IMM16 = 3;
export const TAKES_IMM16_SIGNED = 4;
export const TAKES_IMM32 = 5;
/** ENTER: 16 bits, then 8 into the displacement. */
export const TAKES_IMM16_IMM8 = 6;
export const TAKES_REL8 = 7;
export const TAKES_REL16 = 8;
export const TAKES_REL32 = 9;
export const TAKES_FAR16 = 10;
export const TAKES_FAR32 = 11;
/** An offset as wide as addresses are. */
export const TAKES_OFFSET = 12;
/** Bytes of each; the offset's are added by the decoder. */
export const TAKEN_BYTES = [0, 1, 1, 2, 2, 4, 3, 1, 2, 4, 4, 6, 0];

/** Where the number of a register operand comes from; from 0 on it is what the field holds. */
export const FROM_REG = -1;
export const FROM_RM = -2;
/** The field keeps what addressing has put there. */
export const KEPT = -3;

/** How a register number becomes the index by which operations reach it; rows of `SCALED`. */
const AS_NUMBER = 0;
const AS_HALF = 8;
const AS_BYTE = 16;
/** Word, half-word and byte of the state, by scale + register number. */
export const SCALED: Int32Array = Int32Array.from({ length: 24 }, (_, index) => {
  const register = index & 7;
  return index < AS_HALF ? register : index < AS_BYTE ? register << 1 : ((register & 3) << 2) | (register >> 2);
});

/** Values of `DecodePlan.immediate` beside immediates of an encoding's own. */
export const NO_IMMEDIATE = -1;
/** The x87's opcode and ModR/M bytes. */
export const FPU_IMMEDIATE = -2;

export interface DecodePlan {
  /** There is no such instruction: nothing behind the opcode and ModR/M is looked at. */
  readonly undefined: boolean;
  /** It takes memory and was given a register: #UD, but its bytes count. */
  readonly needsMemory: boolean;
  readonly lockable: boolean;
  readonly ends: boolean;
  /** ModR/M names memory. */
  readonly memory: boolean;
  /** Memory without ModR/M. */
  readonly offsetForm: boolean;
  readonly relative: boolean;
  /** One of TAKES_. */
  readonly takes: number;
  /** R_OP. */
  readonly operation: number;
  /** R_META but for what the instruction's place and prefixes say. */
  readonly meta: number;
  /** R_REG and R_RM: what they hold, or one of FROM_ and how that is scaled. */
  readonly reg: number;
  readonly regScale: number;
  readonly rm: number;
  readonly rmScale: number;
  /** R_IMM where it does not come from the instruction's bytes. */
  readonly immediate: number;
}

/** Operand shapes that have operations of their own. */
type Form = "" | "rr" | "rm" | "mr" | "ri" | "mi" | "rc" | "mc" | "r" | "m" | "i";

/** Operations that use the stack or leave through it: hot only when no segment check is needed. */
const STACK_OPERATIONS = new Set(["PUSH", "PUSHI", "POP", "CALL", "RET", "RETN", "CALLE", "PUSHE", "POPE", "LEAVE", "JMPE"]);
/** Cold operations whose count or bit offset is an immediate or in a register. */
const REGISTER_OPERAND = /^(RO[LR]|RC[LR]|S[HA][LR]D?|BT[SRC]?)$/;
const VECTOR_OPERAND = /^[VWU]/;
const SEGMENT_NAMES: Readonly<Record<string, number>> = { ES, CS, SS, DS, FS, GS };

const UNDEFINED: DecodePlan = {
  undefined: true,
  needsMemory: false,
  lockable: false,
  ends: true,
  memory: false,
  offsetForm: false,
  relative: false,
  takes: TAKES_NOTHING,
  operation: 0,
  meta: 0,
  reg: 0,
  regScale: AS_NUMBER,
  rm: KEPT,
  rmScale: AS_NUMBER,
  immediate: NO_IMMEDIATE,
};

/** ModR/M operands; the segment registers ES and GS only look like them. */
const isE = (operand: string): boolean => operand[0] === "E" && operand !== "ES";
const isG = (operand: string): boolean => operand[0] === "G" && operand !== "GS";

const scaleOf = (letter: string, op16: boolean): number => (letter === "b" ? AS_BYTE : letter === "w" || op16 ? AS_HALF : AS_NUMBER);

const widthOf = (fact: OpcodeFact, first: string, second: string, op16: boolean): 8 | 16 | 32 => {
  if ((fact.repeats && fact.operation.endsWith("B")) || first === "AL" || second === "AL" || /^[EGZO]b$/.test(first)) return 8;
  return op16 || first === "Ew" || first === "Gw" ? 16 : 32;
};

const takenBy = (operands: readonly string[], width: number, op16: boolean): number => {
  let taken = TAKES_NOTHING;
  for (const operand of operands) {
    if (operand === "Ib") taken = taken === TAKES_IMM16 ? TAKES_IMM16_IMM8 : width === 8 ? TAKES_IMM8_SIGNED : TAKES_IMM8;
    else if (operand === "Is") taken = TAKES_IMM8_SIGNED;
    else if (operand === "Iw") taken = TAKES_IMM16;
    else if (operand === "Iz") taken = op16 ? TAKES_IMM16_SIGNED : TAKES_IMM32;
    else if (operand === "Jb") taken = TAKES_REL8;
    else if (operand === "Jz") taken = op16 ? TAKES_REL16 : TAKES_REL32;
    else if (operand === "Ap") taken = op16 ? TAKES_FAR16 : TAKES_FAR32;
    else if (operand === "Ob" || operand === "Ov") taken = TAKES_OFFSET;
  }
  return taken;
};

/** The operands of hot operations: their form, and what stands in the two register fields. */
interface Shape {
  readonly form: Form;
  readonly reg: number;
  readonly rm: number;
  readonly regLetter: string;
  readonly rmLetter: string;
}

const shapeOf = (operands: readonly string[], { opcode }: EncodingContext, memory: boolean, hasImmediate: boolean): Shape => {
  const [first = "", second = ""] = operands;
  const isOffset = first.startsWith("O") || second.startsWith("O");
  const shape = (form: Form, reg: number, regLetter = "v", rm = 0, rmLetter = "v"): Shape => ({ form, reg, rm, regLetter, rmLetter });
  if (isG(first) && (isE(second) || second[0] === "M")) return shape(memory ? "rm" : "rr", FROM_REG, first[1], FROM_RM, second[1]);
  if (isE(first) && isG(second)) return memory ? shape("mr", FROM_REG, second[1]) : shape("rr", FROM_RM, first[1], FROM_REG, second[1]);
  if (isE(first)) {
    const source = hasImmediate ? "i" : second === "CL" ? "c" : "";
    return shape(`${memory ? "m" : "r"}${source}`, memory ? FROM_REG : FROM_RM, first[1]);
  }
  if (first === "AL" || first === "eAX") return shape(isOffset ? "rm" : hasImmediate ? "ri" : "", 0, first === "AL" ? "b" : "v");
  if (isOffset) return shape("mr", 0, second === "AL" ? "b" : "v");
  if (first[0] === "Z") return shape(hasImmediate ? "ri" : "r", opcode & 7, first[1]);
  if (first[0] === "I") return shape("i", 0);
  if (first[0] === "M") return shape("m", 0);
  if (/^[RCD]d$/.test(first) || first === "Sw") return shape("", FROM_REG, "v", FROM_RM);
  return shape("", SEGMENT_NAMES[first] ?? 0);
};

/** @param fact undefined where the table has none, or the processor lacks it */
export const decodePlan = (fact: OpcodeFact | undefined, context: EncodingContext, numbers: OperationNumbers): DecodePlan => {
  if (!fact) return UNDEFINED;
  const { op16, opcode } = context;
  const { operands, operation } = fact;
  const [first = "", second = ""] = operands;
  const width = widthOf(fact, first, second, op16);
  const controlMove = /^[RCD]d$/.test(first);
  const register = context.register || controlMove;
  const memory = context.modrm && !register;
  const takes = takenBy(operands, width, op16);
  const hasImmediate = operands.some((operand) => /^(I[bswz]|1)$/.test(operand));
  const shape = shapeOf(operands, context, memory, hasImmediate);
  const vector = fact.unit === "mmx" || fact.unit === "sse";
  const form = vector ? "" : shape.form;

  const suffix = operation === "JCC" ? (opcode & 15).toString(16) : `${form === "" ? "" : width}${form}`;
  const hotNumber = vector || (STACK_OPERATIONS.has(operation) && !context.flatStack) ? -1 : numbers.hot(`${operation}${suffix}`);
  const hot = hotNumber >= 0;

  let meta = (op16 ? META_OP16 : 0) | (register ? META_REGISTER : 0) | (width === 8 ? META_BYTE : 0);
  let { reg } = shape;
  let rm = KEPT;
  let immediate = operands.includes("1") ? 1 : NO_IMMEDIATE;
  if (vector) {
    if (operands.some((operand) => VECTOR_OPERAND.test(operand))) meta |= META_XMM;
    reg = FROM_REG;
    if (register) rm = FROM_RM;
  } else if (hot) {
    if (register && form === "rr") rm = shape.rm;
  } else {
    const accumulator = first === "AL" || first === "eAX" || first[0] === "Z";
    if (register || accumulator) rm = form === "rr" || first === "Sw" || controlMove ? shape.rm : shape.reg;
    if (!memory && accumulator) meta |= META_REGISTER;
    if (form === "ri" || form === "mi") meta |= FORM_IMMEDIATE << META_FORM_SHIFT;
    else if (isG(first)) meta |= FORM_TO_G << META_FORM_SHIFT;
    if (second === "Sw") reg = FROM_REG;
    // cold operations see the E operand in R_RM and the G operand in R_REG, whichever is the destination
    if (register && isE(first) && isG(second)) reg = FROM_REG;
    if (register && (second === "Sw" || (isE(first) && isG(second)))) rm = FROM_RM;
    if (REGISTER_OPERAND.test(operation) && !hasImmediate) immediate = OPERAND_IN_REGISTER;
    if (operation === "FPU") immediate = FPU_IMMEDIATE;
  }
  if (operation === "CMOV" || operation === "SETCC") immediate = opcode & 15;
  return {
    undefined: false,
    needsMemory: (first[0] === "M" || second[0] === "M") && register,
    lockable: fact.lockable && memory,
    ends: fact.ends,
    memory,
    offsetForm: takes === TAKES_OFFSET,
    relative: takes === TAKES_REL8 || takes === TAKES_REL16 || takes === TAKES_REL32,
    takes,
    operation: hot ? hotNumber : numbers.cold(operation, fact.ends),
    meta,
    reg: hot && reg >= 0 ? SCALED[scaleOf(shape.regLetter, op16) + reg] : reg,
    regScale: hot ? scaleOf(shape.regLetter, op16) : AS_NUMBER,
    rm,
    rmScale: hot ? scaleOf(shape.rmLetter, op16) : AS_NUMBER,
    immediate,
  };
};
