import { describe, expect, it } from "vitest";
import type { AnyDefinition } from "../../sdk/contract/device.js";
import type { Fields, StateSchema } from "../../sdk/contract/state.js";
import { HostServices } from "./plugin-host.js";
import { BlobWriter, openContainer } from "./snapshot-container.js";
import { checkShape, decodeField, encodeField } from "./snapshot-fields.js";
import { StateHash } from "./state-hash.js";
import { assemble, failure, line, Pic, pic, plain, profileOf, Ticker, ticker, Work, Worker, worker } from "./testing/devices.js";

const services = (): HostServices => {
  let next = 0;
  return new HostServices().provide(Work, { begin: () => Promise.resolve(next++) });
};
const board = profileOf(["/pic", pic], ["/timer", ticker], ["/line", line], ["/w", worker, { latency: 10_000 }]);
const busy = async () => {
  const made = await assemble(board, { services: services() });
  const { cpu, machine } = made;
  cpu.program = () => {
    if (cpu.accumulator++ % 3000 === 0) machine.ports.write8(0x300, 0);
    machine.memory.write8(0x1000 + (cpu.accumulator % 50_000), cpu.accumulator);
  };
  cpu.onInterrupt = (vector) => {
    if (vector === 5) machine.ports.read8(0x300);
  };
  return made;
};

/** A snapshot with its header changed, checksum and all. */
const forged = (file: Uint8Array, change: (header: never) => void): Uint8Array => {
  const { header } = openContainer(file);
  change(header as never);
  const view = new DataView(file.buffer);
  const blobs = new BlobWriter();
  const headerLength = view.getUint32(12, true);
  blobs.put(file.subarray(40 + headerLength));
  return blobs.finish(header);
};

