import { describe, expect, it } from "vitest";
import { rowBoundaries } from "./host-bridge.js";

const MIB = 1 << 20;
const rows = (mebibytes: number): number[] => rowBoundaries(mebibytes * MIB).map((register) => register.value);

describe("DRAM row boundaries", () => {
  it("fills rows with powers of two up to 256 MiB", () => {
    expect(rows(64)).toEqual([8, 8, 8, 8, 8, 8, 8, 8]);
    expect(rows(96)).toEqual([8, 12, 12, 12, 12, 12, 12, 12]);
    expect(rows(768)).toEqual([32, 64, 96, 96, 96, 96, 96, 96]);
  });

  it("always ends at the size of memory, as far as eight bits reach", () => {
    for (const mebibytes of [8, 40, 1000, 2040]) expect(rows(mebibytes)[7]).toBe(mebibytes / 8);
    expect(rows(4096 - 8)[7]).toBe(255);
    expect(rows(4)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });
});
