/**
 * System control port A (92h): fast A20 gate and fast processor reset.
 *
 * Source: IBM PS/2 Hardware Interface Technical Reference; Intel 82371AB (PIIX4) data sheet, "Port 92 Register".
 *
 * A20M# has a second driver, the keyboard controller: the last one to write wins, and bit 1 reads the wire itself, so
 * that a guest which reads, changes another bit and writes back does not undo the other driver.
 *
 * Not implemented: the security lock and disk activity lamp bits (kept, without effect).
 */
import { defineDevice, Processor, Standalone } from "backplane/sdk";

const PORT = 0x92;
const FAST_INIT = 0x01;
const FAST_A20 = 0x02;

export const port92 = defineDevice({
  id: "ibm.port92",
  summary: "System control port A: fast A20 gate and processor reset",
  provides: Standalone,
  needs: { processor: Processor },
  state: { version: 1, initial: () => ({ latch: 0 }) },
  resources: () => [{ kind: "ports", base: PORT, length: 1 }],
  create({ board, deps, state }) {
    const { processor } = deps;
    board.ports(PORT, 1, {
      read8: () => state.latch | (processor.a20Enabled ? FAST_A20 : 0),
      write8(_offset, value) {
        const rising = value & ~state.latch & FAST_INIT;
        state.latch = value & ~FAST_A20;
        processor.a20((value & FAST_A20) !== 0);
        if (rising) processor.init();
      },
    });
    return {
      role: {},
      reset() {
        state.latch = 0;
        processor.a20(true);
      },
    };
  },
});
