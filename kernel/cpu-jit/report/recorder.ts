/**
 * Keeps what a report tells. It stands around what a translator calls: the dispatcher, the environment of generated code
 * and the work of compiling; a translator without one has none of it in its way.
 */
import { R_OP } from "../../cpu/interpreter/record.js";
import { COUNT_BASE } from "../../cpu/state.js";
import type { TranslatorParts } from "../../cpu/translator.js";
import { PAGE_MASK, PAGE_SIZE } from "../../memory/layout.js";
import type { RegionEnvironment, RegionFunction } from "../backend/backend.js";
import { type RegionLedger, WINDOW_BITS } from "../environment.js";
import type { Operation } from "../lift/lifters.js";
import type { Region } from "../region/region.js";
import type { JitStatistics } from "../statistics.js";
import { CounterTable, noCounts, type RegionCounts } from "./counters.js";
import type { JitReport, LookUps, RegionReport } from "./report.js";
import type { Reporting } from "./reporting.js";
import { type HostClock, PhaseTimes } from "./stopwatch.js";

/** Instructions after which counters of 32 bits are read. */
const MOST_UNREAD = 1 << 30;
/** Places at which regions have been, of which more are counted together. */
const MOST_PLACES = 1 << 15;
/** Regions in a report. */
const MOST_REPORTED = 256;
/** What the environment answers when the interpreter has to make an access. */
const REFUSED = 1;

const WINDOW_MASK = (1 << WINDOW_BITS) - 1;

const addTo = (sum: RegionCounts, { entered, executed, leaves }: RegionCounts): void => {
  sum.entered += entered;
  sum.executed += executed;
  for (const cause of Object.keys(leaves) as (keyof typeof leaves)[]) sum.leaves[cause] += leaves[cause];
};

export class Recorder implements Reporting {
  readonly counts = true;
  readonly stopwatch: PhaseTimes;
  readonly #i32: Int32Array;
  readonly #cache: TranslatorParts["cache"];
  readonly #operations: readonly Operation[];
  readonly #counters: CounterTable;
  readonly #fences: Float64Array;
  readonly #accesses: LookUps = { filled: 0, refused: 0 };
  readonly #windows = { filled: 0, refused: 0, across: 0, straddled: 0 };
  readonly #places = new Map<string, RegionReport>();
  /** Of more places than are kept. */
  readonly #others = { js: noCounts(), wasm: noCounts() };
  /** Whose counts a slot has: a region may be dropped while it runs, and counts on. */
  readonly #slots = new Map<number, RegionCounts>();
  #unread = 0;
  #calls = 0;

  constructor({ core, cache }: TranslatorParts, clock: HostClock, operations: readonly Operation[], slots: number) {
    this.#i32 = core.i32;
    this.#cache = cache;
    this.#operations = operations;
    this.#counters = new CounterTable(core.memory, slots);
    this.#fences = new Float64Array(operations.length);
    this.stopwatch = new PhaseTimes(clock);
  }

  // ── around the translator's calls ───────────────────────────────────────────────────────────────────────────────

