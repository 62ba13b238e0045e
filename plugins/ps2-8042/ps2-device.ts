/** What the controller finds at its two connectors, and the protocol bytes both devices share. */

export interface Ps2Device {
  /** There may be a byte for the controller. */
  readonly waiting: boolean;
  /** The next byte for the controller, or -1. */
  next(): number;
  /** A byte from the host. */
  write(byte: number): void;
  reset(): void;
}

export const ACK = 0xfa;
export const RESEND = 0xfe;
export const BAT_PASSED = 0xaa;

/** A device that is never read stops replying here. */
const MAX_REPLIES = 16;

export const queueReplies = (replies: number[], bytes: readonly number[]): void => {
  if (replies.length + bytes.length <= MAX_REPLIES) replies.push(...bytes);
};
