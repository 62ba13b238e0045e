import { readLe16, readLe32 } from "backplane/sdk";
import { describe, expect, it } from "vitest";
import { acpiTables } from "./acpi-tables.js";
import { device, eisaId, integer, ioPorts, irq, memoryRange, named, packageOf, resources, scope } from "./aml.js";
import { type AcpiFacts, dsdtBody } from "./dsdt.js";

const FACTS: AcpiFacts = {
  pmBase: 0xb000,
  sciLine: 9,
  memoryWindow: { first: 0xe000_0000, last: 0xfebf_ffff },
  routes: [
    { device: 3, pin: 1, line: 11 },
    { device: 3, pin: 2, line: 10 },
  ],
  com1: true,
  com2: false,
};
const BASE = 0x9_c040;
const text = (bytes: Uint8Array, at: number, length: number): string => String.fromCharCode(...bytes.subarray(at, at + length));
const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => (total + byte) & 0xff, 0);
const holds = (bytes: Uint8Array, part: readonly number[]): boolean => bytes.some((_, at) => part.every((byte, index) => bytes[at + index] === byte));

describe("AML", () => {
  it("writes integers in their shortest form", () => {
    expect([0, 1, 2, 0xff, 0x100, 0x1_0000, 0xffff_ffff].map(integer)).toEqual([
      [0],
      [1],
      [0x0a, 2],
      [0x0a, 0xff],
      [0x0b, 0, 1],
      [0x0c, 0, 0, 1, 0],
      [0x0c, 0xff, 0xff, 0xff, 0xff],
    ]);
  });

  it("writes names and compressed identifiers", () => {
    expect(named("\\_S5", integer(0))).toEqual([0x08, 0x5c, 0x5f, 0x53, 0x35, 0x5f, 0x00]);
    expect(scope("\\_SB.PCI0")).toEqual([0x10, 0x0b, 0x5c, 0x2e, ...Array.from("_SB_PCI0", (c) => c.charCodeAt(0))]);
    expect(scope("A.B.C").slice(2, 4)).toEqual([0x2f, 3]);
    expect(eisaId("PNP0A03")).toEqual([0x0c, 0x41, 0xd0, 0x0a, 0x03]);
  });

  it("counts package lengths over their own bytes", () => {
    const filled = (bytes: number): readonly number[] => device("D", new Array<number>(bytes).fill(0));
    expect(filled(58).slice(2, 4)).toEqual([0x3f, 0x44]);
    expect(filled(59).slice(2, 5)).toEqual([0x41, 0x04, 0x44]);
    expect(filled(4089).slice(2, 5)).toEqual([0x4f, 0xff, 0x44]);
    expect(filled(4090).slice(2, 6)).toEqual([0x81, 0x00, 0x01, 0x44]);
  });

  it("writes packages and resource templates", () => {
    expect(packageOf(integer(0), integer(5))).toEqual([0x12, 5, 2, 0, 0x0a, 5]);
    expect(resources(ioPorts(0x3f8, 8), irq(4))).toEqual([0x11, 0x10, 0x0a, 13, 0x47, 1, 0xf8, 3, 0xf8, 3, 1, 8, 0x22, 0x10, 0, 0x79, 0]);
    expect(memoryRange(0xe000_0000, 0xe000_ffff)).toEqual([0x87, 23, 0, 0, 0x0c, 1, 0, 0, 0, 0, 0, 0, 0, 0xe0, 0xff, 0xff, 0, 0xe0, 0, 0, 0, 0, 0, 0, 1, 0]);
  });
});

describe("tables", () => {
  const image = acpiTables(FACTS, BASE);
  const at = (address: number): Uint8Array => {
    const from = address - BASE;
    return image.subarray(from, from + readLe32(image, from + 4));
  };
  const rsdt = at(readLe32(image, 16));
  const fadt = at(readLe32(rsdt, 36));

  it("hang together and have checksums of zero", () => {
    const dsdt = at(readLe32(fadt, 40));
    expect(text(image, 0, 8)).toBe("RSD PTR ");
    expect([rsdt, fadt, dsdt].map((each) => text(each, 0, 4))).toEqual(["RSDT", "FACP", "DSDT"]);
    expect([image.subarray(0, 20), rsdt, fadt, dsdt].map(sum)).toEqual([0, 0, 0, 0]);
    expect([rsdt.length, fadt.length]).toEqual([40, 116]);
    expect([...dsdt.subarray(36)]).toEqual([...dsdtBody(FACTS)]);
  });

  it("place FACS on a 64-byte boundary", () => {
    const address = readLe32(fadt, 36);
    expect(address % 64).toBe(0);
    expect([text(at(address), 0, 4), at(address).length]).toEqual(["FACS", 64]);
  });

  it("describe the PIIX4's registers, SCI and commands", () => {
    expect([readLe16(fadt, 46), readLe32(fadt, 48), fadt[52], fadt[53]]).toEqual([9, 0xb2, 0xf1, 0xf0]);
    expect([56, 64, 76, 80].map((field) => readLe32(fadt, field))).toEqual([0xb000, 0xb004, 0xb008, 0xb00c]);
    expect([88, 89, 91, 92].map((field) => fadt[field])).toEqual([4, 2, 4, 4]);
    // Bit 4 clear: the power button is the fixed one.
    expect(readLe32(fadt, 112) & 0x10).toBe(0);
  });

  it("route pins by fixed lines, switch off with SLP_TYP 0, and name only ports that are there", () => {
    const body = dsdtBody(FACTS);
    expect(holds(body, packageOf(integer(0x3_ffff), integer(0), integer(0), integer(11)))).toBe(true);
    expect(holds(body, packageOf(integer(0x3_ffff), integer(1), integer(0), integer(10)))).toBe(true);
    expect(holds(body, named("\\_S5", packageOf(integer(0), integer(0), integer(0), integer(0))))).toBe(true);
    expect(holds(body, ioPorts(0x3f8, 8))).toBe(true);
    expect(holds(body, ioPorts(0x2f8, 8))).toBe(false);
    for (const id of ["PNP0A03", "PNP0303", "PNP0F13", "PNP0B00", "PNP0501"]) expect(holds(body, eisaId(id))).toBe(true);
  });

  it("fit the EBDA for a full bus", () => {
    const routes = Array.from({ length: 128 }, (_, index) => ({ device: index >>> 2, pin: (index & 3) + 1, line: 11 }));
    expect(acpiTables({ ...FACTS, routes }, BASE).length).toBeLessThan(0x4000 - 0x40);
  });
});
