/** The one place of the JIT where JavaScript text becomes functions. */

/**
 * Evaluates a function body with one parameter, `environment`.
 * @throws EvalError where the host forbids code generation (a page without 'unsafe-eval').
 */
export const compileText = (body: string, environment: object): unknown => (new Function("environment", body) as (environment: object) => unknown)(environment);

let texts = 0;
/** Part of a name: V8 shares what it has learnt between functions of the same text, also of different machines. */
export const uniqueNumber = (): number => texts++;
