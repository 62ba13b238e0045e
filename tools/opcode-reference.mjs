/**
 * `node tools/opcode-reference.mjs [--update]`: docs/opcodes.md, printed from the opcode table of the build, against the file
 * as it is; `--update` writes it. test/architecture/opcode-reference.test.ts does the same with the sources.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "./prepare.mjs";

/**
 * @typedef {import("../kernel/cpu/tables/table.js").OpcodeFact} OpcodeFact
 * @typedef {object} Table
 * @property {readonly OpcodeFact[]} FACTS
 * @property {typeof import("../kernel/cpu/tables/flag-effects.js").flagEffect} flagEffect
 * @property {readonly string[]} CONDITIONS
 * @property {(fact: OpcodeFact) => string} documentedName
 */

export const REFERENCE = "docs/opcodes.md";

/** Letters of EFLAGS by bit. */
const FLAGS = /** @type {const} */ ([
  ["o", 11],
  ["d", 10],
  ["i", 9],
  ["t", 8],
  ["s", 7],
  ["z", 6],
  ["a", 4],
  ["p", 2],
  ["c", 0],
  ["n", 14],
  ["v", 19],
]);
const flags = (/** @type {number} */ mask) =>
  FLAGS.filter(([, bit]) => (mask >> bit) & 1)
    .map(([letter]) => letter)
    .join("");

/** What stands for "16 or 32 bits by the operand size". */
const BOTH = "16/32";
/** Operand letters of the table as the manual's instruction pages write them: what a kind is, and sizes in bits. */
const KINDS = /** @type {Record<string, string>} */ ({ G: "r", R: "r", Z: "r", I: "imm", J: "rel", M: "m", O: "moffs", E: "r/m" });
const REGISTERS = /** @type {Record<string, string>} */ ({ S: "Sreg", C: "CRn", D: "DRn", P: "mm", N: "mm", V: "xmm", U: "xmm" });
const OR_MEMORY = /** @type {Record<string, string>} */ ({ Q: "mm", W: "xmm" });
const SIZES = /** @type {Record<string, string>} */ ({ b: "8", w: "16", v: BOTH, z: BOTH, d: "32", q: "64", t: "80", ss: "32", sd: "64", ps: "128", pd: "128", dq: "128", "": "" });
const WHOLE = /** @type {Record<string, string>} */ ({
  Is: "simm8",
  Ap: `ptr16:${BOTH}`,
  Mp: `m16:${BOTH}`,
  Ma: `m${BOTH}&${BOTH}`,
  Me: "m(env)",
  Ms: "m(state)",
  Evw: `r${BOTH}/m16`,
  Edw: "r32/m16",
  Si: "ST(i)",
  ST: "ST(0)",
  eAX: "AX/EAX",
});

/** @param {string} operand @returns {string} */
const operandName = (operand) => {
  if (operand in WHOLE) return WHOLE[operand];
  if (/^(1|[ACD]L|[AD]X|[CDEFGS]S)$/.test(operand)) return operand;
  const [letter] = operand;
  const size = SIZES[operand.slice(1)];
  if (letter in REGISTERS) return REGISTERS[letter];
  if (size !== undefined && letter in OR_MEMORY) return `${OR_MEMORY[letter]}/m${size}`;
  if (size === undefined || !(letter in KINDS)) throw new Error(`operand "${operand}" has no name in ${REFERENCE}`);
  return KINDS[letter] + size;
};

const OPCODE = /^(?:(np|66|f3|f2)\.)?([0-9A-F]+)(?:\/([0-7]))?([mr])?(?::([0-9A-F]{2}))?(\+)?$/;

/** An opcode as the manual writes it. @param {OpcodeFact} fact */
const opcodeName = ({ opcode, modrm, operands, mnemonic }) => {
  const [, prefix, bytes, group, , byte, plus] = /** @type {RegExpExecArray} */ (OPCODE.exec(opcode));
  const parts = [...(prefix === undefined ? [] : [prefix.toUpperCase()]), ...(bytes.match(/../g) ?? []), ...(byte === undefined ? [] : [byte])];
  if (plus !== undefined) parts.push(parts.pop() + (operands.includes("Si") ? "+i" : operands.some((operand) => operand[0] === "Z") ? "+r" : `+cc`));
  if (group !== undefined) parts.push(`/${group}`);
  else if (modrm && byte === undefined) parts.push("/r");
  return `${parts.join(" ")}${mnemonic === "NOP" && /r$/.test(opcode) ? " (mod 3)" : ""}`;
};

/** @param {string} name */
const exceptionName = (name) => (name === "cpl" ? "#GP(CPL)" : name === "iopl" ? "#GP(IOPL)" : `#${name}`);

/** @param {readonly string[]} cells */
const row = (cells) => `| ${cells.join(" | ")} |`;
const HEAD = ["Opcode", "Instruction", "Operands", "Needs", "Prefixes", "Reads", "Writes", "Undefined", "Exceptions", "Cost"];
/** @param {readonly string[]} head @param {readonly (readonly string[])[]} rows @param {number} [numbers] columns at the right that are numbers */
const table = (head, rows, numbers = 0) => [row(head), row(head.map((_, index) => (index >= head.length - numbers ? "--:" : "---"))), ...rows.map(row)];

