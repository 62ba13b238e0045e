/** How each contender is started: same kernel, initramfs, command line and memory; serial port on standard input and output. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { prepareFirmware } from "../../host/index.js";
import { MEMORY_MIB, PLAIN_APPEND } from "../guest.js";
import { QEMU, QEMU_ARGS } from "../qemu.js";
import type { RivalsGuest } from "./guest.js";

export const CONTENDERS = ["ours", "v86", "QEMU"] as const;
export type Contender = (typeof CONTENDERS)[number];

/** What the workers get, as JSON. */
export interface BootOrder {
  readonly kernel: string;
  readonly initrd: string;
  readonly append: string;
  readonly memoryMiB: number;
  readonly bios: string;
  readonly videoBios: string;
  /** Ours: which tiers translate. The machine's default unless given. */
  readonly jit?: string;
}

export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  /** Whether its output carries stamps (`stamps.ts`); otherwise CPU time is read when a line arrives. */
  readonly stamped: boolean;
}

/** As its package says. */
export const v86Version = (): string => (JSON.parse(readFileSync(fileURLToPath(new URL("../package.json", import.meta.resolve("v86"))), "utf8")) as { version: string }).version;

const worker = (name: string): string => fileURLToPath(new URL(`../workers/${name}.js`, import.meta.url));

/** @param node the binary of Node that runs ours and v86 */
export const launches = async ({ kernel, initrd }: RivalsGuest, node: string, jit: string | undefined): Promise<Record<Contender, Launch>> => {
  const { bios, videoBios } = await prepareFirmware(process.stderr);
  const order: BootOrder = { kernel, initrd, append: PLAIN_APPEND, memoryMiB: MEMORY_MIB, bios, videoBios, ...(jit !== undefined && { jit }) };
  const qemu = ["-vga", "std", "-serial", "stdio", "-m", String(MEMORY_MIB), "-kernel", kernel, "-initrd", initrd, "-append", PLAIN_APPEND];
  return {
    ours: { program: node, args: [worker("rivals-ours"), JSON.stringify(order)], stamped: true },
    v86: { program: node, args: [worker("rivals-v86"), JSON.stringify(order)], stamped: true },
    QEMU: { program: QEMU, args: [...QEMU_ARGS, ...qemu], stamped: false },
  };
};
