/**
 * A port that firmware prints to: E9h of Bochs, and 402h of SeaBIOS by configuration.
 *
 * Sources: Bochs user manual, "port_e9_hack"; QEMU documentation of isa-debugcon. Firmware probes the port by reading:
 * it answers E9h, at whatever address it lives.
 */
import { DebugPort, defineDevice, port } from "backplane/sdk";

const SIGNATURE = 0xe9;

export const debugPort = defineDevice({
  id: "bochs.debug-port",
  summary: "Debug console: bytes written to a port go to the host",
  provides: DebugPort,
  config: { port: port(0xe9, "I/O port that the guest writes to") },
  state: { version: 1, initial: () => ({ last: 0 }) },
  resources: (config) => [{ kind: "ports", base: config.port, length: 1 }],
  create({ board, config, state }) {
    const listeners = new Set<{ fn: (byte: number) => void }>();
    board.ports(config.port, 1, {
      read8: () => SIGNATURE,
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
