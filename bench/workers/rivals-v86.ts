/** v86 for `bench/rivals`: serial port on standard input and output, with stamps; no screen, sound or network. Argument: `BootOrder`. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { V86 } from "v86";
import type { BootOrder } from "../rivals/contenders.js";
import { stampedOutput } from "../rivals/stamps.js";

const VIDEO_MIB = 8;

const image = (file: string): { buffer: ArrayBuffer } => ({ buffer: new Uint8Array(readFileSync(file)).buffer });

const { kernel, initrd, append, memoryMiB, bios, videoBios } = JSON.parse(process.argv[2]) as BootOrder;
const emulator = new V86({
  wasm_path: fileURLToPath(new URL("v86.wasm", import.meta.resolve("v86"))),
  bios: image(bios),
  vga_bios: image(videoBios),
  bzimage: image(kernel),
  initrd: image(initrd),
  cmdline: append,
  memory_size: memoryMiB << 20,
  vga_memory_size: VIDEO_MIB << 20,
  disable_keyboard: true,
  disable_mouse: true,
  disable_speaker: true,
  autostart: true,
});
const output = stampedOutput();
emulator.add_listener("serial0-output-byte", (byte: number) => output(Uint8Array.of(byte)));
process.stdin.on("data", (bytes: Buffer) => emulator.serial0_send(bytes.toString("latin1")));
