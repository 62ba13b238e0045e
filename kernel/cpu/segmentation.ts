/** Segment registers and descriptor tables (Intel SDM volume 3, chapters 3 and 5). */
import type { Core, OperandSize } from "./core.js";
import {
  AC,
  ATTR,
  ATTR_ACCESSED,
  ATTR_CODE,
  ATTR_CONFORMING,
  ATTR_GRANULAR,
  ATTR_PRESENT,
  ATTR_READABLE,
  ATTR_SEGMENT,
  ATTR_WRITABLE,
  BASE,
  CPL,
  CS,
  ES,
  FLAGS,
  GDTR_BASE,
  GDTR_LIMIT,
  GP_VECTOR,
  GS,
  ID,
  IF,
  IOPL,
  LDTR,
  LIMIT,
  NP_VECTOR,
  NT,
  RF,
  SEL,
  SS,
  SS_VECTOR,
  TR,
  VIF,
  VIP,
  VM,
} from "./state.js";

/** A descriptor as read from a table. */
export interface Descriptor {
  low: number;
  high: number;
  /** Linear address of the descriptor, for the accessed and busy bits. */
  address: number;
}

export const descriptorBase = (descriptor: Descriptor): number => (descriptor.low >>> 16) | ((descriptor.high & 0xff) << 16) | (descriptor.high & 0xff00_0000) | 0;
/** Bits 40-47 and 52-55, as ATTR holds them. */
export const descriptorAttributes = (descriptor: Descriptor): number => (descriptor.high >>> 8) & 0xf0ff;
export const descriptorLimit = (descriptor: Descriptor): number => {
  const raw = (descriptor.low & 0xffff) | (descriptor.high & 0xf_0000);
  return (descriptorAttributes(descriptor) & ATTR_GRANULAR) !== 0 ? (raw << 12) | 0xfff | 0 : raw;
};
export const descriptorDpl = (descriptor: Descriptor): number => (descriptor.high >>> 13) & 3;
/** Type field with the S bit: 0-15 system, 16-31 code and data. */
export const descriptorType = (descriptor: Descriptor): number => (descriptor.high >>> 8) & 0x1f;
export const isPresent = (descriptor: Descriptor): boolean => (descriptor.high & 0x8000) !== 0;

export class Segmentation {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Descriptor of a selector, or `undefined` beyond its table's limit (or in an absent LDT). */
  find(selector: number): Descriptor | undefined {
    const { i32, mmu } = this.#core;
    let base: number;
    let limit: number;
    if ((selector & 4) !== 0) {
      if (i32[ATTR + LDTR] === 0) return undefined;
      base = i32[BASE + LDTR];
      limit = i32[LIMIT + LDTR] >>> 0;
    } else {
      base = i32[GDTR_BASE];
      limit = i32[GDTR_LIMIT] >>> 0;
    }
    if ((selector | 7) > limit) return undefined;
    const address = (base + (selector & ~7)) | 0;
    return { low: mmu.read32(address, false), high: mmu.read32((address + 4) | 0, false), address };
  }

  /** As `find`. @throws GuestFault with the selector in the error code. */
  require(selector: number, vector = GP_VECTOR, external = 0): Descriptor {
    const found = (selector & ~3) === 0 ? undefined : this.find(selector);
    if (!found) return this.#core.fault.raise(vector, (selector & ~3) | external);
    return found;
  }

  markAccessed(descriptor: Descriptor): void {
    if ((descriptor.high & 0x100) !== 0) return;
    descriptor.high |= 0x100;
    this.#core.mmu.write8((descriptor.address + 5) | 0, descriptor.high >>> 8, false);
  }

  /** Loads the hidden part from a descriptor that has passed its checks. */
  fill(segment: number, selector: number, descriptor: Descriptor): void {
    const { i32 } = this.#core;
    i32[SEL + segment] = selector;
    i32[BASE + segment] = descriptorBase(descriptor);
    i32[LIMIT + segment] = descriptorLimit(descriptor);
    i32[ATTR + segment] = descriptorAttributes(descriptor) | (segment <= 5 ? ATTR_ACCESSED : 0);
  }

