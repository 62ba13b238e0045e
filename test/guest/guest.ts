/**
 * A guest under test. Time is the guest's own: a machine counts instructions, so a slow host changes nothing but the wait.
 * A guest that does not show what it should fails the test with what it has shown instead.
 */
import { createMachine, type ExitReason, type MachineDescription, type RunOptions, type SerialConnection, type VirtualMachine } from "backplane";

/** Of what the guest has sent, this much of the end goes into a failure's message. */
const SHOWN_SERIAL = 4000;
const PROMPT = "/root# ";
/** A command's output and status between marks that its echo on the terminal, in quotes, does not have. */
const ANSWER = /\r\n<<\r\n([\s\S]*?)<(\d+)>\r\n/;
const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]`, "g");

export interface Answer {
  readonly output: string;
  readonly status: number;
}

export class Guest {
  readonly vm: VirtualMachine;
  readonly serial: SerialConnection;
  /** What has been printed to debug ports, where SeaBIOS tells what it does. */
  log = "";
  #seen = 0;

  constructor(vm: VirtualMachine) {
    this.vm = vm;
    this.serial = vm.serial();
    for (const path of vm.debugPorts.filter((each) => each.startsWith("/isa/debug"))) {
      vm.onDebugByte(path, (byte) => {
        this.log += String.fromCharCode(byte);
      });
    }
  }

  get screen(): string {
    return this.vm.screen.describe();
  }

  /**
   * Lets the guest run.
   * @param what for the message: what was waited for
   * @param seconds of the guest's time
   * @throws Error with the screen, the serial port and the processor's state.
   */
  async until(goal: () => boolean, what: string, seconds: number): Promise<void> {
    if (await this.vm.machine.runUntil(goal, { withinNs: seconds * 1e9 })) return;
    throw new Error([this.vm.state === "stopped" ? `stopped before: ${what}` : `not within ${seconds} s: ${what}`, ...this.#shown()].join("\n"));
  }

  /** Resolves with the text screen once it has the pattern. */
  async untilScreen(pattern: string | RegExp, seconds: number): Promise<string> {
    const { screen } = this.vm;
    let changes = -1;
    let found = false;
    const goal = (): boolean => {
      if (screen.display.changes === changes) return found;
      changes = screen.display.changes;
      const { text = "" } = screen;
      found = typeof pattern === "string" ? text.includes(pattern) : pattern.test(text);
      return found;
    };
    await this.until(goal, `${pattern} on the screen`, seconds);
    return this.screen;
  }

  /** Resolves with the match once the serial port has sent it, after the match before. */
  async untilSerial(pattern: string | RegExp, seconds: number): Promise<RegExpExecArray> {
    const sought = typeof pattern === "string" ? new RegExp(pattern.replace(/[^\w\s]/g, "\\$&")) : pattern;
    let found: RegExpExecArray | null = null;
    let length = -1;
    const goal = (): boolean => {
      const { transcript } = this.serial;
      if (transcript.length === length) return found !== null;
      length = transcript.length;
      found = sought.exec(transcript.slice(this.#seen));
      return found !== null;
    };
    await this.until(goal, `${pattern} on the serial port`, seconds);
    this.#seen += found!.index + found![0].length;
    return found!;
  }

  /** Until the shell's first prompt; the kernel says no more on the console from here on. */
  async untilShell(seconds: number): Promise<void> {
    await this.untilSerial(PROMPT, seconds);
    await this.run("dmesg -n 1");
  }

  /** Has the shell run a command. */
  async sh(command: string, seconds = 60): Promise<Answer> {
    this.serial.write(`echo "<<"; ${command}; echo "<$?>"\r`);
    const [, output, status] = await this.untilSerial(ANSWER, seconds);
    await this.untilSerial(PROMPT, 10);
    return { output: output.replaceAll("\r\n", "\n").replace(ESCAPES, ""), status: Number(status) };
  }

  /** The output of a command that succeeds. @throws Error naming the command. */
  async run(command: string, seconds?: number): Promise<string> {
    const { output, status } = await this.sh(command, seconds);
    if (status !== 0) throw new Error([`status ${status}: ${command}`, output, ...this.#shown()].join("\n"));
    return output;
  }

  /** Has the shell switch the machine off. */
  async powerOff(seconds = 60): Promise<ExitReason> {
    this.serial.write("poweroff\r");
    await this.vm.machine.runUntil(() => this.vm.state === "stopped", { withinNs: seconds * 1e9 });
    if (this.vm.state !== "stopped") throw new Error([`still on after ${seconds} s: poweroff`, ...this.#shown()].join("\n"));
    return this.vm.exit;
  }

  #shown(): string[] {
    const screen = this.vm.hasScreen ? ["--- screen", this.screen.trimEnd()] : [];
    const log = this.log === "" ? [] : ["--- debug port", this.log.slice(-1000)];
    return [...screen, "--- serial port", this.serial.transcript.slice(-SHOWN_SERIAL), ...log, "--- processor", this.vm.dump()];
  }
}

/** Assembles a machine with deterministic time, and lets go of it in the end. */
export const withGuest = async (description: MachineDescription & RunOptions, use: (guest: Guest) => Promise<void>): Promise<void> => {
  const vm = await createMachine({ clock: "deterministic", ...description });
  try {
    await use(new Guest(vm));
  } finally {
    await vm.dispose();
  }
};
