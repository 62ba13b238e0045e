/**
 * `node tools/cpu-vectors/generate.mjs [--seed N] [--singles N] [--sequences N] [--fpu N] [--out FILE]`: captures
 * instruction vectors on the processor that runs this. It wants an x86 Linux with gcc -m32 and modify_ldt, and the built
 * project (the opcode table comes from dist/).
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CS, Encoder } from "./encode.mjs";
import { fits, vectorFile } from "./file.mjs";
import { fpu } from "./fpu.mjs";
import { ENVIRONMENTS, LDT, random, segment, WINDOW, WINDOWS } from "./layout.mjs";
import { sequence, sequenceFacts } from "./sequence.mjs";
import { single, singleFacts } from "./single.mjs";

/** @typedef {import("./encode.mjs").Case} Case */
/** @typedef {import("./file.mjs").Result} Result */

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "20240607" },
    singles: { type: "string", default: "30000" },
    sequences: { type: "string", default: "12000" },
    fpu: { type: "string", default: "600" },
    only: { type: "string" },
    out: { type: "string", default: fileURLToPath(new URL("../../test/cpu/vectors/user.bin.gz", import.meta.url)) },
  },
});

const here = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
/** @type {{ FACTS: readonly import("./encode.mjs").OpcodeFact[] }} */
const { FACTS } = await import(new URL("../../dist/kernel/cpu/tables/table.js", import.meta.url).href);

const COMMAND_BYTES = 12 + 32 + 8 + 8 + 64 + 8 + WINDOW;
const RESULT_BYTES = 12 + 32 + 24 + WINDOW;
const GENERAL_FLAGS = 0x4cd5;
/** Alignment checks, which the tested machine does not have, and cases that never end. */
const REFUSED = new Set([17, 255]);

/** @param {readonly Case[]} cases */
const commands = (cases) => {
  const out = Buffer.alloc(LDT.length * 8 + cases.length * COMMAND_BYTES);
  for (const [index, entry] of LDT.entries()) out.writeBigUInt64LE(entry, index * 8);
  cases.forEach((c, index) => {
    let at = LDT.length * 8 + index * COMMAND_BYTES;
    for (const selector of c.segments) at = out.writeUInt16LE(selector, at);
    for (const value of c.registers) at = out.writeUInt32LE(value, at);
    at = out.writeUInt32LE(c.eip, at);
    at = out.writeUInt32LE(c.flags, at);
    at = out.writeUInt32LE(c.codeOffset, at);
    // what lies beyond the code's two pages cannot be reached
    const code = c.code.slice(0, 0x2000 - c.codeOffset);
    at = out.writeUInt32LE(code.length, at);
    out.set(code, at);
    at += 64;
    for (const offset of WINDOWS[c.window]) at = out.writeUInt32LE(offset, at);
    out.set(c.memory, at);
  });
  return out;
};

/** @param {Buffer} data @param {number} index @returns {Result & { stray: boolean }} */
const result = (data, index) => {
  let at = index * RESULT_BYTES;
  const segments = Array.from({ length: 6 }, (_, n) => data.readUInt16LE(at + 2 * n));
  at += 12;
  const registers = Array.from({ length: 8 }, (_, n) => data.readUInt32LE(at + 4 * n));
  at += 32;
  const [eip, flags, vector, error, cr2, stray] = Array.from({ length: 6 }, (_, n) => data.readUInt32LE(at + 4 * n));
  return { segments, registers, eip, flags: flags & GENERAL_FLAGS, vector, error, cr2, stray: stray !== 0, memory: data.subarray(at + 24, at + 24 + WINDOW) };
};

const folder = mkdtempSync(join(tmpdir(), "cpu-vectors-"));
try {
  const program = join(folder, "capture");
  const gcc = spawnSync("gcc", ["-m32", "-O1", "-no-pie", "-fno-stack-protector", "-Wall", "-o", program, here("capture.c")], { stdio: "inherit" });
  if (gcc.status !== 0) throw new Error("capture.c does not compile: gcc with 32-bit support is needed (package gcc-multilib)");

  const next = random(Number(values.seed));
  const encoder = new Encoder(next);
  const chosen = (/** @type {import("./encode.mjs").OpcodeFact} */ fact) => !values.only || new RegExp(`^(${values.only})$`).test(fact.operation);
  const facts = singleFacts(FACTS).filter(chosen);
  const lines = sequenceFacts(FACTS);
  /** @param {number} count @param {() => Case | undefined} make */
  const many = (count, make) => {
    /** @type {Case[]} */
    const made = [];
    while (made.length < count) {
      const c = make();
      if (c && c.code.length <= 64 && c.codeOffset + c.code.length <= 0x2040) made.push(c);
    }
    return made;
  };
  // half of the single instructions in the flat environment, half over the others; every opcode in turn
  let turn = 0;
  const cases = [
    ...many(Number(values.singles), () => single(encoder, facts[turn++ % facts.length], encoder.chance(2) ? 0 : 1 + (next() % (ENVIRONMENTS.length - 1)), next())),
    ...many(Number(values.sequences), () => sequence(encoder, lines, encoder.chance(3) ? 1 : 0, next())),
    ...many(Number(values.fpu), () => fpu(encoder, encoder.chance(3) ? 1 : 0, next())),
  ];
  const run = spawnSync(program, { input: commands(cases), maxBuffer: 2 ** 31 - 1 });
  if (run.status !== 0)
    throw new Error(`the capture program ended with ${run.signal ?? `status ${run.status}`} after ${Math.floor(run.stdout.length / RESULT_BYTES)} of ${cases.length} cases`);
  const kept = cases.flatMap((c, index) => {
    const of = result(run.stdout, index);
    // an end outside of the code segment's INT3s would be one that depends on the process around it
    const inside = of.vector !== 3 || segment(of.segments[CS]).usable;
    const unclear = c.twoOperands && of.vector >= 12 && of.vector <= 14;
    return !of.stray && !unclear && !REFUSED.has(of.vector) && inside && fits(c, of) ? [{ case: c, result: of }] : [];
  });
  const file = vectorFile(kept);
  writeFileSync(values.out, file);
  /** @type {Record<number, number>} */
  const ends = {};
  for (const { result: of } of kept) ends[of.vector] = (ends[of.vector] ?? 0) + 1;
  console.log(`${kept.length} of ${cases.length} cases kept, ${file.length} bytes; ends by vector: ${JSON.stringify(ends)}`);
} finally {
  rmSync(folder, { recursive: true });
}
