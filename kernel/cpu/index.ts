export { Cpu } from "./cpu.js";
export type { CpuCore, GeneralRegisters, SegmentName } from "./engine.js";
