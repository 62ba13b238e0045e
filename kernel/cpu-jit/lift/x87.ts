/** x87 instructions that have a fast function and touch neither general registers nor EFLAGS. */
import { META_SEGMENT_SHIFT, R_IMM, R_META, R_SCALE, SLOW_ADDRESS } from "../../cpu/interpreter/record.js";
import { fastInstruction } from "../../cpu/x87/index.js";
import type { Lifter } from "./lifter.js";
import { offset } from "./operands.js";

/** FCOMI, FUCOMI and their popping forms, and FNSTSW AX. */
const touchesProcessor = (opcode: number, modrm: number): boolean => modrm >= 0xc0 && ((opcode === 0xdb && modrm >= 0xe8 && modrm < 0xf8) || (opcode === 0xdf && modrm >= 0xe0));

export const x87Lifter: Lifter = (block) => {
  const opcode = (block.field(R_IMM) >> 8) & 0xff;
  const modrm = block.field(R_IMM) & 0xff;
  const instruction = fastInstruction(opcode, modrm);
  if (!instruction || touchesProcessor(opcode, modrm)) return false;
  if (instruction.bytes > 0 && (block.field(R_SCALE) & SLOW_ADDRESS) !== 0) return false;
  block.emit({
    kind: "x87",
    instruction,
    code: block.field(R_IMM),
    segment: (block.field(R_META) >> META_SEGMENT_SHIFT) & 7,
    address: instruction.bytes > 0 ? offset(block) : undefined,
    fence: { kind: "fence", record: block.record, name: "FPU", site: block.site, next: block.next, ends: false },
  });
  return true;
};
