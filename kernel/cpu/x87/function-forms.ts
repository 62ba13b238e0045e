/** D9 E0-FF without the constants: instructions that compute a function of the top of the stack. */
import { compareOperands, compareUnderflow, conclude, concludeUnderflow } from "./arithmetic.js";
import { examine } from "./compare.js";
import { resultIs } from "./float80.js";
import * as layout from "./layout.js";
import { squareRoot } from "./multiply.js";
import type { Registers } from "./registers.js";
import { extract, NO_QUOTIENT, remainder, roundInteger, scale } from "./remainder.js";
import { arctangentOf, COSINE, powerOfTwo, SINE, TANGENT, trigonometric, yLog2x, yLog2xPlus1 } from "./transcendental.js";

const { A, A_HI, A_LO, B, B_CLASS, B_EXP, B_HI, B_LO, B_SIGN, BIAS, C1, C2, CONTROL, FLAGS, J_BIT, PC_24, PC_53, PC_64, R_HI, R_LO, R_SE, S, ZERO, STATUS_WORD, TOP } = layout;

export class FunctionForms {
  private readonly regs: Registers;

  constructor(regs: Registers) {
    this.regs = regs;
  }

  /** D9 E0-E7: FCHS, FABS, FTST, FXAM. Returns false for an encoding that does not exist. */
  unary(i: number): boolean {
    const regs = this.regs;
    regs.begin();
    switch (i) {
      case 0:
      case 1:
        if (regs.isEmpty(0)) concludeUnderflow(regs, 0);
        else {
          regs.fetch(0);
          S[R_SE] = i === 0 ? S[R_SE] ^ 0x8000 : S[R_SE] & 0x7fff;
          conclude(regs, 0);
        }
        return true;
      case 4:
        if (regs.isEmpty(0)) compareUnderflow(regs);
        else {
          regs.load(0, A);
          S[B_CLASS] = ZERO;
          S[B_SIGN] = S[B_EXP] = S[B_HI] = S[B_LO] = 0;
          compareOperands(regs, false);
        }
        return true;
      case 5:
        regs.load(0, A);
        regs.finish();
        regs.setConditions(examine(regs.isEmpty(0)));
        return true;
      default:
        return false;
    }
  }

  /** D9 F0-F7. */
  low(i: number): void {
    switch (i) {
      case 0:
        this.one(powerOfTwo);
        break;
      case 1:
        this.twoAndPop(yLog2x);
        break;
      case 2:
        this.tangent();
        break;
      case 3:
        this.twoAndPop(arctangentOf);
        break;
      case 4:
        this.extract();
        break;
      case 5:
        this.remainder(true);
        break;
      default:
        this.rotate(i === 6 ? -1 : 1);
    }
  }

  /** D9 F8-FF. */
  high(i: number): void {
    switch (i) {
      case 0:
        this.remainder(false);
        break;
      case 1:
        this.twoAndPop(yLog2xPlus1);
        break;
      case 2:
        this.root();
        break;
      case 3:
        this.sineAndCosine();
        break;
      case 4:
        this.one(roundInteger);
        break;
      case 5:
        this.scale();
        break;
      default:
        this.trigonometric(i === 6 ? SINE : COSINE);
    }
  }

  /** ST(0) = f(ST(0)). */
  private one(f: () => void): void {
    const regs = this.regs;
    regs.begin();
    if (regs.isEmpty(0)) {
      concludeUnderflow(regs, 0);
      return;
    }
    regs.load(0, A);
    f();
    conclude(regs, 0);
  }

  /** ST(1) = f(ST(0), ST(1)), then a pop. */
  private twoAndPop(f: () => void): void {
    const regs = this.regs;
    regs.begin();
    if (regs.isEmpty(0) || regs.isEmpty(1)) {
      if (concludeUnderflow(regs, 1)) regs.pop();
      return;
    }
    regs.load(0, A);
    regs.load(1, B);
    f();
    if (conclude(regs, 1)) regs.pop();
  }

