/** Checks ROM images from host files. */
import { BackplaneError, type Storage } from "backplane/sdk";

const KIB = 1 << 10;
export const BIOS_UNIT = 64 * KIB;
export const BIOS_MAX_BYTES = 1024 * KIB;
export const VIDEO_BIOS_MAX_BYTES = 64 * KIB;
const OPTION_ROM_UNIT = 512;
/** More than any ROM, so that a wrong file is refused by its size and not by the storage's limit. */
const READ_MAX_BYTES = 256 << 20;

/**
 * @throws BackplaneError as `Storage.readAll`; `FIRMWARE_MISSING` without a name, `FIRMWARE_SIZE` for a size no BIOS has.
 */
export const readBios = async (path: string, name: string, storage: Storage): Promise<Uint8Array> => {
  if (name === "")
    throw new BackplaneError("FIRMWARE_MISSING", `${path}: no BIOS image; set "bios" to a file, for instance SeaBIOS (Debian package seabios: bios-256k.bin)`, { path });
  const image = await storage.readAll(name, READ_MAX_BYTES);
  if (image.length === 0) throw new BackplaneError("FIRMWARE_SIZE", `BIOS image ${name} is empty; copy it again`, { path, name });
  if (image.length % BIOS_UNIT !== 0 || image.length > BIOS_MAX_BYTES) {
    throw new BackplaneError("FIRMWARE_SIZE", `BIOS image ${name} has ${image.length} bytes; a PC BIOS has 64 to 1024 KiB in steps of 64 KiB: give a complete ROM image`, {
      path,
      name,
      bytes: image.length,
    });
  }
  return image;
};

/**
 * An option ROM, or `undefined` without a name.
 * @throws BackplaneError as `Storage.readAll`; `FIRMWARE_SIZE`, `FIRMWARE_NOT_A_ROM`.
 */
export const readVideoBios = async (path: string, name: string, storage: Storage): Promise<Uint8Array | undefined> => {
  if (name === "") return undefined;
  const image = await storage.readAll(name, READ_MAX_BYTES);
  if (image.length === 0 || image.length % OPTION_ROM_UNIT !== 0 || image.length > VIDEO_BIOS_MAX_BYTES) {
    throw new BackplaneError("FIRMWARE_SIZE", `video BIOS ${name} has ${image.length} bytes; an option ROM has 512 bytes to 64 KiB in steps of 512: give a VGA BIOS image`, {
      path,
      name,
      bytes: image.length,
    });
  }
  if (image[0] !== 0x55 || image[1] !== 0xaa) {
    throw new BackplaneError("FIRMWARE_NOT_A_ROM", `video BIOS ${name} does not begin with 55h AAh; give a VGA BIOS image`, { path, name });
  }
  return image;
};
