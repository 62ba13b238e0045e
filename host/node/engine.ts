/**
 * V8's settings for translated guest code. Regions are many and mostly run a while and never again: with the default of
 * Node 20 the engine optimises much that is over by then. Must be set before the first
 * module is compiled; other WebAssembly of the process is then optimised later as well.
 */
import { setFlagsFromString } from "node:v8";

/** Bytes of WebAssembly that a function executes before it is optimised, roughly. */
const TIERING_BUDGET = 6_000_000;

export const tuneEngine = (): void => setFlagsFromString(`--wasm-tiering-budget=${TIERING_BUDGET}`);
