/** A short run of `tools/jit-soak.mjs`, on the sources. */
import { describe, expect, it } from "vitest";
import { PortSpace } from "../../kernel/bus/port-space.js";
import { Cpu, cpuModel } from "../../kernel/cpu/index.js";
import * as jit from "../../kernel/cpu-jit/index.js";
import { GuestMemory } from "../../kernel/memory/guest-memory.js";
import { PhysicalSpace } from "../../kernel/memory/physical.js";
import { type Kernel, soak } from "../../tools/jit-soak.mjs";

const KERNEL: Kernel = { Cpu, cpuModel, GuestMemory, PhysicalSpace, PortSpace, jit };
const REGIONS = 5000;
const ALIVE = 256;

describe("regions compiled and dropped without end", () => {
  it("are no more than the limit, and the guest computes what it should", { timeout: 120_000 }, () => {
    const statistics = soak(KERNEL, { regions: REGIONS, megabytes: 2, options: { regions: ALIVE } });
    expect(statistics.compiled.js + statistics.compiled.wasm).toBeGreaterThanOrEqual(REGIONS);
    expect(statistics.alive).toBeLessThan(ALIVE);
    expect(statistics.evicted).toBeGreaterThan(REGIONS / 2);
    expect(statistics.invalidated).toBeGreaterThan(0);
    // all that is left is accounted for
    expect(statistics.evicted + statistics.invalidated + statistics.flushed + statistics.alive).toBe(statistics.compiled.js + statistics.compiled.wasm);
    expect(statistics.executed).toBeGreaterThan(REGIONS * 10);
  });

  it("fail when the guest computes something else", () => {
    class Wrong extends PhysicalSpace {
      override write(address: number, bytes: Uint8Array): void {
        // the operand of the first loop on each page
        if (bytes.length === 4096) bytes[6] ^= 1;
        super.write(address, bytes);
      }
    }
    expect(() => soak({ ...KERNEL, PhysicalSpace: Wrong }, { regions: REGIONS, megabytes: 2, options: { regions: ALIVE } })).toThrow(/EAX is \w+, not \w+/);
  });
});
