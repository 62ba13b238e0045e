/** What generated JavaScript sees: typed arrays over the guest buffer, and functions. */
import { PAGE_SHIFT, TLB_EXECUTE_OFFSET, TLB_READ_OFFSET, TLB_USER, TLB_WRITE_OFFSET } from "../../../memory/layout.js";
import { HELPER_CODES, unknownCondition } from "../../lift/unknown-flags.js";
import type { RegionEnvironment } from "../backend.js";
import { highSigned, highUnsigned, quotientUnsigned, remainderUnsigned, rotateLeft } from "./arithmetic.js";
import { compileText } from "./compile.js";
import { JavaScriptExpressions } from "./expression.js";

/** A part of a TLB has an entry for every page: V8 knows that a page number is inside it. */
const PART_ENTRIES = TLB_USER;
const PARTS = 3;
/** Last offset in a page at which an access of 4 bytes is plain. */
const LAST_PLAIN = 0xffc;
/** No access is plain: each asks for its entry. */
const NOTHING_PLAIN = -1;

/** Number of the part that TLB_HALF names, in names of its arrays. */
export const partNumber = (tlbPart: number): number => tlbPart / PART_ENTRIES;

export interface JavaScriptEnvironment {
  /** Value for the names in `names`. */
  readonly values: Record<string, unknown>;
  /** Names that generated code may use. */
  readonly names: readonly string[];
  /** While true, every access of a region asks for its TLB entry by a call. */
  askAlways(on: boolean): void;
}

/** One function a condition, of lazy flags whose kind is known at run time only. */
const conditionFunctions = (i32: Int32Array): Record<string, unknown> => {
  const code = new JavaScriptExpressions();
  const members = HELPER_CODES.map((condition) => `condition${condition}: (flagOp, flagResult, flagA, flagB) => ${code.test(unknownCondition(condition))}`);
  return compileText(`"use strict"; const { i32 } = environment; return { ${members.join(", ")} };`, { i32 }) as Record<string, unknown>;
};

export const javaScriptEnvironment = (environment: RegionEnvironment): JavaScriptEnvironment => {
  const { i32, memory } = environment;
  const { buffer } = memory;
  const last = new Int32Array([LAST_PLAIN]);
  const values: Record<string, unknown> = {
    i32,
    i8: new Int8Array(buffer),
    dv: new DataView(buffer),
    last,
    imul: Math.imul,
    clz32: Math.clz32,
    fence: environment.fence,
    endingFence: environment.endingFence,
    highSigned,
    highUnsigned,
    quotientUnsigned,
    remainderUnsigned,
    rotateLeft,
    ...conditionFunctions(i32),
  };
  for (let part = 0; part < PARTS; part++) {
    const part32 = (offset: number): Int32Array => new Int32Array(buffer, offset + part * PART_ENTRIES * 4, PART_ENTRIES);
    const read = part32(TLB_READ_OFFSET);
    const write = part32(TLB_WRITE_OFFSET);
    values[`read${part}`] = read;
    values[`write${part}`] = write;
    values[`execute${part}`] = part32(TLB_EXECUTE_OFFSET);
    // an entry that is there is the answer, whatever the page tables say by now
    const known = (tlb: Int32Array, bytes: number, miss: (address: number) => number) => {
      const lastOffset = 0x1000 - bytes;
      return (address: number): number => {
        const entry = tlb[address >>> PAGE_SHIFT];
        return (entry & 1) === 0 && (address & 0xfff) <= lastOffset ? entry : miss(address);
      };
    };
    values[`read8at${part}`] = known(read, 1, environment.readMiss8);
    values[`read16at${part}`] = known(read, 2, environment.readMiss16);
    values[`read32at${part}`] = known(read, 4, environment.readMiss32);
    values[`write8at${part}`] = known(write, 1, environment.writeMiss8);
    values[`write16at${part}`] = known(write, 2, environment.writeMiss16);
    values[`write32at${part}`] = known(write, 4, environment.writeMiss32);
  }
  return {
    values,
    names: Object.keys(values),
    askAlways: (on) => {
      last[0] = on ? NOTHING_PLAIN : LAST_PLAIN;
    },
  };
};
