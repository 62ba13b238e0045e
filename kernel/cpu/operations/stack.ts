/** Stack instructions in all operand and stack sizes. */
import type { ColdOperation, Core } from "../core.js";
import { R_DISP, R_IMM, R_REG } from "../interpreter/record.js";
import type { Segmentation } from "../segmentation.js";
import { CPL, CR4, CR4_VME, EBP, ESP, FLAGS, IF, IOPL, RF, SEL, SHADOW, SS, VIF, VIP, VM } from "../state.js";

export const stackOperations = (core: Core, segmentation: Segmentation): Record<string, ColdOperation> => {
  const { i32, flags, code } = core;
  const operandSize = (pc: number): 16 | 32 => (core.operand16(pc) ? 16 : 32);

  return {
    PUSH: (pc) => core.push(operandSize(pc), core.getRegister(code[pc + R_REG], operandSize(pc))),
    PUSHI: (pc) => core.push(operandSize(pc), code[pc + R_IMM]),
    PUSHE: (pc) => core.push(operandSize(pc), core.getE(pc, operandSize(pc))),
    POP: (pc) => {
      const size = operandSize(pc);
      const value = core.pop(size);
      core.setRegister(code[pc + R_REG], size, value);
    },
    POPE: (pc) => {
      const size = operandSize(pc);
      const value = core.peek(size);
      const before = i32[ESP];
      // the address of a memory operand is computed with the stack pointer already moved
      core.setSp(core.wrapSp(core.sp + (size >> 3)));
      try {
        core.setE(pc, size, value);
      } catch (error) {
        i32[ESP] = before;
        throw error;
      }
    },
    PUSHA: (pc) => {
      const size = operandSize(pc);
      const bytes = size >> 3;
      const sp = core.sp;
      for (let register = 0; register < 8; register++) {
        const at = core.wrapSp(sp - (register + 1) * bytes);
        core.write(core.linear(SS, at, bytes, true), size, core.getRegister(register, size));
      }
      core.setSp(core.wrapSp(sp - 8 * bytes));
    },
    POPA: (pc) => {
      const size = operandSize(pc);
      const bytes = size >> 3;
      const values: number[] = [];
      for (let index = 0; index < 8; index++) values.push(core.peek(size, index * bytes));
      const sp = core.wrapSp(core.sp + 8 * bytes);
      for (let index = 0; index < 8; index++) if (index !== 3) core.setRegister(7 - index, size, values[index]);
      core.setSp(sp);
    },
    PUSHF: (pc) => {
      if (core.virtual8086 && core.iopl < 3) {
        if ((i32[CR4] & CR4_VME) === 0 || !core.operand16(pc)) core.gp(0);
        const value = flags.materialise();
        core.push(16, (value & ~IF) | IOPL | ((value & VIF) !== 0 ? IF : 0));
        return;
      }
      core.push(operandSize(pc), flags.materialise() & ~(VM | RF));
    },
    POPF: (pc) => {
      const size = operandSize(pc);
      if (core.virtual8086 && core.iopl < 3) {
        if ((i32[CR4] & CR4_VME) === 0 || size === 32) core.gp(0);
        const value = core.peek(16) & 0xffff;
        if (((i32[FLAGS] & VIP) !== 0 && (value & IF) !== 0) || (value & 0x100) !== 0) core.gp(0);
        core.pop(16);
        const kept = flags.materialise();
        const changed = 0xffff & ~(IF | IOPL);
        i32[FLAGS] = (kept & ~(changed | VIF)) | (value & changed & 0x7fd5) | 2 | ((value & IF) !== 0 ? VIF : 0);
        return;
      }
      const value = core.pop(size);
      segmentation.setFlags(value, size, i32[CPL]);
    },
    PUSHSEG: (pc) => {
      const size = operandSize(pc);
      const bytes = size >> 3;
      // the upper half of a 32-bit slot is not written
      const sp = core.wrapSp(core.sp - bytes);
      core.write(core.linear(SS, sp, 2, true), 16, i32[SEL + code[pc + R_REG]]);
      core.setSp(sp);
    },
    POPSEG: (pc) => {
      const size = operandSize(pc);
      const selector = core.peek(16) & 0xffff;
      const before = core.sp;
      segmentation.load(code[pc + R_REG], selector);
      core.setSp(core.wrapSp(before + (size >> 3)));
      if (code[pc + R_REG] === SS) i32[SHADOW] = 2;
    },
    ENTER: (pc) => {
      const size = operandSize(pc);
      const bytes = size >> 3;
      const level = code[pc + R_DISP] & 31;
      const allocate = code[pc + R_IMM];
      let sp = core.wrapSp(core.sp - bytes);
      core.write(core.linear(SS, sp, bytes, true), size, core.getRegister(EBP, size));
      const frame = sp;
      let bp = core.stack32 ? i32[EBP] : i32[EBP] & 0xffff;
      for (let index = 1; index < level; index++) {
        bp = core.wrapSp(bp - bytes);
        sp = core.wrapSp(sp - bytes);
        const value = core.read(core.linear(SS, bp, bytes, false), size);
        core.write(core.linear(SS, sp, bytes, true), size, value);
      }
      if (level > 0) {
        sp = core.wrapSp(sp - bytes);
        core.write(core.linear(SS, sp, bytes, true), size, frame);
      }
      sp = core.wrapSp(sp - allocate);
      // the new top must be writable
      core.mmu.probeWrite(core.linear(SS, sp, 1, true), core.mmu.user);
      core.setRegister(EBP, size, frame);
      core.setSp(sp);
    },
    LEAVE: (pc) => {
      const size = operandSize(pc);
      const bytes = size >> 3;
      const bp = core.stack32 ? i32[EBP] >>> 0 : i32[EBP] & 0xffff;
      const value = core.read(core.linear(SS, bp, bytes, false), size);
      core.setSp(core.wrapSp(bp + bytes));
      core.setRegister(EBP, size, value);
    },
  };
};
