/** What a device author tests with: a bench for one device, and the conformance suite. */

export { Bench, type BenchOptions, handlerRead, handlerWrite, type Width } from "./bench-board.js";
export { BenchClock } from "./bench-clock.js";
