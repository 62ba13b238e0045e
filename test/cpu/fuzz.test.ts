import { afterAll, describe, expect, it } from "vitest";
import { PortSpace } from "../../kernel/bus/port-space.js";
import { Cpu } from "../../kernel/cpu/index.js";
import { cpuModel } from "../../kernel/cpu/models.js";
import * as S from "../../kernel/cpu/state.js";
import { flagEffect } from "../../kernel/cpu/tables/flag-effects.js";
import { FACTS } from "../../kernel/cpu/tables/table.js";
import { JIT_FORCED } from "../../kernel/cpu-jit/index.js";
import type { GuestMemory } from "../../kernel/memory/guest-memory.js";
import { PhysicalSpace } from "../../kernel/memory/physical.js";
import { CPU_MODEL } from "../../tools/cpu-vectors/built.mjs";
import { BATCH, batch, fuzzBatch, nativeReference, ownReference, type Reference } from "../../tools/cpu-vectors/fuzzer.mjs";
import { type Engine, Machine, WAYS, type Way } from "../../tools/cpu-vectors/machine.mjs";
import { Native } from "../../tools/cpu-vectors/native.mjs";
import { parseFuzzArguments, UsageError } from "../../tools/fuzz.mjs";
import { SOURCES, translating } from "./vector-machine.js";

const TABLES = { FACTS, flagEffect };
const SEED = 1;
const BATCHES = 20;
/** Each case is compiled for itself. */
const JIT_BATCHES = 4;
const [stepped, block] = WAYS;

const machine = new Machine(SOURCES);
const native = Native.unavailable() === undefined ? new Native() : undefined;
afterAll(() => native?.close());

describe("random programs", () => {
  // without a 32-bit compiler, or on another processor, one step at a time is held against the running block
  const reference: Reference = native ? nativeReference(native) : ownReference(machine, stepped);
  const ways = native ? WAYS : [block];
  it(`end as ${native ? "on the processor of this machine" : "one step at a time"}: ${BATCHES * BATCH} cases`, { timeout: 240_000 }, () => {
    let judged = 0;
    for (let seed = SEED; seed < SEED + BATCHES; seed++) {
      const found = fuzzBatch(batch(TABLES, seed, BATCH), reference, machine, ways, seed);
      expect(found.divergence && { seed, code: found.divergence.smallest.code, differences: found.divergence.differences }).toBeUndefined();
      judged += found.judged;
    }
    // nearly all of them have an end to compare
    expect(judged).toBeGreaterThan(BATCHES * BATCH * 0.95);
  });

  it(`end likewise when they are translated: ${JIT_BATCHES * BATCH} cases`, { timeout: 240_000 }, () => {
    const engines = (["wasm", "js"] as const).map((mode) => translating({ ...JIT_FORCED, mode }));
    let judged = 0;
    for (let seed = SEED + BATCHES; seed < SEED + BATCHES + JIT_BATCHES; seed++) {
      const jit = engines[seed % 2];
      const found = fuzzBatch(batch(TABLES, seed, BATCH), reference, jit.machine, jit.ways, seed);
      expect(found.divergence && { seed, code: found.divergence.smallest.code, differences: found.divergence.differences }).toBeUndefined();
      judged += found.judged;
    }
    expect(judged).toBeGreaterThan(JIT_BATCHES * BATCH * 0.95);
    for (const { statistics } of engines) {
      expect(statistics.entered).toBeGreaterThan(judged / 8);
      // half of the cases are programs
      expect(statistics.executed).toBeGreaterThan(judged * 2);
    }
  });

  it("are the same for the same seed, and others for another", () => {
    const code = (seed: number): number[][] => batch(TABLES, seed, 40).map((c) => c.code);
    expect(code(5)).toEqual(code(5));
    expect(code(5)).not.toEqual(code(6));
  });
});

/** An engine on which one instruction goes wrong: after it EDX is off by one. */
class Wrong implements Engine {
  readonly #inner: Cpu;
  readonly #memory: GuestMemory;
  readonly #bytes: readonly number[];
  constructor(memory: GuestMemory, bytes: readonly number[]) {
    this.#inner = new Cpu(new PhysicalSpace(memory), new PortSpace(), cpuModel(CPU_MODEL));
    this.#memory = memory;
    this.#bytes = bytes;
  }
  run(instructions: number): void {
    const { ram, words } = this.#memory;
    for (let done = 0; done < instructions && !this.halted && !this.shutdown; done++) {
      const linear = words[S.BASE + S.CS] + words[S.EIP];
      const physical = this.#inner.peekLinear(linear) ?? ram.length;
      const wrong = this.#bytes.every((byte, index) => ram[physical + index] === byte);
      this.#inner.run(1);
      if (wrong) words[S.EDX] ^= 1;
    }
  }
  load(fields: Parameters<Engine["load"]>[0]): void {
    this.#inner.load(fields);
  }
  save(): ReturnType<Engine["save"]> {
    return this.#inner.save();
  }
  get halted(): boolean {
    return this.#inner.halted;
  }
  get shutdown(): boolean {
    return this.#inner.shutdown;
  }
}

describe("a wrong operation", () => {
  const whole: Way = { name: "planted", run: (engine, most) => engine.run(most) };
  for (const [name, bytes] of [
    ["BSWAP EBX", [0x0f, 0xcb]],
    ["FLD1", [0xd9, 0xe8]],
    ["CMC", [0xf5]],
  ] as const) {
    it(`is found and made as small as it goes: ${name}`, { timeout: 60_000 }, () => {
      const wrong = new Machine({ ...SOURCES, makeEngine: (memory) => new Wrong(memory, bytes) });
      for (let seed = 1; seed < 40; seed++) {
        // whole programs only
        const programs = batch(TABLES, seed, 200).filter((c) => c.items !== undefined && c.items.length > 5);
        const { divergence } = fuzzBatch(programs, ownReference(machine, stepped), wrong, [whole], seed);
        if (!divergence) continue;
        expect(divergence.original.code.length).toBeGreaterThan(bytes.length + 8);
        expect(divergence.smallest.code).toEqual(bytes);
        expect(divergence.differences.join()).toMatch(/^EDX [01], the processor says [01]$/);
        expect([...divergence.smallest.memory].some((byte) => byte !== 0)).toBe(false);
        return;
      }
      throw new Error("not found");
    });
  }
});

describe("the command", () => {
  it("says what is wrong with its arguments", () => {
    const wrong = (...args: string[]): string => {
      try {
        parseFuzzArguments(args);
      } catch (error) {
        if (error instanceof UsageError) return error.message;
        throw error;
      }
      return "accepted";
    };
    expect(wrong()).toMatch(/there is only cpu/);
    expect(wrong("gpu")).toMatch(/there is only cpu/);
    expect(wrong("cpu", "--cases", "many")).toMatch(/--cases takes a number above zero, not "many"/);
    expect(wrong("cpu", "--minutes", "-1")).toMatch(/minutes/);
    expect(wrong("cpu", "--cases", "1", "--minutes", "1")).toMatch(/not both/);
    expect(wrong("cpu", "--only", "(")).toMatch(/regular expression/);
    expect(wrong("cpu", "--fast")).toMatch(/--fast/);
    expect(() => batch(TABLES, 1, 1, /^NOSUCH$/)).toThrow(/no instruction is called that/);
    expect(wrong("cpu", "--seed", "7", "--cases", "10", "--only", "ADD")).toBe("accepted");
    expect(wrong("cpu", "--jit", "--minutes", "3")).toBe("accepted");
  });
});
