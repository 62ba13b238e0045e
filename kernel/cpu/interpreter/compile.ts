/** The one place outside the JIT where source text becomes a function. */

import type { ColdOperation } from "../core.js";
import { HOT_NUMBERS, isInline, type LoopEnvironment, loopSource, operationSource } from "./source.js";
import { hotTemplates } from "./templates.js";

export type Interpret = (pc: number, codePage: number, countBase: number, stop: number) => void;

/**
 * @param lean only frequent operations are part of the loop; the others become functions, compiled when they are first used
 * @throws EvalError where the host forbids code generation (a page without 'unsafe-eval').
 */
export const compileLoop = (environment: LoopEnvironment, lean: boolean): Interpret => {
  const { cold } = environment;
  for (const name of hotTemplates().keys()) {
    if (isInline(name, lean)) continue;
    const number = HOT_NUMBERS.get(name)!;
    cold[number] = (pc) => {
      cold[number] = new Function("environment", operationSource(name))(environment) as ColdOperation;
      return cold[number](pc);
    };
  }
  const make = new Function("environment", loopSource(lean)) as (environment: LoopEnvironment) => Interpret;
  return make(environment);
};
