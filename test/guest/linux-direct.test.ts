/** Debian's kernel, started without a BIOS. */
import { describe, expect, it } from "vitest";
import { linux } from "./files.js";
import { type Guest, withGuest } from "./guest.js";

const MEMORY = 64;

/** Errors (and worse) the kernel has reported. */
const errors = async (guest: Guest): Promise<string[]> => (await guest.run("dmesg -r")).split("\n").filter((line) => /^<[0-3]>/.test(line));

/** Devices that a driver has taken. */
const boundTo = async (guest: Guest, driver: string): Promise<string[]> =>
  (await guest.run(`ls /sys/bus/${driver}`)).split(/\s+/).filter((name) => name !== "" && !["bind", "unbind", "uevent", "module", "new_id", "remove_id"].includes(name));

describe("Linux, started directly", () => {
  it("takes the devices of virtual-server-2005 and switches it off", async () => {
    const { kernel, initrd, append, kernelVersion } = await linux();
    await withGuest({ kernel, initrd, append, memory: MEMORY }, async (guest) => {
      await guest.untilShell(120);
      console.log(await guest.run("dmesg -r"));
      console.log(await guest.run("for d in /sys/bus/*/drivers/*; do ls $d | tr '\\n' ' '; echo $d; done"));
      console.log(await guest.powerOff());
    });
  });

  it("runs on minimal-pc", async () => {
    const { kernel, initrd, append } = await linux();
    await withGuest({ profile: "minimal-pc", kernel, initrd, append, memory: MEMORY }, async (guest) => {
      await guest.untilShell(120);
      console.log(await guest.run("dmesg -r"));
      console.log(await guest.run("for d in /sys/bus/*/drivers/*; do ls $d | tr '\\n' ' '; echo $d; done"));
    });
  });
});
