/** D8-DF with register operands. */
import { BEFORE, calculateRegisters, compareRegisters, conclude, concludeUnderflow, isCompare, popsAfterCompare, pushResult } from "./arithmetic.js";
import { CF, compare, PF, UNORDERED, ZF } from "./compare.js";
import { CONSTANTS } from "./constants.js";
import { resultIs, roundingControl } from "./float80.js";
import { FunctionForms } from "./function-forms.js";
import type { X87Host } from "./host.js";
import * as layout from "./layout.js";
import type { Registers } from "./registers.js";

const { A, B, R_HI, R_LO, R_SE, RC_CHOP, RC_DOWN, RC_UP, S } = layout;

export class RegisterForms {
  private readonly regs: Registers;
  private readonly host: X87Host;
  private readonly functions: FunctionForms;

  constructor(regs: Registers, host: X87Host) {
    this.regs = regs;
    this.host = host;
    this.functions = new FunctionForms(regs);
  }

  /** `opcode` is 0-7 for D8-DF. Pending exceptions have been dealt with. Returns false for an encoding that does not exist. */
  execute(opcode: number, modrm: number): boolean {
    const regs = this.regs;
    const reg = (modrm >> 3) & 7;
    const i = modrm & 7;
    switch (opcode) {
      case 0:
        if (!isCompare(reg)) calculateRegisters(regs, reg, i, 0);
        else if (compareRegisters(regs, i, false) && popsAfterCompare(reg)) regs.pop();
        return true;
      case 1:
        return this.d9(reg, i);
      case 2:
        return this.da(reg, i);
      case 3:
        return this.db(reg, i);
      case 4:
        if (!isCompare(reg)) calculateRegisters(regs, reg, i, i);
        else if (compareRegisters(regs, i, false) && popsAfterCompare(reg)) regs.pop();
        return true;
      case 5:
        return this.dd(reg, i);
      case 6:
        return this.de(reg, i);
      default:
        return this.df(reg, i);
    }
  }

  private d9(reg: number, i: number): boolean {
    switch (reg) {
      case 0:
        this.loadRegister(i);
        return true;
      case 1:
        this.exchange(i);
        return true;
      case 2:
        return i === 0; // FNOP
      case 3:
        this.storeUnchecked(i);
        return true;
      case 4:
        return this.functions.unary(i);
      case 5:
        if (i === 7) return false;
        this.loadConstant(i);
        return true;
      case 6:
        this.functions.low(i);
        return true;
      default:
        this.functions.high(i);
        return true;
    }
  }

  private da(reg: number, i: number): boolean {
    if (reg < 4) this.moveIf(reg, true, i);
    else if (reg === 5 && i === 1) this.compareAndPopTwice(true);
    else return false;
    return true;
  }

  private db(reg: number, i: number): boolean {
    if (reg < 4) this.moveIf(reg, false, i);
    else if (reg === 5 || reg === 6) this.compareToFlags(i, reg === 5);
    else return false;
    return true;
  }

  private dd(reg: number, i: number): boolean {
    const regs = this.regs;
    switch (reg) {
      case 0:
        this.free(i);
        return true;
      case 1:
        this.exchange(i);
        return true;
      case 2:
        this.storeRegister(i);
        return true;
      case 3:
        if (this.storeRegister(i)) regs.pop();
        return true;
      case 4:
        compareRegisters(regs, i, true);
        return true;
      case 5:
        if (compareRegisters(regs, i, true)) regs.pop();
        return true;
      default:
        return false;
    }
  }

  private de(reg: number, i: number): boolean {
    const regs = this.regs;
    if (reg === 2) {
      if (compareRegisters(regs, i, false)) regs.pop();
    } else if (reg === 3) {
      if (i !== 1) return false;
      this.compareAndPopTwice(false);
    } else if (calculateRegisters(regs, reg, i, i)) regs.pop();
    return true;
  }

  private df(reg: number, i: number): boolean {
    const regs = this.regs;
    switch (reg) {
      case 0:
        this.free(i);
        regs.pop();
        return true;
      case 1:
        this.exchange(i);
        return true;
      case 2:
      case 3:
        if (this.storeRegister(i)) regs.pop();
        return true;
      case 5:
      case 6:
        if (this.compareToFlags(i, reg === 5)) regs.pop();
        return true;
      default:
        return false;
    }
  }

  private loadRegister(i: number): void {
    const regs = this.regs;
    regs.begin();
    if (regs.isEmpty(i)) {
      const masked = regs.underflow();
      regs.finish();
      if (masked) regs.push();
      return;
    }
    regs.fetch(i);
    pushResult(regs);
  }

  private exchange(i: number): void {
    const regs = this.regs;
    regs.begin();
    const emptyTop = regs.isEmpty(0);
    const emptyOther = regs.isEmpty(i);
    if (emptyTop || emptyOther) {
      const masked = regs.underflow();
      regs.finish();
      if (!masked) return;
      if (emptyTop) regs.store(0);
      if (emptyOther) regs.store(i);
    } else regs.finish();
    regs.fetch(0);
    const se = S[R_SE];
    const hi = S[R_HI];
    const lo = S[R_LO];
    regs.fetch(i);
    regs.store(0);
    resultIs(se, hi, lo);
    regs.store(i);
  }

  private free(i: number): void {
    this.regs.begin();
    this.regs.finish();
    this.regs.free(i);
  }

  private storeRegister(i: number): boolean {
    const regs = this.regs;
    regs.begin();
    if (regs.isEmpty(0)) return concludeUnderflow(regs, i);
    regs.fetch(0);
    return conclude(regs, i);
  }

  /** FSTP1, the alias of FSTP that takes an empty ST(0) without an exception and then only pops. */
  private storeUnchecked(i: number): void {
    const regs = this.regs;
    regs.begin();
    regs.finish();
    if (!regs.isEmpty(0)) {
      regs.fetch(0);
      regs.store(i);
    }
    regs.pop();
  }

  private loadConstant(which: number): void {
    const regs = this.regs;
    regs.begin();
    const { signAndExponent, high, low, nearest } = CONSTANTS[which];
    let up = 0;
    if (nearest !== undefined) {
      const rc = roundingControl();
      up = rc === RC_UP ? 1 : rc === RC_DOWN || rc === RC_CHOP ? 0 : nearest;
    }
    resultIs(signAndExponent, high, low + up);
    pushResult(regs);
  }

  private moveIf(condition: number, sense: boolean, i: number): void {
    const regs = this.regs;
    regs.begin();
    if (regs.isEmpty(0) || regs.isEmpty(i)) {
      concludeUnderflow(regs, 0);
      return;
    }
    const tested = condition === 0 ? CF : condition === 1 ? ZF : condition === 2 ? CF | ZF : PF;
    if (((this.host.flags() & tested) !== 0) === sense) {
      regs.fetch(i);
      regs.store(0);
    }
  }

  private compareAndPopTwice(quiet: boolean): void {
    const regs = this.regs;
    if (compareRegisters(regs, 1, quiet)) {
      regs.pop();
      regs.pop();
    }
  }

  private compareToFlags(i: number, quiet: boolean): boolean {
    const regs = this.regs;
    regs.begin();
    let result = UNORDERED;
    if (regs.isEmpty(0) || regs.isEmpty(i)) regs.underflow();
    else {
      regs.load(0, A);
      regs.load(i, B);
      result = compare(quiet);
    }
    regs.finish();
    this.host.setFlags(result);
    return !regs.unmasked(BEFORE);
  }
}
