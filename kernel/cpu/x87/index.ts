export { isUncheckedStore, X87 } from "./execute.js";
export { bytesOf, createFastX87, type FastFunction, type FastInstruction, type FastOperation, type FastX87, FORMS, fastInstruction, RECORDS, WRITES } from "./fast.js";
export type { X87Host } from "./host.js";
export { x87OperandBytes, x87Writes } from "./operands.js";
