/** The x87 unit plugged into the processor, and MXCSR, which FXSAVE keeps with it. */
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE, TLB_ALIGNED } from "../memory/layout.js";
import type { Core } from "./core.js";
import * as record from "./interpreter/record.js";
import type { CpuModel } from "./models.js";
import { MXCSR_DEFAULT, Mxcsr } from "./simd/mxcsr.js";
import { MXCSR, REGISTERS, X87_STATUS, XMM, XMM_WORDS } from "./simd/state.js";
import * as words from "./state.js";
import { bytesOf, createFastX87, type FastX87, FORMS, isUncheckedStore, RECORDS, WRITES, X87, x87OperandBytes, x87Writes } from "./x87/index.js";
import * as layout from "./x87/layout.js";

/** Constants of this module are faster than imported ones. */
const { R_DISP, R_IMM, R_INDEX, R_META, R_RM, R_SCALE, META_OFFSET_MASK, META_SEGMENT_SHIFT, SLOW_ADDRESS } = record;
const { AF, BASE, CF, CODE_PAGE, CR0, CR0_EM, CR0_TS, CR4, CR4_OSFXSR, CS, FPU_BYTES, FPU_OFFSET, IGNNE, MF_VECTOR, NM_VECTOR, OF, PF, SEL, SF, TLB_HALF, ZF } = words;
const { ES, FCS, FDP, FDS, FIP, FOP } = layout;
const X87_WORDS = FPU_OFFSET / 4;
const [OF_FORM, LAST_OF_PAGE, PAGE_NUMBER, RECORDED, STORED, STATUS] = [FORMS, PAGE_SIZE, PAGE_SHIFT, RECORDS, WRITES, X87_STATUS];
const OPCODE_MASK = 0x7ff;

export interface Fpu {
  readonly unit: { reset(): void };
  readonly mxcsr: Mxcsr;
  /** The frequent instructions, for generated code too. */
  readonly fast: FastX87;
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
  /** Of the instruction that the unit executes. */
  let current = 0;
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
    operand32: () => !core.operand16(current),
    protectedMode: () => core.protectedMode,
    instructionOffset: () => core.eip(current),
    instructionSelector: () => i32[SEL + CS],
    operandOffset: () => core.offset(current),
    operandSelector: () => i32[SEL + core.segment(current)],
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
    current = pc;
    available();
    const linear = core.operandAddress(pc, FXSAVE_BYTES, write);
    if (linear % FXSAVE_ALIGNMENT !== 0) core.gp(0);
    return linear;
  };
  const executeFully = (pc: number): void => {
    current = pc;
    const opcode = code[pc + R_IMM] >> 8;
    const modrm = code[pc + R_IMM] & 0xff;
    available();
    const bytes = modrm < 0xc0 ? x87OperandBytes(opcode, modrm, !core.operand16(pc)) : 0;
    // a pending exception comes before whatever the operand's segment has to say
    if (bytes !== 0 && (i32[STATUS] & ES) !== 0 && !isUncheckedStore(opcode & 7, modrm)) unit.wait();
    const linear = bytes === 0 ? 0 : core.operandAddress(pc, bytes, x87Writes(opcode, modrm));
    if (bytes === 0 || i32[TLB_HALF] !== TLB_ALIGNED) unit.execute(opcode, modrm, linear);
    else {
      mmu.checkAlignment(linear, bytes >= ENVIRONMENT_BYTES ? (core.operand16(pc) ? 2 : 4) : Math.min(bytes, 8), true);
      mmu.withoutAlignment(() => unit.execute(opcode, modrm, linear));
    }
  };
  const fast = createFastX87(core.memory.wasmMemory);
  const { run } = fast;
  const { tlbR, tlbW } = mmu;
  /** Notes the address of the instruction. */
  const recordInstruction = (pc: number): void => {
    i32[X87_WORDS + FIP] = i32[CODE_PAGE] + (code[pc + R_META] & META_OFFSET_MASK) - i32[BASE + CS];
    i32[X87_WORDS + FCS] = i32[SEL + CS];
    i32[X87_WORDS + FOP] = code[pc + R_IMM] & OPCODE_MASK;
  };
  /** Where a form's operand lies in the buffer, or 0 where it is not plain memory within a flat segment and a page. */
  const operandInBuffer = (pc: number, form: number, bytes: number): number => {
    const scale = code[pc + R_SCALE];
    if ((scale & SLOW_ADDRESS) !== 0) return 0;
    const linear = i32[code[pc + R_RM]] + (i32[code[pc + R_INDEX]] << scale) + code[pc + R_DISP];
    const entry = ((form & STORED) !== 0 ? tlbW : tlbR)[(linear >>> PAGE_NUMBER) + i32[TLB_HALF]];
    return (entry & 1) !== 0 || (linear & PAGE_MASK) > LAST_OF_PAGE - bytes ? 0 : entry ^ linear;
  };
  const execute = (pc: number): void => {
    const form = OF_FORM[code[pc + R_IMM] & OPCODE_MASK];
    const bytes = bytesOf(form);
    if (bytes === 0) {
      if (run(form, 0) === 0) executeFully(pc);
      else if ((form & RECORDED) !== 0) recordInstruction(pc);
      return;
    }
    const address = operandInBuffer(pc, form, bytes);
    if (address === 0 || run(form, address) === 0) executeFully(pc);
    else if ((form & RECORDED) !== 0) {
      recordInstruction(pc);
      i32[X87_WORDS + FDP] = i32[code[pc + R_RM]] + (i32[code[pc + R_INDEX]] << code[pc + R_SCALE]) + code[pc + R_DISP];
      i32[X87_WORDS + FDS] = i32[SEL + ((code[pc + R_META] >> META_SEGMENT_SHIFT) & 7)];
    }
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
    fast,
    execute,
    save: (pc) => unit.fxsave(area(pc, true)),
    restore: (pc) => unit.fxrstor(area(pc, false)),
    wait: () => unit.wait(),
  };
};
