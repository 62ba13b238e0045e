/**
 * The hot operations: JavaScript text for each, by name (`ADD32rm` = ADD, 32-bit, register from memory).
 *
 * A template is the body of a `case`. Names in scope are those of `source.ts`: `pc` the record, `code` the arena, `i32`,
 * `i16`, `i8`, `u16`, `u8` views of the guest buffer (registers at its start), `dv` its DataView, `tlbR`, `tlbW` and `us`
 * for address translation, scratch variables `a` (address), `t`, `v`, `x`, `y`, `r`, `c`, `f`.
 * Memory is touched before any register or flag changes, so an instruction that faults leaves no trace.
 */
import { LAZY_ADD, LAZY_DEC, LAZY_INC, LAZY_LOGIC, LAZY_NONE, LAZY_SHIFT, LAZY_SUB } from "../flags.js";
import { DF, EAX, EBP, ECX, ESP, FLAGS, LAZY_A, LAZY_B, LAZY_OP, LAZY_RESULT, ZF } from "../state.js";
import { R_DISP, R_IMM, R_INDEX, R_REG, R_RM, R_SCALE } from "./record.js";

export type Size = 8 | 16 | 32;
export const SIZES: readonly Size[] = [8, 16, 32];

const NEXT = "pc += 8; continue dispatch;";
const VIEW = { 8: "i8", 16: "i16", 32: "i32" } as const;
/** Last page offset at which an access of a size stays inside the page. */
const LAST = { 8: "0xfff", 16: "0xffe", 32: "0xffc" } as const;
const GET = { 8: "i8[(t ^ a) >>> 0]", 16: "dv.getInt16((t ^ a) >>> 0, true)", 32: "dv.getInt32((t ^ a) >>> 0, true)" } as const;

/** A register operand, sign-extended. */
const register = (size: Size, field: number): string => `${VIEW[size]}[code[pc + ${field}]]`;
const truncate = (size: Size, value: string): string => (size === 32 ? `(${value}) | 0` : `((${value}) << ${32 - size}) >> ${32 - size}`);

/** Linear address of the memory operand into `a`. */
const address = (size: number, write: boolean): string =>
  `a = (i32[code[pc + ${R_RM}]] + (i32[code[pc + ${R_INDEX}]] << code[pc + ${R_SCALE}]) + code[pc + ${R_DISP}]) | 0; if (code[pc + ${R_SCALE}] > 31) a = slowAddress(pc, ${size / 8}, ${write});`;

const hit = (size: Size): string => (size === 8 ? "(t & 1) === 0" : `((t | a) & 0xfff) <= ${LAST[size]}`);
/** Loads the operand at `a`, sign-extended. */
const load = (size: Size, into: string): string => `t = tlbR[(a >>> 12) + us]; ${into} = ${hit(size)} ? ${GET[size]} : slowRead${size}(a, pc, cb);`;
/** Loads with the intention to write: `f` tells `storeBack` that the fast path holds. */
const loadForWrite = (size: Size, into: string): string => `t = tlbW[(a >>> 12) + us]; f = ${hit(size)}; ${into} = f ? ${GET[size]} : slowModify${size}(a, pc, cb);`;
const put = (size: Size, value: string): string => (size === 8 ? `i8[(t ^ a) >>> 0] = ${value}` : `dv.setInt${size}((t ^ a) >>> 0, ${value}, true)`);
const storeBack = (size: Size, value: string): string => `if (f) ${put(size, value)}; else slowWrite${size}(a, ${value}, pc, cb);`;
const store = (size: Size, value: string): string => `t = tlbW[(a >>> 12) + us]; if (${hit(size)}) ${put(size, value)}; else slowWrite${size}(a, ${value}, pc, cb);`;

const lazy = (kind: string | number, result: string, a?: string, b?: string): string =>
  `i32[${LAZY_OP}] = ${kind}; i32[${LAZY_RESULT}] = ${result};${a ? ` i32[${LAZY_A}] = ${a};` : ""}${b ? ` i32[${LAZY_B}] = ${b};` : ""}`;

