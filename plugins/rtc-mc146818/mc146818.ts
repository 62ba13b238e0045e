/** The MC146818 on a PC's ISA bus: index and data ports for both banks of CMOS memory. */
import { type Board, Cmos, type Device, defineDevice, WallClock } from "backplane/sdk";
import { ClockChip, type ClockChipState, initialClockChip } from "./clock-chip.js";

const PORT_BASE = 0x70;
const PORT_INDEX = 0;
const PORT_DATA = 1;
const PORT_EXTENDED_INDEX = 2;
const IRQ = 8;
/** Bit 7 of port 70h masks NMI. */
const INDEX_MASK = 0x7f;
const EXTENDED_BANK = 0x80;

export interface CmosState extends ClockChipState {
  /** As written to port 70h, NMI mask included. */
  index: number;
  extendedIndex: number;
}

/** Puts the chip behind its ports. `advances` is false for a clock that stands still. */
export const connectClock = (board: Board, state: CmosState, wall: WallClock, advances: boolean): Device<Cmos> => {
  const chip = new ClockChip(board, state, wall, advances);
  board.ports(PORT_BASE, 4, {
    read8(offset) {
      if (offset === PORT_DATA) return chip.read(state.index & INDEX_MASK);
      if (offset > PORT_EXTENDED_INDEX) return chip.read(EXTENDED_BANK | state.extendedIndex);
      return 0xff;
    },
    write8(offset, value) {
      if (offset === PORT_INDEX) state.index = value;
      else if (offset === PORT_DATA) chip.write(state.index & INDEX_MASK, value);
      else if (offset === PORT_EXTENDED_INDEX) state.extendedIndex = value & INDEX_MASK;
      else chip.write(EXTENDED_BANK | state.extendedIndex, value);
    },
  });
  return {
    role: {
      read: (index) => chip.peek(index & 0xff),
      write: (index, value) => chip.write(index & 0xff, value & 0xff),
    },
    reset: () => chip.reset(),
  };
};

export const mc146818 = defineDevice({
  id: "motorola.mc146818",
  summary: "Real-time clock with 256 bytes of CMOS memory",
  provides: Cmos,
  needs: { wall: WallClock },
  state: { version: 1, initial: (): CmosState => ({ ...initialClockChip(), index: 0, extendedIndex: 0 }) },
  resources: () => [
    { kind: "ports", base: PORT_BASE, length: 4 },
    { kind: "irq", line: IRQ },
  ],
  create: ({ board, deps, state }) => connectClock(board, state, deps.wall, true),
});
