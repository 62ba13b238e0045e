/** Hardware task switching (Intel SDM volume 3, chapter 7). */
import type { Core } from "./core.js";
import { LAZY_NONE } from "./flags.js";
import { type Descriptor, descriptorAttributes, descriptorDpl, descriptorLimit, descriptorType, isPresent, type Segmentation } from "./segmentation.js";
import {
  ATTR,
  ATTR_CODE,
  ATTR_CONFORMING,
  ATTR_SEGMENT,
  BASE,
  CR0,
  CR0_PG,
  CR0_TS,
  CR3,
  CR4,
  CR4_PAE,
  CS,
  DEBUG_TRAP,
  DR6_BT,
  DR7,
  EAX,
  EIP,
  FLAGS,
  GP_VECTOR,
  LAZY_OP,
  LDTR,
  LIMIT,
  NP_VECTOR,
  NT,
  SEL,
  SS,
  SS_VECTOR,
  TR,
  TS_VECTOR,
  VM,
} from "./state.js";

export type SwitchReason = "jump" | "call" | "return";

const AVAILABLE_16 = 1;
const BUSY_16 = 3;
const AVAILABLE_32 = 9;
const BUSY_32 = 11;
/** Order of the segment selectors in a TSS: ES CS SS DS FS GS. */
const SEGMENTS = [0, 1, 2, 3, 4, 5];

/** Where things lie in the two TSS formats. */
const TSS32 = { eip: 0x20, flags: 0x24, registers: 0x28, segments: 0x48, ldt: 0x60, minimum: 0x67, step: 4 };
const TSS16 = { eip: 0x0e, flags: 0x10, registers: 0x12, segments: 0x22, ldt: 0x2a, minimum: 0x2b, step: 2 };

export class TaskSwitch {
  readonly #core: Core;
  readonly #segmentation: Segmentation;

  constructor(core: Core, segmentation: Segmentation) {
    this.#core = core;
    this.#segmentation = segmentation;
  }

  /** A gate or a far transfer names a TSS: find it and check that it can be entered. */
  findAvailable(selector: number, external: number): Descriptor {
    const { fault } = this.#core;
    const error = (selector & ~3) | external;
    if ((selector & 4) !== 0 || (selector & ~3) === 0) fault.raise(GP_VECTOR, error);
    const descriptor = this.#segmentation.find(selector);
    if (!descriptor) return fault.raise(GP_VECTOR, error);
    const type = descriptorType(descriptor);
    if (type !== AVAILABLE_16 && type !== AVAILABLE_32) fault.raise(GP_VECTOR, error);
    if (!isPresent(descriptor)) fault.raise(NP_VECTOR, error);
    return descriptor;
  }

  /** IRET with NT set: back to the task named in the current TSS. */
  returnToPrevious(): void {
    const { i32, mmu, fault } = this.#core;
    const selector = mmu.read16(i32[BASE + TR], false);
    if ((selector & 4) !== 0 || (selector & ~3) === 0) fault.raise(TS_VECTOR, selector & ~3);
    const descriptor = this.#segmentation.find(selector);
    if (!descriptor) return fault.raise(TS_VECTOR, selector & ~3);
    const type = descriptorType(descriptor);
    if (type !== BUSY_16 && type !== BUSY_32) fault.raise(TS_VECTOR, selector & ~3);
    if (!isPresent(descriptor)) fault.raise(NP_VECTOR, selector & ~3);
    this.switch(selector, descriptor, "return");
  }