const isConditional = (/** @type {OpcodeFact} */ { operation }) => /^(JCC|SETCC|CMOV)$/.test(operation);

/** @param {OpcodeFact} fact @param {Table} source */
const factRow = (fact, { documentedName }) => [
  `\`${opcodeName(fact)}\``,
  documentedName(fact),
  fact.operands.map(operandName).join(", "),
  fact.feature === undefined ? "" : fact.feature,
  [fact.lockable ? "LOCK" : "", fact.repeats ? "REP" : ""].join(""),
  isConditional(fact) ? "cc" : flags(fact.reads),
  flags(fact.writes),
  flags(fact.undefined),
  fact.exceptions.map(exceptionName).join(" "),
  `${fact.cost}`,
];

const bytesOf = (/** @type {OpcodeFact} */ { opcode }) => /** @type {RegExpExecArray} */ (OPCODE.exec(opcode))[2];
const isVector = (/** @type {OpcodeFact} */ { unit }) => unit === "mmx" || unit === "sse";
/** @param {string} feature */
const vectorOf = (feature) => (/** @type {OpcodeFact} */ fact) => isVector(fact) && fact.feature === feature;

/** @type {readonly { title: string; about: string; has: (fact: OpcodeFact) => boolean }[]} */
const CHAPTERS = [
  {
    title: "One-byte opcodes",
    about: "The first map, without those whose ModR/M byte selects the instruction.",
    has: (fact) => fact.unit === "integer" && bytesOf(fact).length === 2 && !fact.opcode.includes("/"),
  },
  {
    title: "One-byte opcodes, groups",
    about: "The reg field of ModR/M (`/0` to `/7`) selects the instruction.",
    has: (fact) => fact.unit === "integer" && bytesOf(fact).length === 2 && fact.opcode.includes("/"),
  },
  {
    title: "Two-byte opcodes",
    about: "Behind 0F: system instructions, conditional moves, bit operations, and what came with the 386, 486 and Pentium.",
    has: (fact) => fact.unit === "integer" && bytesOf(fact).length > 2,
  },
  { title: "x87, memory forms", about: "D8 to DF with a memory operand, and FWAIT.", has: (fact) => fact.unit === "x87" && !fact.opcode.includes(":") },
  {
    title: "x87, register forms",
    about: "D8 to DF with mod 3: the second byte belongs to the opcode. DC D0, DC D8, DD C8, DE D0, DF C8, DF D0, DF D8 and D9 D8 are aliases that the manual does not list.",
    has: (fact) => fact.unit === "x87" && fact.opcode.includes(":"),
  },
  { title: "MMX", about: "Eight 64-bit registers in the significands of the x87 registers.", has: vectorOf("mmx") },
  { title: "SSE", about: "Single precision in eight 128-bit registers; new instructions for MMX registers.", has: vectorOf("sse") },
  { title: "SSE2", about: "Double precision; the MMX instructions for 128-bit registers.", has: vectorOf("sse2") },
  { title: "SSE3", about: "Horizontal arithmetic. (FISTTP is with the x87.)", has: vectorOf("sse3") },
  { title: "SSSE3", about: "Shuffles, signs and horizontal integer arithmetic, in the maps behind 0F 38 and 0F 3A.", has: vectorOf("ssse3") },
  {
    title: "State and caches",
    about: "FXSAVE, FXRSTOR and CLFLUSH have CPUID bits of their own.",
    has: (fact) => isVector(fact) && (fact.feature === "fxsr" || fact.feature === "clfsh"),
  },
];

/** GitHub's anchor of a heading. @param {string} title */
const anchor = (title) =>
  title
    .toLowerCase()
    .replace(/[^\w -]/g, "")
    .replaceAll(" ", "-");

const introduction = (/** @type {number} */ count) => `# Opcodes

Every instruction this processor knows: ${count} encodings, printed from the opcode table in \`kernel/cpu/tables\` by
\`node tools/opcode-reference.mjs --update\`. Do not edit this file; change the table.

How to read the tables:

- **Opcode**: bytes in hexadecimal. \`/r\` a ModR/M byte with a register in its reg field, \`/0\` to \`/7\` one whose reg field
  belongs to the opcode; \`+r\` \`+i\` the low three bits name a register, \`+cc\` the low four a condition; \`66\` \`F2\` \`F3\`
  in front is a mandatory prefix, \`NP\` stands for none of the three.
- **Operands**: the destination first. \`r/m\` a register or memory, \`m\` memory, \`imm\` an immediate, \`simm8\` a
  sign-extended one, \`rel\` a branch distance, \`moffs\` memory at an offset in the instruction; the number is a width in
  bits, ${BOTH} by the operand size.
- **Needs**: what CPUID must claim; without it the encoding is #UD. \`p6\` is family 6.
- **Prefixes**: LOCK is allowed with a memory operand as destination; REP repeats.
- **Reads**, **Writes**, **Undefined**: flags. o overflow, d direction, i interrupt, t trap, s sign, z zero, a adjust,
  p parity, c carry, n nested task, v virtual interrupt; cc those of the condition. Flags left undefined are among the
  written ones.
- **Exceptions** beyond those any memory operand can raise (#GP, #SS, #PF, #AC) and beyond #UD for LOCK where it is not
  allowed; #GP(CPL) unless the privilege level is 0, #GP(IOPL) as IOPL and the I/O permission bitmap decide.
- **Cost**: a weight, 1 for an addition of registers, after the latencies of a Pentium III.`;

