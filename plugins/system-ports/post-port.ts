/**
 * The POST display at port 80h. Operating systems also write here to wait a bus cycle.
 *
 * Source: IBM PC AT Technical Reference; the port is the DMA page register that no channel uses.
 */
import { DebugPort, defineDevice } from "backplane/sdk";

const PORT = 0x80;

export const postPort = defineDevice({
  id: "ibm.post-port",
  summary: "POST code display at port 80h",
  provides: DebugPort,
  state: { version: 1, initial: () => ({ last: 0 }) },
  resources: () => [{ kind: "ports", base: PORT, length: 1 }],
  create({ board, state }) {
    const listeners = new Set<{ fn: (byte: number) => void }>();
    board.ports(PORT, 1, {
      read8: () => state.last,
      write8(_offset, value) {
        state.last = value;
        for (const { fn } of listeners) fn(value);
      },
    });
    return {
      role: {
        onByte(fn) {
          const listener = { fn };
          listeners.add(listener);
          return () => void listeners.delete(listener);
        },
        get last() {
          return state.last;
        },
      },
      reset() {
        state.last = 0;
      },
    };
  },
});
