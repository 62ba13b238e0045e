/** From a linear address to a record: code pages, decoding, and the cases that cannot be cached. */
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE } from "../memory/layout.js";
import type { PhysicalSpace } from "../memory/physical.js";
import type { Breakpoints } from "./breakpoints.js";
import type { Core } from "./core.js";
import { type CodeCache, SPAN_RECORD } from "./interpreter/code-cache.js";
import { type Decoder, MAX_LENGTH, NEEDS_MORE } from "./interpreter/decoder.js";
import { R_DISP, R_IMM, R_META, R_OP, RECORD_WORDS } from "./interpreter/record.js";
import { HOT_NUMBERS } from "./interpreter/source.js";
import type { Mmu } from "./mmu.js";
import { BASE, CS, KEY_FLAT, LIMIT, MODE_KEY, TLB_HALF } from "./state.js";

const LINK = HOT_NUMBERS.get("%LINK")!;
const CHECK = HOT_NUMBERS.get("%CHECK")!;
const REENTER = HOT_NUMBERS.get("%REENTER")!;
/** Instructions between two looks at the slice's end in straight-line code. */
export const CHECK_EVERY = 16;
/** Byte offset in the guest buffer where instructions that span pages are put together. */
const SPAN_BYTES_OFFSET = 4096;

export interface CodeFetchParts {
  readonly core: Core;
  readonly space: PhysicalSpace;
  readonly mmu: Mmu;
  readonly cache: CodeCache;
  readonly decoder: Decoder;
  readonly breakpoints: Breakpoints;
}

export class CodeFetch {
  readonly #breakpoints: Breakpoints;
  readonly #core: Core;
  readonly #space: PhysicalSpace;
  readonly #mmu: Mmu;
  readonly #cache: CodeCache;
  readonly #decoder: Decoder;

  constructor({ core, space, mmu, cache, decoder, breakpoints }: CodeFetchParts) {
    this.#breakpoints = breakpoints;
    this.#core = core;
    this.#space = space;
    this.#mmu = mmu;
    this.#cache = cache;
    this.#decoder = decoder;
  }

  /** Record for the instruction at a linear address. @throws GuestFault #DB, #PF, #GP(0) beyond the code segment. */
  enter(linear: number): number {
    const { i32 } = this.#core;
    const alone = this.#breakpoints.hasCode && this.#breakpoints.covers(linear);
    if (alone) this.#breakpoints.fetch(linear);
    const key = i32[MODE_KEY];
    let available = MAX_LENGTH;
    if ((key & KEY_FLAT) === 0) {
      const offset = (linear - i32[BASE + CS]) >>> 0;
      const limit = i32[LIMIT + CS] >>> 0;
      if (offset > limit) this.#core.gp(0);
      available = Math.min(MAX_LENGTH, limit - offset + 1);
      // a page in which the segment ends is decoded instruction by instruction; in one where it begins, nothing leads below
      if (offset - (linear & PAGE_MASK) + PAGE_MASK > limit) return this.#uncached(linear, available);
    }
    if (alone) return this.#uncached(linear, available);
    let table = this.#mmu.tlbX[(linear >>> PAGE_SHIFT) + i32[TLB_HALF]];
    let bufferPage = -1;
    if (table === 0) {
      bufferPage = this.#bufferPage(linear);
      if (bufferPage < 0) return this.#uncached(linear, available);
      table = this.#cache.tableFor(bufferPage, key);
      this.#mmu.setExecute(linear, table);
    }
    const offset = linear & PAGE_MASK;
    const known = this.#cache.entries[table + offset];
    if (known !== 0) return known;
    if (bufferPage < 0) bufferPage = this.#bufferPage(linear);
    if (!this.#cache.reserve()) {
      table = this.#cache.tableFor(bufferPage, key);
      this.#mmu.setExecute(linear, table);
    }
    this.#cache.activate(bufferPage);
    return this.#decodeBlock(table, bufferPage, offset, key) || this.#uncached(linear, available);
  }

  #bufferPage(linear: number): number {
    return this.#space.readPage[this.#mmu.translate(linear, "execute", this.#mmu.user) >>> PAGE_SHIFT];
  }

  /** Decodes a straight line; 0 when its first instruction reaches into the next page. */
  #decodeBlock(table: number, bufferPage: number, start: number, key: number): number {
    const { code, entries } = this.#cache;
    const page = bufferPage * PAGE_SIZE;
    let record = this.#cache.next;
    const first = record;
    let offset = start;
    for (let count = 1; ; count++) {
      const known = offset < PAGE_SIZE ? entries[table + offset] : 0;
      if (known !== 0) {
        code[record + R_OP] = LINK;
        code[record + R_IMM] = known;
        record += RECORD_WORDS;
        break;
      }
      const length = offset < PAGE_SIZE ? this.#decoder.decode(record, page + offset, PAGE_SIZE - offset, offset, key) : NEEDS_MORE;
      if (length === NEEDS_MORE) {
        if (offset === start) return 0;
        code[record + R_OP] = REENTER;
        code[record + R_DISP] = offset;
        record += RECORD_WORDS;
        break;
      }
      entries[table + offset] = record;
      record += RECORD_WORDS;
      offset += length;
      if (this.#decoder.ends) break;
      if (count % CHECK_EVERY === 0 && offset < PAGE_SIZE) {
        code[record + R_OP] = CHECK;
        // where execution stands when it leaves here
        code[record + R_META] = offset;
        record += RECORD_WORDS;
      }
    }
    this.#cache.commit(record);
    return first;
  }

  /** One instruction through a copy of its bytes: it spans pages, lies in device memory, or near its segment's end. */
  #uncached(linear: number, available: number): number {
    const mmu = this.#mmu;
    const user = mmu.user;
    const { code } = this.#cache;
    const bytes = this.#core.memory.bytes;
    const offset = linear & PAGE_MASK;
    const most = available;
    let have = 0;
    for (;;) {
      // fetch only what the instruction needs: the next page may not be there
      const upTo = have === 0 ? Math.min(most, PAGE_SIZE - offset) : most;
      for (; have < upTo; have++) {
        const physical = mmu.translate((linear + have) | 0, "execute", user);
        bytes[SPAN_BYTES_OFFSET + have] = this.#space.read8(physical);
      }
      const length = this.#decoder.decode(SPAN_RECORD, SPAN_BYTES_OFFSET, have, offset, this.#core.i32[MODE_KEY]);
      if (length !== NEEDS_MORE) {
        code[SPAN_RECORD + RECORD_WORDS + R_OP] = REENTER;
        code[SPAN_RECORD + RECORD_WORDS + R_DISP] = offset + length;
        return SPAN_RECORD;
      }
      if (have >= most) this.#core.gp(0);
    }
  }
}
