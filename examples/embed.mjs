// Boots Debian's Linux kernel, types a command at its shell, and switches the machine off. Run: node examples/embed.mjs
import { createMachine, prepareGuest } from "backplane";

const { kernel, initrd, append } = await prepareGuest(process.stderr);
const vm = await createMachine({ profile: "virtual-server-2005", memory: 64, kernel, initrd, append });
const shell = vm.serial(0);

await vm.start();
await shell.waitForText("# ", { timeoutMs: 300_000 });
shell.write("echo $((6 * 7)); uname -sm; poweroff -f\r");
await shell.waitForText(/42\r\nLinux i[3-6]86/);
console.log("The guest says:", shell.transcript.trim().split("\n").at(-1).trim());
console.log("It stopped by", (await vm.exit).kind);
await vm.dispose();
