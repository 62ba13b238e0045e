/** What a plugin's index.ts may export: definitions, made by `defineDevice`. Types leave no trace. */

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null;

export const definitionProblems = (exported: Readonly<Record<string, unknown>>): string[] => {
  const problems = Object.entries(exported).flatMap(([name, value]) => {
    if (!isObject(value) || typeof value["id"] !== "string" || !isObject(value["provides"]) || typeof value["create"] !== "function") return [`${name} is no device definition`];
    return Object.isFrozen(value) ? [] : [`${name} is not frozen; make it with defineDevice`];
  });
  return Object.keys(exported).length === 0 ? ["it exports no definition"] : problems;
};
