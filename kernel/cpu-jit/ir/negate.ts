/** The negation of tests: of expressions that are 1 or 0. */
import { binary, type Expr } from "./ir.js";

/** Beyond them single flags, which have no negation. */
const CONDITION_CODES = 16;
/** 1 where a comparison or condition is 0 and the reverse, without another operation; undefined for other expressions. */
export const negated = (test: Expr): Expr | undefined => {
  if (test.kind === "condition") return test.code < CONDITION_CODES ? { kind: "condition", code: test.code ^ 1 } : undefined;
  if (test.kind !== "binary") return undefined;
  const { op, a, b } = test;
  if (op === "eq") return binary("ne", a, b);
  if (op === "ne") return binary("eq", a, b);
  if (op === "ltS") return binary("leS", b, a);
  if (op === "leS") return binary("ltS", b, a);
  if (op === "ltU") return binary("leU", b, a);
  return op === "leU" ? binary("ltU", b, a) : undefined;
};
