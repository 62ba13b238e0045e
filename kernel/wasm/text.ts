/** Function bodies as text, one instruction a line, for people and for counting emitted operations. */
import { MEMORY_COPY, MEMORY_FILL, OP } from "./encoder.js";
import type { FunctionCode } from "./module.js";

const NAMES = new Map<number, string>(Object.entries(OP).map(([name, opcode]) => [opcode, name]));
const OPENING: ReadonlySet<number> = new Set([OP.block, OP.loop, OP.if]);
const INDEXED: ReadonlySet<number> = new Set([OP.br, OP.brIf, OP.call, OP.localGet, OP.localSet, OP.localTee]);

/** Lines of a body as `WasmEmitter` makes it; branches that are rarely taken are marked. */
export const disassemble = ({ body: { view: body }, unlikely }: FunctionCode): string => {
  const rarely: ReadonlySet<number> = new Set(unlikely);
  let at = 0;
  const unsigned = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = body[at++];
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value >>> 0;
    }
  };
  const signed = (): number => {
    let value = 0;
    for (let shift = 0; ; ) {
      const byte = body[at++];
      value |= (byte & 0x7f) << shift;
      shift += 7;
      if ((byte & 0x80) === 0) return shift < 32 && (byte & 0x40) !== 0 ? value | (-1 << shift) : value;
    }
  };
  const lines: string[] = [];
  const groups = unsigned();
  for (let group = 0; group < groups; group++) {
    lines.push(`locals ${unsigned()}`);
    at++;
  }
  let depth = 0;
  while (at < body.length) {
    const mark = rarely.has(at) ? " rarely" : "";
    const opcode = body[at++];
    const bulk = opcode === MEMORY_COPY[0] ? [MEMORY_COPY, MEMORY_FILL].find((bytes) => bytes[1] === body[at]) : undefined;
    if (bulk) {
      at += bulk.length - 1;
      lines.push(`${"  ".repeat(Math.max(0, depth))}${bulk === MEMORY_COPY ? "memoryCopy" : "memoryFill"}`);
      continue;
    }
    const name = NAMES.get(opcode);
    if (name === undefined) throw new Error(`opcode ${opcode.toString(16)} is not one that is emitted`);
    let text: string = name;
    if (opcode === OP.end || opcode === OP.else) depth--;
    const indent = "  ".repeat(Math.max(0, depth));
    if (OPENING.has(opcode)) {
      at++;
      depth++;
    } else if (opcode === OP.else) depth++;
    else if (opcode === OP.i32Const || opcode === OP.i64Const) text += ` ${signed()}`;
    else if (INDEXED.has(opcode)) text += ` ${unsigned()}`;
    else if (opcode === OP.brTable) {
      const count = unsigned() + 1;
      text += ` ${Array.from({ length: count }, unsigned).join(" ")}`;
    } else if (opcode >= OP.i32Load && opcode <= OP.i32Store16) {
      unsigned();
      text += ` +${unsigned()}`;
    }
    lines.push(indent + text + mark);
  }
  return lines.join("\n");
};
