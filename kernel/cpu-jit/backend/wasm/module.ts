/** WebAssembly modules: one for a batch of regions, and the dispatcher that chains regions of all modules. */

import { Bytes, I32 } from "../../../wasm/encoder.js";
import { BINARY_IMPORTS, IMPORTS } from "./numbering.js";

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

export const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const FUNCTION_TYPE = 0x60;
export const SECTION = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const;
export const KIND = { function: 0, table: 1, memory: 2 } as const;
export const FUNCREF = 0x70;
/** The lazy flags. */
export const HELPER_PARAMETERS = 4;

export const section = (out: Bytes, id: number, fill: (contents: Bytes) => void): void => {
  const contents = new Bytes();
  fill(contents);
  out.byte(id);
  out.sized(contents);
};
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

/** A module that exports its regions as "0", "1", ... */
export const regionModule = (bodies: readonly Bytes[], memoryPages: number): Uint8Array<ArrayBuffer> => {
  const out = new Bytes();
  out.bytes(HEADER);
  section(out, SECTION.type, (types) => {
    types.unsigned(3);
    functionType(types, 1);
    functionType(types, HELPER_PARAMETERS);
    functionType(types, 2);
  });
  section(out, SECTION.import, (imports) => {
    imports.unsigned(1 + IMPORTS.length);
    importMemory(imports, memoryPages);
    for (const name of IMPORTS) {
      imports.name("e");
      imports.name(name);
      imports.byte(KIND.function);
      imports.unsigned(BINARY_IMPORTS.has(name) ? 2 : name.startsWith("condition") ? 1 : 0);
    }
  });
  section(out, SECTION.function, (functions) => {
    functions.unsigned(bodies.length);
    for (let at = 0; at < bodies.length; at++) functions.unsigned(0);
  });
  section(out, SECTION.export, (exports) => {
    exports.unsigned(bodies.length);
    for (let at = 0; at < bodies.length; at++) {
      exports.name(String(at));
      exports.byte(KIND.function);
      exports.unsigned(IMPORTS.length + at);
    }
  });
  section(out, SECTION.code, (code) => {
    code.unsigned(bodies.length);
    for (const body of bodies) code.sized(body);
  });
  return out.view;
};

export const instantiate = (bytes: Uint8Array<ArrayBuffer>, environment: Record<string, unknown>): Record<string, unknown> =>
  new WebAssembly.Instance(new WebAssembly.Module(bytes), { e: environment }).exports;

export const functionTable = (slots: number): FunctionTable => new WebAssembly.Table({ element: "anyfunc", initial: slots, maximum: slots });
