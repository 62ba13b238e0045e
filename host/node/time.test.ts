import { describe, expect, it } from "vitest";
import { nodeTime } from "./time.js";

const elapsed = async (work: Promise<void>): Promise<number> => {
  const before = nodeTime.nowNs();
  await work;
  return (nodeTime.nowNs() - before) / 1e6;
};

describe("time on Node", () => {
  it("sleeps at least as long as asked", async () => {
    expect(await elapsed(nodeTime.sleep(20, new Promise(() => {})))).toBeGreaterThanOrEqual(19);
  });
  it("wakes early and leaves no timer behind", async () => {
    const before = process.getActiveResourcesInfo().filter((each) => each === "Timeout").length;
    expect(await elapsed(nodeTime.sleep(60_000, Promise.resolve()))).toBeLessThan(10_000);
    expect(process.getActiveResourcesInfo().filter((each) => each === "Timeout")).toHaveLength(before);
  });
  it("yields to timers and input", async () => {
    let ran = false;
    setTimeout(() => {
      ran = true;
    }, 0);
    for (let turn = 0; turn < 1000 && !ran; turn++) await nodeTime.yield();
    expect(ran).toBe(true);
  });
});
