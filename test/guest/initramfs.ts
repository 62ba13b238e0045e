/** Files given to the default guest along with its own: a second archive after its initramfs, which Linux unpacks too. */
import { readFile } from "node:fs/promises";
import type { DefaultGuest } from "backplane";
import { CpioWriter } from "../../host/guest/cpio.js";

/** An archive begins at a multiple of four bytes; zeros between two are passed over. */
const ALIGNMENT = 4;

/** The bytes of an initramfs. Paths are from the root; all files can be executed. */
export const withFiles = async ({ initrd }: DefaultGuest, files: Readonly<Record<string, Uint8Array | string>>): Promise<Uint8Array> => {
  const own = await readFile(initrd);
  const archive = new CpioWriter();
  for (const [path, data] of Object.entries(files)) archive.file(path, data, 0o755);
  const added = archive.finish();
  const at = Math.ceil(own.length / ALIGNMENT) * ALIGNMENT;
  const whole = new Uint8Array(at + added.length);
  whole.set(own);
  whole.set(added, at);
  return whole;
};
