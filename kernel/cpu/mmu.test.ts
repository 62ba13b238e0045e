import { beforeEach, describe, expect, it } from "vitest";
import { GuestMemory } from "../memory/guest-memory.js";
import { TLB_ALIGNED, TLB_USER } from "../memory/layout.js";
import { PhysicalSpace } from "../memory/physical.js";
import { GuestFault } from "./fault.js";
import { Mmu } from "./mmu.js";
import { A20_MASK, CR0, CR0_PG, CR2, CR3, CR4, CR4_PAE, CR4_PSE, EFER, EFER_NXE, PDPTE, TLB_HALF } from "./state.js";

const DIRECTORY = 0x1000;
const TABLE = 0x2000;
const PAGE = 0x9000;
const NEXT = 0xa000;
const ALL = 7;

const make = () => {
  const memory = new GuestMemory(1 << 20);
  const space = new PhysicalSpace(memory);
  const { words } = memory;
  const fault = new GuestFault();
  const mmu = new Mmu(space, words, fault);
  words[A20_MASK] = -1;
  const seen: string[] = [];
  mmu.onWatched = (linear, bytes, write, user) => seen.push(`${user ? "user" : "system"} ${write ? "writes" : "reads"} ${bytes} at ${(linear >>> 0).toString(16)}`);
  /** Identity map of the first 4 MiB. */
  const paging = (): void => {
    space.write32(DIRECTORY, TABLE | ALL);
    for (let page = 0; page < 1024; page++) space.write32(TABLE + page * 4, (page << 12) | ALL);
    words[CR3] = DIRECTORY;
    words[CR0] = CR0_PG | 1;
  };
  const vector = (action: () => void): number => {
    try {
      action();
    } catch (error) {
      expect(error).toBe(fault);
      return fault.vector;
    }
    return -1;
  };
  return { memory, space, words, fault, mmu, seen, paging, vector };
};
let m: ReturnType<typeof make>;
beforeEach(() => {
  m = make();
});

describe("watched pages", () => {
  it("report accesses of each width, to them and to no others, every time", () => {
    const { mmu, seen } = m;
    mmu.setWatched([PAGE >> 12]);
    for (const user of [false, true]) {
      mmu.read8(PAGE + 1, user);
      mmu.read16(PAGE + 1, user);
      mmu.read32(PAGE + 1, user);
      mmu.write8(PAGE + 1, 0x11, user);
      mmu.write16(PAGE + 1, 0x2211, user);
      mmu.write32(PAGE + 1, 0x4433_2211, user);
      mmu.read32(PAGE + 1, user);
      mmu.read32(NEXT, user);
      mmu.write32(PAGE - 4, 1, user);
    }
    const expected = ["reads 1", "reads 2", "reads 4", "writes 1", "writes 2", "writes 4", "reads 4"].map((each) => `${each} at 9001`);
    expect(seen).toEqual([...expected.map((each) => `system ${each}`), ...expected.map((each) => `user ${each}`)]);
    expect(mmu.read32(PAGE + 1, false)).toBe(0x4433_2211);
  });
  it("are told before the access, which a throw prevents", () => {
    const { mmu, space } = m;
    mmu.setWatched([PAGE >> 12]);
    const before: number[] = [];
    mmu.onWatched = (linear) => before.push(space.read32(linear));
    mmu.write32(PAGE, 5, false);
    mmu.write32(PAGE, 6, false);
    expect(before).toEqual([0, 5]);
    mmu.onWatched = () => {
      throw new Error("stop");
    };
    expect(() => mmu.write32(PAGE, 7, false)).toThrow("stop");
    expect(() => mmu.write16(PAGE - 1, 7, false)).toThrow("stop");
    expect([space.read32(PAGE), space.read8(PAGE - 1)]).toEqual([6, 0]);
  });
  it("report an access that straddles pages once, as a whole", () => {
    const { mmu, seen } = m;
    mmu.setWatched([PAGE >> 12]);
    mmu.read32(PAGE - 1, false);
    mmu.write32(NEXT - 1, 0x4433_2211, false);
    mmu.read16(NEXT - 1, true);
    mmu.read32(NEXT + 0xffe, false);
    expect(seen).toEqual(["system reads 4 at 8fff", "system writes 4 at 9fff", "user reads 2 at 9fff"]);
    mmu.setWatched([PAGE >> 12, NEXT >> 12]);
    mmu.read32(NEXT - 2, false);
    expect([seen.length, mmu.read32(NEXT - 1, false)]).toEqual([4, 0x4433_2211]);
  });
  it("can be announced before the access", () => {
    const { mmu, seen } = m;
    mmu.announce(PAGE, 4, true, false);
    mmu.setWatched([PAGE >> 12]);
    mmu.announce(PAGE - 1, 2, true, false);
    mmu.announce(NEXT, 4, true, false);
    expect(seen).toEqual(["system writes 2 at 8fff"]);
  });
  it("are not reported for accesses that fault, nor for probes", () => {
    const { mmu, seen, space, paging, vector, words } = m;
    paging();
    space.write32(TABLE + (PAGE >> 12) * 4, PAGE | 1);
    space.write32(TABLE + (NEXT >> 12) * 4, 0);
    mmu.setWatched([PAGE >> 12, NEXT >> 12]);
    expect(vector(() => mmu.read32(PAGE, true))).toBe(14);
    expect(vector(() => mmu.write32(NEXT - 2, 1, false))).toBe(14);
    expect(words[CR2]).toBe(NEXT);
    mmu.probeWrites(PAGE, 4, false);
    mmu.probeRead(PAGE, false);
    expect(seen).toEqual([]);
  });
  it("leave the TLBs, and bulk operations, until they are no longer watched", () => {
    const { mmu, seen } = m;
    for (const user of [false, true]) mmu.write32(PAGE, 1, user);
    expect(mmu.directRead(PAGE, false)).toBeGreaterThan(0);
    mmu.setWatched([PAGE >> 12]);
    for (const user of [false, true]) {
      expect([mmu.directRead(PAGE + 8, user), mmu.directWrite(PAGE + 8, user)]).toEqual([-1, -1]);
      const entry = (PAGE >> 12) + (user ? TLB_USER : 0);
      mmu.read32(PAGE, user);
      mmu.write32(PAGE, 2, user);
      expect([mmu.tlbR[entry] & 1, mmu.tlbW[entry] & 1]).toEqual([1, 1]);
    }
    expect(seen.length).toBe(4);
    mmu.setWatched([]);
    mmu.write32(PAGE, 3, true);
    expect([seen.length, mmu.tlbW[(PAGE >> 12) + TLB_USER] & 1]).toEqual([4, 0]);
    expect(mmu.directWrite(PAGE + 8, false)).toBeGreaterThan(0);
  });
  it("report a store to code once", () => {
    const { mmu, seen, memory, space } = m;
    memory.hasCode[space.writePage[PAGE >> 12]] = 1;
    const stores: number[] = [];
    mmu.onCodeStore = (page, offset, length) => {
      stores.push(offset, length);
      memory.hasCode[page] = 0;
      return true;
    };
    mmu.setWatched([PAGE >> 12]);
    mmu.write16(PAGE + 6, 1, false);
    expect([seen, stores]).toEqual([["system writes 2 at 9006"], [6, 2]]);
  });
});

