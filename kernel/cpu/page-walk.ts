/**
 * Page walks: 32-bit paging with 4 KiB and 4 MiB pages, and PAE paging with 4 KiB and 2 MiB pages (Intel SDM volume 3,
 * chapter 4).
 *
 * Finding a translation and using it are two steps. `#find` reads the entries and says where they lead, without any side
 * effect; `translate` then judges the access and marks the entries accessed and dirty. So an access that faults marks
 * nothing, on no level, and a look from outside (`peek`) follows the same description.
 */
import { PAGE_MASK, PAGE_SHIFT } from "../memory/layout.js";
import type { PhysicalSpace } from "../memory/physical.js";
import type { GuestFault } from "./fault.js";
import { A20_MASK, CR0, CR0_PG, CR0_WP, CR2, CR3, CR4, CR4_PAE, CR4_PSE, EFER, EFER_NXE, PDPTE, PF_VECTOR } from "./state.js";

export type Access = "read" | "write" | "execute";

const PRESENT = 1;
const WRITABLE = 2;
const USER = 4;
const ACCESSED = 0x20;
const DIRTY = 0x40;
const LARGE = 0x80;
const GLOBAL = 0x100;

/** Reserved in the low half of a PDPTE: bits 1, 2 and 5 to 8 (table 4-8). */
const PDPTE_RESERVED = 0x1e6;
/** Reserved in the high half of every entry: bits 36 to 62, MAXPHYADDR being 36 (tables 4-8 to 4-11). */
const HIGH_RESERVED = 0x7fff_fff0;
/** Bits 13 to 20 of an entry for a 2 MiB page (table 4-9). */
const LARGE_PAE_RESERVED = 0x1f_e000;
/** Bits 13 to 21 of an entry for a 4 MiB page: no model has PSE-36, which would make 13 to 16 an address (section 4.3). */
const LARGE_RESERVED = 0x3f_e000;
/** Choose a memory type, or are reserved without a page attribute table. */
const LARGE_PAT = 0x1000;
const TABLE_PAT = 0x80;

/** Page-fault error code bits (section 4.7). */
const PF_PRESENT = 1;
const PF_WRITE = 2;
const PF_USER = 4;
const PF_RESERVED = 8;
const PF_FETCH = 0x10;

/** Results of `#find`. */
const MAPPED = 0;
const ABSENT = 1;
const RESERVED = 2;

export class PageWalk {
  /** Of the last translation: whether writes by the same privilege may go on without another walk. */
  writable = false;
  /** Of the last translation: survives a load of CR3 while CR4.PGE is set. */
  global = false;
  /** Of the last translation: the page is larger than 4 KiB. */
  large = false;
  readonly #i32: Int32Array;
  readonly #space: PhysicalSpace;
  readonly #fault: GuestFault;
  /** What `#find` found: where the directory and the table entry lie and their low halves, the rights of both together. */
  #directoryAt = 0;
  #directory = 0;
  #leafAt = 0;
  #leaf = 0;
  #rights = 0;
  #noExecute = false;
  #physical = 0;
  /** Reserved bits, which depend on PAT. */
  #largeReserved = LARGE_RESERVED;
  #largePaeReserved = LARGE_PAE_RESERVED;
  #tableReserved = 0;

  constructor(space: PhysicalSpace, i32: Int32Array, fault: GuestFault) {
    this.#space = space;
    this.#i32 = i32;
    this.#fault = fault;
  }

  /** Whether the model has a page attribute table, as it has from the start: without it the bits for it are reserved. */
  setPat(present: boolean): void {
    this.#largeReserved = LARGE_RESERVED | (present ? 0 : LARGE_PAT);
    this.#largePaeReserved = LARGE_PAE_RESERVED | (present ? 0 : LARGE_PAT);
    this.#tableReserved = present ? 0 : TABLE_PAT;
  }

