/** Parallel printer port. */
import { defineDevice, irqLine, ParallelPort, port } from "backplane/sdk";
import { createLpt, initialLpt } from "./lpt.js";

export const ibmLpt = defineDevice({
  id: "ibm.lpt",
  summary: "Parallel port (SPP, bidirectional) with a printer",
  provides: ParallelPort,
  config: {
    base: port(0x378, "First of three I/O ports"),
    irq: irqLine(7, "Interrupt line"),
  },
  state: { version: 1, initial: initialLpt },
  resources: (config) => [
    { kind: "ports", base: config.base, length: 3 },
    { kind: "irq", line: config.irq },
  ],
  create: ({ board, config, state }) => createLpt(board, config, state),
});
