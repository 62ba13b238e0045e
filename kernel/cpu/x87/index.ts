export { isUncheckedStore, X87 } from "./execute.js";
export type { X87Host } from "./host.js";
export { x87OperandBytes, x87Writes } from "./operands.js";
