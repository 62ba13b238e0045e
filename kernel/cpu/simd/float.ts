/** SSE and SSE2 arithmetic, comparisons and conversions, by operation name. */
import type { Mxcsr } from "./mxcsr.js";
import type { VectorOperation } from "./vector.js";

export const floatOperations = (_mxcsr: Mxcsr): Record<string, VectorOperation> => ({});
