/**
 * Linear memory: the TLBs, and the slow paths behind the inline fast path.
 *
 * A TLB entry is the buffer address of the page XOR its linear address, or an odd value (FFFh) when the access must take
 * the slow path: not translated, not permitted, answered by a handler, watched, or (write TLB) a page that code was made
 * from. So one test covers miss, permission and page crossing, and `entry ^ address` is the buffer offset.
 *
 * An access that straddles two pages is translated for the first, then for the second, before anything is read or written.
 * When the second one faults the first stays marked accessed, by a write dirty: processors were seen to do the same.
 */
import type { GuestMemory } from "../memory/guest-memory.js";
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE, TLB_ALIGNED, TLB_BYTES, TLB_EXECUTE_OFFSET, TLB_READ_OFFSET, TLB_USER, TLB_WRITE_OFFSET } from "../memory/layout.js";
import type { PhysicalSpace } from "../memory/physical.js";
import type { GuestFault } from "./fault.js";
import { type Access, PageWalk } from "./page-walk.js";
import { AC_VECTOR, CPL, CR4, CR4_PGE, TLB_HALF } from "./state.js";

const MISS = 0xfff;
/** A constant of this module is faster than an imported one. */
const USER_PART = TLB_USER;
const REGION_SHIFT = 22;
const FILLED_MAX = 1 << 16;
/** For `#fill`: not an access that is reported. */
const SILENT = 0;

export class Mmu {
  readonly tlbR: Int32Array;
  readonly tlbW: Int32Array;
  /** Base of the page's code table, 0 while unknown. */
  readonly tlbX: Int32Array;
  readonly #i32: Int32Array;
  readonly #space: PhysicalSpace;
  readonly #memory: GuestMemory;
  readonly #fault: GuestFault;
  readonly #walk: PageWalk;
  readonly #filled = new Int32Array(FILLED_MAX);
  #filledCount = 0;
  readonly #filledGlobal = new Int32Array(FILLED_MAX);
  #filledGlobalCount = 0;
  /** Per 4 MiB of linear addresses: translations of a large page may be held. */
  readonly #large = new Uint8Array(1 << (32 - REGION_SHIFT));
  #watched: ReadonlySet<number> = new Set();
  #watching = false;
  /** A store hits a page that code was made from; true when the page holds no code any more. */
  onCodeStore: (bufferPage: number, offset: number, length: number) => boolean = () => true;
  /**
   * An access that touches a watched page is about to be made; translation has succeeded. It may throw, then the access is
   * not made. Called once for an access as a whole, also when it straddles two pages.
   */
  onWatched: (linear: number, bytes: number, write: boolean, user: boolean) => void = () => {};

  constructor(space: PhysicalSpace, i32: Int32Array, fault: GuestFault) {
    this.#space = space;
    this.#memory = space.memory;
    this.#i32 = i32;
    this.#fault = fault;
    this.#walk = new PageWalk(space, i32, fault);
    const buffer = space.memory.buffer;
    this.tlbR = new Int32Array(buffer, TLB_READ_OFFSET, TLB_BYTES / 4).fill(MISS);
    this.tlbW = new Int32Array(buffer, TLB_WRITE_OFFSET, TLB_BYTES / 4).fill(MISS);
    this.tlbX = new Int32Array(buffer, TLB_EXECUTE_OFFSET, TLB_BYTES / 4);
  }

  // ── paging ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether the model has a page attribute table, as it has from the start: without it the bits for it are reserved. */
  setPat(present: boolean): void {
    this.#walk.setPat(present);
    this.flush(false);
  }

  /**
   * Loads the PDPTE registers from the table that a value of CR3 points to: when PAE paging is in use or comes into use, at
   * MOV to CR3, at MOV to CR0 that changes PG, CD or NW, at MOV to CR4 that changes PAE, PGE or PSE, and at a task switch that
   * changes CR3 (SDM volume 3, section 4.4.1). False if an entry has reserved bits: then nothing is loaded, and the cause is
   * #GP(0).
   */
  loadPdptes(cr3: number): boolean {
    return this.#walk.loadPdptes(cr3);
  }

