import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { buildInitramfs, INITRAMFS_RECIPE } from "./initramfs.js";

const text = new TextDecoder("latin1");

describe("initramfs", () => {
  const module = {
    info: {
      name: "ata_generic",
      path: "kernel/ata_generic.ko",
      depends: [],
      aliases: ["pci:v00008086d*sv*sd*bc01sc01i*", "pci:v*d*sv*sd*bc01sc01i*", "pci:v00001042d00003020sv*sd*bc*sc*i*"],
    },
    data: new Uint8Array([1]),
  };
  const archive = text.decode(buildInitramfs({ kernelRelease: "1.2-x", busybox: new Uint8Array([0x7f]), modules: [module] }));

  it("has what the kernel and BusyBox look for", () => {
    for (const path of [
      "init",
      "bin/busybox",
      "bin/sh",
      "dev/console",
      "proc",
      "sys",
      "sbin/coldplug",
      "etc/profile",
      "lib/modules/1.2-x/modules.dep",
      "lib/modules/1.2-x/kernel/ata_generic.ko",
    ]) {
      expect(archive).toContain(`${path}\0`);
    }
  });

  it("does not load ata_generic for controllers it declines", () => {
    expect(archive).toContain("alias pci:v00001042d00003020sv*sd*bc*sc*i* ata_generic\n");
    expect(archive).not.toContain("bc01sc01");
  });

  it.skipIf(spawnSync("sh", ["-c", "true"]).status !== 0)("has scripts a shell can read", () => {
    const scripts = INITRAMFS_RECIPE.filter((part) => part.includes("\n"));
    expect(scripts.length).toBeGreaterThan(4);
    for (const script of scripts) expect(spawnSync("sh", ["-n"], { input: script, encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  });
});
