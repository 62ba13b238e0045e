/** MXCSR, EMMS, and what is about caches and ordering, of which there is nothing here but faults. Source: SDM volume 2. */
import type { ColdOperation, Core } from "../core.js";
import { ATTR, ATTR_CODE, ATTR_READABLE, BASE } from "../state.js";
import { X87_IN_USE } from "./state.js";
import type { VectorUnit } from "./unit.js";

export const controlOperations = (core: Core, unit: VectorUnit): Record<string, ColdOperation> => {
  const { i32, mmu } = core;
  const { mxcsr } = unit;
  /** One thread of execution with its own stores in order is always fenced; a prefetch is a hint and never faults. */
  const nothing: ColdOperation = () => {};
  return {
    EMMS: () => {
      unit.requireMmx();
      unit.enterMmx();
      i32[X87_IN_USE] = 0;
    },
    LDMXCSR: (pc) => {
      unit.requireSse();
      const value = core.read(unit.address(pc, 4, false, false), 32);
      if ((value & ~mxcsr.mask) !== 0) core.gp(0);
      mxcsr.value = value;
    },
    STMXCSR: (pc) => {
      unit.requireSse();
      core.write(unit.address(pc, 4, false, true), 32, mxcsr.value);
    },
    LFENCE: nothing,
    MFENCE: nothing,
    SFENCE: nothing,
    PREFETCHNTA: nothing,
    PREFETCHT0: nothing,
    PREFETCHT1: nothing,
    PREFETCHT2: nothing,
    /** Faults as a read of one byte would, except that code which cannot be read may be flushed. */
    CLFLUSH: (pc) => {
      const segment = core.segment(pc);
      const executeOnly = (i32[ATTR + segment] & (ATTR_CODE | ATTR_READABLE)) === ATTR_CODE;
      const offset = core.offset(pc);
      const linear = executeOnly && core.inside(segment, offset, 1) ? (i32[BASE + segment] + offset) | 0 : core.linear(segment, offset, 1, false);
      mmu.probeRead(linear, mmu.user);
    },
  };
};
