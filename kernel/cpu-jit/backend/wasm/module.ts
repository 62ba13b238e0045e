/** WebAssembly modules: one for a batch of regions, and the dispatcher that chains regions of all modules. */

import { Bytes, I32 } from "../../../wasm/encoder.js";
import { codeSections, FUNCTION_TYPE, type FunctionCode, HEADER, KIND, SECTION, section } from "../../../wasm/module.js";
import { HELPER_PARAMETERS, type Imports, parametersOf } from "./numbering.js";

/** The host's WebAssembly; the portable kernel declares the little it uses. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  Instance: new (module: object, imports: Record<string, Record<string, unknown>>) => { readonly exports: Record<string, unknown> };
  Table: new (descriptor: { element: "anyfunc"; initial: number; maximum: number }) => FunctionTable;
};
export interface FunctionTable {
  set(index: number, value: unknown): void;
  get(index: number): unknown;
}

export const FUNCREF = 0x70;

export const functionType = (out: Bytes, parameters: number): void => {
  out.byte(FUNCTION_TYPE);
  out.unsigned(parameters);
  for (let at = 0; at < parameters; at++) out.byte(I32);
  out.unsigned(1);
  out.byte(I32);
};
export const importMemory = (out: Bytes, pages: number): void => {
  out.name("e");
  out.name("memory");
  out.byte(KIND.memory);
  out.byte(1);
  out.unsigned(pages);
  out.unsigned(pages);
};

/** Function types by their number of parameters; the first is that of regions. */
const TYPES = [1, 2, HELPER_PARAMETERS];

/** A module that exports its regions as "0", "1", ... */
export const regionModule = (codes: readonly FunctionCode[], { names }: Imports, memoryPages: number): Uint8Array<ArrayBuffer> => {
  const out = new Bytes();
  out.bytes(HEADER);
  section(out, SECTION.type, (types) => {
    types.unsigned(TYPES.length);
    for (const parameters of TYPES) functionType(types, parameters);
  });
  section(out, SECTION.import, (imports) => {
    imports.unsigned(1 + names.length);
    importMemory(imports, memoryPages);
    for (const name of names) {
      imports.name("e");
      imports.name(name);
      imports.byte(KIND.function);
      imports.unsigned(TYPES.indexOf(parametersOf(name)));
    }
  });
  section(out, SECTION.function, (functions) => {
    functions.unsigned(codes.length);
    for (let at = 0; at < codes.length; at++) functions.unsigned(0);
  });
  section(out, SECTION.export, (exports) => {
    exports.unsigned(codes.length);
    for (let at = 0; at < codes.length; at++) {
      exports.name(String(at));
      exports.byte(KIND.function);
      exports.unsigned(names.length + at);
    }
  });
  codeSections(out, codes, names.length);
  return out.view;
};

export const instantiate = (bytes: Uint8Array<ArrayBuffer>, environment: Record<string, unknown>): Record<string, unknown> =>
  new WebAssembly.Instance(new WebAssembly.Module(bytes), { e: environment }).exports;

export const functionTable = (slots: number): FunctionTable => new WebAssembly.Table({ element: "anyfunc", initial: slots, maximum: slots });
