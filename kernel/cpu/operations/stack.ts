/** Stack instructions in all operand and stack sizes. */
import type { ColdOperation, Core } from "../core.js";
import { R_DISP, R_IMM, R_REG } from "../interpreter/record.js";
import type { Segmentation } from "../segmentation.js";
import { StackFrame } from "../stack-frame.js";
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
      const frame = StackFrame.current(core, i32[CPL]);
      frame.reserve(size, 8);
      for (let register = 0; register < 8; register++) frame.push(size, core.getRegister(register, size));
      core.setSp(frame.sp);
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
      // the upper half of a 32-bit slot is not written, but must be writable
      const sp = core.wrapSp(core.sp - bytes);
      const linear = core.linear(SS, sp, bytes, true);
      core.mmu.probeWrites(linear, bytes, core.mmu.user);
      core.write(linear, 16, i32[SEL + code[pc + R_REG]]);
      core.setSp(sp);
    },
    POPSEG: (pc) => {
      const size = operandSize(pc);
      const selector = core.peek(size) & 0xffff;
      // the pointer moves as the old stack segment's size has it
      const wide = core.stack32;
      const after = core.wrapSp(core.sp + (size >> 3));
      segmentation.load(code[pc + R_REG], selector);
      if (wide) i32[ESP] = after;
      else core.i16[ESP << 1] = after;
      if (code[pc + R_REG] === SS) i32[SHADOW] = 2;
    },
    ENTER: (pc) => {
      const size = operandSize(pc);
      const bytes = size >> 3;
      const level = code[pc + R_DISP] & 31;
      const allocate = code[pc + R_IMM];
      const { mmu } = core;
      const { user } = mmu;
      const sp = core.sp;
      // on a 16-bit stack the upper half of ESP goes into the frame pointer as it is
      const frame = core.stack32 ? sp - bytes : (i32[ESP] & 0xffff_0000) | ((sp - bytes) & 0xffff);
      const outer = core.stack32 ? i32[EBP] : i32[EBP] & 0xffff;
      const display = (index: number): number => core.linear(SS, core.wrapSp(outer - index * bytes), bytes, false);
      const slot = (index: number): number => core.linear(SS, core.wrapSp(sp - index * bytes), bytes, true);
      // everything that can fault comes before the first write, in the order of the accesses
      mmu.probeWrites(slot(1), bytes, user);
      for (let index = 1; index < level; index++) {
        mmu.probeRead(display(index), user);
        mmu.probeRead((display(index) + bytes - 1) | 0, user);
        mmu.probeWrites(slot(index + 1), bytes, user);
      }
      if (level > 0) mmu.probeWrites(slot(level + 1), bytes, user);
      const top = core.wrapSp(sp - (level + 1) * bytes - allocate);
      mmu.probeWrites(core.linear(SS, top, bytes, true), bytes, user);
      core.write(slot(1), size, core.getRegister(EBP, size));
      for (let index = 1; index < level; index++) core.write(slot(index + 1), size, core.read(display(index), size));
      if (level > 0) core.write(slot(level + 1), size, frame);
      core.setRegister(EBP, size, frame);
      core.setSp(top);
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
