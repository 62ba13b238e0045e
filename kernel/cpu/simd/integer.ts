/** MMX and SSE2 packed integer operations, by operation name. */
import type { VectorOperation } from "./vector.js";

export const packedIntegerOperations: Record<string, VectorOperation> = {};
