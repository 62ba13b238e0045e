/** What generated code calls: cold operations, TLB misses, conditions of flags of unknown kind. */
import { R_OP } from "../cpu/interpreter/record.js";
import { AT_ONCE, CODE_PAGE, COUNT_BASE, CPL, EIP, PC, REGION_LIMIT, RUN_LIMIT, TLB_HALF } from "../cpu/state.js";
import type { TranslatorParts } from "../cpu/translator.js";
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE, TLB_ALIGNED } from "../memory/layout.js";
import type { RegionEnvironment } from "./backend/backend.js";
import type { JitStatistics } from "./statistics.js";

/** What a fence tells its region: to go on, to leave behind the instruction, to leave at it, to leave for where EIP is now. */
const GO_ON = 0;
const LEAVE_BEHIND = 1;
export const LEAVE_AT = 2;
const LEAVE_FOR_EIP = 3;
/** Of the linear address space. */
const LAST_PAGE = 0xf_ffff;
/** No TLB entry: the interpreter has to make the access. */
const REFUSED = 1;
/** Of what a window's look-up is told: its size; the slot of its region is above. */
export const WINDOW_BITS = 9;

/** What the environment has to know of regions, and they of it. */
export interface RegionLedger {
  /** How many have been dropped so far: the running one may be among them. */
  readonly drops: number;
  /** The region in a slot has a window across two pages that are not one piece of the host's memory. */
  straddled(slot: number): void;
}

export const regionEnvironment = ({ core, cache, cold, fpu }: TranslatorParts, statistics: JitStatistics, ledger: RegionLedger): RegionEnvironment => {
  const { i32, mmu, memory } = core;
  const { code } = cache;
  const { tlbR, tlbW, tlbX } = mmu;
  type Fill = (linear: number, user: boolean) => boolean;
  /** Fills the entry of a page that may be accessed. Marking it can change code that lies in the page tables. */
  const filled = (tlb: Int32Array, fill: Fill, address: number): number => {
    const before = ledger.drops;
    if (!fill(address, i32[CPL] === 3) || before !== ledger.drops) return REFUSED;
    const entry = tlb[(address >>> PAGE_SHIFT) + i32[TLB_HALF]];
    return (entry & 1) === 0 ? entry : REFUSED;
  };
  // while alignment is checked that comes before the page tables are touched
  const miss = (tlb: Int32Array, bytes: number, fill: Fill) => (address: number) => {
    statistics.misses++;
    return i32[TLB_HALF] === TLB_ALIGNED || (address & PAGE_MASK) + bytes > PAGE_SIZE ? REFUSED : filled(tlb, fill, address);
  };
  const window = (tlb: Int32Array, fill: Fill) => (address: number, what: number) => {
    statistics.misses++;
    const part = i32[TLB_HALF];
    if (part === TLB_ALIGNED) return REFUSED;
    if ((address & PAGE_MASK) + (what & ((1 << WINDOW_BITS) - 1)) <= PAGE_SIZE) return filled(tlb, fill, address);
    // no page is looked up that the program may never touch
    const page = address >>> PAGE_SHIFT;
    const entry = tlb[page + part];
    const above = tlb[((page + 1) & LAST_PAGE) + part];
    const end = ((entry ^ (page << PAGE_SHIFT)) + PAGE_SIZE) | 0;
    if (((entry | above) & 1) === 0 && end === (above ^ ((page + 1) << PAGE_SHIFT))) return entry;
    ledger.straddled(what >>> WINDOW_BITS);
    return REFUSED;
  };
  const read = (linear: number, user: boolean): boolean => mmu.tryFill(linear, false, user);
  const write = (linear: number, user: boolean): boolean => mmu.tryFill(linear, true, user);
  return {
    memory: memory.wasmMemory,
    i32,
    fence: (record) => {
      statistics.fences++;
      const before = ledger.drops;
      // a region may begin at this very instruction
      const plain = cache.plain(record);
      const operation = cold[code[plain + R_OP]];
      while (operation(plain) === true) {
        i32[COUNT_BASE] += 8;
        if (i32[COUNT_BASE] + i32[PC] < i32[REGION_LIMIT] && before === ledger.drops) continue;
        i32[COUNT_BASE] += i32[PC];
        i32[PC] = 0;
        return LEAVE_AT;
      }
      i32[COUNT_BASE] += i32[PC];
      i32[PC] = 0;
      if (i32[RUN_LIMIT] === AT_ONCE || before !== ledger.drops) return LEAVE_BEHIND;
      return tlbX[(i32[CODE_PAGE] >>> PAGE_SHIFT) + i32[TLB_HALF]] === 0 ? LEAVE_BEHIND : GO_ON;
    },
    readMiss8: miss(tlbR, 1, read),
    readMiss16: miss(tlbR, 2, read),
    readMiss32: miss(tlbR, 4, read),
    writeMiss8: miss(tlbW, 1, write),
    writeMiss16: miss(tlbW, 2, write),
    writeMiss32: miss(tlbW, 4, write),
    readWindow: window(tlbR, read),
    writeWindow: window(tlbW, write),
    x87: fpu.fast.functions,
    endingFence: (record) => {
      statistics.fences++;
      const before = ledger.drops;
      const eip = i32[EIP];
      const part = i32[TLB_HALF];
      const plain = cache.plain(record);
      cold[code[plain + R_OP]](plain);
      i32[COUNT_BASE] += i32[PC];
      i32[PC] = 0;
      if (i32[EIP] !== eip || i32[TLB_HALF] !== part || i32[RUN_LIMIT] === AT_ONCE || before !== ledger.drops) return LEAVE_FOR_EIP;
      return tlbX[(i32[CODE_PAGE] >>> PAGE_SHIFT) + part] === 0 ? LEAVE_FOR_EIP : GO_ON;
    },
  };
};
