/** The person's terminal as the guest's serial terminal, or as its screen and keyboard. */
import { StringDecoder } from "node:string_decoder";
import { setTimeout as delay } from "node:timers/promises";
import type { SerialConnection, VirtualMachine } from "../index.js";
import { ESCAPE_HELP, type EscapeCommand, EscapeFilter } from "./escape.js";
import { guestOutput } from "./guest-output.js";
import type { Streams } from "./streams.js";
import type { Terminal } from "./terminal.js";
import { showScreen } from "./terminal-display.js";
import { type TerminalKey, terminalKeys } from "./terminal-keys.js";

const commandsOf = (vm: VirtualMachine, streams: Streams, leave: () => void) => (command: EscapeCommand) => {
  const say = (text: string): void => void streams.stderr.write(`\r\n${text}\r\n`);
  switch (command) {
    case "quit":
      leave();
      break;
    case "help":
      say(ESCAPE_HELP.join("\r\n"));
      break;
    case "power-button":
      say(vm.pressPowerButton() ? "power button pressed" : "this machine has no power button");
      break;
    case "reset":
      vm.reset();
      break;
    case "control-alt-delete":
      vm.pressKeys("ctrl+alt+delete");
      break;
  }
};

/** Input beyond this waits in the host's pipe until the guest has taken some. */
const INPUT_AHEAD = 1024;
const INPUT_POLL_MS = 5;

/** Standard input and output are the serial port; escapes count only where a person types. Returns what disconnects. */
export const connectStdio = (vm: VirtualMachine, serial: SerialConnection, streams: Streams, raw: boolean, leave: () => void): (() => void) => {
  const { stdin, stdout } = streams;
  const filter = new EscapeFilter(commandsOf(vm, streams, leave));
  let connected = true;
  const detach = serial.attach({ output: guestOutput(vm, stdout) });
  const resume = async (): Promise<void> => {
    stdin.pause();
    while (connected && serial.pending > INPUT_AHEAD) await delay(INPUT_POLL_MS);
    if (connected) stdin.resume();
  };
  const onData = (bytes: Uint8Array): void => {
    serial.write(raw ? filter.feed(bytes) : bytes);
    // A terminal is read on even when the guest is stuck, for the escapes.
    if (!raw && serial.pending > INPUT_AHEAD) void resume();
  };
  stdin.on("data", onData);
  stdin.on("error", () => {});
  return () => {
    connected = false;
    detach();
    stdin.off("data", onData);
    stdin.pause();
  };
};

/** Between keys, so that a paste does not overrun a BIOS's keyboard buffer. */
const KEY_MS = 10;

/** The terminal shows the screen and is the keyboard. Returns what disconnects. */
export const connectDisplay = (vm: VirtualMachine, streams: Streams, terminal: Terminal, leave: () => void): (() => void) => {
  const { stdin } = streams;
  const stop = showScreen(vm.screen, streams, terminal);
  const filter = new EscapeFilter(commandsOf(vm, streams, leave));
  const decoder = new StringDecoder("utf8");
  const queue: TerminalKey[] = [];
  let typing = false;
  const type = async (): Promise<void> => {
    if (typing) return;
    typing = true;
    for (let key = queue.shift(); key && vm.state !== "stopped"; key = queue.shift()) {
      try {
        if ("chord" in key) vm.pressKeys(key.chord);
        else await vm.typeText(key.character, { intervalMs: 0 });
      } catch {
        // A character without a key on the machine's keyboard.
      }
      await delay(KEY_MS);
    }
    typing = false;
  };
  const onData = (bytes: Uint8Array): void => {
    queue.push(...terminalKeys(decoder.write(Buffer.from(filter.feed(bytes)))));
    void type();
  };
  stdin.on("data", onData);
  return () => {
    stdin.off("data", onData);
    stdin.pause();
    stop();
  };
};
