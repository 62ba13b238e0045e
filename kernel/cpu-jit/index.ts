/** Translation of hot guest code to WebAssembly and JavaScript. */
import type { CreateTranslator } from "../cpu/translator.js";
import { JIT_DEFAULTS, type JitOptions } from "./options.js";
import { RegionTranslator } from "./translator.js";

export type { IrRegion } from "./ir/ir.js";
export { printRegion } from "./ir/print.js";
export { DEFAULT_JIT_MODE, JIT_DEFAULTS, JIT_FORCED, JIT_MODES, type JitMode, type JitOptions } from "./options.js";
export type { Region } from "./region/region.js";
export { printReport } from "./report/print.js";
export type { JitReport, RegionReport } from "./report/report.js";
export type { JitStatistics } from "./statistics.js";
export { type RegionListener, RegionTranslator } from "./translator.js";

/** For the constructor of `Cpu`. */
export const createTranslator =
  (options: JitOptions = JIT_DEFAULTS): CreateTranslator =>
  (parts) =>
    new RegionTranslator(parts, options);
