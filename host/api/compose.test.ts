import { describe, expect, it } from "vitest";
import { catalogue } from "../../profiles/catalogue.js";
import type { Profile } from "../../sdk/contract/profile.js";
import { integer } from "../../sdk/define/config.js";
import { defineDevice, Standalone } from "../../sdk/define/device.js";
import { composeProfile } from "./compose.js";
import type { MachineDescription } from "./description.js";

const compose = (description: MachineDescription) => composeProfile(description, catalogue, (option) => `--${option}`);
const at = (profile: Profile, path: string) => {
  const slot = profile.slots.find((each) => each.path === path);
  return slot && [slot.definition.id, slot.config];
};
const configAt = (profile: Profile, path: string) => profile.slots.find((each) => each.path === path)!.config;
const refused = (description: MachineDescription): string => {
  try {
    compose(description);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was refused");
};
const dice = defineDevice({ id: "acme.dice", summary: "Dice", provides: Standalone, config: { sides: integer(6, 2, 100, "Sides") }, create: () => ({ role: {}, reset() {} }) });

describe("a kernel", () => {
  it("is booted directly on virtual-server-2005", () => {
    const profile = compose({ kernel: "vmlinuz", append: "quiet", memory: 64 });
    expect([profile.name, profile.memoryMiB]).toEqual(["virtual-server-2005", 64]);
    expect(at(profile, "/firmware")).toEqual(["linux.direct-boot", { kernel: "vmlinuz", initrd: "", append: "quiet" }]);
  });
  it("takes the place of the profile's firmware", () => {
    const bios = compose({ bios: "bios.bin", profile: "virtual-server-2005" });
    const profile = compose({ profile: bios, kernel: "vmlinuz" });
    expect(profile.slots.filter(({ definition }) => definition.provides.name === "firmware").map(({ definition }) => definition.id)).toEqual(["linux.direct-boot"]);
  });
});

describe("media", () => {
  it("are booted by a BIOS on seabios-pc", () => {
    const profile = compose({
      disks: ["a.img", { file: "b.img", readOnly: true }],
      cdrom: "c.iso",
      floppy: "d.img",
      bios: "bios.bin",
      videoBios: "vga.bin",
      boot: ["cdrom", "disk"],
    });
    expect(profile.name).toBe("seabios-pc");
    expect(at(profile, "/firmware")).toEqual(["generic.rom-firmware", { bios: "bios.bin", boot: "cdrom,disk" }]);
    expect(at(profile, "/pci/02.0")).toEqual(["bochs.vga-pci", { rom: "vga.bin" }]);
    expect(at(profile, "/pci/01.1/0:0")).toEqual(["generic.ata-disk", {}]);
    expect(at(profile, "/pci/01.1/0:0/image")).toEqual(["generic.disk-raw", { file: "a.img", "read-only": false }]);
    expect(at(profile, "/pci/01.1/0:1/image")).toEqual(["generic.disk-raw", { file: "b.img", "read-only": true }]);
    expect(at(profile, "/pci/01.1/1:0")).toEqual(["generic.atapi-cdrom", {}]);
    expect(at(profile, "/pci/01.1/1:0/image")).toEqual(["generic.disk-raw", { file: "c.iso", "read-only": true, "sector-bytes": "2048" }]);
    expect(at(profile, "/isa/floppy/0/image")).toEqual(["generic.disk-raw", { file: "d.img" }]);
  });

  it("go beside a kernel that is booted directly", () => {
    const profile = compose({ kernel: "vmlinuz", disks: ["a.img"] });
    expect(at(profile, "/pci/07.1/0:0/image")).toBeDefined();
    expect(at(profile, "/firmware")?.[0]).toBe("linux.direct-boot");
  });

  it("fill four places, the CD's last", () => {
    const profile = compose({ kernel: "k", disks: ["a", "b", "c", "d"] });
    expect(["0:0", "0:1", "1:1", "1:0"].map((unit) => configAt(profile, `/pci/07.1/${unit}/image`)["file"])).toEqual(["a", "b", "c", "d"]);
    expect(refused({ kernel: "k", disks: ["a", "b", "c", "d"], cdrom: "e" })).toBe("--disk: all 4 places at /pci/07.1 are taken; leave out a drive");
  });

  it("go into the profile's own empty drive", () => {
    const base = compose({ kernel: "k", plug: [{ path: "/pci/07.1/0:1", use: "generic.atapi-cdrom" }] });
    const profile = compose({ profile: base, kernel: "k", cdrom: "c.iso" });
    expect(at(profile, "/pci/07.1/0:1/image")).toBeDefined();
    expect(at(profile, "/pci/07.1/1:0")).toBeUndefined();
  });

  it("need a controller", () =>
    expect(refused({ profile: "minimal-pc", kernel: "k", disks: ["a"] })).toBe('--disk: profile "minimal-pc" has no IDE controller; choose another profile'));
});

describe("edits", () => {
  it("plug, swap and set, in this order", () => {
    const profile = compose({
      kernel: "k",
      plug: [{ path: "/isa/dice", use: dice, config: { sides: 8 } }],
      swap: { cmos: "lab.frozen-rtc" },
      set: ["/isa/dice.sides=20", "/firmware.append=x=y"],
    });
    expect(at(profile, "/isa/dice")).toEqual(["acme.dice", { sides: 20 }]);
    expect(at(profile, "/isa/rtc")?.[0]).toBe("lab.frozen-rtc");
    expect(configAt(profile, "/firmware")["append"]).toBe("x=y");
  });

  it("know the definitions of plugins by id", () => {
    expect(at(compose({ kernel: "k", definitions: [dice], plug: [{ path: "/isa/dice", use: "acme.dice" }] }), "/isa/dice")).toBeDefined();
    const twin = { ...dice, summary: "Other dice" };
    expect(refused({ kernel: "k", definitions: [dice, twin] })).toContain('two devices have the id "acme.dice"');
  });

  it("take a profile as JSON", () => {
    const profile = compose({ profile: { name: "lab", extends: "minimal-pc", memory: 16 }, kernel: "k" });
    expect([profile.name, profile.memoryMiB]).toEqual(["lab", 16]);
  });

  it.each<[MachineDescription, RegExp]>([
    [{}, /^profile "virtual-server-2005" has nothing to boot; give --kernel/],
    [{ kernel: "k", bios: "b" }, /--kernel starts Linux.*give one/],
    [{ initrd: "i", disks: ["d"] }, /^--initrd is for a kernel/],
    [{ append: "x", disks: ["d"] }, /^--append is for a kernel/],
    [{ disks: ["d"] }, /^profile "seabios-pc" has no BIOS.*give --bios/],
    [{ kernel: "k", boot: ["disk"] }, /^--boot: the machine has no BIOS/],
    [{ kernel: "k", profile: "virtual-server-2006" }, /^--profile.*did you mean "virtual-server-2005"/],
    [{ kernel: "k", memory: 0 }, /^--memory:.*from 1 to/],
    [{ kernel: "k", swap: { cmos: "lab.nothing" } }, /known devices: lab.frozen-rtc, motorola.mc146818$/],
    [{ kernel: "k", swap: { cmos: "ns.16450" } }, /^--swap:.*provides "serial-port"/],
    [{ kernel: "k", set: ["/isa/com1.bse=1"] }, /^--set:.*did you mean "base"/],
    [{ kernel: "k", plug: [{ path: "/isa/com1", use: dice }] }, /^--plugin: \/isa\/com1: "ns.16550a"/],
  ])("refuses %o in one line", (description, message) => {
    const text = refused(description);
    expect(text).toMatch(message);
    expect(text).not.toContain("\n");
  });
});
