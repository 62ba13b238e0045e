/**
 * Physical addresses that answer through handlers: a two-level table of pages, each page one slot or a splitting slot.
 *
 * Only pages without direct memory reach this table, after a TLB miss; RAM never does.
 */
import type { BusHandler, Mapping } from "../../sdk/contract/board.js";
import { BackplaneError } from "../../sdk/contract/errors.js";
import { type BusTrace, touches, tracedHandler } from "./bus-trace.js";
import { type FullHandler, fillHandler, OPEN_BUS } from "./handler.js";

export class MmioSlot {
  readonly handler: FullHandler;
  readonly base: number;
  constructor(handler: FullHandler, base: number) {
    this.handler = handler;
    this.base = base;
  }
}

interface Claim {
  readonly handler: FullHandler;
  readonly base: number;
  readonly length: number;
  readonly owner: string;
  readonly relocatable: boolean;
}

const range = (base: number, length: number): string => `${base.toString(16).toUpperCase()}h-${(base + length - 1).toString(16).toUpperCase()}h`;

export class MmioSpace {
  /** What pages without a claim show; another one while a trace is on. */
  #open = new MmioSlot(OPEN_BUS, 0);
  readonly #emptyGroup: MmioSlot[] = new Array<MmioSlot>(1024).fill(this.#open);
  readonly #groups: MmioSlot[][] = new Array<MmioSlot[]>(1024).fill(this.#emptyGroup);
  #claims: Claim[] = [];
  #trace: BusTrace | undefined;
  readonly #changed: (base: number, length: number) => void;

  /** @param changed told which addresses answer differently from now on */
  constructor(changed: (base: number, length: number) => void) {
    this.#changed = changed;
  }

  /** The same rules as `PortSpace.map`. @throws BackplaneError `BUS_RANGE`, `BUS_OVERLAP`. */
  map(base: number, length: number, handler: BusHandler, owner: string, relocatable: boolean): Mapping {
    if (!Number.isInteger(base) || !Number.isInteger(length) || base < 0 || length < 1 || base + length > 2 ** 32) {
      throw new BackplaneError("BUS_RANGE", `${owner} asks for addresses ${range(base, length)}, outside 4 GiB`, { owner, base, length });
    }
    const clash = relocatable ? undefined : this.#claims.find((other) => !other.relocatable && base < other.base + other.length && other.base < base + length);
    if (clash) {
      throw new BackplaneError("BUS_OVERLAP", `${owner} and ${clash.owner} both claim memory: ${range(base, length)} overlaps ${range(clash.base, clash.length)}`, {
        owner,
        other: clash.owner,
        base,
        length,
      });
    }
    const neighbours = {
      read8: (offset: number) => this.read8((base + offset) % 2 ** 32),
      write8: (offset: number, value: number) => this.write8((base + offset) % 2 ** 32, value),
    };
    const claim: Claim = { handler: fillHandler(handler, length, neighbours), base, length, owner, relocatable };
    this.#claims.push(claim);
    this.#redraw(base, length);
    return {
      base,
      length,
      unmap: () => {
        if (!this.#claims.includes(claim)) return;
        this.#claims = this.#claims.filter((other) => other !== claim);
        this.#redraw(base, length);
      },
    };
  }

  /** Owner of an address, for traces. */
  ownerOf(address: number): string | undefined {
    const here = this.#claims.filter((claim) => address >= claim.base && address < claim.base + claim.length);
    return (here.find((claim) => !claim.relocatable) ?? here[0])?.owner;
  }

  /** Tells of accesses, or, with `undefined`, puts the devices' own slots back. RAM and memory blocks are no matter of this space. */
  trace(wanted: BusTrace | undefined): void {
    this.#trace = wanted;
    const open = this.#show(new MmioSlot(OPEN_BUS, 0));
    for (const group of new Set(this.#groups).add(this.#emptyGroup)) {
      for (let page = 0; page < group.length; page++) if (group[page] === this.#open) group[page] = open;
    }
    this.#open = open;
    for (const { base, length } of this.#claims) this.#redrawPages(base, length);
  }

  /** Whether any handler answers in the page. */
  claimed(page: number): boolean {
    return this.#groups[page >>> 10][page & 1023] !== this.#open;
  }

  slot(address: number): MmioSlot {
    return this.#groups[address >>> 22][(address >>> 12) & 1023];
  }

  read8(address: number): number {
    const slot = this.slot(address);
    return slot.handler.read8(address - slot.base);
  }
  read16(address: number): number {
    const slot = this.slot(address);
    return slot.handler.read16(address - slot.base);
  }
  read32(address: number): number {
    const slot = this.slot(address);
    return slot.handler.read32(address - slot.base);
  }
  write8(address: number, value: number): void {
    const slot = this.slot(address);
    slot.handler.write8(address - slot.base, value);
  }
  write16(address: number, value: number): void {
    const slot = this.slot(address);
    slot.handler.write16(address - slot.base, value);
  }
  write32(address: number, value: number): void {
    const slot = this.slot(address);
    slot.handler.write32(address - slot.base, value);
  }

  #redraw(base: number, length: number): void {
    this.#redrawPages(base, length);
    this.#changed(base, length);
  }

  #redrawPages(base: number, length: number): void {
    const last = Math.floor((base + length - 1) / 4096);
    for (let page = Math.floor(base / 4096); page <= last; page++) this.#redrawPage(page);
  }

  /** A slot as it is shown: traced, if a trace is on. */
  #show(slot: MmioSlot): MmioSlot {
    if (!this.#trace) return slot;
    return new MmioSlot(
      tracedHandler(slot.handler, slot.base, (address) => this.ownerOf(address), this.#trace),
      slot.base,
    );
  }

  #redrawPage(page: number): void {
    const start = page * 4096;
    const here = this.#claims.filter((claim) => claim.base < start + 4096 && claim.base + claim.length > start);
    const ordered = [...here.filter((claim) => !claim.relocatable), ...here.filter((claim) => claim.relocatable)];
    const first = ordered[0];
    let slot = this.#open;
    if (first) {
      const whole = first.base <= start && first.base + first.length >= start + 4096;
      slot = whole ? new MmioSlot(first.handler, first.base) : new MmioSlot(splitPage(ordered, start), start);
      if (this.#trace && touches(this.#trace.ranges, start, 4096)) slot = this.#show(slot);
    }
    let group = this.#groups[page >>> 10];
    if (group === this.#emptyGroup) this.#groups[page >>> 10] = group = this.#emptyGroup.slice();
    group[page & 1023] = slot;
  }
}

/** Several claims in one page: looked up by address, slower, and rare. */
const splitPage = (claims: readonly Claim[], start: number): FullHandler => {
  const at = (offset: number): { handler: FullHandler; offset: number } => {
    const address = start + offset;
    const claim = claims.find((each) => address >= each.base && address < each.base + each.length);
    return claim ? { handler: claim.handler, offset: address - claim.base } : { handler: OPEN_BUS, offset };
  };
  return {
    read8: (offset) => {
      const to = at(offset);
      return to.handler.read8(to.offset);
    },
    read16: (offset) => {
      const to = at(offset);
      return to.handler.read16(to.offset);
    },
    read32: (offset) => {
      const to = at(offset);
      return to.handler.read32(to.offset);
    },
    write8: (offset, value) => {
      const to = at(offset);
      to.handler.write8(to.offset, value);
    },
    write16: (offset, value) => {
      const to = at(offset);
      to.handler.write16(to.offset, value);
    },
    write32: (offset, value) => {
      const to = at(offset);
      to.handler.write32(to.offset, value);
    },
  };
};
