import { describe, expect, it } from "vitest";
import { floatOperations } from "./float.js";
import { FloatCases } from "./float-cases.testing.js";
import { DE, IE, Mxcsr, PE, ZE } from "./mxcsr.js";
import { makeVector } from "./vector.js";
import { FLOAT_HASHES } from "./vectors/float-hashes.testing.js";

/**
 * Nearest; nearest with PE sticky; down with DAZ and PE sticky; up with FTZ; truncation with both; everything unmasked; up with DE and UE
 * unmasked; FTZ with UE unmasked.
 */
const SETTINGS = [0x1f80, 0x1fa0, 0x3fe0, 0xdf80, 0xffc0, 0x0000, 0x5680, 0x9780];
const CASES = 2000;
const SEED = 1999;

const words = new Int32Array(1);
const mxcsr = new Mxcsr(words, 0);
const operations = floatOperations(mxcsr);
const d = makeVector();
const s = makeVector();

const streams = (["single", "double", "integer"] as const).map((kind) => {
  const source = new FloatCases(SEED);
  const operands = new Int32Array(CASES * 8);
  for (let i = 0; i < CASES; i++) {
    source.operands(d, s, kind);
    operands.set(d.i32, i * 8);
    operands.set(s.i32, i * 8 + 4);
  }
  return operands;
});

function operandsOf(name: string): Int32Array {
  if (/2(PS|PD|SS|SD)$/.test(name) && /CVT(PI|SI|DQ)/.test(name)) return streams[2];
  return streams[/^CVTT?(PS|SS)/.test(name) || (!name.startsWith("CVT") && /[PS]S$/.test(name)) ? 0 : 1];
}

function resultWords(name: string): number {
  if (/COMIS|2SI$/.test(name)) return 1;
  return name.endsWith("2PI") ? 2 : 4;
}

/** Flags, and results where nothing is unmasked, of a stream. */
function hashOf(name: string, imm: number, setting: number): string {
  const operation = operations[name];
  const operands = operandsOf(name);
  const results = resultWords(name);
  let hash = 0;
  const add = (word: number) => {
    hash = Math.imul(hash ^ word, 0x01000193);
    hash ^= hash >>> 15;
  };
  for (let i = 0; i < operands.length; i += 8) {
    for (let k = 0; k < 4; k++) {
      d.i32[k] = operands[i + k];
      s.i32[k] = operands[i + 4 + k];
    }
    mxcsr.value = setting;
    operation(d, s, 16, imm);
    const trap = mxcsr.commit();
    add((mxcsr.value & 0x3f) | (trap ? 0x40 : 0));
    if (!trap) for (let k = 0; k < results; k++) add(d.i32[k]);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** Runs an operation on words under MXCSR 1F80h or another value. */
function run(name: string, dest: number[], source: number[], setting = 0x1f80): { words: string[]; flags: number; trap: boolean } {
  d.i32.fill(0);
  s.i32.fill(0);
  d.i32.set(dest);
  s.i32.set(source);
  mxcsr.value = setting;
  operations[name](d, s, 16, 0);
  const trap = mxcsr.commit();
  return { words: [...d.u32].map((word) => word.toString(16)), flags: mxcsr.value & 0x3f, trap };
}

describe("floating-point operations", () => {
  for (const row of FLOAT_HASHES.trim().split("\n")) {
    const [name, imm, ...hashes] = row.split(" ");
    it(`${name} ${imm} has the processor's results and flags`, () => {
      expect(SETTINGS.map((setting) => hashOf(name, Number(imm), setting))).toEqual(hashes);
    });
  }

  it("has a row or a test of its own for every operation", () => {
    const covered = new Set(
      FLOAT_HASHES.trim()
        .split("\n")
        .map((row) => row.split(" ")[0]),
    );
    expect(
      Object.keys(operations)
        .filter((name) => !covered.has(name))
        .sort(),
    ).toEqual(["RCPPS", "RCPSS", "RSQRTPS", "RSQRTSS"]);
  });

  it("takes the same vector as both operands", () => {
    const differing: string[] = [];
    for (const name of Object.keys(operations)) {
      const operands = operandsOf(name);
      for (let i = 0; i < 800; i += 8) {
        const source = [...operands.subarray(i, i + 4)];
        const apart = run(name, source, source);
        d.i32.set(source);
        mxcsr.value = 0x1f80;
        operations[name](d, d, 16, 0);
        mxcsr.commit();
        const same = [...d.u32].map((word) => word.toString(16));
        const used = resultWords(name);
        if (same.slice(0, used).join() !== apart.words.slice(0, used).join() || (mxcsr.value & 0x3f) !== apart.flags) differing.push(`${name} ${source}`);
      }
    }
    expect(differing).toEqual([]);
  });

  it("reports what was found before rounding alone when that is unmasked in any lane", () => {
    const operands: [number[], number[]] = [
      [0x7f800001, 0x3f800000],
      [0x3f800000, 0x33000001],
    ];
    expect(run("ADDPS", ...operands)).toMatchObject({ flags: IE | PE, trap: false });
    expect(run("ADDPS", ...operands, 0x1f00)).toMatchObject({ flags: IE, trap: true });
    expect(run("DIVPS", [1, 0x3f800000, 0x3f800000, 0x3f800000], [0x3f800000, 0, 0x40400000, 0x3f800000], 0x1e80)).toMatchObject({ flags: DE | ZE, trap: true });
  });
});

describe("RCPPS and RSQRTPS", () => {
  it("are within 1.5 * 2^-12 and raise nothing", () => {
    const source = new FloatCases(SEED);
    let worst = 0;
    let flags = 0;
    for (let i = 0; i < 20_000; i++) {
      s.i32[0] = (source.below(0xfd) + 1) * 0x800000 + (source.word() & 0x7fffff);
      const x = s.f32[0];
      mxcsr.value = 0;
      operations["RCPSS"](d, s, 16, 0);
      if (x <= 2 ** 126) worst = Math.max(worst, Math.abs(d.f32[0] * x - 1));
      operations["RSQRTSS"](d, s, 16, 0);
      worst = Math.max(worst, Math.abs(d.f32[0] * Math.sqrt(x) - 1));
      mxcsr.commit();
      flags |= mxcsr.value;
    }
    expect(worst).toBeLessThanOrEqual(1.5 * 2 ** -12);
    expect(flags).toBe(0);
  });

  it("treat denormals as zero, flush tiny results and quieten NaNs", () => {
    expect(run("RCPPS", [], [0x80000001 | 0, 0x7f000001, 0xff7fffff | 0, 0x7f800001]).words).toEqual(["ff800000", "0", "80000000", "7fc00001"]);
    expect(run("RSQRTPS", [], [0x80000001 | 0, 0xbf800000 | 0, 0x7f800000, 0xffa00000 | 0]).words).toEqual(["ff800000", "ffc00000", "0", "ffe00000"]);
    expect(run("RCPPS", [], [0x3f800000, 0x40400000, 0x80000000 | 0, 0xff800000 | 0]).words).toEqual(["3f800000", "3eaaa800", "ff800000", "80000000"]);
    expect(run("RSQRTPS", [], [0x3f800000, 0x40400000, 0, 0x40800000]).words).toEqual(["3f800000", "3f13d000", "7f800000", "3f000000"]);
    expect(run("RSQRTSS", [1, 2, 3, 4], [0x40800000, 5, 6, 7]).words).toEqual(["3f000000", "2", "3", "4"]);
  });
});
