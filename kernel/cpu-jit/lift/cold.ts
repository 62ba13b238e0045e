/** Instructions that the interpreter leaves to cold operations, in the forms worth lifting: 32-bit operands and addresses. */
import { META_ADDR16, META_OP16, META_REGISTER, R_META, R_RM } from "../../cpu/interpreter/record.js";
import { DF, EAX, ECX, EDX, FLAGS } from "../../cpu/state.js";
import { binary, constant, type Expr, local, unary, word } from "../ir/ir.js";
import type { BlockBuilder } from "./builder.js";
import { branchTarget, edge } from "./control.js";
import type { Lifter } from "./integer.js";
import { add, address, and, hasSimpleAddress } from "./operands.js";

/** LOOP and JCXZ. */
const counting =
  (test: (count: Expr) => Expr, counts: boolean): Lifter =>
  (block) => {
    if ((block.field(R_META) & (META_ADDR16 | META_OP16)) !== 0) return false;
    if (counts) block.set(ECX, add(local(ECX), constant(-1)));
    block.exit = { kind: "branch", test: test(local(ECX)), taken: edge(branchTarget(block)), otherwise: edge(block.next) };
    return true;
  };

/** The E operand of a 32-bit instruction, evaluated; undefined when it is of another size or form. */
const source = (block: BlockBuilder): Expr | undefined => {
  const meta = block.field(R_META);
  if ((meta & META_OP16) !== 0) return undefined;
  if ((meta & META_REGISTER) !== 0) return local(block.field(R_RM));
  return hasSimpleAddress(block) ? block.load(32, address(block, false)) : undefined;
};

const wide: Lifter = (block) => (block.field(R_META) & META_OP16) === 0;

export const coldLifters = (): Map<string, Lifter> => {
  const all = new Map<string, Lifter>();
  all.set(
    "LOOP",
    counting((count) => binary("ne", count, constant(0)), true),
  );
  all.set(
    "JCXZ",
    counting((count) => binary("eq", count, constant(0)), false),
  );
  all.set("NOPE", () => true);
  all.set("STD", (block) => {
    block.emit({ kind: "word", word: FLAGS, value: binary("or", word(FLAGS), constant(DF)) });
    return true;
  });
  all.set("CWD", (block) => {
    if (!wide(block)) return false;
    block.set(EDX, binary("shrS", local(EAX), constant(31)));
    return true;
  });
  all.set("CBW", (block) => {
    if (!wide(block)) return false;
    block.set(EAX, unary("extend16", local(EAX)));
    return true;
  });
  return all;
};
void and;
void source;
