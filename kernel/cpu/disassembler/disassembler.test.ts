import { describe, expect, it } from "vitest";
import { Decoder, MAX_LENGTH, NEEDS_MORE } from "../interpreter/decoder.js";
import { R_OP, RECORD_WORDS } from "../interpreter/record.js";
import { OPERATION_NUMBERS } from "../operation-table.js";
import { KEY_CODE32, KEY_FLAT, KEY_STACK32 } from "../state.js";
import { FACTS, type OpcodeFact } from "../tables/table.js";
import { disassemble } from "./index.js";
import { CODE16 } from "./testing/code16.js";
import { CODE32 } from "./testing/code32.js";
import { VECTOR } from "./testing/vector.js";

const ADDRESS = 0x1000;
const SEED = 0x2545_f491;

const fromHex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Marsaglia's xorshift of 32 bits. */
const random = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
};

/** Bytes with a liking for prefixes and for the maps behind 0F. */
const randomBytes = (next: () => number): Uint8Array => {
  const prefixes = [0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65];
  const head = Array.from({ length: next() % 8 < 5 ? next() % 3 : next() % 16 }, () => prefixes[next() % prefixes.length]);
  const map = [[], [], [0x0f], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]][next() % 6];
  return Uint8Array.from([...head, ...map, ...Array.from({ length: next() % 14 }, () => next() & 255)]);
};

describe("text", () => {
  it.each([
    ["32-bit code", CODE32, true],
    ["16-bit code", CODE16, false],
    ["x87, MMX and SSE", VECTOR, true],
  ])("%s", (_name, listing, code32) => {
    const lines = listing
      .trim()
      .split("\n")
      .filter((line) => !line.startsWith("#"));
    expect(lines.length).toBeGreaterThan(200);
    const written = lines.map((line) => {
      const bytes = fromHex(line.slice(0, line.indexOf(" ")));
      // what follows must not matter
      const { text, length } = disassemble(Uint8Array.from([...bytes, 0x0f, 0xff]), 0, ADDRESS, { code32 });
      return `${toHex(bytes.subarray(0, length))}${length > bytes.length ? "+" : ""} ${text}`;
    });
    expect(written).toEqual(lines);
  });

  it("of branches keeps the upper half of a linear address in 16-bit code", () => {
    expect(disassemble(fromHex("e8fcff"), 0, 0xf_fffe, { code32: false }).text).toBe("call 0x10fffd");
    expect(disassemble(fromHex("ebfe"), 0, 0xf_0100, { code32: false }).text).toBe("jmp 0xf0100");
    expect(disassemble(fromHex("e900000080"), 0, 0xc000_0000, { code32: true }).text).toBe("jmp 0x40000005");
    expect(disassemble(fromHex("ebfe"), 0, -0x4000_0000, { code32: true }).text).toBe("jmp 0xc0000000");
  });

  it("stands at an offset", () => {
    expect(disassemble(fromHex("9090f4"), 2, ADDRESS, { code32: true })).toMatchObject({ text: "hlt", length: 1 });
  });

  it("comes with the fact", () => {
    expect(disassemble(fromHex("f00108"), 0, ADDRESS, { code32: true }).fact).toBe(FACTS.find(({ opcode }) => opcode === "01"));
  });
});