  /** Real mode and virtual-8086: base is selector times 16; real mode keeps the limit (unreal mode). */
  fillReal(segment: number, selector: number): void {
    const { i32 } = this.#core;
    i32[SEL + segment] = selector;
    i32[BASE + segment] = selector << 4;
    if (this.#core.virtual8086) {
      i32[LIMIT + segment] = 0xffff;
      i32[ATTR + segment] = ATTR_PRESENT | 0x60 | ATTR_SEGMENT | ATTR_WRITABLE | ATTR_ACCESSED;
    } else {
      const attributes = i32[ATTR + segment];
      if (segment === CS || attributes === 0) i32[ATTR + segment] = (attributes & 0xf000) | ATTR_PRESENT | ATTR_SEGMENT | ATTR_WRITABLE | ATTR_ACCESSED;
      if (attributes === 0) i32[LIMIT + segment] = 0xffff;
    }
  }

  /** Marks a data segment register unusable. */
  fillNull(segment: number, selector: number): void {
    const { i32 } = this.#core;
    i32[SEL + segment] = selector;
    i32[BASE + segment] = 0;
    i32[LIMIT + segment] = 0;
    i32[ATTR + segment] = 0;
  }

  /** MOV or POP to ES, SS, DS, FS or GS. */
  load(segment: number, selector: number): void {
    if (!this.#core.protectedMode) this.fillReal(segment, selector);
    else if (segment === SS) this.loadStack(selector, this.#core.i32[CPL], GP_VECTOR, SS_VECTOR);
    else this.loadData(segment, selector, this.#core.i32[CPL]);
    this.#core.updateKey();
  }

  loadData(segment: number, selector: number, cpl: number, vector = GP_VECTOR, notPresent = NP_VECTOR, external = 0): void {
    if ((selector & ~3) === 0) {
      this.fillNull(segment, selector);
      return;
    }
    const { fault } = this.#core;
    const descriptor = this.require(selector, vector, external);
    const attributes = descriptorAttributes(descriptor);
    const error = (selector & ~3) | external;
    if ((attributes & ATTR_SEGMENT) === 0 || (attributes & (ATTR_CODE | ATTR_READABLE)) === ATTR_CODE) fault.raise(vector, error);
    const conforming = (attributes & (ATTR_CODE | ATTR_CONFORMING)) === (ATTR_CODE | ATTR_CONFORMING);
    if (!conforming && descriptorDpl(descriptor) < Math.max(selector & 3, cpl)) fault.raise(vector, error);
    if (!isPresent(descriptor)) fault.raise(notPresent, error);
    this.markAccessed(descriptor);
    this.fill(segment, selector, descriptor);
  }

  /** Checks a stack segment for a privilege level; returns its descriptor. */
  checkStack(selector: number, cpl: number, vector: number, notPresent: number, external = 0): Descriptor {
    const { fault } = this.#core;
    const descriptor = this.require(selector, vector, external);
    const attributes = descriptorAttributes(descriptor);
    const error = (selector & ~3) | external;
    if ((selector & 3) !== cpl || descriptorDpl(descriptor) !== cpl || (attributes & (ATTR_SEGMENT | ATTR_CODE | ATTR_WRITABLE)) !== (ATTR_SEGMENT | ATTR_WRITABLE))
      fault.raise(vector, error);
    if (!isPresent(descriptor)) fault.raise(notPresent, error);
    return descriptor;
  }

  loadStack(selector: number, cpl: number, vector: number, notPresent: number, external = 0): void {
    const descriptor = this.checkStack(selector, cpl, vector, notPresent, external);
    this.markAccessed(descriptor);
    this.fill(SS, selector, descriptor);
  }

  /** LLDT; also the LDT part of a task switch. */
  loadLdt(selector: number, vector = GP_VECTOR, notPresent = NP_VECTOR, external = 0): void {
    if ((selector & ~3) === 0) {
      this.fillNull(LDTR, selector);
      return;
    }
    const { fault } = this.#core;
    const error = (selector & ~3) | external;
    if ((selector & 4) !== 0) fault.raise(vector, error);
    const descriptor = this.require(selector, vector, external);
    if (descriptorType(descriptor) !== 2) fault.raise(vector, error);
    if (!isPresent(descriptor)) fault.raise(notPresent, error);
    this.fill(LDTR, selector, descriptor);
  }

  /** LTR. */
  loadTask(selector: number): void {
    const { fault } = this.#core;
    const error = selector & ~3;
    if (error === 0) fault.raise(GP_VECTOR, 0);
    if ((selector & 4) !== 0) fault.raise(GP_VECTOR, error);
    const descriptor = this.require(selector);
    const type = descriptorType(descriptor);
    if (type !== 1 && type !== 9) fault.raise(GP_VECTOR, error);
    if (!isPresent(descriptor)) fault.raise(NP_VECTOR, error);
    this.setBusy(descriptor, true);
    this.fill(TR, selector, descriptor);
  }

  /** The busy bit of a TSS descriptor in memory (and in the copy). */
  setBusy(descriptor: Descriptor, busy: boolean): void {
    descriptor.high = busy ? descriptor.high | 0x200 : descriptor.high & ~0x200;
    this.#core.mmu.write8((descriptor.address + 5) | 0, descriptor.high >>> 8, false);
  }

  /** After a return to an outer level: data segments that the outer level may not use become null. True when there was one. */
  dropInnerSegments(cpl: number): boolean {
    const { i32 } = this.#core;
    let dropped = false;
    for (let segment = ES; segment <= GS; segment++) {
      if (segment === CS || segment === SS) continue;
      const attributes = i32[ATTR + segment];
      if (attributes === 0) continue;
      const conforming = (attributes & (ATTR_CODE | ATTR_CONFORMING)) === (ATTR_CODE | ATTR_CONFORMING);
      if (!conforming && ((attributes >> 5) & 3) < cpl) {
        this.fillNull(segment, 0);
        dropped = true;
      }
    }
    return dropped;
  }

  /** POPF, and IRET outside protected mode: which bits may change follows from privilege; VM, VIF and VIP are untouched. RF is not loaded. */
  setFlags(value: number, size: OperandSize, cpl: number): void {
    const { i32, flags } = this.#core;
    const kept = flags.materialise();
    let changeable = size === 16 ? 0xffff : 0x3f_ffff & ~(VM | VIF | VIP);
    if (size !== 16) changeable |= AC | ID | RF;
    const iopl = (kept >> 12) & 3;
    if (cpl > 0 || this.#core.virtual8086) changeable &= ~IOPL;
    if (cpl > iopl && !this.#core.virtual8086) changeable &= ~IF;
    // reserved bits: 1 reads as one, 3, 5 and 15 as zero
    changeable &= ~(0x8028 | 2);
    i32[FLAGS] = (kept & ~changeable) | (value & changeable & ~RF) | 2;
    this.#core.updatePrivilege();
  }

  /** For VERR and VERW, LAR and LSL: visible from here without a fault? */
  visible(descriptor: Descriptor, selector: number): boolean {
    const conforming = (descriptorAttributes(descriptor) & (ATTR_SEGMENT | ATTR_CODE | ATTR_CONFORMING)) === (ATTR_SEGMENT | ATTR_CODE | ATTR_CONFORMING);
    return conforming || descriptorDpl(descriptor) >= Math.max(this.#core.i32[CPL], selector & 3);
  }

  get nestedTask(): boolean {
    return (this.#core.i32[FLAGS] & NT) !== 0;
  }
}
