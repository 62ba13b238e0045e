/** What the 82443BX and the 82441FX have in common: bus, memory routing and DRAM row boundaries. */
import type { Board, Device, PciBus, PciFunctionSpec, Resource } from "backplane/sdk";
import { memoryRouting, PAM0, PAM6, SMRAM, SMRAM_D_LCK, SMRAM_D_OPEN, SMRAM_DEFAULT, SMRAM_WRITABLE } from "./memory-routing.js";
import { CONFADD, CONFDATA, type PciBusState, RootBus } from "./pci-bus.js";

/** Registers of a bridge, as `PciFunctionSpec` wants them. */
export type Registers = NonNullable<PciFunctionSpec["registers"]>;

export const DRB0 = 0x60;
const ROWS = 8;
const ROW_UNIT = 8 << 20;
/** A row holds 256 MiB at most. */
const ROW_UNITS_MAX = 32;
const HOST_BRIDGE_SLOT = "00.0";

/** Ports of configuration mechanism #1. */
export const CONFIG_PORTS: readonly Resource[] = [
  { kind: "ports", base: CONFADD, length: 1 },
  { kind: "ports", base: CONFDATA, length: 4 },
];

export const initialBusState = (): PciBusState => ({ address: 0, functions: {}, pins: {} });

/** `length` equal registers from `offset`. */
export const span = (offset: number, length: number, writable: number, value = 0): Registers => Array.from({ length }, (_, index) => ({ offset: offset + index, value, writable }));

/**
 * DRAM row boundaries DRB0-DRB7 for a memory size: each holds the end of its row in units of 8 MiB.
 * On hardware the firmware finds them by probing modules; here the bridge comes up with the answer.
 */
export const rowBoundaries = (ramBytes: number): Registers => {
  const total = Math.min(0xff, Math.floor(ramBytes / ROW_UNIT));
  let end = 0;
  return Array.from({ length: ROWS }, (_, row) => {
    const left = total - end;
    if (row === ROWS - 1) end = total;
    else if (left > 0) end += Math.min(ROW_UNITS_MAX, 2 ** Math.floor(Math.log2(left)));
    return { offset: DRB0 + row, value: end, writable: 0xff };
  });
};

/** Registers both bridges have; `pamWritable` are the implemented bits of one attribute byte. */
export const sharedRegisters = (pamWritable: number): Registers => [
  { offset: PAM0, value: 0, writable: pamWritable & 0xf0 },
  ...span(PAM0 + 1, PAM6 - PAM0, pamWritable),
  { offset: SMRAM, value: SMRAM_DEFAULT, writable: SMRAM_WRITABLE },
];

/** Builds the running bridge from its identity and registers. */
export const createHostBridge = (board: Board, state: PciBusState, spec: PciFunctionSpec): Device<PciBus> => {
  const bus = new RootBus(state);
  const routing = memoryRouting(board.memory);
  const lock = (): void => {
    if (!(bridge.config[SMRAM] & SMRAM_D_LCK)) return;
    bridge.config[SMRAM] &= ~SMRAM_D_OPEN;
    bridge.setWritable(SMRAM, 0);
  };
  const bridge = bus.plug(
    board,
    {
      ...spec,
      onConfigWrite() {
        lock();
        routing.apply(bridge.config);
      },
    },
    HOST_BRIDGE_SLOT,
  );
  board.ports(CONFADD, 1, bus.addressPort);
  board.ports(CONFDATA, 4, bus.dataPort);
  return {
    role: bus,
    reset() {
      bus.reset();
      routing.apply(bridge.config, true);
    },
    loaded() {
      bridge.setWritable(SMRAM, SMRAM_WRITABLE);
      lock();
      routing.apply(bridge.config, true);
      bus.loaded();
    },
  };
};
