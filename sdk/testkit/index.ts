/** What a device author tests with: a bench for one device, and the conformance suite. */

export { Bench, type BenchOptions } from "./bench.js";
export { type BenchMapping, type HandlerTap, handlerRead, handlerWrite, type Space, type Width } from "./bench-bus.js";
export { BenchClock } from "./bench-clock.js";
export type { BenchBoard, BenchDevice, MemoryRouteCall } from "./bench-device.js";
export { type ConformanceCheck, conformanceChecks } from "./conformance.js";
export { Random } from "./random.js";
export { type Action, type StandIn, type StandInBehaviour, standIn } from "./stand-in.js";
export { type BenchDepsOptions, benchDeps } from "./stand-ins/bench-deps.js";
export { BenchFloppyBus, BenchIdeBus } from "./stand-ins/drive-cables.js";
export { BenchIsaDma } from "./stand-ins/isa-dma.js";
export { BenchPciBus, type BenchPciFunction } from "./stand-ins/pci-bus.js";
export { wallClock } from "./stand-ins/platform.js";
export { BenchInterruptLines, BenchProcessor } from "./stand-ins/processor.js";
export { MemoryImage, type MemoryImageOptions, MemoryStorage } from "./stand-ins/storage.js";
export type { ConformanceOptions } from "./subject.js";
