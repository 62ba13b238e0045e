import { describe, expect, it } from "vitest";
import { CHAIN_ENTRIES, CHAIN_ENTRY_BYTES, CHAIN_HASH, CHAIN_OFFSET, CHAIN_SHIFT, ChainTable } from "./chain.js";

const PART = 0;
const TABLE = 0x1000;

/** Addresses whose first place is the same. */
const sharing = (count: number): number[] => {
  const place = (linear: number): number => Math.imul(linear, CHAIN_HASH) >>> CHAIN_SHIFT;
  const found = [0x1000];
  for (let linear = 0x1001; found.length < count; linear++) if (place(linear) === place(found[0])) found.push(linear);
  return found;
};

describe("the chain table", () => {
  const fresh = (): ChainTable => new ChainTable(new Int32Array((CHAIN_OFFSET + CHAIN_ENTRIES * CHAIN_ENTRY_BYTES) / 4));
  const has = (chain: ChainTable, linear: number): boolean => chain.has(linear, linear & 0xff, 1, PART);
  const put = (chain: ChainTable, linear: number): void => chain.put(linear, TABLE, linear & 0xff, 1, PART);

  it("keeps two addresses of one place, and the newer ones of three", () => {
    const chain = fresh();
    const [first, second, third] = sharing(3);
    put(chain, first);
    put(chain, second);
    expect([has(chain, first), has(chain, second)]).toEqual([true, true]);
    put(chain, third);
    expect([first, second, third].map((linear) => has(chain, linear))).toEqual([false, true, true]);
  });

  it("has an address once, wherever it stands", () => {
    const chain = fresh();
    const [first, second] = sharing(2);
    put(chain, first);
    put(chain, second);
    chain.put(first, TABLE, 7, 2, PART);
    expect([chain.has(first, 7, 2, PART), has(chain, second)]).toEqual([true, true]);
    chain.remove(first, 7);
    put(chain, second);
    expect([chain.has(first, 7, 2, PART), has(chain, first), has(chain, second)]).toEqual([false, false, true]);
  });

  it("forgets only for the slot that it leads to", () => {
    const chain = fresh();
    put(chain, 0x1234);
    chain.remove(0x1234, 0x35);
    expect(has(chain, 0x1234)).toBe(true);
    chain.remove(0x1234, 0x34);
    expect(has(chain, 0x1234)).toBe(false);
  });
});
