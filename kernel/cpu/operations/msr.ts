/**
 * Model-specific registers (SDM volume 4). What a model does not have is #GP(0), as is writing a bit that does not exist.
 *
 * Not implemented: branch recording and single-step on branches (1D9h takes values and does nothing), machine checks,
 * microcode updates, MTRRs; those registers read as zero.
 */
import type { Core } from "../core.js";
import type { CpuFeature, CpuModel } from "../models.js";
import { APIC_BASE, EAX, ECX, EDX, EFER, EFER_NXE, PAT_HIGH, PAT_LOW, SYSENTER_CS, SYSENTER_EIP, SYSENTER_ESP, TSC_OFFSET_HIGH, TSC_OFFSET_LOW } from "../state.js";

/** IA32_MISC_ENABLE: fast strings. */
const FAST_STRINGS = 1;
/** 2^32. */
const WORD = 0x1_0000_0000;
/** Memory types that a PAT entry may hold: UC, WC, WT, WP, WB, UC-. */
const PAT_TYPES = 0b1111_0011;

interface Register {
  /** Reads into EDX:EAX. */
  read(): void;
  write(low: number, high: number): void;
}

export interface TimeStampSource {
  /** Whole, below 2^53. */
  timeStamp(): number;
}

/** RDMSR and WRMSR behind their privilege check, and the time stamp counter for RDTSC. */
export interface ModelSpecificRegisters {
  read(): void;
  write(): void;
  readTimeStamp(): void;
}

/** @param onEfer EFER has changed */
export const modelSpecificRegisters = (core: Core, model: CpuModel, host: TimeStampSource, onEfer: () => void): ModelSpecificRegisters => {
  const { i32 } = core;
  const answer = (low: number, high: number): void => {
    i32[EAX] = low;
    i32[EDX] = high;
  };
  const word = (index: number): Register => ({
    read: () => answer(i32[index], 0),
    write: (low) => {
      i32[index] = low;
    },
  });
  const fixed = (low: number): Register => ({ read: () => answer(low, 0), write: () => {} });
  const validPat = (half: number): boolean => [0, 8, 16, 24].every((shift) => ((half >>> shift) & 0xf8) === 0 && ((PAT_TYPES >> ((half >>> shift) & 7)) & 1) !== 0);

  const readTimeStamp = (): void => {
    const stamp = host.timeStamp();
    const low = (stamp % WORD) + (i32[TSC_OFFSET_LOW] >>> 0);
    answer(low | 0, (Math.floor(stamp / WORD) + i32[TSC_OFFSET_HIGH] + (low >= WORD ? 1 : 0)) | 0);
  };

  const registers = new Map<number, Register>();
  const when = (present: boolean, entries: readonly (readonly [number, Register])[]): void => {
    if (present) for (const [number, register] of entries) registers.set(number, register);
  };
  const has = (feature: CpuFeature): boolean => model.features.has(feature);
  const p6 = model.family >= 6;

  // machine check address and type
  when(model.family === 5 || p6, [
    [0x0, fixed(0)],
    [0x1, fixed(0)],
  ]);
  when(has("tsc"), [
    [
      0x10,
      {
        read: readTimeStamp,
        write: (low, high) => {
          const offset = ((BigInt(high) << 32n) | BigInt(low >>> 0)) - BigInt(host.timeStamp());
          i32[TSC_OFFSET_LOW] = Number(BigInt.asIntN(32, offset));
          i32[TSC_OFFSET_HIGH] = Number(BigInt.asIntN(32, offset >> 32n));
        },
      },
    ],
  ]);
  when(p6, [
    // platform id, power-on configuration, microcode update and its revision, MTRR capabilities, debug control, MTRR default
    [0x17, fixed(0)],
    [0x1b, word(APIC_BASE)],
    [0x2a, fixed(0)],
    [0x79, fixed(0)],
    [0x8b, fixed(0)],
    [0xfe, fixed(0)],
    [0x1d9, fixed(0)],
    [0x2ff, fixed(0)],
  ]);
  when(has("sep"), [
    [0x174, word(SYSENTER_CS)],
    [0x175, word(SYSENTER_ESP)],
    [0x176, word(SYSENTER_EIP)],
  ]);
  when(has("sse2"), [[0x1a0, fixed(FAST_STRINGS)]]);
  when(has("pat"), [
    [
      0x277,
      {
        read: () => answer(i32[PAT_LOW], i32[PAT_HIGH]),
        write: (low, high) => {
          if (!validPat(low) || !validPat(high)) core.gp(0);
          i32[PAT_LOW] = low;
          i32[PAT_HIGH] = high;
        },
      },
    ],
  ]);
  when(has("nx"), [
    [
      0xc000_0080,
      {
        read: () => answer(i32[EFER], 0),
        write: (low, high) => {
          if ((low & ~EFER_NXE) !== 0 || high !== 0) core.gp(0);
          if (i32[EFER] === low) return;
          i32[EFER] = low;
          onEfer();
        },
      },
    ],
  ]);

  const selected = (): Register => registers.get(i32[ECX] >>> 0) ?? core.gp(0);
  return {
    read: () => selected().read(),
    write: () => selected().write(i32[EAX], i32[EDX]),
    readTimeStamp,
  };
};
