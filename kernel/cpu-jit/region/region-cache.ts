/**
 * The regions that are alive: in records of the interpreter, in the chain table, in slots of the function table; found by
 * the pages they were made from, dropped when their code changes, oldest first when there is no room.
 */
import type { CodeCache } from "../../cpu/interpreter/code-cache.js";
import type { ChainTable } from "../chain.js";
import type { JitOptions } from "../options.js";
import type { JitStatistics } from "../statistics.js";
import type { Region, RegionEntryPoint } from "./region.js";

const PAGE_MASK = 0xfff;
/** When room is needed this part of all regions goes. */
const EVICTED_PART = 8;
/** Slot 0 is no region, and stays free. */
const FIRST_SLOT = 1;

export interface RegionCacheParts {
  readonly cache: CodeCache;
  readonly chain: ChainTable;
  readonly options: JitOptions;
  readonly statistics: JitStatistics;
  /** A slot is empty again. */
  readonly onDropped: (region: Region) => void;
}

export class RegionCache {
  readonly #parts: RegionCacheParts;
  /** In the order in which they were made. */
  readonly #alive = new Set<Region>();
  readonly #slots: (Region | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #byPage = new Map<number, Set<Region>>();
  /** How many regions have been dropped. */
  drops = 0;

  constructor(parts: RegionCacheParts) {
    this.#parts = parts;
    for (let slot = parts.options.regions - 1; slot >= FIRST_SLOT; slot--) this.#free.push(slot);
  }

  get regions(): Iterable<Region> {
    return this.#alive;
  }
  at(slot: number): Region | undefined {
    return this.#slots[slot];
  }

  /** A slot for a region to come; drops old ones when there is none, or too much code. Undefined when all are for regions to come. */
  takeSlot(): number | undefined {
    const { options, statistics } = this.#parts;
    if (this.#free.length === 0 || statistics.bytes > options.bytes) this.#evict();
    return this.#free.pop();
  }

  add(region: Region): void {
    this.#alive.add(region);
    this.#slots[region.slot] = region;
    for (const point of region.entries) if (point) this.#enter(region, point);
    for (const { bufferPage } of region.spans) {
      const there = this.#byPage.get(bufferPage);
      if (there) there.add(region);
      else this.#byPage.set(bufferPage, new Set([region]));
    }
    const { statistics } = this.#parts;
    statistics.compiled[region.tier]++;
    statistics.instructions += region.instructions;
    statistics.bytes += region.bytes;
    statistics.alive++;
    this.#dropUnreachable(region);
  }

  /** Nothing would ever lead there. */
  #dropUnreachable(region: Region): void {
    if (!region.entries.some((point) => point?.reachable)) this.drop(region);
  }

  #enter(region: Region, point: RegionEntryPoint): void {
    const { cache } = this.#parts;
    const page = point.linear & ~PAGE_MASK;
    const older = this.#slots[cache.regionSlot(point.record)];
    if (older) {
      const isSame = cache.leadsToRegion(point.record, page, region.part);
      if (isSame && !region.isHot) return;
      this.#handOver(older, point.record, isSame);
    }
    point.installed = point.record !== 0 && cache.installRegion(point.record, { slot: region.slot, entry: point.number, page, part: region.part });
    point.reachable = point.installed;
    if (point.installed) this.#chain(region, point);
  }

  /** A record will lead to another region than before: instead of the old one, or for another mapping of the same code. */
  #handOver(older: Region, record: number, instead: boolean): void {
    for (const point of older.entries) {
      if (!point?.installed || point.record !== record) continue;
      point.installed = false;
      if (!instead) continue;
      point.reachable = false;
      this.#parts.chain.remove(point.linear, older.slot);
    }
    this.#dropUnreachable(older);
  }

  /** The interpreter has come to an entry: the chain table may have lost it to another address. */
  chainAgain(slot: number, number: number): void {
    const region = this.#slots[slot];
    const point = region?.entries[number];
    if (region && point && !this.#parts.chain.has(point.linear, slot, number, region.part)) this.#chain(region, point);
  }

  #chain(region: Region, point: RegionEntryPoint): void {
    const page = region.pages.find(({ linear }) => linear === (point.linear & ~PAGE_MASK));
    if (page) this.#parts.chain.put(point.linear, page.table, region.slot, point.number, region.part);
  }

  /** Bytes of a page have changed: drops what was made from them; true when that was anything. */
  invalidate(bufferPage: number, offset: number, length: number): boolean {
    const there = this.#byPage.get(bufferPage);
    if (!there) return false;
    const { statistics } = this.#parts;
    const before = statistics.invalidated;
    for (const region of there) {
      if (!region.spans.some((span) => span.bufferPage === bufferPage && span.start < offset + length && span.end > offset)) continue;
      this.drop(region);
      statistics.invalidated++;
    }
    return statistics.invalidated !== before;
  }

  drop(region: Region): void {
    const { cache, chain, statistics, onDropped } = this.#parts;
    this.drops++;
    for (const point of region.entries) {
      if (!point?.reachable) continue;
      if (point.installed) cache.removeRegion(point.record);
      chain.remove(point.linear, region.slot);
    }
    for (const { bufferPage } of region.spans) {
      const there = this.#byPage.get(bufferPage);
      there?.delete(region);
      if (there?.size === 0) this.#byPage.delete(bufferPage);
    }
    this.#alive.delete(region);
    this.#slots[region.slot] = undefined;
    this.#free.push(region.slot);
    statistics.bytes -= region.bytes;
    statistics.alive--;
    onDropped(region);
  }

  #evict(): void {
    let left = Math.max(1, Math.ceil(this.#alive.size / EVICTED_PART));
    for (const region of this.#alive) {
      if (left-- === 0) break;
      this.drop(region);
      this.#parts.statistics.evicted++;
    }
  }

  /** All records are gone already. */
  clear(): void {
    for (const region of this.#alive) {
      for (const point of region.entries) if (point) point.installed = point.reachable = false;
      this.drop(region);
      this.#parts.statistics.flushed++;
    }
    this.#parts.chain.clear();
  }
}
