/**
 * What the processor allocates while it executes: prints, as JSON on its last line, an `Allocation` per program and one
 * of a loop that does allocate. Needs `node --expose-gc`.
 */
import { PerformanceObserver, performance } from "node:perf_hooks";
import { FOREVER, loadProgram } from "../processor.js";
import { LOOPS, MMIO_READS, PORT_READS } from "../programs.js";

export interface Allocation {
  readonly name: string;
  /** Executed in the slice. */
  readonly instructions: number;
  /** Growth of the heap, the least of the slices: a compiler that finishes in one of them does not count. */
  readonly bytes: number;
  /** Collections during that slice. */
  readonly collections: number;
}

const SLICE = 10_000_000;
const WARM_UP = 40_000_000;
const SLICES = 4;
const PROGRAMS = [...LOOPS.filter(({ name }) => ["integer", "copy", "fib", "bytecode"].includes(name)), PORT_READS, MMIO_READS];

const collect = globalThis.gc;
if (!collect) throw new Error("run this with node --expose-gc");

interface Slice {
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

const collections: number[] = [];
const observer = new PerformanceObserver((list) => {
  for (const { startTime } of list.getEntries()) collections.push(startTime);
});
observer.observe({ entryTypes: ["gc"] });

const slice = (work: () => void): Slice => {
  collect();
  const from = performance.now();
  const before = process.memoryUsage().heapUsed;
  work();
  return { bytes: process.memoryUsage().heapUsed - before, from, to: performance.now() };
};

const least = async (name: string, work: () => void, executed: () => number): Promise<Allocation> => {
  const slices: Slice[] = [];
  let instructions = 0;
  for (let each = 0; each < SLICES; each++) {
    const before = executed();
    slices.push(slice(work));
    instructions = executed() - before;
  }
  // The observer is told of collections when the event loop turns.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const counted = slices.map(({ bytes, from, to }) => ({ bytes, collections: collections.filter((at) => at >= from && at <= to).length }));
  const [best] = counted.sort((a, b) => a.collections - b.collections || a.bytes - b.bytes);
  return { name, instructions, ...best };
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
