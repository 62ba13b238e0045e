/**
 * Boots a Linux on the default machine in a process of its own. Standard output gets the serial port and, once `prompt`
 * has come, `MARK` and a line of JSON (`Booted`). Runs on until it is ended.
 * Arguments: kernel, initrd, command line, MiB, prompt.
 */
import { createMachine } from "../../host/index.js";
import { MARK } from "../guest.js";

export interface Booted {
  readonly instructions: number;
  /** What the guest's clock says since power-on. */
  readonly guestSeconds: number;
}

const TIMEOUT_MS = 600_000;

const [kernel, initrd, append, memory, prompt] = process.argv.slice(2);
const machine = await createMachine({ profile: "virtual-server-2005", kernel, initrd, append, memory: Number(memory) });
const serial = machine.serial();
serial.attach({ output: process.stdout });
await machine.start();
await serial.waitForText(prompt, { timeoutMs: TIMEOUT_MS });
const booted: Booted = { instructions: machine.machine.cpu.instructionCount, guestSeconds: machine.machine.clock.nowNs / 1e9 };
process.stdout.write(`${MARK}${JSON.stringify(booted)}\n`);
