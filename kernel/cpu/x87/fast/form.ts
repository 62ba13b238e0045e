/**
 * Forms: what a fast function is told about an instruction, one word for each opcode and ModR/M byte. A word of zero says that
 * only the full unit executes it.
 *
 *   bits 0-5   place of the function in `FUNCTIONS`: one for each operation with each kind of operand
 *   bits 6-8   i of ST(i), or a constant's number
 *   bits 9-10  pops           bits 13-14 variant
 *   bit 15     result to ST(i)
 *   bits 16-19 bytes of the memory operand
 *   bit 20     the operand is written    bit 21  instruction and operand pointers change
 */

export type OperationName =
  | "none"
  | "add"
  | "multiply"
  | "divide"
  | "compare"
  | "load"
  | "store"
  | "storeInteger"
  | "unary"
  | "exchange"
  | "squareRoot"
  | "roundInteger"
  | "control";

/** Where the second operand comes from or the result goes to. */
export const OPERAND = { register: 0, single: 1, double: 2, extended: 3, int16: 4, int32: 5, int64: 6, constant: 7 } as const;

/** Variants of operations: which operand of the subtraction or division is negated or divides. */
export const PLAIN = 0;
export const MINUS = 1;
export const REVERSE = 2;
/** Of comparisons: the result goes to the condition codes, or to EFLAGS; or ST(0) is compared with zero. */
export const TO_CODES = 0;
export const TO_FLAGS = 1;
export const WITH_ZERO = 2;
/** Of integer stores. */
export const BY_CONTROL = 0;
export const TRUNCATED = 1;
/** Of `unary`. */
export const CHANGE_SIGN = 0;
export const ABSOLUTE = 1;
export const EXAMINE = 2;
export const NOTHING = 3;
/** Of `control`. */
export const STATUS_TO_AX = 0;
export const LOAD_CONTROL = 1;
export const STORE_CONTROL = 2;
export const STORE_STATUS = 3;

export const FUNCTION_MASK = 63;
export const I_SHIFT = 6;
export const POPS_SHIFT = 9;
export const VARIANT_SHIFT = 13;
export const TO_I = 1 << 15;
export const BYTES_SHIFT = 16;
export const WRITES = 1 << 20;
export const RECORDS = 1 << 21;

export const bytesOf = (form: number): number => (form >> BYTES_SHIFT) & 15;
export const functionOf = (form: number): number => form & FUNCTION_MASK;

export type OperandKind = (typeof OPERAND)[keyof typeof OPERAND];

interface Parts {
  readonly i?: number;
  readonly pops?: number;
  readonly operand?: OperandKind;
  readonly variant?: number;
  readonly toI?: boolean;
  readonly writes?: boolean;
  readonly records?: boolean;
  readonly bytes?: number;
}

/** What a function does, and with what. */
export interface FunctionShape {
  readonly operation: OperationName;
  readonly operand: OperandKind;
}
const shapes: FunctionShape[] = [{ operation: "none", operand: OPERAND.register }];
/** All that `FORMS` asks for, in the order in which it does; the first does nothing. */
export const FUNCTIONS: readonly FunctionShape[] = shapes;

const functionFor = (operation: OperationName, operand: OperandKind): number => {
  const found = shapes.findIndex((shape) => shape.operation === operation && shape.operand === operand);
  return found >= 0 ? found : shapes.push({ operation, operand }) - 1;
};

/** By operand kind. */
const BYTES = [0, 4, 8, 10, 2, 4, 8, 0];

const form = (operation: OperationName, parts: Parts = {}): number => {
  const { i = 0, pops = 0, operand = OPERAND.register, variant = 0, toI = false, writes = false, records = true, bytes = BYTES[operand] } = parts;
  return (
    functionFor(operation, operand) |
    (i << I_SHIFT) |
    (pops << POPS_SHIFT) |
    (variant << VARIANT_SHIFT) |
    (toI ? TO_I : 0) |
    (bytes << BYTES_SHIFT) |
    (writes ? WRITES : 0) |
    (records ? RECORDS : 0)
  );
};

/** The eight operations of D8, DC and DE by their reg field. */
const arithmetic = (reg: number, parts: Parts): number => {
  switch (reg) {
    case 0:
      return form("add", parts);
    case 1:
      return form("multiply", parts);
    case 2:
      return form("compare", { ...parts, toI: false });
    case 3:
      return form("compare", { ...parts, pops: (parts.pops ?? 0) + 1, toI: false });
    case 4:
      return form("add", { ...parts, variant: MINUS });
    case 5:
      return form("add", { ...parts, variant: REVERSE });
    case 6:
      return form("divide", { ...parts, variant: PLAIN });
    default:
      return form("divide", { ...parts, variant: REVERSE });
  }
};

