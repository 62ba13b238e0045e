/** A module of functions with one memory, imported or its own. Source: WebAssembly core specification 2.0, section 5.5. */
import { Bytes } from "../../../wasm/encoder.js";
import { codeSections, FUNCTION_TYPE, HEADER, KIND, SECTION, section } from "../../../wasm/module.js";
import { type Code, type FunctionBuilder, unsigned } from "./builder.js";

/** The host's WebAssembly; the portable kernel declares the little it uses. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  Instance: new (module: object, imports: Record<string, Record<string, unknown>>) => { readonly exports: Record<string, unknown> };
};

/** Functions call each other by their place in the list. */
export interface FunctionDefinition {
  readonly name: string;
  readonly builder: FunctionBuilder;
  readonly body: Code;
}

const exportOf = (name: string, kind: number, index: number): Code => {
  const out = new Bytes();
  out.name(name);
  out.byte(kind);
  out.unsigned(index);
  return [...out.view];
};

/** All functions and the memory are exported. @param memory whether it is imported, as `e.memory`; else it has one page */
export const moduleBytes = (functions: readonly FunctionDefinition[], memory: "imported" | "own"): Uint8Array<ArrayBuffer> => {
  const out = new Bytes();
  out.bytes(HEADER);
  section(out, SECTION.type, (types) => {
    types.unsigned(functions.length);
    for (const { builder } of functions) {
      types.byte(FUNCTION_TYPE);
      for (const list of [builder.parameters, builder.results]) types.bytes([...unsigned(list.length), ...list]);
    }
  });
  if (memory === "imported")
    section(out, SECTION.import, (imports) => {
      imports.unsigned(1);
      imports.name("e");
      imports.name("memory");
      imports.bytes([KIND.memory, 0, 1]);
    });
  section(out, SECTION.function, (list) => {
    list.unsigned(functions.length);
    functions.forEach((_, at) => {
      list.unsigned(at);
    });
  });
  if (memory === "own") section(out, SECTION.memory, (memories) => memories.bytes([1, 0, 1]));
  section(out, SECTION.export, (exports) => {
    exports.unsigned(functions.length + 1);
    exports.bytes(exportOf("memory", KIND.memory, 0));
    functions.forEach(({ name }, at) => {
      exports.bytes(exportOf(name, KIND.function, at));
    });
  });
  codeSections(
    out,
    functions.map(({ builder, body }) => builder.finish(body)),
    0,
  );
  return out.view;
};

export const compile = (bytes: Uint8Array<ArrayBuffer>): object => new WebAssembly.Module(bytes);

export const instantiate = (module: object, memory?: unknown): Record<string, unknown> => new WebAssembly.Instance(module, memory === undefined ? {} : { e: { memory } }).exports;