  /** @param run the dispatcher's */
  dispatching(run: (slot: number, entry: number) => number): (slot: number, entry: number) => number {
    const timed = this.stopwatch.timed("wasm", run);
    return (slot, entry) => {
      if (slot === 0) return run(slot, entry);
      this.#calls++;
      const before = this.#i32[COUNT_BASE];
      try {
        return timed(slot, entry);
      } finally {
        this.#unread += (this.#i32[COUNT_BASE] - before) >> 3;
        if (this.#unread >= MOST_UNREAD) this.#readAll();
      }
    };
  }

  /** @param call runs regions in JavaScript */
  callingJavaScript(call: RegionFunction): RegionFunction {
    return this.stopwatch.timed("js", call);
  }

  environment(plain: RegionEnvironment): RegionEnvironment {
    const { code } = this.#cache;
    const count = (record: number): void => {
      this.#fences[code[this.#cache.plain(record) + R_OP]]++;
    };
    const noted = (lookUps: LookUps, entry: number): number => {
      if (entry === REFUSED) lookUps.refused++;
      else lookUps.filled++;
      return entry;
    };
    const access = (miss: (address: number) => number) => (address: number) => noted(this.#accesses, miss(address));
    const window = (miss: (address: number, what: number) => number) => (address: number, what: number) => {
      const entry = noted(this.#windows, miss(address, what));
      if (entry !== REFUSED && (address & PAGE_MASK) + (what & WINDOW_MASK) > PAGE_SIZE) this.#windows.across++;
      return entry;
    };
    return {
      ...plain,
      fence: (record) => {
        count(record);
        return plain.fence(record);
      },
      endingFence: (record) => {
        count(record);
        return plain.endingFence(record);
      },
      readMiss8: access(plain.readMiss8),
      readMiss16: access(plain.readMiss16),
      readMiss32: access(plain.readMiss32),
      writeMiss8: access(plain.writeMiss8),
      writeMiss16: access(plain.writeMiss16),
      writeMiss32: access(plain.writeMiss32),
      readWindow: window(plain.readWindow),
      writeWindow: window(plain.writeWindow),
    };
  }

  ledger(plain: RegionLedger): RegionLedger {
    const windows = this.#windows;
    return {
      get drops() {
        return plain.drops;
      },
      straddled: (slot) => {
        windows.straddled++;
        plain.straddled(slot);
      },
    };
  }

  // ── counts ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A region has got its slot. */
  compiled(region: Region): void {
    const before = this.#slots.get(region.slot);
    if (before) this.#counters.take(region.slot, before);
    this.#slots.set(region.slot, this.#countsOf(region));
  }

  #countsOf({ seed, tier, part, pages, instructions, bytes }: Region): RegionCounts {
    const page = pages.find(({ linear }) => linear === (seed & ~PAGE_MASK));
    const key = `${tier} ${seed} ${part} ${page?.bufferPage}`;
    const known = this.#places.get(key);
    if (known) {
      known.compiled++;
      known.instructions = instructions;
      known.bytes = bytes;
      return known;
    }
    if (this.#places.size >= MOST_PLACES) return this.#others[tier];
    const place: RegionReport = { address: seed >>> 0, tier, compiled: 1, instructions, bytes, ...noCounts() };
    this.#places.set(key, place);
    return place;
  }

  #readAll(): void {
    this.#unread = 0;
    for (const [slot, counts] of this.#slots) this.#counters.take(slot, counts);
  }

  /** @param instructions executed by the processor in all */
  report(statistics: JitStatistics, instructions: number): JitReport {
    this.#readAll();
    const tiers = { js: noCounts(), wasm: noCounts() };
    for (const tier of ["js", "wasm"] as const) addTo(tiers[tier], this.#others[tier]);
    for (const place of this.#places.values()) addTo(tiers[place.tier], place);
    const all = noCounts();
    addTo(all, tiers.js);
    addTo(all, tiers.wasm);
    return structuredCopy({
      seconds: this.stopwatch.seconds,
      instructions: { interpreter: Math.max(0, instructions - all.executed), js: tiers.js.executed, wasm: tiers.wasm.executed },
      entered: all.entered,
      calls: this.#calls,
      leaves: all.leaves,
      fences: this.#operations
        .map(({ name }, number) => ({ name, count: this.#fences[number] }))
        .filter(({ count }) => count > 0)
        .sort((a, b) => b.count - a.count),
      accesses: this.#accesses,
      windows: this.#windows,
      statistics,
      regions: [...this.#places.values()].sort((a, b) => b.executed - a.executed).slice(0, MOST_REPORTED),
    });
  }
}

/** A report does not change when its machine runs on. */
const structuredCopy = (report: JitReport): JitReport => JSON.parse(JSON.stringify(report)) as JitReport;
