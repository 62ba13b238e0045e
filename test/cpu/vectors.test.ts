import { readdirSync, readFileSync } from "node:fs";
import { crc32, gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { JIT_FORCED } from "../../kernel/cpu-jit/index.js";
import { compare, describeCase } from "../../tools/cpu-vectors/compare.mjs";
import { vectorFile } from "../../tools/cpu-vectors/file.mjs";
import { type Contender, interpreter, translating } from "./vector-machine.js";
import { type Vector, VectorFile, VectorFileError } from "./vectors.js";

const FOLDER = new URL("vectors/", import.meta.url);
const given = process.env["CPU_VECTORS"];
const FILES = given
  ? [{ name: given, data: readFileSync(given) }]
  : readdirSync(FOLDER)
      .filter((name) => name.endsWith(".bin.gz"))
      .map((name) => ({ name, data: readFileSync(new URL(name, FOLDER)) }));
/** Cases that the sample has at least. */
const WHOLE_SAMPLE = 300_000;
const SHOWN = 20;
/** Each case is compiled for itself: of the files here one case in so many, unless all are asked for. */
const JIT_SHARE = given || process.env["CPU_VECTORS_JIT"] === "all" ? 1 : 16;
const JIT_BACK_ENDS = ["wasm", "js"] as const;

/** Runs cases of a file on an engine: one in `share`, beginning with number `first`; what differs. */
const failures = (file: VectorFile, { machine, ways }: Contender, share = 1, first = 0): string[] => {
  const found: string[] = [];
  let index = -1;
  for (const { start, end } of file.vectors()) {
    index++;
    if (index % share !== first) continue;
    for (const way of ways) {
      const differences = compare(start, machine.run(start, way), end);
      if (differences.length > 0) found.push(`case ${index}, ${way.name}: ${describeCase(start)}\n    ${differences.join("\n    ")}`);
    }
  }
  return found;
};

describe("instructions as captured from a real processor", () => {
  const engine = interpreter();
  const translators = JIT_BACK_ENDS.map((mode) => translating({ ...JIT_FORCED, mode }));
  for (const { name, data } of FILES) {
    const file = new VectorFile(data);
    it(`${name}: ${file.count} cases, ${engine.ways.map((way) => way.name).join(" and ")}`, { timeout: 240_000 }, () => {
      const found = failures(file, engine);
      expect(`${found.length} differ\n${found.slice(0, SHOWN).join("\n")}`).toBe("0 differ\n");
    });
  }

  FILES.forEach(({ name, data }, number) => {
    const file = new VectorFile(data);
    translators.forEach((jit, backEnd) => {
      const first = ((number + (backEnd * JIT_SHARE) / translators.length) % JIT_SHARE) | 0;
      const cases = Math.ceil((file.count - first) / JIT_SHARE);
      it(`${name}: ${cases} cases, ${jit.name}`, { timeout: JIT_SHARE === 1 ? 1_200_000 : 240_000 }, () => {
        const { entered } = jit.statistics;
        const found = failures(file, jit, JIT_SHARE, first);
        expect(`${found.length} differ\n${found.slice(0, SHOWN).join("\n")}`).toBe("0 differ\n");
        // those that run in flat segments
        expect(jit.statistics.entered - entered).toBeGreaterThan(cases / 4);
      });
    });
  });

  it.skipIf(given !== undefined)("are a whole sample", () => {
    expect(FILES.reduce((sum, { data }) => sum + new VectorFile(data).count, 0)).toBeGreaterThanOrEqual(WHOLE_SAMPLE);
  });

  it("are compared in every field: an end that is changed in one of them differs", () => {
    const { machine, ways } = engine;
    const smallest = FILES.reduce((a, b) => (b.data.length < a.data.length ? b : a));
    let seen = 0;
    for (const { start, end } of new VectorFile(smallest.data).vectors()) {
      if (seen++ === 50) break;
      const got = machine.run(start, ways[0]);
      if (typeof got === "string") throw new Error(got);
      const free = { ...start, undefined: 0, statusUndefined: 0, approximate: false, masks: [] };
      const changes = [
        { vector: end.vector ^ 1 },
        { eip: end.eip ^ 1 },
        { flags: end.flags ^ 0x400 },
        ...[0, 1, 2, 3, 4, 5, 6, 7].map((register) => ({ registers: end.registers.map((value, n) => (n === register ? value ^ 0x100 : value)) })),
        ...[0, 1, 2, 3, 4, 5].map((segment) => ({ segments: end.segments.map((value, n) => (n === segment ? value ^ 8 : value)) })),
        ...[0, 255, 256, 511].map((at) => ({ memory: end.memory.map((value, n) => (n === at ? value ^ 1 : value)) })),
        ...(end.vector === 13 ? [{ error: end.error ^ 1 }] : []),
        ...(end.vector === 14 ? [{ cr2: end.cr2 ^ 1 }] : []),
        ...(end.units ? [0, 3, 4, 24, 33, 153, 175, 287].map((at) => ({ units: end.units!.map((value, n) => (n === at ? value ^ 0x40 : value)) })) : []),
      ];
      for (const change of changes) expect(compare(free, got, { ...end, ...change }), JSON.stringify(Object.keys(change))).not.toEqual([]);
    }
  });
});

describe("a malformed vector file", () => {
  // the first cases of every file, written anew: what the writer makes of them is what the reader had
  const sample = FILES.flatMap(({ data }) => {
    const found: Vector[] = [];
    for (const vector of new VectorFile(data).vectors()) if (found.push(vector) === 100) break;
    return found;
  });
  const compressed = vectorFile(sample.map(({ start, end }) => ({ case: start, end })));
  const body = gunzipSync(compressed);
  const COLUMN_LENGTHS = 24 + 8 * 12 + 16 * 8;
  const HEADER = COLUMN_LENGTHS + 29 * 4;
  const count = body.readUInt32LE(16);
  const message = (data: Uint8Array): string => {
    try {
      for (const _ of new VectorFile(data).vectors());
    } catch (error) {
      if (error instanceof VectorFileError) return error.message;
      throw error;
    }
    return "accepted";
  };
  /** Changes bytes of the unpacked file and repairs the checksum, so that what follows it is looked at. */
  const changed = (at: number, ...values: number[]): Uint8Array => {
    const copy = Buffer.from(body);
    copy.set(values, at);
    copy.writeUInt32LE(crc32(copy.subarray(HEADER)), 20);
    return gzipSync(copy, { level: 1 });
  };

  it("is not one that the writer makes: what it writes reads back as it was", () => {
    expect([...new VectorFile(compressed).vectors()]).toEqual(sample);
  });

  it("is refused with what is wrong and where", () => {
    expect(message(new Uint8Array(0))).toMatch(/not a complete gzip file/);
    expect(message(compressed.subarray(0, compressed.length >> 1))).toMatch(/not a complete gzip file/);
    expect(message(gzipSync(Buffer.from("BPCP")))).toMatch(/header: 8 bytes wanted at offset 0, the data ends at 4/);
    expect(message(gzipSync(Buffer.from("something else entirely")))).toMatch(/not a vector file: it begins with "somethin"/);
    expect(message(changed(8, 9))).toMatch(/version 9/);
    expect(message(changed(10, 99))).toMatch(/number of environments is 99, the runner has 8/);
    expect(message(changed(12, 15))).toMatch(/number of descriptors is 15/);
    expect(message(changed(14, 1))).toMatch(/number of columns is 1/);
    expect(message(changed(24, 0x77))).toMatch(/a selector of environment 0 is 119/);
    expect(message(changed(24 + 96 + 8, 1))).toMatch(/the low half of descriptor 1/);
    expect(message(gzipSync(body.subarray(0, body.length - 5)))).toMatch(/the data ends at/);
    expect(message(gzipSync(Buffer.concat([body, Buffer.from([1, 2])])))).toMatch(/2 bytes follow the cases/);
    const flipped = Buffer.from(body);
    flipped[HEADER + 100] ^= 1;
    expect(message(gzipSync(flipped))).toMatch(/checksum/);
    expect(message(changed(16, 255, 255, 255, 255))).toMatch(/4294967295 cases cannot have \d+ shapes/);
    expect(message(changed(HEADER, 0x0f))).toMatch(/case 0 of \d+, shape: environment 15 does not exist/);
    expect(message(changed(HEADER, 0x30))).toMatch(/window 3 does not exist/);
    expect(message(changed(HEADER + count + 1, 0xff))).toMatch(/case 0 of \d+, place: the offset of the code is 65\d+/);
    // the last column has one byte more, the one before it one less
    const last = COLUMN_LENGTHS + 28 * 4;
    const longer = Buffer.alloc(8);
    longer.writeUInt32LE(body.readUInt32LE(last - 4) + 1, 0);
    longer.writeUInt32LE(body.readUInt32LE(last) - 1, 4);
    expect(message(changed(last - 4, ...longer))).toMatch(/case \d+ of \d+, \w+: |bytes are left in/);
  });

  it("never makes the loader do anything else", () => {
    let seed = 1;
    const next = (): number => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0) >>> 8;
    for (let round = 0; round < 300; round++) {
      const copy = Buffer.from(body);
      for (let change = 0; change < 20; change++) copy[HEADER + (next() % (copy.length - HEADER))] = next();
      copy.writeUInt32LE(crc32(copy.subarray(HEADER)), 20);
      // a value that is changed into another is not for the loader to notice
      expect(message(gzipSync(copy, { level: 1 }))).toMatch(/^accepted$|^case \d+ of \d+, \w+: |bytes are left in/);
    }
  });
});
