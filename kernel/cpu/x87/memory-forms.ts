/** D8-DF with a memory operand. Memory is read before anything changes and written before the stack is popped, so that a fault leaves no trace. */
import { blockOfTop, calculate, compareOperands, compareUnderflow, concludeUnderflow, isCompare, popsAfterCompare, pushResult } from "./arithmetic.js";
import { decimalIndefinite, fromDecimal, fromDouble, fromInteger32, fromInteger64, fromSingle, toDecimal, toInteger } from "./convert.js";
import { environmentBytes, readEnvironment, restore, save, takeEnvironment, writeEnvironment } from "./environment.js";
import { resultOperand } from "./float80.js";
import type { X87Host } from "./host.js";
import * as layout from "./layout.js";
import type { Registers } from "./registers.js";
import { narrow } from "./round.js";

const { A, A_CLASS, A_HI, B, CONTROL, DE, DENORMAL, FLAGS, IE, J_BIT, OE, PC_24, PC_53, QNAN, R_HI, R_LO, R_SE, S, SNAN, UE } = layout;

/** Memory formats, in the order of bits 1-2 of the opcode. */
const SINGLE = 0;
const INT32 = 1;
const DOUBLE = 2;
const INT16 = 3;

/** Sizes in that order. */
const BYTES = [4, 4, 8, 2];

const PAGE = 0x1000;
const EXCEPTION_MASKS = 0x3f;
const ROUND_TO_ZERO = 0xc00;

const decimal = new Int32Array(3);

export class MemoryForms {
  private readonly regs: Registers;
  private readonly host: X87Host;

  constructor(regs: Registers, host: X87Host) {
    this.regs = regs;
    this.host = host;
  }

  /** `opcode` is 0-7 for D8-DF. Pending exceptions have been dealt with. */
  execute(opcode: number, modrm: number, linear: number): void {
    const reg = (modrm >> 3) & 7;
    if ((opcode & 1) === 0) {
      this.read(opcode >> 1, linear, isCompare(reg) ? B : blockOfTop(reg) ^ B);
      this.regs.recordOperand(opcode, modrm);
      this.arithmetic(reg);
      return;
    }
    if (reg === 0) this.load(opcode, modrm, linear);
    else if (reg === 1) this.storeTruncated(opcode, modrm, linear);
    else if (reg < 4) this.store(opcode, modrm, reg, linear);
    else this.other(opcode, modrm, reg, linear);
  }

  private second(linear: number, offset: number): number {
    return (linear + offset) >>> 0;
  }

  private read(format: number, linear: number, block: number): void {
    const host = this.host;
    switch (format) {
      case SINGLE:
        fromSingle(block, host.read32(linear) | 0);
        break;
      case DOUBLE: {
        const lo = host.read32(linear) | 0;
        fromDouble(block, host.read32(this.second(linear, 4)) | 0, lo);
        break;
      }
      case INT32:
        fromInteger32(block, host.read32(linear) | 0);
        break;
      default:
        fromInteger32(block, (host.read16(linear) << 16) >> 16);
    }
  }

  private arithmetic(reg: number): void {
    const regs = this.regs;
    regs.begin();
    if (isCompare(reg)) {
      let done: boolean;
      if (regs.isEmpty(0)) done = compareUnderflow(regs);
      else {
        regs.load(0, A);
        done = compareOperands(regs, false);
      }
      if (done && popsAfterCompare(reg)) regs.pop();
    } else if (regs.isEmpty(0)) concludeUnderflow(regs, 0);
    else {
      regs.load(0, blockOfTop(reg));
      calculate(regs, reg, 0);
    }
  }

  /** FLD m32/m64 and FILD m16/m32. */
  private load(opcode: number, modrm: number, linear: number): void {
    this.read(opcode >> 1, linear, A);
    this.regs.recordOperand(opcode, modrm);
    this.regs.begin();
    const kind = S[A_CLASS];
    if (kind === SNAN) {
      S[FLAGS] |= IE;
      S[A_HI] |= 0x40000000;
      S[A_CLASS] = QNAN;
    } else if (kind === DENORMAL) S[FLAGS] |= DE;
    resultOperand(A);
    pushResult(this.regs);
  }

  /** FST(P) m32/m64 and FIST(P) m16/m32. What is not stored for an exception must still be writable. */
  private store(opcode: number, modrm: number, reg: number, linear: number): void {
    this.regs.begin();
    this.storeRounded(opcode, modrm, opcode >> 1, reg === 3, linear);
  }

  /** FISTTP of SSE3: rounds towards zero whatever the control word says. */
  private storeTruncated(opcode: number, modrm: number, linear: number): void {
    const format = opcode >> 1;
    this.regs.begin();
    S[CONTROL] |= ROUND_TO_ZERO;
    if (format === SINGLE) this.host.raiseUD();
    else if (format === DOUBLE) this.storeInteger(opcode, modrm, linear);
    else this.storeRounded(opcode, modrm, format, true, linear);
  }

  private storeRounded(opcode: number, modrm: number, format: number, pops: boolean, linear: number): void {
    const regs = this.regs;
    const real = format === SINGLE || format === DOUBLE;
    if (regs.isEmpty(0)) {
      regs.underflow();
      S[R_HI] = format === SINGLE ? 0xffc00000 : 0xfff80000;
      S[R_LO] = real ? 0 : format === INT16 ? 0x8000 : J_BIT;
    } else {
      regs.load(0, A);
      if (real) narrow(format === SINGLE ? PC_24 : PC_53);
      else toInteger(format === INT16 ? 16 : 32);
    }
    const stored = !regs.unmasked(IE | OE | UE);
    const host = this.host;
    if (!stored) host.probeWrite(linear, BYTES[format]);
    else {
      switch (format) {
        case SINGLE:
          host.write32(linear, S[R_HI] >>> 0);
          break;
        case DOUBLE:
          this.write64(linear);
          break;
        case INT32:
          host.write32(linear, S[R_LO] >>> 0);
          break;
        default:
          host.write16(linear, S[R_LO] & 0xffff);
      }
    }
    this.concludeStore(opcode, modrm, stored && pops);
  }