/** Flags by condition, and of shifts by their count: `flagEffect` decides. @param {Table} source @returns {string[]} */
const flagRules = ({ FACTS, flagEffect, CONDITIONS }) => {
  const find = (/** @type {string} */ operation) => /** @type {OpcodeFact} */ (FACTS.find((fact) => fact.operation === operation));
  const conditions = CONDITIONS.map((name, code) => [`\`${code.toString(16).toUpperCase()}\``, name, flags(flagEffect(find("JCC"), 32, undefined, code).reads)]);
  const counts = [0, 1, 9, 17, 31];
  const shifts = ["SHL", "SAR", "ROL", "RCL", "SHLD"].flatMap((operation) =>
    [8, 16, 32]
      .filter((size) => size > 8 || operation !== "SHLD")
      .map((size) => [
        operation,
        `${size}`,
        ...counts.map((count) => {
          const { writes, undefined: lost } = flagEffect(find(operation), size, count);
          return writes === 0 ? "unchanged" : `${flags(writes & ~lost) || "none"}${lost === 0 ? "" : ` (${flags(lost)} undefined)`}`;
        }),
      ]),
  );
  return [
    "## Conditions",
    "",
    "The low four bits of Jcc, SETcc and CMOVcc, and the flags they read.",
    "",
    ...table(["Code", "Condition", "Reads"], conditions),
    "",
    "## Flags of shifts and rotations",
    "",
    "What a count, taken modulo 32, leaves defined. SHR is as SHL, ROR as ROL, RCR as RCL, SHRD as SHLD.",
    "",
    ...table(["Instruction", "Bits", ...counts.map((count) => `by ${count}`)], shifts),
    "",
  ];
};

/** @param {Table} source @returns {string[]} */
const index = ({ FACTS, documentedName }) => {
  /** @type {Map<string, string[]>} */
  const names = new Map();
  for (const fact of FACTS) {
    const name = documentedName(fact);
    names.set(name, [...(names.get(name) ?? []), `\`${opcodeName(fact)}\``]);
  }
  const sorted = [...names].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    "## By name",
    "",
    ...table(
      ["Instruction", "Opcodes"],
      sorted.map(([name, opcodes]) => [name, [...new Set(opcodes)].join(", ")]),
    ),
    "",
  ];
};

/** The text of docs/opcodes.md. @param {Table} source */
export const opcodeReference = (source) => {
  const { FACTS } = source;
  const chapters = CHAPTERS.map((chapter) => ({ ...chapter, facts: FACTS.filter(chapter.has) }));
  const lost = FACTS.filter((fact) => chapters.filter(({ facts }) => facts.includes(fact)).length !== 1);
  if (lost.length > 0) throw new Error(`${lost[0].opcode} ${lost[0].mnemonic} belongs to one chapter of ${REFERENCE}, not to none or two`);
  const contents = [...chapters.map(({ title, facts }) => `- [${title}](#${anchor(title)}): ${facts.length}`)];
  for (const title of ["Conditions", "Flags of shifts and rotations", "By name"]) contents.push(`- [${title}](#${anchor(title)})`);
  const bodies = chapters.flatMap(({ title, about, facts }) => [
    `## ${title}`,
    "",
    about,
    "",
    ...table(
      HEAD,
      facts.map((fact) => factRow(fact, source)),
      1,
    ),
    "",
  ]);
  return [introduction(FACTS.length), "", ...contents, "", ...bodies, ...flagRules(source), ...index(source)].join("\n");
};

/** What is wrong with docs/opcodes.md of the tree at `root`; with `update` it is written instead. @param {string} root @param {Table} source @param {boolean} update */
export const referenceProblems = (root, source, update) => {
  const path = join(root, REFERENCE);
  const now = opcodeReference(source);
  if (update) writeFileSync(path, now);
  const before = existsSync(path) ? readFileSync(path, "utf8") : "";
  return before === now ? [] : [`${REFERENCE} is not what the opcode table says: node tools/build.mjs && node tools/opcode-reference.mjs --update`];
};

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const built = async (/** @type {string} */ path) => import(pathToFileURL(join(ROOT, "dist/kernel/cpu", path)).href);
  const [{ FACTS }, { flagEffect }, { CONDITIONS, documentedName }] = await Promise.all(["tables/table.js", "tables/flag-effects.js", "disassembler/names.js"].map(built));
  const problems = referenceProblems(ROOT, { FACTS, flagEffect, CONDITIONS, documentedName }, process.argv.includes("--update"));
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
