/**
 * National Semiconductor 16450 / 16550A on a PC serial adapter.
 * Source: PC16550D data sheet, June 1995; OUT2 gates the interrupt as on the IBM Asynchronous Communications Adapter.
 *
 * The line is ideal and a terminal is always connected: CTS, DSR and DCD are on, RI is off. Bytes from the host
 * enter the receiver only while it has room, so the line itself never overruns; loopback can.
 *
 * All eight bits of a byte pass whatever the word length: it only sets the character time, so a port is usable before
 * the guest has programmed it.
 *
 * Not implemented: parity, framing and break conditions on the line, break generation, the DMA mode pins
 * (FCR bit 3 has no effect), stick parity.
 */
import { type Board, type BusHandler, type Device, restoreState, type SerialPort } from "backplane/sdk";
import * as reg from "./registers.js";
import { FIFO_DEPTH, initialUart, push, shift, type UartState } from "./state.js";

/** Where the members of the family differ. */
export interface UartVariant {
  /** FCR and the two FIFOs behind it exist. */
  readonly fifos: boolean;
}

/** `exact`: characters take as long as on a wire. `fast`: every character takes `FAST_CHARACTER_NS`. */
export type Pace = "fast" | "exact";

const FAST_CHARACTER_NS = 1000;
const TIMEOUT_CHARACTERS = 4;
const TERMINAL_LINES = reg.MSR_CTS | reg.MSR_DSR | reg.MSR_DCD;
/** Received bytes kept at the front of the queue before it is compacted. */
const QUEUE_SLACK = 4096;

