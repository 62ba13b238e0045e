// @ts-check
/**
 * A PCI card that rolls a die: B0B0:0D1C, an id that nobody has been given.
 *
 * BAR 0, 8 I/O ports:
 *   0  SIDES    read/write, 2-255; 6 after a reset
 *   1  STATUS   bit 0 ROLLING, bit 7 DONE; INTA# is asserted while it is set
 *               write bit 0 to roll, bit 7 to clear DONE
 *   2  VALUE    the last roll, 1-SIDES; 0 before the first
 *   4  ROLLS    32 bits, how many since the reset
 *
 * Not implemented: more than one die.
 */
import { defineDevice, integer, PciBus, Standalone } from "backplane/sdk";

const SIDES = 0;
const STATUS = 1;
const VALUE = 2;
const ROLLS = 4;
const ROLLING = 0x01;
const DONE = 0x80;
const INTA = 1;

export const diceCard = defineDevice({
  id: "example.dice-card",
  summary: "PCI card that rolls a die and interrupts",
  provides: Standalone,
  needs: { pci: PciBus },
  config: { "roll-us": integer(1000, 1, 1_000_000, "How long a roll takes, in microseconds of virtual time") },
  state: { version: 1, initial: () => ({ sides: 6, status: 0, value: 0, rolls: 0, luck: 1 }) },

  create({ board, config, deps, state }) {
    const rolled = board.clock.timer("roll", () => {
      // A linear congruential generator: the same machine rolls the same numbers.
      state.luck = (Math.imul(state.luck, 1_664_525) + 1_013_904_223) >>> 0;
      state.value = 1 + ((state.luck >>> 16) % state.sides);
      state.rolls = (state.rolls + 1) >>> 0;
      state.status = DONE;
      card.interrupt(true);
    });

    const card = deps.pci.attach(board, {
      vendorId: 0xb0b0,
      deviceId: 0x0d1c,
      classCode: 0xff_00_00,
      interruptPin: INTA,
      bars: [
        {
          index: 0,
          kind: "io",
          size: 8,
          handler: {
            read8(offset) {
              if (offset >= ROLLS) return (state.rolls >>> ((offset - ROLLS) * 8)) & 0xff;
              return offset === SIDES ? state.sides : offset === STATUS ? state.status : offset === VALUE ? state.value : 0xff;
            },
            write8(offset, value) {
              if (offset === SIDES) state.sides = Math.max(2, value);
              if (offset !== STATUS) return;
              if (value & DONE) {
                state.status &= ~DONE;
                card.interrupt(false);
              }
              if (value & ROLLING && !(state.status & ROLLING)) {
                state.status |= ROLLING;
                rolled.arm(board.clock.nowNs + config["roll-us"] * 1000);
              }
            },
          },
        },
      ],
    });

    return {
      role: {},
      reset: () => void Object.assign(state, { sides: 6, status: 0, value: 0, rolls: 0, luck: 1 }),
    };
  },
});
