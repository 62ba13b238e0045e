/** What a UART remembers. */

export const FIFO_DEPTH = 16;

/** A ring of received or waiting bytes; without FIFOs only one place is used. */
export interface ByteRing {
  bytes: Uint8Array;
  head: number;
  count: number;
}

export interface UartState {
  ier: number;
  fcr: number;
  lcr: number;
  mcr: number;
  scr: number;
  dll: number;
  dlm: number;
  /** MSR bits 3-0, latched until read. */
  msrDeltas: number;
  /** MSR bits 7-4 as last seen, to tell what changed. */
  modemLines: number;
  /** LSR.OE, latched until read. */
  overrun: boolean;
  /** The transmitter-empty interrupt waits to be reported. */
  thrEmptyPending: boolean;
  timeoutPending: boolean;
  rx: ByteRing;
  tx: ByteRing;
  /** Transmitter shift register. */
  shift: number;
  shifting: boolean;
  /** The FIFO is empty but LSR.THRE waits for the end of the character in the shift register. */
  thrEmptyHeld: boolean;
  /** At least two bytes were in the transmitter FIFO together since THRE was last set. */
  txPaired: boolean;
  /** Bytes of the host on their way; the first `queueTaken` are already received. */
  queue: number[];
  queueTaken: number;
}

const emptyRing = (): ByteRing => ({ bytes: new Uint8Array(FIFO_DEPTH), head: 0, count: 0 });

export const initialUart = (): UartState => ({
  ier: 0,
  fcr: 0,
  lcr: 0,
  mcr: 0,
  scr: 0,
  dll: 12,
  dlm: 0,
  msrDeltas: 0,
  modemLines: 0,
  overrun: false,
  thrEmptyPending: false,
  timeoutPending: false,
  rx: emptyRing(),
  tx: emptyRing(),
  shift: 0,
  shifting: false,
  thrEmptyHeld: false,
  txPaired: false,
  queue: [],
  queueTaken: 0,
});

/** Appends a byte; the caller has checked that there is room. */
export const push = (ring: ByteRing, byte: number): void => {
  ring.bytes[(ring.head + ring.count) % FIFO_DEPTH] = byte;
  ring.count++;
};

/** Takes the oldest byte of a ring that is not empty. */
export const shift = (ring: ByteRing): number => {
  const byte = ring.bytes[ring.head];
  ring.head = (ring.head + 1) % FIFO_DEPTH;
  ring.count--;
  return byte;
};
