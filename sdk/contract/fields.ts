/** Copies of state fields: out of a device, and back into the same objects. */
import type { Field, Fields } from "./state.js";

/** A deep copy that shares nothing with the original. */
export const cloneFields = (fields: Fields): Fields => structuredClone(fields);

const isRecord = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

/** Puts `saved` into `live` in place: objects and typed arrays keep their identity, plain arrays are refilled. */
export const restoreFields = (live: Fields, saved: Fields): void => {
  for (const [name, value] of Object.entries(saved)) live[name] = restored(live[name], value);
};

const restored = (live: Field | undefined, saved: Field): Field => {
  if (ArrayBuffer.isView(saved) && ArrayBuffer.isView(live) && live.constructor === saved.constructor && (live as Uint8Array).length === (saved as Uint8Array).length) {
    (live as Uint8Array).set(saved as Uint8Array);
    return live;
  }
  if (isRecord(saved) && isRecord(live)) {
    restoreFields(live, saved);
    return live;
  }
  if (Array.isArray(saved) && Array.isArray(live)) {
    const before = live.slice();
    live.length = 0;
    for (const [index, value] of saved.entries()) live.push(restored(before[index], value));
    return live;
  }
  return structuredClone(saved);
};
