import { describe, expect, it } from "vitest";
import { readTar, type TarEntry } from "./tar.js";

const header = (name: string, type: string, size: number, more: { target?: string; prefix?: string; mode?: string } = {}): Uint8Array => {
  const block = new Uint8Array(512);
  const put = (at: number, text: string) => block.set(new TextEncoder().encode(text), at);
  put(0, name);
  put(100, more.mode ?? "0000644");
  put(124, size.toString(8).padStart(11, "0"));
  put(148, "        ");
  put(156, type);
  put(157, more.target ?? "");
  put(257, "ustar\x0000");
  put(345, more.prefix ?? "");
  put(
    148,
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
  );
  return block;
};

const body = (text: string): Uint8Array => {
  const data = new TextEncoder().encode(text);
  const padded = new Uint8Array(Math.ceil(data.length / 512) * 512);
  padded.set(data);
  return padded;
};

const END = new Uint8Array(1024);

/** Delivers the archive in pieces of `step` bytes, to cross every boundary. */
async function* stream(parts: readonly Uint8Array[], step = 7): AsyncGenerator<Uint8Array> {
  const whole = Buffer.concat(parts);
  for (let at = 0; at < whole.length; at += step) yield whole.subarray(at, at + step);
}

const collect = async (parts: readonly Uint8Array[], wanted: (entry: TarEntry) => boolean = () => true, step?: number) => {
  const seen: string[] = [];
  const taken: Record<string, string> = {};
  await readTar(
    stream(parts, step),
    (entry) => {
      seen.push(`${entry.type} ${entry.path}${entry.target ? ` > ${entry.target}` : ""}`);
      return wanted(entry);
    },
    (entry, data) => {
      taken[entry.path] = new TextDecoder().decode(data);
    },
  );
  return { seen, taken };
};

describe("tar reader", () => {
  it("reads files, directories and links, and skips what is not wanted", async () => {
    const parts = [
      header("./", "5", 0),
      header("./a/", "5", 0),
      header("./a/one", "0", 3),
      body("one"),
      header("./a/two", "0", 600),
      body("2".repeat(600)),
      header("./l", "2", 0, { target: "a/one" }),
      header("./h", "1", 0, { target: "./a/one" }),
      END,
    ];
    for (const step of [1, 511, 100_000]) {
      const { seen, taken } = await collect(parts, ({ path }) => path === "a/two", step);
      expect(seen).toEqual(["directory ", "directory a", "file a/one", "file a/two", "symlink l > a/one", "hardlink h > a/one"]);
      expect(taken).toEqual({ "a/two": "2".repeat(600) });
    }
  });

  it("joins ustar prefixes and takes GNU and pax long names for one entry only", async () => {
    const long = "d/".repeat(80) + "name";
    // The number in front of a pax record counts the whole record, itself included.
    const record = "17 path=from/pax\n";
    expect(record).toHaveLength(17);
    const parts = [
      header("name", "0", 1, { prefix: "pre/fix" }),
      body("a"),
      header("././@LongLink", "L", long.length + 1),
      body(`${long}\0`),
      header("short", "0", 1),
      body("b"),
      header("x", "x", record.length),
      body(record),
      header("short", "0", 1),
      body("c"),
      header("plain", "0", 1),
      body("d"),
      END,
    ];
    const { taken } = await collect(parts);
    expect(taken).toEqual({ "pre/fix/name": "a", [long]: "b", "from/pax": "c", plain: "d" });
  });

  it("refuses names that lead out of the archive", async () => {
    await expect(collect([header("../evil", "0", 0), END])).rejects.toThrow(/leads outside/);
    await expect(collect([header("a", "1", 0, { target: "b/../../c" }), END])).rejects.toThrow(/leads outside/);
  });

  it("notices damage", async () => {
    const bad = header("a", "0", 3);
    bad[0] ^= 1;
    await expect(collect([bad, body("abc"), END])).rejects.toThrow(/checksum/);
    await expect(collect([header("a", "0", 3)])).rejects.toThrow(/ends in the middle/);
    await expect(collect([header("a", "0", 0)])).rejects.toThrow(/ends in the middle/);
    await expect(collect([header("x", "x", 5), body("99 a="), END])).rejects.toThrow(/pax/);
  });
});
