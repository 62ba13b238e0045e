import { describe, expect, it } from "vitest";
import { type Encode, FLAG_MAKERS, INSTRUCTIONS } from "./instructions.testing.js";
import { Lockstep, type Outcome, RESTORE_STACK, random } from "./lockstep.testing.js";

const PROGRAMS = 60;
/** Cold operations of the way into a program. */
const PROLOGUE = 8;

/** Operands to look for those with which a program does not end in a double fault. */
const ATTEMPTS = 8;

/** One of each back end. */
const LOCKSTEPS = { wasm: new Lockstep("wasm"), js: new Lockstep("js") };
const CASES = (["wasm", "js"] as const).flatMap((mode) => [...INSTRUCTIONS].map(([group, instructions]) => ({ mode, group, instructions })));

const hex = (body: readonly number[]): string => body.map((byte) => byte.toString(16)).join(" ");
/** Runs a program, which must end alike. */
const run = (mode: keyof typeof LOCKSTEPS, name: string, body: readonly number[], seed: number): Outcome => {
  const outcome = LOCKSTEPS[mode].run(body, seed);
  expect(`${name} (${hex(body)}): ${outcome.difference}`).toBe(`${name} (${hex(body)}): `);
  expect(outcome.ended).toBe(true);
  return outcome;
};

describe.each(CASES)("$group, as $mode", ({ mode, instructions }) => {
  it("are translated, and do what the interpreter does", { timeout: 120_000 }, () => {
    let seed = 1;
    for (const [name, encode] of instructions) {
      let outcome: Outcome | undefined;
      for (let attempt = 0; attempt < ATTEMPTS && !outcome?.halted; attempt++) {
        const next = random(++seed * 0x9e37);
        outcome = run(mode, name, [...encode(next), ...RESTORE_STACK, ...encode(next), ...RESTORE_STACK], seed);
        expect({ name, fences: outcome.fences > PROLOGUE }).toEqual({ name, fences: false });
      }
      const { halted, translated, executed } = outcome!;
      expect({ name, halted, translated: translated > executed / 4 }).toEqual({ name, halted: true, translated: true });
    }
  });

  it(`in ${PROGRAMS} random programs with flags of every kind do what the interpreter does`, { timeout: 240_000 }, () => {
    const encoders: readonly Encode[] = [...instructions.values()];
    let halted = 0;
    for (let seed = 1; seed <= PROGRAMS; seed++) {
      const next = random(seed * 0x51ed);
      const body: number[] = [];
      for (let count = 3 + next(8); count > 0; count--) {
        body.push(...(next(2) === 0 ? FLAG_MAKERS[next(FLAG_MAKERS.length)] : encoders[next(encoders.length)])(next), ...RESTORE_STACK);
      }
      if (run(mode, `${seed}`, body, seed).halted) halted++;
    }
    // the others end in a double fault: ESP is on a page that cannot be written
    expect(halted).toBeGreaterThan(PROGRAMS / 2);
  });
});
