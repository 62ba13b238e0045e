/**
 * A raw disk image: the bytes of the disk, in order, in one host file.
 * The contents are the file's and no part of a snapshot.
 *
 * Not implemented: growing the file, partial last sectors (they are cut off).
 */
import { BackplaneError, choice, DiskImage, defineDevice, file, flag, Storage } from "backplane/sdk";
import { checkRange } from "./range.js";

export const diskRaw = defineDevice({
  id: "generic.disk-raw",
  summary: "Raw disk or CD image in a host file",
  provides: DiskImage,
  needs: { storage: Storage },
  config: {
    file: file("Image file"),
    "read-only": flag(false, "Refuse writes, and open the file for reading only"),
    "sector-bytes": choice(["512", "2048"], "Sector size the image is cut to: 512 for disks, 2048 for CDs"),
  },

  async create({ board, config, deps }) {
    const name = config.file;
    if (!name) throw new BackplaneError("DISK_FILE_MISSING", `${board.path}: set "file" to the image's name`, { path: board.path });
    const stored = await deps.storage.open(name, config["read-only"] ? "read" : "read-write");
    const sectorBytes = Number(config["sector-bytes"]);
    const sizeBytes = stored.sizeBytes - (stored.sizeBytes % sectorBytes);
    if (sizeBytes === 0) {
      const held = stored.sizeBytes;
      await stored.close();
      throw new BackplaneError("DISK_TOO_SMALL", `${name} ${held === 0 ? "is empty" : `holds ${held} bytes`}; a disk image needs at least one sector of ${sectorBytes} bytes`, {
        file: name,
        sizeBytes: held,
        sectorBytes,
      });
    }
    if (sizeBytes !== stored.sizeBytes) {
      board.log.warn(`${name} is no whole number of ${sectorBytes}-byte sectors; the last ${stored.sizeBytes - sizeBytes} bytes are not used`);
    }
    const readOnly = config["read-only"] || stored.readOnly;

    const io = async (what: string, work: Promise<void>): Promise<void> => {
      try {
        await work;
      } catch (error) {
        throw new BackplaneError("DISK_IO", `${name}: cannot ${what}: ${error instanceof Error ? error.message : String(error)}`, { file: name });
      }
    };

    return {
      role: {
        sizeBytes,
        readOnly,
        label: name,
        async read(offset, into) {
          checkRange(name, sizeBytes, offset, into.length);
          await io(`read ${into.length} bytes at ${offset}`, stored.read(offset, into));
        },
        async write(offset, from) {
          if (readOnly) throw new BackplaneError("DISK_READ_ONLY", `${name} is read-only`, { file: name });
          checkRange(name, sizeBytes, offset, from.length);
          await io(`write ${from.length} bytes at ${offset}`, stored.write(offset, from));
        },
        async flush() {
          if (!readOnly) await io("flush", stored.flush());
        },
      },
      reset() {},
      dispose: () => stored.close(),
    };
  },
});