interface Arithmetic {
  /** From x and y to r. */
  compute(size: Size): string;
  flags: string;
  writes: boolean;
}

const ARITHMETIC: Record<string, Arithmetic> = {
  ADD: { compute: (size) => `r = ${truncate(size, "x + y")};`, flags: lazy(LAZY_ADD, "r", "x", "y"), writes: true },
  ADC: { compute: (size) => `c = carry(); r = ${truncate(size, "x + y + c")};`, flags: lazy(`${LAZY_ADD} + c`, "r", "x", "y"), writes: true },
  SUB: { compute: (size) => `r = ${truncate(size, "x - y")};`, flags: lazy(LAZY_SUB, "r", "x", "y"), writes: true },
  SBB: { compute: (size) => `c = carry(); r = ${truncate(size, "x - y - c")};`, flags: lazy(`${LAZY_SUB} + c`, "r", "x", "y"), writes: true },
  CMP: { compute: (size) => `r = ${truncate(size, "x - y")};`, flags: lazy(LAZY_SUB, "r", "x", "y"), writes: false },
  AND: { compute: () => "r = x & y;", flags: lazy(LAZY_LOGIC, "r"), writes: true },
  OR: { compute: () => "r = x | y;", flags: lazy(LAZY_LOGIC, "r"), writes: true },
  XOR: { compute: () => "r = x ^ y;", flags: lazy(LAZY_LOGIC, "r"), writes: true },
  TEST: { compute: () => "r = x & y;", flags: lazy(LAZY_LOGIC, "r"), writes: false },
};

/** Shifts by a count that is not zero: from x and c to r, and CF and OF (in bits 0 and 1) to y. */
const SHIFTS: Record<string, (size: Size) => string> = {
  SHL: (size) =>
    size === 32
      ? "r = x << c; y = (x >>> (32 - c)) & 1; y |= ((r >>> 31) ^ y) << 1;"
      : `r = ${truncate(size, "x << c")}; y = c <= ${size} ? (x >>> (${size} - c)) & 1 : 0; y |= ((r >>> 31) ^ y) << 1;`,
  SHR: (size) => {
    const whole = size === 32 ? "x >>> 0" : `x & ${size === 8 ? "0xff" : "0xffff"}`;
    return `x = ${whole}; y = (x >>> (c - 1)) & 1; r = ${truncate(size, "x >>> c")}; y |= ((x >>> ${size - 1}) & 1) << 1;`;
  },
  SAR: () => "y = (x >> (c - 1)) & 1; r = x >> c;",
};

const shift = (name: string, size: Size, memory: boolean, count: string): string => {
  const body = `${SHIFTS[name](size)} `;
  const flags = lazy(LAZY_SHIFT, "r", undefined, "y");
  return memory
    ? `c = ${count} & 31; ${address(size, true)} ${loadForWrite(size, "x")} if (c !== 0) { ${body}${storeBack(size, "r")} ${flags} } ${NEXT}`
    : `c = ${count} & 31; if (c !== 0) { x = ${register(size, R_REG)}; ${body}${register(size, R_REG)} = r; ${flags} } ${NEXT}`;
};

/** Condition codes as expressions; the frequent ones look at the lazy operands directly. */
const compare = (fused: string, general: string): string => `(i32[${LAZY_OP}] === ${LAZY_SUB} ? ${fused} : ${general})`;
const A = `i32[${LAZY_A}]`;
const B = `i32[${LAZY_B}]`;
const EVEN_CONDITIONS = [
  "overflow()",
  compare(`(${A} >>> 0) < (${B} >>> 0)`, "carry() !== 0"),
  `(i32[${LAZY_OP}] !== ${LAZY_NONE} ? i32[${LAZY_RESULT}] === 0 : (i32[${FLAGS}] & ${ZF}) !== 0)`,
  compare(`(${A} >>> 0) <= (${B} >>> 0)`, "belowOrEqual()"),
  `(i32[${LAZY_OP}] !== ${LAZY_NONE} ? i32[${LAZY_RESULT}] < 0 : sign())`,
  "parity()",
  compare(`${A} < ${B}`, "less()"),
  compare(`${A} <= ${B}`, "lessOrEqual()"),
];
const condition = (code: number): string => (code & 1 ? `!${EVEN_CONDITIONS[code >> 1]}` : EVEN_CONDITIONS[code >> 1]);

