/**
 * `node tools/jit-soak.mjs [--regions N] [--megabytes N]`: has the translator compile and drop regions without end, and prints
 * how much memory the process takes meanwhile. Exit status 1 when the guest went wrong or the memory kept growing.
 *
 * The guest walks through pages of small loops, no two alike, that the host writes anew when they are behind it: some
 * regions are evicted for want of room, some dropped because their code was written, all of them when the interpreter's
 * records are full. At the end of each page the guest's sum is held against what the loops should have made of it.
 */
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const USAGE = "node tools/jit-soak.mjs [--regions N] [--megabytes N]";
const DEFAULT_REGIONS = 1_000_000;
const DEFAULT_MEGABYTES = 8;
const PROGRESS_MS = 5000;
/**
 * What the process may take in the last quarter, as a multiple of the most it took in the second. Not 1: V8 itself keeps a
 * quarter of a KiB for every module that it has compiled, also when nothing but a loop of `new WebAssembly.Module` runs.
 */
const GROWTH = 1.25;

const PAGE = 4096;
const STRIDE = 32;
/** Loops on a page; what is left of it leads to the next one. */
const LOOPS = PAGE / STRIDE - 1;
/** Behind the video memory and the firmware. */
const FIRST_PAGE = 256;
const DATA = 0x8000;
const PORT = 0x80;
/** One page in so many has a loop changed while its region lives. */
const CHANGED = 16;
const SLICE = 1 << 17;

export class UsageError extends Error {}

/**
 * The kernel's modules, built or as sources.
 * @typedef {object} Kernel
 * @property {typeof import("../kernel/cpu/index.js").Cpu} Cpu
 * @property {typeof import("../kernel/cpu/index.js").cpuModel} cpuModel
 * @property {typeof import("../kernel/memory/guest-memory.js").GuestMemory} GuestMemory
 * @property {typeof import("../kernel/memory/physical.js").PhysicalSpace} PhysicalSpace
 * @property {typeof import("../kernel/bus/port-space.js").PortSpace} PortSpace
 * @property {typeof import("../kernel/cpu-jit/index.js")} jit
 */
/** @typedef {import("../kernel/cpu-jit/index.js").JitStatistics} JitStatistics */
/**
 * @typedef {object} Soak
 * @property {number} regions to compile at least
 * @property {number} megabytes of guest memory
 * @property {Partial<import("../kernel/cpu-jit/index.js").JitOptions>} [options]
 * @property {(statistics: JitStatistics) => void} [onSlice]
 */

/** @param {number} seed @returns {() => number} 32 random bits */
const random = (seed) => {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
};
const word = (/** @type {number} */ value) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];
/** ADD, SUB and XOR of a constant to EAX. @type {readonly (readonly [number, (a: number, b: number) => number])[]} */
const STEPS = [
  [0x05, (a, b) => (a + b) | 0],
  [0x2d, (a, b) => (a - b) | 0],
  [0x35, (a, b) => a ^ b],
];

/**
 * MOV ECX; a step and ROL of EAX, a store of it, DEC and JNZ; then on by EBX, which no region can know.
 * @param {() => number} next @returns {{ code: number[]; result: (eax: number) => number }}
 */
const makeLoop = (next) => {
  const [opcode, step] = STEPS[next() % STEPS.length];
  const count = 1 + (next() % 4);
  const operand = next();
  const by = 1 + (next() % 31);
  const code = [0xb9, ...word(count), opcode, ...word(operand), 0xc1, 0xc0, by];
  code.push(0x89, 0x87, ...word((next() % 1000) * 4), 0x49, 0x75, 0x100 - 17, 0x83, 0xc3, STRIDE, 0xff, 0xe3);
  const result = (/** @type {number} */ eax) => {
    let value = eax;
    for (let round = 0; round < count; round++) {
      const sum = step(value, operand);
      value = (sum << by) | (sum >>> (32 - by));
    }
    return value | 0;
  };
  return { code, result };
};

