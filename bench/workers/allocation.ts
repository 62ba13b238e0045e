/**
 * What the processor allocates while it executes: prints, as JSON on its last line, an `Allocation` per program and one
 * of a loop that does allocate. Needs `node --expose-gc`.
 */
import { PerformanceObserver, performance } from "node:perf_hooks";
import { FOREVER, loadProgram } from "../processor.js";
import { LOOPS, PORT_READS } from "../programs.js";

export interface Allocation {
  readonly name: string;
  /** Executed in the slice. */
  readonly instructions: number;
  /** Growth of the heap in the best slice: one in which a compiler finishes does not count. */
  readonly bytes: number;
  /** Collections during it. */
  readonly collections: number;
}

const SLICE = 10_000_000;
const WARM_UP = 25_000_000;
const SLICES = 4;
/** A slice with no more than the measurement's own objects: no better one is to be had. */
const CLEAN_BYTES = 4096;
// Not MMIO_READS: addresses from 2 GiB on are boxed on the slow path unless all of it is inlined, which depends on what ran before.
const PROGRAMS = [...LOOPS.filter(({ name }) => ["integer", "copy", "fib", "bytecode"].includes(name)), PORT_READS];

const collect = globalThis.gc;
if (!collect) throw new Error("run this with node --expose-gc");

const collections: number[] = [];
const observer = new PerformanceObserver((list) => {
  for (const { startTime } of list.getEntries()) collections.push(startTime);
});
observer.observe({ entryTypes: ["gc"] });

const slice = async (work: () => void): Promise<{ readonly bytes: number; readonly collections: number }> => {
  collect();
  const from = performance.now();
  const before = process.memoryUsage().heapUsed;
  work();
  const bytes = process.memoryUsage().heapUsed - before;
  const to = performance.now();
  // The observer is told of collections when the event loop turns.
  await new Promise((resolve) => setTimeout(resolve, 20));
  return { bytes, collections: collections.filter((at) => at >= from && at <= to).length };
};

const least = async (name: string, work: () => void, executed: () => number): Promise<Allocation> => {
  let best: Allocation | undefined;
  for (let each = 0; each < SLICES; each++) {
    const before = executed();
    const result = await slice(work);
    const instructions = executed() - before;
    if (!best || result.collections < best.collections || (result.collections === best.collections && result.bytes < best.bytes)) best = { name, instructions, ...result };
    if (best.collections === 0 && best.bytes <= CLEAN_BYTES) break;
  }
  return best!;
};

const results: Allocation[] = [];
for (const program of PROGRAMS) {
  const { cpu } = loadProgram(program, FOREVER);
  cpu.run(WARM_UP);
  results.push(
    await least(
      program.name,
      () => cpu.run(SLICE),
      () => cpu.instructionCount,
    ),
  );
}

const kept: unknown[] = [];
results.push(
  await least(
    "allocates",
    () => {
      for (let each = 0; each < SLICE; each++) kept[each & 1023] = [each];
    },
    () => 0,
  ),
);
observer.disconnect();
process.stdout.write(`\n${JSON.stringify(results)}\n`);
