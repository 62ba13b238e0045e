/**
 * The translator: hot addresses become regions, regions become code. Warm regions are compiled in batches by one back end;
 * those in which time slices keep ending are compiled again, each by itself, by the other.
 */
import { MAX_LENGTH } from "../cpu/interpreter/decoder.js";
import { RECORD_WORDS } from "../cpu/interpreter/record.js";
import { HOT_NUMBERS } from "../cpu/interpreter/source.js";
import { AT_ONCE, COUNT_BASE, MODE_KEY, REGION_EXIT, REGION_LIMIT, REGION_SLOT, TLB_HALF } from "../cpu/state.js";
import type { Translator, TranslatorParts } from "../cpu/translator.js";
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE } from "../memory/layout.js";
import type { BackEnd, Generated } from "./backend/backend.js";
import { JavaScriptBackEnd } from "./backend/javascript/javascript-backend.js";
import { layOut } from "./backend/layout.js";
import { createDispatcher, type Dispatcher } from "./backend/wasm/dispatcher.js";
import { WasmBackEnd } from "./backend/wasm/wasm-backend.js";
import { ChainTable } from "./chain.js";
import { type RegionLedger, regionEnvironment } from "./environment.js";
import type { IrRegion, RegionPage } from "./ir/ir.js";
import { operations } from "./lift/lifters.js";
import type { JitOptions } from "./options.js";
import { removeDeadSets } from "./passes/dead-sets.js";
import { foldConstants } from "./passes/fold.js";
import { openWindows } from "./passes/windows.js";
import { HotSpots } from "./profile.js";
import { type Region, spansOf } from "./region/region.js";
import { RegionCache } from "./region/region-cache.js";
import { type Code, REGION_LIMITS, RegionFormer } from "./region/region-former.js";
import { WindowPolicies } from "./region/window-policies.js";
import { Recorder } from "./report/recorder.js";
import type { JitReport } from "./report/report.js";
import { type Stopwatch, UNTIMED } from "./report/stopwatch.js";
import { type JitStatistics, newStatistics } from "./statistics.js";

/** Byte offset in the guest buffer where instructions across pages are put together. */
const SCRATCH_OFFSET = 8192;
/** A sample that falls on a region says nothing: the next one is where that region leads. */
const AFTER_REGION = 1;

/** Hot regions that wait for their address space. */
const MOST_WAITING = 64;

/** Hot addresses that are going to be compiled together. */
interface Queue {
  readonly seeds: Set<number>;
  /** Samples since the first of them. */
  waited: number;
}

/** What is told of each region that has been compiled. */
export type RegionListener = (region: Region, ir: IrRegion, backEnd: BackEnd) => void;

export class RegionTranslator implements Translator {
  /** A region notices its limit at back edges, so it may run past it by what it has in a straight line. */
  readonly margin = REGION_LIMITS.instructions + 8;
  readonly statistics: JitStatistics = newStatistics();
  onCompiled: RegionListener | undefined;
  /** Told where the interpreter goes on, each time that regions have been left. */
  onLeft: ((linear: number) => void) | undefined;
  readonly #parts: TranslatorParts;
  readonly #i32: Int32Array;
  readonly #options: JitOptions;
  readonly #former: RegionFormer;
  readonly #javaScript: JavaScriptBackEnd;
  readonly #warm: BackEnd;
  readonly #hot: BackEnd;
  readonly #dispatcher: Dispatcher;
  readonly #run: Dispatcher["run"];
  readonly #recorder: Recorder | undefined;
  readonly #stopwatch: Stopwatch;
  readonly #hotSpots: HotSpots;
  readonly #regions: RegionCache;
  readonly #windowPolicies = new WindowPolicies();
  /** Hot addresses by the part of the TLBs in which they were met: code can be formed only there. */
  readonly #queues = new Map<number, Queue>();
  readonly #hotQueue: Region[] = [];

