import { expect, it } from "vitest";
import { createMachine } from "./browser.js";
import { echoOnce, guestRom, powerOff, print } from "./testing/guest-rom.js";

it.each(["real", "deterministic"] as const)("runs a machine from files in memory with the %s clock", async (clock) => {
  const vm = await createMachine({ profile: "virtual-server-2005", memory: 4, bios: "rom", files: { rom: guestRom(print("? "), echoOnce, powerOff) }, clock });
  vm.serial();
  await vm.start();
  await vm.waitForText("serial", "? ");
  vm.serial().write("!");
  expect(await vm.exit).toMatchObject({ kind: "power-off" });
  expect(vm.serial().transcript).toBe("? !");
  expect([...vm.screen.png().subarray(1, 4)]).toEqual([0x50, 0x4e, 0x47]);
  await vm.dispose();
});

it("has no files but the given ones", async () => {
  await expect(createMachine({ kernel: "vmlinuz" })).rejects.toMatchObject({ code: "STORAGE_NOT_FOUND", message: expect.stringContaining('give it in "files"') });
});