describe("snapshots", () => {
  it("restore a machine that then runs as the saved one does", async () => {
    const { machine } = await busy();
    await machine.runFor(123_456);
    const file = await machine.save();
    expect(machine.outstandingWork).toBe(0);
    const { machine: twin, cpu } = await busy();
    await twin.load(file);
    expect(twin.state).toBe("paused");
    expect(cpu.accumulator).toBe((machine.cpu as typeof cpu).accumulator);
    expect(twin.stateHash()).toBe(machine.stateHash());
    expect(twin.clock.nowNs).toBe(machine.clock.nowNs);
    expect(twin.get(Ticker).ticks).toBe(machine.get(Ticker).ticks);
    expect(await twin.save()).toEqual(file);
    await Promise.all([machine.dispose(), twin.dispose()]);
  });

  it("do not change the run they are taken from", async () => {
    const [{ machine: saved }, { machine: plainRun }] = [await busy(), await busy()];
    await saved.runFor(100_000);
    await saved.save();
    const executed = saved.cpu.instructionCount;
    expect(executed).toBeGreaterThanOrEqual(100_000);
    await saved.runFor(200_000 - executed);
    await plainRun.runFor(200_000);
    expect(saved.stateHash()).toBe(plainRun.stateHash());
    await Promise.all([saved.dispose(), plainRun.dispose()]);
  });

  it("are taken at last of a machine that always has work outstanding", async () => {
    const { machine } = await assemble(profileOf(["/w", worker]), { services: services() });
    const [{ board: slot, state }] = machine.devices;
    let delivered = 0;
    const again = (): void => slot.complete(Promise.resolve(), 60e6, () => void delivered++, again);
    const overlapping = slot.clock.timer("again", () => {
      again();
      if (delivered < 5) overlapping.arm(slot.clock.nowNs + 50e6);
    });
    overlapping.arm(0);
    await machine.runUntil(1e6);
    expect(machine.outstandingWork).toBe(1);
    await machine.save();
    expect(machine.outstandingWork).toBe(0);
    expect(delivered).toBe(3);
    expect(machine.clock.nowNs).toBeLessThan(110e6);
    expect(state["results"]).toEqual([]);
    await machine.dispose();
  });

  it("pause a running machine and let it run on", async () => {
    const { machine } = await busy();
    const told: string[] = [];
    machine.events.on("snapshot", (kind) => told.push(kind));
    await machine.start();
    const file = await machine.save();
    expect(machine.state).toBe("running");
    await machine.load(file);
    expect(machine.state).toBe("running");
    expect(told).toEqual(["saved", "loaded"]);
    await machine.dispose();
    expect((await failure(() => machine.save())).code).toBe("MACHINE_STATE");
  });

  it("restore levels of lines without edges, and pending timers", async () => {
    const { machine } = await assemble(board, { services: services() });
    machine.ports.write8(0x300, 0);
    await machine.runFor(20_000);
    const pending = machine.devices.find(({ slot }) => slot.path === "/w")!;
    expect(pending.board.save().lines).toEqual(["5"]);
    const file = await machine.save();
    const { machine: twin } = await assemble(board, { services: services() });
    await twin.load(file);
    const controller = twin.devices.find(({ slot }) => slot.path === "/pic")!;
    expect(controller.state["edges"]).toBe(machine.devices.find(({ slot }) => slot.path === "/pic")!.state["edges"]);
    expect(twin.get(Pic).requests).toBe(machine.get(Pic).requests);
    twin.ports.read8(0x300);
    expect(twin.devices.find(({ slot }) => slot.path === "/w")!.board.save().lines).toEqual([]);
    expect(twin.devices.find(({ slot }) => slot.path === "/timer")!.board.save().timers).toEqual({ tick: 1_000_000 });
    expect(twin.get(Worker).results).toEqual([0]);
    await Promise.all([machine.dispose(), twin.dispose()]);
  });

  it("skip zero pages and keep memory blocks", async () => {
    const card = plain("acme.card", { resources: () => [{ kind: "memory", name: "vram", bytes: 1 << 20 }] });
    const profile = profileOf(["/card", card]);
    const { machine } = await assemble(profile);
    machine.memory.write8(0x5_4321, 9);
    const vram = machine.devices[0].board.block("vram").bytes;
    vram[0x12345] = 0x77;
    const file = await machine.save();
    expect(file.length).toBeLessThan(12_000);
    vram[0x12345] = 0;
    vram[5] = 1;
    machine.memory.write8(0x700, 1);
    await machine.load(file);
    expect([machine.memory.read8(0x5_4321), machine.memory.read8(0x700), vram[0x12345], vram[5]]).toEqual([9, 0, 0x77, 0]);
    await machine.dispose();
  });

  const counter = (version: number, migrations: Record<number, (old: Fields) => Fields>, initial: () => Fields): AnyDefinition =>
    plain("acme.counter", { state: { version, initial, migrations } as StateSchema<Fields> });

  it("lift old state, refuse newer state", async () => {
    const old = await assemble(profileOf(["/c", counter(1, {}, () => ({ count: 5 }))]));
    const file = await old.machine.save();
    const lifted = counter(3, { 1: ({ count }) => ({ value: count }), 2: ({ value }) => ({ value, half: (value as number) / 2 }) }, () => ({ value: 0, half: 0 }));
    const current = await assemble(profileOf(["/c", lifted]));
    await current.machine.load(file);
    expect(current.machine.devices[0].state).toEqual({ value: 5, half: 2.5 });
    const newer = await current.machine.save();
    expect(await failure(() => old.machine.load(newer))).toMatchObject({
      code: "SNAPSHOT_NEWER_STATE",
      message: '/c: the snapshot has version 3 of the state of "acme.counter", this one knows versions up to 1',
    });
    const broken = await assemble(profileOf(["/c", counter(2, { 1: ({ absent }) => ({ value: (absent as { x: number }).x }) }, () => ({ value: 0 }))]));
    expect((await failure(() => broken.machine.load(file))).message).toContain("fields of version 1 cannot be lifted to 2");
    await Promise.all([old, current, broken].map((each) => each.machine.dispose()));
  });

  it("are refused by name when the machine is another, which then is unchanged", async () => {
    const { machine } = await assemble(profileOf(["/pic", pic], ["/line", line]));
    const file = await machine.save();
    const other = async (profile: ReturnType<typeof profileOf>) => {
      const { machine: twin } = await assemble(profile);
      await twin.runFor(1000);
      const before = twin.stateHash();
      const { code, message } = await failure(() => twin.load(file));
      expect(twin.stateHash()).toBe(before);
      await twin.dispose();
      return `${code}: ${message}`;
    };
    expect(await other(profileOf(["/pic", pic]))).toBe('SNAPSHOT_UNKNOWN_DEVICE: the snapshot has "test.line" at /line, where this machine has no device');
    expect(await other(profileOf(["/pic", pic], ["/line", ticker]))).toBe('SNAPSHOT_UNKNOWN_DEVICE: the snapshot has "test.line" at /line, this machine has "test.ticker" there');
    expect(await other(profileOf(["/pic", pic], ["/line", line], ["/timer", ticker]))).toBe(
      'SNAPSHOT_MISSING_DEVICE: this machine has "test.ticker" at /timer, the snapshot has nothing there',
    );
    expect(await other({ ...profileOf(["/pic", pic], ["/line", line]), memoryMiB: 2 })).toBe("SNAPSHOT_MEMORY_SIZE: the snapshot has 1048576 bytes of RAM, the machine 2097152");
    await machine.dispose();
  });

  it("are refused when cut short or damaged", async () => {
    const { machine } = await busy();
    await machine.runFor(30_000);
    const file = await machine.save();
    const before = machine.stateHash();
    for (const length of [0, 7, 39, 40, 100, file.length - 1]) expect((await failure(() => machine.load(file.subarray(0, length)))).code).toBe("SNAPSHOT_CORRUPT");
    for (let at = 0; at < file.length; at += Math.ceil(file.length / 97)) {
      const damaged = file.slice();
      damaged[at] ^= 0x10;
      expect((await failure(() => machine.load(damaged))).code).toMatch(/^SNAPSHOT_(CORRUPT|NEWER_FORMAT)$/);
    }
    const newer = file.slice();
    newer[8] = 2;
    expect((await failure(() => machine.load(newer))).message).toContain("container format 2");
    expect(machine.stateHash()).toBe(before);
    await machine.dispose();
  });

  type Header = { cpu: Record<string, unknown>; clock: Record<string, unknown>; devices: Record<string, unknown>[]; ram: Record<string, unknown>; blocks: unknown[] };
  it.each<[string, (header: Header) => void, RegExp]>([
    ["a field of another type", ({ devices }) => void (devices[1]["fields"] = { ticks: "1", lastNs: 0 }), /SNAPSHOT_FIELD: .*\/timer.ticks is string instead of number/],
    ["a missing field", ({ devices }) => void (devices[1]["fields"] = { ticks: 1 }), /SNAPSHOT_FIELD: .*\/timer.lastNs is missing/],
    ["a field too many", ({ devices }) => void (devices[1]["fields"] = { ticks: 1, lastNs: 0, more: 1 }), /\/timer.more is not a field/],
    ["a prototype for a field", ({ devices }) => void (devices[1]["fields"] = JSON.parse('{"__proto__":{"x":1}}')), /"__proto__" cannot name a field/],
    ["a device twice", ({ devices }) => void devices.push(devices[0]), /\/pic is there twice/],
    ["no devices", (header) => void (header.devices = undefined as never), /the list of devices is missing/],
    ["fewer pages than page numbers", ({ ram }) => void (ram["pages"] = [(ram["pages"] as number[])[0], 4096]), /pages of RAM are missing/],
    [
      "a page outside RAM",
      ({ ram }) => {
        const [at] = ram["pages"] as [number];
        Object.assign(ram, { numbers: [at, 4], pages: [at + 8, 4096] });
      },
      /a page of RAM lies outside it/,
    ],
    ["a blob outside the file", ({ ram }) => void (ram["pages"] = [1 << 30, 4096]), /outside the file/],
    ["a negative blob", ({ ram }) => void (ram["pages"] = [-8, 4096]), /outside the file/],
    [
      "a blob used over and over",
      ({ devices, ram }) => void (devices[1]["timers"] = { tick: Array.from({ length: 9 }, () => ({ $u8: ram["pages"] })) }),
      /more data than the file has/,
    ],
    ["a timer without a time", ({ devices }) => void (devices[1]["timers"] = { tick: "soon" }), /timer "tick" has no time/],
    ["a line the board lacks", ({ devices }) => void (devices[1]["lines"] = ["16"]), /"16" is not an interrupt source/],
    ["no time", ({ clock }) => void (clock["nowNs"] = { $n: "NaN" }), /clock.nowNs is no time/],
    ["no rate", ({ clock }) => void (clock["nsPerInstruction"] = 0), /clock.nsPerInstruction is no rate/],
    ["half a processor", ({ cpu }) => void (cpu["count"] = undefined), /cpu.count is missing/],
    ["a processor of nulls", ({ cpu }) => void (cpu["count"] = null), /cpu.count is missing/],
    ["no version", ({ devices }) => void (devices[0]["version"] = 0), /\/pic: it has no state version/],
    ["a block too many", ({ blocks }) => void blocks.push({}), /it has 1 memory blocks, the machine 0/],
  ])("are refused with %s", async (_what, change, expected) => {
    const { machine } = await busy();
    await machine.runFor(10_000);
    const file = await machine.save();
    const before = machine.stateHash();
    const { code, message } = await failure(() => machine.load(forged(file, change as never)));
    expect(`${code}: ${message}`).toMatch(expected);
    expect(machine.stateHash()).toBe(before);
    await machine.dispose();
  });

  it("wait for timers and sources that a device asks for only when it is loaded", async () => {
    const lazy = plain("acme.lazy", {
      state: { version: 1, initial: () => ({ on: false, fired: 0 }) },
      create: ({
        board,
        state,
      }: {
        board: { irq: (line: number, options: object) => { set(level: boolean): void }; clock: { timer: (name: string, fire: () => void) => { arm(at: number): void } } };
        state: { on: boolean; fired: number };
      }) => {
        let made: { irq: { set(level: boolean): void }; timer: { arm(at: number): void } } | undefined;
        const make = () =>
          (made ??= {
            irq: board.irq(9, { routed: true }),
            timer: board.clock.timer("late", () => {
              state.fired++;
            }),
          });
        return {
          role: {
            insert: () => {
              state.on = true;
              make().irq.set(true);
              make().timer.arm(500_000);
            },
          },
          reset: () => {},
          loaded: () => void (state.on && make()),
        };
      },
    } as never);
    const profile = profileOf(["/pic", pic], ["/lazy", lazy]);
    const [{ machine }, { machine: twin }] = [await assemble(profile), await assemble(profile)];
    await machine.insert("/lazy", undefined);
    await twin.load(await machine.save());
    expect(twin.stateHash()).toBe(machine.stateHash());
    expect(twin.devices.find(({ slot }) => slot.path === "/lazy")!.board.save()).toEqual({ timers: { late: 500_000 }, lines: ["9"] });
    await twin.runFor(60_000);
    expect(twin.devices.find(({ slot }) => slot.path === "/lazy")!.state["fired"]).toBe(1);
    await Promise.all([machine.dispose(), twin.dispose()]);
  });
});

