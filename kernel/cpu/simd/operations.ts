/** MMX and SSE instructions as operations of the interpreter. */
import type { ColdOperation, Core } from "../core.js";
import type { Fpu } from "../fpu.js";

export const simdOperations = (_core: Core, _fpu: Fpu): Record<string, ColdOperation> => ({});
