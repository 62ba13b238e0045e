/** What the translator has done, for reports. */
export interface JitStatistics {
  /** Regions compiled by each back end, and their guest instructions. */
  compiled: { js: number; wasm: number };
  instructions: number;
  /** Bytes of generated code alive. */
  bytes: number;
  alive: number;
  /** Regions dropped because their code changed, because everything was dropped, or to make room. */
  invalidated: number;
  flushed: number;
  evicted: number;
  /** Calls from the interpreter into regions, and how they came back. */
  entered: number;
  exits: { interpret: number; limit: number; unknown: number };
  /** Guest instructions executed in regions. */
  executed: number;
  fences: number;
  misses: number;
}

export const newStatistics = (): JitStatistics => ({
  compiled: { js: 0, wasm: 0 },
  instructions: 0,
  bytes: 0,
  alive: 0,
  invalidated: 0,
  flushed: 0,
  evicted: 0,
  entered: 0,
  exits: { interpret: 0, limit: 0, unknown: 0 },
  executed: 0,
  fences: 0,
  misses: 0,
});
