import { readFileSync } from "node:fs";
import { crc32, gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { describeVector, VectorMachine, type Way } from "./vector-machine.js";
import { readVectorFile, VectorFileError } from "./vectors.js";

const compressed = readFileSync(process.env["CPU_VECTORS"] ?? new URL("vectors/user.bin.gz", import.meta.url));
const file = readVectorFile(compressed);

describe("instructions as captured from a real processor", () => {
  const machine = new VectorMachine(file);
  for (const [way, title] of [
    ["stepped", "one at a time"],
    ["block", "inside a running block"],
  ] as [Way, string][]) {
    it(`${title}: ${file.vectors.length} cases`, { timeout: 120_000 }, () => {
      const failures: string[] = [];
      file.vectors.forEach((vector, index) => {
        const differences = machine.run(vector, way);
        if (differences.length > 0) failures.push(`${describeVector(file, vector, index)}\n    ${differences.join("\n    ")}`);
      });
      expect(`${failures.length} differ\n${failures.slice(0, 20).join("\n")}`).toBe("0 differ\n");
    });
  }
});

describe("a malformed vector file", () => {
  const body = gunzipSync(compressed);
  const HEADER = 28 + file.environments.length * 12 + file.descriptors.length * 4;
  const message = (data: Uint8Array): string => {
    try {
      readVectorFile(data);
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
    copy.writeUInt32LE(crc32(copy.subarray(HEADER)), 24);
    return gzipSync(copy);
  };

  it("is refused with what is wrong and where", () => {
    expect(message(new Uint8Array(0))).toMatch(/not a complete gzip file/);
    expect(message(compressed.subarray(0, compressed.length >> 1))).toMatch(/not a complete gzip file/);
    expect(message(gzipSync(Buffer.from("BPCP")))).toMatch(/header: 8 bytes wanted at offset 0, the data ends at 4/);
    expect(message(gzipSync(Buffer.from("something else entirely")))).toMatch(/not a vector file: it begins with "somethin"/);
    expect(message(changed(8, 9))).toMatch(/version 9/);
    expect(message(changed(10, 99))).toMatch(/number of environments is 99/);
    expect(message(gzipSync(body.subarray(0, body.length - 5)))).toMatch(/the data ends at/);
    expect(message(gzipSync(Buffer.concat([body, Buffer.from([1, 2])])))).toMatch(/2 bytes follow the cases/);
    const flipped = Buffer.from(body);
    flipped[HEADER + 100] ^= 1;
    expect(message(gzipSync(flipped))).toMatch(/checksum/);
    expect(message(changed(HEADER, 0x0f))).toMatch(/environment 15 does not exist/);
    expect(message(changed(HEADER, 0x70))).toMatch(/window 7 does not exist/);
    expect(message(changed(HEADER + 3, 200))).toMatch(/case 0 of \d+: the length of the code is 200/);
    expect(message(changed(16, 255, 255, 255, 255))).toMatch(/4294967295 cases cannot lie in/);
    expect(message(changed(16, 1, 0, 0, 0))).toMatch(/bytes are left after 1 cases/);
  });

  it("never makes the loader do anything else", () => {
    let seed = 1;
    const next = (): number => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0) >>> 8;
    const small = Buffer.from(body.subarray(0, HEADER + 4000));
    small.writeUInt32LE(4000, 20);
    for (let round = 0; round < 300; round++) {
      const copy = Buffer.from(small);
      for (let change = 0; change < 3; change++) copy[HEADER + (next() % 4000)] = next();
      copy.writeUInt32LE(crc32(copy.subarray(HEADER)), 24);
      expect(message(gzipSync(copy, { level: 1 }))).not.toBe("accepted");
    }
  });
});