/** Runs until so many regions have been compiled. @param {Kernel} kernel @param {Soak} soak @returns {JitStatistics} @throws Error when the guest's sum is wrong */
export const soak = ({ Cpu, cpuModel, GuestMemory, PhysicalSpace, PortSpace, jit }, { regions, megabytes, options, onSlice }) => {
  const memory = new GuestMemory(megabytes << 20);
  const space = new PhysicalSpace(memory);
  const ports = new PortSpace();
  const chosen = { ...jit.JIT_FORCED, regions: 1024, ...options };
  const alive = chosen.regions;
  /** @type {import("../kernel/cpu-jit/index.js").RegionTranslator | undefined} */
  let translator;
  const cpu = new Cpu(space, ports, cpuModel("pentium4"), (parts) => {
    translator = new jit.RegionTranslator(parts, chosen);
    return translator;
  });
  if (!translator) throw new Error("no translator was made");
  const { statistics } = translator;
  // so far behind, regions have made room for others: code that changes while it is in use gets a higher threshold
  const distance = 2 * Math.ceil(alive / LOOPS) + 2;
  const next = random(1);
  const pages = (megabytes << 20) / PAGE - FIRST_PAGE;
  /** What each page makes of EAX. @type {((eax: number) => number)[][]} */
  const results = [];
  const addressOf = (/** @type {number} */ page) => (FIRST_PAGE + page) * PAGE;
  const write = (/** @type {number} */ page) => {
    const bytes = new Uint8Array(PAGE).fill(0xf4);
    results[page] = [];
    for (let index = 0; index < LOOPS; index++) {
      const { code, result } = makeLoop(next);
      bytes.set(code, index * STRIDE);
      results[page].push(result);
    }
    // OUT; MOV EBX; JMP EBX
    bytes.set([0xe6, PORT, 0xbb, ...word(addressOf((page + 1) % pages)), 0xff, 0xe3], LOOPS * STRIDE);
    space.write(addressOf(page), bytes);
  };
  for (let page = 0; page < pages; page++) write(page);

  let at = 0;
  let expected = 0;
  let passed = 0;
  ports.map(
    PORT,
    1,
    {
      write8: () => {
        for (const result of results[at]) expected = result(expected);
        const { eax } = cpu.registers;
        if (eax !== expected >>> 0) throw new Error(`page ${at}, ${passed} pages after the start: EAX is ${eax.toString(16)}, not ${(expected >>> 0).toString(16)}`);
        if (passed++ % CHANGED === 0) {
          // a loop whose region is alive: HLT over its first instruction
          space.write(addressOf(at) + (LOOPS - 1) * STRIDE, Uint8Array.of(0xf4));
        }
        write((at + pages - distance) % pages);
        at = (at + 1) % pages;
        if (statistics.compiled.js + statistics.compiled.wasm >= regions) cpu.requestExit();
      },
    },
    "jit-soak",
    false,
  );
  cpu.startFlat32({ eip: addressOf(0), gdt: { base: 0, limit: 0 }, codeSelector: 8, dataSelector: 16, ebx: addressOf(0) });
  cpu.setRegister("edi", DATA);
  while (statistics.compiled.js + statistics.compiled.wasm < regions) {
    const before = cpu.instructionCount;
    cpu.run(SLICE);
    if (cpu.halted || cpu.shutdown || cpu.instructionCount === before) throw new Error(`the guest has stopped:\n${cpu.dump()}`);
    onSlice?.(statistics);
  }
  return statistics;
};

const megabytesTaken = () => Math.round(process.memoryUsage().rss / (1 << 20));

/** @param {string[]} args @returns {Promise<number>} exit status */
const main = async (args) => {
  let values;
  try {
    ({ values } = parseArgs({ args, options: { regions: { type: "string" }, megabytes: { type: "string" } } }));
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}; ${USAGE}`);
  }
  const regions = Number(values.regions ?? DEFAULT_REGIONS);
  const megabytes = Number(values.megabytes ?? DEFAULT_MEGABYTES);
  if (!Number.isInteger(regions) || regions < 1 || !Number.isInteger(megabytes) || megabytes < 1 || megabytes > 256) throw new UsageError(USAGE);
  const load = (/** @type {string} */ path) => import(new URL(`../dist/kernel/${path}`, import.meta.url).href);
  const [{ Cpu, cpuModel }, { GuestMemory }, { PhysicalSpace }, { PortSpace }, jit] = await Promise.all([
    load("cpu/index.js"),
    load("memory/guest-memory.js"),
    load("memory/physical.js"),
    load("bus/port-space.js"),
    load("cpu-jit/index.js"),
  ]);
  const started = Date.now();
  /** The most that the process took in each quarter. */
  const most = [0, 0, 0, 0];
  let shown = 0;
  const onSlice = (/** @type {JitStatistics} */ { compiled, alive, evicted, invalidated, flushed }) => {
    const done = compiled.js + compiled.wasm;
    const taken = megabytesTaken();
    const quarter = Math.min(3, Math.floor((done * 4) / regions));
    most[quarter] = Math.max(most[quarter], taken);
    if (Date.now() - shown < PROGRESS_MS && done < regions) return;
    shown = Date.now();
    const seconds = Math.round((shown - started) / 1000);
    process.stdout.write(`${seconds} s: ${done} regions compiled, ${alive} alive, ${evicted} evicted, ${invalidated} invalidated, ${flushed} flushed; ${taken} MiB\n`);
  };
  soak({ Cpu, cpuModel, GuestMemory, PhysicalSpace, PortSpace, jit }, { regions, megabytes, onSlice });
  const grown = most[3] > most[1] * GROWTH && most[1] > 0;
  process.stdout.write(`most by quarter: ${most.join(", ")} MiB${grown ? ": it grows" : ""}\n`);
  return grown ? 1 : 0;
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}