const push = (value: string): string => `a = (i32[${ESP}] - 4) | 0; ${store(32, value)} i32[${ESP}] = a;`;

/** Forms too rare to be worth a case; the generic operations serve them. */
const isRare = (name: string): boolean =>
  /^(ADD|ADC|SUB|SBB|AND|OR|XOR)16/.test(name) || /^(ADC|SBB)8/.test(name) || /^(INC|DEC)16/.test(name) || /^(SHL|SHR|SAR)(16|8)rc/.test(name) || /^(INC|DEC)8m/.test(name);

/** Every hot operation. */
export const hotTemplates = (): Map<string, string> => {
  const all = new Map<string, string>();
  const hot = { set: (name: string, body: string) => void (isRare(name) || all.set(name, body)) };
  for (const [name, { compute, flags, writes }] of Object.entries(ARITHMETIC)) {
    for (const size of SIZES) {
      const go = `${compute(size)} `;
      const keep = writes ? `${register(size, R_REG)} = r; ` : "";
      hot.set(`${name}${size}rr`, `x = ${register(size, R_REG)}; y = ${register(size, R_RM)}; ${go}${keep}${flags} ${NEXT}`);
      hot.set(`${name}${size}ri`, `x = ${register(size, R_REG)}; y = code[pc + ${R_IMM}]; ${go}${keep}${flags} ${NEXT}`);
      hot.set(`${name}${size}rm`, `${address(size, false)} ${load(size, "y")} x = ${register(size, R_REG)}; ${go}${keep}${flags} ${NEXT}`);
      for (const [form, source] of [
        ["mr", register(size, R_REG)],
        ["mi", `code[pc + ${R_IMM}]`],
      ]) {
        const fetch = writes ? loadForWrite(size, "x") : load(size, "x");
        hot.set(`${name}${size}${form}`, `${address(size, writes)} ${fetch} y = ${source}; ${go}${writes ? storeBack(size, "r") : ""} ${flags} ${NEXT}`);
      }
    }
  }
  for (const size of SIZES) {
    hot.set(`MOV${size}rr`, `${register(size, R_REG)} = ${register(size, R_RM)}; ${NEXT}`);
    hot.set(`MOV${size}ri`, `${register(size, R_REG)} = code[pc + ${R_IMM}]; ${NEXT}`);
    hot.set(`MOV${size}rm`, `${address(size, false)} ${load(size, "v")} ${register(size, R_REG)} = v; ${NEXT}`);
    hot.set(`MOV${size}mr`, `${address(size, true)} ${store(size, register(size, R_REG))} ${NEXT}`);
    hot.set(`MOV${size}mi`, `${address(size, true)} ${store(size, `code[pc + ${R_IMM}]`)} ${NEXT}`);
    for (const name of Object.keys(SHIFTS)) {
      hot.set(`${name}${size}ri`, shift(name, size, false, `code[pc + ${R_IMM}]`));
      hot.set(`${name}${size}rc`, shift(name, size, false, `i32[${ECX}]`));
    }
  }
  for (const name of Object.keys(SHIFTS)) hot.set(`${name}32mi`, shift(name, 32, true, `code[pc + ${R_IMM}]`));
  for (const [name, kind, delta] of [
    ["INC", LAZY_INC, "+ 1"],
    ["DEC", LAZY_DEC, "- 1"],
  ] as const) {
    for (const size of SIZES) {
      const go = `c = carry(); r = ${truncate(size, `x ${delta}`)};`;
      const flags = lazy(kind, "r", "x", "c");
      hot.set(`${name}${size}r`, `x = ${register(size, R_REG)}; ${go} ${register(size, R_REG)} = r; ${flags} ${NEXT}`);
      hot.set(`${name}${size}m`, `${address(size, true)} ${loadForWrite(size, "x")} ${go} ${storeBack(size, "r")} ${flags} ${NEXT}`);
    }
  }
  hot.set(
    "ROL32ri",
    `c = code[pc + ${R_IMM}] & 31; if (c !== 0) { x = ${register(32, R_REG)}; r = (x << c) | (x >>> (32 - c)); ${register(32, R_REG)} = r; setCfOf(r & 1, ((r >>> 31) ^ r) & 1); } ${NEXT}`,
  );
  hot.set(
    "ROR32ri",
    `c = code[pc + ${R_IMM}] & 31; if (c !== 0) { x = ${register(32, R_REG)}; r = (x >>> c) | (x << (32 - c)); ${register(32, R_REG)} = r; setCfOf(r >>> 31, ((r >>> 31) ^ (r >>> 30)) & 1); } ${NEXT}`,
  );
  hot.set("NOT32r", `i32[code[pc + ${R_REG}]] = ~i32[code[pc + ${R_REG}]]; ${NEXT}`);
  hot.set("NEG32r", `y = i32[code[pc + ${R_REG}]]; r = -y | 0; i32[code[pc + ${R_REG}]] = r; ${lazy(LAZY_SUB, "r", "0", "y")} ${NEXT}`);
  for (const [letter, from] of [
    ["B", 8],
    ["W", 16],
  ] as const) {
    const mask = from === 8 ? "0xff" : "0xffff";
    for (const size of [16, 32] as const) {
      hot.set(`MOVZX${letter}${size}rr`, `${register(size, R_REG)} = ${register(from, R_RM)} & ${mask}; ${NEXT}`);
      hot.set(`MOVZX${letter}${size}rm`, `${address(from, false)} ${load(from, "v")} ${register(size, R_REG)} = v & ${mask}; ${NEXT}`);
      hot.set(`MOVSX${letter}${size}rr`, `${register(size, R_REG)} = ${register(from, R_RM)}; ${NEXT}`);
      hot.set(`MOVSX${letter}${size}rm`, `${address(from, false)} ${load(from, "v")} ${register(size, R_REG)} = v; ${NEXT}`);
    }
  }
  hot.set(
    "LEA32rm",
    `i32[code[pc + ${R_REG}]] = code[pc + ${R_SCALE}] > 31 ? slowOffset(pc) | 0 : (i32[code[pc + ${R_RM}]] + (i32[code[pc + ${R_INDEX}]] << code[pc + ${R_SCALE}]) + code[pc + ${R_DISP}]) | 0; ${NEXT}`,
  );
  hot.set("XCHGA32r", `x = i32[${EAX}]; i32[${EAX}] = i32[code[pc + ${R_REG}]]; i32[code[pc + ${R_REG}]] = x; ${NEXT}`);
  hot.set("XCHG32rr", `x = i32[code[pc + ${R_REG}]]; i32[code[pc + ${R_REG}]] = i32[code[pc + ${R_RM}]]; i32[code[pc + ${R_RM}]] = x; ${NEXT}`);
  hot.set("XCHG32mr", `${address(32, true)} ${loadForWrite(32, "x")} ${storeBack(32, `i32[code[pc + ${R_REG}]]`)} i32[code[pc + ${R_REG}]] = x; ${NEXT}`);
  hot.set("NOP", NEXT);
  const product = `r = Math.imul(x, y); d = x * y; c = d === r ? 0 : 3; ${lazy(LAZY_SHIFT, "r", undefined, "c")}`;
  hot.set("IMUL232rr", `x = i32[code[pc + ${R_REG}]]; y = i32[code[pc + ${R_RM}]]; ${product} i32[code[pc + ${R_REG}]] = r; ${NEXT}`);
  hot.set("IMUL232rm", `${address(32, false)} ${load(32, "y")} x = i32[code[pc + ${R_REG}]]; ${product} i32[code[pc + ${R_REG}]] = r; ${NEXT}`);
  hot.set("IMUL332rr", `x = i32[code[pc + ${R_RM}]]; y = code[pc + ${R_IMM}]; ${product} i32[code[pc + ${R_REG}]] = r; ${NEXT}`);
  hot.set("CMOV32rr", `if (condition(code[pc + ${R_IMM}])) i32[code[pc + ${R_REG}]] = i32[code[pc + ${R_RM}]]; ${NEXT}`);
  hot.set("CMOV32rm", `${address(32, false)} ${load(32, "v")} if (condition(code[pc + ${R_IMM}])) i32[code[pc + ${R_REG}]] = v; ${NEXT}`);
  hot.set("SETCC8r", `i8[code[pc + ${R_REG}]] = condition(code[pc + ${R_IMM}]) ? 1 : 0; ${NEXT}`);
  hot.set("CLD", `i32[${FLAGS}] &= ${~DF}; ${NEXT}`);
  hot.set("PUSH32r", `${push(`i32[code[pc + ${R_REG}]]`)} ${NEXT}`);
  hot.set("PUSHI32i", `${push(`code[pc + ${R_IMM}]`)} ${NEXT}`);
  hot.set("PUSHE32m", `${address(32, false)} ${load(32, "v")} ${push("v")} ${NEXT}`);
  hot.set("PUSHE32r", `${push(`i32[code[pc + ${R_REG}]]`)} ${NEXT}`);
  hot.set("POP32r", `a = i32[${ESP}]; ${load(32, "v")} i32[${ESP}] = (a + 4) | 0; i32[code[pc + ${R_REG}]] = v; ${NEXT}`);
  hot.set("LEAVE", `a = i32[${EBP}]; ${load(32, "v")} i32[${ESP}] = (a + 4) | 0; i32[${EBP}] = v; ${NEXT}`);
  for (let code = 0; code < 16; code++) hot.set(`JCC${code.toString(16)}`, `if (${condition(code)}) break direct; ${NEXT}`);
  hot.set("JMP", "break direct;");
  // a push over the CALL itself turns its record into a re-entry
  hot.set(
    "CALL",
    `x = code[pc + ${R_DISP}]; ${push("(lp + (code[pc + 7] & 0xfff) + ((code[pc + 7] >> 12) & 15)) | 0")} if (code[pc + ${R_DISP}] !== x) { lin = (lp + x) | 0; break branch; } break direct;`,
  );
  hot.set("CALLE32r", `lin = i32[code[pc + ${R_REG}]]; ${push("(lp + (code[pc + 7] & 0xfff) + ((code[pc + 7] >> 12) & 15)) | 0")} break branch;`);
  hot.set("CALLE32m", `${address(32, false)} ${load(32, "v")} ${push("(lp + (code[pc + 7] & 0xfff) + ((code[pc + 7] >> 12) & 15)) | 0")} lin = v; break branch;`);
  hot.set("JMPE32r", `lin = i32[code[pc + ${R_REG}]]; break branch;`);
  hot.set("JMPE32m", `${address(32, false)} ${load(32, "lin")} break branch;`);
  hot.set("RET", `a = i32[${ESP}]; ${load(32, "lin")} i32[${ESP}] = (a + 4) | 0; break branch;`);
  hot.set("RETN32i", `a = i32[${ESP}]; ${load(32, "lin")} i32[${ESP}] = (a + 4 + code[pc + ${R_IMM}]) | 0; break branch;`);
  return all;
};