describe("alignment", () => {
  it("is checked for user accesses in the third part of the TLBs alone", () => {
    const { mmu, words, vector } = m;
    const all = (user: boolean): number[] =>
      [
        () => mmu.read16(PAGE + 1, user),
        () => mmu.read32(PAGE + 2, user),
        () => mmu.write16(PAGE + 1, 0, user),
        () => mmu.write32(PAGE + 2, 0, user),
        () => mmu.probeWrites(PAGE + 4, 8, user),
      ].map(vector);
    words[TLB_HALF] = TLB_ALIGNED;
    expect(all(true)).toEqual([17, 17, 17, 17, 17]);
    expect(all(false)).toEqual([-1, -1, -1, -1, -1]);
    expect([mmu.directRead(PAGE, true), mmu.directWrite(PAGE, true)]).toEqual([-1, -1]);
    expect(mmu.tlbR.subarray(TLB_ALIGNED).every((entry) => entry === 0xfff)).toBe(true);
    mmu.withoutAlignment(() => expect(all(true)).toEqual([-1, -1, -1, -1, -1]));
    expect(words[TLB_HALF]).toBe(TLB_ALIGNED);
    words[TLB_HALF] = TLB_USER;
    expect(all(true)).toEqual([-1, -1, -1, -1, -1]);
  });
  it("is checked again when what ran without has failed", () => {
    const { mmu, words } = m;
    words[TLB_HALF] = TLB_ALIGNED;
    expect(() =>
      mmu.withoutAlignment(() => {
        throw new Error("failed");
      }),
    ).toThrow("failed");
    expect(words[TLB_HALF]).toBe(TLB_ALIGNED);
  });
  it("code is forgotten in every part", () => {
    const { mmu, words } = m;
    for (const part of [0, TLB_USER, TLB_ALIGNED]) {
      for (const forget of [() => mmu.forgetCode(PAGE), () => mmu.flushPage(PAGE), () => mmu.flush(false), () => mmu.flushExecute()]) {
        words[TLB_HALF] = part;
        mmu.setExecute(PAGE + 5, 4096);
        expect(mmu.tlbX[(PAGE >> 12) + part]).toBe(4096);
        forget();
        expect(mmu.tlbX[(PAGE >> 12) + part]).toBe(0);
      }
    }
  });
});

