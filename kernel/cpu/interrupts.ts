/** Delivery of interrupts and exceptions, and IRET (Intel SDM volume 3, chapter 6). */
import type { Core, OperandSize } from "./core.js";
import { FlatTransfers } from "./flat-transfers.js";
import { type Descriptor, descriptorAttributes, descriptorDpl, descriptorLimit, isPresent, type Segmentation } from "./segmentation.js";
import { StackFrame } from "./stack-frame.js";
import {
  AC,
  ATTR,
  ATTR_CODE,
  ATTR_CONFORMING,
  ATTR_SEGMENT,
  BASE,
  CPL,
  CR4,
  CR4_VME,
  CS,
  DS,
  EIP,
  ES,
  ESP,
  FLAGS,
  FS,
  GP_VECTOR,
  GS,
  ID,
  IDTR_BASE,
  IDTR_LIMIT,
  IF,
  IOPL,
  LIMIT,
  NMI_BLOCKED,
  NP_VECTOR,
  NT,
  RF,
  SEL,
  SS,
  SS_VECTOR,
  TF,
  TR,
  TS_VECTOR,
  VIF,
  VIP,
  VM,
} from "./state.js";
import type { TaskSwitch } from "./task-switch.js";

const TASK_GATE = 5;
const INTERRUPT_GATE_16 = 6;
const TRAP_GATE_16 = 7;
const INTERRUPT_GATE_32 = 14;
const TRAP_GATE_32 = 15;

export class Interrupts {
  readonly #core: Core;
  readonly #segmentation: Segmentation;
  readonly #tasks: TaskSwitch;
  readonly #flat: FlatTransfers;

  constructor(core: Core, segmentation: Segmentation, tasks: TaskSwitch) {
    this.#core = core;
    this.#segmentation = segmentation;
    this.#tasks = tasks;
    this.#flat = new FlatTransfers(core, segmentation);
  }

  /**
   * Transfers to the handler of a vector; the return address is `i32[EIP]`.
   * @param software INT n, INT3 or INTO: gate privilege is checked
   * @param errorCode pushed when not negative
   * @throws GuestFault when delivery itself faults
   */
  deliver(vector: number, software: boolean, errorCode: number): void {
    this.#core.interrupted = true;
    if (!this.#core.protectedMode && !this.#core.virtual8086) this.#deliverReal(vector);
    else if (!this.#flat.deliver(vector, software, errorCode)) this.#deliverProtected(vector, software, errorCode);
  }

  #deliverReal(vector: number): void {
    const core = this.#core;
    const { i32, mmu } = core;
    if (vector * 4 + 3 > i32[IDTR_LIMIT] >>> 0) core.fault.raise(GP_VECTOR, vector * 8 + 2);
    const address = (i32[IDTR_BASE] + vector * 4) | 0;
    const offset = mmu.read16(address, false);
    const selector = mmu.read16((address + 2) | 0, false);
    const frame = StackFrame.current(core, 0);
    frame.reserve(16, 3);
    if (offset > i32[LIMIT + CS] >>> 0) core.gp(0);
    frame.push(16, core.flags.materialise());
    frame.push(16, i32[SEL + CS]);
    frame.push(16, i32[EIP]);
    core.setSp(frame.sp);
    i32[FLAGS] &= ~(IF | TF | AC | RF);
    this.#segmentation.fillReal(CS, selector);
    i32[EIP] = offset;
    core.updateKey();
  }

  #deliverProtected(vector: number, software: boolean, errorCode: number): void {
    const core = this.#core;
    const { i32, mmu, fault } = core;
    const external = software ? 0 : 1;
    const idtError = vector * 8 + 2 + external;
    if (vector * 8 + 7 > i32[IDTR_LIMIT] >>> 0) fault.raise(GP_VECTOR, idtError);
    const address = (i32[IDTR_BASE] + vector * 8) | 0;
    const low = mmu.read32(address, false);
    const high = mmu.read32((address + 4) | 0, false);
    const type = (high >>> 8) & 0x1f;
    if (type !== TASK_GATE && type !== INTERRUPT_GATE_16 && type !== TRAP_GATE_16 && type !== INTERRUPT_GATE_32 && type !== TRAP_GATE_32) fault.raise(GP_VECTOR, idtError);
    if (software && ((high >>> 13) & 3) < i32[CPL]) fault.raise(GP_VECTOR, idtError);
    if ((high & 0x8000) === 0) fault.raise(NP_VECTOR, idtError);
    const selector = low >>> 16;
    if (type === TASK_GATE) {
      const descriptor = this.#tasks.findAvailable(selector, external);
      this.#tasks.switch(selector, descriptor, "call", external);
      if (errorCode >= 0) core.push((i32[ATTR + TR] & 8) !== 0 ? 32 : 16, errorCode);
      return;
    }
    const codeError = (selector & ~3) | external;
    if ((selector & ~3) === 0) fault.raise(GP_VECTOR, external);
    const descriptor = this.#segmentation.find(selector);
    if (!descriptor) return fault.raise(GP_VECTOR, codeError);
    const attributes = descriptorAttributes(descriptor);
    const dpl = descriptorDpl(descriptor);
    const cpl = i32[CPL];
    if ((attributes & (ATTR_SEGMENT | ATTR_CODE)) !== (ATTR_SEGMENT | ATTR_CODE) || dpl > cpl) fault.raise(GP_VECTOR, codeError);
    if (!isPresent(descriptor)) fault.raise(NP_VECTOR, codeError);
    const conforming = (attributes & ATTR_CONFORMING) !== 0;
    const newCpl = conforming ? cpl : dpl;
    if (core.virtual8086 && newCpl !== 0) fault.raise(GP_VECTOR, codeError);
    const size: OperandSize = (type & 8) !== 0 ? 32 : 16;
    const offset = (type & 8) !== 0 ? (high & 0xffff_0000) | (low & 0xffff) : low & 0xffff;
    const flags = core.flags.materialise();

    if (newCpl < cpl) this.#toInner(selector, descriptor, newCpl, offset, size, flags, errorCode, external);
    else {
      const frame = StackFrame.current(core, cpl, external);
      frame.reserve(size, errorCode >= 0 ? 4 : 3);
      this.#checkLimit(descriptor, offset, external);
      frame.push(size, flags);
      frame.push(size, i32[SEL + CS]);
      frame.push(size, i32[EIP]);
      if (errorCode >= 0) frame.push(size, errorCode);
      this.#segmentation.markAccessed(descriptor);
      core.setSp(frame.sp);
      this.#segmentation.fill(CS, (selector & ~3) | newCpl, descriptor);
    }
    i32[EIP] = offset;
    i32[FLAGS] &= ~(TF | NT | VM | RF | ((type & 1) === 0 ? IF : 0));
    core.updateKey();
  }

