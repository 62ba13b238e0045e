/** What modules are made of. Source: WebAssembly core specification 2.0, section 5.5, and its branch hinting proposal. */
import { Bytes } from "./encoder.js";

export const HEADER: readonly number[] = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
export const FUNCTION_TYPE = 0x60;
export const SECTION = { custom: 0, type: 1, import: 2, function: 3, memory: 5, export: 7, code: 10 } as const;
export const KIND = { function: 0, table: 1, memory: 2 } as const;

export const section = (out: Bytes, id: number, fill: (contents: Bytes) => void): void => {
  const contents = new Bytes();
  fill(contents);
  out.byte(id);
  out.sized(contents);
};

export interface FunctionCode {
  /** The function's body with its locals. */
  readonly body: Bytes;
  /** Where in it `if` and `br_if` stand whose condition is rarely true, in ascending order. */
  readonly unlikely: readonly number[];
}

const HINT_BYTES = 1;
const UNLIKELY = 0;

/**
 * The code section, behind one that tells the engine which ways are rarely taken, so that it keeps registers in place for
 * the others; an engine without branch hints passes over that. @param first index of the first function: after the imported ones
 */
export const codeSections = (out: Bytes, codes: readonly FunctionCode[], first: number): void => {
  section(out, SECTION.custom, (hints) => {
    hints.name("metadata.code.branch_hint");
    hints.unsigned(codes.length);
    codes.forEach(({ unlikely }, index) => {
      hints.unsigned(first + index);
      hints.unsigned(unlikely.length);
      for (const at of unlikely) {
        hints.unsigned(at);
        hints.unsigned(HINT_BYTES);
        hints.byte(UNLIKELY);
      }
    });
  });
  section(out, SECTION.code, (code) => {
    code.unsigned(codes.length);
    for (const { body } of codes) code.sized(body);
  });
};
