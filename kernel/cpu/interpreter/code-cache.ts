/**
 * Predecoded code, found by physical page: an arena of records and, per page and decoding mode, a table from page offset
 * to record.
 *
 * A write that overlaps a decoded instruction turns exactly that instruction's record into a re-entry, so modified code
 * takes effect with the next instruction, even inside the running block.
 */
import type { GuestMemory } from "../../memory/guest-memory.js";
import { PAGE_SIZE } from "../../memory/layout.js";
import { MAX_LENGTH } from "./decoder.js";
import { META_LENGTH_SHIFT, META_OFFSET_MASK, R_DISP, R_IMM, R_INDEX, R_META, R_OP, R_REG, R_RM, RECORD_WORDS } from "./record.js";

/** 512 Ki records: 16 MiB. */
const ARENA_RECORDS = 1 << 19;
/** Code pages with a table: 64 MiB of address space, touched as used. */
const MAX_PAGES = 4096;
/** Record 0 is "none"; two fixed records are for single steps, two for instructions that span pages. */
export const STEP_RECORD = 1 * RECORD_WORDS;
export const SPAN_RECORD = 3 * RECORD_WORDS;
const FIRST_RECORD = 5 * RECORD_WORDS;
/** Slow writes into a code page before its code is dropped to make writes fast again: at first, then twice as many each time. */
const WRITES_BEFORE_DROP = 256;
const WRITES_BEFORE_DROP_MAX = 1 << 20;

/** Operations of the interpreter's own that the cache writes into records. */
export interface SpecialOperations {
  readonly reenter: number;
  readonly back: number;
  readonly region: number;
}

/** Where a translated region is entered. */
export interface RegionEntry {
  readonly slot: number;
  readonly entry: number;
  /** Linear page and part of the TLBs for which it was translated. */
  readonly page: number;
  readonly part: number;
}

interface CodePage {
  readonly bufferPage: number;
  readonly key: number;
  /** Index of the page's table in `entries`. */
  readonly table: number;
  writes: number;
  /** Writes before the next drop. A page that code and data share is decoded anew after each. */
  patience: number;
}

export class CodeCache {
  readonly code = new Int32Array(ARENA_RECORDS * RECORD_WORDS);
  /** Tables; the first one stays zero and serves pages that are not translated. */
  readonly entries = new Int32Array(MAX_PAGES * PAGE_SIZE);
  readonly #memory: GuestMemory;
  readonly #operations: SpecialOperations;
  readonly #pages = new Map<number, CodePage[]>();
  #next = FIRST_RECORD;
  #tables = 1;
  /** How often everything was dropped because the arena was full; for reports. */
  flushes = 0;
  /** Every table is gone: execute TLBs and regions are stale. */
  readonly onFlush: (() => void)[] = [];
  /** A page has code from now on: writes to it must take the slow path. */
  onFirstCode: (bufferPage: number) => void = () => {};
  /** Decoded bytes of a page have changed, or are forgotten. */
  onInvalidated: (bufferPage: number, offset: number, length: number) => void = () => {};

  constructor(memory: GuestMemory, operations: SpecialOperations) {
    this.#memory = memory;
    this.#operations = operations;
  }

