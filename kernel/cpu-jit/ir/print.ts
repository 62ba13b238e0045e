/**
 * The printed form of the intermediate representation.
 *
 * ```
 * region c0101000 part 0 entries 0 2
 * page c0101000 table 1234
 * block 0 c0101000 (3 instructions)
 *   t0 = load32 [esp + 8] at c0101000+0        reads memory; leaves there when the access is not plain
 *   t1, h2 = open8 [eax] at c0101004+1         reads what `put` writes; h2 is the place
 *   put8 h2 = t1 | 1
 *   t3 = load32 [ebp + 8] opens w0 of 24 +16 at ...   looks up a window of 24 bytes, and reads its byte 16
 *   store32 [ebp + 4] = t3 in w0 +12 at ...           is plain memory, beside it
 *   store32 [esp + -4] = ecx at c0101007+2
 *   ecx = ecx + -1                             sets a local
 *   word 10 = word 10 & -1025                  sets a word of the state
 *   require word 64 == 0 at c0101009+2         leaves for the interpreter unless it holds
 *   mapped page 1 at c0101ffd+2                the same unless the region's page 1 is still mapped
 *   x87 add 12 [eax] or fence FPU record ...   a fast function, or the cold operation
 *   bulk move32 or fence MOVSV record ...      ECX elements at once, or the cold operation
 *   fence DIV record 800 at c010100a+2         calls a cold operation
 *   fence IRET record 808 ends at c010100b+3   calls one that may move EIP
 *   if eax <s ecx goto 1 else leave c0102000
 * ```
 *
 * `at c0101007+2` is the instruction's linear address and how many of the block were executed before it. Operators carry
 * `s` and `u` where signedness matters; `goto 4 page 1` is a transfer that finds the region's page 1 still mapped.
 */
import { type Edge, type Exit, type Expr, type IrBlock, type IrRegion, LOCAL_NAMES, type Site, type Statement, type WindowUse } from "./ir.js";

const OPERATORS: Partial<Record<string, string>> = {
  add: "+",
  sub: "-",
  mul: "*",
  mulHighS: "*hs",
  mulHighU: "*hu",
  divS: "/s",
  remS: "%s",
  and: "&",
  or: "|",
  xor: "^",
  shl: "<<",
  shrU: ">>u",
  shrS: ">>s",
  rotl: "rotl",
  eq: "==",
  ne: "!=",
  ltS: "<s",
  ltU: "<u",
  leS: "<=s",
  leU: "<=u",
};

const hex = (value: number): string => (value >>> 0).toString(16);
const number = (value: number): string => (value > -4096 && value < 4096 ? String(value) : `0x${hex(value)}`);
const inner = (expr: Expr): string => (expr.kind === "binary" || expr.kind === "select" ? `(${printExpr(expr)})` : printExpr(expr));

export const printExpr = (expr: Expr): string => {
  switch (expr.kind) {
    case "const":
      return number(expr.value);
    case "local":
      return LOCAL_NAMES[expr.local];
    case "temp":
      return `t${expr.temp}`;
    case "word":
      return `word ${expr.word}`;
    case "unary":
      return `${expr.op}(${printExpr(expr.a)})`;
    case "binary":
      return `${inner(expr.a)} ${OPERATORS[expr.op]} ${inner(expr.b)}`;
    case "select":
      return `${inner(expr.test)} ? ${inner(expr.a)} : ${inner(expr.b)}`;
    case "wide":
      return `${expr.op}(${printExpr(expr.high)}:${printExpr(expr.low)}, ${printExpr(expr.by)})`;
    case "condition":
      return `condition ${expr.code}`;
  }
};

const site = ({ linear, before }: Site): string => `at ${hex(linear)}+${before}`;
const through = (use: WindowUse | undefined): string =>
  use ? ` ${use.opens ? `opens w${use.window.handle} of ${use.window.high - use.window.low}` : `in w${use.window.handle}`} +${use.distance - use.window.low}` : "";
const edge = ({ linear, block, page }: Edge): string => (block < 0 ? `leave ${hex(linear)}` : `goto ${block}${page < 0 ? "" : ` page ${page}`}`);

export const printStatement = (statement: Statement): string => {
  switch (statement.kind) {
    case "set":
      return `${LOCAL_NAMES[statement.local]} = ${printExpr(statement.value)}`;
    case "let":
      return `t${statement.temp} = ${printExpr(statement.value)}`;
    case "load":
      return `t${statement.temp} = load${statement.size} [${printExpr(statement.address)}]${through(statement.window)} ${site(statement.site)}`;
    case "store":
      return `store${statement.size} [${printExpr(statement.address)}] = ${printExpr(statement.value)}${through(statement.window)} ${site(statement.site)}`;
    case "open":
      return `t${statement.temp}, h${statement.handle} = open${statement.size} [${printExpr(statement.address)}]${through(statement.window)} ${site(statement.site)}`;
    case "put":
      return `put${statement.size} h${statement.handle} = ${printExpr(statement.value)}`;
    case "word":
      return `word ${statement.word} = ${printExpr(statement.value)}`;
    case "require":
      return `require ${printExpr(statement.test)} ${site(statement.site)}`;
    case "x87":
      return `x87 ${statement.instruction.operation} ${statement.instruction.form}${statement.address ? ` [${printExpr(statement.address)}]${through(statement.window)}` : ""} or ${printStatement(statement.fence)}`;
    case "bulk":
      return `bulk ${statement.operation}${statement.size} or ${printStatement(statement.fence)}`;
    case "mapped":
      return `mapped page ${statement.page} ${site(statement.site)}`;
    case "fence":
      return `fence ${statement.name} record ${statement.record}${statement.ends ? " ends" : ""} ${site(statement.site)}`;
  }
};

export const printExit = (exit: Exit): string => {
  switch (exit.kind) {
    case "jump":
      return edge(exit.to);
    case "branch":
      return `if ${printExpr(exit.test)} ${edge(exit.taken)} else ${edge(exit.otherwise)}`;
    case "indirect":
      return `goto ${printExpr(exit.target)}${exit.known.length > 0 ? ` among ${exit.known.map((known) => `${hex(known.linear)}: ${edge(known)}`).join(", ")}` : ""}`;
    case "resume":
      return "resume";
    case "interpret":
      return `interpret ${hex(exit.linear)}`;
  }
};

const printBlock = (block: IrBlock, index: number): string =>
  [
    `block ${index} ${hex(block.linear)} (${block.instructions} instructions)`,
    ...block.statements.map((statement) => `  ${printStatement(statement)}`),
    `  ${printExit(block.exit)}`,
  ].join("\n");

export const printRegion = (region: IrRegion): string =>
  [
    `region ${hex(region.blocks[0].linear)} part ${region.tlbPart} entries ${region.entries.join(" ")}`,
    ...region.pages.map(({ linear, table }) => `page ${hex(linear)} table ${table}`),
    ...region.blocks.map(printBlock),
  ].join("\n");
