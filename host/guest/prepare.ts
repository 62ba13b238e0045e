import type { PackageSourceOptions } from "./debian-packages.js";
import { type DefaultGuest, prepareDefaultGuest } from "./default-guest.js";
import type { GuestProgress } from "./progress.js";

/** What `prepareGuest` writes to: standard error, or a test's own. */
export interface PrepareOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

const PHASES: Readonly<Record<GuestProgress["phase"], string>> = {
  wait: "Waiting",
  index: "Reading package indexes",
  download: "Downloading",
  unpack: "Unpacking",
  build: "Building",
};

/**
 * Prepares the default guest and tells a person about it: one line per phase, with the percentage running where the
 * output is a terminal. Silent when the cache has everything.
 */
export const prepareGuest = async (output: PrepareOutput, options: Omit<PackageSourceOptions, "progress" | "warn"> = {}): Promise<DefaultGuest> => {
  let shown = "";
  let open = false;
  const endLine = () => {
    if (open) output.write("\n");
    open = false;
  };
  const progress = ({ phase, subject, fraction }: GuestProgress) => {
    const title = PHASES[phase] + (subject ? `: ${subject}` : "");
    const percent = output.isTTY && fraction !== undefined ? ` ${Math.floor(fraction * 100)}%` : "";
    const line = title + percent;
    if (line === shown) return;
    const same = open && shown.startsWith(title);
    if (!same) endLine();
    output.write(same ? `\r${line}\u001b[K` : line);
    open = true;
    shown = line;
  };
  const warn = (message: string) => {
    endLine();
    output.write(`warning: ${message}\n`);
  };
  try {
    return await prepareDefaultGuest({ ...options, progress, warn });
  } finally {
    endLine();
  }
};
