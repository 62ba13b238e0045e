/** Integer arithmetic that is too rare for the hot loop. Source: Intel SDM volume 2, flags as documented there. */
import type { ColdOperation, Core, OperandSize } from "../core.js";
import { LAZY_ADD, LAZY_DEC, LAZY_INC, LAZY_LOGIC, LAZY_SUB } from "../flags.js";
import { FORM_IMMEDIATE, FORM_TO_G, META_FORM_SHIFT, OPERAND_IN_REGISTER, R_IMM, R_META, R_REG, R_RM } from "../interpreter/record.js";
import { AF, BR_VECTOR, CF, DE_VECTOR, EAX, EDX, FLAGS, LAZY_A, LAZY_B, LAZY_OP, LAZY_RESULT, PF, SF, ZF } from "../state.js";

const extend = (value: number, size: OperandSize): number => (size === 32 ? value | 0 : (value << (32 - size)) >> (32 - size));
const unsigned = (value: number, size: OperandSize): number => (size === 32 ? value >>> 0 : value & (size === 16 ? 0xffff : 0xff));

export const integerOperations = (core: Core): Record<string, ColdOperation> => {
  const { i32, i16, i8, u8, flags, code } = core;

  const lazy = (kind: number, result: number, a = 0, b = 0): void => {
    i32[LAZY_OP] = kind;
    i32[LAZY_RESULT] = result;
    i32[LAZY_A] = a;
    i32[LAZY_B] = b;
  };
  /** CF and OF together, the rest kept. */
  const carryOverflow = (on: boolean): void => flags.setCfOf(on ? 1 : 0, on ? 1 : 0);
  const resultFlags = (value: number): number => {
    const low = value & 0xff;
    return ((0x9669 >>> ((low ^ (low >>> 4)) & 15)) & 1 ? PF : 0) | (value === 0 ? ZF : 0) | (value < 0 ? SF : 0);
  };

  /** 32 by 32 bits; the high half of an unsigned product. */
  const highUnsigned = (a: number, b: number): number => {
    const al = a & 0xffff;
    const ah = a >>> 16;
    const bl = b & 0xffff;
    const bh = b >>> 16;
    const low = al * bl;
    const middle = ah * bl + (low >>> 16);
    const middle2 = al * bh + (middle % 0x1_0000);
    return (ah * bh + Math.floor(middle / 0x1_0000) + Math.floor(middle2 / 0x1_0000)) | 0;
  };
  const highSigned = (a: number, b: number): number => (highUnsigned(a, b) - (a < 0 ? b : 0) - (b < 0 ? a : 0)) | 0;

  const divide = (pc: number, signed: boolean): void => {
    const size = core.size(pc);
    const divisor = core.getE(pc, size);
    if (divisor === 0) core.fault.raise(DE_VECTOR);
    if (size === 32) {
      const high = i32[EDX];
      const low = i32[EAX];
      if (!signed && high === 0) {
        i32[EAX] = ((low >>> 0) / (divisor >>> 0)) | 0;
        i32[EDX] = ((low >>> 0) % (divisor >>> 0)) | 0;
        return;
      }
      if (signed && high === low >> 31 && !(low === -0x8000_0000 && divisor === -1)) {
        i32[EAX] = (low / divisor) | 0;
        i32[EDX] = (low % divisor) | 0;
        return;
      }
      const whole = (BigInt(signed ? high : high >>> 0) << 32n) | BigInt(low >>> 0);
      const by = BigInt(signed ? divisor : divisor >>> 0);
      const quotient = whole / by;
      if (signed ? quotient > 0x7fff_ffffn || quotient < -0x8000_0000n : quotient > 0xffff_ffffn) core.fault.raise(DE_VECTOR);
      i32[EAX] = Number(BigInt.asIntN(32, quotient));
      i32[EDX] = Number(BigInt.asIntN(32, whole % by));
      return;
    }
    const dividend = size === 16 ? (i16[EDX << 1] << 16) | (i32[EAX] & 0xffff) : signed ? i16[EAX << 1] : i32[EAX] & 0xffff;
    const top = signed ? dividend : dividend >>> 0;
    const by = signed ? divisor : unsigned(divisor, size);
    const quotient = Math.trunc(top / by);
    const limit = 2 ** size;
    if (signed ? quotient >= limit / 2 || quotient < -limit / 2 : quotient >= limit) core.fault.raise(DE_VECTOR);
    const remainder = top - quotient * by;
    if (size === 16) {
      i16[EAX << 1] = quotient;
      i16[EDX << 1] = remainder;
    } else {
      i8[0] = quotient;
      i8[1] = remainder;
    }
  };

  const multiply = (pc: number, signed: boolean): void => {
    const size = core.size(pc);
    const by = core.getE(pc, size);
    let low: number;
    let overflow: boolean;
    if (size === 32) {
      const a = i32[EAX];
      low = Math.imul(a, by);
      const high = signed ? highSigned(a, by) : highUnsigned(a, by);
      i32[EAX] = low;
      i32[EDX] = high;
      overflow = signed ? high !== low >> 31 : high !== 0;
    } else if (size === 16) {
      const product = signed ? i16[EAX << 1] * by : (i32[EAX] & 0xffff) * (by & 0xffff);
      low = extend(product, 16);
      i16[EAX << 1] = product;
      i16[EDX << 1] = product >> 16;
      overflow = signed ? product !== low : product >>> 16 !== 0;
    } else {
      const product = signed ? i8[0] * by : u8[0] * (by & 0xff);
      low = extend(product, 8);
      i16[0] = product;
      overflow = signed ? product !== low : product > 0xff;
    }
    lazy(LAZY_LOGIC, low);
    carryOverflow(overflow);
  };

  /** IMUL with two or three operands. */
  const multiplyInto = (pc: number, a: number, b: number): void => {
    const size = core.size(pc);
    const low = size === 32 ? Math.imul(a, b) : extend(a * b, 16);
    const overflow = a * b !== low;
    core.setG(pc, size, low);
    lazy(LAZY_LOGIC, low);
    carryOverflow(overflow);
  };

  const doubleShift = (pc: number, left: boolean, count: number): void => {
    const size = core.size(pc);
    const by = count & 31;
    const target = core.modifyE(pc, size);
    if (by === 0) return;
    const filler = core.getG(pc, size);
    let result: number;
    let carry: number;
    if (size === 32) {
      result = left ? (target << by) | (filler >>> (32 - by)) : (target >>> by) | (filler << (32 - by));
      carry = left ? (target >>> (32 - by)) & 1 : (target >>> (by - 1)) & 1;
    } else {
      // counts above 16 are undefined; the processor shifts the filler in a second time
      const wide = left ? ((target & 0xffff) << 16) | (filler & 0xffff) : ((filler & 0xffff) << 16) | (target & 0xffff);
      if (by <= 16) {
        result = extend(left ? (wide << by) >>> 16 : wide >>> by, 16);
        carry = left ? (wide >>> (32 - by)) & 1 : (wide >>> (by - 1)) & 1;
      } else {
        const again = by - 16;
        const second = left ? ((filler & 0xffff) << 16) | (target & 0xffff) : ((target & 0xffff) << 16) | (filler & 0xffff);
        result = extend(left ? (second << again) >>> 16 : second >>> again, 16);
        carry = left ? (second >>> (32 - again)) & 1 : (second >>> (again - 1)) & 1;
      }
    }
    core.setE(pc, size, result);
    lazy(LAZY_LOGIC, result);
    flags.setCfOf(carry ? 1 : 0, (result ^ target) < 0 ? 1 : 0);
  };

  /** Bit offset of BT and its relatives; a register offset reaches beyond a memory operand. */
  const bit = (pc: number, change: (value: number, mask: number) => number, writes: boolean): void => {
    const size = core.size(pc);
    const immediate = code[pc + R_IMM] !== OPERAND_IN_REGISTER;
    const offset = immediate ? code[pc + R_IMM] : core.getG(pc, size);
    const mask = 1 << (offset & (size - 1));
    if (core.isRegister(pc)) {
      const value = core.getRegister(code[pc + R_RM], size);
      if (writes) core.setRegister(code[pc + R_RM], size, change(value, mask));
      flags.setCf(value & mask);
      return;
    }
    const bytes = size >> 3;
    const displacement = immediate ? 0 : (offset >> (size === 32 ? 5 : 4)) * bytes;
    let at = (core.offset(pc) + displacement) | 0;
    if (core.address16(pc)) at &= 0xffff;
    const linear = core.linear(core.segment(pc), at, bytes, writes);
    if (writes) core.mmu.probeWrites(linear, bytes, core.mmu.user);
    const value = core.read(linear, size);
    if (writes) core.write(linear, size, change(value, mask));
    flags.setCf(value & mask);
  };

  const rotate = (pc: number, count: number, kind: "ROL" | "ROR" | "RCL" | "RCR"): void => {
    const size = core.size(pc);
    const value = unsigned(core.modifyE(pc, size), size);
    const by = count & 31;
    if (by === 0) return;
    const through = kind === "RCL" || kind === "RCR";
    const width = through ? size + 1 : size;
    const turns = by % width;
    let carry: number = flags.cf();
    let result: number;
    if (through) {
      result = value;
      for (let turn = 0; turn < turns; turn++) {
        if (kind === "RCL") {
          const out = (result >>> (size - 1)) & 1;
          result = unsigned((result << 1) | carry, size);
          carry = out;
        } else {
          const out = result & 1;
          result = unsigned((result >>> 1) | (carry << (size - 1)), size);
          carry = out;
        }
      }
    } else {
      result = turns === 0 ? value : unsigned(kind === "ROL" ? (value << turns) | (value >>> (size - turns)) : (value >>> turns) | (value << (size - turns)), size);
      carry = kind === "ROL" ? result & 1 : (result >>> (size - 1)) & 1;
    }
    const top = (result >>> (size - 1)) & 1;
    const overflow = kind === "ROL" || kind === "RCL" ? top ^ carry : top ^ ((result >>> (size - 2)) & 1);
    core.setE(pc, size, result);
    flags.setCfOf(carry ? 1 : 0, overflow ? 1 : 0);
  };

  const shift = (pc: number, count: number, kind: "SHL" | "SHR" | "SAR"): void => {
    const size = core.size(pc);
    const signed = core.modifyE(pc, size);
    const by = count & 31;
    if (by === 0) return;
    const value = unsigned(signed, size);
    let result: number;
    let carry: number;
    let overflow: boolean;
    if (kind === "SHL") {
      result = extend(signed << by, size);
      carry = by <= size ? (value >>> (size - by)) & 1 : 0;
      overflow = result < 0 !== (carry !== 0);
    } else if (kind === "SHR") {
      result = extend(value >>> by, size);
      carry = (value >>> (by - 1)) & 1;
      overflow = signed < 0;
    } else {
      result = signed >> by;
      carry = (signed >> (by - 1)) & 1;
      overflow = false;
    }
    core.setE(pc, size, result);
    lazy(LAZY_LOGIC, result);
    flags.setCfOf(carry ? 1 : 0, overflow ? 1 : 0);
  };
  /** Count operand of a shift: CL in the cold forms with no immediate, which the decoder marks. */
  const shiftCount = (pc: number): number => (code[pc + R_IMM] === OPERAND_IN_REGISTER ? u8[4] : code[pc + R_IMM]);

  const scan = (pc: number, find: (value: number) => number): void => {
    const size = core.size(pc);
    const value = unsigned(core.getE(pc, size), size);
    flags.put(ZF, value === 0 ? ZF : 0);
    if (value !== 0) core.setG(pc, size, find(value));
  };

  const decimalAdjust = (sign: 1 | -1): void => {
    const before = u8[0];
    const carry = flags.cf();
    const half = flags.af();
    let al = before;
    let carryOut = 0;
    let halfOut = 0;
    if ((before & 15) > 9 || half) {
      al += sign * 6;
      carryOut = carry | (al > 0xff || al < 0 ? 1 : 0);
      halfOut = AF;
    }
    if (before > 0x99 || carry) {
      al += sign * 0x60;
      carryOut = 1;
    }
    u8[0] = al;
    flags.put(CF | AF | PF | ZF | SF, carryOut | halfOut | resultFlags(i8[0]));
  };
  const asciiAdjust = (sign: 1 | -1): void => {
    const adjust = (u8[0] & 15) > 9 || flags.af();
    if (adjust) i16[0] += sign * 0x106;
    u8[0] &= 15;
    flags.put(CF | AF | PF | ZF | SF, (adjust ? CF | AF : 0) | resultFlags(i8[0]));
  };

  /** The eight two-operand operations in the forms the hot loop leaves out: E,G; G,E; E or accumulator with immediate. */
  const arithmetic =
    (kind: "ADD" | "ADC" | "SUB" | "SBB" | "AND" | "OR" | "XOR"): ColdOperation =>
    (pc) => {
      const size = core.size(pc);
      const form = (code[pc + R_META] >>> META_FORM_SHIFT) as 0 | 1 | 2;
      const toG = form === FORM_TO_G;
      const y = form === FORM_IMMEDIATE ? code[pc + R_IMM] : toG ? core.getE(pc, size) : core.getG(pc, size);
      const x = toG ? core.getG(pc, size) : core.modifyE(pc, size);
      const carry = kind === "ADC" || kind === "SBB" ? flags.cf() : 0;
      let result: number;
      if (kind === "ADD" || kind === "ADC") result = extend(x + y + carry, size);
      else if (kind === "SUB" || kind === "SBB") result = extend(x - y - carry, size);
      else result = kind === "AND" ? x & y : kind === "OR" ? x | y : x ^ y;
      if (toG) core.setG(pc, size, result);
      else core.setE(pc, size, result);
      lazy(kind === "ADD" || kind === "ADC" ? LAZY_ADD + carry : kind === "SUB" || kind === "SBB" ? LAZY_SUB + carry : LAZY_LOGIC, result, x, y);
    };
  const increment = (pc: number, kind: number): void => {
    const size = core.size(pc);
    const x = core.modifyE(pc, size);
    const carry = flags.cf();
    const result = extend(kind === LAZY_INC ? x + 1 : x - 1, size);
    core.setE(pc, size, result);
    lazy(kind, result, x, carry);
  };
  const arithmeticOperations: Record<string, ColdOperation> = {};
  for (const kind of ["ADD", "ADC", "SUB", "SBB", "AND", "OR", "XOR"] as const) arithmeticOperations[kind] = arithmetic(kind);

  const shiftOperations: Record<string, ColdOperation> = {};
  for (const kind of ["ROL", "ROR", "RCL", "RCR"] as const) shiftOperations[kind] = (pc) => rotate(pc, shiftCount(pc), kind);
  for (const kind of ["SHL", "SHR", "SAR"] as const) shiftOperations[kind] = (pc) => shift(pc, shiftCount(pc), kind);

  return {
    ...arithmeticOperations,
    ...shiftOperations,
    INC: (pc) => increment(pc, LAZY_INC),
    DEC: (pc) => increment(pc, LAZY_DEC),
    DIV: (pc) => divide(pc, false),
    IDIV: (pc) => divide(pc, true),
    MUL: (pc) => multiply(pc, false),
    IMUL: (pc) => multiply(pc, true),
    IMUL2: (pc) => multiplyInto(pc, core.getG(pc, core.size(pc)), core.getE(pc, core.size(pc))),
    IMUL3: (pc) => multiplyInto(pc, core.getE(pc, core.size(pc)), code[pc + R_IMM]),
    NOT: (pc) => core.setE(pc, core.size(pc), ~core.modifyE(pc, core.size(pc))),
    NEG: (pc) => {
      const size = core.size(pc);
      const value = core.modifyE(pc, size);
      const result = extend(-value, size);
      core.setE(pc, size, result);
      lazy(LAZY_SUB, result, 0, value);
    },
    SHLD: (pc) => doubleShift(pc, true, shiftCount(pc)),
    SHRD: (pc) => doubleShift(pc, false, shiftCount(pc)),
    BT: (pc) => bit(pc, (value) => value, false),
    BTS: (pc) => bit(pc, (value, mask) => value | mask, true),
    BTR: (pc) => bit(pc, (value, mask) => value & ~mask, true),
    BTC: (pc) => bit(pc, (value, mask) => value ^ mask, true),
    BSF: (pc) => scan(pc, (value) => 31 - Math.clz32(value & -value)),
    BSR: (pc) => scan(pc, (value) => 31 - Math.clz32(value)),
    BSWAP: (pc) => {
      const at = code[pc + R_REG];
      const value = i32[at];
      if (core.operand16(pc)) i16[at << 1] = 0;
      else i32[at] = (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
    },
    XADD: (pc) => {
      const size = core.size(pc);
      const a = core.modifyE(pc, size);
      const b = core.getG(pc, size);
      const result = extend(a + b, size);
      if (!core.isRegister(pc)) core.setE(pc, size, result);
      core.setG(pc, size, a);
      if (core.isRegister(pc)) core.setE(pc, size, result);
      lazy(LAZY_ADD, result, a, b);
    },
    CMPXCHG: (pc) => {
      const size = core.size(pc);
      const current = core.modifyE(pc, size);
      const expected = core.getRegister(EAX, size);
      // the destination is written in either case
      core.setE(pc, size, current === expected ? core.getG(pc, size) : current);
      if (current !== expected) core.setRegister(EAX, size, current);
      lazy(LAZY_SUB, extend(expected - current, size), expected, current);
    },
    CMPXCHG8B: (pc) => {
      const linear = core.operandAddress(pc, 8, true);
      const user = core.mmu.user;
      core.mmu.probeWrites(linear, 8, user);
      const low = core.read(linear, 32);
      const high = core.read((linear + 4) | 0, 32);
      const equal = low === i32[EAX] && high === i32[EDX];
      core.write(linear, 32, equal ? i32[3] : low);
      core.write((linear + 4) | 0, 32, equal ? i32[1] : high);
      if (!equal) {
        i32[EAX] = low;
        i32[EDX] = high;
      }
      flags.put(ZF, equal ? ZF : 0);
    },
    DAA: () => decimalAdjust(1),
    DAS: () => decimalAdjust(-1),
    AAA: () => asciiAdjust(1),
    AAS: () => asciiAdjust(-1),
    AAM: (pc) => {
      const base = code[pc + R_IMM] & 0xff;
      if (base === 0) core.fault.raise(DE_VECTOR);
      const al = u8[0];
      u8[1] = (al / base) | 0;
      u8[0] = al % base;
      lazy(LAZY_LOGIC, i8[0]);
    },
    AAD: (pc) => {
      u8[0] = u8[0] + u8[1] * (code[pc + R_IMM] & 0xff);
      u8[1] = 0;
      lazy(LAZY_LOGIC, i8[0]);
    },
    SALC: () => {
      i8[0] = flags.cf() ? -1 : 0;
    },
    CBW: (pc) => {
      if (core.operand16(pc)) i16[0] = i8[0];
      else i32[EAX] = i16[0];
    },
    CWD: (pc) => {
      if (core.operand16(pc)) i16[EDX << 1] = i16[0] >> 15;
      else i32[EDX] = i32[EAX] >> 31;
    },
    LAHF: () => {
      u8[1] = (flags.materialise() & (SF | ZF | AF | PF | CF)) | 2;
    },
    SAHF: () => flags.put(SF | ZF | AF | PF | CF, u8[1]),
    CLC: () => flags.setCf(0),
    STC: () => flags.setCf(1),
    CMC: () => flags.setCf(flags.cf() ^ 1),
    STD: () => {
      i32[FLAGS] |= 0x400;
    },
    CMOV: (pc) => {
      const size = core.size(pc);
      const value = core.getE(pc, size);
      if (flags.condition(code[pc + R_IMM])) core.setG(pc, size, value);
    },
    SETCC: (pc) => core.setE(pc, 8, flags.condition(code[pc + R_IMM]) ? 1 : 0),
    XCHG: (pc) => {
      const size = core.size(pc);
      const value = core.modifyE(pc, size);
      const other = core.getG(pc, size);
      core.setE(pc, size, other);
      core.setG(pc, size, value);
    },
    XCHGA: (pc) => {
      const other = i16[code[pc + R_REG] << 1];
      i16[code[pc + R_REG] << 1] = i16[0];
      i16[0] = other;
    },
    LEA: (pc) => core.setG(pc, core.size(pc), core.offset(pc)),
    BOUND: (pc) => {
      const size = core.size(pc);
      const bytes = size >> 3;
      const index = core.getG(pc, size);
      const lower = core.read(core.operandAddress(pc, bytes, false), size);
      const upper = core.read(core.partAddress(pc, bytes, bytes, false), size);
      if (index < lower || index > upper) core.fault.raise(BR_VECTOR);
    },
    XLAT: (pc) => {
      const base = (i32[3] + u8[0]) | 0;
      const offset = core.address16(pc) ? base & 0xffff : base;
      i8[0] = core.read(core.linear(core.segment(pc), offset, 1, false), 8);
    },
    NOPE: () => {},
    NOP: () => {},
    CLD: () => {
      i32[FLAGS] &= ~0x400;
    },
  };
};