describe("fields", () => {
  it("survive the way through JSON and blobs", () => {
    const fields: Fields = {
      numbers: [0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 2 ** 40],
      text: 'a "quoted" \u20ac',
      flag: true,
      nothing: null,
      nested: { bytes: Uint8Array.of(1, 2, 3), halves: Uint16Array.of(65535), words: Uint32Array.of(4294967295), signed: Int32Array.of(-1), list: [{ a: 1 }, { a: 2 }] },
    };
    const blobs = new BlobWriter();
    const { header, blobs: reader } = openContainer(blobs.finish(encodeField(fields, blobs, "test")));
    expect(decodeField(header, reader)).toEqual(fields);
  });

  it.each([
    ["a function", { fields: { f: () => {} } }],
    ["undefined", { fields: { u: undefined } }],
    ["a Float64Array", { fields: new Float64Array(1) }],
    ["a reserved name", { $u8: 1 }],
  ])("refuse %s by name", async (_what, value) => {
    const { code, message } = await failure(() => encodeField(value, new BlobWriter(), "/dev"));
    expect(code).toBe("SNAPSHOT_UNSAVEABLE");
    expect(message).toContain("/dev.");
  });

  it("refuse nesting without end", async () => {
    let deep: unknown = 0;
    for (let level = 0; level < 100; level++) deep = [deep];
    const { blobs } = openContainer(new BlobWriter().finish({}));
    expect((await failure(() => decodeField(deep, blobs))).message).toContain("nested too deeply");
  });

  it("must have the lengths of the live ones", async () => {
    expect((await failure(() => checkShape({ ram: new Uint8Array(4) }, { ram: new Uint8Array(5) }, "/d"))).message).toContain("/d.ram is Uint8Array(5) instead of Uint8Array(4)");
    checkShape({ list: [{ a: 1 }], maybe: null }, { list: [{ a: 2 }, { a: 3 }], maybe: 5 }, "/d");
    expect((await failure(() => checkShape({ list: [{ a: 1 }] }, { list: [{ b: 2 }] }, "/d"))).message).toContain("/d.list[0].a is missing");
  });
});

