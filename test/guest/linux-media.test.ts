/**
 * Debian's kernel, started by SeaBIOS and a boot loader: first isolinux from a CD, then extlinux from a hard disk that the
 * guest of the CD has partitioned, formatted and installed. No program of the packages runs on the host.
 */
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { linux, packageFiles, seaBios } from "./files.js";
import { type Guest, withGuest } from "./guest.js";
import { bootableCd } from "./media/iso9660.js";

const MEMORY = 64;
const DISK_BYTES = 48 << 20;
const BOOT_SECONDS = 90;

const configuration = (append: string): Uint8Array =>
  new TextEncoder().encode(
    ["PROMPT 0", "SAY Backplane's own boot message", "DEFAULT linux", "LABEL linux", "  KERNEL VMLINUZ", "  INITRD INITRD.IMG", `  APPEND ${append}`, ""].join("\n"),
  );

/** A CD that boots Linux and has what its guest needs to make a disk that boots Linux. */
const installationCd = async (): Promise<Uint8Array> => {
  const { kernel, initrd, append } = await linux();
  const [isolinux] = await packageFiles("isolinux", "usr/lib/ISOLINUX/isolinux.bin");
  const [ldlinux] = await packageFiles("syslinux-common", "usr/lib/syslinux/modules/bios/ldlinux.c32");
  const [extlinux, mbr] = await packageFiles("extlinux", "usr/bin/extlinux", "usr/lib/EXTLINUX/mbr.bin");
  const [mkfs] = await packageFiles("dosfstools", "sbin/mkfs.fat");
  const [loader, libc] = await packageFiles("libc6", "lib/ld-linux.so.2", "lib/i386-linux-gnu/libc.so.6");
  return bootableCd(
    "BACKPLANE",
    {
      "ISOLINUX.BIN": isolinux,
      "LDLINUX.C32": ldlinux,
      "ISOLINUX.CFG": configuration(`${append} vga=791 from=cd`),
      VMLINUZ: new Uint8Array(await readFile(kernel)),
      "INITRD.IMG": new Uint8Array(await readFile(initrd)),
      "DISK.CFG": configuration(`${append} from=disk`),
      EXTLINUX: extlinux,
      "MBR.BIN": mbr,
      "MKFS.FAT": mkfs,
      LD_SO: loader,
      LIBC_SO: libc,
    },
    "ISOLINUX.BIN",
  );
};

const installOnDisk = async (guest: Guest): Promise<void> => {
  await guest.run("mkdir -p /cd /disk && mount -r -t iso9660 /dev/sr0 /cd && cp /cd/ld_so /lib/ld-linux.so.2 && cp /cd/libc_so /lib/libc.so.6");
  // One primary partition, FAT32 with LBA, active.
  await guest.run(String.raw`printf 'n\np\n1\n\n\nt\nc\na\n1\nw\n' | fdisk /dev/sda`);
  await guest.run("/lib/ld-linux.so.2 /cd/mkfs.fat -n BACKPLANE /dev/sda1");
  await guest.run("mount -t vfat /dev/sda1 /disk && cp /cd/vmlinuz /cd/initrd.img /disk && cp /cd/disk.cfg /disk/extlinux.conf", 120);
  await guest.run("/lib/ld-linux.so.2 /cd/extlinux --install /disk");
  await guest.run("umount /disk && dd if=/cd/mbr.bin of=/dev/sda conv=notrunc,fsync");
};

it("Linux boots from a CD with isolinux, installs itself on a disk and boots from there with extlinux", async () => {
  const firmware = await seaBios();
  const files = { cd: await installationCd(), disk: new Uint8Array(DISK_BYTES) };

  await withGuest({ ...firmware, memory: MEMORY, cdrom: "cd", disks: ["disk"], boot: ["cdrom"], files }, async (guest) => {
    const screen = await guest.untilScreen("Loading INITRD.IMG...ok", 30);
    expect(screen).toMatch(/^SeaBIOS .*\nBooting from DVD\/CD\.\.\.\n\nISOLINUX .*\nBackplane's own boot message\n/);
    await guest.untilShell(BOOT_SECONDS);
    expect(await guest.run("cat /proc/cmdline")).toContain(" from=cd");
    // The video BIOS has set the mode, the kernel writes letters into its frame buffer.
    expect(guest.screen).toMatch(/^graphics 1024x768 /);
    expect(new Set(guest.vm.screen.picture().rgba).size).toBeGreaterThan(2);
    expect(await guest.run("ls /sys/bus/pci/drivers/ata_piix")).toContain("0000:00:01.1");
    await installOnDisk(guest);
    // The button on the case asks for what `poweroff` does.
    expect(guest.vm.pressPowerButton()).toBe(true);
    await guest.until(() => guest.vm.state === "stopped", "power-off by the button", 60);
    expect((await guest.vm.exit).kind).toBe("power-off");
  });

  await withGuest({ ...firmware, memory: MEMORY, disks: ["disk"], boot: ["disk"], files }, async (guest) => {
    const screen = await guest.untilScreen("Loading INITRD.IMG...ok", 30);
    expect(screen).toMatch(/^SeaBIOS .*\nBooting from Hard Disk\.\.\.\n\nSYSLINUX .*\nBackplane's own boot message\n/);
    await guest.untilShell(BOOT_SECONDS);
    expect(await guest.run("cat /proc/cmdline")).toContain(" from=disk");
    expect(await guest.run("mount -t vfat /dev/sda1 /mnt && ls /mnt")).toContain("ldlinux.sys");

    // A restart goes through the firmware and the loader again.
    const resets: string[] = [];
    guest.vm.on("reset", (reason) => resets.push(reason));
    guest.serial.write("umount /mnt; reboot\r");
    await guest.until(() => resets.length === 1, "reset", 60);
    expect(guest.screen).not.toContain("Loading VMLINUZ");
    await guest.untilScreen("Loading VMLINUZ... ok", 30);
    expect(resets).toHaveLength(1);
  });
});
