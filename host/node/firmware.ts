import type { PackageSourceOptions } from "../guest/debian-packages.js";
import { fetchPackageFiles } from "../guest/firmware-files.js";
import type { PrepareOutput } from "../guest/prepare.js";

/** Firmware files on the host. */
export interface FirmwareFiles {
  readonly bios: string;
  /** For the Bochs VGA. */
  readonly videoBios: string;
}

const PACKAGE = "seabios";
const BIOS = "usr/share/seabios/bios-256k.bin";
const VIDEO_BIOS = "usr/share/seabios/vgabios-stdvga.bin";

/** SeaBIOS as Debian ships it, from the cache or through apt; says on `output` that it fetches. */
export const prepareFirmware = async (output: PrepareOutput, options: Omit<PackageSourceOptions, "progress" | "warn"> = {}): Promise<FirmwareFiles> => {
  let told = false;
  const [bios, videoBios] = await fetchPackageFiles(PACKAGE, [BIOS, VIDEO_BIOS], {
    ...options,
    progress: () => {
      if (!told) output.write(`Fetching SeaBIOS (Debian package ${PACKAGE})\n`);
      told = true;
    },
    warn: (message) => output.write(`warning: ${message}\n`),
  });
  return { bios, videoBios };
};
