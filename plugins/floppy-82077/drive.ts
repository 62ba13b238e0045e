/**
 * A floppy disk drive with removable disks.
 *
 * A 40-cylinder disk in an 80-cylinder drive takes two steps a cylinder, as on the real thing.
 *
 * Not implemented: spindle motor (the disk always turns), rotational position.
 */
import { BackplaneError, choice, type DiskImage, DiskImage as DiskImageRole, defineDevice, FloppyBus, type FloppyDisk, optional, RemovableDrive } from "backplane/sdk";
import { DRIVES, driveFor, formatOf } from "./formats.js";

/** Tracks beyond the last cylinder that the heads can reach. */
const EXTRA_TRACKS = 3;

export const floppyDrive = defineDevice({
  id: "generic.floppy-drive",
  summary: "Floppy disk drive; unit 0 or 1 by the last part of its path",
  provides: RemovableDrive,
  needs: { bus: FloppyBus, image: optional(DiskImageRole) },
  config: {
    type: choice(["auto", "1.44M", "2.88M", "1.2M", "720K", "360K"], "Kind of drive; auto suits the disk it starts with, 1.44M when empty"),
  },
  state: { version: 1, initial: () => ({ track: 0, diskChanged: true }) },
  create({ board, config, deps, state }) {
    const name = config.type === "auto" ? driveFor(formatOf(deps.image?.sizeBytes ?? 0)?.name) : config.type;
    const kind = DRIVES[name];

    const diskOf = (image: DiskImage): FloppyDisk => {
      const format = formatOf(image.sizeBytes);
      const dataRates = format && kind.reads[format.name];
      if (!format || !dataRates) {
        const what = format ? `a ${format.name} disk` : `${image.sizeBytes} bytes, no floppy disk size`;
        throw new BackplaneError("MEDIUM_UNSUITABLE", `${board.path}: ${image.label} is ${what}; this ${name} drive reads ${Object.keys(kind.reads).join(", ")}`, {
          drive: board.path,
          label: image.label,
          sizeBytes: image.sizeBytes,
        });
      }
      return { cylinders: format.cylinders, heads: format.heads, sectors: format.sectors, dataRates, image };
    };

    let disk = deps.image && diskOf(deps.image);
    deps.bus.attach(board.path.slice(board.path.lastIndexOf("/") + 1), {
      type: kind.type,
      get disk() {
        return disk;
      },
      get cylinder() {
        return disk && disk.cylinders * 2 <= kind.cylinders ? state.track >> 1 : state.track;
      },
      get track0() {
        return state.track === 0;
      },
      get diskChanged() {
        return state.diskChanged || !disk;
      },
      step(tracks) {
        const track = Math.min(kind.cylinders - 1 + EXTRA_TRACKS, Math.max(0, state.track + tracks));
        if (track !== state.track && disk) state.diskChanged = false;
        state.track = track;
      },
    });

    return {
      role: {
        kind: "floppy",
        get medium() {
          return disk?.image.label;
        },
        locked: false,
        insert(image) {
          disk = image && diskOf(image);
          state.diskChanged = true;
        },
      },
      /** The heads stay where they are and a changed disk stays changed: only power-on says so. */
      reset(reach) {
        if (reach === "power-on") state.diskChanged = true;
      },
    };
  },
});
