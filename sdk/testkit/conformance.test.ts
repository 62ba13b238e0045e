import { type AnyDefinition, defineDevice, integer, irqLine, PciBus, port, role, SerialPort, Standalone, Storage } from "backplane/sdk";
import { describe, expect, it } from "vitest";
import { conformanceChecks } from "./conformance.js";
import type { ConformanceOptions } from "./subject.js";

/** A sound device: a counter that runs down from what is written and then raises its line. */
const alarm = defineDevice({
  id: "test.alarm",
  summary: "Counts down and interrupts",
  provides: Standalone,
  config: { base: port(0x300, "First of two ports"), irq: irqLine(5, "Interrupt line") },
  state: { version: 1, initial: () => ({ delay: 0, log: new Uint8Array(4), writes: 0 }) },
  resources: (config) => [
    { kind: "ports", base: config.base, length: 2 },
    { kind: "irq", line: config.irq },
  ],
  create({ board, config, state }) {
    const line = board.irq(config.irq);
    const timer = board.clock.timer("alarm", () => line.set(true));
    board.ports(config.base, 2, {
      read8: (offset) => (offset === 0 ? state.delay : line.level ? 1 : 0),
      write8(offset, value) {
        state.log[state.writes++ & 3] = value;
        if (offset === 0) {
          state.delay = value;
          timer.arm(board.clock.nowNs + value * 1000);
        } else line.set(false);
      },
    });
    return {
      role: {},
      reset() {
        state.delay = 0;
        state.writes = 0;
        state.log.fill(0);
        timer.cancel();
        line.set(false);
      },
    };
  },
});

type Create = typeof alarm.create;
type Parts = Parameters<Create>[0];
type Running = Awaited<ReturnType<Create>>;

const create = (parts: Parts): Running => alarm.create(parts) as Running;
const spoiled = (change: object): AnyDefinition => ({ ...alarm, ...change });

/** The messages of the checks that fail, by name. */
const failures = async (definition: AnyDefinition, options: Partial<ConformanceOptions<unknown, never, never>> = {}): Promise<Record<string, string>> => {
  const found: Record<string, string> = {};
  for (const { name, run } of conformanceChecks(definition, { accesses: 2000, ...options } as object)) {
    await run().catch((error: Error) => {
      found[name] = error.message;
    });
  }
  return found;
};

const CLAIMS = "declares what it claims and claims what it declares";
const EARLY = "leaves lines and memory alone until the power-on reset";
const PLAIN = "has plain data for a state, in a shape that stays";
const CHANGED = "is changed by random use, and saving does not change it";
const BACK = "comes back to a saved state";
const ON = "goes on alike from a saved state, fresh or used";
const TWICE = "resets the same way twice";
const FORGETS = "forgets everything at power-on";
const QUIET = "leaves no line high, no timer armed and no window open at reset";
const SURVIVES = "survives 2,000 random accesses";
const SAME = "does the same thing given the same";
const VERSIONS = "lifts states of every earlier version";

/** The sound device with `more` state fields. */
const withState = (more: () => object): AnyDefinition => spoiled({ state: { version: 1, initial: () => ({ ...alarm.state.initial({ base: 0, irq: 0 }), ...more() }) } });
/** The sound device with something done to it as it is created. */
const created = (change: (parts: Parts, device: Running) => Partial<Running> | undefined): AnyDefinition =>
  spoiled({
    create(parts: Parts) {
      const device = create(parts);
      return { ...device, ...change(parts, device) };
    },
  });
/** The sound device with another register behind port 310h. */
const register = (connect: (parts: Parts) => { read8?: () => number; write8?: (offset: number, value: number) => void }, more: () => object = () => ({})): AnyDefinition => ({
  ...withState(more),
  resources: (config: { base: number; irq: number }) => [...alarm.resources(config), { kind: "ports", base: 0x310, length: 1 }],
  create(parts: Parts) {
    parts.board.ports(0x310, 1, connect(parts));
    return create(parts);
  },
});

let devicesMade = 0;

