/**
 * The translator: samples of the interpreter become regions, regions become code, code is dropped when what it was made
 * from changes.
 */
import { HOT_NUMBERS } from "../cpu/interpreter/source.js";
import { COUNT_BASE, REGION_EXIT, REGION_LIMIT, TLB_HALF } from "../cpu/state.js";
import type { CreateTranslator, Translator, TranslatorParts } from "../cpu/translator.js";
import { PAGE_MASK, PAGE_SHIFT } from "../memory/layout.js";
import type { BackEnd } from "./backend/backend.js";
import { layOut } from "./backend/layout.js";
import { createDispatcher, type Dispatcher } from "./backend/wasm/module.js";
import { WasmBackEnd } from "./backend/wasm/wasm-backend.js";
import { ChainTable } from "./chain.js";
import { regionEnvironment } from "./environment.js";
import type { IrRegion } from "./ir/ir.js";
import { operations } from "./lift/lifters.js";
import { removeDeadSets } from "./passes/dead-sets.js";
import { foldConstants } from "./passes/fold.js";
import type { CodeSpan, Region, RegionEntryPoint } from "./region/region.js";
import { REGION_LIMITS, RegionFormer } from "./region/region-former.js";
import { type JitStatistics, newStatistics } from "./statistics.js";

export interface JitOptions {
  /** Instructions of the interpreter between two samples. */
  readonly interval: number;
  /** Samples of an address before its region is compiled. */
  readonly threshold: number;
  /** Samples that a hot address waits for others, to be compiled together. */
  readonly patience: number;
  /** Regions at most: their slots in the function table. */
  readonly regions: number;
}
export const JIT_DEFAULTS: JitOptions = { interval: 2048, threshold: 3, patience: 16, regions: 4096 };
/** Everything that is reached twice is compiled: for tests. */
export const JIT_FORCED: JitOptions = { interval: 1, threshold: 1, patience: 0, regions: 4096 };

/** A sample that falls on a region says nothing: the next one is where that region leads. */
const AFTER_REGION = 1;
/** Exits to an address that no region begins at count as a sample when there have been so many. */
const EXITS_PER_SAMPLE = 128;
const EXIT_COUNTERS = 1 << 12;
/** Addresses with samples; more are forgotten together. */
const MAX_SAMPLED = 1 << 14;

export class RegionTranslator implements Translator {
  readonly margin = REGION_LIMITS.instructions + 8;
  readonly statistics: JitStatistics = newStatistics();
  readonly #parts: TranslatorParts;
  readonly #i32: Int32Array;
  readonly #options: JitOptions;
  readonly #former: RegionFormer;
  readonly #backEnd: BackEnd;
  readonly #dispatcher: Dispatcher;
  readonly #chain: ChainTable;
  readonly #samples = new Map<number, number>();
  readonly #exits = new Uint8Array(EXIT_COUNTERS);
  readonly #queue: number[] = [];
  #waited = 0;
  readonly #regions: (Region | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #byPage = new Map<number, Set<Region>>();
  #dropped = 0;

  constructor(parts: TranslatorParts, options: JitOptions) {
    this.#parts = parts;
    this.#i32 = parts.core.i32;
    this.#options = options;
    const { core, cache, space } = parts;
    const environment = regionEnvironment(parts, this.statistics, () => this.#dropped);
    this.#former = new RegionFormer({
      code: cache.code,
      entries: cache.entries,
      mmu: core.mmu,
      i32: core.i32,
      operations: operations(),
      regionOperation: HOT_NUMBERS.get("%REGION")!,
      bufferPage: (linear) => {
        const physical = core.mmu.peek(linear);
        return physical === undefined ? -1 : space.readPage[physical >>> PAGE_SHIFT];
      },
    });
    this.#backEnd = new WasmBackEnd(environment);
    this.#dispatcher = createDispatcher(environment, options.regions, (entry) => entry);
    this.#chain = new ChainTable(core.i32);
    cache.onInvalidated = (page, offset, length) => this.#invalidate(page, offset, length);
    cache.onFlush.push(() => this.#flush());
    for (let slot = options.regions - 1; slot > 0; slot--) this.#free.push(slot);
  }

  // ── running ─────────────────────────────────────────────────────────────────────────────────────────────────────

  enter(slot: number, entry: number): number {
    const i32 = this.#i32;
    const { statistics } = this;
    const before = i32[COUNT_BASE];
    statistics.entered++;
    const linear = this.#dispatcher.run(slot, entry);
    statistics.executed += (i32[COUNT_BASE] - before) >> 3;
    if (i32[REGION_EXIT] !== 0) statistics.exits.interpret++;
    else if (i32[COUNT_BASE] >= i32[REGION_LIMIT]) statistics.exits.limit++;
    else {
      statistics.exits.unknown++;
      const counter = (linear ^ (linear >>> 12)) & (EXIT_COUNTERS - 1);
      if (++this.#exits[counter] === EXITS_PER_SAMPLE) {
        this.#exits[counter] = 0;
        this.#note(linear, 1);
      }
    }
    return linear;
  }

  // ── profile ─────────────────────────────────────────────────────────────────────────────────────────────────────

