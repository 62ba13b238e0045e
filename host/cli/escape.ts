/** Ctrl-A on the keyboard begins a command to `backplane`; everything else is the guest's. */

export const ESCAPE = 0x01;

export type EscapeCommand = "quit" | "help" | "power-button" | "reset" | "control-alt-delete";

const COMMANDS: Readonly<Record<string, EscapeCommand>> = { x: "quit", h: "help", "?": "help", p: "power-button", r: "reset", d: "control-alt-delete" };

export const ESCAPE_HELP = [
  "Ctrl-A X  leave: the machine stops at once",
  "Ctrl-A P  press the power button: the guest shuts down",
  "Ctrl-A R  press the reset button",
  "Ctrl-A D  press Ctrl-Alt-Delete on the machine's keyboard",
  "Ctrl-A A  send Ctrl-A to the guest",
  "Ctrl-A H  show this list",
] as const;

export class EscapeFilter {
  readonly #command: (command: EscapeCommand) => void;
  #escaped = false;

  constructor(command: (command: EscapeCommand) => void) {
    this.#command = command;
  }

  /** What is left for the guest. A key that means nothing after Ctrl-A is dropped with it. */
  feed(input: Uint8Array): Uint8Array {
    const rest: number[] = [];
    for (const byte of input) {
      if (this.#escaped) {
        this.#escaped = false;
        const key = String.fromCharCode(byte).toLowerCase();
        if (byte === ESCAPE || key === "a") rest.push(ESCAPE);
        else if (Object.hasOwn(COMMANDS, key)) this.#command(COMMANDS[key]);
      } else if (byte === ESCAPE) this.#escaped = true;
      else rest.push(byte);
    }
    return Uint8Array.from(rest);
  }
}
