/**
 * DMA interface of fw_cfg: the guest writes the address of a request block, and finds its control word cleared when done.
 *
 * Source: QEMU documentation, "QEMU Firmware Configuration (fw_cfg) Device", Guest-side DMA Interface. The request is
 * control (32), length (32), address (64), the address register 64 bits; all big-endian. Writing the low half starts.
 *
 * A length beyond the machine's memory, an address above 4 GiB and a write are answered with the error bit.
 */
import type { BusHandler, BusMaster } from "backplane/sdk";
import type { Selection } from "./selection.js";

const ADDRESS_HIGH = 0;
const ADDRESS_LOW = 4;
const SIGNATURE = Uint8Array.from("QEMU CFG", (character) => character.charCodeAt(0));

const REQUEST_BYTES = 16;
const CTL_ERROR = 0x01;
const CTL_READ = 0x02;
const CTL_SKIP = 0x04;
const CTL_SELECT = 0x08;
const CTL_WRITE = 0x10;
const CTL_SELECTOR_SHIFT = 16;

const CHUNK_BYTES = 4096;

export interface DmaState {
  /** Upper half of the address register. */
  dmaHigh: number;
}

const swap32 = (value: number): number => ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;

export const dmaPorts = (state: DmaState, selected: Selection, memory: BusMaster, maxBytes: number): BusHandler => {
  const request = new Uint8Array(REQUEST_BYTES);
  const view = new DataView(request.buffer);
  const answer = new Uint8Array(4);
  const chunk = new Uint8Array(CHUNK_BYTES);

  const copyOut = (length: number, to: number): void => {
    for (let done = 0; done < length; done += CHUNK_BYTES) {
      const part = chunk.subarray(0, Math.min(CHUNK_BYTES, length - done));
      selected.read(part);
      memory.write(to + done, part);
    }
  };
  /** Whether the request was carried out. */
  const perform = (): boolean => {
    const control = view.getUint32(0);
    const length = view.getUint32(4);
    const high = view.getUint32(8);
    const low = view.getUint32(12);
    if (control & CTL_SELECT) selected.select(control >>> CTL_SELECTOR_SHIFT);
    if (control & CTL_READ) {
      if (length > maxBytes || high !== 0 || low + length > 2 ** 32) return false;
      copyOut(length, low);
      return true;
    }
    if (control & CTL_WRITE) return false;
    if (control & CTL_SKIP) selected.skip(length);
    return true;
  };
  const start = (low: number): void => {
    const high = state.dmaHigh;
    state.dmaHigh = 0;
    if (high !== 0 || low + REQUEST_BYTES > 2 ** 32) return;
    memory.read(low, request);
    answer[3] = perform() ? 0 : CTL_ERROR;
    memory.write(low, answer);
  };
  return {
    read8: (offset) => SIGNATURE[offset],
    write32(offset, value) {
      if (offset === ADDRESS_HIGH) state.dmaHigh = swap32(value);
      else if (offset === ADDRESS_LOW) start(swap32(value));
    },
  };
};
