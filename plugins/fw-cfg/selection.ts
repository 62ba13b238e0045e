/** The selected item and the position in it. */

/** Bits of a selector that choose; bit 14 (write channel) is ignored. */
const SELECTOR_MASK = 0xbfff;

export interface SelectionState {
  selector: number;
  offset: number;
}

export interface Selection {
  select(selector: number): void;
  /** The next byte; zero past the end and in absent items. */
  next(): number;
  /** Fills `into` as `next` would. */
  read(into: Uint8Array): void;
  skip(length: number): void;
}

export const selection = (state: SelectionState, items: ReadonlyMap<number, Uint8Array>): Selection => {
  const advance = (length: number): void => {
    const end = items.get(state.selector)?.length ?? 0;
    state.offset = Math.min(end, state.offset + length);
  };
  return {
    select(selector) {
      state.selector = selector & SELECTOR_MASK;
      state.offset = 0;
    },
    next() {
      const value = items.get(state.selector)?.[state.offset] ?? 0;
      advance(1);
      return value;
    },
    read(into) {
      const rest = items.get(state.selector)?.subarray(state.offset, state.offset + into.length);
      into.fill(0);
      if (rest) into.set(rest);
      advance(into.length);
    },
    skip: advance,
  };
};
