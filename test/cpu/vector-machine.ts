/** The processor that vectors are run on here: the kernel's sources in the process that the capture program has. */
import { PortSpace } from "../../kernel/bus/port-space.js";
import { Cpu } from "../../kernel/cpu/index.js";
import { cpuModel } from "../../kernel/cpu/models.js";
import * as simd from "../../kernel/cpu/simd/state.js";
import * as S from "../../kernel/cpu/state.js";
import * as x87 from "../../kernel/cpu/x87/layout.js";
import { createTranslator, JIT_FORCED, type JitOptions, type JitStatistics, type RegionTranslator } from "../../kernel/cpu-jit/index.js";
import { GuestMemory } from "../../kernel/memory/guest-memory.js";
import { PhysicalSpace } from "../../kernel/memory/physical.js";
import { CPU_MODEL } from "../../tools/cpu-vectors/built.mjs";
import { type Engine, type Kernel, Machine, TRANSLATED, WAYS, type Way } from "../../tools/cpu-vectors/machine.mjs";

export const SOURCES: Kernel = { GuestMemory, S, x87, simd, makeEngine: (memory) => new Cpu(new PhysicalSpace(memory), new PortSpace(), cpuModel(CPU_MODEL)) };

/** An execution engine under test, and the ways to run a case on it. */
export interface Contender {
  readonly name: string;
  readonly machine: Machine;
  readonly ways: readonly Way[];
}

/** The interpreter, one instruction at a time and inside a running block. */
export const interpreter = (): Contender => ({ name: "interpreter", machine: new Machine(SOURCES), ways: WAYS });

/** Another engine in the same process. */
export const contender = (name: string, makeEngine: (memory: GuestMemory) => Engine, ways: readonly Way[] = WAYS): Contender => ({
  name,
  machine: new Machine({ ...SOURCES, makeEngine }),
  ways,
});

/** The interpreter with whatever it reaches translated. */
export const translating = (options: JitOptions = JIT_FORCED): Contender & { readonly statistics: JitStatistics } => {
  let translator: RegionTranslator | undefined;
  const machine = new Machine({
    ...SOURCES,
    makeEngine: (memory) =>
      new Cpu(new PhysicalSpace(memory), new PortSpace(), cpuModel(CPU_MODEL), (parts) => {
        translator = createTranslator(options)(parts) as RegionTranslator;
        return translator;
      }),
  });
  return { name: `translator, ${options.mode}`, machine, ways: [TRANSLATED], statistics: translator!.statistics };
};
