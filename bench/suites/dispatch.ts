/** What port and memory-mapped I/O cost over a direct call, with hooks untapped and tapped; and from within a guest. */
import { PortSpace } from "../../kernel/bus/port-space.js";
import { GuestMemory } from "../../kernel/memory/guest-memory.js";
import { PhysicalSpace } from "../../kernel/memory/physical.js";
import { type MicroResult, median, micro } from "../harness.js";
import { addressOf, assembleProbes, countAccesses, decline, type FullHandler, PROBES, type Probed, portOf, probeHandler, untouched } from "../probes.js";
import { instructionCounter } from "../processor.js";
import { MMIO_READS, PORT_READS, type Program, REGISTER_MOVES } from "../programs.js";
import type { Context, Row, Suite } from "../report.js";
import { programSpeeds } from "../speed.js";

const OPERATIONS = 4096;
const MIB = 1 << 20;

const NS = "ns";
const OVER = "over direct";
const SPREAD = "+-%";
const RIVAL_NS = "QEMU ns";

/** Keeps results alive. */
let sink = 0;

// One loop for each way to reach a device: a loop shared between them would cost all of them an indirect call.
const callHandlers8 = (handlers: readonly FullHandler[], devices: number) => (): void => {
  let sum = 0;
  for (let each = 0; each < OPERATIONS; each++) sum += handlers[each & (devices - 1)].read8(each & 7);
  sink = sum;
};
const callHandlers32 = (handlers: readonly FullHandler[], devices: number) => (): void => {
  let sum = 0;
  for (let each = 0; each < OPERATIONS; each++) sum += handlers[each & (devices - 1)].read32(each & 7);
  sink = sum;
};
const readPorts = (ports: PortSpace, devices: number) => (): void => {
  let sum = 0;
  for (let each = 0; each < OPERATIONS; each++) sum += ports.read8(PORTS[each & (devices - 1)] + (each & 7));
  sink = sum;
};
const readMemory = (space: PhysicalSpace, devices: number) => (): void => {
  let sum = 0;
  for (let each = 0; each < OPERATIONS; each++) sum += space.read32(ADDRESSES[each & (devices - 1)] + (each & 7));
  sink = sum;
};
const PORTS = Array.from({ length: PROBES }, (_, each) => portOf(each));
const ADDRESSES = Array.from({ length: PROBES }, (_, each) => addressOf(each));

interface Contenders {
  readonly bare: { readonly ports: PortSpace; readonly space: PhysicalSpace; readonly handlers: readonly FullHandler[] };
  readonly untapped: Probed;
  readonly declined: Probed;
  readonly tapped: Probed;
}

/** Buses that no hook ever stood before. */
const bareBuses = (): Contenders["bare"] => {
  const ports = new PortSpace();
  const space = new PhysicalSpace(new GuestMemory(MIB));
  const handlers = Array.from({ length: PROBES }, (_, each) => {
    const handler = probeHandler(each);
    ports.map(portOf(each), 0x10, handler, "bench", false);
    space.mmio.map(addressOf(each), 0x1000, handler, "bench", false);
    return handler;
  });
  return { ports, space, handlers };
};

const portReads = (devices: number, { bare, untapped, declined, tapped }: Contenders): Record<string, () => void> => ({
  "direct call": callHandlers8(bare.handlers, devices),
  "bus without hooks": readPorts(bare.ports, devices),
  "machine, untapped": readPorts(untapped.machine.ports, devices),
  "machine, tap declines": readPorts(declined.machine.ports, devices),
  "machine, tap counts": readPorts(tapped.machine.ports, devices),
});

const mmioReads = (devices: number, { bare, untapped, declined, tapped }: Contenders): Record<string, () => void> => ({
  "direct call": callHandlers32(bare.handlers, devices),
  "bus without hooks": readMemory(bare.space, devices),
  "machine, untapped": readMemory(untapped.machine.memory, devices),
  "machine, tap declines": readMemory(declined.machine.memory, devices),
  "machine, tap counts": readMemory(tapped.machine.memory, devices),
});

const rowsOf = (title: string, results: Record<string, MicroResult>): Row[] => {
  const direct = results["direct call"].ns;
  return Object.entries(results).map(([name, { ns, spread }]) => ({ name: `${title}: ${name}`, figures: { [NS]: ns, [OVER]: ns - direct, [SPREAD]: spread * 100 } }));
};

/** @throws when an untapped or declined hook left anything between the bus and the device. */
const prove = ({ untapped, declined, tapped }: Contenders): void => {
  for (const [what, probed, expected] of [
    ["untapped hooks", untapped, PROBES],
    ["declining taps", declined, PROBES],
    ["counting taps", tapped, 0],
  ] as const) {
    const { ports, mmio } = untouched(probed);
    if (ports !== expected || mmio !== expected) throw new Error(`${what}: ${ports} port and ${mmio} memory handlers are the device's own; ${expected} of ${PROBES} should be`);
  }
};

/** ns per access from a guest's loop, over the same loop with register moves. */
const fromGuest = async (context: Context): Promise<Row[]> => {
  const instructions = instructionCounter(REGISTER_MOVES);
  const each = instructions(2) - instructions(1);
  const base = await programSpeeds(REGISTER_MOVES, context);
  const row = async (program: Program): Promise<Row> => {
    context.say(`guest: ${program.about}`);
    const speeds = await programSpeeds(program, context);
    const perAccess = (with_: readonly number[], without: readonly number[]): number => ((median(with_) - median(without)) * each) / program.operations!;
    return {
      name: `guest: ${program.about}`,
      figures: { [NS]: perAccess(speeds.warm, base.warm), ...(context.rival && { [RIVAL_NS]: perAccess(speeds.rival, base.rival) }) },
    };
  };
  return [await row(PORT_READS), await row(MMIO_READS)];
};

export const dispatch: Suite = {
  name: "dispatch",
  about: "ns per port and memory-mapped access against a direct call; hooks untapped and tapped",
  async run(context) {
    const counted = { accesses: 0 };
    const contenders: Contenders = {
      bare: bareBuses(),
      untapped: await assembleProbes(),
      declined: await assembleProbes(decline),
      tapped: await assembleProbes(countAccesses(counted)),
    };
    prove(contenders);
    const rows: Row[] = [];
    for (const devices of [1, PROBES]) {
      const many = devices === 1 ? "1 device" : `${devices} devices`;
      context.say(`reads of ${many}`);
      const options = { operations: OPERATIONS, rounds: context.rounds };
      rows.push(...rowsOf(`port, ${many}`, await micro(portReads(devices, contenders), options)));
      rows.push(...rowsOf(`MMIO, ${many}`, await micro(mmioReads(devices, contenders), options)));
    }
    if (counted.accesses === 0 || Number.isNaN(sink)) throw new Error("the counting tap counted nothing");
    rows.push(...(await fromGuest(context)));
    for (const { machine } of [contenders.untapped, contenders.declined, contenders.tapped]) await machine.dispose();
    return {
      columns: [NS, OVER, SPREAD, RIVAL_NS],
      rows,
      notes: [
        "Elapsed ns of one read, the fastest sample of each round, medians over the rounds; a guest's access in CPU ns over a register move. With 16 devices every handler has a shape of its own, as devices have.",
        `Proved: untapped, and with a tap that declines, the bus calls the devices' own handler objects (${PROBES} of ${PROBES} port ranges and pages).`,
      ],
    };
  },
};
