import { Storage, WallClock } from "backplane/sdk";
import { describe, expect, it } from "vitest";
import { HostServices, Machine, parseProfile, profileSchema } from "../kernel/machine/index.js";
import { FakeHostTime } from "../kernel/machine/testing/fake-host.js";
import { catalogue, definitions, profiles } from "./catalogue.js";

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
