import { performance } from "node:perf_hooks";
import type { HostTime } from "../../kernel/machine/index.js";

/** Monotonic time and the event loop of Node. A sleep ends up to a millisecond late, never early: the timer's grain. */
export const nodeTime: HostTime = {
  nowNs: () => performance.now() * 1e6,
  sleep: (ms, wake) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.ceil(ms));
      void wake.then(() => {
        clearTimeout(timer);
        resolve();
      });
    }),
  yield: () => new Promise((resolve) => setImmediate(resolve)),
};
