import { type IsaBridge, readLe16, readLe32 } from "backplane/sdk";
import { describe, expect, it } from "vitest";
import { type FakeFunction, fakeBus, pcFunctions } from "./fixture.test-support.js";
import { setUpPci } from "./pci-setup.js";

const setUp = (functions: readonly FakeFunction[] = pcFunctions, options: { isa?: boolean; ramBytes?: number } = {}) => {
  const bus = fakeBus(functions);
  const warnings: string[] = [];
  const pirqs = new Map<number, number | undefined>();
  const isa: IsaBridge | undefined = options.isa === false ? undefined : { routePirq: (pirq, line) => void pirqs.set(pirq, line), pirqRoute: (pirq) => pirqs.get(pirq) };
  const result = setUpPci(bus, isa, options.ramBytes ?? 64 << 20, { debug: () => {}, warn: (message) => void warnings.push(message) });
  const config = (device: number, fn: number): Uint8Array => bus.functions().find((each) => each.device === device && each.function === fn)!.config;
  return { bus, result, warnings, pirqs, config };
};
const bar = (config: Uint8Array, index: number): number => readLe32(config, 0x10 + index * 4);

describe("base addresses", () => {
  it("gives aligned windows from C000h and E0000000h, largest first", () => {
    const { config } = setUp();
    expect([bar(config(2, 0), 0), bar(config(2, 0), 2)]).toEqual([0xe000_0000, 0xe102_0000]);
    expect([bar(config(3, 0), 0), bar(config(3, 0), 1)]).toEqual([0xe100_0000, 0xc001]);
    expect(bar(config(1, 1), 4)).toBe(0xc041);
    expect(bar(config(1, 1), 0)).toBe(0);
  });

  it("enables what decodes and lets all but bridges master the bus", () => {
    const { config } = setUp();
    const commands = [config(0, 0), config(1, 1), config(1, 3), config(2, 0), config(3, 0)].map((each) => readLe16(each, 4));
    expect(commands).toEqual([6, 5, 0, 6, 7]);
  });

  it("starts above memory that reaches beyond E0000000h", () => {
    const { config, result } = setUp(pcFunctions, { ramBytes: 0xe650_0000 });
    expect(bar(config(2, 0), 0)).toBe(0xe700_0000);
    expect(result.memoryWindow).toEqual({ first: 0xe700_0000, last: 0xfebf_ffff });
  });

  it("warns of windows there is no room for and leaves them closed", () => {
    const { config, warnings } = setUp([{ where: [4, 0], id: 0x1111_1234, classCode: 0x03_0000, bars: { 0: 512 << 20, 1: -0x8000, 3: 4096 } }]);
    expect(warnings).toHaveLength(2);
    expect([bar(config(4, 0), 0), bar(config(4, 0), 1), bar(config(4, 0), 3)]).toEqual([0, 1, 0xe000_0000]);
    expect(readLe16(config(4, 0), 4)).toBe(6);
  });

  it("leaves bridges behind the bus alone", () => {
    const { config } = setUp([{ where: [4, 0], id: 0x1111_1234, classCode: 0x06_0400, initial: { 14: 1, 24: 9 } }]);
    expect(config(4, 0)[0x18]).toBe(9);
  });
});

describe("interrupts", () => {
  it("routes the wires and tells functions their line", () => {
    const { config, pirqs, result } = setUp();
    expect([...pirqs.values()]).toEqual([10, 10, 11, 11]);
    expect(config(3, 0)[0x3c]).toBe(11);
    expect(config(1, 3)[0x3c]).toBe(9);
    expect(config(2, 0)[0x3c]).toBe(0);
    expect(result.levelLines).toEqual([9, 10, 11]);
    expect(result.routes.filter(({ device }) => device === 1).map(({ line }) => line)).toEqual([9, 10, 11, 11]);
    expect(result.routes.filter(({ device }) => device === 3).map(({ line }) => line)).toEqual([11, 11, 10, 10]);
  });

  it("has no lines to give without a router", () => {
    const { config, result } = setUp(pcFunctions, { isa: false });
    expect(config(3, 0)[0x3c]).toBe(0xff);
    expect([result.routes, result.levelLines]).toEqual([[], [9]]);
  });
});

describe("chips", () => {
  it("shows RAM from C0000h on behind Intel bridges only", () => {
    const { config } = setUp();
    expect([...config(0, 0).subarray(0x59, 0x60)]).toEqual([0x30, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33]);
    const other = setUp([{ where: [0, 0], id: 0x1234_8086, classCode: 0x06_0000 }]);
    expect(other.config(0, 0)[0x59]).toBe(0);
  });

  it("opens IDE decodes and the power management and SMBus ports", () => {
    const { config, result } = setUp();
    expect(readLe32(config(1, 1), 0x40)).toBe(0x8000_8000);
    expect([readLe32(config(1, 3), 0x40), config(1, 3)[0x80], readLe32(config(1, 3), 0x90), config(1, 3)[0xd2]]).toEqual([0xb001, 1, 0xb101, 1]);
    expect(result.power).toEqual({ base: 0xb000, com1: true, com2: false });
    expect(setUp([]).result.power).toBeUndefined();
  });
});