const FAULTS: readonly (readonly [fault: string, check: string, message: RegExp, definition: AnyDefinition])[] = [
  [
    "a default out of range",
    "describes its configuration, with defaults that it accepts",
    /config\.base: default 16 is no whole number from 0 to 8/,
    spoiled({ config: { ...alarm.config, base: integer(16, 0, 8, "x") } }),
  ],
  ["ports it does not declare", CLAIMS, /claims ports 300h-301h, which resources\(\) does not declare/, spoiled({ resources: () => [{ kind: "irq", line: 5 }] })],
  ["a line it does not declare", CLAIMS, /claims IRQ 5, which/, spoiled({ resources: () => [{ kind: "ports", base: 0x300, length: 2 }] })],
  [
    "ports it never claims",
    CLAIMS,
    /declares ports 300h-302h, which it never claims/,
    spoiled({
      resources: () => [
        { kind: "ports", base: 0x300, length: 3 },
        { kind: "irq", line: 5 },
      ],
    }),
  ],
  ["a line that no PC has", CLAIMS, /declares IRQ 16, which no PC has/, spoiled({ resources: () => [...alarm.resources({ base: 0x300, irq: 5 }), { kind: "irq", line: 16 }] })],
  ["a line raised by create", EARLY, /create\(\) raises IRQ 5/, created(({ board }) => void board.irq(5).set(true))],
  ["memory read by create", EARLY, /create\(\) reads memory/, created(({ board }) => void board.busMaster.read32(0))],
  ["a Map in its state", PLAIN, /state\.seen is a Map/, withState(() => ({ seen: new Map() }))],
  ["a function in its state", PLAIN, /state\.call is a function/, withState(() => ({ call: () => {} }))],
  ["a reserved field name", PLAIN, /state\.\$u8 has a name that snapshots use/, withState(() => ({ $u8: 1 }))],
  [
    "a field that changes its type",
    PLAIN,
    /state\.mode is string, in a fresh device number/,
    register(
      ({ state }) => ({ write8: () => Object.assign(state, { mode: "on" }) }),
      () => ({ mode: 0 }),
    ),
  ],
  ["a field that appears", PLAIN, /state\.mode is not there in a fresh device/, register(({ state }) => ({ write8: () => Object.assign(state, { mode: 1 }) }))],
  ["state that nothing reaches", CHANGED, /2000 random accesses did not change/, spoiled({ resources: () => [], create: () => ({ role: {}, reset() {} }) })],
  ["a load that counts itself", BACK, /saved\.bench\.fields\.writes is \d+, was \d+/, created(({ state }) => ({ loaded: () => void state.writes++ }))],
  [
    "a register kept in a closure",
    ON,
    /goes on otherwise .*ports 310h.*the result is/,
    register(() => {
      let last = 0;
      return { read8: () => last, write8: (_offset, value) => void (last = value) };
    }),
  ],
  [
    "a reset that toggles",
    TWICE,
    /after a second hard reset, saved\.bench\.fields\.delay is/,
    created(({ state }, { reset }) => ({
      reset(kind) {
        const { delay } = state;
        reset(kind);
        state.delay = delay === 1 ? 0 : 1;
      },
    })),
  ],
  [
    "a field that reset forgets",
    FORGETS,
    /saved\.fields\.last is \d+, was 0 in a fresh device/,
    register(
      ({ state }) => ({ write8: (_offset, value) => Object.assign(state, { last: value }) }),
      () => ({ last: 0 }),
    ),
  ],
  [
    "a line high after reset",
    QUIET,
    /IRQ 5 is high after a hard reset/,
    created(({ board }, { reset }) => {
      const line = board.irq(5);
      return {
        reset(kind) {
          reset(kind);
          line.set(kind === "hard");
        },
      };
    }),
  ],
  [
    "a timer armed after reset",
    QUIET,
    /timer "left" is armed after a hard reset/,
    created(({ board }, { reset }) => {
      const timer = board.clock.timer("left", () => {});
      return {
        reset(kind) {
          reset(kind);
          if (kind === "hard") timer.arm(board.clock.nowNs + 1);
        },
      };
    }),
  ],
  [
    "a handler that throws",
    SURVIVES,
    /step \d+ \(write \w+ to ports 310h\+0h, \d+ bits\): odd/,
    register(() => ({
      write8: (_offset, value) => {
        if (value === 0x80) throw new Error("odd");
      },
    })),
  ],
  ["a read outside its width", SURVIVES, /read8 at ports 310h\+0h answered 256, which is no unsigned 8-bit number/, register(() => ({ read8: () => 256 }))],
  ["a read that is negative", SURVIVES, /answered -1/, register(() => ({ read8: () => -1 }))],
  ["a read of nothing", SURVIVES, /answered undefined/, register(() => ({ read8: () => undefined as never }))],
  [
    "a timer that stops time",
    SURVIVES,
    /timer "storm" fires again and again/,
    created(({ board }) => {
      const storm = board.clock.timer("storm", () => storm.arm(board.clock.nowNs));
      return { reset: () => storm.arm(0) };
    }),
  ],
  ["something shared between devices", SAME, /a second device, used in the same way: step \d+/, register(() => ({ read8: () => devicesMade++ & 0xff }))],
];

