import { describe, expect, it } from "vitest";
import { CpioWriter } from "./cpio.js";

interface Entry {
  readonly name: string;
  readonly fields: readonly number[];
  readonly data: string;
}

/** Reads newc by the format's own words, not by the writer's. */
const read = (archive: Uint8Array): Entry[] => {
  const text = (from: number, to: number) => new TextDecoder().decode(archive.subarray(from, to));
  const entries: Entry[] = [];
  for (let at = 0; ; ) {
    expect(text(at, at + 6)).toBe("070701");
    const fields = Array.from({ length: 13 }, (_, index) => Number.parseInt(text(at + 6 + index * 8, at + 14 + index * 8), 16));
    const name = text(at + 110, at + 110 + fields[11] - 1);
    expect(archive[at + 110 + fields[11] - 1]).toBe(0);
    const dataAt = Math.ceil((at + 110 + fields[11]) / 4) * 4;
    if (name === "TRAILER!!!") return entries;
    entries.push({ name, fields, data: text(dataAt, dataAt + fields[6]) });
    at = Math.ceil((dataAt + fields[6]) / 4) * 4;
  }
};

describe("cpio writer", () => {
  it("writes files, links and devices, parents first", () => {
    const archive = new CpioWriter().file("a/b/run", "four", 0o755).symlink("a/link", "b/run").characterDevice("/dev/console", 5, 1).finish();
    const entries = read(archive);
    expect(entries.map(({ name }) => name)).toEqual(["a", "a/b", "a/b/run", "a/link", "dev", "dev/console"]);
    expect(entries.map(({ fields }) => fields[1].toString(8))).toEqual(["40755", "40755", "100755", "120777", "40755", "20600"]);
    expect(entries[2].data).toBe("four");
    expect(entries[3].data).toBe("b/run");
    expect(entries[5].fields.slice(9, 11)).toEqual([5, 1]);
    expect(new Set(entries.map(({ fields }) => fields[0])).size).toBe(entries.length);
    expect(archive.length % 512).toBe(0);
  });

  it("keeps every record aligned whatever the lengths", () => {
    const writer = new CpioWriter();
    for (let length = 0; length < 9; length++) writer.file(`f${"x".repeat(length)}`, "y".repeat(length));
    expect(read(writer.finish()).map(({ data }) => data.length)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("refuses a name twice and names that lead elsewhere", () => {
    expect(() => new CpioWriter().file("a", "").file("/a", "")).toThrow(/already/);
    for (const name of ["", "/", "a//b", "../a", "a/./b"]) expect(() => new CpioWriter().file(name, "")).toThrow(/cannot name/);
  });

  it("takes an existing directory again", () => {
    expect(read(new CpioWriter().directory("a", 0o700).directory("a").finish())).toHaveLength(1);
  });
});
