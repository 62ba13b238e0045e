/**
 * State fields as JSON and blobs, and back. Numbers that JSON lacks and typed arrays become objects with one key that
 * begins with "$"; names of fields may not begin so. What comes back is compared with the live state before it is used.
 */

import { BackplaneError } from "../../sdk/contract/errors.js";
import type { Field, Fields } from "../../sdk/contract/state.js";
import { type BlobReader, type BlobRef, corrupt } from "./snapshot-container.js";

const MAX_DEPTH = 32;

type TypedField = Uint8Array | Uint16Array | Uint32Array | Int32Array;
const ARRAYS = { $u8: Uint8Array, $u16: Uint16Array, $u32: Uint32Array, $i32: Int32Array } as const;
const ODD_NUMBERS: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY, "-Infinity": Number.NEGATIVE_INFINITY, "-0": -0 };

/** Where blobs go: into a file or into a hash. */
export interface BlobSink {
  put(bytes: Uint8Array): BlobRef | number;
}

const unsaveable = (where: string, what: string): BackplaneError => new BackplaneError("SNAPSHOT_UNSAVEABLE", `${where} is ${what}; state is plain data`, { where });

/** @throws BackplaneError `SNAPSHOT_UNSAVEABLE` naming the field that is not plain data: a fault of the device. */
export const encodeField = (value: unknown, sink: BlobSink, where: string): unknown => {
  if (typeof value === "number") {
    return Number.isFinite(value) && !Object.is(value, -0) ? value : { $n: Object.is(value, -0) ? "-0" : String(value) };
  }
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (Array.isArray(value)) return value.map((each, index) => encodeField(each, sink, `${where}[${index}]`));
  if (ArrayBuffer.isView(value)) {
    const found = Object.entries(ARRAYS).find(([, type]) => value.constructor === type);
    if (!found) throw unsaveable(where, `a ${value.constructor.name}`);
    return { [found[0]]: sink.put(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) };
  }
  if (typeof value !== "object") throw unsaveable(where, `a ${typeof value}`);
  const fields: Record<string, unknown> = {};
  for (const name of Object.keys(value).sort()) {
    if (name.startsWith("$") || name === "__proto__") throw unsaveable(`${where}.${name}`, "a reserved name");
    fields[name] = encodeField((value as Fields)[name], sink, `${where}.${name}`);
  }
  return fields;
};

/** @throws BackplaneError `SNAPSHOT_CORRUPT`. */
export const decodeField = (value: unknown, blobs: BlobReader, depth = 0): Field => {
  if (depth > MAX_DEPTH) throw corrupt("its fields are nested too deeply");
  if (typeof value === "number" || value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (Array.isArray(value)) return value.map((each) => decodeField(each, blobs, depth + 1));
  if (typeof value !== "object") throw corrupt("it holds something that is not a field");
  const names = Object.keys(value);
  const [first] = names;
  if (names.length === 1 && first?.startsWith("$")) return decodeSpecial(first, (value as Record<string, unknown>)[first], blobs);
  const fields: Fields = {};
  for (const name of names) {
    if (name.startsWith("$") || name === "__proto__") throw corrupt(`"${name}" cannot name a field`);
    fields[name] = decodeField((value as Record<string, unknown>)[name], blobs, depth + 1);
  }
  return fields;
};

const decodeSpecial = (kind: string, value: unknown, blobs: BlobReader): Field => {
  if (kind === "$n" && typeof value === "string" && Object.hasOwn(ODD_NUMBERS, value)) return ODD_NUMBERS[value];
  if (!Object.hasOwn(ARRAYS, kind)) throw corrupt(`"${kind}" is not a kind of field`);
  const Type = ARRAYS[kind as keyof typeof ARRAYS];
  const bytes = blobs.get(value);
  if (bytes.length % Type.BYTES_PER_ELEMENT !== 0) throw corrupt("an array of numbers is cut short");
  return new Type(bytes.slice().buffer) as TypedField;
};

export const decodeFields = (value: unknown, blobs: BlobReader): Fields => {
  const fields = decodeField(value, blobs);
  if (!isRecord(fields)) throw corrupt("a section has no fields");
  return fields;
};

export const isRecord = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

const kindOf = (value: Field): string =>
  value === null ? "null" : Array.isArray(value) ? "list" : ArrayBuffer.isView(value) ? `${value.constructor.name}(${value.length})` : typeof value;

/**
 * Compares saved fields with live ones: the same names, types and lengths. Plain lists may have any length, and `null`
 * stands for a value that is absent now.
 * @throws BackplaneError `SNAPSHOT_FIELD` naming the first field that differs.
 */
export const checkShape = (live: Fields, saved: Fields, where: string): void => {
  for (const name of Object.keys(live)) if (!Object.hasOwn(saved, name)) throw differs(`${where}.${name}`, "is missing");
  for (const [name, value] of Object.entries(saved)) {
    if (!Object.hasOwn(live, name)) throw differs(`${where}.${name}`, "is not a field of this device");
    checkField(live[name], value, `${where}.${name}`);
  }
};

const checkField = (live: Field, saved: Field, where: string): void => {
  if (live === null || saved === null) return;
  if (kindOf(live) !== kindOf(saved)) throw differs(where, `is ${kindOf(saved)} instead of ${kindOf(live)}`);
  if (isRecord(live) && isRecord(saved)) checkShape(live, saved, where);
  else if (Array.isArray(live) && Array.isArray(saved) && live.length > 0) for (const [index, value] of saved.entries()) checkField(live[0], value, `${where}[${index}]`);
};

const differs = (where: string, how: string): BackplaneError => new BackplaneError("SNAPSHOT_FIELD", `the snapshot does not fit: ${where} ${how}`, { field: where });
