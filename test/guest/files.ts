/** What the guests are made of, from the cache or through apt. */
import { readFile } from "node:fs/promises";
import { type DefaultGuest, prepareFirmware, prepareGuest } from "backplane";
import { fetchPackageFiles } from "../../host/guest/firmware-files.js";

/** Names of the host's files for a machine with SeaBIOS. */
export const seaBios = async (): Promise<{ profile: string; bios: string; videoBios: string }> => ({ profile: "seabios-pc", ...(await prepareFirmware(process.stderr)) });

/** Linux; its command line without what keeps the kernel silent. */
export const linux = async (): Promise<DefaultGuest> => {
  const guest = await prepareGuest(process.stderr);
  const words = guest.append.split(" ").filter((word) => !/^(quiet|loglevel=.*)$/.test(word));
  return { ...guest, append: words.join(" ") };
};

/** Files of a Debian package. */
export const packageFiles = async (name: string, ...paths: readonly string[]): Promise<Uint8Array[]> => {
  const located = await fetchPackageFiles(name, paths);
  return Promise.all(located.map(async (path) => new Uint8Array(await readFile(path))));
};
