import { describe, expect, it } from "vitest";
import { type LocatedModule, moduleClosure, modulesAlias, modulesDep, readModuleInfo } from "./kernel-modules.js";
import { makeModule } from "./test-modules.js";

const located = (name: string, depends: readonly string[] = [], aliases: readonly string[] = []): LocatedModule => ({ name, depends, aliases, path: `kernel/${name}.ko` });
const known = (...modules: LocatedModule[]) => new Map(modules.map((module) => [module.name, module]));

describe("kernel modules", () => {
  it("reads dependencies and aliases from .modinfo", () => {
    const elf = makeModule(["license=GPL", "alias=pci:v00008086d00007010sv*sd*bc*sc*i*", "alias=fs-x", "depends=libata,scsi-mod", "name=ata_piix"]);
    expect(readModuleInfo("kernel/drivers/ata-piix.ko", elf)).toEqual({
      name: "ata_piix",
      depends: ["libata", "scsi_mod"],
      aliases: ["pci:v00008086d00007010sv*sd*bc*sc*i*", "fs-x"],
    });
    expect(readModuleInfo("a.ko", makeModule(["depends="])).depends).toEqual([]);
  });

  it("says which file is no module, however it is cut", () => {
    const elf = makeModule(["depends=a"]);
    for (let length = 0; length < elf.length; length += 5) expect(() => readModuleInfo("x.ko", elf.subarray(0, length))).toThrow(/x\.ko is not a 32-bit kernel module/);
    const wide = elf.slice();
    wide[4] = 2;
    expect(() => readModuleInfo("x.ko", wide)).toThrow(/not a 32-bit/);
  });

  it("orders dependencies before their users and leaves out unknown roots", () => {
    const modules = known(located("sd_mod", ["t10_pi", "scsi_mod"]), located("scsi_mod"), located("t10_pi", ["crc"]), located("crc"), located("other"));
    expect(moduleClosure(["sd-mod", "builtin"], modules).map(({ name }) => name)).toEqual(["crc", "t10_pi", "scsi_mod", "sd_mod"]);
  });

  it("ends on circles and names a dependency that is not there", () => {
    expect(moduleClosure(["a"], known(located("a", ["b"]), located("b", ["a"]))).map(({ name }) => name)).toEqual(["b", "a"]);
    expect(() => moduleClosure(["a"], known(located("a", ["gone"])))).toThrow(/a needs gone/);
  });

  it("writes modules.dep with all dependencies, the first to load last", () => {
    const modules = [located("crc"), located("t10_pi", ["crc"]), located("sd_mod", ["t10_pi"])];
    expect(modulesDep(modules)).toBe("kernel/crc.ko:\nkernel/t10_pi.ko: kernel/crc.ko\nkernel/sd_mod.ko: kernel/t10_pi.ko kernel/crc.ko\n");
  });

  it("writes modules.alias", () => {
    expect(modulesAlias([located("a", [], ["x*", "y"]), located("b")])).toBe("alias x* a\nalias y a\n");
  });
});
