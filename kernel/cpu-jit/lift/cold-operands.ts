/**
 * Operands of records of cold operations, where registers are plain numbers and the size stands in R_META; see
 * `kernel/cpu/core.ts`. Values are evaluated where the operand is read, and sign-extended.
 */
import { META_ADDR16, META_BYTE, META_OP16, META_REGISTER, R_META, R_REG, R_RM } from "../../cpu/interpreter/record.js";
import type { Expr, Size } from "../ir/ir.js";
import type { BlockBuilder } from "./builder.js";
import { address, getRegister, hasSimpleAddress, setRegister } from "./operands.js";
import { memoryPlace, type Place, registerPlace } from "./place.js";

const has = (block: BlockBuilder, bit: number): boolean => (block.field(R_META) & bit) !== 0;

export const sizeOf = (block: BlockBuilder): Size => (has(block, META_BYTE) ? 8 : has(block, META_OP16) ? 16 : 32);
/** Of instructions that have no form for bytes. */
export const wordSize = (block: BlockBuilder): 16 | 32 => (has(block, META_OP16) ? 16 : 32);
export const isRegister = (block: BlockBuilder): boolean => has(block, META_REGISTER);
export const hasAddress16 = (block: BlockBuilder): boolean => has(block, META_ADDR16);
/** The E operand is of a form that can be lifted. */
export const isSimple = (block: BlockBuilder): boolean => isRegister(block) || hasSimpleAddress(block);

/** The index that `getRegister` takes, from a plain register number. */
const indexOf = (size: Size, register: number): number => (size === 32 ? register : size === 16 ? register << 1 : ((register & 3) << 2) | (register >> 2));

export const getNumbered = (block: BlockBuilder, size: Size, register: number): Expr => block.let(getRegister(size, indexOf(size, register)));
export const setNumbered = (block: BlockBuilder, size: Size, register: number, value: Expr): void => setRegister(block, size, indexOf(size, register), value);

export const getG = (block: BlockBuilder, size: Size): Expr => getNumbered(block, size, block.field(R_REG));
export const setG = (block: BlockBuilder, size: Size, value: Expr): void => setNumbered(block, size, block.field(R_REG), value);
export const getE = (block: BlockBuilder, size: Size): Expr => (isRegister(block) ? getNumbered(block, size, block.field(R_RM)) : block.load(size, address(block, false)));

/** The E operand of an instruction that writes it. */
export const modifyE = (block: BlockBuilder, size: Size): Place =>
  isRegister(block) ? registerPlace(block, size, indexOf(size, block.field(R_RM))) : memoryPlace(block, size, address(block, true));
