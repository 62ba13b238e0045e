/** What the compiled interpreter loop sees of its machine. */
import type { CodeFetch } from "./code-fetch.js";
import type { ColdOperation, Core } from "./core.js";
import type { CodeCache } from "./interpreter/code-cache.js";
import { META_OP16, R_DISP, R_META, R_OP, R_SCALE, SLOW_ADDRESS } from "./interpreter/record.js";
import { HOT_NUMBERS, type LoopEnvironment } from "./interpreter/source.js";
import { COLD } from "./operation-table.js";
import { BASE, COUNT_BASE, CPL, CS, GP_VECTOR, LIMIT, PC, SS, SS_VECTOR } from "./state.js";

const ADDRESS_SPACE = 2 ** 32;
const numbersOf = (...names: string[]): ReadonlySet<number> => new Set(names.map((name) => HOT_NUMBERS.get(name)!));

export const loopEnvironment = (core: Core, cache: CodeCache, fetch: CodeFetch, cold: ColdOperation[], enterRegion: LoopEnvironment["enterRegion"]): LoopEnvironment => {
  const { i32, i16, i8, u8, memory, flags, mmu } = core;
  const at = (pc: number, countBase: number): boolean => {
    i32[PC] = pc;
    i32[COUNT_BASE] = countBase;
    return i32[CPL] === 3;
  };
  /** An operand across the end of a flat segment; the fast path has left it to the slow one because it straddles pages. */
  const inSegment = (address: number, bytes: number, pc: number, stackOperations: ReadonlySet<number>): void => {
    if (address >>> 0 <= ADDRESS_SPACE - bytes || (cache.code[pc + R_SCALE] & SLOW_ADDRESS) !== 0) return;
    const stack = stackOperations.has(cache.code[pc + R_OP]) || core.segment(pc) === SS;
    core.fault.raise(stack ? SS_VECTOR : GP_VECTOR, 0);
  };
  const inStackWrite = numbersOf("PUSH32r", "PUSHI32i", "PUSHE32m", "PUSHE32r", "CALL", "CALLE32r", "CALLE32m");
  const inStackRead = numbersOf("POP32r", "LEAVE", "RET", "RETN32i");
  const modify = (address: number, bytes: number, user: boolean): void => {
    mmu.probeWrites(address, bytes, user);
  };
  return {
    i8,
    u8,
    i16,
    i32,
    dv: memory.view,
    code: cache.code,
    entries: cache.entries,
    tlbR: mmu.tlbR,
    tlbW: mmu.tlbW,
    tlbX: mmu.tlbX,
    cold,
    firstEnding: COLD.firstEnding,
    slowAddress: (pc, bytes, write) => core.operandAddress(pc, bytes, write),
    slowOffset: (pc) => core.offset(pc),
    slowRead8: (address, pc, countBase) => (mmu.read8(address, at(pc, countBase)) << 24) >> 24,
    slowRead16: (address, pc, countBase) => {
      const user = at(pc, countBase);
      inSegment(address, 2, pc, inStackRead);
      return (mmu.read16(address, user) << 16) >> 16;
    },
    slowRead32: (address, pc, countBase) => {
      const user = at(pc, countBase);
      inSegment(address, 4, pc, inStackRead);
      return mmu.read32(address, user);
    },
    slowModify8: (address, pc, countBase) => {
      const user = at(pc, countBase);
      modify(address, 1, user);
      return (mmu.read8(address, user) << 24) >> 24;
    },
    slowModify16: (address, pc, countBase) => {
      const user = at(pc, countBase);
      inSegment(address, 2, pc, inStackWrite);
      modify(address, 2, user);
      return (mmu.read16(address, user) << 16) >> 16;
    },
    slowModify32: (address, pc, countBase) => {
      const user = at(pc, countBase);
      inSegment(address, 4, pc, inStackWrite);
      modify(address, 4, user);
      return mmu.read32(address, user);
    },
    slowWrite8: (address, value, pc, countBase) => mmu.write8(address, value, at(pc, countBase)),
    slowWrite16: (address, value, pc, countBase) => {
      const user = at(pc, countBase);
      inSegment(address, 2, pc, inStackWrite);
      mmu.write16(address, value, user);
    },
    slowWrite32: (address, value, pc, countBase) => {
      const user = at(pc, countBase);
      inSegment(address, 4, pc, inStackWrite);
      mmu.write32(address, value, user);
    },
    carry: () => flags.cf(),
    overflow: () => flags.of(),
    sign: () => flags.sf(),
    parity: () => flags.pf(),
    belowOrEqual: () => flags.cf() !== 0 || flags.zf(),
    less: () => flags.sf() !== flags.of(),
    lessOrEqual: () => flags.zf() || flags.sf() !== flags.of(),
    condition: (code) => flags.condition(code),
    setCfOf: (cf, of) => flags.setCfOf(cf, of),
    enter: (linear) => fetch.enter(linear),
    enterRegion,
    checkedTarget: (pc, codePage) => {
      const record = cache.code;
      let eip = (codePage + record[pc + R_DISP] - i32[BASE + CS]) | 0;
      if ((record[pc + R_META] & META_OP16) !== 0) eip &= 0xffff;
      if (eip >>> 0 > i32[LIMIT + CS] >>> 0) core.gp(0);
      return (eip + i32[BASE + CS]) | 0;
    },
  };
};
