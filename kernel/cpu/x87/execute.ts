/**
 * x87 floating-point unit of a P6-class processor: every instruction of D8-DF, FWAIT, FXSAVE and FXRSTOR, at 80-bit precision.
 * Sources: Intel SDM volume 1 chapter 8, volume 2 (instruction pages) and volume 3 (FPU control); AMD64 manual volume 5.
 *
 * FENI, FDISI and FSETPM do nothing, as since the 387.
 */

import { restoreExtended, saveExtended } from "./environment.js";
import type { X87Host } from "./host.js";
import * as layout from "./layout.js";
import { MemoryForms } from "./memory-forms.js";
import { RegisterForms } from "./register-forms.js";
import { Registers } from "./registers.js";

const { CR0_EM, CR0_MP, CR0_NE, CR0_TS, ES, STATUS_WORD } = layout;

/** Control word after power-on. */
const POWER_ON_CONTROL = 0x40;

export class X87 {
  private readonly host: X87Host;
  private readonly regs: Registers;
  private readonly memory: MemoryForms;
  private readonly register: RegisterForms;

  constructor(host: X87Host) {
    this.host = host;
    this.regs = new Registers(host);
    this.memory = new MemoryForms(this.regs, host);
    this.register = new RegisterForms(this.regs, host);
  }

  /** Power-on state: registers zero and empty, control word 0040h. INIT leaves the FPU alone. */
  reset(): void {
    this.regs.initialise();
    this.regs.words.fill(0);
    this.regs.setControl(POWER_ON_CONTROL);
  }

  /** Executes one instruction: `opcode` is D8-DF, `linear` the operand's address (ignored for register forms). The operand has passed its segment checks. */
  execute(opcode: number, modrm: number, linear: number): void {
    if ((this.host.cr0() & (CR0_EM | CR0_TS)) !== 0) this.host.raiseNM();
    const group = opcode & 7;
    if (modrm < 0xc0) {
      if ((this.regs.words[STATUS_WORD] & ES) !== 0 && !isUncheckedStore(group, modrm)) this.pending();
      this.memory.execute(group, modrm, linear);
      return;
    }
    if (this.control(opcode, modrm)) return;
    if ((this.regs.words[STATUS_WORD] & ES) !== 0) this.pending();
    if (!this.register.execute(group, modrm)) this.host.raiseUD();
    this.regs.recordInstruction(group, modrm);
  }

  /** FWAIT. */
  wait(): void {
    if ((this.host.cr0() & (CR0_MP | CR0_TS)) === (CR0_MP | CR0_TS)) this.host.raiseNM();
    if ((this.regs.words[STATUS_WORD] & ES) !== 0) this.pending();
  }

  /** The x87 part, MXCSR and reserved bytes of the low 160 bytes; XMM bytes are not touched. The caller has checked alignment. */
  fxsave(linear: number): void {
    if ((this.host.cr0() & (CR0_EM | CR0_TS)) !== 0) this.host.raiseNM();
    saveExtended(this.regs, this.host, linear);
  }

  fxrstor(linear: number): void {
    if ((this.host.cr0() & (CR0_EM | CR0_TS)) !== 0) this.host.raiseNM();
    restoreExtended(this.regs, this.host, linear);
  }

  private pending(): void {
    const host = this.host;
    if ((host.cr0() & CR0_NE) !== 0) host.raiseMF();
    if (host.ignne()) return;
    host.ferr(true);
    host.stall();
  }

  /** The register forms that do not wait: FNCLEX, FNINIT, FNSTSW AX, FENI, FDISI, FSETPM. They record no address. */
  private control(opcode: number, modrm: number): boolean {
    if (opcode === 0xdb) {
      switch (modrm) {
        case 0xe0:
        case 0xe1:
        case 0xe4:
          return true;
        case 0xe2:
          this.regs.clearExceptions();
          return true;
        case 0xe3:
          this.regs.initialise();
          return true;
      }
    } else if (opcode === 0xdf && modrm === 0xe0) {
      this.host.setAx(this.regs.status);
      return true;
    }
    return false;
  }
}

/** FNSTENV, FNSTCW, FNSAVE and FNSTSW, which store without looking at pending exceptions. */
export function isUncheckedStore(group: number, modrm: number): boolean {
  const reg = (modrm >> 3) & 7;
  return (group === 1 || group === 5) && reg >= 6;
}
