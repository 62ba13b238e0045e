/**
 * Parallel printer port of the PC, with the bidirectional data register of the PS/2, and a printer that is always ready.
 * Sources: IBM PC/AT Technical Reference, Parallel Printer Adapter; IBM PS/2 Hardware Interface Technical Reference,
 * Parallel Port Controller (direction bit, interrupt pending bit).
 *
 * A byte is printed when STROBE goes on; BUSY_NS later the printer takes ACK# low and is ready again, and ACK_NS after
 * that ACK# goes high, which interrupts. A driver that polls for ACK# may come late: until status has been read once, or
 * the next byte strobed, it still finds ACK# low.
 *
 * Not implemented: EPP and ECP modes, the printer's initialise and select inputs, paper out and error.
 */
import type { Board, BusHandler, Device, ParallelPort } from "backplane/sdk";

export interface LptState {
  data: number;
  control: number;
  busy: boolean;
  /** ACK# is low. */
  acknowledging: boolean;
  /** ACK# went low and no read of the status register has seen it yet. */
  acknowledgeUnseen: boolean;
  interruptPending: boolean;
}

const DATA = 0;
const STATUS = 1;

const STATUS_NOT_ERROR = 0x08;
const STATUS_SELECTED = 0x10;
const STATUS_NOT_ACK = 0x40;
const STATUS_NOT_BUSY = 0x80;
/** Low while an interrupt is pending (PS/2). */
const STATUS_NOT_IRQ = 0x04;
/** Undriven; bit 0 stuck at one also tells drivers that there is no EPP. */
const STATUS_UNUSED = 0x03;

const CONTROL_STROBE = 0x01;
const CONTROL_IRQ_ENABLE = 0x10;
/** The data lines belong to the other side. */
const CONTROL_INPUT = 0x20;
const CONTROL_WRITABLE = 0x3f;
const CONTROL_UNUSED = 0xc0;
/** Initialise inactive, select off. */
const CONTROL_RESET = 0x04;
const UNDRIVEN_DATA = 0xff;

const BUSY_NS = 5000;
const ACK_NS = 10_000;

export const initialLpt = (): LptState => ({ data: 0, control: CONTROL_RESET, busy: false, acknowledging: false, acknowledgeUnseen: false, interruptPending: false });

export const createLpt = (board: Board, wiring: { base: number; irq: number }, state: LptState): Device<ParallelPort> => {
  const irq = board.irq(wiring.irq);
  const listeners = new Set<{ readonly fn: (byte: number) => void }>();

  const updateIrq = (): void => irq.set(state.interruptPending && (state.control & CONTROL_IRQ_ENABLE) !== 0);

  const printerTimer = board.clock.timer("printer", () => {
    if (state.busy) {
      state.busy = false;
      state.acknowledging = true;
      state.acknowledgeUnseen = true;
      printerTimer.arm(board.clock.nowNs + ACK_NS);
      return;
    }
    state.acknowledging = false;
    state.interruptPending = (state.control & CONTROL_IRQ_ENABLE) !== 0;
    updateIrq();
  });

  /** The byte on the data lines; a strobe while the printer is busy is lost on it. */
  const strobe = (): void => {
    if (state.busy || state.control & CONTROL_INPUT) return;
    state.busy = true;
    state.acknowledging = false;
    state.acknowledgeUnseen = false;
    printerTimer.arm(board.clock.nowNs + BUSY_NS);
    for (const listener of listeners) listener.fn(state.data);
  };

  const writeControl = (value: number): void => {
    const strobed = value & ~state.control & CONTROL_STROBE;
    state.control = value & CONTROL_WRITABLE;
    if (!(value & CONTROL_IRQ_ENABLE)) state.interruptPending = false;
    if (strobed) strobe();
    updateIrq();
  };

  const readStatus = (): number => {
    const acknowledge = state.acknowledging || state.acknowledgeUnseen;
    const value =
      STATUS_NOT_ERROR | STATUS_SELECTED | STATUS_UNUSED | (state.busy ? 0 : STATUS_NOT_BUSY) | (acknowledge ? 0 : STATUS_NOT_ACK) | (state.interruptPending ? 0 : STATUS_NOT_IRQ);
    state.acknowledgeUnseen = false;
    state.interruptPending = false;
    updateIrq();
    return value;
  };

  const registers: BusHandler = {
    read8(offset) {
      if (offset === DATA) return state.control & CONTROL_INPUT ? UNDRIVEN_DATA : state.data;
      return offset === STATUS ? readStatus() : state.control | CONTROL_UNUSED;
    },
    write8(offset, value) {
      if (offset === DATA) state.data = value;
      else if (offset !== STATUS) writeControl(value);
    },
  };
  board.ports(wiring.base, 3, registers);

  return {
    role: {
      onPrint(fn) {
        const listener = { fn };
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    reset() {
      Object.assign(state, initialLpt());
    },
  };
};