  /**
   * Loads the PDPTE registers as MOV to CR3 and its like do (section 4.4.1); walks use these and never the table in memory.
   * @returns false, and nothing is loaded, if an entry has reserved bits
   */
  loadPdptes(cr3: number): boolean {
    const i32 = this.#i32;
    const table = (cr3 & ~31 & i32[A20_MASK]) >>> 0;
    const words: number[] = [];
    for (let index = 0; index < 8; index += 2) {
      const low = this.#space.read32(table + index * 4) | 0;
      const high = this.#space.read32(table + index * 4 + 4) | 0;
      // bit 63 is reserved here whatever EFER.NXE says
      if ((low & PRESENT) !== 0 && ((low & PDPTE_RESERVED) !== 0 || (high & HIGH_RESERVED) !== 0 || high < 0)) return false;
      words.push(low, high);
    }
    i32.set(words, PDPTE);
    return true;
  }

  /**
   * Physical address for an access; marks the entries used accessed and, for a write, the last one dirty.
   * @param user the access has user privilege
   * @throws GuestFault #PF with CR2 set
   */
  translate(linear: number, access: Access, user: boolean): number {
    if ((this.#i32[CR0] & CR0_PG) === 0) {
      this.writable = true;
      this.global = false;
      this.large = false;
      return (linear & this.#i32[A20_MASK]) >>> 0;
    }
    this.#judge(linear, access, user);
    const space = this.#space;
    const write = access === "write";
    const leafAt = this.#leafAt;
    if (leafAt !== this.#directoryAt && (this.#directory & ACCESSED) === 0) space.write32(this.#directoryAt, (this.#directory | ACCESSED) >>> 0);
    const marks = write ? ACCESSED | DIRTY : ACCESSED;
    const leaf = this.#leaf;
    if ((leaf & marks) !== marks) space.write32(leafAt, (leaf | marks) >>> 0);
    this.writable = (write || (leaf & DIRTY) !== 0) && this.#mayWrite(user);
    this.global = (leaf & GLOBAL) !== 0;
    this.large = leafAt === this.#directoryAt;
    return this.#physical;
  }

  /** Where a linear address lies, whoever may use it; `undefined` when not mapped. */
  peek(linear: number): number | undefined {
    if ((this.#i32[CR0] & CR0_PG) === 0) return (linear & this.#i32[A20_MASK]) >>> 0;
    return this.#find(linear, true) === MAPPED ? this.#physical : undefined;
  }

  /** Whether `translate` would succeed for data; without a side effect. */
  permits(linear: number, write: boolean, user: boolean): boolean {
    if ((this.#i32[CR0] & CR0_PG) === 0) return true;
    return this.#find(linear, true) === MAPPED && !(user && (this.#rights & USER) === 0) && !(write && !this.#mayWrite(user));
  }

  /** Reserved bits come before rights: with them set there is no translation (section 4.7). */
  #judge(linear: number, access: Access, user: boolean): void {
    const found = this.#find(linear, false);
    if (found !== MAPPED) this.#pageFault(linear, access, user, found === RESERVED ? PF_PRESENT | PF_RESERVED : 0);
    const refused = (user && (this.#rights & USER) === 0) || (access === "write" && !this.#mayWrite(user)) || (access === "execute" && this.#noExecute);
    if (refused) this.#pageFault(linear, access, user, PF_PRESENT);
  }

  #mayWrite(user: boolean): boolean {
    return (this.#rights & WRITABLE) !== 0 || (!user && (this.#i32[CR0] & CR0_WP) === 0);
  }

  #pageFault(linear: number, access: Access, user: boolean, bits: number): never {
    const i32 = this.#i32;
    i32[CR2] = linear;
    const fetch = access === "execute" && (i32[CR4] & CR4_PAE) !== 0 && (i32[EFER] & EFER_NXE) !== 0;
    this.#fault.raise(PF_VECTOR, bits | (access === "write" ? PF_WRITE : 0) | (user ? PF_USER : 0) | (fetch ? PF_FETCH : 0));
  }

  /** @param quiet do not read entries from device memory, where reading may have effects */
  #find(linear: number, quiet: boolean): number {
    return (this.#i32[CR4] & CR4_PAE) !== 0 ? this.#findPae(linear, quiet) : this.#find32(linear, quiet);
  }

  #unreadable(address: number): boolean {
    return this.#space.readPage[address >>> PAGE_SHIFT] < 0;
  }

  #find32(linear: number, quiet: boolean): number {
    const i32 = this.#i32;
    const space = this.#space;
    const mask = i32[A20_MASK];
    const directoryAt = (((i32[CR3] & ~PAGE_MASK) | ((linear >>> 20) & 0xffc)) & mask) >>> 0;
    if (quiet && this.#unreadable(directoryAt)) return ABSENT;
    const directory = space.read32(directoryAt) | 0;
    if ((directory & PRESENT) === 0) return ABSENT;
    // without CR4.PSE nothing is reserved
    const pse = (i32[CR4] & CR4_PSE) !== 0;
    this.#directoryAt = directoryAt;
    this.#directory = directory;
    this.#noExecute = false;
    if (pse && (directory & LARGE) !== 0) {
      if ((directory & this.#largeReserved) !== 0) return RESERVED;
      this.#leafAt = directoryAt;
      this.#leaf = directory;
      this.#rights = directory;
      this.#physical = (((directory & 0xffc0_0000) | (linear & 0x3f_ffff)) & mask) >>> 0;
      return MAPPED;
    }
    const leafAt = (((directory & ~PAGE_MASK) | ((linear >>> 10) & 0xffc)) & mask) >>> 0;
    if (quiet && this.#unreadable(leafAt)) return ABSENT;
    const leaf = space.read32(leafAt) | 0;
    if ((leaf & PRESENT) === 0) return ABSENT;
    if (pse && (leaf & this.#tableReserved) !== 0) return RESERVED;
    this.#leafAt = leafAt;
    this.#leaf = leaf;
    this.#rights = directory & leaf;
    this.#physical = (((leaf & ~PAGE_MASK) | (linear & PAGE_MASK)) & mask) >>> 0;
    return MAPPED;
  }

  /** The levels of PAE paging; CR4.PSE does not matter, and PDPTEs have neither rights nor an accessed bit. */
  #findPae(linear: number, quiet: boolean): number {
    const i32 = this.#i32;
    const space = this.#space;
    const mask = i32[A20_MASK];
    const highReserved = (i32[EFER] & EFER_NXE) !== 0 ? HIGH_RESERVED : HIGH_RESERVED | 0x8000_0000;
    const top = i32[PDPTE + ((linear >>> 30) << 1)];
    if ((top & PRESENT) === 0) return ABSENT;
    const directoryAt = (((top & ~PAGE_MASK) | ((linear >>> 18) & 0xff8)) & mask) >>> 0;
    if (quiet && this.#unreadable(directoryAt)) return ABSENT;
    const directory = space.read32(directoryAt) | 0;
    if ((directory & PRESENT) === 0) return ABSENT;
    const directoryHigh = space.read32(directoryAt + 4) | 0;
    if ((directoryHigh & highReserved) !== 0) return RESERVED;
    this.#directoryAt = directoryAt;
    this.#directory = directory;
    if ((directory & LARGE) !== 0) {
      if ((directory & this.#largePaeReserved) !== 0) return RESERVED;
      this.#leafAt = directoryAt;
      this.#leaf = directory;
      this.#rights = directory;
      this.#noExecute = directoryHigh < 0;
      // address bits 32 to 35 get no further than the processor: the host bridge has lines for 32
      this.#physical = (((directory & 0xffe0_0000) | (linear & 0x1f_ffff)) & mask) >>> 0;
      return MAPPED;
    }
    const leafAt = (((directory & ~PAGE_MASK) | ((linear >>> 9) & 0xff8)) & mask) >>> 0;
    if (quiet && this.#unreadable(leafAt)) return ABSENT;
    const leaf = space.read32(leafAt) | 0;
    if ((leaf & PRESENT) === 0) return ABSENT;
    const leafHigh = space.read32(leafAt + 4) | 0;
    if ((leafHigh & highReserved) !== 0 || (leaf & this.#tableReserved) !== 0) return RESERVED;
    this.#leafAt = leafAt;
    this.#leaf = leaf;
    this.#rights = directory & leaf;
    this.#noExecute = (directoryHigh | leafHigh) < 0;
    this.#physical = (((leaf & ~PAGE_MASK) | (linear & PAGE_MASK)) & mask) >>> 0;
    return MAPPED;
  }
}
