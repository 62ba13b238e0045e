/**
 * MMX and SSE instructions as operations of the interpreter: what the opcode table says about operands, around the pure
 * functions that compute.
 *
 * Everything that the table decides is decided when the operations are made. Packed integer functions cannot fault and
 * work on the destination register itself, with the source register itself where that is another one; floating-point
 * functions work on a copy that is written back when no unmasked exception was found.
 */
import type { ColdOperation, Core } from "../core.js";
import type { Fpu } from "../fpu.js";
import { META_REGISTER, META_XMM, R_IMM, R_META, R_REG, R_RM } from "../interpreter/record.js";
import { AF, CF, OF, PF, SF, ZF } from "../state.js";
import { FACTS, type OpcodeFact } from "../tables/table.js";
import { controlOperations } from "./control.js";
import { floatOperations } from "./float.js";
import { packedIntegerOperations } from "./integer.js";
import { moveOperations } from "./moves.js";
import { VectorUnit } from "./unit.js";
import { makeVector, type Vector, type VectorOperation } from "./vector.js";

const COMPARE_FLAGS = CF | PF | ZF | OF | SF | AF;
/** Comparisons: the function leaves ZF, PF and CF where others leave their result. */
const COMPARES = /^U?COMIS[SD]$/;
const OPERAND_BYTES: Readonly<Record<string, 2 | 4 | 8 | 16>> = { ps: 16, pd: 16, dq: 16, ss: 4, sd: 8, q: 8, d: 4, dw: 2 };

/** Copies of operands. */
const D = makeVector();
const S = makeVector();

type Source = (pc: number) => Vector;

const copy = (to: Int32Array, from: Int32Array): void => {
  to[0] = from[0];
  to[1] = from[1];
  to[2] = from[2];
  to[3] = from[3];
};
const duplicate = (vector: Vector): Vector => {
  copy(S.i32, vector.i32);
  return S;
};

/** Ways to the source: a register, or what memory or a general register held, zero beyond its size. */
const sources = (core: Core, unit: VectorUnit) => {
  const { code } = core;
  const { xmm, mmx } = unit;
  const w = S.i32;
  const fromMemory = (pc: number, bytes: 4 | 8 | 16, aligned: boolean): Vector => {
    const linear = unit.address(pc, bytes, aligned, false);
    if (bytes < 16) w[1] = w[2] = w[3] = 0;
    unit.load(w, 0, linear, bytes);
    return S;
  };
  const fromGeneral = (value: number): Vector => {
    w[0] = value;
    w[1] = w[2] = w[3] = 0;
    return S;
  };
  return (letters: string, aligned: boolean): Source => {
    const bytes = OPERAND_BYTES[letters.slice(1)];
    switch (letters[0]) {
      case "I":
        return () => S;
      case "U":
        return (pc) => xmm[code[pc + R_RM]];
      case "N":
        return (pc) => mmx[code[pc + R_RM]];
      case "W":
        return (pc) => ((code[pc + R_META] & META_REGISTER) !== 0 ? xmm[code[pc + R_RM]] : fromMemory(pc, bytes as 4 | 8 | 16, aligned && bytes === 16));
      case "Q":
        return (pc) => ((code[pc + R_META] & META_REGISTER) !== 0 ? mmx[code[pc + R_RM]] : fromMemory(pc, bytes as 4 | 8, false));
      default:
        return bytes === 2 ? (pc) => fromGeneral(core.getE(pc, 16) & 0xffff) : (pc) => fromGeneral(core.getE(pc, 32));
    }
  };
};

/** The MMX and the XMM form of an operation. */
interface Forms {
  mmx?: OpcodeFact;
  xmm?: OpcodeFact;
}

