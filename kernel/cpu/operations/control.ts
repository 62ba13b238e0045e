/** Near and far transfers, software interrupts, loops. */
import type { ColdOperation, Core } from "../core.js";
import { R_DISP, R_IMM } from "../interpreter/record.js";
import type { Interrupts } from "../interrupts.js";
import { type Descriptor, descriptorAttributes, descriptorDpl, descriptorLimit, descriptorType, isPresent, type Segmentation } from "../segmentation.js";
import { StackFrame } from "../stack-frame.js";
import {
  ATTR_CODE,
  ATTR_CONFORMING,
  ATTR_SEGMENT,
  BASE,
  BP_VECTOR,
  CODE_PAGE,
  CPL,
  CS,
  DB_VECTOR,
  ECX,
  EIP,
  ESP,
  GP_VECTOR,
  LIMIT,
  NP_VECTOR,
  OF_VECTOR,
  SEL,
  SS,
} from "../state.js";
import type { TaskSwitch } from "../task-switch.js";

const CALL_GATE_16 = 4;
const TASK_GATE = 5;
const CALL_GATE_32 = 12;

export const controlOperations = (core: Core, segmentation: Segmentation, interrupts: Interrupts, tasks: TaskSwitch): Record<string, ColdOperation> => {
  const { i32, code } = core;
  const operandSize = (pc: number): 16 | 32 => (core.operand16(pc) ? 16 : 32);

  /** Target of a relative branch. */
  const relative = (pc: number): number => {
    const eip = (i32[CODE_PAGE] + code[pc + R_DISP] - i32[BASE + CS]) | 0;
    return core.operand16(pc) ? eip & 0xffff : eip;
  };
  const near = (pc: number, value: number): number => (core.operand16(pc) ? value & 0xffff : value);

  /** Checks a near target before the stack is touched. */
  const check = (eip: number): void => {
    if (eip >>> 0 > i32[LIMIT + CS] >>> 0) core.gp(0);
  };

  const nearCall = (pc: number, target: number): void => {
    const size = operandSize(pc);
    const frame = StackFrame.current(core, i32[CPL]);
    frame.reserve(size, 1);
    check(target);
    frame.push(size, i32[EIP]);
    core.setSp(frame.sp);
    i32[EIP] = target;
  };

  const loop = (pc: number, taken: (count: number) => boolean, count: boolean): void => {
    const wide = !core.address16(pc);
    const before = wide ? i32[ECX] : i32[ECX] & 0xffff;
    const after = count ? (wide ? (before - 1) | 0 : (before - 1) & 0xffff) : before;
    if (taken(after)) core.jumpNear(relative(pc));
    if (count) core.setRegister(ECX, wide ? 32 : 16, after);
  };

  const checkCode = (selector: number, descriptor: Descriptor, cpl: number): void => {
    const attributes = descriptorAttributes(descriptor);
    const error = selector & ~3;
    if ((attributes & (ATTR_SEGMENT | ATTR_CODE)) !== (ATTR_SEGMENT | ATTR_CODE)) core.gp(error);
    const dpl = descriptorDpl(descriptor);
    if ((attributes & ATTR_CONFORMING) !== 0 ? dpl > cpl : (selector & 3) > cpl || dpl !== cpl) core.gp(error);
    if (!isPresent(descriptor)) core.fault.raise(NP_VECTOR, error);
  };
  const checkOffset = (descriptor: Descriptor, eip: number): void => {
    if (eip >>> 0 > descriptorLimit(descriptor) >>> 0) core.gp(0);
  };

  const farJump = (selector: number, eip: number, size: 16 | 32): void => {
    if (!core.protectedMode) {
      // the limit stays as it is, also beyond 64 KiB
      if (eip >>> 0 > i32[LIMIT + CS] >>> 0) core.gp(0);
      segmentation.fillReal(CS, selector);
      i32[EIP] = size === 16 ? eip & 0xffff : eip;
      core.updateKey();
      return;
    }
    if ((selector & ~3) === 0) core.gp(0);
    const descriptor = segmentation.require(selector);
    const cpl = i32[CPL];
    if ((descriptorAttributes(descriptor) & ATTR_SEGMENT) !== 0) {
      checkCode(selector, descriptor, cpl);
      checkOffset(descriptor, eip);
      segmentation.markAccessed(descriptor);
      segmentation.fill(CS, (selector & ~3) | cpl, descriptor);
      i32[EIP] = eip;
      core.updateKey();
      return;
    }
    const gate = systemTarget(selector, descriptor);
    if (gate === "task") return tasks.switch(selector, descriptor, "jump");
    if (typeof gate === "number") return tasks.switch(gate, tasks.findAvailable(gate, 0), "jump");
    checkGateTarget(gate.selector, gate.descriptor, cpl, false);
    checkOffset(gate.descriptor, gate.offset);
    segmentation.markAccessed(gate.descriptor);
    segmentation.fill(CS, (gate.selector & ~3) | cpl, gate.descriptor);
    i32[EIP] = gate.offset;
    core.updateKey();
  };

  interface Gate {
    readonly selector: number;
    readonly offset: number;
    readonly size: 16 | 32;
    readonly parameters: number;
    readonly descriptor: Descriptor;
  }
  /** What a system descriptor leads to: the task itself, the selector behind a task gate, or a call gate's target. */
  const systemTarget = (selector: number, descriptor: Descriptor): "task" | number | Gate => {
    const error = selector & ~3;
    const type = descriptorType(descriptor);
    const dpl = descriptorDpl(descriptor);
    if (type !== 1 && type !== 9 && type !== TASK_GATE && type !== CALL_GATE_16 && type !== CALL_GATE_32) core.gp(error);
    if (dpl < i32[CPL] || dpl < (selector & 3)) core.gp(error);
    if (!isPresent(descriptor)) core.fault.raise(NP_VECTOR, error);
    if (type === 1 || type === 9) {
      if ((selector & 4) !== 0) core.gp(error);
      return "task";
    }
    const target = descriptor.low >>> 16;
    if (type === TASK_GATE) return target;
    if ((target & ~3) === 0) core.gp(0);
    const wide = type === CALL_GATE_32;
    return {
      selector: target,
      offset: wide ? (descriptor.high & 0xffff_0000) | (descriptor.low & 0xffff) : descriptor.low & 0xffff,
      size: wide ? 32 : 16,
      parameters: descriptor.high & 31,
      descriptor: segmentation.require(target),
    };
  };
  const checkGateTarget = (selector: number, descriptor: Descriptor, cpl: number, call: boolean): void => {
    const attributes = descriptorAttributes(descriptor);
    const error = selector & ~3;
    if ((attributes & (ATTR_SEGMENT | ATTR_CODE)) !== (ATTR_SEGMENT | ATTR_CODE)) core.gp(error);
    const dpl = descriptorDpl(descriptor);
    if (dpl > cpl || (!call && (attributes & ATTR_CONFORMING) === 0 && dpl !== cpl)) core.gp(error);
    if (!isPresent(descriptor)) core.fault.raise(NP_VECTOR, error);
  };

  const farCall = (selector: number, eip: number, size: 16 | 32): void => {
    const frameHere = (width: 16 | 32): StackFrame => {
      const frame = StackFrame.current(core, i32[CPL]);
      frame.reserve(width, 2);
      return frame;
    };
    const pushReturn = (frame: StackFrame, width: 16 | 32): void => {
      frame.push(width, i32[SEL + CS]);
      frame.push(width, i32[EIP]);
      core.setSp(frame.sp);
    };
    if (!core.protectedMode) {
      const target = size === 16 ? eip & 0xffff : eip;
      const frame = frameHere(size);
      if (target >>> 0 > i32[LIMIT + CS] >>> 0) core.gp(0);
      pushReturn(frame, size);
      segmentation.fillReal(CS, selector);
      i32[EIP] = target;
      core.updateKey();
      return;
    }
    if ((selector & ~3) === 0) core.gp(0);
    const descriptor = segmentation.require(selector);
    const cpl = i32[CPL];
    if ((descriptorAttributes(descriptor) & ATTR_SEGMENT) !== 0) {
      checkCode(selector, descriptor, cpl);
      // the stack comes before the target's limit
      const frame = frameHere(size);
      checkOffset(descriptor, eip);
      segmentation.markAccessed(descriptor);
      pushReturn(frame, size);
      segmentation.fill(CS, (selector & ~3) | cpl, descriptor);
      i32[EIP] = eip;
      core.updateKey();
      return;
    }
    const gate = systemTarget(selector, descriptor);
    if (gate === "task") return tasks.switch(selector, descriptor, "call");
    if (typeof gate === "number") return tasks.switch(gate, tasks.findAvailable(gate, 0), "call");
    checkGateTarget(gate.selector, gate.descriptor, cpl, true);
    const dpl = descriptorDpl(gate.descriptor);
    const conforming = (descriptorAttributes(gate.descriptor) & ATTR_CONFORMING) !== 0;
    if (!conforming && dpl < cpl) {
      const [stackSelector, stackPointer] = interrupts.innerStack(dpl, 0);
      const stack = interrupts.checkInnerStack(stackSelector, dpl, 0);
      const frame = StackFrame.fresh(core, stackSelector, stack, stackPointer, dpl);
      const bytes = gate.size >> 3;
      frame.reserve(gate.size, 4 + gate.parameters);
      const parameters = Array.from({ length: gate.parameters }, (_, index) => core.peek(gate.size, index * bytes));
      checkOffset(gate.descriptor, gate.offset);
      frame.push(gate.size, i32[SEL + SS]);
      frame.push(gate.size, i32[ESP]);
      for (let index = gate.parameters - 1; index >= 0; index--) frame.push(gate.size, parameters[index]);
      frame.push(gate.size, i32[SEL + CS]);
      frame.push(gate.size, i32[EIP]);
      segmentation.markAccessed(stack);
      segmentation.markAccessed(gate.descriptor);
      segmentation.fill(SS, (stackSelector & ~3) | dpl, stack);
      core.setSp(frame.sp);
      segmentation.fill(CS, (gate.selector & ~3) | dpl, gate.descriptor);
      core.setCpl(dpl);
    } else {
      const frame = frameHere(gate.size);
      checkOffset(gate.descriptor, gate.offset);
      segmentation.markAccessed(gate.descriptor);
      pushReturn(frame, gate.size);
      segmentation.fill(CS, (gate.selector & ~3) | cpl, gate.descriptor);
    }
    i32[EIP] = gate.offset;
    core.updateKey();
  };

  const farReturn = (pc: number, release: number): void => {
    const size = operandSize(pc);
    const bytes = size >> 3;
    const eip = near(pc, core.peek(size));
    const selector = core.peek(size, bytes) & 0xffff;
    if (!core.protectedMode) {
      if (eip >>> 0 > i32[LIMIT + CS] >>> 0) core.gp(0);
      core.setSp(core.wrapSp(core.sp + 2 * bytes + release));
      segmentation.fillReal(CS, selector);
      i32[EIP] = eip;
      core.updateKey();
      return;
    }
    const cpl = i32[CPL];
    if ((selector & ~3) === 0) core.gp(0);
    const descriptor = segmentation.require(selector);
    const attributes = descriptorAttributes(descriptor);
    const error = selector & ~3;
    const rpl = selector & 3;
    if ((attributes & (ATTR_SEGMENT | ATTR_CODE)) !== (ATTR_SEGMENT | ATTR_CODE) || rpl < cpl) core.gp(error);
    const dpl = descriptorDpl(descriptor);
    if ((attributes & ATTR_CONFORMING) !== 0 ? dpl > rpl : dpl !== rpl) core.gp(error);
    if (!isPresent(descriptor)) core.fault.raise(NP_VECTOR, error);
    if (rpl > cpl) interrupts.returnOuter(selector, descriptor, eip, size, 2 * bytes + release, release);
    else {
      checkOffset(descriptor, eip);
      segmentation.markAccessed(descriptor);
      segmentation.fill(CS, selector, descriptor);
      core.setSp(core.wrapSp(core.sp + 2 * bytes + release));
      i32[EIP] = eip;
    }
    core.updateKey();
  };

  /** Offset and selector of a far pointer in memory. */
  const farPointer = (pc: number): [selector: number, offset: number] => {
    const size = operandSize(pc);
    const bytes = size >> 3;
    const offset = core.read(core.operandAddress(pc, bytes, false), size);
    return [core.read(core.partAddress(pc, bytes, 2, false), 16) & 0xffff, near(pc, offset)];
  };

  return {
    JMP: (pc) => core.jumpNear(relative(pc)),
    JMPE: (pc) => core.jumpNear(near(pc, core.getE(pc, operandSize(pc)))),
    CALL: (pc) => {
      nearCall(pc, relative(pc));
    },
    CALLE: (pc) => {
      nearCall(pc, near(pc, core.getE(pc, operandSize(pc))));
    },
    RET: (pc) => {
      const target = near(pc, core.peek(operandSize(pc)));
      check(target);
      core.setSp(core.wrapSp(core.sp + (operandSize(pc) >> 3)));
      i32[EIP] = target;
    },
    RETN: (pc) => {
      const target = near(pc, core.peek(operandSize(pc)));
      check(target);
      core.setSp(core.wrapSp(core.sp + (operandSize(pc) >> 3) + code[pc + R_IMM]));
      i32[EIP] = target;
    },
    LOOP: (pc) => loop(pc, (count) => count !== 0, true),
    LOOPE: (pc) => loop(pc, (count) => count !== 0 && core.flags.zf(), true),
    LOOPNE: (pc) => loop(pc, (count) => count !== 0 && !core.flags.zf(), true),
    JCXZ: (pc) => loop(pc, (count) => count === 0, false),
    JMPF: (pc) => farJump(code[pc + R_DISP] & 0xffff, near(pc, code[pc + R_IMM]), operandSize(pc)),
    CALLF: (pc) => farCall(code[pc + R_DISP] & 0xffff, near(pc, code[pc + R_IMM]), operandSize(pc)),
    JMPFE: (pc) => farJump(...farPointer(pc), operandSize(pc)),
    CALLFE: (pc) => farCall(...farPointer(pc), operandSize(pc)),
    RETF: (pc) => farReturn(pc, 0),
    RETFN: (pc) => farReturn(pc, code[pc + R_IMM]),
    IRET: (pc) => interrupts.return(operandSize(pc)),
    INT: (pc) => {
      const vector = code[pc + R_IMM] & 0xff;
      if (core.virtual8086 && interrupts.softwareInVirtual8086(vector)) return;
      interrupts.deliver(vector, true, -1);
    },
    INT3: () => interrupts.deliver(BP_VECTOR, true, -1),
    INTO: () => {
      if (core.flags.of()) interrupts.deliver(OF_VECTOR, true, -1);
    },
    ICEBP: () => interrupts.deliver(DB_VECTOR, false, -1),
    UD2: () => core.ud(),
    /** More than 15 bytes. */
    TOOLONG: () => core.fault.raise(GP_VECTOR, 0),
  };
};