/** Memory operands by bits 1-2 of the opcode. */
const MEMORY = [OPERAND.single, OPERAND.int32, OPERAND.double, OPERAND.int16] as const;

const load = (operand: OperandKind): number => form("load", { operand });
const store = (operand: OperandKind, pops: number): number => form("store", { operand, pops, writes: true });
const storeInteger = (operand: OperandKind, pops: number, variant = BY_CONTROL): number => form("storeInteger", { operand, pops, variant, writes: true });

const memoryForm = (group: number, reg: number): number => {
  const operand = MEMORY[group >> 1];
  if ((group & 1) === 0) return arithmetic(reg, { operand });
  const real = operand === OPERAND.single || operand === OPERAND.double;
  if (reg === 0) return load(operand);
  if (reg === 1) return operand === OPERAND.single ? 0 : storeInteger(operand === OPERAND.double ? OPERAND.int64 : operand, 1, TRUNCATED);
  if (reg < 4) return real ? store(operand, reg - 2) : storeInteger(operand, reg - 2);
  switch (group * 8 + reg) {
    case 0o15:
      return form("control", { variant: LOAD_CONTROL, bytes: 2, records: false });
    case 0o17:
      return form("control", { variant: STORE_CONTROL, bytes: 2, records: false, writes: true });
    case 0o57:
      return form("control", { variant: STORE_STATUS, bytes: 2, records: false, writes: true });
    case 0o35:
      return load(OPERAND.extended);
    case 0o37:
      return store(OPERAND.extended, 1);
    case 0o75:
      return load(OPERAND.int64);
    case 0o77:
      return storeInteger(OPERAND.int64, 1);
    default:
      return 0;
  }
};

const compare = (i: number, pops: number, variant = TO_CODES): number => form("compare", { i, pops, variant });
const storeRegister = (i: number, pops: number): number => form("store", { i, pops });

const d9 = (reg: number, i: number): number => {
  switch (reg) {
    case 0:
      // ST(7) is empty, or there is no room to push
      return i === 7 ? 0 : form("load", { i });
    case 1:
      return form("exchange", { i });
    case 2:
      return i === 0 ? form("unary", { variant: NOTHING }) : 0;
    case 4:
      if (i === 0) return form("unary", { variant: CHANGE_SIGN });
      if (i === 1) return form("unary", { variant: ABSOLUTE });
      if (i === 4) return compare(0, 0, WITH_ZERO);
      return i === 5 ? form("unary", { variant: EXAMINE }) : 0;
    case 5:
      return i === 7 ? 0 : form("load", { i, operand: OPERAND.constant });
    case 7:
      if (i === 2) return form("squareRoot");
      return i === 4 ? form("roundInteger") : 0;
    default:
      return 0;
  }
};

const registerForm = (group: number, reg: number, i: number): number => {
  switch (group * 8 + reg) {
    case 0o25:
      return i === 1 ? compare(1, 2) : 0;
    case 0o35:
    case 0o36:
      return compare(i, 0, TO_FLAGS);
    case 0o51:
    case 0o71:
      return form("exchange", { i });
    case 0o52:
      return storeRegister(i, 0);
    case 0o53:
    case 0o72:
    case 0o73:
      return storeRegister(i, 1);
    case 0o54:
      return compare(i, 0);
    case 0o55:
      return compare(i, 1);
    case 0o62:
      return compare(i, 1);
    case 0o63:
      return i === 1 ? compare(1, 2) : 0;
    case 0o74:
      return i === 0 ? form("control", { variant: STATUS_TO_AX, records: false }) : 0;
    case 0o75:
    case 0o76:
      return compare(i, 1, TO_FLAGS);
  }
  if (group === 0) return arithmetic(reg, { i });
  if (group === 4) return arithmetic(reg, { i, toI: true });
  if (group === 6) return arithmetic(reg, { i, toI: true, pops: 1 });
  return group === 1 ? d9(reg, i) : 0;
};

/** By the low three bits of the opcode and the ModR/M byte. */
export const FORMS = Int32Array.from({ length: 0x800 }, (_, index) => {
  const modrm = index & 0xff;
  const reg = (modrm >> 3) & 7;
  return modrm < 0xc0 ? memoryForm(index >> 8, reg) : registerForm(index >> 8, reg, modrm & 7);
});
