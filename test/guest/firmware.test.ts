/** SeaBIOS and what it starts from small media. */
import { describe, expect, it } from "vitest";
import { packageFiles, seaBios } from "./files.js";
import { withGuest } from "./guest.js";
import { textFloppy } from "./media/floppy.js";

const POST_SECONDS = 10;

describe("SeaBIOS", () => {
  it("finds the drives of every kind and says what it cannot boot", async () => {
    const files = { disk: new Uint8Array(1 << 20), cd: new Uint8Array(1 << 20), floppy: new Uint8Array(1440 << 10) };
    await withGuest({ ...(await seaBios()), memory: 16, disks: ["disk"], cdrom: "cd", floppy: "floppy", boot: ["disk", "cdrom", "floppy"], files }, async (guest) => {
      const screen = await guest.untilScreen("No bootable device", POST_SECONDS);
      expect(screen).toMatch(/^SeaBIOS \(version 1\.\d+\.\d+/);
      expect(screen).toMatch(
        /Booting from Hard Disk\.\.\.\nBoot failed: not a bootable disk\n\nBooting from DVD\/CD\.\.\.\nBoot failed: [^\n]*\nBooting from Floppy\.\.\.\nBoot failed: not a bootable disk/,
      );
      expect(guest.log).toMatch(/Running on QEMU \(i440fx\)/);
      expect(guest.log).toMatch(/SeaVGABIOS/);
      expect(guest.log).toMatch(/ata0-0: Backplane Hard Disk/);
      expect(guest.log).toMatch(/ata1-0: Backplane DVD-ROM/);
      expect(guest.log).toMatch(/PS2 keyboard initialized/);
    });
  });

  it("boots a floppy disk, which reads its last track", async () => {
    const files = { floppy: textFloppy("Read from the last sector.\r\n") };
    await withGuest({ ...(await seaBios()), memory: 16, floppy: "floppy", boot: ["floppy"], files }, async (guest) => {
      expect(await guest.untilScreen("Read from the last sector.", POST_SECONDS)).toContain("Booting from Floppy...\nRead from the last sector.");
    });
  });

  it("boots iPXE's CD to its shell", async () => {
    const [cd] = await packageFiles("ipxe", "usr/lib/ipxe/ipxe.iso");
    await withGuest({ ...(await seaBios()), memory: 32, cdrom: "cd", boot: ["cdrom"], files: { cd } }, async (guest) => {
      await guest.untilScreen("Press Ctrl-B", 30);
      guest.vm.pressKeys("ctrl+b");
      await guest.untilScreen("iPXE>", 10);
      await guest.vm.typeText("echo The shell answers\n");
      expect(await guest.untilScreen(/^The shell answers$/m, 10)).toContain("iPXE initialising devices...ok");
    });
  });
});
