/** The programs of the benchmarks, interpreted and translated, in slices: registers, memory and counts agree wherever they meet. */
import { describe, expect, it } from "vitest";
import { ALL_PROGRAMS, DEVICE_ADDRESS, ENTRY, image, LOAD_ADDRESS, type Program } from "../../bench/programs.js";
import { PortSpace } from "../../kernel/bus/port-space.js";
import { Cpu, cpuModel } from "../../kernel/cpu/index.js";
import { JIT_DEFAULTS, JIT_FORCED, type JitOptions, RegionTranslator } from "../../kernel/cpu-jit/index.js";
import { GuestMemory } from "../../kernel/memory/guest-memory.js";
import { PhysicalSpace } from "../../kernel/memory/physical.js";

const REPETITIONS = 1000;
const SLICES = 40;

const machine = (program: Program, options?: JitOptions) => {
  const memory = new GuestMemory(4 << 20);
  const space = new PhysicalSpace(memory);
  let translator: RegionTranslator | undefined;
  const cpu = new Cpu(space, new PortSpace(), cpuModel("pentium4"), options && ((parts) => (translator = new RegionTranslator(parts, options))));
  space.mmio.map(DEVICE_ADDRESS, 0x1000, { read32: () => 0 }, "device", false);
  memory.ram.set(image(program, REPETITIONS), LOAD_ADDRESS);
  cpu.startFlat32({ eip: ENTRY, gdt: { base: 0, limit: 0 }, codeSelector: 8, dataSelector: 16 });
  return { cpu, memory, statistics: translator?.statistics };
};

/** Lengths of slices: mostly long ones, some of a few instructions. */
const lengths = (): number[] => {
  let state = 7;
  return Array.from({ length: SLICES }, (_, index) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return index % 5 === 4 ? 1 + (state >>> 24) : 5000 + (state >>> 16);
  });
};

describe.each([
  ["everything translated", JIT_FORCED],
  ["everything translated to JavaScript", { ...JIT_FORCED, mode: "js" }],
  // these programs are over before an address would be hot by the default threshold
  ["the defaults", { ...JIT_DEFAULTS, threshold: 3 }],
] as const)("with %s", (_, options) => {
  it.each(ALL_PROGRAMS.map((program) => [program.name, program] as const))("%s", (__, program) => {
    const plain = machine(program);
    const jit = machine(program, options);
    let executed = 0;
    lengths().forEach((length, slice) => {
      for (const { cpu } of [plain, jit]) cpu.run(length);
      executed += length;
      expect(jit.cpu.instructionCount).toBe(executed);
      expect({ slice, registers: jit.cpu.registers }).toEqual({ slice, registers: plain.cpu.registers });
      if (slice % 10 === 9) expect(Buffer.compare(jit.memory.ram, plain.memory.ram)).toBe(0);
    });
    // accesses to devices are the interpreter's
    expect(jit.statistics!.executed).toBeGreaterThan(executed / (program.kind === "device" ? 10 : 2));
  });
});
