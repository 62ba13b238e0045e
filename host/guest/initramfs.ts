// The root file system of the default guest: BusyBox, the kernel modules a PC of ours can need, and a few scripts.
//
// Boot time is emulated CPU time, so /init loads only drivers whose hardware is present and that a prompt needs (disks);
// the power button follows once the prompt is up, and everything else is there for `modprobe` or for the kernel to ask for.
import { CpioWriter } from "./cpio.js";
import { type LocatedModule, modulesAlias, modulesDep } from "./kernel-modules.js";

/** Modules taken along, with all they depend on. Those a kernel has built in, or does not have, are passed over. */
export const GUEST_MODULES: readonly string[] = [
  "ata_piix",
  "ata_generic",
  "sd_mod",
  "sr_mod",
  "ext4",
  "crc32c_generic",
  "isofs",
  "vfat",
  "nls_ascii",
  "nls_cp437",
  "nls_iso8859_1",
  "nls_utf8",
  "loop",
  "floppy",
  "button",
  "evdev",
  "psmouse",
  "serio_raw",
  "pcspkr",
  "rtc_cmos",
];

/** ata_generic answers for every IDE controller by its class, and then declines those it was not told to take: not worth loading. */
const isUselessAlias = (alias: string): boolean => /^pci:v\w*\*?d\*sv\*sd\*bc01sc01/.test(alias);

/** Runs as process 1, writes init's table from the kernel command line and becomes init. Must never exit. */
const INIT = String.raw`#!/bin/sh
export PATH=/sbin:/bin:/usr/sbin:/usr/bin HOME=/root
/bin/busybox --install -s
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
echo backplane > /proc/sys/kernel/hostname
# The command line keeps the boot silent below "critical"; from here on errors are shown.
read -r level rest < /proc/sys/kernel/printk
[ "$level" = 3 ] && echo 4 > /proc/sys/kernel/printk

# Disk controllers first: the SCSI devices appear behind them.
coldplug /sys/bus/pci/devices
coldplug /sys/bus/scsi/devices

run=
read -r words < /proc/cmdline
for word in $words; do
  case $word in bp.run=*) run=$(echo "$word" | sed 's/^bp.run=//; s/\\/%5C/g; s/%/\\x/g') ;; esac
done

{
  echo ::ctrlaltdel:/sbin/reboot
  echo '::shutdown:/bin/umount -a -r 2> /dev/null'
  if [ "$run" ]; then
    printf '%b\n' "$run" > /etc/bp.run
    echo ::once:/etc/run-and-power-off
  else
    read -r consoles < /sys/class/tty/console/active
    case " $consoles " in *" tty0 "*) ;; *) [ -c /dev/tty1 ] && echo tty1::askfirst:-/bin/sh ;; esac
    for console in $consoles; do
      [ $console = tty0 ] && console=tty1
      echo $console::respawn:-/bin/sh
    done
    echo ::once:/etc/late
  fi
} > /etc/inittab
exec /sbin/init
`;

/** Loads the drivers for the devices of one bus by their modaliases. */
const COLDPLUG = `#!/bin/sh
# coldplug [/sys/bus/BUS/devices ...]: load the drivers of the devices there
[ $# = 0 ] && set -- /sys/bus/*/devices
aliases=
for bus; do
  for file in "$bus"/*/modalias; do
    [ -e "$file" ] && read -r alias < "$file" && aliases="$aliases $alias"
  done
done
[ "$aliases" ] && modprobe -qa $aliases 2> /dev/null
exit 0
`;

/** What can wait until the prompt is there: the ACPI power button. */
const LATE = `#!/bin/sh
sleep 1
for device in /sys/bus/acpi/devices/LNXPWRBN:* /sys/bus/acpi/devices/PNP0C0C:*; do
  if [ -e "$device" ]; then
    modprobe -qa button evdev
    exec acpid
  fi
done
`;

const POWER_BUTTON = `#!/bin/sh
poweroff
`;

/** The command comes from `bp.run=` with everything but plain characters as %XX, as encodeURIComponent writes it. */
const RUN_AND_POWER_OFF = `#!/bin/sh
export PATH=/sbin:/bin:/usr/sbin:/usr/bin HOME=/root
cd /root
sh /etc/bp.run
echo "bp.run: status $?"
umount -a -r 2> /dev/null
sync
poweroff -f
`;

const PROFILE = String.raw`export PATH=/sbin:/bin:/usr/sbin:/usr/bin HOME=/root PS1='\h:\w# '
cd /root
read -r release < /proc/sys/kernel/osrelease
echo "Linux $release, BusyBox shell. 'poweroff' turns the machine off."
`;

/** Part of what a built guest is identified by: a change here makes a new one. */
export const INITRAMFS_RECIPE: readonly string[] = [INIT, COLDPLUG, LATE, POWER_BUTTON, RUN_AND_POWER_OFF, PROFILE, ...GUEST_MODULES];

export interface InitramfsContents {
  readonly kernelRelease: string;
  /** A statically linked BusyBox with at least init, sh, modprobe and the links' installer. */
  readonly busybox: Uint8Array;
  readonly modules: readonly { readonly info: LocatedModule; readonly data: Uint8Array }[];
}

export const buildInitramfs = ({ kernelRelease, busybox, modules }: InitramfsContents): Uint8Array => {
  const archive = new CpioWriter();
  // BusyBox installs its other names into the directories that exist.
  for (const path of ["bin", "sbin", "usr/bin", "usr/sbin", "dev", "proc", "sys", "etc", "mnt", "run", "var/log"]) archive.directory(path);
  archive.directory("root", 0o700).directory("tmp", 0o1777).symlink("var/run", "../run");
  // The kernel opens the console for process 1 before devtmpfs is there.
  archive.characterDevice("dev/console", 5, 1);
  archive.file("bin/busybox", busybox, 0o755).symlink("bin/sh", "busybox");
  archive.file("init", INIT, 0o755).file("sbin/coldplug", COLDPLUG, 0o755);
  archive.file("etc/late", LATE, 0o755).file("etc/run-and-power-off", RUN_AND_POWER_OFF, 0o755);
  // The name BusyBox's acpid gives the fixed power button's event.
  archive.file("etc/acpi/PWRF/00000080", POWER_BUTTON, 0o755);
  archive.file("etc/profile", PROFILE);
  // What mount tries without -t; asking for a type makes the kernel load its module.
  archive.file("etc/filesystems", "ext4\nvfat\niso9660\n");

  const home = `lib/modules/${kernelRelease}`;
  const infos = modules.map(({ info }) => ({ ...info, aliases: info.aliases.filter((alias) => !isUselessAlias(alias)) }));
  archive.file(`${home}/modules.dep`, modulesDep(infos)).file(`${home}/modules.alias`, modulesAlias(infos));
  for (const { info, data } of modules) archive.file(`${home}/${info.path}`, data);
  return archive.finish();
};