describe("state hash", () => {
  const hashOf = (fill: (hash: StateHash) => void): string => {
    const hash = new StateHash();
    fill(hash);
    return hash.digest();
  };
  it("has 16 digits and sees every bit, the order and the length", () => {
    const seen = new Set<string>();
    for (let bit = 0; bit < 64; bit++) {
      const bytes = new Uint8Array(9);
      bytes[bit >> 3] = 1 << (bit & 7);
      seen.add(hashOf((hash) => hash.bytes(bytes)));
      seen.add(hashOf((hash) => hash.bytes(bytes.subarray(0, 8))));
    }
    for (let zeros = 0; zeros < 16; zeros++) seen.add(hashOf((hash) => hash.bytes(new Uint8Array(zeros))));
    expect(seen.size).toBe(64 * 2 + 16);
    for (const each of seen) expect(each).toMatch(/^[0-9a-f]{16}$/);
  });
  it("does not depend on alignment", () => {
    const bytes = Uint8Array.from({ length: 64 }, (_, index) => index * 7);
    const shifted = new Uint8Array(65);
    shifted.set(bytes, 1);
    expect(hashOf((hash) => hash.bytes(shifted.subarray(1)))).toBe(hashOf((hash) => hash.bytes(bytes)));
  });
  it("tells pages apart that trade places", () => {
    const [a, b] = [new Uint8Array(8192), new Uint8Array(8192)];
    a[0] = 1;
    b[4096] = 1;
    expect(hashOf((hash) => hash.pages(a))).not.toBe(hashOf((hash) => hash.pages(b)));
  });
});
