/** The x87 unit plugged into the processor, and MXCSR, which FXSAVE keeps with it. */
import { TLB_ALIGNED } from "../memory/layout.js";
import type { Core } from "./core.js";
import { R_IMM } from "./interpreter/record.js";
import type { CpuModel } from "./models.js";
import { MXCSR_DEFAULT, Mxcsr } from "./simd/mxcsr.js";
import { MXCSR, REGISTERS, X87_STATUS, XMM, XMM_WORDS } from "./simd/state.js";
import { AF, CF, CR0, CR0_EM, CR0_TS, CR4, CR4_OSFXSR, CS, FPU_BYTES, FPU_OFFSET, IGNNE, MF_VECTOR, NM_VECTOR, OF, PF, SEL, SF, TLB_HALF, ZF } from "./state.js";
import { isUncheckedStore, X87, x87OperandBytes, x87Writes } from "./x87/index.js";
import { ES } from "./x87/layout.js";

export interface Fpu {
  readonly unit: { reset(): void };
  readonly mxcsr: Mxcsr;
  execute(pc: number): void;
  /** FXSAVE. @throws GuestFault #GP(0) unless the operand is aligned. */
  save(pc: number): void;
  /** FXRSTOR. @throws as `save`. */
  restore(pc: number): void;
  wait(): void;
}

/** Operands this long or longer are environments and states: aligned as their fields are (SDM volume 3, table 6-7). */
const ENVIRONMENT_BYTES = 14;
const FXSAVE_BYTES = 512;
const FXSAVE_ALIGNMENT = 16;

/** @param ferr FERR# towards the board */
export const connectFpu = (core: Core, model: CpuModel, ferr: (level: boolean) => void): Fpu => {
  const { i32, mmu, code } = core;
  let record = 0;
  const user = (): boolean => mmu.user;
  const mxcsr = new Mxcsr(i32, MXCSR, model.features.has("sse2"));
  const unit = new X87({
    state: new Uint8Array(core.memory.buffer, FPU_OFFSET, FPU_BYTES),
    read8: (linear) => mmu.read8(linear, user()),
    read16: (linear) => mmu.read16(linear, user()),
    read32: (linear) => mmu.read32(linear, user()) >>> 0,
    write8: (linear, value) => mmu.write8(linear, value, user()),
    write16: (linear, value) => mmu.write16(linear, value, user()),
    write32: (linear, value) => mmu.write32(linear, value, user()),
    probeWrite: (linear, bytes) => mmu.probeWrites(linear, bytes, user()),
    cr0: () => i32[CR0],
    raiseNM: () => core.fault.raise(NM_VECTOR),
    raiseMF: () => core.fault.raise(MF_VECTOR),
    raiseUD: () => core.ud(),
    ferr,
    ignne: () => i32[IGNNE] !== 0,
    // the board answers FERR# with IRQ 13 before the instruction that follows; let this one run
    stall: () => {},
    operand32: () => !core.operand16(record),
    protectedMode: () => core.protectedMode,
    instructionOffset: () => core.eip(record),
    instructionSelector: () => i32[SEL + CS],
    operandOffset: () => core.offset(record),
    operandSelector: () => i32[SEL + core.segment(record)],
    flags: () => core.flags.materialise(),
    setFlags: (value) => core.flags.put(CF | PF | ZF | OF | SF | AF, value & (CF | PF | ZF)),
    setAx: (value) => core.setRegister(0, 16, value),
    savesSse: () => (i32[CR4] & CR4_OSFXSR) !== 0,
    mxcsr: () => mxcsr.value,
    mxcsrMask: () => mxcsr.savedMask,
    setMxcsr: (value) => {
      if ((value & ~mxcsr.mask) !== 0) core.gp(0);
      mxcsr.value = value;
    },
    xmm: i32.subarray(XMM, XMM + REGISTERS * XMM_WORDS),
  });
  /** #NM comes before whatever the operand's segment has to say. */
  const available = (): void => {
    if ((i32[CR0] & (CR0_EM | CR0_TS)) !== 0) core.fault.raise(NM_VECTOR);
  };
  const area = (pc: number, write: boolean): number => {
    record = pc;
    available();
    const linear = core.operandAddress(pc, FXSAVE_BYTES, write);
    if (linear % FXSAVE_ALIGNMENT !== 0) core.gp(0);
    return linear;
  };
  return {
    /** Power-on; INIT leaves MXCSR and the registers as they are. */
    unit: {
      reset: () => {
        unit.reset();
        mxcsr.value = MXCSR_DEFAULT;
      },
    },
    mxcsr,
    execute: (pc) => {
      record = pc;
      const opcode = code[pc + R_IMM] >> 8;
      const modrm = code[pc + R_IMM] & 0xff;
      available();
      const bytes = modrm < 0xc0 ? x87OperandBytes(opcode, modrm, !core.operand16(pc)) : 0;
      // a pending exception comes before whatever the operand's segment has to say
      if (bytes !== 0 && (i32[X87_STATUS] & ES) !== 0 && !isUncheckedStore(opcode & 7, modrm)) unit.wait();
      const linear = bytes === 0 ? 0 : core.operandAddress(pc, bytes, x87Writes(opcode, modrm));
      if (bytes === 0 || i32[TLB_HALF] !== TLB_ALIGNED) unit.execute(opcode, modrm, linear);
      else {
        mmu.checkAlignment(linear, bytes >= ENVIRONMENT_BYTES ? (core.operand16(pc) ? 2 : 4) : Math.min(bytes, 8), true);
        mmu.withoutAlignment(() => unit.execute(opcode, modrm, linear));
      }
    },
    save: (pc) => unit.fxsave(area(pc, true)),
    restore: (pc) => unit.fxrstor(area(pc, false)),
    wait: () => unit.wait(),
  };
};
