/** A machine of devices that do next to nothing: what a bus access and a hook cost by themselves. */
import { address, type BusHandler, defineDevice, ProfileBuilder, port, role } from "backplane/sdk";
import { nodeTime } from "../host/node/time.js";
import { Machine } from "../kernel/machine/index.js";
import type { MachineHooks } from "../sdk/contract/hooks.js";

export const PROBES = 16;
export const portOf = (probe: number): number => 0x1000 + probe * 0x10;
export const addressOf = (probe: number): number => 0xe000_0000 + probe * 0x1000;

/** All widths, so that the bus has nothing to fill in. */
export type FullHandler = Required<BusHandler>;

/** A handler of a shape of its own, as each kind of device has one. */
export const probeHandler = (probe: number): FullHandler => {
  let value = probe;
  const read = (offset: number): number => value + offset;
  const write = (_offset: number, written: number): void => {
    value = written & 0xff;
  };
  const shape = { [`probe${probe}`]: probe };
  return Object.assign(shape, { read8: read, read16: read, read32: read, write8: write, write16: write, write32: write });
};

const Probe = role<FullHandler>("bench-probe");

const probe = defineDevice({
  id: "bench.probe",
  summary: "Answers at 16 ports and in one page",
  provides: Probe,
  config: { base: port(portOf(0), "First port"), page: address(addressOf(0), "Page") },
  resources: ({ base, page }) => [
    { kind: "ports", base, length: 0x10 },
    { kind: "mmio", base: page, length: 0x1000 },
  ],
  create({ board, config }) {
    const handler = probeHandler((config.base - portOf(0)) / 0x10);
    board.ports(config.base, 0x10, handler);
    board.mmio(config.page, 0x1000, handler);
    return { role: handler, reset() {} };
  },
});

export interface Probed {
  readonly machine: Machine;
  /** The devices' own handlers, before any hook. */
  readonly handlers: readonly FullHandler[];
}

/** @param apply taps the hooks */
export const assembleProbes = async (apply?: (hooks: MachineHooks) => void): Promise<Probed> => {
  let builder = ProfileBuilder.named("probes").memory(1);
  for (let each = 0; each < PROBES; each++) builder = builder.add(`/probe/${each}`, probe, { base: portOf(each), page: addressOf(each) });
  const machine = await Machine.assemble(builder.build(), { hostTime: nodeTime, ...(apply && { apply }) });
  return { machine, handlers: machine.find(Probe).map(({ value }) => value) };
};

/** How many of the devices' handlers the buses call directly: the very objects, not a copy or a wrapper. */
export const untouched = ({ machine, handlers }: Probed): { readonly ports: number; readonly mmio: number } => ({
  ports: handlers.filter((handler, each) => machine.ports.slots[portOf(each)].handler === handler).length,
  mmio: handlers.filter((handler, each) => machine.memory.mmio.slot(addressOf(each)).handler === handler).length,
});

/** Taps that see every range being mapped and keep its handler. */
export const decline = (hooks: MachineHooks): void => {
  hooks.mapPorts.tap("decline", () => undefined);
  hooks.mapMmio.tap("decline", () => undefined);
};

/** Taps that count accesses to every range. */
export const countAccesses =
  (counted: { accesses: number }) =>
  (hooks: MachineHooks): void => {
    const wrap = (handler: BusHandler): BusHandler => {
      const { read8, read16, read32, write8, write16, write32 } = handler as FullHandler;
      const reader = (read: (offset: number) => number) => (offset: number) => {
        counted.accesses++;
        return read(offset);
      };
      const writer = (write: (offset: number, value: number) => void) => (offset: number, value: number) => {
        counted.accesses++;
        write(offset, value);
      };
      return { read8: reader(read8), read16: reader(read16), read32: reader(read32), write8: writer(write8), write16: writer(write16), write32: writer(write32) };
    };
    hooks.mapPorts.tap("count", wrap);
    hooks.mapMmio.tap("count", wrap);
  };
