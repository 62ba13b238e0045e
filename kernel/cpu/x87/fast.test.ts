import { describe, expect, it } from "vitest";
import { CR0, EAX, FLAGS, FPU_BYTES, FPU_OFFSET } from "../state.js";
import { createFastX87, FORMS, fastInstruction } from "./fast.js";
import { X87, type X87Host } from "./index.js";
import * as layout from "./layout.js";

declare const WebAssembly: { Memory: new (limits: { initial: number }) => { readonly buffer: ArrayBuffer } };

/** Instructions compared; a long run takes more. */
const ROUNDS = Number(process.env.X87_ROUNDS ?? 60_000);
const ADDRESS = 0x8000;
const OPERAND_BYTES = 16;
const POINTERS = new Set([layout.FIP, layout.FCS, layout.FDP, layout.FDS, layout.FOP]);

class Fault extends Error {}

/** The unit, on 64 KiB of its own with the same places in it. */
const reference = () => {
  const bytes = new Uint8Array(0x1_0000);
  const view = new DataView(bytes.buffer);
  const words = new Int32Array(bytes.buffer);
  const raise = (): never => {
    throw new Fault();
  };
  const host: X87Host = {
    state: bytes.subarray(FPU_OFFSET, FPU_OFFSET + FPU_BYTES),
    read8: (at) => view.getUint8(at),
    read16: (at) => view.getUint16(at, true),
    read32: (at) => view.getUint32(at, true),
    write8: (at, value) => view.setUint8(at, value),
    write16: (at, value) => view.setUint16(at, value, true),
    write32: (at, value) => view.setUint32(at, value, true),
    probeWrite: () => {},
    cr0: () => words[CR0],
    raiseNM: raise,
    raiseMF: raise,
    raiseUD: raise,
    ferr: () => {},
    ignne: () => false,
    stall: () => {},
    operand32: () => true,
    protectedMode: () => true,
    instructionOffset: () => 0,
    instructionSelector: () => 0,
    operandOffset: () => 0,
    operandSelector: () => 0,
    flags: () => words[FLAGS],
    setFlags: (value) => {
      words[FLAGS] = (words[FLAGS] & ~0x8d5) | value;
    },
    setAx: (value) => view.setUint16(EAX * 4, value, true),
    savesSse: () => false,
    mxcsr: () => 0,
    mxcsrMask: () => 0,
    setMxcsr: () => {},
    xmm: new Int32Array(32),
  };
  return { bytes, words, unit: new X87(host) };
};

/** Numbers of a linear congruential sequence: the same at each run. */
const randomness = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return Math.floor(((state >>> 4) / 0x1000_0000) * below);
  };
};

const memory = new WebAssembly.Memory({ initial: 1 });
const fast = createFastX87(memory);
const fastWords = new Int32Array(memory.buffer);
const fastBytes = new Uint8Array(memory.buffer);
const { bytes, words, unit } = reference();
const view = new DataView(bytes.buffer);
const random = randomness(20);
const bits32 = (): number => random(0x1_0000) | (random(0x1_0000) << 16);

/** Significands of runs of equal bits: what roundings and carries depend on. */
const significand = (): bigint => {
  if (random(3) === 0) return BigInt.asUintN(64, (BigInt(bits32()) << 32n) ^ BigInt(bits32()));
  let value = 0n;
  for (let at = 0; at < 64; ) {
    const length = random(4) === 0 ? 1 : 1 + random(24);
    value = (value << BigInt(length)) | (random(2) === 0 ? 0n : (1n << BigInt(length)) - 1n);
    at += length;
  }
  return BigInt.asUintN(64, value);
};

const exponent = (): number => {
  switch (random(16)) {
    case 0:
      return random(0x8000);
    case 1:
      return random(4);
    case 2:
      return 0x7fff - random(4);
    case 3:
      return 0x3fff + (random(2) === 0 ? 127 : -126) + random(5) - 2;
    case 4:
      return 0x3fff + (random(2) === 0 ? 1023 : -1022) + random(5) - 2;
    case 5:
    case 6:
      return 0x3fff + random(140) - 70;
    default:
      return 0x3fff + random(72) - 4;
  }
};

const register = (number: number): void => {
  const at = FPU_OFFSET / 4 + number * layout.REGISTER_WORDS;
  const kind = random(20);
  const value = kind === 0 ? 0n : kind === 1 ? significand() : significand() | (1n << 63n);
  view.setBigUint64(at * 4, value, true);
  words[at + 2] = (random(2) << 15) | (kind === 0 ? 0 : exponent());
  // near another: differences cancel
  if (random(6) === 0) {
    const other = FPU_OFFSET / 4 + ((number + 1 + random(7)) & 7) * layout.REGISTER_WORDS;
    words[at] = words[other] ^ (random(3) === 0 ? 0 : random(8));
    words[at + 1] = words[other + 1];
    words[at + 2] = ((words[other + 2] & 0x7fff) + (random(3) === 0 ? 1 : 0)) & 0x7fff ? words[other + 2] ^ (random(2) << 15) : words[at + 2];
  }
};

