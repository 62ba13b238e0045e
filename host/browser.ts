/**
 * The embedding API in a browser or a worker: `import { createMachine } from "backplane"`.
 * Files are given as bytes in `files`; a name that is not among them does not exist.
 */
import { createMachineOn } from "./api/create-machine.js";
import type { MachineDescription, RunOptions } from "./api/description.js";
import { memoryStorage } from "./api/memory-storage.js";
import type { Platform } from "./api/platform.js";
import { storeOnly } from "./api/png.js";
import type { VirtualMachine } from "./api/virtual-machine.js";

/** What is used of the browser, so that neither DOM nor Node types are. */
interface Browser {
  readonly performance: { now(): number };
  readonly crypto: { getRandomValues(into: Uint32Array): unknown };
  setTimeout(fn: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  readonly MessageChannel: new () => { readonly port1: { onmessage: unknown }; readonly port2: { postMessage(message: unknown): void } };
}

/**
 * Every so many turns of the event loop one is a timer's: a host may deliver hundreds of messages that follow each other before
 * it looks at its timers (Node: a thousand, ten seconds of a busy guest).
 */
const TURNS_PER_TIMER = 16;

const browserPlatform = (): Platform => {
  const browser = globalThis as unknown as Browser;
  // A message comes at the event loop's next turn; a chain of timers would wait at least 4 ms each time.
  const { port1, port2 } = new browser.MessageChannel();
  const turns: (() => void)[] = [];
  let taken = 0;
  port1.onmessage = () => turns.shift()?.();
  return {
    time: {
      nowNs: () => browser.performance.now() * 1e6,
      sleep: (ms, wake) =>
        new Promise((resolve) => {
          const timer = browser.setTimeout(resolve, ms);
          void wake.then(() => {
            browser.clearTimeout(timer);
            resolve();
          });
        }),
      yield: () =>
        new Promise((resolve) => {
          if (++taken % TURNS_PER_TIMER === 0) {
            browser.setTimeout(resolve, 0);
            return;
          }
          turns.push(resolve);
          port2.postMessage(0);
        }),
    },
    storage: memoryStorage({}),
    epochMs: () => Date.now(),
    seed: () => {
      const numbers = new Uint32Array(1);
      browser.crypto.getRandomValues(numbers);
      return numbers[0];
    },
    deflate: storeOnly,
  };
};

let platform: Platform | undefined;

/** Assembles a machine; it is off. @throws BackplaneError naming the device or option. */
export const createMachine = (description: MachineDescription & RunOptions): Promise<VirtualMachine> => {
  platform ??= browserPlatform();
  return createMachineOn(platform, description);
};

export * from "./api/index.js";
