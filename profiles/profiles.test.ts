import { Storage, WallClock } from "backplane/sdk";
import { describe, expect, it } from "vitest";
import { HostServices, Machine, parseProfile, profileSchema } from "../kernel/machine/index.js";
import { FakeHostTime } from "../kernel/machine/testing/fake-host.js";
import { catalogue, definitions, profiles } from "./catalogue.js";
import { minimalPc } from "./minimal-pc.js";

const services = new HostServices()
  .provide(WallClock, { epochMs: 1_130_000_000_000 })
  .provide(Storage, { open: () => Promise.reject(new Error("no files here")), readAll: () => Promise.reject(new Error("no files here")) });

describe("profiles", () => {
  it("have definitions of different ids", () => {
    expect(definitions.length).toBeGreaterThan(25);
    expect(new Set(definitions.map((each) => each.id)).size).toBe(definitions.length);
  });

  it.each(profiles.map((profile) => [profile.name, profile] as const))("%s assembles, resets, saves and loads", async (_name, profile) => {
    const small = { ...profile, memoryMiB: 4 };
    const machine = await Machine.assemble(small, { hostTime: new FakeHostTime(), services, definitions });
    await machine.runFor(1000);
    machine.reset("test");
    await machine.runFor(1000);
    const file = await machine.save();
    const twin = await Machine.assemble(small, { hostTime: new FakeHostTime(), services });
    await twin.load(file);
    expect(twin.stateHash()).toBe(machine.stateHash());
    await machine.runFor(5000);
    await twin.runFor(5000);
    expect(twin.stateHash()).toBe(machine.stateHash());
    expect(machine.state).toBe("paused");
    await Promise.all([machine.dispose(), twin.dispose()]);
  });

  it("run the same however the run is cut, also across a snapshot", async () => {
    // Start the timer at 0x10 ticks, read it into BX, store that, again; interrupts are exceptions that begin anew.
    const program = [0xb0, 0x34, 0xe6, 0x43, 0xb0, 0x10, 0xe6, 0x40, 0xb0, 0, 0xe6, 0x40, 0xe4, 0x40, 0, 0xc3, 0xe4, 0x40, 0, 0xc7, 0x89, 0x1e, 0, 0x10, 0xeb, 0xe6];
    const hashAfter = async (...cuts: number[]): Promise<string> => {
      let machine = await Machine.assemble({ ...minimalPc, memoryMiB: 1 }, { hostTime: new FakeHostTime(), services });
      machine.memory.write(0x7c00, Uint8Array.from(program));
      for (let vector = 0; vector < 32; vector++) machine.memory.write(vector * 4, Uint8Array.of(0, 0x7c, 0, 0));
      for (const cut of cuts) {
        const twin = await Machine.assemble({ ...minimalPc, memoryMiB: 1 }, { hostTime: new FakeHostTime(), services });
        await twin.load(await machine.save());
        await machine.dispose();
        machine = twin;
        expect(await machine.runFor(cut)).toBe(true);
      }
      expect(machine.memory.read16(0x1000)).not.toBe(0);
      const hash = machine.stateHash();
      await machine.dispose();
      return hash;
    };
    const hash = await hashAfter(200_000);
    expect(await hashAfter(1, 64, 100_001, 99_934)).toBe(hash);
    expect(await hashAfter(200_001)).not.toBe(hash);
  });

  it("can be extended in JSON with a disk and a boot menu", async () => {
    const profile = parseProfile(
      JSON.stringify({
        name: "lab",
        extends: "seabios-pc",
        memory: 4,
        add: {
          "/pci/01.1/0:0": { use: "generic.ata-disk" },
          "/pci/01.1/0:0/image": { use: "generic.disk-memory", config: { "size-kib": 1024 } },
          "/pci/01.1/1:0": { use: "generic.atapi-cdrom" },
        },
        set: { "/isa/fw-cfg": { "boot-menu": true } },
      }),
      { catalogue, origin: "lab.json" },
    );
    const machine = await Machine.assemble(profile, { hostTime: new FakeHostTime(), services });
    expect(machine.devices.map(({ slot }) => slot.path)).toContain("/pci/01.1/0:0/image");
    await machine.insert("/isa/floppy/0", undefined);
    await machine.dispose();
  });

  it("describe themselves as JSON Schema", () => {
    const schema = JSON.stringify(profileSchema(catalogue));
    for (const { id } of definitions) expect(schema).toContain(`"${id}"`);
  });
});