const setWord = (index: number, value: number): void => {
  words[FPU_OFFSET / 4 + index] = value;
};

const state = (): void => {
  for (let number = 0; number < 8; number++) if (random(2) === 0) register(number);
  const masks = random(8) === 0 ? random(64) : 0x3f;
  setWord(layout.CONTROL_WORD, 0x40 | masks | (random(2) === 0 ? 0x300 : random(4) << 8) | (random(2) === 0 ? 0 : random(4) << 10));
  setWord(layout.STATUS_WORD, random(64) === 0 ? 0x8081 : (random(64) & masks) | (bits32() & 0x4700));
  setWord(layout.TOP, random(8));
  setWord(layout.IN_USE, random(4) === 0 ? random(256) : [0x7f, 0xfe, 0xff, 0x3c][random(4)]);
  words[CR0] = random(200) === 0 ? 8 : 0x21;
  words[FLAGS] = bits32() & 0x8d5;
};

const operand = (): void => {
  const kind = random(8);
  const value = significand();
  view.setBigUint64(ADDRESS, value, true);
  view.setUint16(ADDRESS + 8, (random(2) << 15) | exponent(), true);
  if (kind < 2) view.setFloat32(ADDRESS, (Number(value >> 32n) / 0x1_0000_0000) * 2 ** (random(40) - 20), true);
  else if (kind < 5) view.setFloat64(ADDRESS, (Number(value) / 2 ** 64) * 2 ** (random(80) - 40), true);
  else if (kind === 5) view.setBigUint64(ADDRESS, 0n, true);
  else if (kind === 6) view.setUint16(ADDRESS, 0x7f | (random(16) << 8), true);
};

const INSTRUCTIONS = Array.from(FORMS, (form, index) => ({ form, opcode: 0xd8 | (index >> 8), modrm: index & 0xff })).filter(
  ({ form, modrm }) => form !== 0 && (modrm >= 0xc0 || modrm < 0x40) && (modrm >= 0xc0 || (modrm & 7) === 0),
);

const imageOf = (of: Int32Array): string =>
  [
    ...Array.from(of.subarray(FPU_OFFSET / 4, FPU_OFFSET / 4 + layout.STATE_WORDS), (word, index) => (POINTERS.has(index) ? 0 : word)),
    ...of.subarray(ADDRESS / 4, (ADDRESS + OPERAND_BYTES) / 4),
    of[FLAGS],
    of[EAX],
  ].join(",");

const equalImages = (): boolean => {
  const start = FPU_OFFSET / 4;
  for (let index = 0; index < layout.STATE_WORDS; index++) if (!POINTERS.has(index) && words[start + index] !== fastWords[start + index]) return false;
  for (let index = ADDRESS / 4; index < (ADDRESS + OPERAND_BYTES) / 4; index++) if (words[index] !== fastWords[index]) return false;
  return words[FLAGS] === fastWords[FLAGS] && words[EAX] === fastWords[EAX];
};

describe("fast x87 instructions", () => {
  it("leave what the unit leaves, or nothing", () => {
    const executed = new Map<number, number>();
    for (let round = 0; round < ROUNDS; round++) {
      const { form, opcode, modrm } = INSTRUCTIONS[random(INSTRUCTIONS.length)];
      state();
      operand();
      words[EAX] = bits32();
      fastWords.set(words.subarray(0, 512));
      fastBytes.set(bytes.subarray(ADDRESS, ADDRESS + OPERAND_BYTES), ADDRESS);
      const before = imageOf(words);
      const done = fast.run(form, ADDRESS);
      const what = `${opcode.toString(16)} ${modrm.toString(16)} ${before}`;
      if (done === 0) {
        if (!equalImages()) expect.fail(`changed and given up: ${what}: ${imageOf(fastWords)}`);
        continue;
      }
      executed.set(form, (executed.get(form) ?? 0) + 1);
      unit.execute(opcode, modrm, ADDRESS);
      if (!equalImages()) expect.fail(`${what}:\nunit ${imageOf(words)}\nfast ${imageOf(fastWords)}`);
    }
    expect(INSTRUCTIONS.filter(({ form }) => !executed.has(form))).toEqual([]);
  });

  it("say what generated code has to know", () => {
    expect(fastInstruction(0xdd, 0x18)).toMatchObject({ operation: "store", bytes: 8, writes: true, records: true });
    expect(fastInstruction(0xdf, 0xe0)).toMatchObject({ operation: "control", bytes: 0, writes: false, records: false });
    expect(fastInstruction(0xdb, 0x28)).toMatchObject({ operation: "load", bytes: 10, writes: false });
    expect(fastInstruction(0xd9, 0xfe)).toBeUndefined();
  });
});
