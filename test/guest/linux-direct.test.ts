/** Debian's kernel, started without a BIOS: its drivers take the devices and have nothing to complain about. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { linux } from "./files.js";
import { type Guest, withGuest } from "./guest.js";

const MEMORY = 64;
const BOOT_SECONDS = 60;

/** What the kernel says of a processor without machine check and performance counters. */
const ABSENT_IN_PROCESSOR = [/mce: Unable to init MCE device/, /Failed to access perfctr msr/, /Broken PMU hardware/];
/** And of a machine without ACPI and PCI. */
const ABSENT_IN_MINIMAL_PC = [/A valid RSDP was not found/, /PCI: Fatal: No config space access function found/];

/** What the kernel has reported as errors and worse, but for `known`; and warnings that name a driver of this board. */
const complaints = async (guest: Guest, known: readonly RegExp[]): Promise<string[]> => {
  const lines = (await guest.run("dmesg -r")).split("\n").filter((line) => line !== "");
  expect(lines.length).toBeGreaterThan(150);
  const errors = lines.filter((line) => /^<[0-3]>/.test(line));
  const warnings = lines.filter((line) => /^<4>/.test(line) && /\b(ata\d|ata_piix|sd|sr|i8042|serio|atkbd|psmouse|8250|serial|rtc_cmos|pci|floppy)\b/.test(line));
  return [...errors, ...warnings].filter((line) => !known.some((pattern) => pattern.test(line)));
};

/** Whether a driver has taken devices: `ls` shows them among its attributes. */
const devicesOf = async (guest: Guest, driver: string): Promise<string[]> =>
  (await guest.run(`ls /sys/bus/${driver}`)).split(/\s+/).filter((name) => !/^(|bind|bind_mode|unbind|uevent|module|new_id|remove_id|description)$/.test(name));

const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");

const pattern = (bytes: number, seed: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, index) => (Math.imul(index + seed, 0x9e3779b1) >>> 13) & 0xff);

describe("Linux, started directly", () => {
  it("takes every device of virtual-server-2005, and switches the machine off", async () => {
    const { kernel, initrd, append, kernelVersion } = await linux();
    const files = { disk: pattern(4 << 20, 1), cd: pattern(2 << 20, 2), floppy: pattern(1440 << 10, 3) };
    await withGuest({ kernel, initrd, append, memory: MEMORY, disks: ["disk"], cdrom: "cd", floppy: "floppy", files }, async (guest) => {
      await guest.untilShell(BOOT_SECONDS);
      expect(await guest.run("uname -r")).toBe(`${kernelVersion}\n`);

      expect(await devicesOf(guest, "pci/drivers/ata_piix")).toEqual(["0000:00:07.1"]);
      expect(await devicesOf(guest, "platform/drivers/serial8250")).toEqual(["serial8250"]);
      expect(await devicesOf(guest, "pnp/drivers/serial")).toHaveLength(2);
      expect(await devicesOf(guest, "platform/drivers/i8042")).toEqual(["i8042"]);
      expect(await devicesOf(guest, "serio/drivers/atkbd")).toEqual(["serio0"]);
      expect(await devicesOf(guest, "pnp/drivers/rtc_cmos")).toHaveLength(1);
      expect(await guest.run("cat /proc/tty/driver/serial")).toMatch(/0: uart:16550A port:000003F8 irq:4 .*\n1: uart:16550A port:000002F8 irq:3/);
      expect(await guest.run("cat /sys/class/rtc/rtc0/date")).toBe("2005-01-01\n");

      // Its own copies of what the host put in, through DMA of both kinds.
      expect(await guest.run("md5sum < /dev/sda")).toContain(md5(files.disk));
      expect(await guest.run("md5sum < /dev/sr0")).toContain(md5(files.cd));
      expect(await guest.run("modprobe floppy && dd if=/dev/fd0 bs=36k count=8 2> /dev/null | md5sum")).toContain(md5(files.floppy.subarray(0, 288 << 10)));
      await guest.run("dd if=/dev/sr0 of=/dev/sda bs=64k seek=8 count=16 conv=fsync 2> /dev/null");
      expect(md5(files.disk.subarray(512 << 10, 1536 << 10))).toBe(md5(files.cd.subarray(0, 1 << 20)));
      expect(await guest.run("cat /proc/interrupts")).toMatch(/^ *4: +[1-9].* ttyS0$[\s\S]*^ *14: +[1-9].* ata_piix$/m);

      // A person at the screen.
      await guest.untilScreen("Please press Enter", 10);
      await guest.vm.typeText("\n");
      await guest.untilScreen("backplane:/root#", 10);
      await guest.vm.typeText("echo on screen $((6 * 7))\n");
      expect(await guest.untilScreen(/^on screen 42$/m, 10)).toContain("BusyBox");

      expect(await complaints(guest, ABSENT_IN_PROCESSOR)).toEqual([]);
      expect(await guest.powerOff()).toEqual({ kind: "power-off", reason: expect.stringContaining("ACPI") });
    });
  });

  it("runs on minimal-pc, which has neither PCI nor ACPI", async () => {
    const { kernel, initrd, append } = await linux();
    await withGuest({ profile: "minimal-pc", kernel, initrd, append, memory: MEMORY }, async (guest) => {
      await guest.untilShell(BOOT_SECONDS);
      expect(await devicesOf(guest, "platform/drivers/serial8250")).toEqual(["serial8250"]);
      expect(await devicesOf(guest, "platform/drivers/i8042")).toEqual(["i8042"]);
      expect(await devicesOf(guest, "platform/drivers/rtc_cmos")).toEqual(["rtc_cmos"]);
      expect(await complaints(guest, [...ABSENT_IN_PROCESSOR, ...ABSENT_IN_MINIMAL_PC])).toEqual([]);
    });
  });
});