describe("the conformance suite", () => {
  it("passes a sound device", async () => {
    expect(await failures(alarm as AnyDefinition)).toEqual({});
  });

  it.each(FAULTS)("finds %s", async (_fault, check, message, definition) => {
    expect((await failures(definition))[check]).toMatch(message);
  });

  it("names the device and the seed's step in what it throws", async () => {
    const [check] = conformanceChecks(spoiled({ summary: "" })).filter(({ name }) => name.startsWith("describes"));
    await expect(check?.run()).rejects.toThrow("test.alarm: summary is one line");
  });

  it("wants an example of every earlier state, and lifts it", async () => {
    const initial = alarm.state.initial;
    const versioned = (migration: (old: object) => object) => spoiled({ state: { version: 2, initial, migrations: { 1: migration } } });
    const sound = versioned((old) => ({ ...old, writes: 0 }));
    const old = { delay: 3, log: new Uint8Array(4) };
    expect((await failures(sound))[VERSIONS]).toMatch(/state version is 2: give fields as version 1 saved them in "oldStates"/);
    expect(await failures(sound, { oldStates: { 1: old } })).toEqual({});
    expect(
      (
        await failures(
          versioned((each) => each),
          { oldStates: { 1: old } },
        )
      )[VERSIONS],
    ).toMatch(/fields of version 1, lifted to 2: state\.writes is gone/);
  });

  it("finds a window that a load does not open again, and one left open at reset", async () => {
    const windowed = (follow: (decode: () => void) => Partial<Running>): AnyDefinition => ({
      ...register(
        () => ({}),
        () => ({ base: 0 }),
      ),
      create(parts: Parts) {
        const { board } = parts;
        const state = parts.state as { base: number } & Parts["state"];
        let mapping: { unmap(): void } | undefined;
        const decode = (): void => {
          mapping?.unmap();
          mapping = state.base > 0 ? board.ports(state.base, 4, { read8: () => 1 }, { relocatable: true }) : undefined;
        };
        board.ports(0x310, 1, {
          write8(_offset, value) {
            state.base = value * 0x100;
            decode();
          },
        });
        const device = create(parts);
        return {
          ...device,
          reset(kind) {
            device.reset(kind);
            state.base = 0;
          },
          ...follow(decode),
        };
      },
    });
    const forgetful = await failures(windowed(() => ({})));
    expect(forgetful[ON]).toMatch(/loaded\(\) forgets to rebuild/);
    expect(forgetful[QUIET]).toMatch(/ports \w+h, length 4 is mapped after a hard reset/);
    expect((await failures(windowed((decode) => ({ loaded: decode }))))[ON]).toBeUndefined();
  });

  it("finds a file that dispose leaves open", async () => {
    const reader = (closes: boolean) =>
      defineDevice({
        id: "test.reader",
        summary: "Keeps a file open",
        provides: Standalone,
        needs: { storage: Storage },
        async create({ deps }) {
          const file = await deps.storage.open("a.bin", "read");
          return { role: {}, reset() {}, dispose: () => (closes ? file.close() : undefined) };
        },
      }) as AnyDefinition;
    const files = { "a.bin": new Uint8Array(1) };
    expect(await failures(reader(true), { files })).toEqual({});
    expect(await failures(reader(false), { files })).toEqual({ "gives back at the end what it opened on the host": 'test.reader: file "a.bin" is still open after dispose()' });
  });

  it("says what to do about a role it has no stand-in for", async () => {
    const Moon = role<{ readonly phase: number }>("moon");
    const tide = defineDevice({ id: "test.tide", summary: "Follows the moon", provides: Standalone, needs: { moon: Moon }, create: () => ({ role: {}, reset() {} }) });
    const [check] = conformanceChecks(tide).filter(({ name }) => name === SURVIVES || name.startsWith("survives"));
    await expect(check?.run()).rejects.toThrow('test.tide needs "moon" (role "moon"), for which the test kit has no stand-in: give one as "moon" in "deps"');
    const filled = conformanceChecks(tide, { deps: () => ({ moon: { phase: 0 } }), accesses: 100 });
    for (const { run } of filled) await run();
  });

  it("drives a device through its BARs, its role and further actions", async () => {
    const seen = new Set<string>();
    const card = defineDevice({
      id: "test.card",
      summary: "A PCI serial port",
      provides: SerialPort,
      needs: { pci: PciBus },
      create({ board, deps }) {
        deps.pci.attach(board, {
          vendorId: 1,
          deviceId: 2,
          classCode: 0xff_0000,
          bars: [
            { index: 0, kind: "io", size: 8, handler: { read8: () => Number(seen.add("io").size > 0) } },
            { index: 1, kind: "memory", size: 4096, handler: { write32: () => void seen.add("memory") } },
          ],
          registers: [{ offset: 0x40, value: 0, writable: 0xff }],
          onConfigWrite: () => void seen.add("config"),
        });
        seen.add(board.path);
        return { role: { onTransmit: () => () => {}, receive: () => void seen.add("receive"), pending: 0 }, reset() {} };
      },
    });
    for (const { run } of conformanceChecks(card, { accesses: 2000, actions: () => ({ shake: () => void seen.add("shake") }) })) await run();
    expect([...seen].sort()).toEqual(["/pci/05.0", "config", "io", "memory", "receive", "shake"]);
  });
});
