/**
 * The frequent x87 instructions as WebAssembly functions on the state in guest memory, for the interpreter and for generated code.
 * They execute what is usual: normal numbers and zeros, masked exceptions of which only PE arises, a stack that neither overflows nor
 * underflows. All else is the unit's in `execute.ts`, which is also what they are tested against.
 */
import { bytesOf, FORMS, FUNCTIONS, functionOf, type OperationName, RECORDS, WRITES } from "./fast/form.js";
import { instantiateFast } from "./fast/module.js";

export { bytesOf, FORMS, RECORDS, WRITES } from "./fast/form.js";

/**
 * Executes the instruction of a form; 1 when that is done, 0 with nothing changed when the unit must do it.
 *
 * @param address buffer offset of the memory operand, all of whose bytes lie there and may be accessed; ignored without one
 *
 * Instruction and operand pointers (FIP, FCS, FOP, and FDP, FDS with a memory operand) are the caller's, after a 1, where the form has
 * RECORDS.
 */
export type FastFunction = (form: number, address: number) => number;

export interface FastX87 {
  /** Any form. */
  readonly run: FastFunction;
  /** By `FastInstruction.place`: `run` without its choice. */
  readonly functions: readonly FastFunction[];
}

export type FastOperation = Exclude<OperationName, "none">;

/** What generated code needs to know of an instruction. */
export interface FastInstruction {
  readonly operation: FastOperation;
  /** Place in `FastX87.functions`. */
  readonly place: number;
  /** First argument of the function. */
  readonly form: number;
  /** Of the memory operand: 0 without one, else 2, 4, 8 or 10. */
  readonly bytes: number;
  /** The operand is written, not read. */
  readonly writes: boolean;
  /** The instruction and operand pointers change. */
  readonly records: boolean;
}

/** The fast function of an instruction D8-DF, if there is one. */
export const fastInstruction = (opcode: number, modrm: number): FastInstruction | undefined => {
  const form = FORMS[((opcode & 7) << 8) | modrm];
  const place = functionOf(form);
  const { operation } = FUNCTIONS[place];
  if (operation === "none") return undefined;
  return { operation, place, form, bytes: bytesOf(form), writes: (form & WRITES) !== 0, records: (form & RECORDS) !== 0 };
};

/** @param memory the machine's WebAssembly.Memory */
export const createFastX87 = (memory: unknown): FastX87 => {
  const exports = instantiateFast(memory) as Record<string, FastFunction>;
  return { run: exports.run, functions: FUNCTIONS.map((_, place) => exports[place]) };
};
