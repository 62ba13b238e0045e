/**
 * The two 8237As of a PC and their page registers. Channel 4 is the cascade input of the first controller.
 *
 * Source: Intel 82371AB (PIIX4) data sheet, "DMA Registers".
 *
 * Port 80h belongs to the POST display. Not implemented: see controller.ts.
 */
import { BackplaneError, type BusHandler, defineDevice, IsaDma } from "backplane/sdk";
import { Controller, type ControllerState, initialController } from "./controller.js";

const DMA1_BASE = 0x00;
const DMA2_BASE = 0xc0;
const PAGE_BASE = 0x81;
const PAGE_LENGTH = 15;
const CASCADE_CHANNEL = 4;
/** Channel 0-7 that the page register at 80h + index serves; -1 for the spare ones. */
const PAGE_CHANNEL = [-1, 2, 3, 1, -1, -1, -1, 0, -1, 6, 7, 5, -1, -1, -1, 4] as const;

interface State {
  readonly dma1: ControllerState;
  readonly dma2: ControllerState;
  /** Page registers 80h-8Fh that no channel uses. */
  readonly spare: Uint8Array;
}

export const dma8237 = defineDevice({
  id: "intel.8237-pair",
  summary: "Two cascaded 8237A DMA controllers with page registers",
  provides: IsaDma,
  state: { version: 1, initial: (): State => ({ dma1: initialController(), dma2: initialController(), spare: new Uint8Array(16) }) },
  resources: () => [
    { kind: "ports", base: DMA1_BASE, length: 16 },
    { kind: "ports", base: DMA2_BASE, length: 32 },
    { kind: "ports", base: PAGE_BASE, length: PAGE_LENGTH },
    { kind: "dma", channel: CASCADE_CHANNEL },
  ],
  create({ board, state }) {
    const dma1 = new Controller(state.dma1, board.busMaster, 1);
    const dma2 = new Controller(state.dma2, board.busMaster, 2);
    const controllerOf = (channel: number) => (channel < 4 ? dma1 : dma2);

    const pageRegisters: BusHandler = {
      read8(offset) {
        const channel = PAGE_CHANNEL[offset + 1];
        return channel < 0 ? state.spare[offset + 1] : controllerOf(channel).page(channel & 3);
      },
      write8(offset, value) {
        const channel = PAGE_CHANNEL[offset + 1];
        if (channel < 0) state.spare[offset + 1] = value;
        else controllerOf(channel).setPage(channel & 3, value);
      },
    };
    board.ports(DMA1_BASE, 16, { read8: (offset) => dma1.read(offset), write8: (offset, value) => dma1.write(offset, value) });
    // The second controller hangs on address lines 1-4; odd ports answer nothing.
    board.ports(DMA2_BASE, 32, {
      read8: (offset) => (offset & 1 ? 0xff : dma2.read(offset >> 1)),
      write8: (offset, value) => {
        if ((offset & 1) === 0) dma2.write(offset >> 1, value);
      },
    });
    board.ports(PAGE_BASE, PAGE_LENGTH, pageRegisters);

    return {
      role: {
        channel(number) {
          if (!Number.isInteger(number) || number < 0 || number > 7 || number === CASCADE_CHANNEL) {
            throw new BackplaneError("DMA_CHANNEL_INVALID", `DMA channel ${number} cannot carry a device; use 0-3 or 5-7`, { channel: number });
          }
          const controller = controllerOf(number);
          const channel = number & 3;
          return {
            transfer: (data, toMemory) => controller.transfer(channel, data, toMemory),
            get ready() {
              return controller.ready(channel);
            },
            onReady: (fn) => controller.onReady(channel, fn),
          };
        },
      },
      reset() {
        dma1.reset();
        dma2.reset();
        state.spare.fill(0);
      },
    };
  },
});