describe("bytes that are no instruction", () => {
  const bad = (bytes: Uint8Array, code32 = true, offset = 0): void =>
    expect(disassemble(bytes, offset, ADDRESS, { code32 }), toHex(bytes)).toEqual({ text: "(bad)", length: offset >= 0 && offset < bytes.length ? 1 : 0, fact: undefined });

  it("are bad", () => {
    for (const bytes of [
      ["0f04", "0f0a", "0f24c0", "0fffc0", "0f0f", "fed0", "fff8", "8fc8", "c6c800", "c7f800", "0fbac001", "0f00f0", "0f01e8", "0fc7c8"],
      // memory forms only
      ["8dc0", "62c0", "c4c0", "c5f8", "0fb2c0", "ffd8", "ffe8", "0f01c0", "0f01f8", "f20ff0c0", "0fc3c0", "0f13c0"],
      // register forms only
      ["0f5000", "0fd700", "0ff700", "0f7110"],
      // mandatory prefixes, x87 holes
      ["660f5200", "f30f5000", "660fc300", "f20f6f00", "0f3880", "0f3a0e", "d9d1", "d9e2", "d9ef", "d908", "dbe5", "dd28", "ded8", "dfe1"],
    ].flat())
      bad(fromHex(`${bytes}0000000000000000`));
  });

  it("or end too early are bad", () => {
    const whole = [
      "c80000ff",
      "69842400000080ffffffff",
      "ea785634120800",
      "0fba6424107f",
      "660f3a0f842400000000ff",
      "f00fb10d00000000",
      "a100104000",
      "0f8400000000",
      "d8b42400000000",
    ];
    for (const text of whole) {
      const bytes = fromHex(text);
      expect(disassemble(bytes, 0, ADDRESS, { code32: true }).length).toBe(bytes.length);
      for (let length = 1; length < bytes.length; length++) bad(bytes.subarray(0, length));
    }
  });

  it("or that do not exist are bad", () => {
    bad(new Uint8Array(0));
    for (const offset of [3, 4, 1e9, -1, -1e9]) bad(fromHex("909090"), true, offset);
  });

  it("or that are more than fifteen are bad", () => {
    const prefixed = (count: number, rest: string): Uint8Array => fromHex("66".repeat(count) + rest);
    expect(disassemble(prefixed(14, "f4"), 0, ADDRESS, { code32: true }).length).toBe(15);
    bad(prefixed(15, "f4"));
    // the immediate is what is too much
    expect(disassemble(prefixed(11, "81c03412"), 0, ADDRESS, { code32: true }).length).toBe(15);
    bad(prefixed(12, "81c03412"));
    bad(prefixed(20, ""));
  });
});

describe("every encoding of the table", () => {
  it("can be written, in both modes", () => {
    for (const code32 of [true, false]) {
      const found = new Set<OpcodeFact>();
      const bytes = new Uint8Array(MAX_LENGTH);
      for (const prefix of [[], [0x66], [0xf3], [0xf2]])
        for (const map of [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]])
          for (let opcode = 0; opcode < 256; opcode++) {
            bytes.set([...prefix, ...map, opcode]);
            const at = prefix.length + map.length + 1;
            // all register forms, and a memory form for each value of the reg field
            for (let modrm = 0; modrm < 256; modrm += modrm < 0xc0 - 8 ? 8 : 1) {
              bytes[at] = modrm;
              const { fact } = disassemble(bytes, 0, ADDRESS, { code32 });
              if (fact) found.add(fact);
            }
          }
      expect(FACTS.filter((fact) => !found.has(fact)).map(({ opcode }) => opcode)).toEqual([]);
    }
  });
});

describe("random bytes", () => {
  it("have the length that the processor gives them", () => {
    const next = random(SEED);
    const record = new Int32Array(RECORD_WORDS);
    const undefinedOpcode = [OPERATION_NUMBERS.cold("UD2", true), OPERATION_NUMBERS.cold("TOOLONG", true)];
    let agreed = 0;
    for (let round = 0; round < 100_000; round++) {
      const bytes = randomBytes(next);
      const code32 = (round & 1) === 0;
      const decoder = new Decoder(bytes, record, OPERATION_NUMBERS, () => true);
      const length = decoder.decode(0, 0, bytes.length, 0, code32 ? KEY_CODE32 | KEY_STACK32 | KEY_FLAT : 0);
      const written = disassemble(bytes, 0, ADDRESS, { code32 });
      const isUndefined = undefinedOpcode.includes(record[R_OP]);
      const isBad = written.fact === undefined;
      // LOCK in front of what it must not stand in front of is written all the same
      const agrees = length === NEEDS_MORE ? isBad : isUndefined ? isBad || written.fact.mnemonic === "UD2" || /\block\b/.test(written.text) : written.length === length && !isBad;
      if (!agrees) expect.fail(`${toHex(bytes)}: ${written.text} of ${written.length} bytes; the decoder says ${isUndefined ? "#UD" : length}`);
      if (length !== NEEDS_MORE && !isUndefined) agreed++;
    }
    expect(agreed).toBeGreaterThan(30_000);
  });

  it("are written as one line, and never throw", () => {
    const next = random(SEED ^ 0x5555);
    for (let round = 0; round < 100_000; round++) {
      const bytes = randomBytes(next);
      const offset = (next() % (bytes.length + 4)) - 2;
      const { text, length, fact } = disassemble(bytes, offset, next(), { code32: (round & 1) === 0 });
      if (fact === undefined) expect([text, length <= 1]).toEqual(["(bad)", true]);
      else if (!/^[a-z][\w ,:()[\]+*?-]*$/.test(text) || length < 1 || length > MAX_LENGTH || /undefined|NaN/.test(text)) expect.fail(`${toHex(bytes)} at ${offset}: ${text}`);
    }
  });
});
