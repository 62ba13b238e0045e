/**
 * Linear memory: TLBs, page walks and the slow paths behind the inline fast path.
 *
 * A TLB entry is the buffer address of the page XOR its linear address, or an odd value (FFFh) when the access must take
 * the slow path: not translated, not permitted, answered by a handler, or (write TLB) a page that code was made from.
 * So one test covers miss, permission and page crossing, and `entry ^ address` is the buffer offset.
 */
import type { GuestMemory } from "../memory/guest-memory.js";
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE, TLB_BYTES, TLB_EXECUTE_OFFSET, TLB_READ_OFFSET, TLB_WRITE_OFFSET } from "../memory/layout.js";
import type { PhysicalSpace } from "../memory/physical.js";
import type { GuestFault } from "./fault.js";
import { A20_MASK, CPL, CR0, CR0_PG, CR0_WP, CR2, CR3, CR4, CR4_PAE, CR4_PGE, CR4_PSE, EFER, PF_VECTOR, TLB_HALF } from "./state.js";

const MISS = 0xfff;
const PRESENT = 1;
const WRITABLE = 2;
const USER = 4;
const ACCESSED = 0x20;
const DIRTY = 0x40;
const LARGE = 0x80;
const GLOBAL = 0x100;
const USER_HALF = 1 << 20;
const REGION_SHIFT = 22;
const FILLED_MAX = 1 << 16;
const EFER_NXE = 0x800;

/** Page-fault error code bits. */
const PF_PRESENT = 1;
const PF_WRITE = 2;
const PF_USER = 4;
const PF_RESERVED = 8;
const PF_FETCH = 0x10;

export type Access = "read" | "write" | "execute";

/** Result of a walk, reused. */
interface Translation {
  physical: number;
  writable: boolean;
  global: boolean;
}

export class Mmu {
  readonly tlbR: Int32Array;
  readonly tlbW: Int32Array;
  /** Base of the page's code table, 0 while unknown. */
  readonly tlbX: Int32Array;
  readonly #i32: Int32Array;
  readonly #space: PhysicalSpace;
  readonly #memory: GuestMemory;
  readonly #fault: GuestFault;
  readonly #filled = new Int32Array(FILLED_MAX);
  #filledCount = 0;
  readonly #filledGlobal = new Int32Array(FILLED_MAX);
  #filledGlobalCount = 0;
  /** Per 4 MiB of linear addresses: translations of a large page may be held. */
  readonly #large = new Uint8Array(1 << (32 - REGION_SHIFT));
  readonly #result: Translation = { physical: 0, writable: false, global: false };
  /** A store hits a page that code was made from; true when the page holds no code any more. */
  onCodeStore: (bufferPage: number, offset: number, length: number) => boolean = () => true;

  onWatched: (linear: number, bytes: number, write: boolean, user: boolean) => void = () => {};
  setWatched(_pages: Iterable<number>): void {}

  constructor(space: PhysicalSpace, i32: Int32Array, fault: GuestFault) {
    this.#space = space;
    this.#memory = space.memory;
    this.#i32 = i32;
    this.#fault = fault;
    const buffer = space.memory.buffer;
    this.tlbR = new Int32Array(buffer, TLB_READ_OFFSET, TLB_BYTES / 4).fill(MISS);
    this.tlbW = new Int32Array(buffer, TLB_WRITE_OFFSET, TLB_BYTES / 4).fill(MISS);
    this.tlbX = new Int32Array(buffer, TLB_EXECUTE_OFFSET, TLB_BYTES / 4);
  }

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

  /** Forgets one page (INVLPG), of whatever size it is. */
  flushPage(linear: number): void {
    const region = linear >>> REGION_SHIFT;
    const first = this.#large[region] !== 0 ? region << (REGION_SHIFT - PAGE_SHIFT) : linear >>> PAGE_SHIFT;
    const last = this.#large[region] !== 0 ? first + (1 << (REGION_SHIFT - PAGE_SHIFT)) : first + 1;
    for (const half of [0, USER_HALF]) {
      this.tlbR.fill(MISS, first + half, last + half);
      this.tlbW.fill(MISS, first + half, last + half);
      this.tlbX.fill(0, first + half, last + half);
    }
    this.#large[region] = 0;
  }

