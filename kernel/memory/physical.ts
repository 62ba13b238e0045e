/**
 * The physical address map: per 4 KiB page, where reads and writes go.
 *
 * A page is direct (a page of the guest buffer: RAM, ROM, VRAM) or slow (handlers, open bus), for reads and writes
 * separately; the host bridge routes pages between DRAM and bus as its PAM and SMRAM registers say.
 */
import type { BusMaster, Mapping, MemoryRoute, PhysicalMemory } from "../../sdk/contract/board.js";
import { MmioSpace } from "../bus/mmio-space.js";
import type { GuestMemory } from "./guest-memory.js";
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE, PHYSICAL_PAGES, RAM_OFFSET } from "./layout.js";

const READ_DRAM = 1;
const WRITE_DRAM = 2;
/** Without a host bridge the VGA window, option ROMs and the BIOS lie on the bus. */
const LEGACY_HOLE_FIRST = 0xa0;
const LEGACY_HOLE_END = 0x100;

interface BlockMapping {
  readonly base: number;
  readonly length: number;
  readonly bufferPage: number;
  readonly writable: boolean;
}

export class PhysicalSpace implements PhysicalMemory, BusMaster {
  readonly memory: GuestMemory;
  readonly mmio: MmioSpace;
  readonly ramBytes: number;
  /** Buffer page that answers reads (writes), or -1: take the slow path. */
  readonly readPage = new Int32Array(PHYSICAL_PAGES).fill(-1);
  readonly writePage = new Int32Array(PHYSICAL_PAGES).fill(-1);
  readonly #routes = new Uint8Array(PHYSICAL_PAGES).fill(READ_DRAM | WRITE_DRAM);
  readonly #blocks: BlockMapping[] = [];
  /** The map changed: TLBs are stale. */
  onRemap: () => void = () => {};
  /** A page that code was made from is about to be written by something other than the CPU's store path. */
  onCodeWrite: (bufferPage: number) => void = () => {};

  constructor(memory: GuestMemory) {
    this.memory = memory;
    this.ramBytes = memory.ramBytes;
    this.mmio = new MmioSpace((base, length) => this.#redraw(Math.floor(base / PAGE_SIZE), Math.floor((base + length - 1) / PAGE_SIZE)));
    this.#routes.fill(0, LEGACY_HOLE_FIRST, LEGACY_HOLE_END);
    this.#redraw(0, PHYSICAL_PAGES - 1);
  }

  route(base: number, length: number, to: { reads: MemoryRoute; writes: MemoryRoute }): void {
    const bits = (to.reads === "dram" ? READ_DRAM : 0) | (to.writes === "dram" ? WRITE_DRAM : 0);
    this.#routes.fill(bits, base >>> PAGE_SHIFT, (base + length) / PAGE_SIZE);
    this.#redraw(base >>> PAGE_SHIFT, (base + length) / PAGE_SIZE - 1);
  }

  /** Shows part of a memory block; earlier mappings stay in front of later ones, handlers in front of blocks. */
  mapBlock(base: number, bufferOffset: number, length: number, writable: boolean): Mapping {
    const mapping: BlockMapping = { base, length, bufferPage: bufferOffset / PAGE_SIZE, writable };
    this.#blocks.push(mapping);
    const first = Math.floor(base / PAGE_SIZE);
    const last = Math.floor((base + length - 1) / PAGE_SIZE);
    this.#redraw(first, last);
    return {
      base,
      length,
      unmap: () => {
        const at = this.#blocks.indexOf(mapping);
        if (at < 0) return;
        this.#blocks.splice(at, 1);
        this.#redraw(first, last);
      },
    };
  }

  #redraw(first: number, last: number): void {
    const ramPages = this.ramBytes >>> PAGE_SHIFT;
    const ramFirst = RAM_OFFSET >>> PAGE_SHIFT;
    for (let page = first; page <= Math.min(last, PHYSICAL_PAGES - 1); page++) {
      const dram = page < ramPages ? ramFirst + page : -1;
      let busRead = -1;
      let busWrite = -1;
      if (!this.mmio.claimed(page)) {
        for (const block of this.#blocks) {
          const start = block.base / PAGE_SIZE;
          if (page < start || page >= start + block.length / PAGE_SIZE) continue;
          busRead = block.bufferPage + page - start;
          if (block.writable) busWrite = busRead;
          break;
        }
      }
      const route = this.#routes[page];
      this.readPage[page] = dram >= 0 && route & READ_DRAM ? dram : busRead;
      this.writePage[page] = dram >= 0 && route & WRITE_DRAM ? dram : busWrite;
    }
    this.onRemap();
  }

