/** WebAssembly modules: one for a batch of regions, and the dispatcher that chains regions of all modules. */

import { COUNT_BASE, REGION_EXIT, REGION_LIMIT, TLB_HALF } from "../../../cpu/state.js";
import { TLB_EXECUTE_OFFSET } from "../../../memory/layout.js";
import { Bytes, I32, OP, VOID } from "../../../wasm/encoder.js";
import { CHAIN_ENTRIES, CHAIN_ENTRY_BYTES, CHAIN_OFFSET, CHAIN_TABLE, CHAIN_TARGET } from "../../chain.js";
import type { RegionEnvironment, RegionFunction } from "../backend.js";
import { IMPORTS } from "./emit.js";

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

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const FUNCTION_TYPE = 0x60;
const SECTION = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const;
const KIND = { function: 0, table: 1, memory: 2 } as const;
const FUNCREF = 0x70;
const FIVE = 5;

const section = (out: Bytes, id: number, fill: (contents: Bytes) => void): void => {
  const contents = new Bytes();
  fill(contents);
  out.byte(id);
  out.sized(contents);
};
const functionType = (out: Bytes, parameters: number): void => {
  out.byte(FUNCTION_TYPE);
  out.unsigned(parameters);
  for (let at = 0; at < parameters; at++) out.byte(I32);
  out.unsigned(1);
  out.byte(I32);
};
const importMemory = (out: Bytes, pages: number): void => {
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
    types.unsigned(2);
    functionType(types, 1);
    functionType(types, FIVE);
  });
  section(out, SECTION.import, (imports) => {
    imports.unsigned(1 + IMPORTS.length);
    importMemory(imports, memoryPages);
    for (const name of IMPORTS) {
      imports.name("e");
      imports.name(name);
      imports.byte(KIND.function);
      imports.unsigned(name === "condition" ? 1 : 0);
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

/**
 * run(slot, entry): calls the region in a slot of the table, and those that it leads to for as long as the chain table knows
 * them; returns the linear address at which execution goes on.
 */
const dispatcherModule = (memoryPages: number, slots: number): Uint8Array<ArrayBuffer> => {
  const out = new Bytes();
  out.bytes(HEADER);
  section(out, SECTION.type, (types) => {
    types.unsigned(2);
    functionType(types, 1);
    functionType(types, 2);
  });
  section(out, SECTION.import, (imports) => {
    imports.unsigned(3);
    importMemory(imports, memoryPages);
    imports.name("e");
    imports.name("table");
    imports.byte(KIND.table);
    imports.byte(FUNCREF);
    imports.byte(1);
    imports.unsigned(slots);
    imports.unsigned(slots);
    // a region of another back end: called with its slot
    imports.name("e");
    imports.name("foreign");
    imports.byte(KIND.function);
    imports.unsigned(0);
  });
  section(out, SECTION.function, (functions) => {
    functions.unsigned(1);
    functions.unsigned(1);
  });
  section(out, SECTION.export, (exports) => {
    exports.unsigned(2);
    exports.name("run");
    exports.byte(KIND.function);
    exports.unsigned(1);
    exports.name("foreign");
    exports.byte(KIND.function);
    exports.unsigned(0);
  });
  section(out, SECTION.code, (code) => {
    code.unsigned(1);
    code.sized(dispatcherBody());
  });
  return out.view;
};

const dispatcherBody = (): Bytes => {
  const SLOT = 0;
  const ENTRY = 1;
  const LINEAR = 2;
  const CHAIN = 3;
  const out = new Bytes();
  const op = (opcode: number, index: number): void => {
    out.byte(opcode);
    out.unsigned(index);
  };
  const constant = (value: number): void => {
    out.byte(OP.i32Const);
    out.signed(value);
  };
  const load = (offset: number): void => {
    out.byte(OP.i32Load);
    out.unsigned(2);
    out.unsigned(offset);
  };
  const word = (index: number): void => {
    constant(0);
    load(index * 4);
  };
  const field = (offset: number): void => {
    op(OP.localGet, CHAIN);
    load(CHAIN_OFFSET + offset);
  };
  /** Leaves the block when the two values differ. */
  const leaveUnlessEqual = (): void => {
    out.byte(OP.i32Ne);
    op(OP.brIf, 1);
  };
  out.unsigned(1);
  out.unsigned(2);
  out.byte(I32);
  out.byte(OP.block);
  out.byte(VOID);
  out.byte(OP.loop);
  out.byte(VOID);
  op(OP.localGet, ENTRY);
  op(OP.localGet, SLOT);
  out.byte(OP.callIndirect);
  out.unsigned(0);
  out.unsigned(0);
  op(OP.localSet, LINEAR);
  // the interpreter is asked for, or the time is up
  word(REGION_EXIT);
  op(OP.brIf, 1);
  word(COUNT_BASE);
  word(REGION_LIMIT);
  out.byte(OP.i32GeS);
  op(OP.brIf, 1);
  // the entry of the chain table
  op(OP.localGet, LINEAR);
  op(OP.localGet, LINEAR);
  constant(12);
  out.byte(OP.i32ShrU);
  out.byte(OP.i32Xor);
  constant(CHAIN_ENTRIES - 1);
  out.byte(OP.i32And);
  constant(CHAIN_ENTRY_BYTES);
  out.byte(OP.i32Mul);
  op(OP.localSet, CHAIN);
  field(0);
  op(OP.localGet, LINEAR);
  leaveUnlessEqual();
  // the page is still what was compiled, in this part of the TLB: its address is in the entry
  field(CHAIN_TABLE);
  op(OP.localGet, LINEAR);
  constant(12);
  out.byte(OP.i32ShrU);
  word(TLB_HALF);
  out.byte(OP.i32Add);
  constant(2);
  out.byte(OP.i32Shl);
  load(TLB_EXECUTE_OFFSET);
  leaveUnlessEqual();
  field(CHAIN_TARGET + 8);
  word(TLB_HALF);
  leaveUnlessEqual();
  field(CHAIN_TARGET);
  op(OP.localSet, SLOT);
  field(CHAIN_TARGET + 4);
  op(OP.localSet, ENTRY);
  op(OP.br, 0);
  out.byte(OP.end);
  out.byte(OP.end);
  op(OP.localGet, LINEAR);
  out.byte(OP.end);
  return out;
};

export interface Dispatcher {
  readonly run: (slot: number, entry: number) => number;
  readonly table: FunctionTable;
}

/** @param foreign runs a region of another back end; its entry says which, see `JavaScript` regions in `translator.ts` */
export const createDispatcher = (environment: RegionEnvironment, slots: number, foreign: RegionFunction): Dispatcher => {
  const table = functionTable(slots);
  const pages = environment.memory.buffer.byteLength >>> 16;
  const exports = instantiate(dispatcherModule(pages, slots), { memory: environment.memory, table, foreign });
  table.set(0, exports.foreign);
  return { run: exports.run as Dispatcher["run"], table };
};
