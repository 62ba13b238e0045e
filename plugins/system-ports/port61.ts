/**
 * System control port B (61h): speaker gate, refresh toggle, NMI status.
 *
 * Source: IBM PC AT Technical Reference, "System Board"; Intel 82371AB (PIIX4) data sheet, "NMI Status and Control Register".
 *
 * Not implemented: SERR# and IOCHK# sources (their status bits read as zero), speaker sound.
 */
import { defineDevice, IntervalTimer, Standalone } from "backplane/sdk";

const PORT = 0x61;
const TIMER_2_GATE = 0x01;
/** Bits 0-3 are the guest's: gate, speaker data, SERR# and IOCHK# NMI disable. */
const WRITABLE = 0x0f;
const REFRESH_TOGGLE = 0x10;
const TIMER_2_OUT = 0x20;
/** Refresh requests come every 18 pulses of the timer clock. */
const REFRESH_NS = 15_085;

export const port61 = defineDevice({
  id: "ibm.port61",
  summary: "System control port B: speaker gate, refresh toggle, NMI status",
  provides: Standalone,
  needs: { timer: IntervalTimer },
  state: { version: 1, initial: () => ({ control: 0 }) },
  resources: () => [{ kind: "ports", base: PORT, length: 1 }],
  create({ board, deps, state }) {
    const write = (value: number) => {
      state.control = value & WRITABLE;
      deps.timer.gate2((value & TIMER_2_GATE) !== 0);
    };
    board.ports(PORT, 1, {
      read8: () => state.control | (Math.floor(board.clock.nowNs / REFRESH_NS) & 1 ? REFRESH_TOGGLE : 0) | (deps.timer.out2 ? TIMER_2_OUT : 0),
      write8: (_offset, value) => write(value),
    });
    return { role: {}, reset: () => write(0) };
  },
});