  /** Forgets where the code of one page is. */
  forgetCode(linear: number): void {
    this.tlbX[linear >>> PAGE_SHIFT] = 0;
    this.tlbX[(linear >>> PAGE_SHIFT) + USER_HALF] = 0;
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

  /** Remembers the code table of a linear page. */
  setExecute(linear: number, table: number): void {
    const entry = (linear >>> PAGE_SHIFT) + this.#i32[TLB_HALF];
    this.#remember(entry, false);
    this.tlbX[entry] = table;
  }

  /**
   * Physical address for an access, page walk and A/D bits included.
   * @param user the access has user privilege
   * @throws GuestFault #PF with CR2 set
   */
  translate(linear: number, access: Access, user: boolean): number {
    const i32 = this.#i32;
    if ((i32[CR0] & CR0_PG) === 0) {
      this.#result.writable = true;
      this.#result.global = false;
      this.#result.physical = (linear & i32[A20_MASK]) >>> 0;
    } else if ((i32[CR4] & CR4_PAE) !== 0) this.#walkPae(linear, access, user);
    else this.#walk(linear, access, user);
    return this.#result.physical;
  }

  #walk(linear: number, access: Access, user: boolean): void {
    const i32 = this.#i32;
    const space = this.#space;
    const mask = i32[A20_MASK];
    const write = access === "write";
    const pdeAddress = (((i32[CR3] & ~PAGE_MASK) | ((linear >>> 20) & 0xffc)) & mask) >>> 0;
    const pde = space.read32(pdeAddress) | 0;
    if ((pde & PRESENT) === 0) this.#pageFault(linear, access, user, 0);
    if ((pde & LARGE) !== 0 && (i32[CR4] & CR4_PSE) !== 0) {
      this.#check(linear, access, user, pde & WRITABLE, pde & USER);
      const dirty = ACCESSED | (write ? DIRTY : 0);
      if ((pde & dirty) !== dirty) space.write32(pdeAddress, (pde | dirty) >>> 0);
      this.#large[linear >>> REGION_SHIFT] = 1;
      this.#done(((pde & 0xffc0_0000) | (linear & 0x3f_ffff)) & mask, (pde & DIRTY) !== 0 || write ? this.#mayWrite(pde & WRITABLE, user) : false, (pde & GLOBAL) !== 0);
      return;
    }
    const pteAddress = (((pde & ~PAGE_MASK) | ((linear >>> 10) & 0xffc)) & mask) >>> 0;
    const pte = space.read32(pteAddress) | 0;
    if ((pte & PRESENT) === 0) this.#pageFault(linear, access, user, 0);
    const both = pde & pte;
    this.#check(linear, access, user, both & WRITABLE, both & USER);
    if ((pde & ACCESSED) === 0) space.write32(pdeAddress, (pde | ACCESSED) >>> 0);
    const dirty = ACCESSED | (write ? DIRTY : 0);
    if ((pte & dirty) !== dirty) space.write32(pteAddress, (pte | dirty) >>> 0);
    this.#done(((pte & ~PAGE_MASK) | (linear & PAGE_MASK)) & mask, (pte & DIRTY) !== 0 || write ? this.#mayWrite(both & WRITABLE, user) : false, (pte & GLOBAL) !== 0);
  }

