/** What a device author tests with: a bench for one device, and the conformance suite. */

export { Bench, type BenchOptions } from "./bench.js";
export { type BenchMapping, type HandlerTap, handlerRead, handlerWrite, type Space, type Width } from "./bench-bus.js";
export { BenchClock } from "./bench-clock.js";
export type { BenchBoard, BenchDevice, MemoryRouteCall } from "./bench-device.js";
export { Random } from "./random.js";
export { type Action, type StandIn, type StandInBehaviour, standIn } from "./stand-in.js";
