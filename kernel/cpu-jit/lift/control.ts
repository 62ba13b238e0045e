/** Near transfers and the stack, in 32-bit flat code. */
import { META_CHECKED, R_DISP, R_IMM, R_META, R_REG } from "../../cpu/interpreter/record.js";
import { EBP, ESP } from "../../cpu/state.js";
import { constant, type Edge, type Expr, local } from "../ir/ir.js";
import type { BlockBuilder } from "./builder.js";
import { condition } from "./conditions.js";
import { always, type Lifter, withMemory } from "./lifter.js";
import { add, address } from "./operands.js";

/** An edge to be linked when all blocks are known. */
export const edge = (linear: number): Edge => ({ linear: linear | 0, block: -1, page: -1 });

const push = (block: BlockBuilder, value: Expr): void => {
  const sp = add(local(ESP), constant(-4));
  block.store(32, sp, value);
  block.set(ESP, sp);
};
export const branchTarget = (block: BlockBuilder): number => (block.page + block.field(R_DISP)) | 0;

/** A relative branch; one whose target is cut to 16 bits is left to the interpreter. */
const relative =
  (lift: (block: BlockBuilder) => void): Lifter =>
  (block) => {
    if ((block.field(R_META) & META_CHECKED) !== 0) return false;
    lift(block);
    return true;
  };
const indirect = (block: BlockBuilder, to: Expr): void => {
  block.exit = { kind: "indirect", target: to, known: [] };
};
const ret = (block: BlockBuilder, release: number): void => {
  const to = block.load(32, local(ESP));
  block.set(ESP, add(local(ESP), constant(4 + release)));
  indirect(block, to);
};

export const controlLifters = (): Map<string, Lifter> => {
  const all = new Map<string, Lifter>();
  for (let code = 0; code < 16; code++) {
    all.set(
      `JCC${code.toString(16)}`,
      relative((block) => {
        block.exit = { kind: "branch", test: condition(block, code), taken: edge(branchTarget(block)), otherwise: edge(block.next) };
      }),
    );
  }
  all.set(
    "JMP",
    relative((block) => {
      block.exit = { kind: "jump", to: edge(branchTarget(block)) };
    }),
  );
  all.set(
    "CALL",
    relative((block) => {
      push(block, constant(block.next));
      block.exit = { kind: "jump", to: edge(branchTarget(block)) };
    }),
  );
  all.set(
    "CALLE32r",
    always((block) => {
      const to = block.let(local(block.field(R_REG)));
      push(block, constant(block.next));
      indirect(block, to);
    }),
  );
  all.set(
    "CALLE32m",
    withMemory((block) => {
      const to = block.load(32, address(block, false));
      push(block, constant(block.next));
      indirect(block, to);
    }),
  );
  all.set(
    "JMPE32r",
    always((block) => indirect(block, block.let(local(block.field(R_REG))))),
  );
  all.set(
    "JMPE32m",
    withMemory((block) => indirect(block, block.load(32, address(block, false)))),
  );
  all.set(
    "RET",
    always((block) => ret(block, 0)),
  );
  all.set(
    "RETN32i",
    always((block) => ret(block, block.field(R_IMM))),
  );

  all.set(
    "PUSH32r",
    always((block) => push(block, local(block.field(R_REG)))),
  );
  all.set(
    "PUSHE32r",
    always((block) => push(block, local(block.field(R_REG)))),
  );
  all.set(
    "PUSHI32i",
    always((block) => push(block, constant(block.field(R_IMM)))),
  );
  all.set(
    "PUSHE32m",
    withMemory((block) => push(block, block.load(32, address(block, false)))),
  );
  all.set(
    "POP32r",
    always((block) => {
      const value = block.load(32, local(ESP));
      block.set(ESP, add(local(ESP), constant(4)));
      block.set(block.field(R_REG), value);
    }),
  );
  all.set(
    "LEAVE",
    always((block) => {
      const value = block.load(32, local(EBP));
      block.set(ESP, add(local(EBP), constant(4)));
      block.set(EBP, value);
    }),
  );
  return all;
};
