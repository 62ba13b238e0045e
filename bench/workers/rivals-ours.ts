/** This project's machine for `bench/rivals`: serial port on standard input and output, with stamps. Argument: `BootOrder`. */
import { createMachine } from "../../host/index.js";
import type { JitMode } from "../../kernel/machine/index.js";
import type { BootOrder } from "../rivals/contenders.js";
import { stampedOutput } from "../rivals/stamps.js";

const { kernel, initrd, append, memoryMiB, jit } = JSON.parse(process.argv[2]) as BootOrder;
const machine = await createMachine({ profile: "virtual-server-2005", kernel, initrd, append, memory: memoryMiB, ...(jit !== undefined && { jit: jit as JitMode }) });
const serial = machine.serial();
serial.onData(stampedOutput());
process.stdin.on("data", (bytes: Buffer) => serial.write(bytes));
await machine.start();
