/** The rival: QEMU's TCG, as Debian packages it (qemu-system-x86). */
import { spawnSync } from "node:child_process";
import { canMeasureProcesses } from "./processes.js";

export const QEMU = "qemu-system-i386";

/** A PC without network, window and user configuration; -nodefaults takes away the rest that nobody asked for. */
export const QEMU_ARGS: readonly string[] = ["-accel", "tcg", "-M", "pc", "-no-user-config", "-nodefaults", "-display", "none", "-no-reboot"];

export interface Rival {
  readonly version: string;
}

/** The rival, or why there is none. */
export const findRival = (): Rival | { readonly missing: string } => {
  if (!canMeasureProcesses()) return { missing: "QEMU is left out: CPU seconds of other processes come from Linux's /proc, which is not here" };
  const { status, stdout } = spawnSync(QEMU, ["--version"], { encoding: "utf8" });
  if (status !== 0) return { missing: `QEMU is left out: ${QEMU} is not installed (Debian package qemu-system-x86)` };
  return { version: /version (\S+)/.exec(stdout)?.[1] ?? stdout.trim() };
};
