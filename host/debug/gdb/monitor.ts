/** gdb's `monitor` commands: what a PC has and the gdb protocol has no packet for. */
import { describeResource } from "../../../kernel/machine/index.js";
import { readPhysical } from "../../api/debug-memory.js";
import type { VirtualMachine } from "../../api/virtual-machine.js";

const MAX_DUMP = 4096;
const LINE = 16;

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

const parseNumber = (text: string | undefined): number | undefined => {
  if (text === undefined || !/^(0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text)) return undefined;
  const value = Number(text);
  return value < 2 ** 32 ? value : undefined;
};

/** Lines of 16 bytes; what is no memory shows as `--`. */
const dump = (vm: VirtualMachine, address: number, length: number): string => {
  const lines: string[] = [];
  for (let at = 0; at < length; at += LINE) {
    const cells = Array.from({ length: Math.min(LINE, length - at) }, (_, index) => readPhysical(vm.machine, address + at + index, 1)[0]);
    const text = cells.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    const shown = cells.map((byte) => (byte === undefined ? "--" : hex(byte, 2)));
    lines.push(`${hex((address + at) >>> 0, 8)}  ${shown.join(" ").padEnd(LINE * 3)} ${text}`);
  }
  return lines.join("\n");
};

const devices = ({ machine }: VirtualMachine): string =>
  machine.devices
    .map(({ slot }) => {
      const resources = machine.resources.of(slot.path).map(describeResource).join(", ");
      return `${slot.path}  ${slot.definition.id}${resources === "" ? "" : `  ${resources}`}`;
    })
    .join("\n");

interface Command {
  readonly usage: string;
  readonly about: string;
  perform(vm: VirtualMachine, words: readonly string[]): string;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  help: {
    usage: "help",
    about: "this list",
    perform: () =>
      Object.values(COMMANDS)
        .map(({ usage, about }) => `${usage.padEnd(22)} ${about}`)
        .join("\n"),
  },
  registers: { usage: "registers", about: "the processor with segments, control registers and tables", perform: (vm) => vm.dump() },
  devices: { usage: "devices", about: "every device with its ports, memory and interrupts", perform: devices },
  physical: {
    usage: "physical ADDRESS LENGTH",
    about: `up to ${MAX_DUMP} bytes of physical memory; device registers are left alone`,
    perform: (vm, [where, count = "64"]) => {
      const address = parseNumber(where);
      const length = parseNumber(count);
      if (address === undefined || length === undefined || length < 1 || length > MAX_DUMP) return `write it like: monitor physical 0x7c00 512 (1 to ${MAX_DUMP} bytes)`;
      return dump(vm, address, length);
    },
  },
  reset: {
    usage: "reset",
    about: "the reset button; the machine stays stopped",
    perform: (vm) => {
      vm.machine.reset("debugger");
      return "reset; gdb learns of the new registers with: maintenance flush register-cache";
    },
  },
};

/** Text for people, with a line's end. */
export const monitor = (vm: VirtualMachine, line: string): string => {
  const [name = "help", ...words] = line.trim().split(/\s+/).filter(Boolean);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  return `${command ? command.perform(vm, words) : `there is no command "${name.slice(0, 40)}"; monitor help lists them`}\n`;
};
