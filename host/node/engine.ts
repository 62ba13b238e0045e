/**
 * V8's settings for translated guest code. Must be set before the first module is compiled; they hold for other WebAssembly
 * of the process as well.
 */
import { setFlagsFromString } from "node:v8";

/**
 * Bytes of WebAssembly that a function executes before it is optimised, roughly. Regions are many and mostly run a while and
 * never again: with the default of Node 20 the engine optimises much that is over by then.
 */
const TIERING_BUDGET = 6_000_000;

const FLAGS = [
  `--wasm-tiering-budget=${TIERING_BUDGET}`,
  // regions say which ways are rarely taken; without a flag from Node 26 on
  "--experimental-wasm-branch-hinting",
  // regions call each other through the table only, and counting calls for inlining is work at each entry
  "--no-wasm-inlining",
];

export const tuneEngine = (): void => {
  for (const flag of FLAGS) setFlagsFromString(flag);
};
