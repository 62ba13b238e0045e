/** The one place outside the JIT where source text becomes a function. */
import { type LoopEnvironment, loopSource } from "./source.js";

export type Interpret = (pc: number, codePage: number, countBase: number, stop: number) => void;

/** @throws EvalError where the host forbids code generation (a page without 'unsafe-eval'). */
export const compileLoop = (environment: LoopEnvironment): Interpret => {
  const make = new Function("environment", loopSource()) as (environment: LoopEnvironment) => Interpret;
  return make(environment);
};