  /**
   * Saves the running task at `i32[EIP]` and enters another.
   * @param external EXT bit of the error codes of what goes wrong
   */
  switch(selector: number, descriptor: Descriptor, reason: SwitchReason, external = 0): void {
    const core = this.#core;
    const { i32, mmu, fault } = core;
    const wide = (descriptorType(descriptor) & 8) !== 0;
    const format = wide ? TSS32 : TSS16;
    if (descriptorLimit(descriptor) >>> 0 < format.minimum) fault.raise(TS_VECTOR, (selector & ~3) | external);
    const base = (descriptor.low >>> 16) | ((descriptor.high & 0xff) << 16) | (descriptor.high & 0xff00_0000);
    const oldBase = i32[BASE + TR];
    const oldSelector = i32[SEL + TR];
    const oldWide = (i32[ATTR + TR] & 8) !== 0;
    const oldFormat = oldWide ? TSS32 : TSS16;
    // both ends must be reachable before anything changes
    mmu.probeRead(base, false);
    mmu.probeRead((base + format.minimum) | 0, false);
    if (reason === "call") mmu.probeWrites(base, 2, false);
    mmu.probeWrite((oldBase + oldFormat.eip) | 0, false);
    mmu.probeWrite((oldBase + oldFormat.segments + 6 * oldFormat.step - 1) | 0, false);

    let flags = core.flags.materialise();
    if (reason === "return") flags &= ~NT;
    const put = (offset: number, value: number): void => (oldWide ? mmu.write32((oldBase + offset) | 0, value, false) : mmu.write16((oldBase + offset) | 0, value, false));
    put(oldFormat.eip, i32[EIP]);
    put(oldFormat.flags, flags);
    for (let register = 0; register < 8; register++) put(oldFormat.registers + register * oldFormat.step, i32[EAX + register]);
    const segments = oldWide ? 6 : 4;
    for (let segment = 0; segment < segments; segment++) mmu.write16((oldBase + oldFormat.segments + segment * oldFormat.step) | 0, i32[SEL + segment], false);

    const get = (offset: number): number => (wide ? mmu.read32((base + offset) | 0, false) : mmu.read16((base + offset) | 0, false));
    const newCr3 = wide ? mmu.read32((base + 0x1c) | 0, false) : 0;
    const eip = get(format.eip);
    let newFlags = get(format.flags);
    const registers = Array.from({ length: 8 }, (_, register) => get(format.registers + register * format.step));
    const selectors = SEGMENTS.map((segment) => (wide || segment < 4 ? mmu.read16((base + format.segments + segment * format.step) | 0, false) : 0));
    const ldt = mmu.read16((base + format.ldt) | 0, false);
    const trap = wide ? mmu.read16((base + 0x64) | 0, false) & 1 : 0;

    if (reason !== "call") {
      const old = this.#segmentation.find(oldSelector);
      if (old) this.#segmentation.setBusy(old, false);
    }
    if (reason === "call") {
      mmu.write16(base, oldSelector, false);
      newFlags |= NT;
    }
    if (reason !== "return") this.#segmentation.setBusy(descriptor, true);

    // the new task from here on
    this.#segmentation.fill(TR, selector, descriptor);
    i32[ATTR + TR] |= 2;
    i32[CR0] |= CR0_TS;
    i32[EIP] = eip;
    i32[FLAGS] = (newFlags & 0x3f_7fd5) | 2;
    i32[LAZY_OP] = LAZY_NONE;
    for (let register = 0; register < 8; register++) {
      if (wide) i32[EAX + register] = registers[register];
      else core.i16[(EAX + register) << 1] = registers[register];
    }
    i32[DR7] &= ~0x155;
    core.onTaskSwitched();
    core.eipCommitted = true;
    core.updatePrivilege();
    if (wide && (i32[CR0] & CR0_PG) !== 0) {
      // the PDPTEs are loaded only where CR3 changes (SDM volume 3, section 4.4.1)
      if ((i32[CR4] & CR4_PAE) !== 0 && newCr3 !== i32[CR3] && !mmu.loadPdptes(newCr3)) core.gp(external);
      i32[CR3] = newCr3;
      mmu.flush(true);
    }
    this.#loadSegments(selectors, ldt, external);
    if (eip >>> 0 > i32[LIMIT + CS] >>> 0) fault.raise(GP_VECTOR, 0);
    if (trap !== 0) i32[DEBUG_TRAP] |= DR6_BT;
    core.eipCommitted = false;
  }

  #loadSegments(selectors: readonly number[], ldt: number, external: number): void {
    const core = this.#core;
    const segmentation = this.#segmentation;
    const { i32, fault } = core;
    // selectors are visible even where loading faults
    for (const segment of SEGMENTS) {
      segmentation.fillNull(segment, selectors[segment]);
    }
    segmentation.fillNull(LDTR, ldt);
    segmentation.loadLdt(ldt, TS_VECTOR, TS_VECTOR, external);
    if ((i32[FLAGS] & VM) !== 0) {
      for (const segment of SEGMENTS) segmentation.fillReal(segment, selectors[segment]);
      core.setCpl(3);
      core.updateKey();
      return;
    }
    const code = selectors[CS];
    const cpl = code & 3;
    core.setCpl(cpl);
    segmentation.loadStack(selectors[SS], cpl, TS_VECTOR, SS_VECTOR, external);
    const error = (code & ~3) | external;
    const descriptor = segmentation.require(code, TS_VECTOR, external);
    const attributes = descriptorAttributes(descriptor);
    if ((attributes & (ATTR_SEGMENT | ATTR_CODE)) !== (ATTR_SEGMENT | ATTR_CODE)) fault.raise(TS_VECTOR, error);
    const dpl = descriptorDpl(descriptor);
    if ((attributes & ATTR_CONFORMING) !== 0 ? dpl > cpl : dpl !== cpl) fault.raise(TS_VECTOR, error);
    if (!isPresent(descriptor)) fault.raise(NP_VECTOR, error);
    segmentation.markAccessed(descriptor);
    segmentation.fill(CS, code, descriptor);
    for (const segment of [0, 3, 4, 5]) segmentation.loadData(segment, selectors[segment], cpl, TS_VECTOR, NP_VECTOR, external);
    core.updateKey();
  }
}
