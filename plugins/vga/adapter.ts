/** The adapter without its connector: registers, memory window and picture, shared by the ISA and PCI definitions. */
import type { Board, BusHandler } from "backplane/sdk";
import { readDispi, writeDispi } from "./dispi.js";
import { createMemoryWindow, WINDOW_BASE, WINDOW_LENGTH } from "./memory-window.js";
import { readPort, shapesWindow, VGA_PORTS, writePort } from "./ports.js";
import { createScreen, type Screen } from "./screen.js";
import { displayMemory, resetState, type VgaState } from "./state.js";

/** Name of the memory block. */
export const VRAM = "vram";

export interface Adapter {
  readonly screen: Screen;
  readPort(port: number): number;
  writePort(port: number, value: number): void;
  readDispi(index: number): number;
  writeDispi(index: number, value: number): void;
  reset(): void;
  loaded(): void;
}

/** Builds the adapter and claims the VGA's ports and memory window. `linear`: display memory is mapped elsewhere too. */
export const createAdapter = (board: Board, state: VgaState, linear: boolean): Adapter => {
  const memory = displayMemory(board.block(VRAM).bytes);
  const screen = createScreen(state, memory, board.clock, linear);
  const window = createMemoryWindow(state, memory, screen.changed);
  const { clock } = board;

  const adapter: Adapter = {
    screen,
    readPort: (port) => readPort(state, port, clock.nowNs),
    writePort: (port, value) => {
      writePort(state, port, value);
      if (shapesWindow(port)) window.decode();
      screen.changed();
    },
    readDispi: (index) => readDispi(state, index, memory.bytes.length),
    writeDispi: (index, value) => {
      writeDispi(state, index, value, memory.bytes);
      window.decode();
      screen.changed();
    },
    reset: () => {
      resetState(state);
      window.decode();
      screen.changed();
    },
    loaded: () => {
      window.decode();
      screen.changed();
    },
  };

  board.mmio(WINDOW_BASE, WINDOW_LENGTH, window);
  for (const [base, length] of VGA_PORTS) {
    board.ports(base, length, { read8: (offset) => adapter.readPort(base + offset), write8: (offset, value) => adapter.writePort(base + offset, value) });
  }
  return adapter;
};

/** 1CEh index, 1CFh data; 1D0h is data again, for machines that cannot reach an odd port with a word. */
export const dispiPorts = (adapter: Adapter, state: VgaState): BusHandler => ({
  read16: (offset) => (offset === 0 ? state.dispiIndex : adapter.readDispi(state.dispiIndex)),
  write16: (offset, value) => {
    if (offset === 0) state.dispiIndex = value;
    else adapter.writeDispi(state.dispiIndex, value);
  },
});
