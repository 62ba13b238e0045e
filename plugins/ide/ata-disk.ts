/**
 * A hard disk on an IDE channel.
 * Source: ATA/ATAPI-6 (T13/1410D); command set: general, 48-bit address, power management, SMART without attributes.
 *
 * A command takes `latency-us` and 10 us per 64 KiB of virtual time when it reaches the image, and none otherwise.
 * Settings survive a software reset (as after SET FEATURES 66h). A sleeping drive wakes at a reset.
 *
 * Not implemented: security, host protected area (READ NATIVE MAX answers the capacity), READ/WRITE LONG, READ/WRITE
 * BUFFER, queued DMA, SMART logs and self-tests, acoustic and advanced power management, the standby timer.
 */
import { BlockDrive, choice, DiskImage, defineDevice, IdeBus, integer, restoreState, text } from "backplane/sdk";
import { AtaDisk, initialDisk } from "./ata-commands.js";
import { UNITS, unitOf } from "./unit.js";

export const ataDisk = defineDevice({
  id: "generic.ata-disk",
  summary: "ATA hard disk of any size: PIO, multiword and Ultra DMA, 28- and 48-bit addresses",
  provides: BlockDrive,
  needs: { bus: IdeBus, image: DiskImage },
  config: {
    unit: choice(UNITS, "Position on the cable, channel:drive; by-path takes the last part of the device's path"),
    model: text("Backplane Hard Disk", "Model name in IDENTIFY DEVICE", 40),
    serial: text("", "Serial number; empty makes one from the position", 20),
    firmware: text("1.0", "Firmware revision", 8),
    "latency-us": integer(50, 0, 1_000_000, "Virtual time each access to the image takes, in microseconds"),
  },
  state: { version: 1, initial: initialDisk },

  create({ board, config, deps, state }) {
    const position = unitOf(board.path, config.unit);
    const names = { model: config.model, serial: config.serial || `BPHD-${position.slice(-3).replace(":", "-")}`, firmware: config.firmware };
    const disk = { board, state, image: deps.image, names, slave: position.endsWith(":1"), latencyUs: config["latency-us"] };
    let drive!: AtaDisk;
    deps.bus.attach(position, (host) => {
      drive = new AtaDisk({ ...disk, host });
      return drive;
    });
    return {
      role: { kind: "disk" as const, removable: false, medium: deps.image.label },
      reset(kind) {
        if (kind === "power-on") restoreState(state, initialDisk());
        drive.hardReset();
      },
      loaded: () => drive.loaded(),
    };
  },
});
