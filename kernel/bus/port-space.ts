/**
 * The 65,536 I/O ports: one table of slots, dispatched by index.
 *
 * Mapping is cold and checked; access is two loads and a call. Unmapped ports are a real slot (open bus).
 */
import type { BusHandler, Mapping } from "../../sdk/contract/board.js";
import { BackplaneError } from "../../sdk/contract/errors.js";
import { type BusTrace, touches, tracedHandler } from "./bus-trace.js";
import { type FullHandler, fillHandler, OPEN_BUS } from "./handler.js";

export const PORTS = 0x1_0000;
/** Of the widest access. */
const WIDEST = 4;

/** What sits behind one port; generated code may hold on to it while `PortSpace.epoch` stands. */
export class PortSlot {
  readonly handler: FullHandler;
  readonly base: number;
  constructor(handler: FullHandler, base: number) {
    this.handler = handler;
    this.base = base;
  }
}

interface Claim {
  readonly slot: PortSlot;
  readonly base: number;
  readonly length: number;
  readonly owner: string;
  readonly relocatable: boolean;
}

const range = (claim: { base: number; length: number }): string =>
  claim.length === 1 ? `${claim.base.toString(16).toUpperCase()}h` : `${claim.base.toString(16).toUpperCase()}h-${(claim.base + claim.length - 1).toString(16).toUpperCase()}h`;

export class PortSpace {
  readonly slots: PortSlot[];
  /** Grows with every change of the map. */
  epoch = 0;
  readonly #open = new PortSlot(OPEN_BUS, 0);
  #claims: Claim[] = [];
  /** With the traced slot of each slot that lies in its ranges. */
  #trace: { readonly wanted: BusTrace; readonly slots: Map<PortSlot, PortSlot> } | undefined;

  constructor() {
    this.slots = new Array<PortSlot>(PORTS).fill(this.#open);
  }

  /**
   * Fixed claims may not overlap. A relocatable one (a BAR) goes where the guest puts it: where it meets a fixed claim
   * or an earlier BAR, that one stays in front.
   * @throws BackplaneError `BUS_RANGE`, `BUS_OVERLAP` naming both owners.
   */
  map(base: number, length: number, handler: BusHandler, owner: string, relocatable: boolean): Mapping {
    if (!Number.isInteger(base) || !Number.isInteger(length) || base < 0 || length < 1 || base + length > PORTS) {
      throw new BackplaneError("BUS_RANGE", `${owner} asks for ports ${range({ base, length })}, outside 0h-FFFFh`, { owner, base, length });
    }
    const clash = relocatable ? undefined : this.#claims.find((other) => !other.relocatable && base < other.base + other.length && other.base < base + length);
    if (clash) {
      throw new BackplaneError("BUS_OVERLAP", `${owner} and ${clash.owner} both claim ports: ${range({ base, length })} overlaps ${range(clash)}`, {
        owner,
        other: clash.owner,
        base,
        length,
      });
    }
    const neighbours = {
      read8: (offset: number) => this.read8((base + offset) & 0xffff),
      write8: (offset: number, value: number) => this.write8((base + offset) & 0xffff, value),
    };
    const claim: Claim = { slot: new PortSlot(fillHandler(handler, length, neighbours), base), base, length, owner, relocatable };
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

  /** Owner of a port, for traces and error messages. */
  ownerOf(port: number): string | undefined {
    return this.#front(port)?.owner;
  }

  /** Tells of accesses, or, with `undefined`, puts the devices' own slots back. */
  trace(wanted: BusTrace | undefined): void {
    this.#trace = wanted && { wanted, slots: new Map() };
    this.#redraw(0, PORTS);
  }

  #redraw(base: number, length: number): void {
    this.epoch++;
    for (let port = base; port < base + length; port++) {
      const slot = this.#front(port)?.slot ?? this.#open;
      this.slots[port] = this.#trace ? this.#traced(port, slot) : slot;
    }
  }

  /** The claim that answers at a port. */
  #front(port: number): Claim | undefined {
    let front: Claim | undefined;
    for (const claim of this.#claims) {
      if (port < claim.base || port >= claim.base + claim.length) continue;
      if (!claim.relocatable) return claim;
      front ??= claim;
    }
    return front;
  }

  #traced(port: number, slot: PortSlot): PortSlot {
    const { wanted, slots } = this.#trace!;
    if (!touches(wanted.ranges, port, WIDEST)) return slot;
    let traced = slots.get(slot);
    if (!traced) {
      traced = new PortSlot(
        tracedHandler(slot.handler, slot.base, (address) => this.ownerOf(address), wanted),
        slot.base,
      );
      slots.set(slot, traced);
    }
    return traced;
  }

  read8(port: number): number {
    const slot = this.slots[port];
    return slot.handler.read8(port - slot.base);
  }
  read16(port: number): number {
    const slot = this.slots[port];
    return slot.handler.read16(port - slot.base);
  }
  read32(port: number): number {
    const slot = this.slots[port];
    return slot.handler.read32(port - slot.base);
  }
  write8(port: number, value: number): void {
    const slot = this.slots[port];
    slot.handler.write8(port - slot.base, value);
  }
  write16(port: number, value: number): void {
    const slot = this.slots[port];
    slot.handler.write16(port - slot.base, value);
  }
  write32(port: number, value: number): void {
    const slot = this.slots[port];
    slot.handler.write32(port - slot.base, value);
  }
}
