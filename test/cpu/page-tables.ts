/** Page tables for scenarios. */
import { type Outcome, PAGES, Scenario } from "./scenario.js";

export const P = 1;
export const W = 2;
export const U = 4;
export const A = 0x20;
export const D = 0x40;
export const LARGE = 0x80;
export const GLOBAL = 0x100;
/** Upper half of a PAE entry. */
export const NX = 0x8000_0000;

export const WP = 0x1_0000;
export const PSE = 0x10;
export const PAE = 0x20;
export const PGE = 0x80;

export const faults = (end: Outcome): (number | undefined)[] => [end.vector, end.error, end.cr2];
/** A program in ring 3 or ring 0 got to its INT 20h. */
export const FINE3 = [13, 0x102, 0];
export const FINE0 = [0x20, undefined, 0];

export const PDPT = 0x3_0000;
export const DIRECTORY = 0x3_1000;
export const TABLE = 0x3_2000;
/** Page table entry for a linear address below 2 MiB. */
export const paeEntry = (linear: number): number => TABLE + (linear >>> 12) * 8;

/** Identity map of the first 2 MiB; linear 200000h to 3FFFFFh a large page on the same memory. */
export const pae = (cs: number, large = P | W | U, cr4 = 0): Scenario => {
  const s = new Scenario({ cs, cr0: 0x8000_0011, cr3: PDPT, cr4: PAE | cr4 });
  s.put32(PDPT, DIRECTORY | P)
    .put32(DIRECTORY, TABLE | P | W | U)
    .put32(DIRECTORY + 8, large | LARGE);
  for (let at = 0; at < 512; at++) s.put32(TABLE + at * 8, (at << 12) | P | W | U);
  return s;
};
/**
 * QEMU has no PDPTE registers and sets A, a reserved bit, in the entries in memory (SDM volume 3, 4.4.1); with PAE it marks
 * the directory on the way to a fault, too.
 */
export const PAE_MARKS = { marks: [PDPT, PDPT + 8, PDPT + 16, PDPT + 24, DIRECTORY, DIRECTORY + 8] };

/** Entry of the page directory of `Scenario.paging`. */
export const directoryEntry = (linear: number): number => PAGES + (linear >>> 22) * 4;
