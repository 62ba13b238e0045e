/** State as snapshots see it: is it plain data, has it kept its shape, where do two states differ? */
import type { Fields } from "../contract/state.js";

/** A snapshot nests no deeper. */
const MAX_DEPTH = 32;
const TYPED = [Uint8Array, Uint16Array, Uint32Array, Int32Array];

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

const nameOf = (value: object): string => (Object.getPrototypeOf(value)?.constructor?.name as string | undefined) ?? "object without prototype";

/** The first thing in `value` that is not a `Field`, in words; `undefined` when all is plain data. */
export const notPlain = (value: unknown, where: string, depth = 0): string | undefined => {
  if (depth > MAX_DEPTH) return `${where} is nested more than ${MAX_DEPTH} deep`;
  if (value === null || typeof value === "number" || typeof value === "boolean" || typeof value === "string") return undefined;
  if (typeof value !== "object") return `${where} is ${typeof value === "undefined" ? "undefined" : `a ${typeof value}`}`;
  if (ArrayBuffer.isView(value))
    return TYPED.some((type) => value.constructor === type)
      ? undefined
      : `${where} is a ${nameOf(value)}; of typed arrays, state may hold Uint8Array, Uint16Array, Uint32Array and Int32Array`;
  if (Array.isArray(value)) return first(value, (each, index) => notPlain(each, `${where}[${index}]`, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return `${where} is a ${nameOf(value)}`;
  if (Object.getOwnPropertySymbols(value).length > 0) return `${where} has a symbol for a name`;
  return first(Object.keys(value), (name) => {
    if (name.startsWith("$") || name === "__proto__") return `${where}.${name} has a name that snapshots use themselves`;
    const getter = Object.getOwnPropertyDescriptor(value, name)?.get;
    return getter ? `${where}.${name} is a getter` : notPlain((value as Fields)[name], `${where}.${name}`, depth + 1);
  });
};

const first = <T>(list: readonly T[], find: (each: T, index: number) => string | undefined): string | undefined => {
  for (const [index, each] of list.entries()) {
    const found = find(each, index);
    if (found !== undefined) return found;
  }
  return undefined;
};

const kindOf = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "list" : ArrayBuffer.isView(value) ? `${value.constructor.name} of ${(value as Uint8Array).length}` : typeof value;

/**
 * Where a saved state does not fit a fresh one, in words: names, types and lengths are fixed, except for the length of
 * plain lists, and `null` stands for a value that is absent now.
 */
export const misfit = (fresh: unknown, saved: unknown, where: string): string | undefined => {
  if (fresh === null || saved === null) return undefined;
  if (kindOf(fresh) !== kindOf(saved)) return `${where} is ${kindOf(saved)}, in a fresh device ${kindOf(fresh)}`;
  if (Array.isArray(fresh) && Array.isArray(saved)) return fresh.length === 0 ? undefined : first(saved, (each, index) => misfit(fresh[0], each, `${where}[${index}]`));
  if (!isRecord(fresh) || !isRecord(saved)) return undefined;
  const missing = Object.keys(fresh).find((name) => !(name in saved));
  if (missing !== undefined) return `${where}.${missing} is gone`;
  const added = Object.keys(saved).find((name) => !(name in fresh));
  if (added !== undefined) return `${where}.${added} is not there in a fresh device`;
  return first(Object.keys(fresh), (name) => misfit(fresh[name], saved[name], `${where}.${name}`));
};

const shown = (value: unknown): string => {
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "object" && value !== null ? kindOf(value) : String(value);
};

/** Where two plain values differ first, in words: `fields.control is 1, was 0`. */
export const difference = (was: unknown, is: unknown, where: string): string | undefined => {
  if (Object.is(was, is)) return undefined;
  if (ArrayBuffer.isView(was) && ArrayBuffer.isView(is) && kindOf(was) === kindOf(is)) {
    const [before, after] = [was as Uint8Array, is as Uint8Array];
    const at = before.findIndex((each, index) => each !== after[index]);
    return at < 0 ? undefined : `${where}[${at}] is ${after[at]}, was ${before[at]}`;
  }
  if (Array.isArray(was) && Array.isArray(is)) {
    if (was.length !== is.length) return `${where} has ${is.length} entries, had ${was.length}`;
    return first(was, (each, index) => difference(each, is[index], `${where}[${index}]`));
  }
  if (isRecord(was) && isRecord(is)) return first([...new Set([...Object.keys(was), ...Object.keys(is)])], (name) => difference(was[name], is[name], `${where}.${name}`));
  return `${where} is ${shown(is)}, was ${shown(was)}`;
};
