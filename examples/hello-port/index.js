// @ts-check
/** 32 ports that spell a greeting. In Linux: `dd if=/dev/port bs=1 skip=768 count=32` reads it, `seek=768` writes another. */
import { defineDevice, port, Standalone, text } from "backplane/sdk";

const LETTERS = 32;

export const helloPort = defineDevice({
  id: "example.hello-port",
  summary: "Ports that spell a greeting, and keep another",
  provides: Standalone,
  config: {
    base: port(0x300, "First of 32 I/O ports"),
    greeting: text("Hello from Backplane!\n", "What the ports spell after a reset", LETTERS),
  },
  state: { version: 1, initial: () => ({ letters: new Uint8Array(LETTERS) }) },
  resources: (config) => [{ kind: "ports", base: config.base, length: LETTERS }],
  create({ board, config, state }) {
    board.ports(config.base, LETTERS, {
      read8: (offset) => state.letters[offset],
      write8(offset, value) {
        state.letters[offset] = value;
      },
    });
    return {
      role: {},
      reset() {
        for (let at = 0; at < LETTERS; at++) state.letters[at] = config.greeting.charCodeAt(at);
      },
    };
  },
});