  constructor(parts: TranslatorParts, options: JitOptions) {
    this.#parts = parts;
    this.#options = options;
    const { core, cache } = parts;
    this.#i32 = core.i32;
    this.#hotSpots = new HotSpots(options, core.memory.hasCode.length);
    const chain = new ChainTable(core.i32);
    this.#regions = new RegionCache({ cache, chain, options, statistics: this.statistics, onDropped: (region) => this.#emptied(region) });
    const known = operations();
    const recorder = options.report && new Recorder(parts, options.report, known, options.regions);
    this.#recorder = recorder;
    this.#stopwatch = recorder?.stopwatch ?? UNTIMED;
    const ledger = this.#ledger();
    const plain = regionEnvironment(parts, this.statistics, recorder?.ledger(ledger) ?? ledger);
    const environment = recorder?.environment(plain) ?? plain;
    const code: Code = {
      code: cache.code,
      entries: cache.entries,
      mmu: core.mmu,
      i32: core.i32,
      operations: known,
      regionOperation: HOT_NUMBERS.get("%REGION")!,
      bufferPage: (linear) => this.#bufferPage(linear),
      leadsToRegion: (linear) => this.#leadsToRegion(linear),
      decodeAcross: (linear, page, next) => this.#decodeAcross(linear, page, next),
    };
    this.#former = new RegionFormer(code, REGION_LIMITS, this.#stopwatch);
    this.#javaScript = new JavaScriptBackEnd(environment, recorder);
    const { call } = this.#javaScript.regions;
    this.#dispatcher = createDispatcher(environment.memory, options.regions, recorder?.callingJavaScript(call) ?? call);
    this.#run = recorder?.dispatching(this.#dispatcher.run) ?? this.#dispatcher.run;
    this.#warm = options.mode === "js" ? this.#javaScript : new WasmBackEnd(environment, this.#dispatcher.helpers, recorder);
    this.#hot = options.mode === "wasm" ? this.#warm : this.#javaScript;
    cache.onInvalidated = (page, offset, length) => {
      if (this.#regions.invalidate(page, offset, length)) this.#hotSpots.changed(page);
    };
    cache.onFlush.push(() => this.#flush());
  }

  /** Regions that are alive. */
  get regions(): Iterable<Region> {
    return this.#regions.regions;
  }

  /** What has been done, if `JitOptions.report` asked for it. @param instructions executed by the processor in all */
  report(instructions: number): JitReport | undefined {
    return this.#recorder?.report(this.statistics, instructions);
  }
  /** Work of the processor, whose time is the interpreter's but for what regions and their making take. */
  timed(work: (instructions: number) => void): (instructions: number) => void {
    return this.#recorder?.stopwatch.timed("interpreter", work) ?? work;
  }

  // ── running ─────────────────────────────────────────────────────────────────────────────────────────────────────

  enter(slot: number, entry: number): number {
    const i32 = this.#i32;
    const { statistics } = this;
    const before = i32[COUNT_BASE];
    statistics.entered++;
    this.#regions.chainAgain(slot, entry);
    const linear = this.#run(slot, entry);
    statistics.executed += (i32[COUNT_BASE] - before) >> 3;
    if (i32[REGION_EXIT] !== 0) statistics.exits.interpret++;
    else if (i32[COUNT_BASE] >= i32[REGION_LIMIT]) {
      statistics.exits.limit++;
      const region = this.#regions.at(i32[REGION_SLOT]);
      if (region && i32[REGION_LIMIT] !== AT_ONCE && ++region.heat === this.#options.hotThreshold && !region.isHot && this.#hotQueue.length < MOST_WAITING)
        this.#hotQueue.push(region);
    } else {
      statistics.exits.unknown++;
      if (this.#hotSpots.left(linear)) {
        this.#note(linear);
        this.#compileQueue();
      }
    }
    this.onLeft?.(linear);
    return linear;
  }

  // ── profile ─────────────────────────────────────────────────────────────────────────────────────────────────────

  sample(linear: number): number {
    if (this.#hotQueue.length > 0) this.#compileHot();
    const known = this.#leadsToRegion(linear);
    if (!known) this.#note(linear);
    this.#compileQueue();
    return known ? AFTER_REGION : this.#options.interval;
  }

  #queue(): Queue {
    const part = this.#i32[TLB_HALF];
    let queue = this.#queues.get(part);
    if (!queue) this.#queues.set(part, (queue = { seeds: new Set(), waited: 0 }));
    return queue;
  }

  #note(linear: number): void {
    if (this.#hotSpots.sampled(linear, this.#bufferPage(linear))) this.#queue().seeds.add(linear);
  }

  #bufferPage(linear: number): number {
    const physical = this.#parts.core.mmu.peek(linear);
    return physical === undefined ? -1 : this.#parts.space.readPage[physical >>> PAGE_SHIFT];
  }
  #decodeAcross(linear: number, page: RegionPage, next: RegionPage): number {
    const { core, cache, decoder } = this.#parts;
    const { bytes } = core.memory;
    const offset = linear & PAGE_MASK;
    const here = PAGE_SIZE - offset;
    const from = page.bufferPage * PAGE_SIZE + offset;
    bytes.copyWithin(SCRATCH_OFFSET, from, from + here);
    bytes.copyWithin(SCRATCH_OFFSET + here, next.bufferPage * PAGE_SIZE, next.bufferPage * PAGE_SIZE + MAX_LENGTH);
    const record = cache.next;
    if (record + RECORD_WORDS > cache.code.length) return 0;
    const length = decoder.decode(record, SCRATCH_OFFSET, here + MAX_LENGTH, offset, this.#i32[MODE_KEY]);
    if (length <= here) return 0;
    cache.commit(record + RECORD_WORDS);
    cache.activate(page.bufferPage);
    cache.activate(next.bufferPage);
    return record;
  }
  #record(linear: number): number {
    const { core, cache } = this.#parts;
    return cache.entries[core.mmu.tlbX[(linear >>> PAGE_SHIFT) + this.#i32[TLB_HALF]] + (linear & PAGE_MASK)];
  }
  #leadsToRegion(linear: number): boolean {
    return this.#parts.cache.leadsToRegion(this.#record(linear), linear & ~PAGE_MASK, this.#i32[TLB_HALF]);
  }

  // ── compiling ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Compiles what waits in this part of the TLBs, when it is enough or has waited long. */
  #compileQueue(): void {
    const queue = this.#queue();
    const { seeds } = queue;
    if (seeds.size === 0 || (seeds.size < this.#warm.batch && queue.waited++ < this.#options.patience)) return;
    queue.waited = 0;
    const formed: IrRegion[] = [];
    const waiting = [...seeds];
    seeds.clear();
    for (const seed of waiting) {
      const region = this.#leadsToRegion(seed) || this.#former.isPromised(seed) ? undefined : this.#form(seed, false);
      if (!region) continue;
      this.#former.promise(region);
      formed.push(region);
    }
    this.#former.keepPromises();
    if (formed.length > 0) this.#install(formed, this.#warm, false);
  }

  #install(formed: readonly IrRegion[], backEnd: BackEnd, isHot: boolean): void {
    const generated = backEnd.compile(formed);
    formed.forEach((ir, index) => {
      this.#add(ir, backEnd, isHot, generated[index]);
    });
  }

  #ledger(): RegionLedger {
    const regions = this.#regions;
    const policies = this.#windowPolicies;
    return {
      get drops() {
        return regions.drops;
      },
      straddled: (slot) => {
        const region = regions.at(slot);
        if (region && policies.straddled(region)) regions.drop(region);
      },
    };
  }

  #form(seed: number, free: boolean): IrRegion | undefined {
    const region = this.#stopwatch.during("forming", () => this.#former.form(seed, free));
    if (!region) return undefined;
    const handles = this.#stopwatch.during("passes", () => {
      foldConstants(region);
      removeDeadSets(region);
      return openWindows(region, this.#windowPolicies.of(region.blocks[0].linear));
    });
    const slot = this.#regions.takeSlot();
    return slot === undefined ? undefined : { ...region, slot, handles };
  }

  /** Compiles hot regions again, with all that belongs to their loops; those of another privilege or address space wait. */
  #compileHot(): void {
    const waiting = this.#hotQueue.splice(0);
    for (const region of waiting) {
      if (this.#regions.at(region.slot) !== region) continue;
      if (!this.#isCurrent(region)) this.#hotQueue.push(region);
      else {
        const formed = this.#form(region.seed, true);
        if (formed) this.#install([formed], this.#hot, true);
      }
    }
  }

  #isCurrent({ part, pages }: Region): boolean {
    return part === this.#i32[TLB_HALF] && pages.every(({ linear, table }) => this.#parts.core.mmu.tlbX[(linear >>> PAGE_SHIFT) + part] === table);
  }

  #add(ir: IrRegion, backEnd: BackEnd, isHot: boolean, { run, bytes }: Generated): void {
    const { dispatched } = layOut(ir);
    const javaScript = backEnd === this.#javaScript;
    const region: Region = {
      seed: ir.blocks[0].linear,
      slot: ir.slot,
      tier: backEnd.name,
      entries: dispatched.map((block, number) => {
        const { linear } = ir.blocks[block];
        return ir.entries.includes(block) ? { linear, number, record: this.#record(linear), installed: false, reachable: false } : undefined;
      }),
      spans: spansOf(ir),
      pages: ir.pages,
      part: ir.tlbPart,
      instructions: ir.blocks.reduce((sum, block) => sum + block.instructions, 0),
      bytes,
      isHot,
      heat: 0,
      straddles: 0,
    };
    if (javaScript) this.#javaScript.regions.add(region.slot, run);
    this.#dispatcher.table.set(region.slot, javaScript ? this.#dispatcher.foreign : run);
    this.#recorder?.compiled(region);
    this.#regions.add(region);
    this.onCompiled?.(region, ir, backEnd);
  }

  #emptied({ slot, tier }: Region): void {
    this.#dispatcher.table.set(slot, null);
    if (tier === "js") this.#javaScript.regions.remove(slot);
  }

  /** All records of the interpreter are gone. */
  #flush(): void {
    this.#regions.clear();
    this.#hotSpots.clear();
    this.#windowPolicies.clear();
    this.#queues.clear();
    this.#hotQueue.length = 0;
  }
}