  private root(): void {
    const regs = this.regs;
    regs.begin();
    if (regs.isEmpty(0)) {
      concludeUnderflow(regs, 0);
      return;
    }
    regs.load(0, A);
    const control = (S[CONTROL] >> 8) & 3;
    squareRoot(control === PC_24 || control === PC_53 ? control : PC_64);
    conclude(regs, 0);
  }

  private rotate(by: number): void {
    const regs = this.regs;
    regs.begin();
    regs.finish();
    regs.words[TOP] = (regs.words[TOP] + by) & 7;
  }

  private remainder(nearest: boolean): void {
    const regs = this.regs;
    regs.begin();
    let codes = NO_QUOTIENT;
    let done = false;
    if (regs.isEmpty(0) || regs.isEmpty(1)) concludeUnderflow(regs, 0);
    else {
      regs.load(0, A);
      regs.load(1, B);
      codes = remainder(nearest);
      done = conclude(regs, 0);
    }
    if (done && codes !== NO_QUOTIENT) regs.setConditions(codes);
    else regs.words[STATUS_WORD] &= ~C2;
  }

  private scale(): void {
    const regs = this.regs;
    regs.begin();
    if (regs.isEmpty(0) || regs.isEmpty(1)) {
      concludeUnderflow(regs, 0);
      return;
    }
    regs.load(0, A);
    regs.load(1, B);
    scale();
    conclude(regs, 0);
  }

  /** C2 says that the operand of a trigonometric instruction is out of range; C0 and C3 stay. */
  private range(inside: boolean): void {
    const w = this.regs.words;
    w[STATUS_WORD] = inside ? w[STATUS_WORD] & ~C2 : w[STATUS_WORD] | C2;
  }

  /** ST(0) into A and its function into the result. Returns false, with the instruction ended, if ST(0) is out of range. */
  private computeTrigonometric(which: number): boolean {
    this.regs.load(0, A);
    const inside = trigonometric(which);
    this.range(inside);
    if (!inside) this.regs.finish();
    return inside;
  }

  private trigonometric(which: number): void {
    const regs = this.regs;
    regs.begin();
    if (regs.isEmpty(0)) {
      this.range(true);
      concludeUnderflow(regs, 0);
    } else if (this.computeTrigonometric(which)) conclude(regs, 0);
  }

  /** Whether ST(0) and the register to be pushed can take two results; otherwise the stack fault is dealt with. */
  private roomForTwo(): boolean {
    const regs = this.regs;
    const empty = regs.isEmpty(0);
    if (!empty && regs.isEmpty(7)) return true;
    const masked = empty ? regs.underflow() : regs.overflow();
    regs.finish();
    if (masked) {
      regs.store(0);
      regs.push();
    }
    return false;
  }

  private tangent(): void {
    const regs = this.regs;
    regs.begin();
    if (!this.roomForTwo()) {
      this.range(true);
      return;
    }
    if (!this.computeTrigonometric(TANGENT) || !conclude(regs, 0)) return;
    if ((S[R_SE] & 0x7fff) !== 0x7fff) resultIs(BIAS, J_BIT, 0);
    regs.push();
  }

  private sineAndCosine(): void {
    const regs = this.regs;
    regs.begin();
    if (!this.roomForTwo()) {
      this.range(true);
      return;
    }
    if (!this.computeTrigonometric(COSINE)) return;
    const se = S[R_SE];
    const hi = S[R_HI];
    const lo = S[R_LO];
    S[FLAGS] &= ~C1;
    trigonometric(SINE);
    if (!conclude(regs, 0)) return;
    resultIs(se, hi, lo);
    regs.push();
  }

  private extract(): void {
    const regs = this.regs;
    regs.begin();
    if (!this.roomForTwo()) return;
    regs.load(0, A);
    const significand = extract();
    if (!conclude(regs, 0)) return;
    if (significand >= 0) resultIs(significand, S[A_HI], S[A_LO]);
    regs.push();
  }
}