export const createUart = (board: Board, wiring: { base: number; irq: number }, pace: Pace, variant: UartVariant, state: UartState): Device<SerialPort> => {
  const irq = board.irq(wiring.irq);
  const listeners = new Set<{ readonly fn: (byte: number) => void }>();

  const fifosOn = (): boolean => (state.fcr & reg.FCR_FIFO_ENABLE) !== 0;
  const depth = (): number => (fifosOn() ? FIFO_DEPTH : 1);
  const looped = (): boolean => (state.mcr & reg.MCR_LOOP) !== 0;
  const queued = (): number => state.queue.length - state.queueTaken;

  /** Start, data, parity and stop bits; a divisor of 0 counts as 1. */
  const characterNs = (): number => {
    if (pace === "fast") return FAST_CHARACTER_NS;
    const dataBits = 5 + (state.lcr & reg.LCR_WORD_LENGTH);
    const stopBits = (state.lcr & reg.LCR_STB) === 0 ? 1 : dataBits === 5 ? 1.5 : 2;
    const bits = 1 + dataBits + (state.lcr & reg.LCR_PEN ? 1 : 0) + stopBits;
    const divisor = state.dll | (state.dlm << 8) || 1;
    return Math.round((bits * 16 * divisor * 1e9) / reg.CLOCK_HZ);
  };

  // Interrupts

  const triggered = (): boolean => state.rx.count >= (fifosOn() ? reg.TRIGGER_LEVELS[state.fcr >> 6] : 1);

  /** The highest pending and enabled cause, as IIR bits 3-0 code it. */
  const cause = (): number => {
    if (state.overrun && state.ier & reg.IER_ELSI) return reg.IIR_LINE_STATUS;
    if (state.ier & reg.IER_ERBFI) {
      if (triggered()) return reg.IIR_DATA_AVAILABLE;
      if (state.timeoutPending) return reg.IIR_CHARACTER_TIMEOUT;
    }
    if (state.thrEmptyPending && state.ier & reg.IER_ETBEI) return reg.IIR_THR_EMPTY;
    if (state.msrDeltas !== 0 && state.ier & reg.IER_EDSSI) return reg.IIR_MODEM_STATUS;
    return reg.IIR_NONE;
  };

  /** The OUT2 pin enables the bus driver of the interrupt; loopback forces the pin inactive. */
  const updateIrq = (): void => irq.set((state.mcr & (reg.MCR_OUT2 | reg.MCR_LOOP)) === reg.MCR_OUT2 && cause() !== reg.IIR_NONE);

  // Receiver

  const rxTimer = board.clock.timer("rx", () => {
    if (looped() || state.rx.count >= depth() || queued() === 0) return;
    const byte = state.queue[state.queueTaken++];
    if (queued() === 0) {
      state.queue.length = 0;
      state.queueTaken = 0;
    } else if (state.queueTaken >= QUEUE_SLACK) {
      state.queue.splice(0, state.queueTaken);
      state.queueTaken = 0;
    }
    receiveCharacter(byte);
    feed();
    updateIrq();
  });
  const timeoutTimer = board.clock.timer("character-timeout", () => {
    state.timeoutPending = state.rx.count > 0;
    updateIrq();
  });

  /** Lets the next byte of the host start on the line if the receiver has room for it. */
  const feed = (): void => {
    if (!rxTimer.armed && queued() > 0 && !looped() && state.rx.count < depth()) rxTimer.arm(board.clock.nowNs + characterNs());
  };

  const restartTimeout = (): void => {
    if (fifosOn() && state.rx.count > 0) timeoutTimer.arm(board.clock.nowNs + TIMEOUT_CHARACTERS * characterNs());
    else timeoutTimer.cancel();
  };

  /** Without FIFOs a character that comes too early replaces the unread one; a full FIFO keeps what it has. */
  const receiveCharacter = (byte: number): void => {
    if (state.rx.count >= depth()) {
      state.overrun = true;
      if (fifosOn()) return;
      state.rx.count = 0;
    }
    push(state.rx, byte);
    if (!state.timeoutPending) restartTimeout();
  };

  const readRbr = (): number => {
    if (state.rx.count === 0) return 0;
    const byte = shift(state.rx);
    state.timeoutPending = false;
    restartTimeout();
    feed();
    updateIrq();
    return byte;
  };

  const clearReceiver = (): void => {
    state.rx.count = 0;
    state.timeoutPending = false;
    timeoutTimer.cancel();
    feed();
  };

  // Transmitter

  const thrEmpty = (): boolean => state.tx.count === 0 && !state.thrEmptyHeld;

  const setThrEmpty = (): void => {
    state.thrEmptyHeld = false;
    state.txPaired = false;
    state.thrEmptyPending = true;
  };

  const txTimer = board.clock.timer("tx", () => {
    const byte = state.shift;
    state.shifting = false;
    if (state.thrEmptyHeld) setThrEmpty();
    startCharacter();
    if (looped()) receiveCharacter(byte);
    else for (const listener of listeners) listener.fn(byte);
    updateIrq();
  });

  /**
   * Moves the next byte to the shift register. A lone byte in the FIFO delays THRE until its character is out
   * (data sheet, FIFO interrupt mode), so that a driver filling the FIFO is not interrupted after its first byte.
   */
  const startCharacter = (): void => {
    if (state.tx.count === 0) return;
    state.shift = shift(state.tx);
    state.shifting = true;
    txTimer.arm(board.clock.nowNs + characterNs());
    if (state.tx.count > 0) return;
    if (fifosOn() && !state.txPaired) state.thrEmptyHeld = true;
    else setThrEmpty();
  };

  /** A full FIFO ignores the byte; a full THR is overwritten. */
  const writeThr = (byte: number): void => {
    state.thrEmptyPending = false;
    if (state.tx.count >= depth()) {
      if (fifosOn()) return;
      state.tx.count = 0;
    }
    push(state.tx, byte);
    state.thrEmptyHeld = false;
    if (state.tx.count > 1) state.txPaired = true;
    if (!state.shifting) startCharacter();
    updateIrq();
  };

  const clearTransmitter = (): void => {
    const wasEmpty = thrEmpty();
    state.tx.count = 0;
    if (!wasEmpty) setThrEmpty();
  };

  // Registers

  const writeIer = (value: number): void => {
    const before = state.ier;
    state.ier = value & 0x0f;
    if ((before ^ state.ier) & reg.IER_ETBEI) state.thrEmptyPending = (state.ier & reg.IER_ETBEI) !== 0 && thrEmpty();
    updateIrq();
  };

  const readIir = (): number => {
    const value = cause();
    if (value === reg.IIR_THR_EMPTY) {
      state.thrEmptyPending = false;
      updateIrq();
    }
    return value | (fifosOn() ? reg.IIR_FIFOS_ENABLED : 0);
  };

  /** Other bits are programmed only together with FIFO enable, and changing that empties both FIFOs. */
  const writeFcr = (value: number): void => {
    if (!variant.fifos) return;
    const enable = value & reg.FCR_FIFO_ENABLE;
    const switched = enable !== (state.fcr & reg.FCR_FIFO_ENABLE);
    state.fcr = enable ? value & (reg.FCR_TRIGGER | reg.FCR_DMA_MODE | reg.FCR_FIFO_ENABLE) : 0;
    if (switched || (enable && value & reg.FCR_RCVR_RESET)) clearReceiver();
    if (switched || (enable && value & reg.FCR_XMIT_RESET)) clearTransmitter();
    updateIrq();
  };

  /** MSR bits 7-4: the terminal's lines, or the modem control outputs in loopback. */
  const modemLines = (): number => {
    if (!looped()) return TERMINAL_LINES;
    const mcr = state.mcr;
    return (mcr & reg.MCR_RTS ? reg.MSR_CTS : 0) | (mcr & reg.MCR_DTR ? reg.MSR_DSR : 0) | (mcr & reg.MCR_OUT1 ? reg.MSR_RI : 0) | (mcr & reg.MCR_OUT2 ? reg.MSR_DCD : 0);
  };

  const writeMcr = (value: number): void => {
    state.mcr = value & 0x1f;
    const lines = modemLines();
    const changed = lines ^ state.modemLines;
    if (changed & reg.MSR_CTS) state.msrDeltas |= reg.MSR_DCTS;
    if (changed & reg.MSR_DSR) state.msrDeltas |= reg.MSR_DDSR;
    if (changed & ~lines & reg.MSR_RI) state.msrDeltas |= reg.MSR_TERI;
    if (changed & reg.MSR_DCD) state.msrDeltas |= reg.MSR_DDCD;
    state.modemLines = lines;
    feed();
    updateIrq();
  };

  const readLsr = (): number => {
    const value = (state.rx.count > 0 ? reg.LSR_DR : 0) | (state.overrun ? reg.LSR_OE : 0) | (thrEmpty() ? reg.LSR_THRE : 0) | (thrEmpty() && !state.shifting ? reg.LSR_TEMT : 0);
    if (state.overrun) {
      state.overrun = false;
      updateIrq();
    }
    return value;
  };

  const readMsr = (): number => {
    const value = state.modemLines | state.msrDeltas;
    if (state.msrDeltas !== 0) {
      state.msrDeltas = 0;
      updateIrq();
    }
    return value;
  };

  const registers: BusHandler = {
    read8(offset) {
      const latch = (state.lcr & reg.LCR_DLAB) !== 0;
      switch (offset) {
        case reg.RBR:
          return latch ? state.dll : readRbr();
        case reg.IER:
          return latch ? state.dlm : state.ier;
        case reg.IIR:
          return readIir();
        case reg.LCR:
          return state.lcr;
        case reg.MCR:
          return state.mcr;
        case reg.LSR:
          return readLsr();
        case reg.MSR:
          return readMsr();
        default:
          return state.scr;
      }
    },
    write8(offset, value) {
      const latch = (state.lcr & reg.LCR_DLAB) !== 0;
      switch (offset) {
        case reg.THR:
          if (latch) state.dll = value;
          else writeThr(value);
          break;
        case reg.IER:
          if (latch) state.dlm = value;
          else writeIer(value);
          break;
        case reg.FCR:
          writeFcr(value);
          break;
        case reg.LCR:
          state.lcr = value;
          break;
        case reg.MCR:
          writeMcr(value);
          break;
        case reg.SCR:
          state.scr = value;
          break;
      }
    },
  };
  board.ports(wiring.base, 8, registers);

  return {
    role: {
      onTransmit(fn) {
        const listener = { fn };
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      receive(bytes) {
        for (const byte of bytes) state.queue.push(byte);
        feed();
      },
      get pending() {
        return queued() + state.rx.count;
      },
    },
    /** Master reset spares the divisor latch and SCR (data sheet, table of reset values); what the host has queued keeps waiting. */
    reset(kind) {
      if (kind === "power-on") restoreState(state, initialUart());
      state.ier = 0;
      state.fcr = 0;
      state.lcr = 0;
      state.mcr = 0;
      state.msrDeltas = 0;
      state.modemLines = TERMINAL_LINES;
      state.overrun = false;
      state.thrEmptyPending = false;
      state.timeoutPending = false;
      state.rx.count = 0;
      state.tx.count = 0;
      state.shifting = false;
      state.thrEmptyHeld = false;
      state.txPaired = false;
      feed();
    },
  };
};
