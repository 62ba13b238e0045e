export { createTranslator, JIT_DEFAULTS, JIT_FORCED, type JitOptions, RegionTranslator } from "./translator.js";
