/** Host time for tests: sleeping moves it at once, yielding lets promises settle. */
import type { HostTime } from "../options.js";

export class FakeHostTime implements HostTime {
  now = 1e9;
  /** Host time that passes at every look at the clock. */
  drift = 1e5;
  readonly sleeps: number[] = [];
  yields = 0;

  nowNs(): number {
    this.now += this.drift;
    return this.now;
  }
  async sleep(ms: number, wake: Promise<void>): Promise<void> {
    this.sleeps.push(ms);
    if (ms < 60_000) {
      await Promise.race([wake, turn()]);
      this.now += ms * 1e6;
    } else await wake;
  }
  async yield(): Promise<void> {
    this.yields++;
    await turn();
  }
}

/** One turn of Node's event loop. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
