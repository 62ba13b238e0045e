/**
 * A CD-ROM and DVD-ROM drive on an IDE channel.
 * Sources: ATA/ATAPI-5 (T13/1321D), SFF-8020i 2.6, MMC-3 (T10/1363D).
 *
 * The medium is one data track of 2048-byte sectors. When the guest ejects, the disc lies in the open tray until the
 * guest closes it or the host changes it. A reset leaves the tray where it is; power-on closes it.
 * A read takes `latency-us` and 10 us per 64 KiB of virtual time; everything else takes none.
 *
 * Not implemented: audio (PLAY, READ SUB-CHANNEL), raw sectors (READ CD other than user data), READ DVD STRUCTURE,
 * copy protection keys, overlapped commands, parameters of MODE SELECT (taken and ignored), disc speed.
 */
import { choice, DiskImage, defineDevice, IdeBus, integer, optional, RemovableDrive, restoreState, text } from "backplane/sdk";
import { CdTray } from "./cd-tray.js";
import { PacketDrive } from "./packet-drive.js";
import { initialPacketDrive } from "./packet-state.js";
import { UNITS, unitOf } from "./unit.js";

export const atapiCdrom = defineDevice({
  id: "generic.atapi-cdrom",
  summary: "ATAPI CD/DVD-ROM drive with a changeable medium",
  provides: RemovableDrive,
  needs: { bus: IdeBus, image: optional(DiskImage) },
  config: {
    unit: choice(UNITS, "Position on the cable, channel:drive; by-path takes the last part of the device's path"),
    model: text("Backplane DVD-ROM", "Model name in IDENTIFY PACKET DEVICE; INQUIRY takes the first word for the vendor", 40),
    serial: text("", "Serial number; empty makes one from the position", 20),
    firmware: text("1.0", "Firmware revision", 8),
    "latency-us": integer(50, 0, 1_000_000, "Virtual time each access to the image takes, in microseconds"),
  },
  state: { version: 1, initial: initialPacketDrive },

  create({ board, config, deps, state }) {
    const position = unitOf(board.path, config.unit);
    const tray = new CdTray(state.tray, board, deps.image);
    const names = { model: config.model, serial: config.serial || `BPCD-${position.slice(-3).replace(":", "-")}`, firmware: config.firmware };
    let drive!: PacketDrive;
    deps.bus.attach(position, (host) => {
      drive = new PacketDrive({ board, state, tray, host, names, latencyUs: config["latency-us"] });
      return drive;
    });
    return {
      role: {
        kind: "cdrom" as const,
        get medium() {
          return tray.label;
        },
        get locked() {
          return tray.locked;
        },
        insert: (medium) => tray.insert(medium),
      },
      reset(kind) {
        if (kind === "power-on") restoreState(state, initialPacketDrive());
        drive.hardReset(kind === "power-on");
      },
      loaded: () => drive.loaded(),
    };
  },
});
