export { Cpu } from "./cpu.js";
export type { CpuCore, GeneralRegisters, SegmentName } from "./engine.js";
export { CPU_MODELS, type CpuModel, cpuModel, DEFAULT_CPU_MODEL } from "./models.js";