  #toInner(selector: number, descriptor: Descriptor, cpl: number, offset: number, size: OperandSize, flags: number, errorCode: number, external: number): void {
    const core = this.#core;
    const { i32 } = core;
    const [stackSelector, stackPointer] = this.innerStack(cpl, external);
    const stack = this.checkInnerStack(stackSelector, cpl, external);
    const frame = StackFrame.fresh(core, stackSelector, stack, stackPointer, cpl, external);
    const fromVirtual = core.virtual8086;
    frame.reserve(size, (fromVirtual ? 9 : 5) + (errorCode >= 0 ? 1 : 0));
    this.#checkLimit(descriptor, offset, external);
    if (fromVirtual) for (const segment of [GS, FS, DS, ES]) frame.push(size, i32[SEL + segment]);
    frame.push(size, i32[SEL + SS]);
    frame.push(size, i32[ESP]);
    frame.push(size, flags);
    frame.push(size, i32[SEL + CS]);
    frame.push(size, i32[EIP]);
    if (errorCode >= 0) frame.push(size, errorCode);
    // committed from here on
    this.#segmentation.markAccessed(stack);
    this.#segmentation.markAccessed(descriptor);
    i32[FLAGS] &= ~VM;
    if (fromVirtual) for (const segment of [GS, FS, DS, ES]) this.#segmentation.fillNull(segment, 0);
    this.#segmentation.fill(SS, (stackSelector & ~3) | cpl, stack);
    core.setSp(frame.sp);
    this.#segmentation.fill(CS, (selector & ~3) | cpl, descriptor);
    core.setCpl(cpl);
  }

  /** Stack selector and pointer for a privilege level, from the current TSS. */
  innerStack(cpl: number, external: number): [selector: number, pointer: number] {
    const { i32, mmu, fault } = this.#core;
    const wide = (i32[ATTR + TR] & 8) !== 0;
    const offset = wide ? 4 + cpl * 8 : 2 + cpl * 4;
    if (offset + (wide ? 7 : 3) > i32[LIMIT + TR] >>> 0) fault.raise(TS_VECTOR, (i32[SEL + TR] & ~3) | external);
    const at = (i32[BASE + TR] + offset) | 0;
    return wide ? [mmu.read16((at + 4) | 0, false), mmu.read32(at, false)] : [mmu.read16((at + 2) | 0, false), mmu.read16(at, false)];
  }

  checkInnerStack(selector: number, cpl: number, external: number): Descriptor {
    const { fault } = this.#core;
    const error = (selector & ~3) | external;
    if ((selector & ~3) === 0) fault.raise(TS_VECTOR, external);
    const descriptor = this.#segmentation.find(selector);
    if (!descriptor) return fault.raise(TS_VECTOR, error);
    const attributes = descriptorAttributes(descriptor);
    if ((selector & 3) !== cpl || descriptorDpl(descriptor) !== cpl || (attributes & 0x1a) !== 0x12) fault.raise(TS_VECTOR, error);
    if (!isPresent(descriptor)) fault.raise(SS_VECTOR, error);
    return descriptor;
  }

  /** INT n in virtual-8086 mode: through the interrupt redirection bitmap of VME, or #GP(0) while IOPL is below 3. */
  softwareInVirtual8086(vector: number): boolean {
    const core = this.#core;
    const { i32, mmu } = core;
    if ((i32[CR4] & CR4_VME) !== 0) {
      const limit = i32[LIMIT + TR] >>> 0;
      if (limit < 0x67) core.gp(0);
      const byte = mmu.read16((i32[BASE + TR] + 0x66) | 0, false) - 32 + (vector >> 3);
      if (byte < 0 || byte > limit) core.gp(0);
      if ((mmu.read8((i32[BASE + TR] + byte) | 0, false) & (1 << (vector & 7))) === 0) {
        const flags = core.flags.materialise();
        const pushed = core.iopl === 3 ? flags : (flags & ~IF) | IOPL | ((flags & VIF) !== 0 ? IF : 0);
        const offset = mmu.read16(vector * 4, true);
        const selector = mmu.read16(vector * 4 + 2, true);
        const frame = StackFrame.current(core, 3);
        frame.reserve(16, 3);
        if (offset > i32[LIMIT + CS] >>> 0) core.gp(0);
        core.interrupted = true;
        frame.push(16, pushed);
        frame.push(16, i32[SEL + CS]);
        frame.push(16, i32[EIP]);
        core.setSp(frame.sp);
        i32[FLAGS] &= ~(TF | (core.iopl === 3 ? IF : VIF));
        this.#segmentation.fillReal(CS, selector);
        i32[EIP] = offset;
        core.updateKey();
        return true;
      }
    }
    if (core.iopl < 3) core.gp(0);
    return false;
  }

  /** IRET in all modes. */
  return(size: 16 | 32): void {
    const core = this.#core;
    const { i32 } = core;
    const bytes = size >> 3;
    // even when the return faults
    i32[NMI_BLOCKED] = 0;
    const cplBefore = i32[CPL];
    const flatFlags = size === 32 ? this.#flat.return() : undefined;
    if (flatFlags !== undefined) {
      this.#setReturnFlags(flatFlags, 32, cplBefore);
      return;
    }
    if (!core.protectedMode) {
      this.#returnReal(size);
      return;
    }
    if (this.#segmentation.nestedTask) {
      this.#tasks.returnToPrevious();
      return;
    }
    const eip = size === 16 ? core.peek(16) & 0xffff : core.peek(32);
    const selector = core.peek(size, bytes) & 0xffff;
    const flags = core.peek(size, 2 * bytes);
    const cpl = i32[CPL];
    if (size === 32 && (flags & VM) !== 0 && cpl === 0) {
      this.#returnToVirtual8086(eip, selector, flags);
      return;
    }
    const { fault } = core;
    if ((selector & ~3) === 0) fault.raise(GP_VECTOR, 0);
    const error = selector & ~3;
    const descriptor = this.#segmentation.require(selector);
    const attributes = descriptorAttributes(descriptor);
    const rpl = selector & 3;
    if ((attributes & (ATTR_SEGMENT | ATTR_CODE)) !== (ATTR_SEGMENT | ATTR_CODE) || rpl < cpl) fault.raise(GP_VECTOR, error);
    const dpl = descriptorDpl(descriptor);
    if ((attributes & ATTR_CONFORMING) !== 0 ? dpl > rpl : dpl !== rpl) fault.raise(GP_VECTOR, error);
    if (!isPresent(descriptor)) fault.raise(NP_VECTOR, error);
    if (rpl > cpl) this.returnOuter(selector, descriptor, eip, size, 3 * bytes, 0);
    else {
      this.#checkLimit(descriptor, eip);
      this.#segmentation.markAccessed(descriptor);
      this.#segmentation.fill(CS, selector, descriptor);
      core.setSp(core.wrapSp(core.sp + 3 * bytes));
      i32[EIP] = eip;
    }
    this.#setReturnFlags(flags, size, cpl);
    core.updateKey();
  }

  #checkLimit(descriptor: Descriptor, eip: number, external = 0): void {
    if (eip >>> 0 > descriptorLimit(descriptor) >>> 0) this.#core.gp(external);
  }

  /** The part of IRET and RETF that leaves for an outer privilege level: stack `skip` bytes down holds ESP and SS. */
  returnOuter(selector: number, descriptor: Descriptor, eip: number, size: 16 | 32, skip: number, release: number): void {
    const core = this.#core;
    const { i32 } = core;
    const bytes = size >> 3;
    const rpl = selector & 3;
    const esp = size === 16 ? core.peek(16, skip) & 0xffff : core.peek(32, skip);
    const stackSelector = core.peek(size, skip + bytes) & 0xffff;
    const stack = this.#segmentation.checkStack(stackSelector, rpl, GP_VECTOR, SS_VECTOR);
    this.#checkLimit(descriptor, eip);
    this.#segmentation.markAccessed(descriptor);
    this.#segmentation.markAccessed(stack);
    this.#segmentation.fill(CS, selector, descriptor);
    this.#segmentation.fill(SS, stackSelector, stack);
    core.setCpl(rpl);
    i32[EIP] = eip;
    if (core.stack32) i32[ESP] = esp + release;
    else core.i16[ESP << 1] = esp + release;
    this.#segmentation.dropInnerSegments(rpl);
  }

  #returnReal(size: 16 | 32): void {
    const core = this.#core;
    const { i32 } = core;
    const bytes = size >> 3;
    const virtual = core.virtual8086;
    const vme = virtual && core.iopl < 3;
    if (vme && ((i32[CR4] & CR4_VME) === 0 || size === 32)) core.gp(0);
    const eip = size === 16 ? core.peek(16) & 0xffff : core.peek(32);
    const selector = core.peek(size, bytes) & 0xffff;
    const flags = core.peek(size, 2 * bytes);
    if (vme) {
      if (((i32[FLAGS] & VIP) !== 0 && (flags & IF) !== 0) || (flags & TF) !== 0) core.gp(0);
      const kept = core.flags.materialise();
      const changed = 0xffff & ~(IF | IOPL);
      i32[FLAGS] = (kept & ~(changed | VIF)) | (flags & changed & 0x7fd5) | 2 | ((flags & IF) !== 0 ? VIF : 0);
    }
    if (eip >>> 0 > i32[LIMIT + CS] >>> 0) core.gp(0);
    core.setSp(core.wrapSp(core.sp + 3 * bytes));
    this.#segmentation.fillReal(CS, selector);
    i32[EIP] = eip;
    if (!vme) {
      this.#segmentation.setFlags(flags, size, virtual ? 3 : 0);
      if (size === 32) i32[FLAGS] |= flags & RF;
    }
    core.updateKey();
  }

  #returnToVirtual8086(eip: number, selector: number, flags: number): void {
    const core = this.#core;
    const { i32 } = core;
    const esp = core.peek(32, 12);
    const selectors = [SS, ES, DS, FS, GS].map((segment, index) => [segment, core.peek(32, 16 + 4 * index) & 0xffff]);
    core.flags.materialise();
    i32[FLAGS] = (flags & 0x3f_7fd5) | 2;
    this.#segmentation.fillReal(CS, selector);
    for (const [segment, value] of selectors) this.#segmentation.fillReal(segment, value);
    i32[ESP] = esp;
    i32[EIP] = eip & 0xffff;
    core.setCpl(3);
    core.updateKey();
  }

  #setReturnFlags(value: number, size: 16 | 32, cpl: number): void {
    const core = this.#core;
    const { i32, flags } = core;
    const kept = flags.materialise();
    let changeable = 0x7fd5;
    if (size === 32) changeable |= RF | AC | ID | (cpl === 0 ? VIF | VIP : 0);
    if (cpl > 0) changeable &= ~IOPL;
    if (cpl > ((kept >> 12) & 3)) changeable &= ~IF;
    i32[FLAGS] = (kept & ~changeable) | (value & changeable) | 2;
    core.updatePrivilege();
  }
}
