/** Putting state back to what it was at first. */
import { restoreFields } from "../contract/fields.js";
import type { Fields } from "../contract/state.js";

/**
 * Gives every field of `live` the value it has in `from`; objects and typed arrays keep their identity.
 * For `reset("power-on")`: `restoreState(state, initialUart())`.
 */
export const restoreState = <S extends object>(live: S, from: S): void => restoreFields(live as Fields, from as Fields);
