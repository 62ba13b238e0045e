/**
 * Device state: plain named data with one version number.
 *
 * The machine makes the state from `initial`, hands it to `create`, and the device mutates it in
 * place. Saving and loading need no code in the device: the machine copies the fields out, and back
 * into the same objects.
 */

export type Field = number | boolean | string | null | Uint8Array | Uint16Array | Uint32Array | Int32Array | Field[] | { [name: string]: Field };

export type Fields = { [name: string]: Field };

/** Lifts saved fields of version n to version n + 1. */
export type Migration = (old: Fields) => Fields;

export interface StateSchema<S, C = unknown> {
  /** Counts from 1; add one whenever the shape or meaning of a field changes. */
  readonly version: number;
  /** Power-on state. Keys, types and array lengths are fixed from here on, except for plain arrays. */
  readonly initial: (config: C) => S;
  /** `migrations[n]` lifts version n; every version from 1 up to `version - 1` must be there. */
  readonly migrations?: Readonly<Record<number, Migration>>;
}
