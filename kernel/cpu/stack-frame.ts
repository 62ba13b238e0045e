/** A stack that is being written to before it becomes the current one. */
import type { Core, OperandSize } from "./core.js";
import { type Descriptor, descriptorAttributes, descriptorBase, descriptorLimit } from "./segmentation.js";
import { ATTR, ATTR_BIG, ATTR_EXPAND_DOWN, BASE, LIMIT, SS, SS_VECTOR } from "./state.js";

export class StackFrame {
  readonly #core: Core;
  readonly #base: number;
  readonly #limit: number;
  readonly #attributes: number;
  readonly #user: boolean;
  readonly #errorCode: number;
  /** Offset of the last thing pushed. */
  sp: number;

  private constructor(core: Core, base: number, limit: number, attributes: number, sp: number, user: boolean, errorCode: number) {
    this.#core = core;
    this.#base = base;
    this.#limit = limit >>> 0;
    this.#attributes = attributes;
    this.#user = user;
    this.#errorCode = errorCode;
    this.sp = sp >>> 0;
  }

  /** The stack in use; overflow gives #SS with `external` as its error code. */
  static current(core: Core, cpl: number, external = 0): StackFrame {
    const { i32 } = core;
    return new StackFrame(core, i32[BASE + SS], i32[LIMIT + SS], i32[ATTR + SS], core.sp, cpl === 3, external);
  }

  /** A stack about to be switched to; overflow gives #SS(selector + external). */
  static fresh(core: Core, selector: number, descriptor: Descriptor, sp: number, cpl: number, external = 0): StackFrame {
    const attributes = descriptorAttributes(descriptor);
    return new StackFrame(
      core,
      descriptorBase(descriptor),
      descriptorLimit(descriptor),
      attributes,
      (attributes & ATTR_BIG) !== 0 ? sp : sp & 0xffff,
      cpl === 3,
      (selector & ~3) | external,
    );
  }

  /** Faults now if any of the next `count` pushes would, so that none is done in vain. */
  reserve(size: OperandSize, count: number): void {
    const bytes = size >> 3;
    const big = (this.#attributes & ATTR_BIG) !== 0;
    let sp = this.sp;
    for (let index = 0; index < count; index++) {
      sp = big ? (sp - bytes) >>> 0 : (sp - bytes) & 0xffff;
      const last = sp + bytes - 1;
      const inside = (this.#attributes & ATTR_EXPAND_DOWN) !== 0 ? sp > this.#limit && last <= (big ? 0xffff_ffff : 0xffff) : last <= this.#limit;
      if (!inside) this.#core.fault.raise(SS_VECTOR, this.#errorCode);
      this.#core.mmu.probeWrites((this.#base + sp) | 0, bytes, this.#user);
    }
  }

  /** Room must have been reserved. */
  push(size: OperandSize, value: number): void {
    this.sp = (this.#attributes & ATTR_BIG) !== 0 ? (this.sp - (size >> 3)) >>> 0 : (this.sp - (size >> 3)) & 0xffff;
    const linear = (this.#base + this.sp) | 0;
    if (size === 32) this.#core.mmu.write32(linear, value, this.#user);
    else this.#core.mmu.write16(linear, value, this.#user);
  }
}
