/** The 8237 pair, as a device with a DREQ wire sees it. */
import { role } from "../contract/role.js";

export interface DmaChannel {
  /**
   * Moves up to `data.length` bytes between the device and memory, as programmed by the guest.
   * Returns how many were moved (fewer at terminal count, 0 while the channel is masked) and whether TC was reached.
   * `toMemory`: the device's data is written to memory; otherwise memory is read into `data`.
   */
  transfer(data: Uint8Array, toMemory: boolean): { readonly moved: number; readonly terminalCount: boolean };
  /** Whether the guest has unmasked the channel. */
  readonly ready: boolean;
  /** Told when the guest unmasks the channel, for transfers that wait. */
  onReady(fn: () => void): void;
}
export interface IsaDma {
  /** Channel 0-3 (bytes) or 5-7 (words). */
  channel(number: number): DmaChannel;
}
export const IsaDma = role<IsaDma>("isa-dma");