  sample(linear: number): number {
    if (this.#leadsToRegion(linear)) return this.#options.threshold === 1 ? 1 : AFTER_REGION;
    this.#note(linear, 1);
    if (this.#queue.length > 0 && (this.#queue.length >= this.#backEnd.batch || this.#waited++ >= this.#options.patience)) this.#compileQueue();
    return this.#options.interval;
  }

  #note(linear: number, weight: number): void {
    const samples = this.#samples;
    if (samples.size > MAX_SAMPLED) samples.clear();
    const before = samples.get(linear) ?? 0;
    const seen = before + weight;
    samples.set(linear, seen);
    const { threshold } = this.#options;
    if (seen >= threshold && before < threshold) this.#queue.push(linear);
  }

  #compileQueue(): void {
    this.#waited = 0;
    const formed: { readonly seed: number; readonly region: IrRegion }[] = [];
    for (const seed of this.#queue.splice(0)) {
      this.#samples.delete(seed);
      if (this.#leadsToRegion(seed)) continue;
      const region = this.#former.form(seed);
      if (!region) continue;
      foldConstants(region);
      removeDeadSets(region);
      formed.push({ seed, region });
    }
    if (formed.length === 0) return;
    const generated = this.#backEnd.compile(formed.map(({ region }) => region));
    formed.forEach(({ seed, region }, index) => {
      this.#install(seed, region, generated[index]);
    });
  }

  #record(linear: number): number {
    const { core, cache } = this.#parts;
    return cache.entries[core.mmu.tlbX[(linear >>> PAGE_SHIFT) + core.i32[TLB_HALF]] + (linear & PAGE_MASK)];
  }
  #leadsToRegion(linear: number): boolean {
    const record = this.#record(linear);
    return this.#parts.cache.plain(record) !== record;
  }

  #install(seed: number, ir: IrRegion, generated: { readonly run: (entry: number) => number; readonly bytes: number }): void {
    const slot = this.#free.pop();
    if (slot === undefined) return;
    const { cache } = this.#parts;
    const { dispatched } = layOut(ir);
    const entries: RegionEntryPoint[] = ir.entries.map((block) => {
      const { linear } = ir.blocks[block];
      return { linear, number: dispatched.indexOf(block), record: this.#record(linear), installed: false };
    });
    const region: Region = {
      id: this.statistics.compiled.wasm,
      seed,
      slot,
      tier: this.#backEnd.name,
      entries,
      spans: spansOf(ir),
      pages: ir.pages,
      part: ir.tlbPart,
      instructions: ir.blocks.reduce((sum, block) => sum + block.instructions, 0),
      bytes: generated.bytes,
      alive: true,
      samples: 0,
    };
    this.#dispatcher.table.set(slot, generated.run);
    this.#regions[slot] = region;
    for (const point of entries) {
      point.installed = point.record !== 0 && cache.installRegion(point.record, { slot, entry: point.number, page: point.linear & ~PAGE_MASK, part: region.part });
      if (!point.installed) continue;
      const page = ir.pages.find(({ linear }) => linear === (point.linear & ~PAGE_MASK));
      if (page) this.#chain.put(point.linear, page.table, slot, point.number, region.part);
    }
    for (const { bufferPage } of region.spans) {
      const there = this.#byPage.get(bufferPage);
      if (there) there.add(region);
      else this.#byPage.set(bufferPage, new Set([region]));
    }
    const { statistics } = this;
    statistics.compiled[region.tier]++;
    statistics.instructions += region.instructions;
    statistics.bytes += region.bytes;
    statistics.alive++;
  }

  // ── invalidation ────────────────────────────────────────────────────────────────────────────────────────────────

  #invalidate(bufferPage: number, offset: number, length: number): void {
    const there = this.#byPage.get(bufferPage);
    if (!there) return;
    for (const region of there) {
      if (!region.spans.some((span) => span.bufferPage === bufferPage && span.start < offset + length && span.end > offset)) continue;
      this.#drop(region);
      this.statistics.invalidated++;
    }
  }

  #drop(region: Region): void {
    this.#dropped++;
    region.alive = false;
    const { cache } = this.#parts;
    for (const point of region.entries) {
      if (!point.installed) continue;
      cache.removeRegion(point.record);
      this.#chain.remove(point.linear, region.slot);
    }
    for (const { bufferPage } of region.spans) {
      const there = this.#byPage.get(bufferPage);
      there?.delete(region);
      if (there?.size === 0) this.#byPage.delete(bufferPage);
    }
    this.#dispatcher.table.set(region.slot, null);
    this.#regions[region.slot] = undefined;
    this.#free.push(region.slot);
    this.statistics.bytes -= region.bytes;
    this.statistics.alive--;
  }

  /** All records are gone. */
  #flush(): void {
    for (const region of this.#regions) {
      if (!region) continue;
      for (const point of region.entries) point.installed = false;
      this.#drop(region);
      this.statistics.flushed++;
    }
    this.#chain.clear();
    this.#samples.clear();
    this.#queue.length = 0;
  }
}

/** The bytes that a region's blocks were made from. */
const spansOf = (ir: IrRegion): CodeSpan[] =>
  ir.blocks.flatMap(({ linear, end }) => {
    const page = ir.pages.find((each) => each.linear === (linear & ~PAGE_MASK));
    return page ? [{ bufferPage: page.bufferPage, start: linear & PAGE_MASK, end: ((end - 1) & PAGE_MASK) + 1 }] : [];
  });

export const createTranslator =
  (options: JitOptions = JIT_DEFAULTS): CreateTranslator =>
  (parts) =>
    new RegionTranslator(parts, options);
