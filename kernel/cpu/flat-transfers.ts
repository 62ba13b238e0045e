/**
 * Interrupts, exceptions and IRET as 32-bit kernels with flat segments have them: through interrupt and trap gates to ring 0,
 * and back to ring 0 or 3, when all tables and stacks are plain memory in the TLBs and nothing can fault. What is not so
 * is refused with nothing changed; `interrupts.ts` does it in general, and means the same (SDM volume 3, chapter 6).
 */
import { TLB_ALIGNED } from "../memory/layout.js";
import type { Core } from "./core.js";
import { FLAT_CODE, FLAT_LOW, FLAT_STACK, type FlatKind, RAW_ATTRIBUTES, RAW_SHIFT } from "./flat-descriptors.js";
import type { Segmentation } from "./segmentation.js";
import {
  ATTR,
  BASE,
  CPL,
  CS,
  EIP,
  ESP,
  FLAGS,
  GDTR_BASE,
  GDTR_LIMIT,
  IDTR_BASE,
  IDTR_LIMIT,
  IF,
  KEY_CODE32,
  KEY_FLAT,
  KEY_REAL,
  KEY_STACK32,
  LIMIT,
  MODE_KEY,
  NT,
  RF,
  SEL,
  SS,
  TF,
  TLB_HALF,
  TR,
  VM,
} from "./state.js";

const FLAT_MODE = KEY_CODE32 | KEY_STACK32 | KEY_FLAT;
/** Of a gate's upper half: present, 32-bit, an interrupt gate or (bit 8) a trap gate. */
const GATE_CHECKED = 0x9e00;
const GATE_USABLE = 0x8e00;
const TRAP = 0x100;
const TSS32 = 8;

export class FlatTransfers {
  readonly #core: Core;
  readonly #segmentation: Segmentation;

  constructor(core: Core, segmentation: Segmentation) {
    this.#core = core;
    this.#segmentation = segmentation;
  }

  /** Word of the guest buffer where aligned bytes on one page lie; -1 when they are not there for the asking. */
  #place(tlb: Int32Array, linear: number, bytes: number, part: number): number {
    const entry = tlb[(linear >>> 12) + part];
    return ((entry | linear) & 0xfff) > 0x1000 - bytes || (linear & 3) !== 0 ? -1 : (entry ^ linear) >>> 2;
  }

  /** Attributes of a flat segment in the global descriptor table; -1 for anything else. */
  #attributes(selector: number, dpl: number, { checked, usable }: FlatKind): number {
    const { i32, mmu } = this.#core;
    if ((selector & 4) !== 0 || (selector & ~3) === 0 || (selector | 7) > i32[GDTR_LIMIT] >>> 0) return -1;
    const at = this.#place(mmu.tlbR, (i32[GDTR_BASE] + (selector & ~7)) | 0, 8, 0);
    if (at < 0) return -1;
    const high = i32[at + 1];
    return i32[at] === FLAT_LOW && (high & checked) === usable && ((high >>> 13) & 3) === dpl ? (high >>> RAW_SHIFT) & RAW_ATTRIBUTES : -1;
  }

  #fill(segment: number, selector: number, attributes: number): void {
    const { i32 } = this.#core;
    i32[SEL + segment] = selector;
    i32[BASE + segment] = 0;
    i32[LIMIT + segment] = -1;
    i32[ATTR + segment] = attributes;
  }

  #isFlat(): boolean {
    return (this.#core.i32[MODE_KEY] & (FLAT_MODE | KEY_REAL)) === FLAT_MODE;
  }

  /** As `Interrupts.deliver`; false when it is not for this way. */
  deliver(vector: number, software: boolean, errorCode: number): boolean {
    const core = this.#core;
    const { i32, mmu } = core;
    const cpl = i32[CPL];
    if (!this.#isFlat() || vector * 8 + 7 > i32[IDTR_LIMIT] >>> 0 || (cpl !== 0 && cpl !== 3)) return false;
    const gate = this.#place(mmu.tlbR, (i32[IDTR_BASE] + vector * 8) | 0, 8, 0);
    if (gate < 0) return false;
    const low = i32[gate];
    const high = i32[gate + 1];
    if ((high & GATE_CHECKED) !== GATE_USABLE || (software && ((high >>> 13) & 3) < cpl)) return false;
    const selector = low >>> 16;
    const code = this.#attributes(selector, 0, FLAT_CODE);
    if (code < 0) return false;

    let top = i32[ESP];
    let stackSelector = 0;
    let stack = 0;
    if (cpl === 3) {
      if ((i32[ATTR + TR] & TSS32) === 0 || i32[LIMIT + TR] >>> 0 < 11) return false;
      const inner = this.#place(mmu.tlbR, (i32[BASE + TR] + 4) | 0, 8, 0);
      if (inner < 0) return false;
      top = i32[inner];
      stackSelector = i32[inner + 1] & 0xffff;
      stack = this.#attributes(stackSelector, 0, FLAT_STACK);
      if (stack < 0 || (stackSelector & 3) !== 0) return false;
    }
    const bytes = (cpl === 3 ? 20 : 12) + (errorCode >= 0 ? 4 : 0);
    const sp = (top - bytes) | 0;
    let at = this.#place(mmu.tlbW, sp, bytes, 0);
    if (at < 0) return false;

    if (errorCode >= 0) i32[at++] = errorCode;
    i32[at] = i32[EIP];
    i32[at + 1] = i32[SEL + CS];
    i32[at + 2] = core.flags.materialise();
    if (cpl === 3) {
      i32[at + 3] = i32[ESP];
      i32[at + 4] = i32[SEL + SS];
      this.#fill(SS, stackSelector, stack);
    }
    i32[ESP] = sp;
    this.#fill(CS, selector & ~3, code);
    if (cpl === 3) core.setCpl(0);
    i32[EIP] = (high & 0xffff_0000) | (low & 0xffff);
    i32[FLAGS] &= ~(TF | NT | RF | ((high & TRAP) !== 0 ? 0 : IF));
    return true;
  }

  /** As IRET of 32 bits, without the flags: those it returns, or undefined when it is not for this way. */
  return(): number | undefined {
    const core = this.#core;
    const { i32, mmu } = core;
    const part = i32[TLB_HALF];
    const cpl = i32[CPL];
    if (!this.#isFlat() || (i32[FLAGS] & NT) !== 0 || part === TLB_ALIGNED) return undefined;
    const at = this.#place(mmu.tlbR, i32[ESP], 12, part);
    if (at < 0) return undefined;
    const selector = i32[at + 1] & 0xffff;
    const flags = i32[at + 2];
    const rpl = selector & 3;
    if ((flags & VM) !== 0 || (rpl !== cpl && (cpl !== 0 || rpl !== 3))) return undefined;
    const code = this.#attributes(selector, rpl, FLAT_CODE);
    if (code < 0) return undefined;
    if (rpl === cpl) {
      i32[ESP] += 12;
      this.#fill(CS, selector, code);
      i32[EIP] = i32[at];
      return flags;
    }
    if (this.#place(mmu.tlbR, i32[ESP], 20, part) < 0) return undefined;
    const stackSelector = i32[at + 4] & 0xffff;
    const stack = this.#attributes(stackSelector, rpl, FLAT_STACK);
    if (stack < 0 || (stackSelector & 3) !== rpl) return undefined;
    this.#fill(CS, selector, code);
    this.#fill(SS, stackSelector, stack);
    core.setCpl(rpl);
    i32[EIP] = i32[at];
    i32[ESP] = i32[at + 3];
    if (this.#segmentation.dropInnerSegments(rpl)) core.updateKey();
    return flags;
  }
}
