/**
 * `node tools/cpu-vectors/generate.mjs [--seed N] [--only REGEXP] [--KIND N ...] [--out FOLDER]`: captures instruction vectors
 * on the processor that runs this, a file for each kind. It wants an x86 Linux with gcc -m32 and modify_ldt, and the built
 * project (the opcode table comes from dist/).
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { built } from "./built.mjs";
import { Encoder } from "./encode.mjs";
import { fits, vectorFile } from "./file.mjs";
import { keeps, kinds, settle } from "./kinds.mjs";
import { random } from "./layout.mjs";
import { Native } from "./native.mjs";

/** @typedef {import("./encode.mjs").Case} Case */
/** @typedef {import("./case.mjs").End} End */

const BATCH = 20_000;
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "20261122" },
    only: { type: "string" },
    out: { type: "string", default: fileURLToPath(new URL("../../test/cpu/vectors/", import.meta.url)) },
    integer: { type: "string", default: "130000" },
    x87: { type: "string", default: "60000" },
    simd: { type: "string", default: "80000" },
    sequence: { type: "string", default: "30000" },
    program: { type: "string", default: "10000" },
  },
});

const { tables } = await built();
const native = new Native();
try {
  mkdirSync(values.out, { recursive: true });
  let all = 0;
  let bytes = 0;
  for (const [index, kind] of /** @type {const} */ (["integer", "x87", "simd", "sequence", "program"]).entries()) {
    const wanted = Number(values[kind]);
    if (wanted === 0) continue;
    const encoder = new Encoder(random((Number(values.seed) * 8 + index) >>> 0), tables);
    const make = kinds(encoder, values.only ? new RegExp(`^(${values.only})$`) : undefined)[kind];
    /** @type {{ case: Case; end: End }[]} */
    const kept = [];
    while (kept.length < wanted) {
      const cases = Array.from({ length: Math.min(BATCH, wanted - kept.length) }, make);
      native.run(cases).forEach((end, at) => {
        const c = cases[at];
        if (!keeps(c, end)) return;
        settle(c, end);
        if (fits(c, end)) kept.push({ case: c, end: { ...end, memory: end.memory.slice(), units: end.units?.slice() } });
      });
    }
    const file = vectorFile(kept);
    writeFileSync(join(values.out, `${kind}.bin.gz`), file);
    /** @type {Record<number, number>} */
    const ends = {};
    for (const { end } of kept) ends[end.vector] = (ends[end.vector] ?? 0) + 1;
    console.log(`${kind}: ${kept.length} cases, ${file.length} bytes; ends by vector: ${JSON.stringify(ends)}`);
    all += kept.length;
    bytes += file.length;
  }
  console.log(`${all} cases, ${bytes} bytes`);
} finally {
  native.close();
}