export const simdOperations = (core: Core, fpu: Fpu): Record<string, ColdOperation> => {
  const { code, i32, flags } = core;
  const unit = new VectorUnit(core, fpu);
  const { xmm, mmx, mxcsr } = unit;
  const source = sources(core, unit);
  const sourceOf = (fact: OpcodeFact | undefined): Source => (fact ? source(fact.operands[1], fact.aligned) : () => core.ud());

  /** Packed integer instruction on a register. */
  const integer = (forms: Forms, f: VectorOperation): ColdOperation => {
    const loadXmm = sourceOf(forms.xmm);
    const loadMmx = sourceOf(forms.mmx);
    // shifts by an immediate have their register in the other field
    const field = /^[UN]/.test((forms.xmm ?? forms.mmx)!.operands[0]) ? R_RM : R_REG;
    return (pc) => {
      if ((code[pc + R_META] & META_XMM) !== 0) {
        unit.requireSse();
        const s = loadXmm(pc);
        const d = xmm[code[pc + field]];
        f(d, s === d ? duplicate(d) : s, 16, code[pc + R_IMM]);
      } else {
        unit.requireMmx();
        const s = loadMmx(pc);
        unit.enterMmx();
        const d = unit.writeMmx(code[pc + field]);
        f(d, s === d ? duplicate(d) : s, 8, code[pc + R_IMM]);
      }
    };
  };

  /** Floating-point instruction on an XMM register, the common case of `reporting`. */
  const float = (fact: OpcodeFact, f: VectorOperation): ColdOperation => {
    const load = source(fact.operands[1], fact.aligned);
    return (pc) => {
      unit.requireSse();
      const s = load(pc);
      const register = xmm[code[pc + R_REG]].i32;
      copy(D.i32, register);
      f(D, s, 16, code[pc + R_IMM]);
      if (mxcsr.commit()) unit.reportException();
      copy(register, D.i32);
    };
  };

  /** Where a result in `D` goes. */
  const destination = (fact: OpcodeFact): ((pc: number) => void) => {
    if (COMPARES.test(fact.operation)) return () => flags.put(COMPARE_FLAGS, D.i32[0] & (ZF | PF | CF));
    switch (fact.operands[0][0]) {
      case "V":
        return (pc) => copy(xmm[code[pc + R_REG]].i32, D.i32);
      case "P":
        return (pc) => {
          const register = unit.writeMmx(code[pc + R_REG]).i32;
          register[0] = D.i32[0];
          register[1] = D.i32[1];
        };
      default:
        return (pc) => {
          i32[code[pc + R_REG]] = D.i32[0];
        };
    }
  };

  /** Instruction between register files or to the flags. */
  const reporting = (fact: OpcodeFact, f: VectorOperation): ColdOperation => {
    const [to, from] = fact.operands;
    const load = source(from, fact.aligned);
    const store = destination(fact);
    const usesXmm = fact.operands.some((letters) => /^[VWU]/.test(letters));
    const usesMmx = /^[PN]/.test(to) || /^[NQ]/.test(from);
    // CVTPI2PS and CVTPI2PD leave the x87 alone when they convert from memory
    const staysX87 = from[0] === "Q" && to[0] === "V";
    const bytes = to[0] === "P" || from[0] === "N" ? 8 : 16;
    const old = to[0] === "V" ? xmm : mmx;
    const keeps = to[0] !== "G";
    return (pc) => {
      if (usesXmm) unit.requireSse();
      const transition = usesMmx && !(staysX87 && (code[pc + R_META] & META_REGISTER) === 0);
      if (transition) unit.requireMmx();
      const s = load(pc);
      if (transition) unit.enterMmx();
      if (keeps) copy(D.i32, old[code[pc + R_REG]].i32);
      f(D, s, bytes, code[pc + R_IMM]);
      if (mxcsr.commit()) unit.reportException();
      store(pc);
    };
  };

  const computed = floatOperations(mxcsr);
  /** Whether the result goes where the second operand is read from: neither to the flags nor to another kind of register. */
  const stays = ({ operation, operands: [to, from] }: OpcodeFact): boolean =>
    !COMPARES.test(operation) && to[0] !== "G" && !(to[0] === "V" && from[0] === "Q") && !(to[0] === "P" && from[0] === "W");
  const bind = (operation: string, forms: Forms): ColdOperation | undefined => {
    const packed = operation in packedIntegerOperations;
    const f = packed ? packedIntegerOperations[operation] : computed[operation];
    if (!f) return undefined;
    const { mmx: short, xmm: long } = forms;
    const one = (long ?? short)!;
    if (stays(one)) return packed ? integer(forms, f) : float(one, f);
    if (!short || !long) return reporting(one, f);
    const onMmx = reporting(short, f);
    const onXmm = reporting(long, f);
    return (pc) => ((code[pc + R_META] & META_XMM) !== 0 ? onXmm(pc) : onMmx(pc));
  };

  const forms = new Map<string, Forms>();
  for (const fact of FACTS) {
    if (fact.unit === "mmx" || fact.unit === "sse") forms.set(fact.operation, { ...forms.get(fact.operation), [fact.unit === "mmx" ? "mmx" : "xmm"]: fact });
  }
  const operations: Record<string, ColdOperation> = { ...moveOperations(core, unit), ...controlOperations(core, unit) };
  for (const [name, found] of forms) {
    const bound = name in operations ? undefined : bind(name, found);
    if (bound) operations[name] = bound;
  }
  return operations;
};
