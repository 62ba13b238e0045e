/** Differential fuzzing: random cases and programs on the real processor and here, or here in two ways, compared. */
import { compare } from "./compare.mjs";
import { Encoder } from "./encode.mjs";
import { keeps, kinds, settle } from "./kinds.mjs";
import { random } from "./layout.mjs";
import { STILL_RUNNING } from "./machine.mjs";
import { shrink } from "./shrink.mjs";

/** @typedef {import("./shrink.mjs").Fuzzed} Fuzzed */
/** @typedef {import("./case.mjs").End} End */
/** @typedef {import("./machine.mjs").Way} Way */
/** @typedef {import("./machine.mjs").Machine} Machine */
/** @typedef {(cases: readonly Fuzzed[]) => (End | undefined)[]} Reference ends that the engine is held against; undefined where there is none to speak of */
/**
 * @typedef {object} Divergence
 * @property {number} seed of the batch
 * @property {Fuzzed} original
 * @property {Fuzzed} smallest
 * @property {string} way
 * @property {string[]} differences
 * @property {End} wanted
 * @property {End | string} got
 */

export const BATCH = 1000;
/** How often each kind comes; half are whole programs. */
const SHARES = /** @type {const} */ (["program", "integer", "program", "simd", "program", "x87", "program", "sequence", "program", "simd"]);

/** The real processor as the reference. @param {import("./native.mjs").Native} native @returns {Reference} */
export const nativeReference = (native) => (cases) => native.run(cases).map((end, index) => (keeps(cases[index], end) ? end : undefined));

/** One way of running a case as the reference for the others. @param {Machine} machine @param {Way} way @returns {Reference} */
export const ownReference = (machine, way) => (cases) =>
  cases.map((c) => {
    const end = machine.run(c, way);
    return typeof end === "string" ? undefined : end;
  });

/** @param {number} seed */
const spread = (seed) => (Math.imul(seed, 0x9e37_79b1) ^ 0x5bd1_e995) >>> 0;

/** Cases of a batch. @param {import("./encode.mjs").Tables} tables @param {number} seed @param {number} count @param {RegExp} [only] @returns {Fuzzed[]} */
export const batch = (tables, seed, count, only) => {
  const makers = kinds(new Encoder(random(spread(seed)), tables), only);
  const shares = only ? SHARES.filter((kind) => makers.has(kind)) : SHARES;
  if (shares.length === 0) throw new Error("no instruction is called that");
  return Array.from({ length: count }, (_, index) => makers[shares[index % shares.length]]());
};

/**
 * The first case of a batch that diverges, made small; undefined when none does.
 * @param {readonly Fuzzed[]} cases @param {Reference} reference @param {Machine} machine @param {readonly Way[]} ways @param {number} seed
 * @returns {{ judged: number; divergence: Divergence | undefined }}
 */
export const fuzzBatch = (cases, reference, machine, ways, seed) => {
  let judged = 0;
  /** @param {readonly Fuzzed[]} tried @param {boolean} endless a case that has not ended here may only be a long one */
  const judge = (tried, endless) => {
    const ends = reference(tried);
    return tried.map((c, index) => {
      const wanted = ends[index];
      if (!wanted) return undefined;
      settle(c, wanted);
      for (const way of ways) {
        const got = machine.run(c, way);
        if (got === STILL_RUNNING && !endless) return undefined;
        const differences = compare(c, got, wanted);
        if (differences.length > 0) return { way: way.name, got, wanted, differences };
      }
      judged++;
      return undefined;
    });
  };
  const first = judge(cases, true);
  const found = first.findIndex((of) => of !== undefined);
  if (found < 0) return { judged, divergence: undefined };
  const before = judged;
  const endless = first[found]?.got === STILL_RUNNING;
  const smallest = shrink(cases[found], (tried) => judge(tried, endless).map((of) => of?.differences ?? []));
  const [last] = judge([smallest], endless);
  if (!last) throw new Error("a divergence does not come again: the case is not deterministic");
  return { judged: before, divergence: { seed, original: cases[found], smallest, ...last } };
};
