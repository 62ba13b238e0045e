/**
 * Memory as the guest's present page tables show it, for debuggers: only what lies in RAM, ROM or a device's memory block.
 * Device registers are never touched, because reading one may change it, and nothing is marked as accessed.
 */
import type { Machine } from "../../kernel/machine/index.js";

const PAGE_BYTES = 4096;
const PAGE_SHIFT = 12;

/** Calls `piece` for each stretch within a page; false ends it. */
const pieces = (address: number, length: number, piece: (at: number, offset: number, length: number) => boolean): number => {
  let offset = 0;
  while (offset < length) {
    const at = (address + offset) >>> 0;
    const here = Math.min(length - offset, PAGE_BYTES - (at % PAGE_BYTES));
    if (!piece(at, offset, here)) break;
    offset += here;
  }
  return offset;
};

/** The bytes at a physical address, up to the first that is no memory. Addresses wrap at 4 GiB. */
export const readPhysical = ({ memory }: Machine, address: number, length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  const read = pieces(address, length, (at, offset, here) => {
    const page = memory.readPage[at >>> PAGE_SHIFT];
    if (page < 0) return false;
    const from = page * PAGE_BYTES + (at % PAGE_BYTES);
    bytes.set(memory.memory.bytes.subarray(from, from + here), offset);
    return true;
  });
  return bytes.subarray(0, read);
};

/** The bytes at a linear address, up to the first that is not mapped or no memory. */
export const readLinear = (machine: Machine, address: number, length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  const read = pieces(address, length, (at, offset, here) => {
    const physical = machine.cpu.peekLinear(at);
    const found = physical === undefined ? undefined : readPhysical(machine, physical, here);
    if (found?.length !== here) return false;
    bytes.set(found, offset);
    return true;
  });
  return bytes.subarray(0, read);
};

/** Writes all of the bytes, whatever the page tables say of writing, or none: false when some place is not mapped or no writable memory. */
export const writeLinear = (machine: Machine, address: number, bytes: Uint8Array): boolean => {
  const { cpu, memory } = machine;
  const places: [physical: number, offset: number, length: number][] = [];
  const found = pieces(address, bytes.length, (at, offset, here) => {
    const physical = cpu.peekLinear(at);
    if (physical === undefined || memory.writePage[physical >>> PAGE_SHIFT] < 0) return false;
    places.push([physical, offset, here]);
    return true;
  });
  if (found !== bytes.length) return false;
  for (const [physical, offset, length] of places) memory.write(physical, bytes.subarray(offset, offset + length));
  return true;
};