  /** Index of the table for a page under a decoding mode. */
  tableFor(bufferPage: number, key: number): number {
    let variants = this.#pages.get(bufferPage);
    const found = variants?.find((page) => page.key === key);
    if (found) return found.table;
    if (this.#tables === MAX_PAGES) {
      this.flush();
      variants = undefined;
    }
    const made: CodePage = { bufferPage, key, table: this.#tables++ * PAGE_SIZE, writes: 0, patience: WRITES_BEFORE_DROP };
    if (variants) variants.push(made);
    else this.#pages.set(bufferPage, [made]);
    return made.table;
  }

  /** Code is about to be decoded from a page. */
  activate(bufferPage: number): void {
    if (this.#memory.hasCode[bufferPage]) return;
    this.#memory.hasCode[bufferPage] = 1;
    this.onFirstCode(bufferPage);
  }

  /** Makes room for a block of up to one page of records; tables become invalid when it has to flush. */
  reserve(): boolean {
    if (this.#next + (PAGE_SIZE + 80) * RECORD_WORDS <= this.code.length) return true;
    this.flush();
    return false;
  }

  get next(): number {
    return this.#next;
  }

  /** Takes records up to `end`. */
  commit(end: number): void {
    this.#next = end;
  }

  /** Drops everything. Records being executed stay readable until they are overwritten, which only decoding does. */
  flush(): void {
    this.flushes++;
    for (const variants of this.#pages.values()) for (const page of variants) this.#memory.hasCode[page.bufferPage] = 0;
    this.entries.fill(0, PAGE_SIZE, this.#tables * PAGE_SIZE);
    this.#pages.clear();
    this.#tables = 1;
    this.#next = FIRST_RECORD;
    for (const tell of this.onFlush) tell();
  }

  /** Bytes of a code page are about to change. Returns true when the page holds no code any more. */
  written(bufferPage: number, offset: number, length: number): boolean {
    const variants = this.#pages.get(bufferPage);
    if (!variants || !this.#memory.hasCode[bufferPage]) return true;
    for (const page of variants) {
      if (++page.writes >= page.patience) {
        page.patience = Math.min(page.patience * 2, WRITES_BEFORE_DROP_MAX);
        this.dropPage(bufferPage);
        return true;
      }
      const last = Math.min(offset + length, PAGE_SIZE);
      for (let at = Math.max(0, offset - MAX_LENGTH + 1); at < last; at++) {
        const record = this.entries[page.table + at];
        if (record === 0) continue;
        const size = (this.code[record + R_META] >> META_LENGTH_SHIFT) & 15;
        if (at + size > offset) this.#invalidate(page, at, record);
      }
    }
    this.onInvalidated(bufferPage, offset, length);
    return false;
  }

  /** Forgets all code of a page; its tables stay, so running code and translations re-enter through them. */
  dropPage(bufferPage: number): void {
    const variants = this.#pages.get(bufferPage);
    if (!variants) return;
    for (const page of variants) {
      page.writes = 0;
      for (let at = 0; at < PAGE_SIZE; at++) {
        const record = this.entries[page.table + at];
        if (record !== 0) this.#invalidate(page, at, record);
      }
    }
    this.#memory.hasCode[bufferPage] = 0;
    this.onInvalidated(bufferPage, 0, PAGE_SIZE);
  }

  // ── regions ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Lets a record lead into a region; what it was is kept behind the region's. False when there is no room. A record that
   * leads into a region already leads into the new one.
   */
  installRegion(record: number, { slot, entry, page, part }: RegionEntry): boolean {
    const { code } = this;
    if (code[record + R_OP] === this.#operations.region) {
      code[record + R_REG] = slot;
      code[record + R_INDEX] = entry;
      code[record + R_DISP] = page;
      code[record + R_RM] = part;
      return true;
    }
    if (this.#next + 2 * RECORD_WORDS > code.length) return false;
    const kept = this.#next;
    this.#next += 2 * RECORD_WORDS;
    code.copyWithin(kept, record, record + RECORD_WORDS);
    code[kept + RECORD_WORDS + R_OP] = this.#operations.back;
    code[kept + RECORD_WORDS + R_IMM] = record + RECORD_WORDS;
    code[record + R_OP] = this.#operations.region;
    code[record + R_REG] = slot;
    code[record + R_INDEX] = entry;
    code[record + R_DISP] = page;
    code[record + R_RM] = part;
    code[record + R_IMM] = kept;
    return true;
  }

  /** Makes a record what it was before `installRegion`. */
  removeRegion(record: number): void {
    const { code } = this;
    if (code[record + R_OP] === this.#operations.region) code.copyWithin(record, code[record + R_IMM], code[record + R_IMM] + RECORD_WORDS);
  }

  /** Slot of the region that a record leads into; -1 for none. */
  regionSlot(record: number): number {
    return this.code[record + R_OP] === this.#operations.region ? this.code[record + R_REG] : -1;
  }

  /** Whether a record leads into a region for a linear page in a part of the TLBs: code may be mapped at several addresses. */
  leadsToRegion(record: number, page: number, part: number): boolean {
    const { code } = this;
    return code[record + R_OP] === this.#operations.region && code[record + R_DISP] === page && code[record + R_RM] === part;
  }

  /** The record of the instruction itself, behind a region that begins there. */
  plain(record: number): number {
    return this.code[record + R_OP] === this.#operations.region ? this.code[record + R_IMM] : record;
  }

  #invalidate(page: CodePage, at: number, record: number): void {
    this.entries[page.table + at] = 0;
    if (this.code[record + R_OP] === this.#operations.region) this.#forget(this.code[record + R_IMM]);
    this.#forget(record);
  }

  /** The record leads to a new look at its address. */
  #forget(record: number): void {
    this.code[record + R_OP] = this.#operations.reenter;
    this.code[record + R_DISP] = this.code[record + R_META] & META_OFFSET_MASK;
    this.code[record + R_IMM] = 0;
  }
}
