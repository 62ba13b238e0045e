/** Instruction bodies that register and memory forms share. Each returns whether it completed, that is, whether a following pop takes place. */
import { add } from "./add.js";
import { compare, UNORDERED } from "./compare.js";
import * as layout from "./layout.js";
import { divide, multiply } from "./multiply.js";
import type { Registers } from "./registers.js";

const { A, B, CONTROL, DE, FLAGS, IE, PC_24, PC_53, PC_64, S, ZE } = layout;

/** Exceptions found before an operation: unmasked, they leave the destination alone. */
export const BEFORE = IE | DE | ZE;

/** The reg field of the arithmetic groups. */
const ADD = 0;
const MUL = 1;
const COM = 2;
const COMP = 3;
const SUB = 4;
const SUBR = 5;
const DIV = 6;
const DIVR = 7;

export function isCompare(op: number): boolean {
  return op === COM || op === COMP;
}

export function popsAfterCompare(op: number): boolean {
  return op === COMP;
}

/** Block in which the arithmetic of `op` wants ST(0). */
export function blockOfTop(op: number): number {
  return op === SUBR || op === DIVR ? B : A;
}

/** Gives ST(dest) the result in R unless an exception forbids it. */
export function conclude(regs: Registers, dest: number): boolean {
  regs.finish();
  if (S[FLAGS] !== 0 && regs.unmasked(BEFORE)) return false;
  regs.store(dest);
  return true;
}

/** The response to an empty source: ST(dest) becomes the indefinite if the exception is masked. */
export function concludeUnderflow(regs: Registers, dest: number): boolean {
  const masked = regs.underflow();
  regs.finish();
  if (masked) regs.store(dest);
  return masked;
}

/** ST(dest) = the operation on A and B, which hold the operands in order. */
export function calculate(regs: Registers, op: number, dest: number): boolean {
  const control = (S[CONTROL] >> 8) & 3;
  const pc = control === PC_24 || control === PC_53 ? control : PC_64;
  switch (op) {
    case ADD:
      add(0, pc);
      break;
    case MUL:
      multiply(pc);
      break;
    case SUB:
    case SUBR:
      add(1, pc);
      break;
    case DIV:
    case DIVR:
      divide(pc);
  }
  return conclude(regs, dest);
}

/** ST(dest) = ST(0) op ST(i). */
export function calculateRegisters(regs: Registers, op: number, i: number, dest: number): boolean {
  regs.begin();
  if (regs.isEmpty(0) || regs.isEmpty(i)) return concludeUnderflow(regs, dest);
  const top = blockOfTop(op);
  regs.load(0, top);
  regs.load(i, top ^ B);
  return calculate(regs, op, dest);
}

/** Condition codes from the comparison of A with B. */
export function compareOperands(regs: Registers, quiet: boolean): boolean {
  return concludeCompare(regs, compare(quiet));
}

function concludeCompare(regs: Registers, result: number): boolean {
  regs.finish();
  regs.setConditions(result << 8);
  return !regs.unmasked(BEFORE);
}

export function compareUnderflow(regs: Registers): boolean {
  regs.underflow();
  return concludeCompare(regs, UNORDERED);
}

export function compareRegisters(regs: Registers, i: number, quiet: boolean): boolean {
  regs.begin();
  if (regs.isEmpty(0) || regs.isEmpty(i)) return compareUnderflow(regs);
  regs.load(0, A);
  regs.load(i, B);
  return compareOperands(regs, quiet);
}

/** Pushes the result in R, or the indefinite if ST(7) is in use. */
export function pushResult(regs: Registers): void {
  if (!regs.isEmpty(7)) {
    const masked = regs.overflow();
    regs.finish();
    if (masked) regs.push();
    return;
  }
  regs.finish();
  if (S[FLAGS] === 0 || !regs.unmasked(IE)) regs.push();
}