  /** Reads of addresses that cross a page are split into bytes. */
  read8(address: number): number {
    const page = this.readPage[address >>> PAGE_SHIFT];
    return page >= 0 ? this.memory.bytes[page * PAGE_SIZE + (address & PAGE_MASK)] : this.mmio.read8(address >>> 0) & 0xff;
  }
  read16(address: number): number {
    if ((address & PAGE_MASK) === PAGE_MASK) return this.read8(address) | (this.read8((address + 1) >>> 0) << 8);
    const page = this.readPage[address >>> PAGE_SHIFT];
    return page >= 0 ? this.memory.view.getUint16(page * PAGE_SIZE + (address & PAGE_MASK), true) : this.mmio.read16(address >>> 0) & 0xffff;
  }
  read32(address: number): number {
    if ((address & PAGE_MASK) > PAGE_SIZE - 4) return (this.read16(address) | (this.read16((address + 2) >>> 0) << 16)) >>> 0;
    const page = this.readPage[address >>> PAGE_SHIFT];
    return page >= 0 ? this.memory.view.getUint32(page * PAGE_SIZE + (address & PAGE_MASK), true) : this.mmio.read32(address >>> 0) >>> 0;
  }
  write8(address: number, value: number): void {
    const page = this.writePage[address >>> PAGE_SHIFT];
    if (page < 0) this.mmio.write8(address >>> 0, value & 0xff);
    else {
      if (this.memory.hasCode[page]) this.onCodeWrite(page);
      this.memory.bytes[page * PAGE_SIZE + (address & PAGE_MASK)] = value;
    }
  }
  write16(address: number, value: number): void {
    if ((address & PAGE_MASK) === PAGE_MASK) {
      this.write8(address, value & 0xff);
      this.write8((address + 1) >>> 0, (value >>> 8) & 0xff);
      return;
    }
    const page = this.writePage[address >>> PAGE_SHIFT];
    if (page < 0) this.mmio.write16(address >>> 0, value & 0xffff);
    else {
      if (this.memory.hasCode[page]) this.onCodeWrite(page);
      this.memory.view.setUint16(page * PAGE_SIZE + (address & PAGE_MASK), value, true);
    }
  }
  write32(address: number, value: number): void {
    if ((address & PAGE_MASK) > PAGE_SIZE - 4) {
      this.write16(address, value & 0xffff);
      this.write16((address + 2) >>> 0, value >>> 16);
      return;
    }
    const page = this.writePage[address >>> PAGE_SHIFT];
    if (page < 0) this.mmio.write32(address >>> 0, value >>> 0);
    else {
      if (this.memory.hasCode[page]) this.onCodeWrite(page);
      this.memory.view.setInt32(page * PAGE_SIZE + (address & PAGE_MASK), value, true);
    }
  }

  /** DMA: whole pages of memory are copied, the rest goes byte by byte. Addresses wrap at 4 GiB. */
  read(address: number, into: Uint8Array): void {
    this.#pieces(address, into.length, (at, offset, length) => {
      const page = this.readPage[at >>> PAGE_SHIFT];
      if (page >= 0) {
        const from = page * PAGE_SIZE + (at & PAGE_MASK);
        into.set(this.memory.bytes.subarray(from, from + length), offset);
      } else for (let index = 0; index < length; index++) into[offset + index] = this.mmio.read8(at + index);
    });
  }

  write(address: number, from: Uint8Array): void {
    this.#pieces(address, from.length, (at, offset, length) => {
      const page = this.writePage[at >>> PAGE_SHIFT];
      if (page >= 0) {
        if (this.memory.hasCode[page]) this.onCodeWrite(page);
        this.memory.bytes.set(from.subarray(offset, offset + length), page * PAGE_SIZE + (at & PAGE_MASK));
      } else for (let index = 0; index < length; index++) this.mmio.write8(at + index, from[offset + index]);
    });
  }

  #pieces(address: number, total: number, piece: (at: number, offset: number, length: number) => void): void {
    let offset = 0;
    while (offset < total) {
      const at = (address + offset) >>> 0;
      const length = Math.min(total - offset, PAGE_SIZE - (at & PAGE_MASK));
      piece(at, offset, length);
      offset += length;
    }
  }
}
