/** Floppy disk controller and drives. */
import { defineDevice, dmaChannel, FloppyBus, IsaDma, irqLine, port } from "backplane/sdk";
import { createFloppy } from "./controller.js";
import { initialFloppy } from "./state.js";

export { floppyDrive } from "./drive.js";

export const intel82077aa = defineDevice({
  id: "intel.82077aa",
  summary: "Floppy disk controller (82077AA); drives are its children 0 and 1",
  provides: FloppyBus,
  needs: { dma: IsaDma },
  config: {
    base: port(0x3f0, "First of the I/O ports: 6 from here, and base + 7"),
    irq: irqLine(6, "Interrupt line"),
    dma: dmaChannel(2, "DMA channel"),
  },
  state: { version: 1, initial: initialFloppy },
  resources: (config) => [
    { kind: "ports", base: config.base, length: 6 },
    { kind: "ports", base: config.base + 7, length: 1 },
    { kind: "irq", line: config.irq },
    { kind: "dma", channel: config.dma },
  ],
  create: ({ board, config, deps, state }) => createFloppy(board, config, deps.dma.channel(config.dma), state),
});
