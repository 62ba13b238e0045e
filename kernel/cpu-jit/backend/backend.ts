/** The role of a code generator behind the intermediate representation. */
import type { FastFunction } from "../../cpu/x87/index.js";
import type { IrRegion } from "../ir/ir.js";

/**
 * A compiled region. Called with the number of an entry (a place in `Layout.dispatched`), it runs until it leaves, and
 * returns the linear address at which execution goes on. The state's COUNT_BASE and REGION_EXIT say how far it came and why
 * it left.
 */
export type RegionFunction = (entry: number) => number;

/** What generated code calls. */
export interface RegionEnvironment {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly i32: Int32Array;
  /**
   * Executes the cold operation of the record in PC. 0: go on; 1: leave the region behind the instruction; 2: leave it at the
   * instruction, which has not ended. @throws GuestFault
   */
  fence(record: number): number;
  /**
   * The same for an operation that may move EIP, which is behind the instruction. 0: go on; 3: leave for where EIP is.
   * @throws GuestFault
   */
  endingFence(record: number): number;
  /** Fast x87 functions: of a form and the buffer offset of its operand; 1 when done, 0 when nothing has changed. */
  readonly x87: readonly FastFunction[];
  /** The TLB entry for an access of 1, 2 or 4 bytes that the inline test refused, or 1: the interpreter has to make it. */
  readMiss8(address: number): number;
  readMiss16(address: number): number;
  readMiss32(address: number): number;
  writeMiss8(address: number): number;
  writeMiss16(address: number): number;
  writeMiss32(address: number): number;
  /**
   * The TLB entry of the first of several bytes that the inline test refused together, or 1. `what`: how many in the lower
   * WINDOW_BITS, the region's slot above.
   */
  readWindow(address: number, what: number): number;
  writeWindow(address: number, what: number): number;
}

export interface Generated {
  readonly run: RegionFunction;
  /** Size of the generated code, of which the code cache has a limit. */
  readonly bytes: number;
}

export interface BackEnd {
  readonly name: "js" | "wasm";
  /** Regions compiled together share fixed costs. */
  readonly batch: number;
  compile(regions: readonly IrRegion[]): readonly Generated[];
  /** Generated code of a region, for people. */
  describe(region: IrRegion): string;
}
