/** What generated code calls: cold operations, TLB misses, conditions of flags of unknown kind. */
import { R_OP } from "../cpu/interpreter/record.js";
import { AT_ONCE, CODE_PAGE, COUNT_BASE, CPL, EIP, PC, REGION_LIMIT, RUN_LIMIT, TLB_HALF } from "../cpu/state.js";
import type { TranslatorParts } from "../cpu/translator.js";
import { PAGE_SHIFT, TLB_ALIGNED } from "../memory/layout.js";
import type { RegionEnvironment } from "./backend/backend.js";
import type { JitStatistics } from "./statistics.js";

/** What a fence tells its region: to go on, to leave behind the instruction, to leave at it, to leave for where EIP is now. */
const GO_ON = 0;
const LEAVE_BEHIND = 1;
export const LEAVE_AT = 2;
const LEAVE_FOR_EIP = 3;
/** No TLB entry: the interpreter has to make the access. */
const REFUSED = 1;

/** @param dropped how many regions have been dropped so far: the running one may be among them */
export const regionEnvironment = ({ core, cache, cold, fpu }: TranslatorParts, statistics: JitStatistics, dropped: () => number): RegionEnvironment => {
  const { i32, mmu, memory } = core;
  const { code } = cache;
  const { tlbR, tlbW, tlbX } = mmu;
  const miss = (tlb: Int32Array, bytes: number, fill: (linear: number, user: boolean) => boolean) => {
    const lastOffset = 0x1000 - bytes;
    return (address: number): number => {
      statistics.misses++;
      const before = dropped();
      // while alignment is checked that comes before the page tables are touched
      if (i32[TLB_HALF] === TLB_ALIGNED) return REFUSED;
      // marking a page accessed can change code that lies in the tables
      if ((address & 0xfff) > lastOffset || !fill(address, i32[CPL] === 3) || before !== dropped()) return REFUSED;
      const entry = tlb[(address >>> PAGE_SHIFT) + i32[TLB_HALF]];
      return (entry & 1) === 0 ? entry : REFUSED;
    };
  };
  const read = (linear: number, user: boolean): boolean => mmu.tryFill(linear, false, user);
  const write = (linear: number, user: boolean): boolean => mmu.tryFill(linear, true, user);
  return {
    memory: memory.wasmMemory,
    i32,
    fence: (record) => {
      statistics.fences++;
      const before = dropped();
      // a region may begin at this very instruction
      const plain = cache.plain(record);
      const operation = cold[code[plain + R_OP]];
      while (operation(plain) === true) {
        i32[COUNT_BASE] += 8;
        if (i32[COUNT_BASE] + i32[PC] < i32[REGION_LIMIT] && before === dropped()) continue;
        i32[COUNT_BASE] += i32[PC];
        i32[PC] = 0;
        return LEAVE_AT;
      }
      i32[COUNT_BASE] += i32[PC];
      i32[PC] = 0;
      if (i32[RUN_LIMIT] === AT_ONCE || before !== dropped()) return LEAVE_BEHIND;
      return tlbX[(i32[CODE_PAGE] >>> PAGE_SHIFT) + i32[TLB_HALF]] === 0 ? LEAVE_BEHIND : GO_ON;
    },
    readMiss8: miss(tlbR, 1, read),
    readMiss16: miss(tlbR, 2, read),
    readMiss32: miss(tlbR, 4, read),
    writeMiss8: miss(tlbW, 1, write),
    writeMiss16: miss(tlbW, 2, write),
    writeMiss32: miss(tlbW, 4, write),
    x87: fpu.fast.run,
    endingFence: (record) => {
      statistics.fences++;
      const before = dropped();
      const eip = i32[EIP];
      const part = i32[TLB_HALF];
      const plain = cache.plain(record);
      cold[code[plain + R_OP]](plain);
      i32[COUNT_BASE] += i32[PC];
      i32[PC] = 0;
      if (i32[EIP] !== eip || i32[TLB_HALF] !== part || i32[RUN_LIMIT] === AT_ONCE || before !== dropped()) return LEAVE_FOR_EIP;
      return tlbX[(i32[CODE_PAGE] >>> PAGE_SHIFT) + part] === 0 ? LEAVE_FOR_EIP : GO_ON;
    },
  };
};
