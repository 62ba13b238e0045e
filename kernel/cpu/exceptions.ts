/** From a fault to its handler: error codes, and the way to the double and triple fault (SDM volume 3, section 6.15). */
import type { Core } from "./core.js";
import type { Interrupts } from "./interrupts.js";
import { DB_VECTOR, DF_VECTOR, DR7, DR7_GD, FLAGS, PF_VECTOR, RF } from "./state.js";

/** Exceptions that combine into a double fault (SDM volume 3, table 6-5): #DE, #TS, #NP, #SS, #GP. */
const CONTRIBUTORY = new Set([0, 10, 11, 12, 13]);
const HAS_ERROR_CODE = new Set([8, 10, 11, 12, 13, 14, 17]);

const makeDoubleFault = (first: number, second: number): boolean =>
  (CONTRIBUTORY.has(first) && CONTRIBUTORY.has(second)) || (first === PF_VECTOR && (second === PF_VECTOR || CONTRIBUTORY.has(second)));

/** Delivers the fault just caught; faults on the way may become a double fault. False after a triple fault. */
export const deliverException = (core: Core, interrupts: Interrupts): boolean => {
  const { i32, fault } = core;
  let { vector, errorCode } = fault;
  for (;;) {
    try {
      if (vector !== DB_VECTOR) {
        core.flags.materialise();
        i32[FLAGS] |= RF;
      } else i32[DR7] &= ~DR7_GD;
      interrupts.deliver(vector, false, HAS_ERROR_CODE.has(vector) && (core.protectedMode || core.virtual8086) ? Math.max(0, errorCode) : -1);
      core.eipCommitted = false;
      return true;
    } catch (error) {
      if (error !== fault) throw error;
      core.eipCommitted = false;
      if (vector === DF_VECTOR) return false;
      if (makeDoubleFault(vector, fault.vector)) {
        vector = DF_VECTOR;
        errorCode = 0;
      } else ({ vector, errorCode } = fault);
    }
  }
};
