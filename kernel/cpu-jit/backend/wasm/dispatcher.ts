/**
 * The dispatcher: a WebAssembly module that calls regions by their slots in a table and chains those of all modules, and has
 * the functions that compute flags of unknown kind.
 */
import { COUNT_BASE, REGION_EXIT, REGION_LIMIT, REGION_SLOT, TLB_HALF } from "../../../cpu/state.js";
import { TLB_EXECUTE_OFFSET } from "../../../memory/layout.js";
import { Bytes, I32, OP, VOID } from "../../../wasm/encoder.js";
import { codeSections, type FunctionCode, HEADER, KIND, SECTION, section } from "../../../wasm/module.js";
import { CHAIN_ENTRY_BYTES, CHAIN_HASH, CHAIN_OFFSET, CHAIN_PART, CHAIN_SHIFT, CHAIN_TABLE, CHAIN_TARGET, SLOT_BITS } from "../../chain.js";
import { L_OP } from "../../ir/ir.js";
import { HELPER_CODES, unknownCondition } from "../../lift/unknown-flags.js";
import type { RegionFunction } from "../backend.js";
import { WasmExpressions } from "./expression.js";
import { FUNCREF, type FunctionTable, functionTable, functionType, importMemory, instantiate } from "./module.js";
import { conditionName, HELPER_PARAMETERS, Imports } from "./numbering.js";

const IMPORTED_FUNCTIONS = ["nowhere", "foreign"];

/**
 * run(slot, entry): calls the region in a slot of the table, which REGION_SLOT names meanwhile, and those that it leads to for as long as the chain table knows
 * them; returns the linear address at which execution goes on.
 */
const dispatcherModule = (memoryPages: number, slots: number): Uint8Array<ArrayBuffer> => {
  const out = new Bytes();
  out.bytes(HEADER);
  section(out, SECTION.type, (types) => {
    types.unsigned(3);
    functionType(types, 1);
    functionType(types, 2);
    functionType(types, HELPER_PARAMETERS);
  });
  section(out, SECTION.import, (imports) => {
    imports.unsigned(4);
    importMemory(imports, memoryPages);
    imports.name("e");
    imports.name("table");
    imports.byte(KIND.table);
    imports.byte(FUNCREF);
    imports.byte(1);
    imports.unsigned(slots);
    imports.unsigned(slots);
    // what slots without a function of their own lead to
    for (const name of IMPORTED_FUNCTIONS) {
      imports.name("e");
      imports.name(name);
      imports.byte(KIND.function);
      imports.unsigned(0);
    }
  });
  section(out, SECTION.function, (functions) => {
    functions.unsigned(1 + HELPER_CODES.length);
    functions.unsigned(1);
    for (const _ of HELPER_CODES) functions.unsigned(2);
  });
  section(out, SECTION.export, (exports) => {
    exports.unsigned(3 + HELPER_CODES.length);
    [...IMPORTED_FUNCTIONS, "run"].forEach((name, index) => {
      exports.name(name);
      exports.byte(KIND.function);
      exports.unsigned(index);
    });
    HELPER_CODES.forEach((code, index) => {
      exports.name(conditionName(code));
      exports.byte(KIND.function);
      exports.unsigned(3 + index);
    });
  });
  const helpers = HELPER_CODES.map((condition) => ({ body: helperBody(condition), unlikely: [] }));
  codeSections(out, [dispatcherBody(), ...helpers], IMPORTED_FUNCTIONS.length);
  return out.view;
};

/** (op, result, a, b) -> 1 or 0. */
const helperBody = (code: number): Bytes => {
  const out = new Bytes();
  out.unsigned(0);
  new WasmExpressions(out, -L_OP, 0, new Imports()).emit(unknownCondition(code));
  out.byte(OP.end);
  return out;
};

const dispatcherBody = (): FunctionCode => {
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
  const unlikely: number[] = [];
  const leaveIf = (): void => {
    unlikely.push(out.length);
    op(OP.brIf, 1);
  };
  /** Leaves the block when the two values differ. */
  const leaveUnlessEqual = (): void => {
    out.byte(OP.i32Ne);
    leaveIf();
  };
  out.unsigned(1);
  out.unsigned(2);
  out.byte(I32);
  out.byte(OP.block);
  out.byte(VOID);
  out.byte(OP.loop);
  out.byte(VOID);
  constant(0);
  op(OP.localGet, SLOT);
  out.byte(OP.i32Store);
  out.unsigned(2);
  out.unsigned(REGION_SLOT * 4);
  op(OP.localGet, ENTRY);
  op(OP.localGet, SLOT);
  out.byte(OP.callIndirect);
  out.unsigned(0);
  out.unsigned(0);
  op(OP.localSet, LINEAR);
  // the interpreter is asked for, or the time is up
  word(REGION_EXIT);
  leaveIf();
  word(COUNT_BASE);
  word(REGION_LIMIT);
  out.byte(OP.i32GeS);
  leaveIf();
  // the first place in the chain table
  op(OP.localGet, LINEAR);
  constant(CHAIN_HASH);
  out.byte(OP.i32Mul);
  constant(CHAIN_SHIFT);
  out.byte(OP.i32ShrU);
  constant(CHAIN_ENTRY_BYTES);
  out.byte(OP.i32Mul);
  op(OP.localSet, CHAIN);
  field(0);
  op(OP.localGet, LINEAR);
  out.byte(OP.i32Ne);
  unlikely.push(out.length);
  out.byte(OP.if);
  out.byte(VOID);
  // or the one beside it
  op(OP.localGet, CHAIN);
  constant(CHAIN_ENTRY_BYTES);
  out.byte(OP.i32Xor);
  op(OP.localTee, CHAIN);
  load(CHAIN_OFFSET);
  op(OP.localGet, LINEAR);
  out.byte(OP.i32Ne);
  op(OP.brIf, 2);
  out.byte(OP.end);
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
  field(CHAIN_PART);
  word(TLB_HALF);
  leaveUnlessEqual();
  field(CHAIN_TARGET);
  op(OP.localTee, ENTRY);
  constant((1 << SLOT_BITS) - 1);
  out.byte(OP.i32And);
  op(OP.localSet, SLOT);
  op(OP.localGet, ENTRY);
  constant(SLOT_BITS);
  out.byte(OP.i32ShrU);
  op(OP.localSet, ENTRY);
  op(OP.br, 0);
  out.byte(OP.end);
  out.byte(OP.end);
  op(OP.localGet, LINEAR);
  out.byte(OP.end);
  return { body: out, unlikely };
};

export interface Dispatcher {
  readonly run: (slot: number, entry: number) => number;
  readonly table: FunctionTable;
  /** For the slots of regions of another back end: calls the function given to `createDispatcher`. */
  readonly foreign: unknown;
  /** Functions that compute conditions of flags of unknown kind, by name. */
  readonly helpers: Record<string, unknown>;
}

/** @param foreign runs a region of another back end, the one that REGION_SLOT names */
export const createDispatcher = (memory: { readonly buffer: ArrayBuffer }, slots: number, foreign: RegionFunction): Dispatcher => {
  const table = functionTable(slots);
  const imports = { memory, table, foreign, nowhere: (linear: number) => linear };
  const { run, foreign: called, nowhere, ...helpers } = instantiate(dispatcherModule(memory.buffer.byteLength >>> 16, slots), imports);
  // slot 0 is no region
  table.set(0, nowhere);
  return { run: run as Dispatcher["run"], table, foreign: called, helpers };
};