  #walkPae(linear: number, access: Access, user: boolean): void {
    const i32 = this.#i32;
    const space = this.#space;
    const mask = i32[A20_MASK];
    const write = access === "write";
    const nx = (i32[EFER] & EFER_NXE) !== 0;
    const pdpte = ((i32[CR3] & ~31) + ((linear >>> 30) << 3)) >>> 0;
    const top = space.read32((pdpte & mask) >>> 0) | 0;
    if ((top & PRESENT) === 0) this.#pageFault(linear, access, user, 0);
    const pdeAddress = (((top & ~PAGE_MASK) | ((linear >>> 18) & 0xff8)) & mask) >>> 0;
    const pde = space.read32(pdeAddress) | 0;
    const pdeHigh = space.read32(pdeAddress + 4) | 0;
    if ((pde & PRESENT) === 0) this.#pageFault(linear, access, user, 0);
    if ((pdeHigh & 0x7fff_fff0) !== 0 || (pdeHigh < 0 && !nx)) this.#pageFault(linear, access, user, PF_PRESENT | PF_RESERVED);
    const dirty = ACCESSED | (write ? DIRTY : 0);
    if ((pde & LARGE) !== 0) {
      if (pdeHigh < 0 && access === "execute") this.#pageFault(linear, access, user, PF_PRESENT);
      this.#check(linear, access, user, pde & WRITABLE, pde & USER);
      if ((pde & dirty) !== dirty) space.write32(pdeAddress, (pde | dirty) >>> 0);
      this.#large[linear >>> REGION_SHIFT] = 1;
      this.#done(((pde & 0xffe0_0000) | (linear & 0x1f_ffff)) & mask, (pde & DIRTY) !== 0 || write ? this.#mayWrite(pde & WRITABLE, user) : false, (pde & GLOBAL) !== 0);
      return;
    }
    const pteAddress = (((pde & ~PAGE_MASK) | ((linear >>> 9) & 0xff8)) & mask) >>> 0;
    const pte = space.read32(pteAddress) | 0;
    const pteHigh = space.read32(pteAddress + 4) | 0;
    if ((pte & PRESENT) === 0) this.#pageFault(linear, access, user, 0);
    if ((pteHigh & 0x7fff_fff0) !== 0 || (pteHigh < 0 && !nx)) this.#pageFault(linear, access, user, PF_PRESENT | PF_RESERVED);
    if ((pdeHigh < 0 || pteHigh < 0) && access === "execute") this.#pageFault(linear, access, user, PF_PRESENT);
    const both = pde & pte;
    this.#check(linear, access, user, both & WRITABLE, both & USER);
    if ((pde & ACCESSED) === 0) space.write32(pdeAddress, (pde | ACCESSED) >>> 0);
    if ((pte & dirty) !== dirty) space.write32(pteAddress, (pte | dirty) >>> 0);
    this.#done(((pte & ~PAGE_MASK) | (linear & PAGE_MASK)) & mask, (pte & DIRTY) !== 0 || write ? this.#mayWrite(both & WRITABLE, user) : false, (pte & GLOBAL) !== 0);
  }

  #mayWrite(writable: number, user: boolean): boolean {
    return writable !== 0 || (!user && (this.#i32[CR0] & CR0_WP) === 0);
  }

  #check(linear: number, access: Access, user: boolean, writable: number, forUser: number): void {
    if (user && forUser === 0) this.#pageFault(linear, access, user, PF_PRESENT);
    if (access === "write" && !this.#mayWrite(writable, user)) this.#pageFault(linear, access, user, PF_PRESENT);
  }

  #done(physical: number, writable: boolean, global: boolean): void {
    this.#result.physical = physical >>> 0;
    this.#result.writable = writable;
    this.#result.global = global;
  }

  #pageFault(linear: number, access: Access, user: boolean, bits: number): never {
    this.#i32[CR2] = linear;
    const nx = (this.#i32[EFER] & EFER_NXE) !== 0 && (this.#i32[CR4] & CR4_PAE) !== 0;
    const error = bits | (access === "write" ? PF_WRITE : 0) | (user ? PF_USER : 0) | (access === "execute" && nx ? PF_FETCH : 0);
    this.#fault.raise(PF_VECTOR, error);
  }

  /** Translates and fills the TLB; returns the physical address. */
  #fill(linear: number, write: boolean, user: boolean): number {
    const physical = this.translate(linear, write ? "write" : "read", user);
    const page = physical >>> PAGE_SHIFT;
    const entry = (linear >>> PAGE_SHIFT) + (user ? USER_HALF : 0);
    const base = linear & ~PAGE_MASK;
    const readPage = this.#space.readPage[page];
    const writePage = this.#space.writePage[page];
    let kept = false;
    if (readPage >= 0) {
      this.tlbR[entry] = (readPage << PAGE_SHIFT) ^ base;
      kept = true;
    }
    if (this.#result.writable && writePage >= 0 && writePage === readPage && this.#memory.hasCode[writePage] === 0) {
      this.tlbW[entry] = (writePage << PAGE_SHIFT) ^ base;
      kept = true;
    }
    if (kept) this.#remember(entry, this.#result.global);
    return physical;
  }

  // ── accesses of any width; `user` is whether user privilege applies ─────────────────────────────────────────────

  read8(linear: number, user: boolean): number {
    const entry = this.tlbR[(linear >>> PAGE_SHIFT) + (user ? USER_HALF : 0)];
    if ((entry & 1) === 0) return this.#memory.bytes[(entry ^ linear) >>> 0];
    return this.#space.read8(this.#fill(linear, false, user));
  }

  read16(linear: number, user: boolean): number {
    if ((linear & PAGE_MASK) === PAGE_MASK) return this.read8(linear, user) | (this.read8((linear + 1) | 0, user) << 8);
    const entry = this.tlbR[(linear >>> PAGE_SHIFT) + (user ? USER_HALF : 0)];
    if ((entry & 1) === 0) return this.#memory.view.getUint16((entry ^ linear) >>> 0, true);
    return this.#space.read16(this.#fill(linear, false, user));
  }

  /** Signed. */
  read32(linear: number, user: boolean): number {
    if ((linear & PAGE_MASK) > PAGE_SIZE - 4) {
      return this.#straddle(linear, 4, user);
    }
    const entry = this.tlbR[(linear >>> PAGE_SHIFT) + (user ? USER_HALF : 0)];
    if ((entry & 1) === 0) return this.#memory.view.getInt32((entry ^ linear) >>> 0, true);
    return this.#space.read32(this.#fill(linear, false, user)) | 0;
  }

  #straddle(linear: number, length: number, user: boolean): number {
    let value = 0;
    for (let index = 0; index < length; index++) value |= this.read8((linear + index) | 0, user) << (8 * index);
    return value;
  }

  write8(linear: number, value: number, user: boolean): void {
    const entry = this.tlbW[(linear >>> PAGE_SHIFT) + (user ? USER_HALF : 0)];
    if ((entry & 1) === 0) this.#memory.bytes[(entry ^ linear) >>> 0] = value;
    else {
      const physical = this.#fillForWrite(linear, 1, user);
      const page = this.#space.writePage[physical >>> PAGE_SHIFT];
      if (page < 0) this.#space.mmio.write8(physical, value & 0xff);
      else this.#memory.bytes[page * PAGE_SIZE + (physical & PAGE_MASK)] = value;
    }
  }

  write16(linear: number, value: number, user: boolean): void {
    if ((linear & PAGE_MASK) === PAGE_MASK) {
      this.probeWrites(linear, 2, user);
      this.write8(linear, value, user);
      this.write8((linear + 1) | 0, value >> 8, user);
      return;
    }
    const entry = this.tlbW[(linear >>> PAGE_SHIFT) + (user ? USER_HALF : 0)];
    if ((entry & 1) === 0) this.#memory.view.setInt16((entry ^ linear) >>> 0, value, true);
    else {
      const physical = this.#fillForWrite(linear, 2, user);
      const page = this.#space.writePage[physical >>> PAGE_SHIFT];
      if (page < 0) this.#space.mmio.write16(physical, value & 0xffff);
      else this.#memory.view.setInt16(page * PAGE_SIZE + (physical & PAGE_MASK), value, true);
    }
  }

  write32(linear: number, value: number, user: boolean): void {
    if ((linear & PAGE_MASK) > PAGE_SIZE - 4) {
      this.probeWrites(linear, 4, user);
      for (let index = 0; index < 4; index++) this.write8((linear + index) | 0, value >> (8 * index), user);
      return;
    }
    const entry = this.tlbW[(linear >>> PAGE_SHIFT) + (user ? USER_HALF : 0)];
    if ((entry & 1) === 0) this.#memory.view.setInt32((entry ^ linear) >>> 0, value, true);
    else {
      const physical = this.#fillForWrite(linear, 4, user);
      const page = this.#space.writePage[physical >>> PAGE_SHIFT];
      if (page < 0) this.#space.mmio.write32(physical, value >>> 0);
      else this.#memory.view.setInt32(page * PAGE_SIZE + (physical & PAGE_MASK), value, true);
    }
  }

  /** Faults as a write would, without writing. */
  probeWrite(linear: number, user: boolean): void {
    if ((this.tlbW[(linear >>> PAGE_SHIFT) + (user ? USER_HALF : 0)] & 1) !== 0) this.#fill(linear, true, user);
  }

  /** As `probeWrite` for all bytes of an operand; CR2 is that of the first byte that cannot be written. */
  probeWrites(linear: number, length: number, user: boolean): void {
    this.probeWrite(linear, user);
    const last = (linear + length - 1) | 0;
    if (((last ^ linear) & ~PAGE_MASK) !== 0) this.probeWrite(last & ~PAGE_MASK, user);
  }

  probeRead(linear: number, user: boolean): void {
    if ((this.tlbR[(linear >>> PAGE_SHIFT) + (user ? USER_HALF : 0)] & 1) !== 0) this.#fill(linear, false, user);
  }

  #fillForWrite(linear: number, length: number, user: boolean): number {
    const physical = this.#fill(linear, true, user);
    const page = this.#space.writePage[physical >>> PAGE_SHIFT];
    if (page >= 0 && this.#memory.hasCode[page] !== 0 && this.onCodeStore(page, physical & PAGE_MASK, length)) this.#fill(linear, true, user);
    return physical;
  }

  /** Offset in the buffer of directly readable memory at a linear address, or -1: for bulk string operations. */
  directRead(linear: number, user: boolean): number {
    this.probeRead(linear, user);
    const entry = this.tlbR[(linear >>> PAGE_SHIFT) + (user ? USER_HALF : 0)];
    return (entry & 1) === 0 ? (entry ^ linear) >>> 0 : -1;
  }

  directWrite(linear: number, user: boolean): number {
    this.probeWrite(linear, user);
    const entry = this.tlbW[(linear >>> PAGE_SHIFT) + (user ? USER_HALF : 0)];
    return (entry & 1) === 0 ? (entry ^ linear) >>> 0 : -1;
  }

  /** Whether accesses of the running program have user privilege. */
  get user(): boolean {
    return this.#i32[CPL] === 3;
  }

  /** Where a linear address lies, without faulting or setting A/D bits; `undefined` when not mapped. */
  peek(linear: number): number | undefined {
    const i32 = this.#i32;
    if ((i32[CR0] & CR0_PG) === 0) return (linear & i32[A20_MASK]) >>> 0;
    const space = this.#space;
    if ((i32[CR4] & CR4_PAE) !== 0) {
      const top = space.read32(((i32[CR3] & ~31) + ((linear >>> 30) << 3)) >>> 0);
      if ((top & PRESENT) === 0) return undefined;
      const pde = space.read32(((top & ~PAGE_MASK) | ((linear >>> 18) & 0xff8)) >>> 0);
      if ((pde & PRESENT) === 0) return undefined;
      if (pde & LARGE) return ((pde & 0xffe0_0000) | (linear & 0x1f_ffff)) >>> 0;
      const pte = space.read32(((pde & ~PAGE_MASK) | ((linear >>> 9) & 0xff8)) >>> 0);
      return pte & PRESENT ? ((pte & ~PAGE_MASK) | (linear & PAGE_MASK)) >>> 0 : undefined;
    }
    const pde = space.read32(((i32[CR3] & ~PAGE_MASK) | ((linear >>> 20) & 0xffc)) >>> 0);
    if ((pde & PRESENT) === 0) return undefined;
    if (pde & LARGE && i32[CR4] & CR4_PSE) return ((pde & 0xffc0_0000) | (linear & 0x3f_ffff)) >>> 0;
    const pte = space.read32(((pde & ~PAGE_MASK) | ((linear >>> 10) & 0xffc)) >>> 0);
    return pte & PRESENT ? ((pte & ~PAGE_MASK) | (linear & PAGE_MASK)) >>> 0 : undefined;
  }
}
