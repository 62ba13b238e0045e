/**
 * IBM VGA as an ISA adapter: 256 KiB of display memory, ports and the window at A0000h.
 *
 * Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem (1992). The units say in their own files
 * what they leave out.
 */
import { Display, defineDevice } from "backplane/sdk";
import { createAdapter, VRAM } from "./adapter.js";
import { WINDOW_BASE, WINDOW_LENGTH } from "./memory-window.js";
import { VGA_PORTS } from "./ports.js";
import { initialState } from "./state.js";

const VRAM_BYTES = 256 * 1024;

export const ibmVga = defineDevice({
  id: "ibm.vga",
  summary: "VGA with 256 KiB on the ISA bus",
  provides: Display,
  state: { version: 1, initial: initialState },
  resources: () => [
    ...VGA_PORTS.map(([base, length]) => ({ kind: "ports", base, length }) as const),
    { kind: "mmio", base: WINDOW_BASE, length: WINDOW_LENGTH },
    { kind: "memory", name: VRAM, bytes: VRAM_BYTES },
  ],
  create({ board, state }) {
    const adapter = createAdapter(board, state, false);
    return { role: adapter.screen, reset: adapter.reset, loaded: adapter.loaded };
  },
});