  /**
   * Physical address for an access, page walk and A/D bits included.
   * @param user the access has user privilege
   * @throws GuestFault #PF with CR2 set
   */
  translate(linear: number, access: Access, user: boolean): number {
    const physical = this.#walk.translate(linear, access, user);
    if (this.#walk.large) this.#large[linear >>> REGION_SHIFT] = 1;
    return physical;
  }

  /** Where a linear address lies, without faulting or setting A/D bits; `undefined` when not mapped. */
  peek(linear: number): number | undefined {
    return this.#walk.peek(linear);
  }

  // ── what the TLBs hold ──────────────────────────────────────────────────────────────────────────────────────────

  /** Forgets translations; `keepGlobal` for a CR3 load with CR4.PGE. */
  flush(keepGlobal: boolean): void {
    this.#filledCount = this.#clear(this.#filled, this.#filledCount);
    if (!keepGlobal || (this.#i32[CR4] & CR4_PGE) === 0) this.#filledGlobalCount = this.#clear(this.#filledGlobal, this.#filledGlobalCount);
  }

  #clear(list: Int32Array, count: number): number {
    for (let index = 0; index < count; index++) {
      const entry = list[index];
      this.tlbR[entry] = MISS;
      this.tlbW[entry] = MISS;
      this.tlbX[entry] = 0;
    }
    return 0;
  }

  /** Forgets one page (INVLPG), of whatever size it is, global or not. */
  flushPage(linear: number): void {
    const region = linear >>> REGION_SHIFT;
    const first = this.#large[region] !== 0 ? region << (REGION_SHIFT - PAGE_SHIFT) : linear >>> PAGE_SHIFT;
    const last = this.#large[region] !== 0 ? first + (1 << (REGION_SHIFT - PAGE_SHIFT)) : first + 1;
    for (const part of [0, TLB_USER, TLB_ALIGNED]) {
      this.tlbR.fill(MISS, first + part, last + part);
      this.tlbW.fill(MISS, first + part, last + part);
      this.tlbX.fill(0, first + part, last + part);
    }
    this.#large[region] = 0;
  }

  /** Forgets where the code of one page is. */
  forgetCode(linear: number): void {
    const page = linear >>> PAGE_SHIFT;
    this.tlbX[page] = 0;
    this.tlbX[page + TLB_USER] = 0;
    this.tlbX[page + TLB_ALIGNED] = 0;
  }

  /** Forgets where code is, not where data is. */
  flushExecute(): void {
    for (let index = 0; index < this.#filledCount; index++) this.tlbX[this.#filled[index]] = 0;
    for (let index = 0; index < this.#filledGlobalCount; index++) this.tlbX[this.#filledGlobal[index]] = 0;
  }

  /** Writes to a page of the buffer must take the slow path from now on. */
  dropWrites(bufferPage: number): void {
    const drop = (list: Int32Array, count: number): void => {
      for (let index = 0; index < count; index++) {
        const entry = list[index];
        const value = this.tlbW[entry];
        if ((value & 1) === 0 && (value ^ (entry << PAGE_SHIFT)) >>> PAGE_SHIFT === bufferPage) this.tlbW[entry] = MISS;
      }
    };
    drop(this.#filled, this.#filledCount);
    drop(this.#filledGlobal, this.#filledGlobalCount);
  }

  #remember(entry: number, global: boolean): void {
    if (global) {
      if (this.#filledGlobalCount === FILLED_MAX) this.flush(false);
      this.#filledGlobal[this.#filledGlobalCount++] = entry;
    } else {
      if (this.#filledCount === FILLED_MAX) this.flush(true);
      this.#filled[this.#filledCount++] = entry;
    }
  }

  /** Remembers the code table of a linear page, which has just been translated. */
  setExecute(linear: number, table: number): void {
    const entry = (linear >>> PAGE_SHIFT) + this.#i32[TLB_HALF];
    this.#remember(entry, this.#walk.global);
    this.tlbX[entry] = table;
  }

  /**
   * Replaces the set of watched pages, linear page numbers below 2^20. A watched page is never held for reading or writing:
   * accesses take the slow path, which calls `onWatched`, and bulk operations go element by element.
   */
  setWatched(pages: Iterable<number>): void {
    this.#watched = new Set(pages);
    this.#watching = this.#watched.size > 0;
    for (const page of this.#watched) {
      for (const part of [0, TLB_USER]) {
        this.tlbR[page + part] = MISS;
        this.tlbW[page + part] = MISS;
      }
    }
  }

  /** Translates and fills the TLB; returns the physical address. `bytes` is the length of the access, if it is one. */
  #fill(linear: number, bytes: number, write: boolean, user: boolean): number {
    const physical = this.translate(linear, write ? "write" : "read", user);
    if (this.#watching && this.#watched.has(linear >>> PAGE_SHIFT)) {
      if (bytes !== SILENT) this.onWatched(linear, bytes, write, user);
      return physical;
    }
    const page = physical >>> PAGE_SHIFT;
    const entry = (linear >>> PAGE_SHIFT) + (user ? USER_PART : 0);
    const base = linear & ~PAGE_MASK;
    const readPage = this.#space.readPage[page];
    const writePage = this.#space.writePage[page];
    let kept = false;
    if (readPage >= 0) {
      this.tlbR[entry] = (readPage << PAGE_SHIFT) ^ base;
      kept = true;
    }
    if (this.#walk.writable && writePage >= 0 && writePage === readPage && this.#memory.hasCode[writePage] === 0) {
      this.tlbW[entry] = (writePage << PAGE_SHIFT) ^ base;
      kept = true;
    }
    if (kept) this.#remember(entry, this.#walk.global);
    return physical;
  }

  /**
   * Fills the TLB for an access to plain memory, as the access would; false where it would fault or is watched, and then nothing
   * has changed.
   */
  tryFill(linear: number, write: boolean, user: boolean): boolean {
    if (this.#watching && this.#watched.has(linear >>> PAGE_SHIFT)) return false;
    if (!this.#walk.permits(linear, write, user)) return false;
    this.#fill(linear, SILENT, write, user);
    return true;
  }

  // ── alignment ───────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Checks an operand of the running program as a whole: `alignment` is a power of two. Accesses of 2 and 4 bytes check
   * themselves; what is wider, or made of parts, is checked by its operation.
   * @throws GuestFault #AC(0); before any #PF, as processors do
   */
  checkAlignment(linear: number, alignment: number, user: boolean): void {
    if (user && (linear & (alignment - 1)) !== 0 && this.#i32[TLB_HALF] === TLB_ALIGNED) this.#fault.raise(AC_VECTOR, 0);
  }

  /** Runs an operation that has checked its operand itself and whose parts are not aligned. */
  withoutAlignment(action: () => void): void {
    const i32 = this.#i32;
    const part = i32[TLB_HALF];
    if (part === TLB_ALIGNED) i32[TLB_HALF] = TLB_USER;
    try {
      action();
    } finally {
      i32[TLB_HALF] = part;
    }
  }

  // ── accesses of any width; `user` is whether user privilege applies, which includes alignment checking ──────────

  read8(linear: number, user: boolean): number {
    const entry = this.tlbR[(linear >>> PAGE_SHIFT) + (user ? USER_PART : 0)];
    if ((entry & 1) === 0) return this.#memory.bytes[(entry ^ linear) >>> 0];
    return this.#space.read8(this.#fill(linear, 1, false, user));
  }

  read16(linear: number, user: boolean): number {
    if ((linear & 1) !== 0) {
      this.checkAlignment(linear, 2, user);
      if ((linear & PAGE_MASK) === PAGE_MASK) return this.#readStraddling(linear, 2, user);
    }
    const entry = this.tlbR[(linear >>> PAGE_SHIFT) + (user ? USER_PART : 0)];
    if ((entry & 1) === 0) return this.#memory.view.getUint16((entry ^ linear) >>> 0, true);
    return this.#space.read16(this.#fill(linear, 2, false, user));
  }

  /** Signed. */
  read32(linear: number, user: boolean): number {
    if ((linear & 3) !== 0) {
      this.checkAlignment(linear, 4, user);
      if ((linear & PAGE_MASK) > PAGE_SIZE - 4) return this.#readStraddling(linear, 4, user);
    }
    const entry = this.tlbR[(linear >>> PAGE_SHIFT) + (user ? USER_PART : 0)];
    if ((entry & 1) === 0) return this.#memory.view.getInt32((entry ^ linear) >>> 0, true);
    return this.#space.read32(this.#fill(linear, 4, false, user)) | 0;
  }

  #readStraddling(linear: number, length: number, user: boolean): number {
    this.probeRead(linear, user);
    this.probeRead((linear + length - 1) & ~PAGE_MASK, user);
    this.announce(linear, length, false, user);
    let value = 0;
    for (let index = 0; index < length; index++) {
      const address = (linear + index) | 0;
      const entry = this.tlbR[(address >>> PAGE_SHIFT) + (user ? USER_PART : 0)];
      const byte = (entry & 1) === 0 ? this.#memory.bytes[(entry ^ address) >>> 0] : this.#space.read8(this.#fill(address, SILENT, false, user));
      value |= byte << (8 * index);
    }
    return value;
  }

  write8(linear: number, value: number, user: boolean): void {
    const entry = this.tlbW[(linear >>> PAGE_SHIFT) + (user ? USER_PART : 0)];
    if ((entry & 1) === 0) this.#memory.bytes[(entry ^ linear) >>> 0] = value;
    else this.#put8(this.#fillForWrite(linear, 1, 1, user), value);
  }

  #put8(physical: number, value: number): void {
    const page = this.#space.writePage[physical >>> PAGE_SHIFT];
    if (page < 0) this.#space.mmio.write8(physical, value & 0xff);
    else this.#memory.bytes[page * PAGE_SIZE + (physical & PAGE_MASK)] = value;
  }

  write16(linear: number, value: number, user: boolean): void {
    if ((linear & 1) !== 0) {
      this.checkAlignment(linear, 2, user);
      if ((linear & PAGE_MASK) === PAGE_MASK) {
        this.#writeStraddling(linear, value, 2, user);
        return;
      }
    }
    const entry = this.tlbW[(linear >>> PAGE_SHIFT) + (user ? USER_PART : 0)];
    if ((entry & 1) === 0) this.#memory.view.setInt16((entry ^ linear) >>> 0, value, true);
    else {
      const physical = this.#fillForWrite(linear, 2, 2, user);
      const page = this.#space.writePage[physical >>> PAGE_SHIFT];
      if (page < 0) this.#space.mmio.write16(physical, value & 0xffff);
      else this.#memory.view.setInt16(page * PAGE_SIZE + (physical & PAGE_MASK), value, true);
    }
  }

  write32(linear: number, value: number, user: boolean): void {
    if ((linear & 3) !== 0) {
      this.checkAlignment(linear, 4, user);
      if ((linear & PAGE_MASK) > PAGE_SIZE - 4) {
        this.#writeStraddling(linear, value, 4, user);
        return;
      }
    }
    const entry = this.tlbW[(linear >>> PAGE_SHIFT) + (user ? USER_PART : 0)];
    if ((entry & 1) === 0) this.#memory.view.setInt32((entry ^ linear) >>> 0, value, true);
    else {
      const physical = this.#fillForWrite(linear, 4, 4, user);
      const page = this.#space.writePage[physical >>> PAGE_SHIFT];
      if (page < 0) this.#space.mmio.write32(physical, value >>> 0);
      else this.#memory.view.setInt32(page * PAGE_SIZE + (physical & PAGE_MASK), value, true);
    }
  }

  #writeStraddling(linear: number, value: number, length: number, user: boolean): void {
    this.probeWrite(linear, user);
    this.probeWrite((linear + length - 1) & ~PAGE_MASK, user);
    this.announce(linear, length, true, user);
    for (let index = 0; index < length; index++) {
      const address = (linear + index) | 0;
      const entry = this.tlbW[(address >>> PAGE_SHIFT) + (user ? USER_PART : 0)];
      const byte = value >> (8 * index);
      if ((entry & 1) === 0) this.#memory.bytes[(entry ^ address) >>> 0] = byte;
      else this.#put8(this.#fillForWrite(address, 1, SILENT, user), byte);
    }
  }

  /** Tells `onWatched` of an access to come, as the access itself will: for operations that must not begin again after it. */
  announce(linear: number, length: number, write: boolean, user: boolean): void {
    if (!this.#watching) return;
    const last = (linear + length - 1) | 0;
    if (this.#watched.has(linear >>> PAGE_SHIFT) || this.#watched.has(last >>> PAGE_SHIFT)) this.onWatched(linear, length, write, user);
  }

  #fillForWrite(linear: number, length: number, bytes: number, user: boolean): number {
    const physical = this.#fill(linear, bytes, true, user);
    const page = this.#space.writePage[physical >>> PAGE_SHIFT];
    if (page >= 0 && this.#memory.hasCode[page] !== 0 && this.onCodeStore(page, physical & PAGE_MASK, length)) this.#fill(linear, SILENT, true, user);
    return physical;
  }

  // ── accesses to come ────────────────────────────────────────────────────────────────────────────────────────────

  /** Faults as a write would, without writing. */
  probeWrite(linear: number, user: boolean): void {
    if ((this.tlbW[(linear >>> PAGE_SHIFT) + (user ? USER_PART : 0)] & 1) !== 0) this.#fill(linear, SILENT, true, user);
  }

  /**
   * As `probeWrite` for all bytes of an operand; CR2 is that of the first byte that cannot be written. While alignment is
   * checked, operands of 2, 4, 8 and 16 bytes must be aligned to their size, those of 10 to 8 (SDM volume 3, table 6-7).
   */
  probeWrites(linear: number, length: number, user: boolean): void {
    if (length === 10) this.checkAlignment(linear, 8, user);
    else if (length <= 16 && (length & (length - 1)) === 0) this.checkAlignment(linear, length, user);
    this.probeWrite(linear, user);
    const last = (linear + length - 1) | 0;
    if (((last ^ linear) & ~PAGE_MASK) !== 0) this.probeWrite(last & ~PAGE_MASK, user);
  }

  probeRead(linear: number, user: boolean): void {
    if ((this.tlbR[(linear >>> PAGE_SHIFT) + (user ? USER_PART : 0)] & 1) !== 0) this.#fill(linear, SILENT, false, user);
  }

  /**
   * Offset in the buffer of directly readable memory at a linear address, or -1: for bulk string operations. While alignment
   * is checked nothing is.
   */
  directRead(linear: number, user: boolean): number {
    if (user && this.#i32[TLB_HALF] === TLB_ALIGNED) return -1;
    this.probeRead(linear, user);
    const entry = this.tlbR[(linear >>> PAGE_SHIFT) + (user ? USER_PART : 0)];
    return (entry & 1) === 0 ? (entry ^ linear) >>> 0 : -1;
  }

  directWrite(linear: number, user: boolean): number {
    if (user && this.#i32[TLB_HALF] === TLB_ALIGNED) return -1;
    this.probeWrite(linear, user);
    const entry = this.tlbW[(linear >>> PAGE_SHIFT) + (user ? USER_PART : 0)];
    return (entry & 1) === 0 ? (entry ^ linear) >>> 0 : -1;
  }

  /** Whether accesses of the running program have user privilege. */
  get user(): boolean {
    return this.#i32[CPL] === 3;
  }
}
