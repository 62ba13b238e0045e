/** What a back end has to do for a report. */
import { type Stopwatch, UNTIMED } from "./stopwatch.js";

export interface Reporting {
  /** Generated code counts (`counters.ts`). */
  readonly counts: boolean;
  readonly stopwatch: Stopwatch;
}

/** Nothing. */
export const UNREPORTED: Reporting = { counts: false, stopwatch: UNTIMED };
