/** The guest of the comparison: the default guest's kernel and initramfs, and a second archive with the programs behind it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { CpioWriter } from "../../host/guest/cpio.js";
import { prepareGuest } from "../guest.js";
import { type GuestProgram, guestScript, PROGRAMS_FILE, SCRIPT_FILE } from "./programs.js";

/** This file is dist/bench/rivals/guest.js. */
const SOURCES = new URL("../../../bench/guest-programs/", import.meta.url);

export interface RivalsGuest {
  readonly kernel: string;
  readonly initrd: string;
  readonly kernelVersion: string;
}

/** What the programs print on a real processor. */
export const realChecksums = (): Readonly<Record<string, string>> => JSON.parse(readFileSync(fileURLToPath(new URL("checksums.json", SOURCES)), "utf8")) as Record<string, string>;

/** The kernel unpacks archives that follow one another; each is padded to whole blocks. */
export const prepareRivalsGuest = async (programs: readonly GuestProgram[], scratch: string): Promise<RivalsGuest> => {
  const { kernel, initrd, kernelVersion } = await prepareGuest(process.stderr);
  const elf = gunzipSync(readFileSync(fileURLToPath(new URL("programs.elf.gz", SOURCES))));
  const more = new CpioWriter().file(PROGRAMS_FILE, elf, 0o755).file(SCRIPT_FILE, guestScript(programs), 0o755).finish();
  const file = join(scratch, "rivals.cpio");
  writeFileSync(file, Buffer.concat([readFileSync(initrd), more]));
  return { kernel, initrd: file, kernelVersion };
};