describe("page attribute table", () => {
  it("uses bits that are reserved without it", () => {
    const { mmu, space, paging, words, vector, fault } = m;
    paging();
    words[CR4] = CR4_PSE;
    space.write32(TABLE + (PAGE >> 12) * 4, PAGE | ALL | 0x80);
    space.write32(DIRECTORY + 4, ALL | 0x1080);
    const both = (): number[] => [vector(() => mmu.read8(PAGE, false)), vector(() => mmu.read8(0x40_9000, false))];
    expect(both()).toEqual([-1, -1]);
    mmu.setPat(false);
    expect([...both(), fault.errorCode]).toEqual([14, 14, 9]);
    // without PSE nothing is
    words[CR4] = 0;
    expect(vector(() => mmu.read8(PAGE, false))).toBe(-1);
    mmu.setPat(true);
    words[CR4] = CR4_PSE;
    expect(both()).toEqual([-1, -1]);
  });
  it("with PAE, too", () => {
    const { mmu, space, words, vector } = m;
    space.write32(TABLE, DIRECTORY | 1);
    space.write32(DIRECTORY, 0x3000 | ALL);
    space.write32(DIRECTORY + 8, ALL | 0x1080);
    space.write32(0x3000 + (PAGE >> 12) * 8, PAGE | ALL | 0x80);
    words[CR4] = CR4_PAE;
    words[CR0] = CR0_PG | 1;
    expect(mmu.loadPdptes(TABLE)).toBe(true);
    const both = (): number[] => [vector(() => mmu.read8(PAGE, false)), vector(() => mmu.read8(0x20_9000, false))];
    expect(both()).toEqual([-1, -1]);
    mmu.setPat(false);
    expect(both()).toEqual([14, 14]);
  });
});

describe("looking without touching", () => {
  it("goes the way of the walk, marks nothing and heeds no rights", () => {
    const { mmu, space, words, paging } = m;
    expect(mmu.peek(0x12_3456)).toBe(0x12_3456);
    paging();
    space.write32(TABLE + (PAGE >> 12) * 4, 0xc000 | 1);
    space.write32(TABLE + (NEXT >> 12) * 4, 0);
    expect([mmu.peek(PAGE + 5), mmu.peek(NEXT), mmu.peek(0x40_0000)]).toEqual([0xc005, undefined, undefined]);
    expect([space.read32(DIRECTORY) & 0xfff, space.read32(TABLE + (PAGE >> 12) * 4)]).toEqual([ALL, 0xc001]);
    words[CR4] = CR4_PSE;
    space.write32(DIRECTORY + 4, 0x81);
    expect(mmu.peek(0x40_9123)).toBe(0x9123);
    // reserved bits: no translation
    space.write32(DIRECTORY + 4, 0x20_0081);
    expect(mmu.peek(0x40_9123)).toBeUndefined();
  });
  it("with PAE, through the registers", () => {
    const { mmu, space, words } = m;
    words[CR4] = CR4_PAE;
    words[CR0] = CR0_PG | 1;
    words[PDPTE + 6] = DIRECTORY | 1;
    space.write32(DIRECTORY, TABLE | 1);
    space.write32(TABLE + 8, 0xc001);
    space.write32(TABLE + 12, 0x8000_0000);
    space.write32(DIRECTORY + 8, 0x81);
    expect([mmu.peek(0xc000_1002 | 0), mmu.peek(0xc020_9002 | 0), mmu.peek(0x1000)]).toEqual([undefined, 0x9002, undefined]);
    words[EFER] = EFER_NXE;
    expect(mmu.peek(0xc000_1002 | 0)).toBe(0xc002);
  });
  it("does not read entries from devices", () => {
    const { mmu, space, words, paging } = m;
    let reads = 0;
    const read32 = (): number => {
      reads++;
      return 0x87;
    };
    space.mmio.map(0xe000_0000, 4096, { read32, write32: () => {} }, "a device", false);
    paging();
    words[CR3] = 0xe000_0000 | 0;
    expect(mmu.peek(0x1000)).toBeUndefined();
    words[CR3] = DIRECTORY;
    space.write32(DIRECTORY, (0xe000_0000 | ALL) >>> 0);
    expect(mmu.peek(0x1000)).toBeUndefined();
    expect(reads).toBe(0);
    // the processor's own walk does
    mmu.read8(0x1000, false);
    expect(reads).toBe(1);
  });
});
