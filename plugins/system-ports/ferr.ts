/**
 * The coprocessor error latch: FERR# raises IRQ13, ports F0h and F1h clear it.
 *
 * Sources: IBM PC AT Technical Reference, "Coprocessor"; Intel 82371AB (PIIX4) data sheet, FERR# and "Coprocessor Error
 * Register"; Intel SDM volume 1, appendix D, for the handshake with IGNNE#.
 *
 * IGNNE# stays asserted from the write to F0h until the processor drops FERR#.
 *
 * Not implemented: the reset of a separate 80287 by port F1h.
 */
import { defineDevice, Processor, Standalone } from "backplane/sdk";

const PORT_BASE = 0xf0;
const CLEAR_BUSY = 0;
const IRQ = 13;

export const ferr = defineDevice({
  id: "ibm.ferr",
  summary: "Coprocessor error latch: FERR# to IRQ13, ports F0h and F1h",
  provides: Standalone,
  needs: { processor: Processor },
  state: { version: 1, initial: () => ({ ferr: false }) },
  resources: () => [
    { kind: "ports", base: PORT_BASE, length: 2 },
    { kind: "irq", line: IRQ },
  ],
  create({ board, deps, state }) {
    const { processor } = deps;
    const irq = board.irq(IRQ);
    processor.onFerr((level) => {
      const rising = level && !state.ferr;
      state.ferr = level;
      if (rising) irq.set(true);
      if (!level) processor.ignne(false);
    });
    board.ports(PORT_BASE, 2, {
      write8(offset) {
        irq.set(false);
        if (offset === CLEAR_BUSY && state.ferr) processor.ignne(true);
      },
    });
    return {
      role: {},
      reset() {
        state.ferr = false;
        irq.set(false);
        processor.ignne(false);
      },
    };
  },
});
