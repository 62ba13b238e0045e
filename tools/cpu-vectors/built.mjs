/** The kernel's modules as built into dist/, for tools; tests bring the sources. */
/** @typedef {import("./machine.mjs").Kernel} Kernel */
/** @typedef {import("./encode.mjs").Tables} Tables */

/** The model that has every instruction of the table. */
export const CPU_MODEL = "core2";

/**
 * @param {boolean} [jit] with everything that is reached translated
 * @returns {Promise<{ kernel: Kernel; tables: Tables; disassemble: typeof import("../../kernel/cpu/disassembler/index.js").disassemble; statistics: () => import("../../kernel/cpu-jit/index.js").JitStatistics | undefined }>}
 */
export const built = async (jit = false) => {
  const load = (/** @type {string} */ path) => import(new URL(`../../dist/kernel/${path}`, import.meta.url).href);
  try {
    const [{ Cpu, cpuModel }, S, x87, simd, { GuestMemory }, { PhysicalSpace }, { PortSpace }, { FACTS }, { flagEffect }, { disassemble }, { JIT_FORCED, RegionTranslator }] =
      await Promise.all([
        load("cpu/index.js"),
        load("cpu/state.js"),
        load("cpu/x87/layout.js"),
        load("cpu/simd/state.js"),
        load("memory/guest-memory.js"),
        load("memory/physical.js"),
        load("bus/port-space.js"),
        load("cpu/tables/table.js"),
        load("cpu/tables/flag-effects.js"),
        load("cpu/disassembler/index.js"),
        load("cpu-jit/index.js"),
      ]);
    /** @type {import("../../kernel/cpu-jit/index.js").RegionTranslator | undefined} */
    let translator;
    /** @param {import("../../kernel/cpu/translator.js").TranslatorParts} parts */
    const translate = (parts) => {
      translator = new RegionTranslator(parts, JIT_FORCED);
      return translator;
    };
    /** @type {Kernel["makeEngine"]} */
    const makeEngine = (memory) => new Cpu(new PhysicalSpace(memory), new PortSpace(), cpuModel(CPU_MODEL), jit ? translate : undefined);
    return { kernel: { GuestMemory, S, x87, simd, makeEngine }, tables: { FACTS, flagEffect }, disassemble, statistics: () => translator?.statistics };
  } catch (error) {
    throw new Error(`the project is not built (npm run build): ${error instanceof Error ? error.message : error}`);
  }
};
