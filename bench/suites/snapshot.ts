/** Saving and loading whole machines. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { MEMORY_MIB, PROMPT, prepareGuest } from "../guest.js";
import { median } from "../harness.js";
import type { Suite } from "../report.js";
import type { SnapshotFigures } from "../workers/snapshot.js";

const SNAPSHOT = fileURLToPath(new URL("../workers/snapshot.js", import.meta.url));
const execute = promisify(execFile);

export const snapshot: Suite = {
  name: "snapshot",
  about: "CPU time and size of saving and loading",
  async run({ rounds }) {
    const { kernel, initrd, append } = await prepareGuest(process.stderr);
    const { stdout } = await execute(process.execPath, [SNAPSHOT, kernel, initrd, append, String(MEMORY_MIB), PROMPT, String(rounds)]);
    const figures = JSON.parse(stdout) as SnapshotFigures[];
    return {
      columns: ["save CPU ms", "load CPU ms", "MiB"],
      rows: figures.map(({ name, bytes, save, load }) => ({
        name: `${name}, ${MEMORY_MIB} MiB`,
        figures: { "save CPU ms": median(save) * 1000, "load CPU ms": median(load) * 1000, MiB: bytes / 2 ** 20 },
      })),
      notes: ["Every state loaded had the hash of the one saved."],
    };
  },
};
