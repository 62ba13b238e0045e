/**
 * Programmable attribute map (PAM) and system management RAM control (SMRAM): where accesses between A0000h and FFFFFh go.
 *
 * Sources: Intel 440BX AGPset data sheet (82443BX) and Intel 440FX PCIset data sheet (82441FX), registers PAM[6:0] and
 * SMRAM. Both bridges have them at the same places.
 *
 * Not implemented: SMM itself, so A0000h-BFFFFh is DRAM only while D_OPEN shows it; D_CLS then hides it from code and
 * data alike. The fixed DRAM hole (FDHC) and extended SMRAM (TSEG) are storage only.
 */
import type { MemoryRoute, PhysicalMemory } from "backplane/sdk";

export const PAM0 = 0x59;
export const PAM6 = 0x5f;
export const SMRAM = 0x72;

export const SMRAM_D_LCK = 0x10;
export const SMRAM_D_OPEN = 0x40;
/** D_OPEN, D_CLS, D_LCK, G_SMRAME; C_BASE_SEG is fixed at A0000h. */
export const SMRAM_WRITABLE = 0x78;
export const SMRAM_DEFAULT = 0x02;
const SMRAM_D_CLS = 0x20;
const SMRAM_G_SMRAME = 0x08;

/** Attribute nibble: reads, writes go to DRAM. */
const RE = 1;
const WE = 2;

interface Segment {
  readonly base: number;
  readonly length: number;
  readonly register: number;
  readonly shift: 0 | 4;
}

/** PAM0 holds the BIOS area in its upper nibble; PAM1-PAM6 hold two 16 KiB segments each. */
const SEGMENTS: readonly Segment[] = [
  { base: 0xf_0000, length: 0x1_0000, register: PAM0, shift: 4 },
  ...Array.from({ length: 12 }, (_, index): Segment => ({ base: 0xc_0000 + index * 0x4000, length: 0x4000, register: PAM0 + 1 + (index >> 1), shift: index & 1 ? 4 : 0 })),
];
const SMM_BASE = 0xa_0000;
const SMM_LENGTH = 0x2_0000;

const side = (set: number): MemoryRoute => (set ? "dram" : "bus");
const smmOpen = (smram: number): boolean => (smram & SMRAM_G_SMRAME) !== 0 && (smram & SMRAM_D_OPEN) !== 0 && (smram & SMRAM_D_CLS) === 0;

export interface MemoryRouting {
  /** Brings the memory map in line with the registers; `force` also where nothing seems to have changed. */
  apply(config: Uint8Array, force?: boolean): void;
}

/** Derived from configuration space alone: what is remembered only spares the board repeated routes. */
export const memoryRouting = (memory: PhysicalMemory): MemoryRouting => {
  const applied = new Int8Array(SEGMENTS.length + 1).fill(-1);
  return {
    apply(config, force = false) {
      for (const [index, segment] of SEGMENTS.entries()) {
        const attributes = (config[segment.register] >>> segment.shift) & (RE | WE);
        if (!force && applied[index] === attributes) continue;
        applied[index] = attributes;
        memory.route(segment.base, segment.length, { reads: side(attributes & RE), writes: side(attributes & WE) });
      }
      const open = smmOpen(config[SMRAM]) ? 1 : 0;
      if (!force && applied[SEGMENTS.length] === open) return;
      applied[SEGMENTS.length] = open;
      memory.route(SMM_BASE, SMM_LENGTH, { reads: side(open), writes: side(open) });
    },
  };
};