  private probe(linear: number, bytes: number): void {
    if ((linear & (PAGE - 1)) + bytes > PAGE) this.host.probeWrite(linear, bytes);
  }

  private write64(linear: number): void {
    this.probe(linear, 8);
    this.host.write32(linear, S[R_LO] >>> 0);
    this.host.write32(this.second(linear, 4), S[R_HI] >>> 0);
  }

  private write80(linear: number, lo: number, hi: number, top: number): void {
    this.probe(linear, 10);
    this.host.write32(linear, lo >>> 0);
    this.host.write32(this.second(linear, 4), hi >>> 0);
    this.host.write16(this.second(linear, 8), top & 0xffff);
  }

  private concludeStore(opcode: number, modrm: number, pop: boolean): void {
    this.regs.recordOperand(opcode, modrm);
    this.regs.finish();
    if (pop) this.regs.pop();
  }

  /** reg 4-7 of D9, DB, DD and DF. */
  private other(opcode: number, modrm: number, reg: number, linear: number): void {
    const regs = this.regs;
    const host = this.host;
    switch (opcode * 8 + reg) {
      case 0o14:
        readEnvironment(host, linear);
        takeEnvironment(regs);
        break;
      case 0o15:
        regs.setControl(host.read16(linear));
        break;
      case 0o16:
        this.probe(linear, environmentBytes(host.operand32()));
        writeEnvironment(regs, host, linear);
        regs.setControl(regs.control | EXCEPTION_MASKS);
        break;
      case 0o17:
        host.write16(linear, regs.control);
        break;
      case 0o35:
        this.loadExtended(opcode, modrm, linear);
        break;
      case 0o37:
        this.storeExtended(opcode, modrm, linear);
        break;
      case 0o54:
        restore(regs, host, linear);
        break;
      case 0o56:
        this.probe(linear, environmentBytes(host.operand32()) + 80);
        save(regs, host, linear);
        regs.initialise();
        break;
      case 0o57:
        host.write16(linear, regs.status);
        break;
      case 0o74:
        this.loadDecimal(opcode, modrm, linear);
        break;
      case 0o75:
        this.loadInteger64(opcode, modrm, linear);
        break;
      case 0o76:
        this.storeDecimal(opcode, modrm, linear);
        break;
      case 0o77:
        this.storeInteger64(opcode, modrm, linear);
        break;
      default:
        host.raiseUD();
    }
  }

  private loadExtended(opcode: number, modrm: number, linear: number): void {
    const lo = this.host.read32(linear);
    const hi = this.host.read32(this.second(linear, 4));
    const se = this.host.read16(this.second(linear, 8));
    this.regs.recordOperand(opcode, modrm);
    this.regs.begin();
    S[R_LO] = lo;
    S[R_HI] = hi;
    S[R_SE] = se;
    pushResult(this.regs);
  }

  private storeExtended(opcode: number, modrm: number, linear: number): void {
    const regs = this.regs;
    regs.begin();
    let stored = true;
    if (regs.isEmpty(0)) stored = regs.underflow();
    else regs.fetch(0);
    if (stored) this.write80(linear, S[R_LO], S[R_HI], S[R_SE]);
    else this.host.probeWrite(linear, 10);
    this.concludeStore(opcode, modrm, stored);
  }

  private loadInteger64(opcode: number, modrm: number, linear: number): void {
    const lo = this.host.read32(linear) | 0;
    const hi = this.host.read32(this.second(linear, 4)) | 0;
    this.regs.recordOperand(opcode, modrm);
    this.regs.begin();
    fromInteger64(A, hi, lo);
    resultOperand(A);
    pushResult(this.regs);
  }

  private storeInteger64(opcode: number, modrm: number, linear: number): void {
    this.regs.begin();
    this.storeInteger(opcode, modrm, linear);
  }

  private storeInteger(opcode: number, modrm: number, linear: number): void {
    const regs = this.regs;
    if (regs.isEmpty(0)) {
      regs.underflow();
      S[R_HI] = J_BIT;
      S[R_LO] = 0;
    } else {
      regs.load(0, A);
      toInteger(64);
    }
    const stored = !regs.unmasked(IE);
    if (stored) this.write64(linear);
    else this.host.probeWrite(linear, 8);
    this.concludeStore(opcode, modrm, stored);
  }

  private loadDecimal(opcode: number, modrm: number, linear: number): void {
    const w0 = this.host.read32(linear) | 0;
    const w1 = this.host.read32(this.second(linear, 4)) | 0;
    const w2 = this.host.read16(this.second(linear, 8));
    this.regs.recordOperand(opcode, modrm);
    this.regs.begin();
    fromDecimal(A, w2, w1, w0);
    resultOperand(A);
    pushResult(this.regs);
  }

  private storeDecimal(opcode: number, modrm: number, linear: number): void {
    const regs = this.regs;
    regs.begin();
    if (regs.isEmpty(0)) {
      regs.underflow();
      decimalIndefinite(decimal);
    } else {
      regs.load(0, A);
      toDecimal(decimal);
    }
    const stored = !regs.unmasked(IE);
    if (stored) this.write80(linear, decimal[0], decimal[1], decimal[2]);
    else this.host.probeWrite(linear, 10);
    this.concludeStore(opcode, modrm, stored);
  }
}
