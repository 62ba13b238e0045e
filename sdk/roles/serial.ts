/** Character devices: what hosts connect to. */
import { role } from "../contract/role.js";

export interface SerialPort {
  /** The listener gets each byte the guest transmits, in order. Several listeners are allowed. Returns a function that disconnects. */
  onTransmit(fn: (byte: number) => void): () => void;
  /** Queues bytes towards the guest. Nothing is lost: bytes wait until the receiver takes them. */
  receive(bytes: Uint8Array): void;
  /** Bytes queued and not yet taken by the guest. */
  readonly pending: number;
}
export const SerialPort = role<SerialPort>("serial-port");

/** A parallel port's printer side. */
export interface ParallelPort {
  onPrint(fn: (byte: number) => void): () => void;
}
export const ParallelPort = role<ParallelPort>("parallel-port");

/** A port the firmware prints to (E9h, 402h) or shows progress on (80h). */
export interface DebugPort {
  onByte(fn: (byte: number) => void): () => void;
  readonly last: number;
}
export const DebugPort = role<DebugPort>("debug-port");
